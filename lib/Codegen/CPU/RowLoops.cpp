//===- RowLoops.cpp - loops over rows of a kernel -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowLoops.h"
#include "KernelUtils.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace moe;

/// Whether code at the builder's place is at the top level of a kernel.
static bool atTopLevel(OpBuilder &builder) {
  auto func =
      dyn_cast<func::FuncOp>(builder.getInsertionBlock()->getParentOp());
  return func && kernel::isKernel(func);
}

void moe::kernel::buildLoop(OpBuilder &builder, Location loc, Value begin,
                            Value end, function_ref<void(Value)> body) {
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto loop = scf::ForOp::create(builder, loc, begin, end, one);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> moe::kernel::buildCarryingLoop(
    OpBuilder &builder, Location loc, Value begin, Value end, int64_t step,
    ValueRange inits,
    function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  Value stride = arith::ConstantIndexOp::create(builder, loc, step);
  auto loop = scf::ForOp::create(builder, loc, begin, end, stride, inits);
  OpBuilder::InsertionGuard guard(builder);
  // Without carried values the loop comes with its terminator.
  builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!inits.empty()) {
    scf::YieldOp::create(builder, loc, next);
  }
  return SmallVector<Value>(loop.getResults());
}

void moe::kernel::buildRowLoop(OpBuilder &builder, Location loc, Value rows,
                               int64_t tile, function_ref<void(Value)> body) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  if (!atTopLevel(builder)) {
    buildLoop(builder, loc, zero, rows, body);
    return;
  }
  auto items = scf::ForallOp::create(
      builder, loc, ArrayRef<OpFoldResult>{builder.getIndexAttr(0)},
      ArrayRef<OpFoldResult>{rows},
      ArrayRef<OpFoldResult>{builder.getIndexAttr(tile)}, ValueRange(),
      std::nullopt);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(items.getBody());
  Value begin = items.getInductionVar(0);
  Value width = arith::ConstantIndexOp::create(builder, loc, tile);
  Value full = arith::AddIOp::create(builder, loc, begin, width);
  Value end = arith::MinSIOp::create(builder, loc, full, rows);
  buildLoop(builder, loc, begin, end, body);
}

Value moe::kernel::convertFloat(OpBuilder &builder, Location loc, Value value,
                                Type element) {
  Type from = getElementTypeOrSelf(value);
  if (from == element) {
    return value;
  }
  Type to = element;
  if (auto vector = dyn_cast<VectorType>(value.getType())) {
    to = vector.clone(element);
  }
  return from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth()
             ? Value(arith::ExtFOp::create(builder, loc, to, value))
             : Value(arith::TruncFOp::create(builder, loc, to, value));
}

Value moe::kernel::flatten(OpBuilder &builder, Location loc, Value buffer) {
  int64_t rank = cast<MemRefType>(buffer.getType()).getRank();
  if (rank == 1) {
    return buffer;
  }
  if (rank == 0) {
    return memref::ExpandShapeOp::create(
        builder, loc,
        MemRefType::get({1},
                        cast<MemRefType>(buffer.getType()).getElementType()),
        buffer, ArrayRef<ReassociationIndices>{});
  }
  return memref::CollapseShapeOp::create(
      builder, loc, buffer,
      ArrayRef<ReassociationIndices>{
          llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))});
}

Value moe::kernel::getDim(OpBuilder &builder, Location loc, Value buffer,
                          int64_t dim) {
  return memref::DimOp::create(builder, loc, buffer, dim);
}
