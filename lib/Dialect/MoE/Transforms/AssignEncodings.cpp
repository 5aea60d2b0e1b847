//===- AssignEncodings.cpp - the layout of every product's weights --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "PackPanels.h"
#include "ProductStage.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

namespace moe {
#define GEN_PASS_DEF_ASSIGNENCODINGSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct AssignEncodingsPass
    : public moe::impl::AssignEncodingsPassBase<AssignEncodingsPass> {
  using Base::Base;
  void runOnOperation() override;

private:
  void packGrouped(GroupedMatmulOp op, PanelPacker &packer);
  void packDense(KernelOp kernel, PanelPacker &packer);
  void eraseUnusedWeights();
};

} // namespace

static WeightOp lookupWeight(Operation *from, FlatSymbolRefAttr symbol) {
  return SymbolTable::lookupNearestSymbolFrom<WeightOp>(from, symbol);
}

static Value weightValue(OpBuilder &builder, Location loc, WeightOp weight) {
  return WeightValueOp::create(
      builder, loc, weight.getType(),
      FlatSymbolRefAttr::get(builder.getContext(), weight.getSymName()),
      Value());
}

/// Whether panels can hold the weights of a grouped product.
static LogicalResult verifyPackable(GroupedMatmulOp op) {
  auto isNarrow = [](Type type) {
    return isa<Float16Type, BFloat16Type, Float32Type>(
        getElementTypeOrSelf(type));
  };
  auto types = op.getWeightTypes().getAsValueRange<TypeAttr>();
  if (op.getWeights().size() > 2 || !llvm::all_of(types, isNarrow)) {
    return op.emitOpError("expected 1 or 2 weights of f16, bf16 or f32, which "
                          "panels hold, but got ")
           << op.getWeights().size() << ", the first of "
           << getElementTypeOrSelf(*types.begin());
  }
  return success();
}

void AssignEncodingsPass::packGrouped(GroupedMatmulOp op, PanelPacker &packer) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  SmallVector<WeightOp> weights;
  for (auto symbol : op.getWeights().getAsRange<FlatSymbolRefAttr>()) {
    weights.push_back(lookupWeight(op, symbol));
  }
  SmallVector<Value> vectors;
  for (auto symbol : op.getVectors().getAsRange<FlatSymbolRefAttr>()) {
    vectors.push_back(weightValue(builder, loc, lookupWeight(op, symbol)));
  }
  Value panels = weightValue(builder, loc, packer.pack(weights));
  auto product = PanelMatmulOp::create(
      builder, loc, op->getResultTypes(),
      builder.getI64IntegerAttr(weights.size()), op.getRows(), op.getSource(),
      op.getGroups(), panels, vectors, op.getInit(), op.getDivAttr());
  product.getEpilogue().takeBody(op.getEpilogue());
  op->replaceAllUsesWith(product);
  op->erase();
}

/// A dense product with its tail: the whole of a kernel.
void AssignEncodingsPass::packDense(KernelOp kernel, PanelPacker &packer) {
  Block &body = kernel.getBody().front();
  Operation *yield = body.getTerminator();
  if (yield->getNumOperands() != 1 ||
      cast<RankedTensorType>(yield->getOperand(0).getType()).getRank() != 2) {
    return;
  }
  auto isWeight = [](Value value) {
    auto read = value.getDefiningOp<WeightValueOp>();
    return read && !read.getExpert() &&
           cast<RankedTensorType>(value.getType()).getRank() == 2;
  };
  auto isVector = [&](Value value) {
    return isa<BlockArgument>(value) || value.getDefiningOp<WeightValueOp>();
  };
  std::string reason;
  Value target = yield->getOperand(0);
  FailureOr<ProductStage> stage = matchStage(target, isWeight, isVector, reason);
  auto isF32 = [](Value value) {
    return getElementTypeOrSelf(value.getType()).isF32();
  };
  // No panel has a column or a row then.
  auto isEmpty = [](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return llvm::is_contained(type.getShape(), 0);
  };
  if (failed(stage) || stage->products.size() > 2 ||
      !isa<BlockArgument>(stage->lhs) || !isF32(stage->lhs) ||
      !isF32(target) || !llvm::all_of(stage->vectors, isF32) ||
      !llvm::all_of(stage->products, [&](Operation *product) {
        return llvm::all_of(product->getOperands(), isF32) &&
               !isEmpty(cast<linalg::MatmulOp>(product).getInputs()[1]);
      })) {
    return;
  }
  OpBuilder builder(yield);
  Location loc = stage->products[0]->getLoc();
  SmallVector<WeightOp> weights;
  for (Operation *product : stage->products) {
    Value weight = cast<linalg::MatmulOp>(product).getInputs()[1];
    weights.push_back(lookupWeight(
        kernel, weight.getDefiningOp<WeightValueOp>().getWeightAttr()));
  }
  SmallVector<Value> vectors;
  for (Value vector : stage->vectors) {
    auto type = cast<RankedTensorType>(vector.getType());
    vectors.push_back(tensor::ExpandShapeOp::create(
        builder, loc,
        RankedTensorType::get({1, type.getDimSize(0)}, type.getElementType()),
        vector, ArrayRef<ReassociationIndices>{{0, 1}}));
  }
  Value panels = weightValue(builder, loc, packer.pack(weights));
  Value init = body.getArguments().back();
  auto product = PanelMatmulOp::create(
      builder, loc, TypeRange{target.getType()},
      builder.getI64IntegerAttr(weights.size()), stage->lhs, Value(), Value(),
      panels, vectors, init, builder.getI64IntegerAttr(1));
  Block *block = builder.createBlock(&product.getEpilogue());
  for (Operation *inner : stage->products) {
    block->addArgument(
        cast<RankedTensorType>(inner->getResult(0).getType()).getElementType(),
        loc);
  }
  for (Value vector : stage->vectors) {
    block->addArgument(cast<RankedTensorType>(vector.getType()).getElementType(),
                       loc);
  }
  YieldOp::create(builder, loc, buildEpilogue(builder, *stage, *block));
  yield->setOperand(0, product.getResult());
  // What the product replaces is dead now.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body))) {
    if (isOpTriviallyDead(&op)) {
      op.erase();
    }
  }
}

void AssignEncodingsPass::eraseUnusedWeights() {
  // One walk for all weights.
  SymbolTableCollection tables;
  SymbolUserMap users(tables, getOperation());
  for (auto weight :
       llvm::make_early_inc_range(getOperation().getOps<WeightOp>())) {
    if (users.useEmpty(weight)) {
      weight.erase();
    }
  }
}

void AssignEncodingsPass::runOnOperation() {
  PanelPacker packer(getOperation());
  SmallVector<KernelOp> kernels;
  getOperation().walk([&](KernelOp kernel) { kernels.push_back(kernel); });
  for (KernelOp kernel : kernels) {
    SmallVector<GroupedMatmulOp> grouped;
    kernel.walk([&](GroupedMatmulOp op) { grouped.push_back(op); });
    for (GroupedMatmulOp op : grouped) {
      if (failed(verifyPackable(op))) {
        return signalPassFailure();
      }
      packGrouped(op, packer);
    }
    packDense(kernel, packer);
  }
  eraseUnusedWeights();
}
