//===- Gather.cpp - Gather and GatherElements -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

/// The position that an index means along a dimension of `extent`, counted from
/// the end where it is negative. Outside the dimension the run fails; the
/// position is clamped, as a kernel goes on to its end.
static Value toPosition(ImplicitLocOpBuilder &b, Value index, Value extent,
                        bool isInRange) {
  Scalars s(b);
  Value position = s.toIndex(index);
  Value zero = s.index(0);
  Value shifted = s.add(position, extent);
  position = s.select(s.less(position, zero), shifted, position);
  if (isInRange) {
    return position;
  }
  Value inside =
      s.logicalAnd(s.lessEqual(zero, position), s.less(position, extent));
  cf::AssertOp::create(b, inside, "index out of range");
  return s.min(s.max(position, zero), s.sub(extent, s.index(1)));
}

/// Whether the indices are constants that lie in a dimension of `extent`.
static bool areInRange(Node &node, OpFoldResult extent) {
  std::optional<SmallVector<int64_t>> indices = node.getConstantInts(1);
  std::optional<int64_t> count = getConstantIntValue(extent);
  return indices && count && llvm::all_of(*indices, [&](int64_t index) {
           return index >= -*count && index < *count;
         });
}

/// Where clamping would not help: no element, but an index.
static void checkNotEmpty(Node &node, OpFoldResult extent,
                          ArrayRef<OpFoldResult> indexDims) {
  Scalars s(node.getBuilder());
  Value isEmpty = s.equal(node.getIndexValue(extent), s.index(0));
  Value count = node.getIndexValue(getProduct(node, indexDims));
  node.check(s.logicalOr(s.logicalNot(isEmpty), s.equal(count, s.index(0))),
             "an index into a dimension of extent 0");
}

/// Elements of a list of shape numbers.
static bool gatherScalars(Node &node, int64_t axis) {
  std::optional<SmallVector<Value>> data = node.getScalars(0);
  std::optional<SmallVector<int64_t>> indices = node.getConstantInts(1);
  if (!data || !indices || axis != 0 || node.getInputType(0).getRank() != 1) {
    return false;
  }
  SmallVector<Value> result;
  for (int64_t index : *indices) {
    index += index < 0 ? data->size() : 0;
    if (index < 0 || index >= static_cast<int64_t>(data->size())) {
      return false;
    }
    result.push_back((*data)[index]);
  }
  node.setScalars(0, result);
  return true;
}

/// One index that is known: a slice.
static LogicalResult gatherOne(Node &node, int64_t axis, int64_t index,
                               ArrayRef<OpFoldResult> dims) {
  Value data = node.getInput(0);
  SmallVector<SliceDim> slices = takeAll(node, data);
  Scalars s(node.getBuilder());
  Value extent = node.getIndexValue(slices[axis].size);
  Value position = index < 0 ? s.add(extent, s.index(index)) : s.index(index);
  node.check(
      s.logicalAnd(s.lessEqual(s.index(0), position), s.less(position, extent)),
      "index " + Twine(index) + " is out of range");
  slices[axis].offset = getAsOpFoldResult(position);
  slices[axis].size = node.getBuilder().getIndexAttr(1);
  node.setOutput(0, createReshape(node, createSlice(node, data, slices), dims));
  return success();
}

static LogicalResult lowerGather(Node &node) {
  Value data = node.getInput(0), indices = node.getInput(1);
  int64_t rank = node.getInputType(0).getRank();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  if (failed(axis)) {
    return failure();
  }
  if (gatherScalars(node, *axis)) {
    return success();
  }
  SmallVector<OpFoldResult> dataDims = node.getDims(data);
  SmallVector<OpFoldResult> indexDims = node.getDims(indices);
  SmallVector<OpFoldResult> dims(dataDims.begin(), dataDims.begin() + *axis);
  dims.append(indexDims);
  dims.append(dataDims.begin() + *axis + 1, dataDims.end());
  if (std::optional<SmallVector<int64_t>> one = node.getConstantInts(1);
      one && one->size() == 1) {
    return gatherOne(node, *axis, one->front(), dims);
  }
  checkNotEmpty(node, dataDims[*axis], indexDims);
  Value extent = node.getIndexValue(dataDims[*axis]);
  bool isInRange = areInRange(node, dataDims[*axis]);
  Value result = createIndexed(
      node.getBuilder(), node.refineDims(0, dims), node.getOutputElementType(0),
      [&](ImplicitLocOpBuilder &b, ValueRange position) -> Value {
        Value index = tensor::ExtractOp::create(
            b, indices, position.slice(*axis, indexDims.size()));
        SmallVector<Value> source(position.take_front(*axis));
        source.push_back(toPosition(b, index, extent, isInRange));
        llvm::append_range(source,
                           position.drop_front(*axis + indexDims.size()));
        return tensor::ExtractOp::create(b, data, source);
      });
  node.setOutput(0, result);
  return success();
}

static LogicalResult lowerGatherElements(Node &node) {
  Value data = node.getInput(0), indices = node.getInput(1);
  int64_t rank = node.getInputType(0).getRank();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0), rank);
  if (failed(axis)) {
    return failure();
  }
  if (node.getInputType(1).getRank() != rank) {
    return node.refuse("data and indices must have the same rank");
  }
  SmallVector<OpFoldResult> dataDims = node.getDims(data);
  SmallVector<OpFoldResult> indexDims = node.getDims(indices);
  Scalars outer(node.getBuilder());
  for (auto [dim, extent] : llvm::enumerate(dataDims)) {
    if (static_cast<int64_t>(dim) != *axis && extent != indexDims[dim]) {
      node.check(outer.lessEqual(node.getIndexValue(indexDims[dim]),
                                 node.getIndexValue(extent)),
                 "dimension " + Twine(dim) +
                     " of the indices is larger than that of the data");
    }
  }
  checkNotEmpty(node, dataDims[*axis], indexDims);
  Value extent = node.getIndexValue(dataDims[*axis]);
  bool isInRange = areInRange(node, dataDims[*axis]);
  Value result =
      createParallel(node.getBuilder(), node.refineDims(0, indexDims),
                     node.getOutputElementType(0), indices,
                     node.getBuilder().getMultiDimIdentityMap(rank),
                     [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                       SmallVector<Value> source;
                       for (int64_t dim = 0; dim < rank; ++dim) {
                         source.push_back(linalg::IndexOp::create(b, dim));
                       }
                       source[*axis] =
                           toPosition(b, args[0], extent, isInRange);
                       return tensor::ExtractOp::create(b, data, source);
                     });
  node.setOutput(0, result);
  return success();
}

void moe::onnx::registerGatherLowerings(Registry &registry) {
  registry.add("Gather", lowerGather);
  registry.add("GatherElements", lowerGatherElements);
}
