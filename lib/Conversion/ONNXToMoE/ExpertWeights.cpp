//===- ExpertWeights.cpp - stacked ONNX weights as expert weights ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertWeights.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace moe;

bool moe::isExpertWeight(onnx::NodeOp node, unsigned input) {
  // The first two are rows and router logits.
  return node.getDomain() == "com.microsoft" && node.getOpType() == "MoE" &&
         input >= 2;
}

Value moe::copyConstant(OpBuilder &builder, Value value) {
  Location loc = value.getLoc();
  if (auto constant = value.getDefiningOp<onnx::ConstantOp>()) {
    auto type = cast<RankedTensorType>(constant.getValue().getShapedType());
    if (isa<FloatType>(type.getElementType())) {
      return SourceOp::create(builder, loc, type, constant.getValue());
    }
    return onnx::ConstantOp::create(builder, loc, type, constant.getValue());
  }
  auto read = value.getDefiningOp<onnx::WeightValueOp>();
  if (!read) {
    return builder.clone(*value.getDefiningOp<onnx::NoneOp>())->getResult(0);
  }
  auto weight = SymbolTable::lookupNearestSymbolFrom<onnx::WeightOp>(
      read, read.getWeightAttr());
  return SourceOp::create(
      builder, loc, weight.getType(),
      FileAttr::get(value.getContext(), weight.getFile(), weight.getOffset(),
                    weight.getLength()));
}

/// What computes a constant, copied to the insertion point; null for a value
/// that is computed at run time.
static Value copyValue(OpBuilder &builder, Value value) {
  if (auto read = value.getDefiningOp<WeightValueOp>()) {
    auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(
        read, read.getWeightAttr());
    IRMapping mapping;
    Block &body = weight.getBody().front();
    for (Operation &op : body.without_terminator()) {
      builder.clone(op, mapping);
    }
    return mapping.lookup(body.getTerminator()->getOperand(0));
  }
  return copyConstant(builder, value);
}

static std::string sourceName(Value value) {
  if (auto read = value.getDefiningOp<onnx::WeightValueOp>()) {
    return read.getWeight().str();
  }
  if (auto read = value.getDefiningOp<WeightValueOp>()) {
    return read.getWeight().str();
  }
  return "constant";
}

/// One expert's features, [count, K] to [K, count] or [count] as it is, in f32.
static Value permuteToF32(OpBuilder &builder, Location loc, Value part) {
  auto type = cast<RankedTensorType>(part.getType());
  SmallVector<int64_t> shape(llvm::reverse(type.getShape()));
  Type f32 = builder.getF32Type();
  Value init = tensor::EmptyOp::create(builder, loc, shape, f32);
  unsigned rank = type.getRank();
  AffineMap write =
      AffineMap::getMultiDimIdentityMap(rank, builder.getContext());
  SmallVector<int64_t> reversed;
  for (unsigned i = rank; i > 0; --i) {
    reversed.push_back(i - 1);
  }
  AffineMap read = AffineMap::getPermutationMap(reversed, builder.getContext());
  return linalg::GenericOp::create(
             builder, loc, init.getType(), part, init,
             ArrayRef<AffineMap>{read, write},
             SmallVector<utils::IteratorType>(rank,
                                              utils::IteratorType::parallel),
             [&](OpBuilder &nested, Location nestedLoc, ValueRange arguments) {
               Value element = arguments[0];
               if (element.getType() != f32) {
                 element =
                     arith::ExtFOp::create(nested, nestedLoc, f32, element);
               }
               linalg::YieldOp::create(nested, nestedLoc, element);
             })
      .getResult(0);
}

WeightOp ExpertWeights::create(Value stacked, Features features,
                               StringRef suffix) {
  if (!isa_and_present<onnx::ConstantOp, onnx::WeightValueOp, WeightValueOp>(
          stacked.getDefiningOp())) {
    return {};
  }
  auto type = cast<RankedTensorType>(stacked.getType());
  OpBuilder builder(symbols.getOp()->getContext());
  unsigned rank = type.getRank();
  SmallVector<int64_t> sizes(type.getShape());
  sizes[0] = 1;
  sizes[1] = features.count;
  SmallVector<int64_t> part(ArrayRef(sizes).drop_front());
  SmallVector<int64_t> result(llvm::reverse(part));
  result.insert(result.begin(), type.getDimSize(0));
  Location loc = stacked.getLoc();
  auto weight = WeightOp::create(
      builder, loc, sourceName(stacked) + suffix.str(),
      RankedTensorType::get(result, builder.getF32Type()), /*perExpert=*/true,
      [&](OpBuilder &nested, Location nestedLoc, Value expert) -> Value {
        Value all = copyValue(nested, stacked);
        SmallVector<OpFoldResult> offsets(rank, nested.getIndexAttr(0));
        SmallVector<OpFoldResult> strides(rank, nested.getIndexAttr(1));
        offsets[0] = expert;
        offsets[1] = nested.getIndexAttr(features.first);
        strides[1] = nested.getIndexAttr(features.step);
        Value slice = tensor::ExtractSliceOp::create(
            nested, nestedLoc,
            RankedTensorType::get(part, type.getElementType()), all, offsets,
            getAsIndexOpFoldResult(nested.getContext(), sizes), strides);
        return permuteToF32(nested, nestedLoc, slice);
      });
  symbols.insert(weight);
  return weight;
}
