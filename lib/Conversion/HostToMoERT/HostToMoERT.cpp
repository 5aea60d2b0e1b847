//===- HostToMoERT.cpp - the host function becomes a program --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Conversion/Passes.h"

#include "HostConverter.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"

#include "mlir/IR/BuiltinOps.h"

namespace moe {
#define GEN_PASS_DEF_CONVERTHOSTTOMOERTPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct ConvertHostToMoERTPass
    : public moe::impl::ConvertHostToMoERTPassBase<ConvertHostToMoERTPass> {
  using Base::Base;
  void runOnOperation() override;

private:
  FailureOr<func::FuncOp> findHost();
  void declareKernels(ArrayRef<func::FuncOp> kernels);
  void nest(StringRef name, function_ref<bool(Operation *)> belongs);
};

} // namespace

FailureOr<func::FuncOp> ConvertHostToMoERTPass::findHost() {
  func::FuncOp host;
  for (auto function : getOperation().getOps<func::FuncOp>()) {
    if (function->hasAttr("moe.kernel")) {
      continue;
    }
    if (host) {
      return function.emitOpError("is a second host function; '@")
             << host.getSymName() << "' is the first";
    }
    host = function;
  }
  if (!host) {
    return getOperation().emitOpError("expected a host function, but has none");
  }
  return host;
}

/// Slots that an argument takes after the item counts: see
/// moe_rt/contract/environment.h.
static int64_t countSlots(func::FuncOp kernel) {
  int64_t slots = 0;
  for (auto [index, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor) {
      slots += 1;
    } else if (kernel.getArgAttr(index, "moe.pool")) {
      slots += 2;
    } else {
      slots += 1 + tensor.getNumDynamicDims();
    }
  }
  return slots;
}

void ConvertHostToMoERTPass::declareKernels(ArrayRef<func::FuncOp> kernels) {
  OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
  for (func::FuncOp kernel : kernels) {
    // Phases and scratch are known after code generation.
    rt::KernelOp::create(builder, kernel.getLoc(), kernel.getSymNameAttr(),
                         builder.getDenseI64ArrayAttr({1}),
                         builder.getI64IntegerAttr(countSlots(kernel)),
                         builder.getI64IntegerAttr(0));
  }
}

void ConvertHostToMoERTPass::nest(StringRef name,
                                  function_ref<bool(Operation *)> belongs) {
  OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
  auto nested =
      ModuleOp::create(builder, getOperation().getLoc(), StringRef(name));
  for (Operation &op :
       llvm::make_early_inc_range(getOperation().getBody()->getOperations())) {
    if (&op != nested && belongs(&op)) {
      op.moveBefore(nested.getBody(), nested.getBody()->end());
    }
  }
}

void ConvertHostToMoERTPass::runOnOperation() {
  FailureOr<func::FuncOp> host = findHost();
  if (failed(host)) {
    return signalPassFailure();
  }
  OpBuilder builder(*host);
  HostConverter converter(*host, builder);
  if (failed(converter.convert(host->getSymName()))) {
    return signalPassFailure();
  }
  host->erase();
  // Their places are attributes of the weights, and moert.pool declares them.
  for (auto pool :
       llvm::make_early_inc_range(getOperation().getOps<moe::PoolOp>())) {
    pool.erase();
  }
  nest("kernels", [](Operation *op) { return isa<func::FuncOp>(op); });
  nest("weights", [](Operation *op) { return isa<WeightOp>(op); });
  declareKernels(converter.getKernels());
}
