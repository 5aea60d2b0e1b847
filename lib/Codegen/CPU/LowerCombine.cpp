//===- LowerCombine.cpp - sums over slots to loops ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Per row, blocks of elements of decreasing width: the accumulators of a block
// stay in registers while the slots go by in order. An element's chain is the
// same in a block of any width.
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "RowLoops.h"

#include "moe/Codegen/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace moe {
#define GEN_PASS_DEF_LOWERCOMBINEPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

/// Elements of y that an item reads, about.
static constexpr int64_t kElementsPerItem = 16384;

namespace {

struct LowerCombinePass
    : public moe::impl::LowerCombinePassBase<LowerCombinePass> {
  void runOnOperation() override {
    SmallVector<CombineOp> ops;
    getOperation()->walk([&](CombineOp op) {
      if (isa<MemRefType>(op.getInit().getType())) {
        ops.push_back(op);
      }
    });
    for (CombineOp op : ops) {
      lower(op);
      op.erase();
    }
  }

  void lower(CombineOp op);
};

/// What the loops over a combine's elements need.
struct CombineBuilder {
  CombineBuilder(CombineOp op, OpBuilder &builder)
      : op(op), b(builder), loc(op.getLoc()),
        element(cast<MemRefType>(op.getY().getType()).getElementType()),
        arithmetic(getArithmeticType(element)),
        keys(op.getIds() ? op.getIds() : op.getPosition()) {}

  void buildRow(Value row);

  CombineOp op;
  OpBuilder &b;
  Location loc;
  Type element;
  FloatType arithmetic;
  /// The ids or positions [R, K].
  Value keys;
  /// All elements in a line, and what an entry and a row have.
  Value y;
  Value out;
  Value width;
  Value slots;
  /// Entries of y in grouped form.
  Value entries;

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value loadBlock(Value buffer, Value at, int64_t lanes);
  Value accumulate(Value row, Value slot, Value column, Value sum,
                   int64_t lanes);
  void buildBlocks(Value row, Value begin, Value end, int64_t lanes,
                   int64_t unroll);
};

} // namespace

Value CombineBuilder::loadBlock(Value buffer, Value at, int64_t lanes) {
  Value loaded;
  if (lanes == 1) {
    loaded = memref::LoadOp::create(b, loc, buffer, at);
  } else {
    loaded = vector::LoadOp::create(b, loc, VectorType::get({lanes}, element),
                                    buffer, at);
  }
  return convertFloat(b, loc, loaded, arithmetic);
}

/// sum + w · y of one slot for the elements from `column` on.
Value CombineBuilder::accumulate(Value row, Value slot, Value column, Value sum,
                                 int64_t lanes) {
  Value entry;
  if (op.getIds()) {
    Value first = arith::MulIOp::create(b, loc, row, slots);
    entry = arith::AddIOp::create(b, loc, first, slot);
  } else {
    Value position =
        memref::LoadOp::create(b, loc, keys, ValueRange{row, slot});
    entry = arith::IndexCastOp::create(b, loc, b.getIndexType(), position);
  }
  Value start = arith::MulIOp::create(b, loc, entry, width);
  Value value =
      loadBlock(y, arith::AddIOp::create(b, loc, start, column), lanes);
  if (!op.getWeights()) {
    return arith::AddFOp::create(b, loc, sum, value);
  }
  Value weight =
      memref::LoadOp::create(b, loc, op.getWeights(), ValueRange{row, slot});
  weight = convertFloat(b, loc, weight, arithmetic);
  if (lanes != 1) {
    weight = vector::BroadcastOp::create(b, loc, value.getType(), weight);
  }
  return math::FmaOp::create(b, loc, weight, value, sum);
}

/// Blocks of `unroll` groups of `lanes` elements from `begin` to `end`.
void CombineBuilder::buildBlocks(Value row, Value begin, Value end,
                                 int64_t lanes, int64_t unroll) {
  Type type = arithmetic;
  if (lanes != 1) {
    type = VectorType::get({lanes}, arithmetic);
  }
  auto columnOf = [&](Value block, int64_t group) -> Value {
    return arith::AddIOp::create(b, loc, block, constant(group * lanes));
  };
  buildCarryingLoop(
      b, loc, begin, end, lanes * unroll, {},
      [&](Value block, ValueRange) -> SmallVector<Value> {
        Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
        SmallVector<Value> sums(unroll, zero);
        sums = buildCarryingLoop(
            b, loc, constant(0), slots, 1, sums,
            [&](Value slot, ValueRange carried) -> SmallVector<Value> {
              Value key =
                  memref::LoadOp::create(b, loc, keys, ValueRange{row, slot});
              Value none = arith::ConstantIntOp::create(b, loc, 0, 32);
              Value filled = arith::CmpIOp::create(
                  b, loc, arith::CmpIPredicate::sge, key, none);
              if (entries) {
                Value wide =
                    arith::IndexCastOp::create(b, loc, b.getIndexType(), key);
                Value inside = arith::CmpIOp::create(
                    b, loc, arith::CmpIPredicate::slt, wide, entries);
                filled = arith::AndIOp::create(b, loc, filled, inside);
              }
              auto next = scf::IfOp::create(
                  b, loc, filled,
                  [&](OpBuilder &, Location) {
                    SmallVector<Value> added;
                    for (int64_t group = 0; group < unroll; ++group) {
                      added.push_back(accumulate(row, slot,
                                                 columnOf(block, group),
                                                 carried[group], lanes));
                    }
                    scf::YieldOp::create(b, loc, added);
                  },
                  [&](OpBuilder &, Location) {
                    scf::YieldOp::create(b, loc, carried);
                  });
              return SmallVector<Value>(next.getResults());
            });
        Value first = arith::MulIOp::create(b, loc, row, width);
        for (int64_t group = 0; group < unroll; ++group) {
          Value at =
              arith::AddIOp::create(b, loc, first, columnOf(block, group));
          Value sum = convertFloat(b, loc, sums[group], element);
          if (lanes == 1) {
            memref::StoreOp::create(b, loc, sum, out, at);
          } else {
            vector::StoreOp::create(b, loc, sum, out, at);
          }
        }
        return {};
      });
}

void CombineBuilder::buildRow(Value row) {
  int64_t lanes = 512 / arithmetic.getWidth();
  auto roundDown = [&](int64_t step) -> Value {
    Value steps = arith::DivUIOp::create(b, loc, width, constant(step));
    return arith::MulIOp::create(b, loc, steps, constant(step));
  };
  Value wide = roundDown(4 * lanes);
  Value narrow = roundDown(lanes);
  buildBlocks(row, constant(0), wide, lanes, 4);
  buildBlocks(row, wide, narrow, lanes, 1);
  buildBlocks(row, narrow, width, 1, 1);
}

void LowerCombinePass::lower(CombineOp op) {
  OpBuilder builder(op);
  CombineBuilder combine(op, builder);
  Location loc = op.getLoc();
  auto type = cast<MemRefType>(op.getInit().getType());
  Value width = arith::ConstantIndexOp::create(builder, loc, 1);
  int64_t known = 1;
  for (int64_t dim = 1; dim < type.getRank(); ++dim) {
    width = arith::MulIOp::create(builder, loc, width,
                                  getDim(builder, loc, op.getInit(), dim));
    known *= type.isDynamicDim(dim)
                 ? 64
                 : std::max<int64_t>(1, type.getDimSize(dim));
  }
  combine.width = width;
  combine.slots = getDim(builder, loc, combine.keys, 1);
  combine.y = flatten(builder, loc, op.getY());
  combine.out = flatten(builder, loc, op.getInit());
  if (op.getPosition()) {
    combine.entries = getDim(builder, loc, op.getY(), 0);
  }
  int64_t slots = cast<MemRefType>(combine.keys.getType()).getDimSize(1);
  known *= ShapedType::isDynamic(slots) ? 8 : std::max<int64_t>(1, slots);
  int64_t tile = std::clamp<int64_t>(kElementsPerItem / known, 1, 64);
  buildRowLoop(builder, loc, getDim(builder, loc, op.getInit(), 0), tile,
               [&](Value row) { combine.buildRow(row); });
}
