//===- ProductStage.cpp - a product and its element-wise tail -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductStage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe;

static bool isZeroFill(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

bool moe::isWeightProduct(Operation *op, IsWeight isWeight) {
  auto product = dyn_cast_or_null<linalg::MatmulOp>(op);
  return product && !product.hasUserDefinedMaps() &&
         isWeight(product.getInputs()[1]) &&
         isZeroFill(product.getOutputs()[0]);
}

/// A map in which a loop of one step stands again where folding has put 0: the
/// last dimension of an operand goes with loop 1, that before it with loop 0.
static AffineMap unfoldUnitLoops(AffineMap map, ArrayRef<int64_t> extents) {
  if (map.getNumResults() > extents.size()) {
    return map;
  }
  unsigned first = extents.size() - map.getNumResults();
  SmallVector<AffineExpr> results(map.getResults());
  for (auto [index, result] : llvm::enumerate(results)) {
    auto constant = dyn_cast<AffineConstantExpr>(result);
    if (constant && constant.getValue() == 0 && extents[first + index] == 1) {
      result = getAffineDimExpr(first + index, map.getContext());
    }
  }
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

bool moe::isElementwiseOnMatrix(linalg::GenericOp op) {
  MLIRContext *context = op.getContext();
  if (op.getNumLoops() != 2 || op.getNumDpsInits() == 0 ||
      op.getNumParallelLoops() != 2 || op.hasIndexSemantics()) {
    return false;
  }
  AffineMap identity = AffineMap::getMultiDimIdentityMap(2, context);
  AffineMap column = AffineMap::get(2, 0, getAffineDimExpr(1, context));
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = unfoldUnitLoops(op.getMatchingIndexingMap(input), extents);
    if (map != identity && map != column && map.getNumResults() != 0) {
      return false;
    }
  }
  for (OpOperand &init : op.getDpsInitsMutable()) {
    if (op.getMatchingIndexingMap(&init) != identity ||
        op.payloadUsesValueFromOperand(&init)) {
      return false;
    }
  }
  // Values from outside the payload would have to be carried along.
  bool closed = true;
  op.getBody()->walk([&](Operation *inner) {
    closed &= isPure(inner) || isa<linalg::YieldOp>(inner);
    for (Value operand : inner->getOperands()) {
      closed &= op.getRegion().isAncestor(operand.getParentRegion()) ||
                matchPattern(operand, m_Constant());
    }
  });
  return closed;
}

static bool collect(Value value, ProductStage &stage, IsWeight isWeight,
                    IsVector isVector, std::string &reason) {
  Operation *op = value.getDefiningOp();
  if (isWeightProduct(op, isWeight)) {
    Value lhs = cast<linalg::MatmulOp>(op).getInputs()[0];
    if (stage.lhs && stage.lhs != lhs) {
      reason = "products of one stage read different rows";
      return false;
    }
    stage.lhs = lhs;
    stage.products.insert(op);
    return true;
  }
  if (cast<RankedTensorType>(value.getType()).getRank() == 1 &&
      isVector(value)) {
    stage.vectors.insert(value);
    return true;
  }
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  if (!generic || !isElementwiseOnMatrix(generic)) {
    reason = "the body is not a chain of products with element-wise tails";
    return false;
  }
  return llvm::all_of(generic.getDpsInputs(), [&](Value input) {
    return !isa<RankedTensorType>(input.getType()) ||
           collect(input, stage, isWeight, isVector, reason);
  });
}

FailureOr<ProductStage> moe::matchStage(Value target, IsWeight isWeight,
                                        IsVector isVector,
                                        std::string &reason) {
  ProductStage stage;
  stage.target = target;
  if (!collect(target, stage, isWeight, isVector, reason)) {
    return failure();
  }
  if (stage.products.empty()) {
    reason = "there is no product";
    return failure();
  }
  return stage;
}

namespace {

/// Writes a stage's scalar function.
class EpilogueBuilder {
public:
  EpilogueBuilder(OpBuilder &builder, const ProductStage &stage, Block &block)
      : builder(builder) {
    unsigned next = 0;
    for (Operation *product : stage.products) {
      scalars[product->getResult(0)] = block.getArgument(next++);
    }
    for (Value vector : stage.vectors) {
      scalars[vector] = block.getArgument(next++);
    }
  }

  Value scalar(Value tensor);

private:
  OpBuilder &builder;
  llvm::DenseMap<Value, Value> scalars;
};

} // namespace

Value EpilogueBuilder::scalar(Value tensor) {
  auto known = scalars.find(tensor);
  if (known != scalars.end()) {
    return known->second;
  }
  if (!isa<RankedTensorType>(tensor.getType())) {
    // A scalar operand of a generic op: a constant.
    return scalars[tensor] =
               builder.clone(*tensor.getDefiningOp())->getResult(0);
  }
  auto generic = tensor.getDefiningOp<linalg::GenericOp>();
  IRMapping mapping;
  for (OpOperand *input : generic.getDpsInputOperands()) {
    mapping.map(generic.getMatchingBlockArgument(input), scalar(input->get()));
  }
  for (Operation &inner : generic.getBody()->without_terminator()) {
    for (Value operand : inner.getOperands()) {
      if (!generic.getRegion().isAncestor(operand.getParentRegion()) &&
          !mapping.contains(operand)) {
        mapping.map(operand,
                    builder.clone(*operand.getDefiningOp())->getResult(0));
      }
    }
    builder.clone(inner, mapping);
  }
  Operation *yield = generic.getBody()->getTerminator();
  for (auto [result, value] :
       llvm::zip_equal(generic.getResults(), yield->getOperands())) {
    scalars[result] = mapping.lookupOrDefault(value);
  }
  return scalars[tensor];
}

Value moe::buildEpilogue(OpBuilder &builder, const ProductStage &stage,
                         Block &block) {
  return EpilogueBuilder(builder, stage, block).scalar(stage.target);
}
