//===- PackPanels.cpp - weights in the product emitter's layout -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackPanels.h"

#include "moe_rt/contract/program.h"

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

/// A matrix [K, N] cut into [K, P, C].
static Value cutColumns(OpBuilder &builder, Location loc, Value matrix,
                        int64_t columns) {
  matrix = padColumns(builder, loc, matrix, columns);
  auto type = cast<RankedTensorType>(matrix.getType());
  auto cut = RankedTensorType::get(
      {type.getDimSize(0), type.getDimSize(1) / columns, columns},
      type.getElementType());
  return tensor::ExpandShapeOp::create(
      builder, loc, cut, matrix, ArrayRef<ReassociationIndices>{{0}, {1, 2}});
}

/// Panels [P, K, W]: for each panel and step along K the columns of all
/// matrices, one matrix after another.
static Value interleave(OpBuilder &builder, Location loc,
                        ArrayRef<Value> matrices, int64_t columns) {
  MLIRContext *context = builder.getContext();
  SmallVector<Value> inputs;
  for (Value matrix : matrices) {
    inputs.push_back(cutColumns(builder, loc, matrix, columns));
  }
  auto first = cast<RankedTensorType>(inputs[0].getType());
  int64_t depth = first.getDimSize(0), panels = first.getDimSize(1);
  int64_t count = matrices.size();
  Type f32 = builder.getF32Type();
  Value init = tensor::EmptyOp::create(
      builder, loc, ArrayRef<int64_t>{panels, depth, count, columns}, f32);
  // Loops (p, k, m, c); every input is [k, p, c].
  AffineMap read = AffineMap::get(
      4, 0,
      {getAffineDimExpr(1, context), getAffineDimExpr(0, context),
       getAffineDimExpr(3, context)},
      context);
  SmallVector<AffineMap> maps(count, read);
  maps.push_back(AffineMap::getMultiDimIdentityMap(4, context));
  Value result =
      linalg::GenericOp::create(
          builder, loc, init.getType(), inputs, init, maps,
          SmallVector<utils::IteratorType>(4, utils::IteratorType::parallel),
          [&](OpBuilder &nested, Location at, ValueRange arguments) {
            Value chosen = arguments[0];
            for (int64_t matrix = 1; matrix < count; ++matrix) {
              Value which = linalg::IndexOp::create(nested, at, 2);
              Value is = arith::CmpIOp::create(
                  nested, at, arith::CmpIPredicate::eq, which,
                  arith::ConstantIndexOp::create(nested, at, matrix));
              chosen = arith::SelectOp::create(nested, at, is,
                                               arguments[matrix], chosen);
            }
            if (!chosen.getType().isF32()) {
              chosen = arith::ExtFOp::create(nested, at, f32, chosen);
            }
            linalg::YieldOp::create(nested, at, chosen);
          })
          .getResult(0);
  return tensor::CollapseShapeOp::create(
      builder, loc,
      RankedTensorType::get({panels, depth, count * columns}, f32), result,
      ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}});
}

WeightOp PanelPacker::pack(ArrayRef<WeightOp> weights) {
  // Names may hold dots: joined, they say what it is, but not which.
  std::string name = "panels";
  SmallVector<Attribute> names;
  for (WeightOp weight : weights) {
    name += ("." + weight.getSymName()).str();
    names.push_back(weight.getSymNameAttr());
  }
  WeightOp &result =
      packed[ArrayAttr::get(symbols.getOp()->getContext(), names)];
  if (result) {
    return result;
  }
  WeightOp first = weights.front();
  Location loc = first.getLoc();
  bool perExpert = first.isPerExpert();
  int64_t experts = perExpert ? first.getType().getDimSize(0) : 1;
  SmallVector<RankedTensorType> matrixTypes;
  for (WeightOp weight : weights) {
    matrixTypes.push_back(perExpert ? weight.getPartType() : weight.getType());
  }
  auto encoding = PanelsAttr::get(first.getContext(), matrixTypes);
  RankedTensorType stored = encoding.getStoredType();
  SmallVector<int64_t> shape{experts};
  llvm::append_range(shape, stored.getShape());

  OpBuilder builder(first);
  auto type = RankedTensorType::get(shape, stored.getElementType());
  result = WeightOp::create(builder, loc, builder.getStringAttr(name),
                            StringAttr(), TypeAttr::get(type), encoding);
  symbols.insert(result);
  Block *body = builder.createBlock(&result.getBody());
  Value expert =
      perExpert ? body->addArgument(builder.getIndexType(), loc) : Value();
  SmallVector<Value> matrices;
  for (WeightOp weight : weights) {
    matrices.push_back(inlineRegion(builder, weight, expert));
  }
  Value panels = interleave(builder, loc, matrices,
                            MOE_PANEL_COLUMNS / static_cast<int64_t>(weights.size()));
  if (!perExpert) {
    panels = tensor::ExpandShapeOp::create(
        builder, loc, type, panels,
        ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}});
  }
  YieldOp::create(builder, loc, panels);
  return result;
}
