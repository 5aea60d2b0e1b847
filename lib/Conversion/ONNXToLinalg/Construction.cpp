//===- Construction.cpp - tensors made from indices -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace moe;
using namespace moe::onnx;
using utils::IteratorType;

static LogicalResult lowerConstantOfShape(Node &node) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  FailureOr<SmallVector<OpFoldResult>> dims = node.getIndices(0, "input");
  if (failed(dims)) {
    return failure();
  }
  Type type = node.getOutputElementType(0);
  Value value = Scalars(b).constant(type, 0.0);
  if (auto given =
          dyn_cast_or_null<DenseElementsAttr>(node.getAttribute("value"))) {
    auto element = cast<TypedAttr>(
        *getLoweredElements(given).getValues<Attribute>().begin());
    value = arith::ConstantOp::create(b, element);
  }
  RankedTensorType result = node.getOutputType(0);
  if (isa<IntegerType>(type) && result.hasStaticShape() &&
      result.getNumElements() <= kMaxScalars) {
    node.setScalars(0, SmallVector<Value>(result.getNumElements(), value));
    return success();
  }
  node.setOutput(0, createFilled(b, node.refineDims(0, *dims), value));
  return success();
}

//===----------------------------------------------------------------------===//
// Range
//===----------------------------------------------------------------------===//

/// A range of numbers that are known now.
static LogicalResult lowerFloatRange(Node &node) {
  double values[3];
  for (unsigned i = 0; i < 3; ++i) {
    DenseFPElementsAttr constant;
    if (!matchPattern(node.getInput(i), m_Constant(&constant))) {
      return node.refuse("floating-point limits must be known at compile time");
    }
    values[i] = (*constant.begin()).convertToDouble();
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  int64_t count =
      std::max<int64_t>(0, std::ceil((values[1] - values[0]) / values[2]));
  Type type = node.getOutputElementType(0), compute = getComputeType(type);
  node.setOutput(
      0, createIndexed(b, {b.getIndexAttr(count)}, type,
                       [&](ImplicitLocOpBuilder &inner, ValueRange at) {
                         Scalars s(inner);
                         Value step = arith::SIToFPOp::create(
                             inner, compute,
                             s.fromIndex(at[0], inner.getI64Type()));
                         Value value =
                             s.add(s.constant(compute, values[0]),
                                   s.mul(step, s.constant(compute, values[2])));
                         return convertFloat(inner, value, type);
                       }));
  return success();
}

static LogicalResult lowerRange(Node &node) {
  if (isa<FloatType>(node.getInputElementType(0))) {
    return lowerFloatRange(node);
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  OpFoldResult values[3];
  for (unsigned i = 0; i < 3; ++i) {
    static const char *const names[] = {"start", "limit", "delta"};
    FailureOr<SmallVector<OpFoldResult>> given = node.getIndices(i, names[i]);
    if (failed(given)) {
      return failure();
    }
    values[i] = (*given)[0];
  }
  Value start = node.getIndexValue(values[0]);
  Value delta = node.getIndexValue(values[2]);
  Scalars s(b);
  Value span = s.sub(node.getIndexValue(values[1]), start);
  Value isZero = s.equal(delta, s.index(0));
  node.check(s.logicalNot(isZero), "delta is 0");
  Value count = b.createOrFold<arith::CeilDivSIOp>(
      span, s.select(isZero, s.index(1), delta));
  count = b.createOrFold<arith::MaxSIOp>(count, s.index(0));
  Type type = node.getOutputElementType(0);
  SmallVector<OpFoldResult> dims =
      node.refineDims(0, {getAsOpFoldResult(count)});
  std::optional<int64_t> known = getConstantIntValue(dims[0]);
  if (known && *known <= kMaxScalars) {
    SmallVector<Value> elements;
    for (int64_t i = 0; i < *known; ++i) {
      elements.push_back(s.add(start, s.mul(s.index(i), delta)));
    }
    node.setScalars(0, elements);
    return success();
  }
  node.setOutput(
      0, createIndexed(
             b, dims, type, [&](ImplicitLocOpBuilder &inner, ValueRange at) {
               Scalars scalars(inner);
               Value value = scalars.add(start, scalars.mul(at[0], delta));
               return scalars.fromIndex(value, type);
             }));
  return success();
}

//===----------------------------------------------------------------------===//
// OneHot, Trilu, CumSum
//===----------------------------------------------------------------------===//

static LogicalResult lowerOneHot(Node &node) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value indices = node.getInput(0), values = node.getInput(2);
  int64_t rank = node.getInputType(0).getRank();
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", -1), rank + 1);
  OpFoldResult depth;
  if (auto constant = node.getConstantInts(1)) {
    depth = b.getIndexAttr((*constant)[0]);
  } else if (isa<IntegerType>(node.getInputElementType(1))) {
    FailureOr<SmallVector<OpFoldResult>> given = node.getIndices(1, "depth");
    if (failed(given)) {
      return failure();
    }
    depth = (*given)[0];
  } else {
    DenseFPElementsAttr constant;
    if (!matchPattern(node.getInput(1), m_Constant(&constant))) {
      return node.refuse("a floating-point depth must be known at compile "
                         "time");
    }
    depth = b.getIndexAttr((*constant.begin()).convertToDouble());
  }
  if (failed(axis)) {
    return failure();
  }
  SmallVector<OpFoldResult> dims = node.getDims(indices);
  dims.insert(dims.begin() + *axis, depth);
  dims = node.refineDims(0, dims);
  Value extent = node.getIndexValue(depth);
  node.setOutput(
      0, createIndexed(
             b, dims, node.getOutputElementType(0),
             [&](ImplicitLocOpBuilder &inner, ValueRange at) {
               Scalars s(inner);
               SmallVector<Value> position(at);
               position.erase(position.begin() + *axis);
               Value index =
                   tensor::ExtractOp::create(inner, indices, position);
               if (isa<FloatType>(index.getType())) {
                 index = s.cast(index, inner.getI64Type(), false);
               }
               Value hot = s.toIndex(index);
               Value negative = arith::CmpIOp::create(
                   inner, arith::CmpIPredicate::slt, hot, s.index(0));
               hot = s.select(negative, s.add(hot, extent), hot);
               Value isHot = arith::CmpIOp::create(
                   inner, arith::CmpIPredicate::eq, hot, at[*axis]);
               Value off = tensor::ExtractOp::create(inner, values, s.index(0));
               Value on = tensor::ExtractOp::create(inner, values, s.index(1));
               return s.select(isHot, on, off);
             }));
  return success();
}

static LogicalResult lowerTrilu(Node &node) {
  Value input = node.getInput(0);
  int64_t rank = node.getInputType(0).getRank();
  if (rank < 2) {
    return node.refuse("input must have at least two dimensions");
  }
  OpFoldResult shift = node.getBuilder().getIndexAttr(0);
  if (node.hasInput(1)) {
    FailureOr<SmallVector<OpFoldResult>> given = node.getIndices(1, "k");
    if (failed(given)) {
      return failure();
    }
    shift = (*given)[0];
  }
  Value k = node.getIndexValue(shift);
  bool upper = node.getInt("upper", 1) != 0;
  Type type = node.getOutputElementType(0);
  node.setOutput(0, createIndexed(node.getBuilder(), node.getDims(input), type,
                                  [&](ImplicitLocOpBuilder &b, ValueRange at) {
                                    Scalars s(b);
                                    Value diagonal = s.add(at[rank - 2], k);
                                    Value keeps = arith::CmpIOp::create(
                                        b,
                                        upper ? arith::CmpIPredicate::sge
                                              : arith::CmpIPredicate::sle,
                                        at[rank - 1], diagonal);
                                    Value element =
                                        tensor::ExtractOp::create(b, input, at);
                                    return s.select(keeps, element,
                                                    s.constant(type, 0));
                                  }));
  return success();
}

/// `input` with `axis` the other way round.
static Value createReverse(Node &node, Value input, int64_t axis) {
  SmallVector<OpFoldResult> dims = node.getDims(input);
  Value extent = node.getIndexValue(dims[axis]);
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  return createIndexed(node.getBuilder(), dims, type,
                       [&](ImplicitLocOpBuilder &b, ValueRange at) -> Value {
                         Scalars s(b);
                         SmallVector<Value> position(at);
                         position[axis] =
                             s.sub(s.sub(extent, s.index(1)), at[axis]);
                         return tensor::ExtractOp::create(b, input, position);
                       });
}

/// The sums up to each element of `axis`, with or without it: one generic that
/// carries a running sum along the axis and writes it out at each step.
static Value createRunningSum(Node &node, Value input, int64_t axis,
                              bool exclusive) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  Type compute = getComputeType(type);
  SmallVector<OpFoldResult> dims = node.getDims(input);
  SmallVector<OpFoldResult> kept(dims);
  kept.erase(kept.begin() + axis);
  Value sums = createFilled(b, kept, Scalars(b).constant(compute, 0));
  Value result = createEmpty(b, dims, type);
  AffineMap identity = b.getMultiDimIdentityMap(dims.size());
  SmallVector<AffineMap> maps = {
      identity, getMapWithout(b.getContext(), dims.size(), axis), identity};
  SmallVector<IteratorType> iterators(dims.size(), IteratorType::parallel);
  iterators[axis] = IteratorType::reduction;
  auto generic = linalg::GenericOp::create(
      b, TypeRange{sums.getType(), result.getType()}, input,
      ValueRange{sums, result}, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder inner(loc, nested);
        Value element = convertFloat(inner, args[0], compute);
        Value sum = Scalars(inner).add(args[1], element);
        Value written = convertFloat(inner, exclusive ? args[1] : sum, type);
        linalg::YieldOp::create(inner, ValueRange{sum, written});
      });
  return generic.getResult(1);
}

static LogicalResult lowerCumSum(Node &node) {
  std::optional<SmallVector<int64_t>> given = node.getConstantInts(1);
  if (!given || given->size() != 1) {
    return node.refuse("input axis must be a constant with one element");
  }
  FailureOr<int64_t> axis =
      node.normalizeAxis(given->front(), node.getInputType(0).getRank());
  if (failed(axis)) {
    return failure();
  }
  bool exclusive = node.getInt("exclusive", 0) != 0;
  Value input = node.getInput(0);
  if (node.getInt("reverse", 0) == 0) {
    node.setOutput(0, createRunningSum(node, input, *axis, exclusive));
    return success();
  }
  Value reversed = createReverse(node, input, *axis);
  Value sums = createRunningSum(node, reversed, *axis, exclusive);
  node.setOutput(0, createReverse(node, sums, *axis));
  return success();
}

void moe::onnx::registerConstructionLowerings(Registry &registry) {
  registry.add("ConstantOfShape", lowerConstantOfShape);
  registry.add("Range", lowerRange);
  registry.add("OneHot", lowerOneHot);
  registry.add("Trilu", lowerTrilu);
  registry.add("CumSum", lowerCumSum);
}
