//===- Select.cpp - selecting, taking, normalising, combining, grouping ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moe;

using Values = Loops::Values;

//===----------------------------------------------------------------------===//
// moe.top_k
//===----------------------------------------------------------------------===//

/// Whether score a is better than score b.
static Value isBetter(Loops &b, Value a, Value other) {
  auto isNaN = [&](Value v) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, v, v);
  };
  Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, a, other);
  Value truth = b.integer(b.getI1Type(), 1);
  Value number = arith::XOrIOp::create(b, isNaN(other), truth);
  Value nanFirst = arith::AndIOp::create(b, isNaN(a), number);
  return arith::OrIOp::create(b, greater, nanFirst);
}

/// Whether expert i of a row goes before expert j.
static Value goesBefore(Loops &b, Value scores, Value row, Value i, Value j) {
  Value si = b.get(scores, {row, i}), sj = b.get(scores, {row, j});
  Value lower = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, i, j);
  return b.select(isBetter(b, sj, si), b.integer(b.getI1Type(), 0),
                  arith::OrIOp::create(b, isBetter(b, si, sj), lower));
}

/// The first expert of a row in the order of the op among those after
/// `previous`; -1 stands for no expert.
static Value nextBest(Loops &b, Value scores, Value row, Value previous) {
  Value none = b.index(-1);
  auto isNone = [&](Loops &in, Value expert) {
    return arith::CmpIOp::create(in, arith::CmpIPredicate::eq, expert, none)
        .getResult();
  };
  auto step = [&](Loops &in, Value e, ValueRange best) -> Values {
    auto yes = [](Loops &b) -> Values { return {b.integer(b.getI1Type(), 1)}; };
    Value after = in.branch(isNone(in, previous), yes, [&](Loops &b) -> Values {
                      return {goesBefore(b, scores, row, previous, e)};
                    }).front();
    Value better = in.branch(isNone(in, best[0]), yes, [&](Loops &b) -> Values {
                       return {goesBefore(b, scores, row, e, best[0])};
                     }).front();
    return {in.select(arith::AndIOp::create(in, after, better), e, best[0])};
  };
  return b.loop(b.dim(scores, 1), none, step).front();
}

namespace {
struct LowerTopK : OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    Value scores = op.getScores(), init = op.getInit();
    Value count = b.dim(scores, 1);
    if (op.getLimit()) {
      count = arith::MinSIOp::create(b, count, op.getLimit());
    }
    auto row = [&](Loops &in, Value r, ValueRange ids) -> Values {
      auto slot = [&](Loops &in, Value j, ValueRange carried) -> Values {
        Value wanted =
            arith::CmpIOp::create(in, arith::CmpIPredicate::slt, j, count);
        Value id = in.branch(
                         wanted,
                         [&](Loops &b) -> Values {
                           return {nextBest(b, scores, r, carried[1])};
                         },
                         [](Loops &b) -> Values { return {b.index(-1)}; })
                       .front();
        Value narrow = arith::IndexCastOp::create(in, in.getI32Type(), id);
        return {in.set(carried[0], {r, j}, narrow), id};
      };
      return {in.loop(in.dim(init, 1), {ids[0], in.index(-1)}, slot)[0]};
    };
    rewriter.replaceOp(op, b.loop(b.dim(scores, 0), init, row));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// moe.take, moe.normalize
//===----------------------------------------------------------------------===//

struct LowerTake : OpRewritePattern<TakeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TakeOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    Value table = op.getTable(), ids = op.getIds();
    bool perRow = cast<RankedTensorType>(table.getType()).getRank() == 2;
    Value experts = b.dim(table, perRow ? 1 : 0);
    auto slot = [&](Loops &in, Value r, Value k, Value result) {
      Value id = in.getIndex(ids, {r, k});
      Value entry = in.branch(
                          in.inRange(id, experts),
                          [&](Loops &b) -> Values {
                            return {b.get(table, perRow ? ValueRange{r, id}
                                                        : ValueRange{id})};
                          },
                          [&](Loops &b) -> Values {
                            return {b.zero(getElementTypeOrSelf(table))};
                          })
                        .front();
      return in.set(result, {r, k}, entry);
    };
    auto row = [&](Loops &in, Value r, ValueRange result) -> Values {
      return in.loop(in.dim(ids, 1), result,
                     [&](Loops &in, Value k, ValueRange result) -> Values {
                       return {slot(in, r, k, result[0])};
                     });
    };
    rewriter.replaceOp(op, b.loop(b.dim(ids, 0), op.getInit(), row));
    return success();
  }
};

/// One op's operands while its rows are normalised.
struct Normalizer {
  NormalizeOp op;
  Type arithmetic;

  explicit Normalizer(NormalizeOp op)
      : op(op),
        arithmetic(getArithmeticType(getElementTypeOrSelf(op.getWeights()))) {}

  Value weight(Loops &b, Value r, Value k) {
    return b.convert(b.get(op.getWeights(), {r, k}), arithmetic);
  }

  /// value(b, k) where slot (r, k) is filled, else `otherwise`.
  Value ifFilled(Loops &b, Value r, Value k, Value otherwise,
                 function_ref<Value(Loops &)> value) {
    Value id = b.get(op.getIds(), {r, k});
    Value filled = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, id,
                                         b.zero(id.getType()));
    return b
        .branch(
            filled, [&](Loops &b) -> Values { return {value(b)}; },
            [&](Loops &) -> Values { return {otherwise}; })
        .front();
  }

  /// Carries a number over the filled slots of a row, ascending.
  Value fold(Loops &b, Value r, Value start,
             function_ref<Value(Loops &, Value k, Value carried)> step) {
    auto body = [&](Loops &in, Value k, ValueRange carried) -> Values {
      return {ifFilled(in, r, k, carried[0],
                       [&](Loops &b) { return step(b, k, carried[0]); })};
    };
    return b.loop(b.dim(op.getIds(), 1), start, body).front();
  }

  Value constant(Loops &b, double value) {
    return arith::ConstantOp::create(b, b.getFloatAttr(arithmetic, value));
  }

  /// exp(w - largest)
  Value power(Loops &b, Value r, Value k, Value largest) {
    return math::ExpOp::create(
        b, arith::SubFOp::create(b, weight(b, r, k), largest));
  }

  /// Row r of the result.
  Value row(Loops &b, Value r, Value result) {
    bool softmax = op.getKind() == NormalizeKind::Softmax;
    Value largest;
    if (softmax) {
      Value least = constant(b, -std::numeric_limits<double>::infinity());
      largest = fold(b, r, least, [&](Loops &b, Value k, Value m) -> Value {
        return arith::MaximumFOp::create(b, m, weight(b, r, k));
      });
    }
    auto term = [&](Loops &b, Value k) {
      return softmax ? power(b, r, k, largest) : weight(b, r, k);
    };
    Value sum = fold(b, r, constant(b, 0), [&](Loops &b, Value k, Value s) {
      return arith::AddFOp::create(b, s, term(b, k)).getResult();
    });
    if (!softmax) {
      Value eps = constant(b, op.getEps().convertToDouble());
      sum = arith::AddFOp::create(b, sum, eps);
    }
    auto slot = [&](Loops &in, Value k, ValueRange result) -> Values {
      Value zero = constant(in, 0);
      Value value = ifFilled(in, r, k, zero, [&](Loops &b) -> Value {
        Value quotient = arith::DivFOp::create(b, term(b, k), sum);
        if (softmax) {
          return quotient;
        }
        Value usable =
            arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, sum, zero);
        return b.select(usable, quotient, zero);
      });
      Type element = getElementTypeOrSelf(op.getInit());
      return {in.set(result[0], {r, k}, in.convert(value, element))};
    };
    return b.loop(b.dim(op.getIds(), 1), result, slot).front();
  }
};

struct LowerNormalize : OpRewritePattern<NormalizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(NormalizeOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    Normalizer normalizer(op);
    auto row = [&](Loops &in, Value r, ValueRange result) -> Values {
      return {normalizer.row(in, r, result[0])};
    };
    rewriter.replaceOp(op, b.loop(b.dim(op.getIds(), 0), op.getInit(), row));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// moe.combine
//===----------------------------------------------------------------------===//

struct LowerCombine : OpRewritePattern<CombineOp> {
  using OpRewritePattern::OpRewritePattern;

  /// Adds slot (r, k) to the sum, if it is filled.
  static Value addSlot(Loops &b, CombineOp op, Value r, Value k,
                       ValueRange inner, Value sum) {
    bool grouped = bool(op.getPosition());
    Value place = b.getIndex(grouped ? op.getPosition() : op.getIds(), {r, k});
    Value filled = grouped ? b.inRange(place, b.dim(op.getY(), 0))
                           : arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                                   place, b.index(0));
    auto add = [&](Loops &b) -> Values {
      SmallVector<Value> at =
          grouped ? SmallVector<Value>{place} : SmallVector<Value>{r, k};
      llvm::append_range(at, inner);
      Value y = b.convert(b.get(op.getY(), at), sum.getType());
      if (!op.getWeights()) {
        return {arith::AddFOp::create(b, sum, y)};
      }
      Value w = b.convert(b.get(op.getWeights(), {r, k}), sum.getType());
      return {math::FmaOp::create(b, w, y, sum)};
    };
    return b.branch(filled, add, [&](Loops &) -> Values { return {sum}; })
        .front();
  }

  /// Loops over the dimensions from `indices` on.
  static Value element(Loops &b, CombineOp op, SmallVector<Value> indices,
                       Value result) {
    auto type = cast<RankedTensorType>(op.getInit().getType());
    if (int64_t(indices.size()) == type.getRank()) {
      Value r = indices.front();
      ValueRange inner = ValueRange(indices).drop_front();
      Value slots = b.dim(op.getPosition() ? op.getPosition() : op.getIds(), 1);
      auto slot = [&](Loops &in, Value k, ValueRange sum) -> Values {
        return {addSlot(in, op, r, k, inner, sum[0])};
      };
      Value start = b.zero(getArithmeticType(type.getElementType()));
      Value sum = b.loop(slots, start, slot).front();
      return b.set(result, indices, b.convert(sum, type.getElementType()));
    }
    auto inner = [&](Loops &in, Value i, ValueRange result) -> Values {
      SmallVector<Value> next = indices;
      next.push_back(i);
      return {element(in, op, next, result[0])};
    };
    return b.loop(b.dim(op.getInit(), indices.size()), result, inner).front();
  }

  LogicalResult matchAndRewrite(CombineOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, element(b, op, {}, op.getInit()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// moe.group
//===----------------------------------------------------------------------===//

struct LowerGroup : OpRewritePattern<GroupOp> {
  using OpRewritePattern::OpRewritePattern;

  /// Visits all slots in flattened order; `filled` is called for those whose id
  /// is in [0, experts).
  static Values
  visit(Loops &b, Value ids, Value experts, ValueRange carried,
        function_ref<Values(Loops &, Value r, Value k, Value id, ValueRange)>
            filled) {
    Value slots = b.dim(ids, 1);
    auto row = [&](Loops &in, Value r, ValueRange carried) -> Values {
      return in.loop(
          slots, carried,
          [&](Loops &in, Value k, ValueRange carried) -> Values {
            Value id = in.getIndex(ids, {r, k});
            return in.branch(
                in.inRange(id, experts),
                [&](Loops &b) { return filled(b, r, k, id, carried); },
                [&](Loops &) { return Values(carried); });
          });
    };
    return b.loop(b.dim(ids, 0), carried, row);
  }

  static Value plus(Loops &b, Value value, int64_t constant) {
    return arith::AddIOp::create(b, value,
                                 b.integer(value.getType(), constant));
  }

  LogicalResult matchAndRewrite(GroupOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    Value ids = op.getIds();
    Value experts = plus(b, b.dim(op.getOffsetsInit(), 0), -1);
    // offsets[e + 1] = count(e), then the sums of these.
    Value offsets = visit(b, ids, experts, b.zerosLike(op.getOffsetsInit()),
                          [](Loops &b, Value, Value, Value id,
                             ValueRange carried) -> Values {
                            Value at = plus(b, id, 1);
                            Value count = plus(b, b.get(carried[0], at), 1);
                            return {b.set(carried[0], at, count)};
                          })
                        .front();
    offsets = b.loop(experts, offsets,
                     [](Loops &in, Value e, ValueRange carried) -> Values {
                       Value at = plus(in, e, 1);
                       Value sum = arith::AddIOp::create(
                           in, in.get(carried[0], e), in.get(carried[0], at));
                       return {in.set(carried[0], at, sum)};
                     })
                  .front();
    // The first free place of each expert, in a third value.
    Value none = b.integer(b.getI32Type(), -1);
    Value slots = b.dim(ids, 1);
    auto clear = [&](Loops &in, Value r, ValueRange carried) -> Values {
      return in.loop(slots, carried,
                     [&](Loops &in, Value k, ValueRange carried) -> Values {
                       return {in.set(carried[0], {r, k}, none)};
                     });
    };
    Value cleared = b.loop(b.dim(ids, 0), op.getPositionInit(), clear).front();
    Values placed = visit(
        b, ids, experts, {op.getSourceInit(), cleared, offsets},
        [&](Loops &b, Value r, Value k, Value id,
            ValueRange carried) -> Values {
          Value place = b.get(carried[2], id);
          Value at = arith::IndexCastOp::create(b, b.getIndexType(), place);
          Value slot =
              arith::AddIOp::create(b, arith::MulIOp::create(b, r, slots), k);
          Value narrow = arith::IndexCastOp::create(b, b.getI32Type(), slot);
          return {b.set(carried[0], at, narrow),
                  b.set(carried[1], {r, k}, place),
                  b.set(carried[2], id, plus(b, place, 1))};
        });
    rewriter.replaceOp(op, {offsets, placed[0], placed[1]});
    return success();
  }
};
} // namespace

void moe::populateSelectPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerTopK, LowerTake, LowerNormalize, LowerCombine, LowerGroup>(
      patterns.getContext());
}
