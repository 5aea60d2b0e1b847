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
      return node.refuse(
          "floating-point limits must be known at compile time");
    }
    values[i] = (*constant.begin()).convertToDouble();
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  int64_t count = std::max<int64_t>(
      0, std::ceil((values[1] - values[0]) / values[2]));
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
  Value count = b.createOrFold<arith::CeilDivSIOp>(span, delta);
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
  node.setOutput(0, createIndexed(b, dims, type,
                                  [&](ImplicitLocOpBuilder &inner,
                                      ValueRange at) {
                                    Scalars scalars(inner);
                                    Value value = scalars.add(
                                        start, scalars.mul(at[0], delta));
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
      0,
      createIndexed(
          b, dims, node.getOutputElementType(0),
          [&](ImplicitLocOpBuilder &inner, ValueRange at) {
            Scalars s(inner);
            SmallVector<Value> position(at);
            position.erase(position.begin() + *axis);
            Value index = tensor::ExtractOp::create(inner, indices, position);
            if (isa<FloatType>(index.getType())) {
              index = s.cast(index, inner.getI64Type(), false);
            }
            Value hot = s.toIndex(index);
            Value negative = arith::CmpIOp::create(
                inner, arith::CmpIPredicate::slt, hot, s.index(0));
            hot = s.select(negative, s.add(hot, extent), hot);
            Value isHot = arith::CmpIOp::create(
                inner, arith::CmpIPredicate::eq, hot, at[*axis]);
            Value off =
                tensor::ExtractOp::create(inner, values, s.index(0));
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
  node.setOutput(
      0, createIndexed(node.getBuilder(), node.getDims(input), type,
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
                         return s.select(keeps, element, s.constant(type, 0));
                       }));
  return success();
}

// Each element sums those up to it: quadratic in the extent, and a row's bits
// depend on nothing else.
static LogicalResult lowerCumSum(Node &node) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value input = node.getInput(0);
  int64_t rank = node.getInputType(0).getRank();
  std::optional<SmallVector<int64_t>> given = node.getConstantInts(1);
  if (!given) {
    return node.refuse("axis must be known at compile time");
  }
  FailureOr<int64_t> axis = node.normalizeAxis((*given)[0], rank);
  if (failed(axis)) {
    return failure();
  }
  bool exclusive = node.getInt("exclusive", 0) != 0;
  bool reverse = node.getInt("reverse", 0) != 0;
  Type type = node.getOutputElementType(0);
  Type compute = isa<FloatType>(type) ? getComputeType(type) : type;
  SmallVector<OpFoldResult> dims = node.getDims(input);
  Value zeros = createFilled(b, dims, Scalars(b).constant(compute, 0));
  Value along = createEmpty(b, dims[*axis], b.getI1Type());
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  SmallVector<AffineMap> maps{
      AffineMap::get(rank + 1, 0, b.getAffineDimExpr(rank)),
      AffineMap::getMultiDimIdentityMap(rank + 1, b.getContext())
          .dropResult(rank)};
  auto generic = linalg::GenericOp::create(
      b, zeros.getType(), along, zeros, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder inner(loc, nested);
        Scalars s(inner);
        SmallVector<Value> at;
        for (int64_t loop = 0; loop < rank; ++loop) {
          at.push_back(linalg::IndexOp::create(inner, loop));
        }
        Value own = at[*axis];
        Value other = linalg::IndexOp::create(inner, rank);
        using P = arith::CmpIPredicate;
        P predicate = reverse ? (exclusive ? P::sgt : P::sge)
                              : (exclusive ? P::slt : P::sle);
        Value counts = arith::CmpIOp::create(inner, predicate, other, own);
        at[*axis] = other;
        Value element = tensor::ExtractOp::create(inner, input, at);
        if (isa<FloatType>(type)) {
          element = convertFloat(inner, element, compute);
        }
        linalg::YieldOp::create(
            inner, s.select(counts, s.add(args[1], element), args[1]));
      });
  Value result = generic.getResult(0);
  if (compute != type) {
    result = createMapped(node, result, type,
                          [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                            return convertFloat(inner, args[0], type);
                          });
  }
  node.setOutput(0, result);
  return success();
}

void moe::onnx::registerConstructionLowerings(Registry &registry) {
  registry.add("ConstantOfShape", lowerConstantOfShape);
  registry.add("Range", lowerRange);
  registry.add("OneHot", lowerOneHot);
  registry.add("Trilu", lowerTrilu);
  registry.add("CumSum", lowerCumSum);
}
