//===- PackPanels.cpp - weights in the product emitter's layout -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackPanels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace moe;

/// The value of a weight's region, copied to the insertion point; `expert` is
/// its argument, if it has one.
static Value inlineRegion(OpBuilder &builder, WeightOp weight, Value expert) {
  IRMapping mapping;
  Block &body = weight.getBody().front();
  if (weight.isPerExpert()) {
    mapping.map(body.getArgument(0), expert);
  }
  for (Operation &op : body.without_terminator()) {
    builder.clone(op, mapping);
  }
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

/// [K, N] with N filled up with zeros to a multiple of `columns`.
static Value padColumns(OpBuilder &builder, Location loc, Value matrix,
                        int64_t columns) {
  auto type = cast<RankedTensorType>(matrix.getType());
  int64_t count = type.getDimSize(1), padded = llvm::alignTo(count, columns);
  if (padded == count) {
    return matrix;
  }
  Type element = type.getElementType();
  Value init = tensor::EmptyOp::create(
      builder, loc, ArrayRef<int64_t>{type.getDimSize(0), padded}, element);
  Value zero = arith::ConstantOp::create(builder, loc,
                                         builder.getZeroAttr(element));
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(2, builder.getContext());
  return linalg::GenericOp::create(
             builder, loc, init.getType(), ValueRange(), init,
             ArrayRef<AffineMap>{identity},
             SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
             [&](OpBuilder &nested, Location at, ValueRange) {
               Value row = linalg::IndexOp::create(nested, at, 0);
               Value column = linalg::IndexOp::create(nested, at, 1);
               Value last =
                   arith::ConstantIndexOp::create(nested, at, count - 1);
               Value inside = arith::CmpIOp::create(
                   nested, at, arith::CmpIPredicate::ule, column, last);
               Value clamped =
                   arith::MinUIOp::create(nested, at, column, last);
               Value read = tensor::ExtractOp::create(
                   nested, at, matrix, ValueRange{row, clamped});
               Value result =
                   arith::SelectOp::create(nested, at, inside, read, zero);
               linalg::YieldOp::create(nested, at, result);
             })
      .getResult(0);
}

/// Writes one matrix [K, N] into its columns of the panels [P, K, W].
static Value writeMatrix(OpBuilder &builder, Location loc, Value matrix,
                         Value panels, int64_t first, int64_t columns) {
  matrix = padColumns(builder, loc, matrix, columns);
  auto type = cast<RankedTensorType>(matrix.getType());
  int64_t depth = type.getDimSize(0), count = type.getDimSize(1) / columns;
  auto cut = RankedTensorType::get({depth, count, columns},
                                   type.getElementType());
  Value view = tensor::ExpandShapeOp::create(
      builder, loc, cut, matrix, ArrayRef<ReassociationIndices>{{0}, {1, 2}});
  auto attrs = [&](ArrayRef<int64_t> values) {
    return getAsIndexOpFoldResult(builder.getContext(), values);
  };
  SmallVector<OpFoldResult> offsets = attrs({0, 0, first});
  SmallVector<OpFoldResult> sizes = attrs({count, depth, columns});
  SmallVector<OpFoldResult> strides = attrs({1, 1, 1});
  Value part = tensor::ExtractSliceOp::create(builder, loc, panels, offsets,
                                              sizes, strides);
  MLIRContext *context = builder.getContext();
  AffineMap read =
      AffineMap::getPermutationMap(ArrayRef<int64_t>{1, 0, 2}, context);
  AffineMap write = AffineMap::getMultiDimIdentityMap(3, context);
  auto copy = linalg::GenericOp::create(
      builder, loc, part.getType(), view, part, ArrayRef<AffineMap>{read, write},
      SmallVector<utils::IteratorType>(3, utils::IteratorType::parallel),
      [](OpBuilder &nested, Location nestedLoc, ValueRange arguments) {
        Value element = arguments[0];
        if (!element.getType().isF32()) {
          element = arith::ExtFOp::create(nested, nestedLoc,
                                          nested.getF32Type(), element);
        }
        linalg::YieldOp::create(nested, nestedLoc, element);
      });
  return tensor::InsertSliceOp::create(builder, loc, copy.getResult(0), panels,
                                       offsets, sizes, strides);
}

WeightOp PanelPacker::pack(ArrayRef<WeightOp> weights) {
  std::string name = "panels";
  for (WeightOp weight : weights) {
    name += ("." + weight.getSymName()).str();
  }
  WeightOp &result = packed[name];
  if (result) {
    return result;
  }
  WeightOp first = weights.front();
  Location loc = first.getLoc();
  bool perExpert = first.isPerExpert();
  int64_t experts = perExpert ? first.getType().getDimSize(0) : 1;
  auto part = perExpert ? first.getPartType() : first.getType();
  int64_t columns = panelWidth / weights.size();
  int64_t count = llvm::divideCeil(part.getDimSize(1), columns);
  SmallVector<int64_t> shape{count, part.getDimSize(0), panelWidth};

  OpBuilder builder(first);
  Type f32 = builder.getF32Type();
  result = WeightOp::create(
      builder, loc, builder.getStringAttr(name), StringAttr(),
      TypeAttr::get(RankedTensorType::get(
          {experts, shape[0], shape[1], shape[2]}, f32)));
  symbols.insert(result);
  Block *body = builder.createBlock(&result.getBody());
  Value expert =
      perExpert ? body->addArgument(builder.getIndexType(), loc) : Value();
  Value panels = tensor::EmptyOp::create(builder, loc, shape, f32);
  for (auto [index, weight] : llvm::enumerate(weights)) {
    Value matrix = inlineRegion(builder, weight, expert);
    panels = writeMatrix(builder, loc, matrix, panels, index * columns, columns);
  }
  if (!perExpert) {
    panels = tensor::ExpandShapeOp::create(
        builder, loc,
        RankedTensorType::get({1, shape[0], shape[1], shape[2]}, f32), panels,
        ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}});
  }
  YieldOp::create(builder, loc, panels);
  return result;
}
