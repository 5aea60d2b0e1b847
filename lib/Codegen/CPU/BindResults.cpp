//===- BindResults.cpp - ties a kernel's results to its destinations ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace moe {
#define GEN_PASS_DEF_BINDRESULTSPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct BindResultsPass
    : public moe::impl::BindResultsPassBase<BindResultsPass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (kernel::isKernel(func) && failed(bindResults(func))) {
      signalPassFailure();
    }
  }

  LogicalResult bindResults(func::FuncOp func);
};

/// Whether `result` is what was written to `out` already.
static bool isBound(Value result, Value out) {
  if (result == out) {
    return true;
  }
  Operation *op = result.getDefiningOp();
  if (!op) {
    return false;
  }
  if (auto bound = dyn_cast<bufferization::MaterializeInDestinationOp>(op)) {
    return bound.getDest() == out;
  }
  if (auto loop = dyn_cast<scf::ForallOp>(op)) {
    return loop.getTiedOpOperand(cast<OpResult>(result))->get() == out;
  }
  auto copy = dyn_cast<linalg::CopyOp>(op);
  return copy && copy.getOutputs()[0] == out;
}

LogicalResult BindResultsPass::bindResults(func::FuncOp func) {
  // A kernel on memrefs writes its destinations already.
  if (func.getNumResults() == 0 &&
      llvm::none_of(func.getArgumentTypes(), llvm::IsaPred<TensorType>)) {
    return success();
  }
  FailureOr<SmallVector<BlockArgument>> outs = kernel::getDestinations(func);
  if (failed(outs)) {
    return failure();
  }
  if (outs->size() != func.getNumResults()) {
    return func.emitOpError("has ") << func.getNumResults() << " results, but "
                                    << outs->size() << " destinations";
  }
  // Bufferisation must never write into an argument that is only read.
  OpBuilder builder(func);
  for (BlockArgument argument : func.getArguments()) {
    if (isa<TensorType>(argument.getType())) {
      bool writable = llvm::is_contained(*outs, argument);
      func.setArgAttr(argument.getArgNumber(),
                      bufferization::BufferizationDialect::kWritableAttrName,
                      builder.getBoolAttr(writable));
    }
  }
  auto ret = cast<func::ReturnOp>(func.getBody().front().getTerminator());
  builder.setInsertionPoint(ret);
  DenseMap<Value, Value> boundTo;
  for (auto [operand, out] : llvm::zip_equal(ret->getOpOperands(), *outs)) {
    Value result = operand.get();
    if (result.getType() != out.getType()) {
      return func.emitOpError("result ")
             << operand.getOperandNumber() << " has type " << result.getType()
             << ", but its destination has type " << out.getType();
    }
    if (isBound(result, out)) {
      continue;
    }
    // What no operation writes is copied, as an operation that can be cut; and
    // so is what lies in another destination already.
    auto [first, isNew] = boundTo.try_emplace(result, Value());
    if (!isNew) {
      result = first->second;
    }
    if (!isNew || !result.getDefiningOp<DestinationStyleOpInterface>()) {
      operand.set(
          linalg::CopyOp::create(builder, ret.getLoc(), result, Value(out))
              .getResult(0));
      first->second = operand.get();
      continue;
    }
    auto bound = bufferization::MaterializeInDestinationOp::create(
        builder, ret.getLoc(), result, out);
    first->second = bound.getResult();
    operand.set(bound.getResult());
  }
  return success();
}

} // namespace
