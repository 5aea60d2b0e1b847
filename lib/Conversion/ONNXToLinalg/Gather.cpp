//===- Gather.cpp - Gather and GatherElements -----------------------------===//
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

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

/// A position along a dimension: negative ones count from the end, and one that
/// is out of range is moved to the nearest end, so that nothing outside is read.
static Value toPosition(ImplicitLocOpBuilder &b, Value index, Value extent) {
  Scalars s(b);
  Value position = s.toIndex(index);
  Value zero = s.index(0);
  Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                           position, zero);
  position = s.select(isNegative, s.add(position, extent), position);
  position = arith::MaxSIOp::create(b, position, zero);
  return arith::MinSIOp::create(b, position, s.sub(extent, s.index(1)));
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
  Value extent = node.getIndexValue(dataDims[*axis]);
  Value result = createIndexed(
      node.getBuilder(), dims, node.getOutputElementType(0),
      [&](ImplicitLocOpBuilder &b, ValueRange position) -> Value {
        Value index = tensor::ExtractOp::create(
            b, indices, position.slice(*axis, indexDims.size()));
        SmallVector<Value> source(position.take_front(*axis));
        source.push_back(toPosition(b, index, extent));
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
  SmallVector<Value> extents;
  for (OpFoldResult dim : node.getDims(data)) {
    extents.push_back(node.getIndexValue(dim));
  }
  Value result = createIndexed(
      node.getBuilder(), node.getDims(indices), node.getOutputElementType(0),
      [&](ImplicitLocOpBuilder &b, ValueRange position) -> Value {
        Value index = tensor::ExtractOp::create(b, indices, position);
        SmallVector<Value> source;
        Scalars s(b);
        for (auto [dim, value] : llvm::enumerate(position)) {
          // Indices may be no larger than data along the other dimensions.
          source.push_back(
              static_cast<int64_t>(dim) == *axis
                  ? toPosition(b, index, extents[dim])
                  : arith::MinSIOp::create(b, value,
                                           s.sub(extents[dim], s.index(1)))
                        .getResult());
        }
        return tensor::ExtractOp::create(b, data, source);
      });
  node.setOutput(0, result);
  return success();
}

void moe::onnx::registerGatherLowerings(Registry &registry) {
  registry.add("Gather", lowerGather);
  registry.add("GatherElements", lowerGatherElements);
}
