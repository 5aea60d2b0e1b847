//===- ProductBuilder.h - index arithmetic for emitted loops ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_PRODUCTBUILDER_H
#define MOE_LIB_CODEGEN_CPU_PRODUCTBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace moe {

/// A builder with a fixed location that folds what is constant. Extents and
/// positions are index values that are never negative.
class ProductBuilder : public mlir::OpBuilder {
public:
  using Value = mlir::Value;

  ProductBuilder(mlir::OpBuilder builder, mlir::Location loc)
      : OpBuilder(builder), loc(loc) {}

  Value index(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(*this, loc, value);
  }
  Value add(Value a, Value b) {
    return createOrFold<mlir::arith::AddIOp>(loc, a, b);
  }
  Value add(Value a, int64_t b) { return b == 0 ? a : add(a, index(b)); }
  Value sub(Value a, Value b) {
    return createOrFold<mlir::arith::SubIOp>(loc, a, b);
  }
  Value mul(Value a, Value b) {
    return createOrFold<mlir::arith::MulIOp>(loc, a, b);
  }
  Value mul(Value a, int64_t b) { return b == 1 ? a : mul(a, index(b)); }
  Value div(Value a, Value b) {
    return createOrFold<mlir::arith::DivUIOp>(loc, a, b);
  }
  Value rem(Value a, Value b) {
    return createOrFold<mlir::arith::RemUIOp>(loc, a, b);
  }
  Value ceilDiv(Value a, Value b) { return div(sub(add(a, b), index(1)), b); }
  Value ceilDiv(Value a, int64_t b) { return div(add(a, b - 1), index(b)); }
  Value min(Value a, Value b) {
    return createOrFold<mlir::arith::MinUIOp>(loc, a, b);
  }
  Value max(Value a, Value b) {
    return createOrFold<mlir::arith::MaxUIOp>(loc, a, b);
  }
  Value less(Value a, Value b) {
    return createOrFold<mlir::arith::CmpIOp>(
        loc, mlir::arith::CmpIPredicate::ult, a, b);
  }
  Value lessEqual(Value a, Value b) {
    return createOrFold<mlir::arith::CmpIOp>(
        loc, mlir::arith::CmpIPredicate::ule, a, b);
  }
  Value equal(Value a, Value b) {
    return createOrFold<mlir::arith::CmpIOp>(
        loc, mlir::arith::CmpIPredicate::eq, a, b);
  }
  Value logicalAnd(Value a, Value b) {
    return createOrFold<mlir::arith::AndIOp>(loc, a, b);
  }
  Value select(Value condition, Value a, Value b) {
    return createOrFold<mlir::arith::SelectOp>(loc, condition, a, b);
  }

  Value load(Value memref, mlir::ValueRange indices) {
    return mlir::memref::LoadOp::create(*this, loc, memref, indices);
  }
  void store(Value value, Value memref, mlir::ValueRange indices) {
    mlir::memref::StoreOp::create(*this, loc, value, memref, indices);
  }
  /// An element of a memref of i32 as an index, and back.
  Value loadIndex(Value memref, mlir::ValueRange indices) {
    return mlir::arith::IndexCastOp::create(*this, loc, getIndexType(),
                                            load(memref, indices));
  }
  void storeIndex(Value value, Value memref, mlir::ValueRange indices) {
    store(mlir::arith::IndexCastOp::create(*this, loc, getI32Type(), value),
          memref, indices);
  }
  /// A temporary of the kernel: shared by all workers outside of item loops,
  /// the worker's own inside one.
  Value temporary(mlir::ArrayRef<int64_t> shape, mlir::Type type) {
    return mlir::memref::AllocOp::create(*this, loc,
                                         mlir::MemRefType::get(shape, type));
  }

  /// `for i in [from, to)`, with the builder inside while `body` runs.
  void loop(Value from, Value to, mlir::function_ref<void(Value)> body) {
    auto loop = mlir::scf::ForOp::create(*this, loc, from, to, index(1));
    InsertionGuard guard(*this);
    setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }
  /// The same with loop-carried values; `body` returns the next ones.
  mlir::SmallVector<Value>
  loop(Value from, Value to, int64_t step, mlir::ValueRange inits,
       mlir::function_ref<mlir::SmallVector<Value>(Value, mlir::ValueRange)>
           body) {
    auto loop =
        mlir::scf::ForOp::create(*this, loc, from, to, index(step), inits);
    InsertionGuard guard(*this);
    setInsertionPointToStart(loop.getBody());
    mlir::SmallVector<Value> next =
        body(loop.getInductionVar(), loop.getRegionIterArgs());
    // Without carried values the loop comes with its terminator.
    if (!inits.empty()) {
      mlir::scf::YieldOp::create(*this, loc, next);
    }
    return mlir::SmallVector<Value>(loop.getResults());
  }
  void ifElse(Value condition, mlir::function_ref<void()> thenBody,
              mlir::function_ref<void()> elseBody = nullptr) {
    auto op = mlir::scf::IfOp::create(*this, loc, condition,
                                      static_cast<bool>(elseBody));
    InsertionGuard guard(*this);
    setInsertionPointToStart(op.thenBlock());
    thenBody();
    if (elseBody) {
      setInsertionPointToStart(op.elseBlock());
      elseBody();
    }
  }

  const mlir::Location loc;
};

} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_PRODUCTBUILDER_H
