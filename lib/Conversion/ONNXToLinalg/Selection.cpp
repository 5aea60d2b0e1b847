//===- Selection.cpp - TopK, ArgMax, ArgMin -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;
using utils::IteratorType;

/// Whether `lhs` comes before `rhs` in a selection. NaN counts as the largest
/// number, so that the order is total.
static Value comesBefore(ImplicitLocOpBuilder &b, Value lhs, Value rhs,
                         bool largest, bool isUnsigned) {
  Scalars s(b, isUnsigned);
  Value low = largest ? rhs : lhs, high = largest ? lhs : rhs;
  Value less = s.less(low, high);
  if (!isa<FloatType>(lhs.getType())) {
    return less;
  }
  Value nan = s.logicalAnd(s.isNaN(high), s.logicalNot(s.isNaN(low)));
  return s.logicalOr(less, nan);
}

/// A position with one coordinate replaced.
static SmallVector<Value> replaced(ArrayRef<Value> position, int64_t axis,
                                   Value value) {
  SmallVector<Value> result(position);
  result[axis] = value;
  return result;
}

static SmallVector<Value> loopIndices(ImplicitLocOpBuilder &b, unsigned count) {
  SmallVector<Value> indices;
  for (unsigned loop = 0; loop < count; ++loop) {
    indices.push_back(linalg::IndexOp::create(b, loop));
  }
  return indices;
}

/// Sums or selects over one more loop of extent `extent` behind those of
/// `dims`.
static Value reduceOver(
    Node &node, ArrayRef<OpFoldResult> dims, Value shape, Value init,
    function_ref<Value(ImplicitLocOpBuilder &, ArrayRef<Value>, Value)> body) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  unsigned rank = dims.size();
  Value filled = createFilled(b, dims, init);
  // The extra loop takes its extent from `shape`, a vector that is not read.
  AffineMap last = AffineMap::get(rank + 1, 0, b.getAffineDimExpr(rank));
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  SmallVector<AffineMap> maps{
      last, AffineMap::getMultiDimIdentityMap(rank + 1, b.getContext())
                .dropResult(rank)};
  return linalg::GenericOp::create(
             b, filled.getType(), shape, filled, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange args) {
               ImplicitLocOpBuilder inner(loc, nested);
               SmallVector<Value> indices = loopIndices(inner, rank + 1);
               linalg::YieldOp::create(inner, body(inner, indices, args[1]));
             })
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

/// The best elements of floating-point rows, by moe.top_k: values and indices
/// [rows, count].
static std::pair<Value, Value> selectOfRows(Node &node, Value rows,
                                            OpFoldResult count) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  SmallVector<OpFoldResult> dims = {node.getDim(rows, 0), count};
  Type type = cast<RankedTensorType>(rows.getType()).getElementType();
  Value ids =
      TopKOp::create(b, rows, Value(), createEmpty(b, dims, b.getI32Type()))
          .getResult();
  Value values =
      TakeOp::create(b, rows, ids, createEmpty(b, dims, type)).getResult();
  Value indices = createMapped(
      node, ids, b.getI64Type(),
      [](ImplicitLocOpBuilder &inner, ValueRange args) -> Value {
        return arith::ExtSIOp::create(inner, inner.getI64Type(), args[0]);
      });
  return {values, indices};
}

/// By ranks: an element's rank is the number of elements that come before it,
/// and place p of the result holds the element of rank p. Any type, any axis;
/// quadratic in the extent of the axis.
static std::pair<Value, Value> selectByRank(Node &node, int64_t axis,
                                            ArrayRef<OpFoldResult> picked) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value input = node.getInput(0);
  SmallVector<OpFoldResult> dims = node.getDims(input);
  bool largest = node.getInt("largest", 1) != 0;
  bool isUnsigned = node.isUnsignedInput(0);
  Scalars s(b);
  Value along = createEmpty(b, dims[axis], b.getI1Type());
  Value ranks = reduceOver(
      node, dims, along, s.integer(b.getI64Type(), 0),
      [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> at, Value sum) {
        Scalars scalars(inner);
        ArrayRef<Value> own = at.drop_back();
        Value mine = tensor::ExtractOp::create(inner, input, own);
        Value other = tensor::ExtractOp::create(inner, input,
                                                replaced(own, axis, at.back()));
        Value before = comesBefore(inner, other, mine, largest, isUnsigned);
        Value after = comesBefore(inner, mine, other, largest, isUnsigned);
        Value lower = arith::CmpIOp::create(inner, arith::CmpIPredicate::slt,
                                            at.back(), own[axis]);
        Value tied = scalars.logicalAnd(scalars.logicalNot(after), lower);
        Value counts = scalars.logicalOr(before, tied);
        return scalars.add(
            sum, arith::ExtUIOp::create(inner, inner.getI64Type(), counts));
      });
  Value indices = reduceOver(
      node, picked, along, s.integer(b.getI64Type(), 0),
      [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> at, Value found) {
        Scalars scalars(inner);
        ArrayRef<Value> own = at.drop_back();
        Value order = tensor::ExtractOp::create(inner, ranks,
                                                replaced(own, axis, at.back()));
        Value place = scalars.fromIndex(own[axis], inner.getI64Type());
        return scalars.select(scalars.equal(order, place),
                              scalars.fromIndex(at.back(), inner.getI64Type()),
                              found);
      });
  Value values = createIndexed(
      b, picked, node.getOutputElementType(0),
      [&](ImplicitLocOpBuilder &inner, ValueRange at) -> Value {
        Value index = tensor::ExtractOp::create(inner, indices, at);
        Value position = Scalars(inner).toIndex(index);
        return tensor::ExtractOp::create(
            inner, input, replaced(SmallVector<Value>(at), axis, position));
      });
  return {values, indices};
}

static LogicalResult lowerTopK(Node &node) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value input = node.getInput(0);
  int64_t rank = node.getInputType(0).getRank();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), rank);
  if (failed(axis)) {
    return failure();
  }
  OpFoldResult count = b.getIndexAttr(node.getInt("k", 1));
  if (node.hasInput(1)) {
    FailureOr<SmallVector<OpFoldResult>> given = node.getIndices(1, "K");
    if (failed(given)) {
      return failure();
    }
    count = (*given)[0];
  }
  SmallVector<OpFoldResult> dims = node.getDims(input);
  Scalars s(b);
  Value k = node.getIndexValue(count);
  node.check(s.logicalAnd(s.lessEqual(s.index(0), k),
                          s.lessEqual(k, node.getIndexValue(dims[*axis]))),
             "K is below 0 or larger than the dimension");
  dims[*axis] = count;
  dims = node.refineDims(1, dims);
  std::pair<Value, Value> result;
  bool largest = node.getInt("largest", 1) != 0;
  if (largest && *axis == rank - 1 &&
      isa<FloatType>(node.getInputElementType(0))) {
    Value rows = collapseDims(node, input, 0, rank - 1);
    result = selectOfRows(node, rows, dims.back());
    result.first = createReshape(node, result.first, dims);
    result.second = createReshape(node, result.second, dims);
  } else {
    result = selectByRank(node, *axis, dims);
  }
  node.setOutput(0, result.first);
  node.setOutput(1, result.second);
  return success();
}

//===----------------------------------------------------------------------===//
// ArgMax, ArgMin
//===----------------------------------------------------------------------===//

static LogicalResult lowerArg(Node &node, bool largest) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value input = node.getInput(0);
  int64_t rank = node.getInputType(0).getRank();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  if (failed(axis)) {
    return failure();
  }
  bool last = node.getInt("select_last_index", 0) != 0;
  bool isUnsigned = node.isUnsignedInput(0);
  SmallVector<OpFoldResult> dims = node.getDims(input);
  Value along = createEmpty(b, dims[*axis], b.getI1Type());
  SmallVector<OpFoldResult> kept = dims;
  kept.erase(kept.begin() + *axis);
  Value result = reduceOver(
      node, kept, along, Scalars(b).integer(b.getI64Type(), 0),
      [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> at, Value best) {
        Scalars s(inner);
        auto element = [&](Value index) -> Value {
          SmallVector<Value> position(at.drop_back());
          position.insert(position.begin() + *axis, index);
          return tensor::ExtractOp::create(inner, input, position);
        };
        Value candidate = element(at.back());
        Value current = element(s.toIndex(best));
        Value better =
            last ? s.logicalNot(comesBefore(inner, current, candidate, largest,
                                            isUnsigned))
                 : comesBefore(inner, candidate, current, largest, isUnsigned);
        return s.select(better, s.fromIndex(at.back(), inner.getI64Type()),
                        best);
      });
  if (node.getInt("keepdims", 1) != 0) {
    result = insertUnitDims(node, result, *axis);
  }
  node.setOutput(0, result);
  return success();
}

static LogicalResult lowerArgMax(Node &node) { return lowerArg(node, true); }
static LogicalResult lowerArgMin(Node &node) { return lowerArg(node, false); }

void moe::onnx::registerSelectionLowerings(Registry &registry) {
  registry.add("TopK", lowerTopK);
  registry.add("ArgMax", lowerArgMax);
  registry.add("ArgMin", lowerArgMin);
}
