//===- FuseElementwise.cpp - one loop for chains of element-wise ops ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace moe {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

/// Tensors that one fused op reads at most: LLVM compares the addresses of every
/// two in a loop.
static constexpr size_t kMaxInputs = 32;

static int64_t countScalarOps(linalg::GenericOp op) {
  return llvm::range_size(op.getBody()->without_terminator());
}

/// Whether `consumer` may take in `producer`: with it and all smaller producers
/// that it could take in, it is within the bounds. So small ones come first, and
/// none of them is left alone because a large one was there before.
static bool isBounded(linalg::GenericOp producer, linalg::GenericOp consumer,
                      int64_t maxScalarOps) {
  int64_t producerOps = countScalarOps(producer);
  int64_t scalarOps = countScalarOps(consumer);
  llvm::SmallDenseSet<Value, 32> inputs;
  for (Value input : consumer.getInputs()) {
    auto other = input.getDefiningOp<linalg::GenericOp>();
    int64_t ops = other && input.hasOneUse() ? countScalarOps(other) : 0;
    if (ops > 0 && (ops < producerOps || other == producer)) {
      scalarOps += ops;
      inputs.insert_range(other.getInputs());
    } else {
      inputs.insert(input);
    }
  }
  return scalarOps <= maxScalarOps && inputs.size() <= kMaxInputs;
}

void moe::populateFuseElementwisePatterns(RewritePatternSet &patterns,
                                          int64_t maxScalarOps) {
  auto hasOneReader = [](OpOperand *operand) {
    Operation *producer = operand->get().getDefiningOp();
    return producer && producer->hasOneUse();
  };
  auto mayFuse = [=](OpOperand *operand) {
    auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
    auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
    return hasOneReader(operand) &&
           (!producer || !consumer ||
            isBounded(producer, consumer, maxScalarOps));
  };
  linalg::populateElementwiseOpsFusionPatterns(patterns, mayFuse);
  // Reshapes that keep element-wise ops apart. A product keeps its shape: it is
  // known, and packed, as a product of matrices.
  auto mayExpand = [=](OpOperand *operand) {
    auto isElementwise = [](Operation *op) {
      auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
      return !structured || structured.getNumReductionLoops() == 0;
    };
    return hasOneReader(operand) && isElementwise(operand->getOwner()) &&
           isElementwise(operand->get().getDefiningOp());
  };
  linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, mayExpand);
  tensor::populateBubbleUpExpandShapePatterns(patterns);
  linalg::populateConstantFoldLinalgOperations(patterns, hasOneReader);
  // What fusion leaves: operands nobody reads, reshapes of reshapes.
  MLIRContext *context = patterns.getContext();
  affine::AffineApplyOp::getCanonicalizationPatterns(patterns, context);
  linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
  context->getOrLoadDialect<linalg::LinalgDialect>()
      ->getCanonicalizationPatterns(patterns);
}

namespace {

struct FuseElementwisePass
    : public moe::impl::FuseElementwisePassBase<FuseElementwisePass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateFuseElementwisePatterns(patterns, maxScalarOps);
    // From the first op down, so that one pass over a chain is enough; what it
    // leaves unfused is right, too.
    (void)applyPatternsGreedily(getOperation(), std::move(patterns),
                                GreedyRewriteConfig().setUseTopDownTraversal());
  }
};

} // namespace
