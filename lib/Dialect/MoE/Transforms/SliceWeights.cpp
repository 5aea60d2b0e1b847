//===- SliceWeights.cpp - experts' weights one by one ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "WeightSlices.h"
#include "moe/Support/Concat.h"
#include "moe/Support/Quote.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/PatternMatch.h"

namespace moe {
#define GEN_PASS_DEF_SLICEWEIGHTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

/// What is computed for all experts may have this many times the elements of
/// one expert's part.
constexpr int64_t kMaxCommon = 4;

struct SliceWeightsPass
    : public moe::impl::SliceWeightsPassBase<SliceWeightsPass> {
  using Base::Base;
  void runOnOperation() override;
};

} // namespace

/// Named ops have no body that could be given an offset. Products are not
/// sliced.
static void generalize(Block &body) {
  IRRewriter rewriter(body.getParentOp()->getContext());
  SmallVector<linalg::LinalgOp> named;
  for (auto op : body.getOps<linalg::LinalgOp>()) {
    if (!isa<linalg::GenericOp>(op) && op.getNumReductionLoops() == 0) {
      named.push_back(op);
    }
  }
  for (linalg::LinalgOp op : named) {
    rewriter.setInsertionPoint(op);
    (void)linalg::generalizeNamedOp(rewriter, op);
  }
}

Value moe::buildConcat(OpBuilder &builder, tensor::ConcatOp op) {
  Location loc = op.getLoc();
  RankedTensorType type = op.getResultType();
  int64_t axis = op.getDim(), offset = 0;
  SmallVector<ConcatPart> parts;
  for (Value value : op.getInputs()) {
    parts.push_back(
        {value, arith::ConstantIndexOp::create(builder, loc, offset)});
    offset += cast<RankedTensorType>(value.getType()).getDimSize(axis);
  }
  int64_t rank = type.getRank();
  Value init = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                       type.getElementType());
  return linalg::GenericOp::create(
             builder, loc, init.getType(), ValueRange(), init,
             ArrayRef<AffineMap>{builder.getMultiDimIdentityMap(rank)},
             SmallVector<utils::IteratorType>(rank,
                                              utils::IteratorType::parallel),
             [&](OpBuilder &nested, Location at, ValueRange) {
               SmallVector<Value> indices;
               for (int64_t dim = 0; dim < rank; ++dim) {
                 indices.push_back(linalg::IndexOp::create(nested, at, dim));
               }
               linalg::YieldOp::create(
                   nested, at, readConcat(nested, at, parts, indices, axis));
             })
      .getResult(0);
}

static void eraseDead(Block &body) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body))) {
    if (isOpTriviallyDead(&op)) {
      op.erase();
    }
  }
}

static void lowerConcats(Block &body) {
  for (auto op :
       llvm::make_early_inc_range(body.getOps<tensor::ConcatOp>())) {
    OpBuilder builder(op);
    op.replaceAllUsesWith(buildConcat(builder, op));
    op.erase();
  }
}

/// What costs time and memory, not only a view of something else.
static bool isComputed(Operation &op) {
  return isa<linalg::LinalgOp, tensor::PadOp>(op);
}

static LogicalResult checkCost(WeightOp weight) {
  Block &body = weight.getBody().front();
  int64_t part = weight.getPartType().getNumElements();
  int64_t experts = weight.getType().getDimSize(0);
  llvm::DenseSet<Operation *> ofExpert;
  for (Operation &op : body) {
    bool depends = false;
    op.walk([&](Operation *inner) {
      depends |= llvm::any_of(inner->getOperands(), [&](Value value) {
        return value == body.getArgument(0) ||
               ofExpert.contains(value.getDefiningOp());
      });
    });
    if (depends) {
      ofExpert.insert(&op);
    } else if (isComputed(op)) {
      auto type = cast<RankedTensorType>(op.getResult(0).getType());
      if (type.getNumElements() / kMaxCommon > part) {
        std::string name = "a node";
        if (auto named = op.getLoc()->findInstanceOf<NameLoc>()) {
          name = "node " + quote(named.getName());
        }
        return emitError(op.getLoc())
               << "weights of experts cannot be computed one expert at a time: "
               << name << " mixes experts or their order, and its result of "
               << type << " would be computed anew for each of " << experts
               << " experts; store what it computes as an initializer";
      }
    }
  }
  return success();
}

static LogicalResult sliceWeight(WeightOp weight) {
  Block &body = weight.getBody().front();
  if (weight.isPerExpert() && weight.getType().hasStaticShape() &&
      weight.getType().getNumElements() != 0) {
    generalize(body);
    WeightSlicer slicer(weight);
    SmallVector<tensor::ExtractSliceOp> slices(
        body.getOps<tensor::ExtractSliceOp>());
    for (tensor::ExtractSliceOp op : slices) {
      slicer.moveUp(op);
    }
    eraseDead(body);
  }
  generalize(body);
  lowerConcats(body);
  inlineReads(body);
  eraseDead(body);
  return weight.isPerExpert() && weight.getType().hasStaticShape()
             ? checkCost(weight)
             : success();
}

void SliceWeightsPass::runOnOperation() {
  bool valid = true;
  for (auto weight : getOperation().getOps<WeightOp>()) {
    valid &= succeeded(sliceWeight(weight));
  }
  if (!valid) {
    signalPassFailure();
  }
}
