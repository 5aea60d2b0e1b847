//===- OutlineWeights.cpp - weight regions as kernels ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

namespace moe {
#define GEN_PASS_DEF_OUTLINEWEIGHTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct OutlineWeightsPass
    : public moe::impl::OutlineWeightsPassBase<OutlineWeightsPass> {
  using Base::Base;
  void runOnOperation() override;
};

} // namespace

static void outline(WeightOp weight) {
  OpBuilder builder(weight);
  Location loc = weight.getLoc();
  Block &body = weight.getBody().front();
  bool perExpert = weight.isPerExpert();
  if (!perExpert) {
    body.addArgument(builder.getIndexType(), loc);
  }
  // Sources come first; the index and the destination follow.
  SmallVector<Attribute> sources;
  for (auto source : llvm::make_early_inc_range(body.getOps<SourceOp>())) {
    BlockArgument argument =
        body.insertArgument(sources.size(), source.getType(), source.getLoc());
    sources.push_back(source.getData());
    source->replaceAllUsesWith(ValueRange{argument});
    source.erase();
  }
  // The same bytes in another shape: the kernel may write them in the shape
  // that it computes them in.
  Operation *terminator = body.getTerminator();
  while (isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
      terminator->getOperand(0).getDefiningOp())) {
    Operation *view = terminator->getOperand(0).getDefiningOp();
    terminator->setOperand(0, view->getOperand(0));
    if (view->use_empty()) {
      view->erase();
    }
  }
  Type part = terminator->getOperand(0).getType();
  body.addArgument(part, loc);

  auto function = func::FuncOp::create(
      builder, loc, weight.getSymName(),
      builder.getFunctionType(body.getArgumentTypes(), TypeRange(part)));
  function.setPrivate();
  function->setAttr("moe.kernel", builder.getUnitAttr());
  function->setAttr("moe.outs", builder.getI64IntegerAttr(1));
  function->setAttr("moe.sources", builder.getArrayAttr(sources));
  function->setAttr("moe.parts", builder.getI64IntegerAttr(
                                     perExpert ? weight.getType().getDimSize(0)
                                               : 1));
  if (Attribute slot = weight->getAttr("moe.slot")) {
    function->setAttr("moe.slot", slot);
  }
  function.getBody().takeBody(weight.getBody());
  Operation *yield = function.getBody().front().getTerminator();
  builder.setInsertionPoint(yield);
  func::ReturnOp::create(builder, yield->getLoc(), yield->getOperands());
  yield->erase();
  weight.erase();
}

void OutlineWeightsPass::runOnOperation() {
  for (auto weight :
       llvm::make_early_inc_range(getOperation().getOps<WeightOp>())) {
    outline(weight);
  }
}
