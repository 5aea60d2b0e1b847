//===- Infer.cpp - infers types and small integers of nodes ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/Transforms/Passes.h"

#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/Inference.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace moe::onnx {
#define GEN_PASS_DEF_INFERPASS
#include "moe/Dialect/ONNX/Transforms/Passes.h.inc"
} // namespace moe::onnx

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

namespace {

struct InferPass : public moe::onnx::impl::InferPassBase<InferPass> {
  using Base::Base;
  void runOnOperation() override;
};

} // namespace

/// Puts a constant in the place of a value with known elements.
static void replaceByConstant(Value value, ArrayRef<int64_t> numbers) {
  auto type = cast<RankedTensorType>(value.getType());
  auto element = cast<IntegerType>(type.getElementType());
  SmallVector<APInt> bits;
  for (int64_t number : numbers) {
    bits.push_back(APInt(element.getWidth(), number, /*isSigned=*/true,
                         /*implicitTrunc=*/true));
  }
  auto plain = RankedTensorType::get(type.getShape(), element);
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  value.replaceAllUsesWith(ConstantOp::create(
      builder, value.getLoc(), type, DenseIntElementsAttr::get(plain, bits)));
}

void InferPass::runOnOperation() {
  Inference inference;
  if (failed(inference.run(getOperation()))) {
    return signalPassFailure();
  }
  SmallVector<Value> known;
  getOperation()->walk([&](NodeOp node) {
    if (node.getNumResults() == 1 && isMemoryEffectFree(node) &&
        inference.constants(node.getResult(0))) {
      known.push_back(node.getResult(0));
    }
  });
  for (Value value : known) {
    replaceByConstant(value, *inference.constants(value));
    value.getDefiningOp()->erase();
  }
}
