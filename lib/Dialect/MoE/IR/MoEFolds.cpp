//===- MoEFolds.cpp - folders and canonicalisers of moe ops ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Only what leaves every bit of the results as it is.
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace moe;

/// The attribute of a constant whose elements are all the same.
static Attribute getSplat(Value value) {
  if (auto splat = value.getDefiningOp<tensor::SplatOp>()) {
    value = splat.getInput();
  }
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant))) {
    return {};
  }
  auto elements = dyn_cast<SplatElementsAttr>(constant);
  return elements ? elements.getSplatValue<Attribute>() : constant;
}

//===----------------------------------------------------------------------===//
// moe.top_k, moe.take, moe.combine
//===----------------------------------------------------------------------===//

namespace {
/// A limit of at least K is none.
struct DropLimit : OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    APInt limit;
    int64_t slots = cast<ShapedType>(op.getInit().getType()).getDimSize(1);
    if (!op.getLimit() || ShapedType::isDynamic(slots) ||
        !matchPattern(op.getLimit(), m_ConstantInt(&limit)) ||
        limit.slt(slots)) {
      return rewriter.notifyMatchFailure(op, "no limit that has no effect");
    }
    rewriter.modifyOpInPlace(op, [&] { op.getLimitMutable().clear(); });
    return success();
  }
};

/// The best of one expert is that one, whatever its score.
struct SelectOnlyExpert : OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    auto scores = dyn_cast<RankedTensorType>(op.getScores().getType());
    auto ids = dyn_cast<RankedTensorType>(op.getInit().getType());
    if (!scores || !ids || scores.getDimSize(1) != 1 ||
        ids.getDimSize(1) != 1 || op.getLimit()) {
      return rewriter.notifyMatchFailure(op, "not one slot for one expert");
    }
    Location loc = op.getLoc();
    Value zero =
        arith::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(0));
    SmallVector<Value> sizes;
    if (ids.isDynamicDim(0)) {
      sizes.push_back(tensor::DimOp::create(rewriter, loc, op.getInit(), 0));
    }
    rewriter.replaceOpWithNewOp<tensor::SplatOp>(op, zero, ids, sizes);
    return success();
  }
};

/// A table [R, 1] at ids that are all 0 is the table.
struct TakeOnlyEntry : OpRewritePattern<TakeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TakeOp op,
                                PatternRewriter &rewriter) const override {
    auto table = dyn_cast<RankedTensorType>(op.getTable().getType());
    auto ids = dyn_cast<RankedTensorType>(op.getIds().getType());
    if (!table || !ids || table.getRank() != 2 || table.getDimSize(1) != 1 ||
        ids.getDimSize(1) != 1) {
      return rewriter.notifyMatchFailure(op, "not one slot for one expert");
    }
    auto id = dyn_cast_or_null<IntegerAttr>(getSplat(op.getIds()));
    if (!id || !id.getValue().isZero()) {
      return rewriter.notifyMatchFailure(op, "ids are not all 0");
    }
    Type type = op.getResult().getType();
    if (table == type) {
      rewriter.replaceOp(op, op.getTable());
    } else {
      rewriter.replaceOpWithNewOp<tensor::CastOp>(op, type, op.getTable());
    }
    return success();
  }
};

/// fma(1, y, a) is a + y, rounded once, too.
struct DropUnitWeights : OpRewritePattern<CombineOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CombineOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getWeights()) {
      return rewriter.notifyMatchFailure(op, "no weights");
    }
    auto weight = dyn_cast_or_null<FloatAttr>(getSplat(op.getWeights()));
    if (!weight || !weight.getValue().isExactlyValue(1.0)) {
      return rewriter.notifyMatchFailure(op, "weights are not all 1");
    }
    rewriter.modifyOpInPlace(op, [&] { op.getWeightsMutable().clear(); });
    return success();
  }
};

//===----------------------------------------------------------------------===//
// moe.experts
//===----------------------------------------------------------------------===//

/// Drops operands that no body reads.
struct DropUnusedOperands : OpRewritePattern<ExpertsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ExpertsOp op,
                                PatternRewriter &rewriter) const override {
    unsigned count =
        op.getRows().size() + op.getSlots().size() + op.getContexts().size();
    BitVector unused(count);
    for (unsigned i = 0; i < count; ++i) {
      unused[i] = llvm::all_of(op.getBodies(), [&](Region &body) {
        return body.getArgument(i + 1).use_empty();
      });
    }
    if (unused.none()) {
      return rewriter.notifyMatchFailure(op, "every operand is read");
    }
    rewriter.modifyOpInPlace(op, [&] {
      for (Region &body : op.getBodies()) {
        BitVector arguments(body.getNumArguments());
        for (unsigned i : unused.set_bits()) {
          arguments.set(i + 1);
        }
        body.front().eraseArguments(arguments);
      }
      // A range keeps the sizes of all segments from when it was made.
      unsigned rows = op.getRows().size();
      unsigned slots = rows + op.getSlots().size();
      for (unsigned i = count; i-- > 0;) {
        if (!unused[i]) {
          continue;
        }
        if (i < rows) {
          op.getRowsMutable().erase(i);
        } else if (i < slots) {
          op.getSlotsMutable().erase(i - rows);
        } else {
          op.getContextsMutable().erase(i - slots);
        }
      }
    });
    return success();
  }
};

/// Drops weights that the body of their kind does not read.
struct DropUnusedWeights : OpRewritePattern<ExpertsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ExpertsOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Attribute> allNames, allTypes;
    SmallVector<BitVector> unused;
    for (auto [i, body] : llvm::enumerate(op.getBodies())) {
      auto names = cast<ArrayAttr>(op.getWeights()[i]);
      unsigned first = body.getNumArguments() - names.size();
      BitVector &drop = unused.emplace_back(body.getNumArguments());
      SmallVector<Attribute> keptNames, keptTypes;
      for (auto [j, name, type] :
           llvm::enumerate(names, cast<ArrayAttr>(op.getWeightTypes()[i]))) {
        if (body.getArgument(first + j).use_empty()) {
          drop.set(first + j);
          continue;
        }
        keptNames.push_back(name);
        keptTypes.push_back(type);
      }
      allNames.push_back(rewriter.getArrayAttr(keptNames));
      allTypes.push_back(rewriter.getArrayAttr(keptTypes));
    }
    if (llvm::none_of(unused, [](const BitVector &v) { return v.any(); })) {
      return rewriter.notifyMatchFailure(op, "every weight is read");
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.setWeightsAttr(rewriter.getArrayAttr(allNames));
      op.setWeightTypesAttr(rewriter.getArrayAttr(allTypes));
      for (auto [body, drop] : llvm::zip(op.getBodies(), unused)) {
        body.front().eraseArguments(drop);
      }
    });
    return success();
  }
};

//===----------------------------------------------------------------------===//
// moe.kernel
//===----------------------------------------------------------------------===//

/// Drops inputs that are not read, and passes equal ones once.
struct DropKernelInputs : OpRewritePattern<KernelOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(KernelOp op,
                                PatternRewriter &rewriter) const override {
    Block &body = op.getBody().front();
    BitVector drop(body.getNumArguments());
    DenseMap<Value, unsigned> first;
    bool merged = false;
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      BlockArgument argument = body.getArgument(i);
      auto [entry, isNew] = first.try_emplace(input, i);
      if (!isNew && !argument.use_empty()) {
        rewriter.replaceAllUsesWith(argument, body.getArgument(entry->second));
        merged = true;
      }
      drop[i] = !isNew;
    }
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      drop[i] = drop[i] || body.getArgument(i).use_empty();
    }
    if (drop.none() && !merged) {
      return rewriter.notifyMatchFailure(op, "every input is read");
    }
    rewriter.modifyOpInPlace(op, [&] {
      body.eraseArguments(drop);
      for (unsigned i = op.getInputs().size(); i-- > 0;) {
        if (drop[i]) {
          op.getInputsMutable().erase(i);
        }
      }
    });
    return success();
  }
};
} // namespace

void TopKOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropLimit, SelectOnlyExpert>(context);
}

void TakeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<TakeOnlyEntry>(context);
}

void CombineOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropUnitWeights>(context);
}

void ExpertsOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropUnusedOperands, DropUnusedWeights>(context);
}

void KernelOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<DropKernelInputs>(context);
}
