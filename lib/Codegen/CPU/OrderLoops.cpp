//===- OrderLoops.cpp - loops of linalg ops along their memory ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopOrder.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"

namespace moe {
#define GEN_PASS_DEF_ORDERLOOPSPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct OrderLoopsPass : public moe::impl::OrderLoopsPassBase<OrderLoopsPass> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics()) {
        ops.push_back(op);
      }
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : ops) {
      reorder(rewriter, op);
    }
  }

  void reorder(IRRewriter &rewriter, linalg::LinalgOp op);
};

} // namespace

void OrderLoopsPass::reorder(IRRewriter &rewriter, linalg::LinalgOp op) {
  kernel::LoopOrder order = kernel::chooseLoopOrder(op);
  if (llvm::equal(order.loops, llvm::seq<unsigned>(0, op.getNumLoops()))) {
    return;
  }
  rewriter.setInsertionPoint(op);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    FailureOr<linalg::GenericOp> generalized =
        linalg::generalizeNamedOp(rewriter, op);
    assert(succeeded(generalized) && "every named operation has a region");
    generic = *generalized;
  }
  [[maybe_unused]] FailureOr<linalg::GenericOp> ordered =
      linalg::interchangeGenericOp(rewriter, generic, order.loops);
  assert(succeeded(ordered) && "the order is a permutation");
}
