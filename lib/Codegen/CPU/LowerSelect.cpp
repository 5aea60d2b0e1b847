//===- LowerSelect.cpp - selection and weighing to loops ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Neighbouring operations on the same ids share one loop over rows.
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "RowLoops.h"

#include "moe/Codegen/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace moe {
#define GEN_PASS_DEF_LOWERSELECTPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

/// Scores that an item looks at.
static constexpr int64_t kScoresPerItem = 1024;

namespace {

struct LowerSelectPass
    : public moe::impl::LowerSelectPassBase<LowerSelectPass> {
  void runOnOperation() override;
};

/// Emits the code for one row.
class RowBuilder {
public:
  RowBuilder(OpBuilder &builder, Location loc) : b(builder), loc(loc) {}

  void build(TopKOp op, Value row);
  void build(TakeOp op, Value row);
  void build(NormalizeOp op, Value row);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value load(Value buffer, ValueRange indices) {
    return memref::LoadOp::create(b, loc, buffer, indices);
  }
  void store(Value value, Value buffer, ValueRange indices) {
    memref::StoreOp::create(b, loc, value, buffer, indices);
  }
  Value compare(arith::CmpIPredicate predicate, Value left, Value right) {
    return arith::CmpIOp::create(b, loc, predicate, left, right);
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, loc, condition, yes, no);
  }
  Value zeroOf(Type type) {
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  }
  Value isFilled(Value id) {
    return compare(arith::CmpIPredicate::sge, id, zeroOf(id.getType()));
  }

  Value getKey(Value scores, Value row, Value expert);
  void insert(TopKOp op, Value row, Value key, Value expert, Value last);
  Value getWeight(NormalizeOp op, Value row, Value slot);
  Value reduceFilled(NormalizeOp op, Value row, Value init,
                     function_ref<Value(Value, Value)> combine);
  void storeFilled(NormalizeOp op, Value row,
                   function_ref<Value(Value)> compute);
  void buildSum(NormalizeOp op, Value row, FloatType type);
  void buildSoftmax(NormalizeOp op, Value row, FloatType type);

  OpBuilder &b;
  Location loc;
};

} // namespace

/// An integer that orders scores: NaN above all, -0 equal to +0.
Value RowBuilder::getKey(Value scores, Value row, Value expert) {
  Value score = load(scores, {row, expert});
  score = convertFloat(b, loc, score, getArithmeticType(score.getType()));
  Type integer = b.getIntegerType(score.getType().getIntOrFloatBitWidth());
  unsigned width = integer.getIntOrFloatBitWidth();
  auto constant = [&](const APInt &value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(integer, value));
  };
  // Adding +0 turns -0 into +0 and leaves everything else.
  Value plain = arith::AddFOp::create(b, loc, score, zeroOf(score.getType()));
  Value bits = arith::BitcastOp::create(b, loc, integer, plain);
  Value flipped = arith::XOrIOp::create(
      b, loc, bits, constant(APInt::getSignedMaxValue(width)));
  Value negative = compare(arith::CmpIPredicate::slt, bits, zeroOf(integer));
  Value ordered = select(negative, flipped, bits);
  Value isNaN =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, score, score);
  return select(isNaN, constant(APInt::getSignedMaxValue(width)), ordered);
}

/// Puts `expert` into the ids of `row`, which are ordered and of which the one
/// at `last` may be overwritten.
void RowBuilder::insert(TopKOp op, Value row, Value key, Value expert,
                        Value last) {
  Value ids = op.getInit();
  Type type = b.getIndexType();
  auto loop = scf::WhileOp::create(b, loc, TypeRange{type}, ValueRange{last});
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, {type}, {loc});
  Value place = before->getArgument(0);
  Value positive = compare(arith::CmpIPredicate::sgt, place, index(0));
  auto better = scf::IfOp::create(
      b, loc, positive,
      [&](OpBuilder &, Location) {
        Value previous = arith::SubIOp::create(b, loc, place, index(1));
        Value id = arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                              load(ids, {row, previous}));
        Value other = getKey(op.getScores(), row, id);
        scf::YieldOp::create(b, loc,
                             compare(arith::CmpIPredicate::slt, other, key));
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, loc,
                             Value(arith::ConstantIntOp::create(b, loc, 0, 1)));
      });
  scf::ConditionOp::create(b, loc, better.getResult(0), ValueRange{place});
  Block *after = b.createBlock(&loop.getAfter(), {}, {type}, {loc});
  Value from = arith::SubIOp::create(b, loc, after->getArgument(0), index(1));
  store(load(ids, {row, from}), ids, {row, after->getArgument(0)});
  scf::YieldOp::create(b, loc, from);
  b.setInsertionPointAfter(loop);
  Value id = arith::IndexCastOp::create(b, loc, b.getI32Type(), expert);
  store(id, ids, {row, loop.getResult(0)});
}

void RowBuilder::build(TopKOp op, Value row) {
  Value ids = op.getInit();
  Value slots = getDim(b, loc, ids, 1);
  Value experts = getDim(b, loc, op.getScores(), 1);
  Value wanted = slots;
  if (Value limit = op.getLimit()) {
    wanted = arith::MinSIOp::create(
        b, loc, slots, arith::MaxSIOp::create(b, loc, limit, index(0)));
  }
  wanted = arith::MinSIOp::create(b, loc, wanted, experts);
  // With nothing wanted there is no last place to compare with.
  Value any = compare(arith::CmpIPredicate::sgt, wanted, index(0));
  Value end = select(any, experts, index(0));
  Value last = arith::SubIOp::create(b, loc, wanted, index(1));
  Type keyType = b.getIntegerType(
      getArithmeticType(getElementTypeOrSelf(op.getScores())).getWidth());
  buildCarryingLoop(
      b, loc, index(0), end, 1, {index(0), zeroOf(keyType)},
      [&](Value expert, ValueRange carried) -> SmallVector<Value> {
        Value count = carried[0];
        Value key = getKey(op.getScores(), row, expert);
        Value room = compare(arith::CmpIPredicate::slt, count, wanted);
        Value better = compare(arith::CmpIPredicate::sgt, key, carried[1]);
        Value accept = arith::OrIOp::create(b, loc, room, better);
        auto taken = scf::IfOp::create(
            b, loc, accept,
            [&](OpBuilder &, Location) {
              Value place = select(room, count, last);
              insert(op, row, key, expert, place);
              Value more = arith::AddIOp::create(b, loc, place, index(1));
              Value id = arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                                    load(ids, {row, place}));
              Value worst = getKey(op.getScores(), row, id);
              scf::YieldOp::create(b, loc, ValueRange{more, worst});
            },
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(b, loc, carried);
            });
        return SmallVector<Value>(taken.getResults());
      });
  Value empty = arith::ConstantIntOp::create(b, loc, -1, 32);
  buildLoop(b, loc, wanted, slots,
            [&](Value slot) { store(empty, ids, {row, slot}); });
}

void RowBuilder::build(TakeOp op, Value row) {
  Value table = op.getTable();
  bool perRow = cast<MemRefType>(table.getType()).getRank() == 2;
  Value experts = arith::IndexCastOp::create(
      b, loc, b.getI64Type(), getDim(b, loc, table, perRow ? 1 : 0));
  buildLoop(b, loc, index(0), getDim(b, loc, op.getIds(), 1), [&](Value slot) {
    Value id = load(op.getIds(), {row, slot});
    Value wide = arith::ExtSIOp::create(b, loc, b.getI64Type(), id);
    Value inRange = arith::AndIOp::create(
        b, loc, isFilled(id),
        compare(arith::CmpIPredicate::slt, wide, experts));
    auto value = scf::IfOp::create(
        b, loc, inRange,
        [&](OpBuilder &, Location) {
          Value expert =
              arith::IndexCastOp::create(b, loc, b.getIndexType(), id);
          SmallVector<Value> at;
          if (perRow) {
            at.push_back(row);
          }
          at.push_back(expert);
          scf::YieldOp::create(b, loc, load(table, at));
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(b, loc,
                               zeroOf(getElementTypeOrSelf(table.getType())));
        });
    store(value.getResult(0), op.getInit(), {row, slot});
  });
}

/// The weight of a slot in the arithmetic type.
Value RowBuilder::getWeight(NormalizeOp op, Value row, Value slot) {
  Value weight = load(op.getWeights(), {row, slot});
  return convertFloat(b, loc, weight, getArithmeticType(weight.getType()));
}

/// Folds the weights of the filled slots, ascending.
Value RowBuilder::reduceFilled(NormalizeOp op, Value row, Value init,
                               function_ref<Value(Value, Value)> combine) {
  return buildCarryingLoop(
      b, loc, index(0), getDim(b, loc, op.getIds(), 1), 1, {init},
      [&](Value slot, ValueRange carried) -> SmallVector<Value> {
        Value filled = isFilled(load(op.getIds(), {row, slot}));
        Value next = combine(carried[0], getWeight(op, row, slot));
        return {select(filled, next, carried[0])};
      })[0];
}

/// Stores a function of the weight in filled slots, +0 in the others.
void RowBuilder::storeFilled(NormalizeOp op, Value row,
                             function_ref<Value(Value)> compute) {
  Type element = getElementTypeOrSelf(op.getInit());
  buildLoop(b, loc, index(0), getDim(b, loc, op.getIds(), 1), [&](Value slot) {
    Value filled = isFilled(load(op.getIds(), {row, slot}));
    Value value = compute(getWeight(op, row, slot));
    value = select(filled, value, zeroOf(value.getType()));
    store(convertFloat(b, loc, value, element), op.getInit(), {row, slot});
  });
}

void RowBuilder::buildSum(NormalizeOp op, Value row, FloatType type) {
  Value sum = reduceFilled(op, row, zeroOf(type), [&](Value a, Value w) {
    return arith::AddFOp::create(b, loc, a, w).getResult();
  });
  APFloat eps = op.getEps();
  bool loses;
  eps.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
  Value divisor = arith::AddFOp::create(
      b, loc, sum,
      arith::ConstantOp::create(b, loc, b.getFloatAttr(type, eps)));
  Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                                       divisor, zeroOf(type));
  storeFilled(op, row, [&](Value w) {
    Value quotient = arith::DivFOp::create(b, loc, w, divisor);
    return select(isZero, zeroOf(type), quotient);
  });
}

void RowBuilder::buildSoftmax(NormalizeOp op, Value row, FloatType type) {
  APFloat infinity = APFloat::getInf(type.getFloatSemantics(), true);
  Value lowest =
      arith::ConstantOp::create(b, loc, b.getFloatAttr(type, infinity));
  Value largest = reduceFilled(op, row, lowest, [&](Value a, Value w) {
    return arith::MaximumFOp::create(b, loc, a, w).getResult();
  });
  auto exponential = [&](Value w) -> Value {
    return math::ExpOp::create(b, loc,
                               arith::SubFOp::create(b, loc, w, largest));
  };
  Value sum = reduceFilled(op, row, zeroOf(type), [&](Value a, Value w) {
    return arith::AddFOp::create(b, loc, a, exponential(w)).getResult();
  });
  storeFilled(op, row, [&](Value w) {
    return arith::DivFOp::create(b, loc, exponential(w), sum).getResult();
  });
}

void RowBuilder::build(NormalizeOp op, Value row) {
  FloatType type = getArithmeticType(getElementTypeOrSelf(op.getWeights()));
  if (op.getKind() == NormalizeKind::Sum) {
    buildSum(op, row, type);
  } else {
    buildSoftmax(op, row, type);
  }
}

/// The ids that `op` reads or writes; null if it is none of ours.
static Value getIds(Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([](TopKOp op) { return op.getInit(); })
      .Case([](TakeOp op) { return op.getIds(); })
      .Case([](NormalizeOp op) { return op.getIds(); })
      .Default(Value());
}

static void lower(ArrayRef<Operation *> group) {
  OpBuilder builder(group.back());
  Location loc = group.front()->getLoc();
  Value ids = getIds(group.front());
  int64_t width = 1;
  for (Operation *op : group) {
    for (Value operand : op->getOperands()) {
      auto type = dyn_cast<MemRefType>(operand.getType());
      if (type && type.getRank() == 2) {
        int64_t extent = type.getDimSize(1);
        width = std::max(width, ShapedType::isDynamic(extent) ? 64 : extent);
      }
    }
  }
  int64_t tile = std::clamp<int64_t>(
      llvm::bit_floor(uint64_t(kScoresPerItem / width)), 1, 64);
  buildRowLoop(
      builder, loc, getDim(builder, loc, ids, 0), tile, [&](Value row) {
        for (Operation *op : group) {
          RowBuilder rows(builder, op->getLoc());
          llvm::TypeSwitch<Operation *>(op).Case<TopKOp, TakeOp, NormalizeOp>(
              [&](auto op) { rows.build(op, row); });
        }
      });
  for (Operation *op : group) {
    op->erase();
  }
}

void LowerSelectPass::runOnOperation() {
  SmallVector<SmallVector<Operation *>> groups;
  bool open = false;
  getOperation()->walk([&](Operation *op) {
    Value ids = getIds(op);
    if (!ids) {
      // Anything else that may write ends a group, and so does a new block.
      open &= isMemoryEffectFree(op) && op->getNumRegions() == 0;
      return;
    }
    if (isa<TensorType>(ids.getType())) {
      return;
    }
    if (open && getIds(groups.back().front()) == ids &&
        groups.back().back()->getBlock() == op->getBlock()) {
      groups.back().push_back(op);
    } else {
      groups.push_back({op});
    }
    open = true;
  });
  for (ArrayRef<Operation *> group : groups) {
    lower(group);
  }
}
