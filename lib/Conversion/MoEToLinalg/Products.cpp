//===- Products.cpp - products of grouped rows ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "moe/Dialect/MoE/IR/Accumulation.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace moe;

using Values = Loops::Values;

/// The row of x that place p multiplies.
template <typename OpTy>
static Value rowOf(Loops &b, OpTy op, Value place) {
  if (!op.getSource()) {
    return place;
  }
  Value slot = b.getIndex(op.getSource(), place);
  return arith::DivUIOp::create(b, slot, b.index(op.getDiv()));
}

/// Result (place, column): `factors` gives the element of each matrix in row i
/// and column, `scalars` what the region gets beside the accumulators.
template <typename OpTy>
static Value element(Loops &b, OpTy op, Value place, Value column, Value result,
                     unsigned matrices,
                     function_ref<Values(Loops &, Value i)> factors,
                     ValueRange scalars) {
  Type type = op.getAccumulatorType();
  Value row = rowOf(b, op, place);
  auto step = [&](Loops &in, Value i, ValueRange sums) -> Values {
    Value x = in.convert(in.get(op.getRows(), {row, i}), type);
    Values next;
    for (auto [factor, sum] : llvm::zip(factors(in, i), sums)) {
      next.push_back(math::FmaOp::create(in, x, in.convert(factor, type), sum));
    }
    return next;
  };
  Value k = b.dim(op.getRows(), 1);
  Value length = b.index(kChainLength);
  auto chain = [&](Loops &in, Value number, ValueRange totals) -> Values {
    Value from = arith::MulIOp::create(in, number, length);
    Value end = arith::AddIOp::create(in, from, length);
    Value to = arith::MinUIOp::create(in, end, k);
    Values sums = in.loop(from, to, Values(matrices, in.zero(type)), step);
    for (auto [sum, total] : llvm::zip(sums, totals)) {
      sum = arith::AddFOp::create(in, total, sum);
    }
    return sums;
  };
  // One chain if K = 0; from -0, so that the first sum is left as it is.
  Value chains = arith::CeilDivUIOp::create(b, k, length);
  chains = arith::MaxUIOp::create(b, chains, b.index(1));
  Value none = arith::ConstantOp::create(b, b.getFloatAttr(type, -0.0));
  Values arguments = b.loop(chains, Values(matrices, none), chain);
  llvm::append_range(arguments, scalars);
  Value value = inlineRegion(b, op.getEpilogue(), arguments).front();
  return b.set(result, {place, column}, value);
}

namespace {
struct LowerGroupedMatmul : OpRewritePattern<GroupedMatmulOp> {
  LowerGroupedMatmul(MLIRContext *context, const WeightAccess &weights)
      : OpRewritePattern(context), weights(weights) {}

  Values parts(Loops &b, GroupedMatmulOp op, ArrayAttr names, Value e) const {
    return llvm::map_to_vector(
        names.getAsRange<FlatSymbolRefAttr>(),
        [&](FlatSymbolRefAttr name) { return weights.part(b, op, name, e); });
  }

  LogicalResult matchAndRewrite(GroupedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    Value experts =
        arith::SubIOp::create(b, b.dim(op.getGroups(), 0), b.index(1));
    auto expert = [&](Loops &in, Value e, ValueRange result) -> Values {
      Values matrices = parts(in, op, op.getWeights(), e);
      Values vectors = parts(in, op, op.getVectors(), e);
      Value from = in.getIndex(op.getGroups(), e);
      Value next = arith::AddIOp::create(in, e, in.index(1));
      Value to = in.getIndex(op.getGroups(), next);
      auto column = [&](Loops &in, Value p, Value j, Value result) {
        auto factors = [&](Loops &b, Value i) {
          return llvm::map_to_vector(
              matrices, [&](Value matrix) { return b.get(matrix, {i, j}); });
        };
        Values scalars = llvm::map_to_vector(
            vectors, [&](Value vector) { return in.get(vector, j); });
        return element(in, op, p, j, result, matrices.size(), factors, scalars);
      };
      auto place = [&](Loops &in, Value p, ValueRange result) -> Values {
        return in.loop(in.dim(op.getInit(), 1), result,
                       [&](Loops &in, Value j, ValueRange result) -> Values {
                         return {column(in, p, j, result[0])};
                       });
      };
      return in.loop(from, to, result, place);
    };
    rewriter.replaceOp(op, b.loop(experts, op.getInit(), expert));
    return success();
  }

  WeightAccess weights;
};

struct LowerPanelMatmul : OpRewritePattern<PanelMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  /// The element of each matrix in row i and column j.
  static Values factors(Loops &b, PanelMatmulOp op, Value e, Value i, Value j) {
    auto type = cast<RankedTensorType>(op.getPanels().getType());
    Value width = b.index(type.getDimSize(3) / int64_t(op.getWeights()));
    Value panel = arith::DivUIOp::create(b, j, width);
    Value within = arith::RemUIOp::create(b, j, width);
    Values values;
    for (int64_t m = 0; m < int64_t(op.getWeights()); ++m) {
      Value first = arith::MulIOp::create(b, width, b.index(m));
      Value at = arith::AddIOp::create(b, first, within);
      values.push_back(b.get(op.getPanels(), {e, panel, i, at}));
    }
    return values;
  }

  /// Places `from` to `to` with the weights of expert e.
  static Values places(Loops &b, PanelMatmulOp op, Value e, Value from,
                       Value to, ValueRange result) {
    auto column = [&](Loops &in, Value p, Value j, Value result) {
      Values scalars = llvm::map_to_vector(op.getVectors(), [&](Value vector) {
        return in.get(vector, {e, j});
      });
      return element(
          in, op, p, j, result, op.getWeights(),
          [&](Loops &b, Value i) { return factors(b, op, e, i, j); }, scalars);
    };
    auto place = [&](Loops &in, Value p, ValueRange result) -> Values {
      return in.loop(in.dim(op.getInit(), 1), result,
                     [&](Loops &in, Value j, ValueRange result) -> Values {
                       return {column(in, p, j, result[0])};
                     });
    };
    return b.loop(from, to, result, place);
  }

  LogicalResult matchAndRewrite(PanelMatmulOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    if (!op.getGroups()) {
      Value count = b.dim(op.getSource() ? op.getSource() : op.getRows(), 0);
      rewriter.replaceOp(
          op, places(b, op, b.index(0), b.index(0), count, op.getInit()));
      return success();
    }
    auto expert = [&](Loops &in, Value e, ValueRange result) -> Values {
      Value from = in.getIndex(op.getGroups(), e);
      Value next = arith::AddIOp::create(in, e, in.index(1));
      return places(in, op, e, from, in.getIndex(op.getGroups(), next), result);
    };
    rewriter.replaceOp(op,
                       b.loop(b.dim(op.getPanels(), 0), op.getInit(), expert));
    return success();
  }
};
} // namespace

void moe::populateProductPatterns(RewritePatternSet &patterns,
                                  const WeightAccess &weights) {
  patterns.add<LowerGroupedMatmul>(patterns.getContext(), weights);
  patterns.add<LowerPanelMatmul>(patterns.getContext());
}
