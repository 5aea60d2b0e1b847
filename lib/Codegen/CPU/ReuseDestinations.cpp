//===- ReuseDestinations.cpp - temporaries in place of results ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace moe {
#define GEN_PASS_DEF_REUSEDESTINATIONSPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct ReuseDestinationsPass
    : public moe::impl::ReuseDestinationsPassBase<ReuseDestinationsPass> {
  void runOnOperation() override;
};

} // namespace

/// Whether `op` writes its only result element by element, without reading
/// what was there.
static bool isPlainElementwise(linalg::LinalgOp op) {
  OpOperand *init =
      op.getNumDpsInits() == 1 ? op.getDpsInitOperand(0) : nullptr;
  return init && op.hasPureTensorSemantics() &&
         op.getNumReductionLoops() == 0 &&
         !op.payloadUsesValueFromOperand(init);
}

/// The producer of an operand of `op` that could be computed in the place of
/// op's result: same type, read element by element, dead afterwards, and with
/// a destination that nobody asked for. Null if there is none.
static linalg::LinalgOp findTemporary(linalg::LinalgOp op) {
  AffineMap written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto producer = input->get().getDefiningOp<linalg::LinalgOp>();
    if (!producer || producer->getBlock() != op->getBlock() ||
        !isPlainElementwise(producer) ||
        !kernel::isUninitialised(producer.getDpsInitOperand(0)->get()) ||
        input->get().getType() != op->getResult(0).getType() ||
        op.getMatchingIndexingMap(input) != written) {
      continue;
    }
    bool dead = llvm::all_of(input->get().getUsers(), [&](Operation *user) {
      Operation *inBlock = op->getBlock()->findAncestorOpInBlock(*user);
      return inBlock && (inBlock == op || inBlock->isBeforeInBlock(op));
    });
    // Another operand that reads it elsewhere would see it overwritten.
    bool once = llvm::all_of(op->getOpOperands(), [&](OpOperand &other) {
      return other.get() != input->get() ||
             op.getMatchingIndexingMap(&other) == written;
    });
    if (dead && once) {
      return producer;
    }
  }
  return nullptr;
}

/// Whether `value` is there at `op`, which is in the same block.
static bool isAvailableAt(Value value, Operation *op) {
  Operation *def = value.getDefiningOp();
  return !def || def->getBlock() != op->getBlock() || def->isBeforeInBlock(op);
}

void ReuseDestinationsPass::runOnOperation() {
  func::FuncOp func = getOperation();
  if (!kernel::isKernel(func)) {
    return;
  }
  SmallVector<linalg::LinalgOp> ops;
  func.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
  // From the last one up, so that chains end in one place.
  for (linalg::LinalgOp op : llvm::reverse(ops)) {
    if (!isPlainElementwise(op)) {
      continue;
    }
    OpOperand *init = op.getDpsInitOperand(0);
    // A slice of the destination is a view that can be taken earlier.
    if (kernel::isUninitialised(init->get()) ||
        !llvm::hasSingleElement(init->get().getUses())) {
      continue;
    }
    linalg::LinalgOp producer = findTemporary(op);
    if (!producer) {
      continue;
    }
    if (auto slice = init->get().getDefiningOp<tensor::ExtractSliceOp>()) {
      if (!isAvailableAt(slice.getResult(), producer) &&
          llvm::all_of(slice->getOperands(), [&](Value value) {
            return isAvailableAt(value, producer);
          })) {
        slice->moveBefore(producer);
      }
    }
    if (!isAvailableAt(init->get(), producer)) {
      continue;
    }
    producer.getDpsInitOperand(0)->set(init->get());
    init->set(producer->getResult(0));
  }
}
