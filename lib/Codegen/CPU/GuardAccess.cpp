//===- GuardAccess.cpp - checks indices that come from data ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace moe {
#define GEN_PASS_DEF_GUARDACCESSPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct GuardAccessPass
    : public moe::impl::GuardAccessPassBase<GuardAccessPass> {
  void runOnOperation() override;
};

} // namespace

/// Whether `index` is computed from an element of a tensor, inside `op`.
static bool comesFromData(Value index, linalg::LinalgOp op) {
  SmallVector<Value> worklist = {index};
  llvm::DenseSet<Value> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!seen.insert(value).second) {
      continue;
    }
    Operation *def = value.getDefiningOp();
    if (!def) {
      // An element of an operand, unless it comes from around the operation.
      if (op->isProperAncestor(value.getParentBlock()->getParentOp()) ||
          value.getParentBlock() == op.getBlock()) {
        return true;
      }
      continue;
    }
    if (!op->isProperAncestor(def)) {
      continue;
    }
    if (!isMemoryEffectFree(def) || def->getNumRegions() > 0) {
      return true;
    }
    worklist.append(def->operand_begin(), def->operand_end());
  }
  return false;
}

/// Makes `load` give 0 and fail the run where an index from data is outside.
static void guard(memref::LoadOp load, linalg::LinalgOp op) {
  OpBuilder builder(load);
  Location loc = load.getLoc();
  Value inside;
  for (auto [dim, index] : llvm::enumerate(load.getIndices())) {
    if (!comesFromData(index, op)) {
      continue;
    }
    Value extent = memref::DimOp::create(builder, loc, load.getMemRef(), dim);
    // A negative index is a large unsigned number.
    Value fits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                       index, extent);
    inside = inside
                 ? arith::AndIOp::create(builder, loc, inside, fits).getResult()
                 : fits;
  }
  if (!inside) {
    return;
  }
  cf::AssertOp::create(builder, loc, inside, "index out of range");
  auto guarded = scf::IfOp::create(
      builder, loc, inside,
      [&](OpBuilder &b, Location) {
        Value value = b.clone(*load)->getResult(0);
        scf::YieldOp::create(b, loc, value);
      },
      [&](OpBuilder &b, Location) {
        Value zero =
            arith::ConstantOp::create(b, loc, b.getZeroAttr(load.getType()));
        scf::YieldOp::create(b, loc, zero);
      });
  load.replaceAllUsesWith(guarded.getResult(0));
  load.erase();
}

void GuardAccessPass::runOnOperation() {
  if (!kernel::isKernel(getOperation())) {
    return;
  }
  SmallVector<std::pair<memref::LoadOp, linalg::LinalgOp>> loads;
  getOperation()->walk([&](memref::LoadOp load) {
    if (auto op = load->getParentOfType<linalg::LinalgOp>()) {
      loads.emplace_back(load, op);
    }
  });
  for (auto [load, op] : loads) {
    guard(load, op);
  }
}
