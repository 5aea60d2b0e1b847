//===- Rematerialize.cpp - unbounded temporaries are computed again -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace moe {
#define GEN_PASS_DEF_REMATERIALIZEPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct RematerializePass
    : public moe::impl::RematerializePassBase<RematerializePass> {
  void runOnOperation() override;
};

} // namespace

/// Whether `op` writes a buffer of its own whose size has no constant bound.
static bool isUnboundedTemporary(linalg::GenericOp op) {
  if (op.getNumResults() != 1 || op.getNumReductionLoops() != 0 ||
      !kernel::isUninitialised(op.getDpsInitOperand(0)->get())) {
    return false;
  }
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (type.isDynamicDim(dim) &&
        failed(ValueBoundsConstraintSet::computeConstantBound(
            presburger::BoundType::UB, {op.getDpsInitOperand(0)->get(), dim},
            /*stopCondition=*/nullptr, /*closedUB=*/true))) {
      return true;
    }
  }
  return false;
}

/// Fuses a copy of `op` into one of its readers; false if none can take it.
static bool fuseIntoReader(IRRewriter &rewriter, linalg::GenericOp op) {
  for (OpOperand &use : op.getResult(0).getUses()) {
    auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!reader || !linalg::areElementwiseOpsFusable(&use)) {
      continue;
    }
    // A copy that has one reader, or fusion would keep its result.
    rewriter.setInsertionPoint(reader);
    auto copy = cast<linalg::GenericOp>(rewriter.clone(*op));
    rewriter.modifyOpInPlace(reader, [&] { use.set(copy.getResult(0)); });
    FailureOr<linalg::ElementwiseOpFusionResult> fused =
        linalg::fuseElementwiseOps(rewriter, &use);
    if (failed(fused)) {
      rewriter.modifyOpInPlace(reader, [&] { use.set(op.getResult(0)); });
      rewriter.eraseOp(copy);
      continue;
    }
    for (OpResult result : reader->getResults()) {
      rewriter.replaceAllUsesWith(result, fused->replacements.lookup(result));
    }
    rewriter.eraseOp(reader);
    rewriter.eraseOp(copy);
    return true;
  }
  return false;
}

void RematerializePass::runOnOperation() {
  func::FuncOp func = getOperation();
  if (!kernel::isKernel(func)) {
    return;
  }
  IRRewriter rewriter(func);
  // From the first on: what a temporary is computed from goes into it before
  // it goes into its readers. Fusing makes new ops, so look again each time.
  bool changed = true;
  while (changed) {
    changed = false;
    SmallVector<linalg::GenericOp> temporaries;
    func.walk([&](linalg::GenericOp op) {
      if (isUnboundedTemporary(op)) {
        temporaries.push_back(op);
      }
    });
    for (linalg::GenericOp op : temporaries) {
      while (fuseIntoReader(rewriter, op)) {
        changed = true;
      }
      if (op->use_empty()) {
        rewriter.eraseOp(op);
      }
      if (changed) {
        break;
      }
    }
  }
}
