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
      if (failed(reorder(rewriter, op))) {
        return signalPassFailure();
      }
    }
  }

  LogicalResult reorder(IRRewriter &rewriter, linalg::LinalgOp op);
};

} // namespace

LogicalResult OrderLoopsPass::reorder(IRRewriter &rewriter,
                                      linalg::LinalgOp op) {
  kernel::LoopOrder order = kernel::chooseLoopOrder(op);
  if (llvm::equal(order.loops, llvm::seq<unsigned>(0, op.getNumLoops()))) {
    return success();
  }
  rewriter.setInsertionPoint(op);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    FailureOr<linalg::GenericOp> generalized =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(generalized)) {
      return op.emitOpError("cannot be written as a linalg.generic");
    }
    generic = *generalized;
  }
  if (failed(linalg::interchangeGenericOp(rewriter, generic, order.loops))) {
    return generic.emitOpError("cannot loop in the order of its memory");
  }
  return success();
}
