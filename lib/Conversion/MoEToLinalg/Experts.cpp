//===- Experts.cpp - bodies of experts ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moe;

using Values = Loops::Values;

namespace {
/// Computes expert after expert: gathers its slots' rows, runs its body on
/// them, and scatters what it yields.
struct LowerExperts : OpRewritePattern<ExpertsOp> {
  LowerExperts(MLIRContext *context, const WeightAccess &weights)
      : OpRewritePattern(context), weights(weights) {}

  /// A slot (r, k) whose id is `expert`: visits all in flattened order.
  static Values
  visit(Loops &b, Value ids, Value expert, ValueRange carried,
        function_ref<Values(Loops &, Value r, Value k, ValueRange)> match) {
    auto row = [&](Loops &in, Value r, ValueRange carried) -> Values {
      return in.loop(
          in.dim(ids, 1), carried,
          [&](Loops &in, Value k, ValueRange carried) -> Values {
            Value same = arith::CmpIOp::create(
                in, arith::CmpIPredicate::eq, in.getIndex(ids, {r, k}), expert);
            return in.branch(
                same, [&](Loops &b) { return match(b, r, k, carried); },
                [&](Loops &) { return Values(carried); });
          });
    };
    return b.loop(b.dim(ids, 0), carried, row);
  }

  static Value next(Loops &b, Value index) {
    return arith::AddIOp::create(b, index, b.index(1));
  }

  /// The rows of an operand that belong to an expert: the first `dims`
  /// dimensions become one of size `count`.
  static Value gather(Loops &b, Value ids, Value expert, Value count,
                      Value operand, int64_t dims) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), operand);
    sizes.erase(sizes.begin(), sizes.begin() + dims);
    sizes.insert(sizes.begin(), count);
    Value empty =
        tensor::EmptyOp::create(b, sizes, getElementTypeOrSelf(operand));
    auto match = [&](Loops &b, Value r, Value k, ValueRange carried) -> Values {
      Value slice = b.getSlice(operand, ValueRange{r, k}.take_front(dims));
      return {b.setSlice(carried[0], carried[1], slice), next(b, carried[1])};
    };
    return visit(b, ids, expert, {empty, b.index(0)}, match).front();
  }

  /// The destinations with the slots of one expert filled in.
  Values expertOn(Loops &b, ExpertsOp op, unsigned kind, Value expert,
                  Value count, ValueRange results) const {
    Value ids = op.getIds();
    SmallVector<Value> arguments{expert};
    for (Value rows : op.getRows()) {
      arguments.push_back(gather(b, ids, expert, count, rows, 1));
    }
    for (Value slots : op.getSlots()) {
      arguments.push_back(gather(b, ids, expert, count, slots, 2));
    }
    llvm::append_range(arguments, op.getContexts());
    Value part =
        arith::SubIOp::create(b, expert, b.index(op.getBounds()[kind]));
    for (FlatSymbolRefAttr name : op.getKindWeights(kind)) {
      arguments.push_back(weights.part(b, op, name, part));
    }
    Values yielded = inlineRegion(b, op.getBodies()[kind], arguments);
    Values carried(results);
    carried.push_back(b.index(0));
    auto match = [&](Loops &b, Value r, Value k, ValueRange carried) -> Values {
      Value i = carried.back();
      Values result;
      for (auto [value, into] : llvm::zip(yielded, carried)) {
        result.push_back(b.setSlice(into, {r, k}, b.getSlice(value, i)));
      }
      result.push_back(next(b, i));
      return result;
    };
    Values scattered = visit(b, ids, expert, carried, match);
    scattered.pop_back();
    return scattered;
  }

  LogicalResult matchAndRewrite(ExpertsOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    Values results = llvm::map_to_vector(
        op.getInits(), [&](Value init) { return b.zerosLike(init); });
    for (unsigned kind = 0; kind < op.getBodies().size(); ++kind) {
      auto expert = [&](Loops &in, Value e, ValueRange results) -> Values {
        auto one = [](Loops &b, Value, Value, ValueRange count) -> Values {
          return {next(b, count[0])};
        };
        Value count = visit(in, op.getIds(), e, in.index(0), one).front();
        Value some = arith::CmpIOp::create(in, arith::CmpIPredicate::ne, count,
                                           in.index(0));
        return in.branch(
            some,
            [&](Loops &b) { return expertOn(b, op, kind, e, count, results); },
            [&](Loops &) { return Values(results); });
      };
      results = b.loop(b.index(op.getBounds()[kind]),
                       b.index(op.getBounds()[kind + 1]), results, expert);
    }
    rewriter.replaceOp(op, results);
    return success();
  }

  WeightAccess weights;
};

/// A kernel means what its region computes.
struct InlineKernel : OpRewritePattern<KernelOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(KernelOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, inlineRegion(b, op.getBody(), op.getOperands()));
    return success();
  }
};
} // namespace

void moe::populateExpertsPatterns(RewritePatternSet &patterns,
                                  const WeightAccess &weights) {
  patterns.add<LowerExperts>(patterns.getContext(), weights);
  patterns.add<InlineKernel>(patterns.getContext());
}
