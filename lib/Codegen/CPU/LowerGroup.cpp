//===- LowerGroup.cpp - grouping by expert to loops -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A counting sort on one worker: count, sum up, place. The offsets serve as
// counters, then as the next free place of each expert.
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "RowLoops.h"

#include "moe/Codegen/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace moe {
#define GEN_PASS_DEF_LOWERGROUPPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

namespace {

struct LowerGroupPass : public moe::impl::LowerGroupPassBase<LowerGroupPass> {
  void runOnOperation() override;
};

class GroupBuilder {
public:
  GroupBuilder(GroupOp op, OpBuilder &builder)
      : op(op), b(builder), loc(op.getLoc()) {}

  void build();

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value integer(int64_t value) {
    return arith::ConstantIntOp::create(b, loc, value, 32);
  }
  Value load(Value buffer, Value at) {
    return memref::LoadOp::create(b, loc, buffer, at);
  }
  void store(Value value, Value buffer, Value at) {
    memref::StoreOp::create(b, loc, value, buffer, at);
  }
  Value add(Value left, Value right) {
    return arith::AddIOp::create(b, loc, left, right);
  }

  /// Calls `filled` with the slot and its expert, or `empty` with the slot.
  void forEachSlot(function_ref<void(Value, Value)> filled,
                   function_ref<void(Value)> empty);

  GroupOp op;
  OpBuilder &b;
  Location loc;
  Value ids;
  Value experts;
};

} // namespace

void GroupBuilder::forEachSlot(function_ref<void(Value, Value)> filled,
                               function_ref<void(Value)> empty) {
  Value slots = getDim(b, loc, ids, 0);
  buildLoop(b, loc, index(0), slots, [&](Value slot) {
    Value id =
        arith::IndexCastOp::create(b, loc, b.getIndexType(), load(ids, slot));
    // Negative ids are large as unsigned numbers.
    Value inRange =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, id, experts);
    scf::IfOp::create(
        b, loc, inRange,
        [&](OpBuilder &, Location) {
          filled(slot, id);
          scf::YieldOp::create(b, loc);
        },
        [&](OpBuilder &, Location) {
          empty(slot);
          scf::YieldOp::create(b, loc);
        });
  });
}

void GroupBuilder::build() {
  Value offsets = op.getOffsetsInit();
  Value source = op.getSourceInit();
  Value position = flatten(b, loc, op.getPositionInit());
  ids = flatten(b, loc, op.getIds());
  Value entries = getDim(b, loc, offsets, 0);
  experts = arith::SubIOp::create(b, loc, entries, index(1));

  buildLoop(b, loc, index(0), entries,
            [&](Value e) { store(integer(0), offsets, e); });
  // offsets[e + 1] counts expert e.
  forEachSlot(
      [&](Value, Value expert) {
        Value at = add(expert, index(1));
        store(add(load(offsets, at), integer(1)), offsets, at);
      },
      [](Value) {});
  buildCarryingLoop(b, loc, index(0), entries, 1, {integer(0)},
                    [&](Value e, ValueRange carried) -> SmallVector<Value> {
                      Value sum = add(carried[0], load(offsets, e));
                      store(sum, offsets, e);
                      return {sum};
                    });
  // offsets[e] is expert e's next place, and in the end its successor's first.
  forEachSlot(
      [&](Value slot, Value expert) {
        Value place = load(offsets, expert);
        store(add(place, integer(1)), offsets, expert);
        Value at = arith::IndexCastOp::create(b, loc, b.getIndexType(), place);
        store(arith::IndexCastOp::create(b, loc, b.getI32Type(), slot), source,
              at);
        store(place, position, slot);
      },
      [&](Value slot) { store(integer(-1), position, slot); });
  buildLoop(b, loc, index(0), experts, [&](Value e) {
    Value at = arith::SubIOp::create(b, loc, experts, e);
    Value before = arith::SubIOp::create(b, loc, at, index(1));
    store(load(offsets, before), offsets, at);
  });
  store(integer(0), offsets, index(0));
}

void LowerGroupPass::runOnOperation() {
  SmallVector<GroupOp> ops;
  getOperation()->walk([&](GroupOp op) {
    if (isa<MemRefType>(op.getIds().getType())) {
      ops.push_back(op);
    }
  });
  for (GroupOp op : ops) {
    OpBuilder builder(op);
    GroupBuilder(op, builder).build();
    op.erase();
  }
}
