//===- Softmax.cpp - Softmax and LogSoftmax -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

/// Before version 13 the operator coerced its input to a matrix: all dimensions
/// from the axis on are one.
static FailureOr<SmallVector<int64_t>> getAxes(Node &node, int64_t rank) {
  bool coerces = node.getVersion() < 13;
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", coerces ? 1 : -1), rank);
  if (failed(axis)) {
    return failure();
  }
  SmallVector<int64_t> axes(coerces ? rank - *axis : 1);
  std::iota(axes.begin(), axes.end(), *axis);
  return axes;
}

static LogicalResult lower(Node &node, bool isLog) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value input = node.getInput(0);
  RankedTensorType type = node.getInputType(0);
  FailureOr<SmallVector<int64_t>> axes = getAxes(node, type.getRank());
  if (failed(axes)) {
    return failure();
  }
  Type compute = getComputeType(type.getElementType());
  Scalars s(b);
  auto widen = [&](ImplicitLocOpBuilder &inner, Value value) {
    return convertFloat(inner, value, compute);
  };
  Value largest = createReduction(
      node, input, *axes, s.constant(compute, -INFINITY),
      [&](ImplicitLocOpBuilder &inner, ValueRange args) {
        return Scalars(inner).max(args[0], widen(inner, args[1]));
      });
  SmallVector<OpFoldResult> dims = node.getDims(input);
  AffineMap identity = b.getMultiDimIdentityMap(dims.size());
  AffineMap reduced = getMapWithout(b.getContext(), dims.size(), *axes);
  Value exponentials = createParallel(
      b, dims, compute, {input, largest}, {identity, reduced},
      [&](ImplicitLocOpBuilder &inner, ValueRange args) -> Value {
        Value shifted = Scalars(inner).sub(widen(inner, args[0]), args[1]);
        return math::ExpOp::create(inner, shifted);
      });
  Value sums =
      createReduction(node, exponentials, *axes, s.constant(compute, 0.0),
                      [](ImplicitLocOpBuilder &inner, ValueRange args) {
                        return Scalars(inner).add(args[0], args[1]);
                      });
  Type result = node.getOutputElementType(0);
  if (!isLog) {
    node.setOutput(
        0, createParallel(
               b, dims, result, {exponentials, sums}, {identity, reduced},
               [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                 return convertFloat(
                     inner, Scalars(inner).div(args[0], args[1]), result);
               }));
    return success();
  }
  node.setOutput(
      0,
      createParallel(
          b, dims, result, {input, largest, sums}, {identity, reduced, reduced},
          [&](ImplicitLocOpBuilder &inner, ValueRange args) {
            Scalars scalars(inner);
            Value shifted = scalars.sub(widen(inner, args[0]), args[1]);
            Value log = math::LogOp::create(inner, args[2]);
            return convertFloat(inner, scalars.sub(shifted, log), result);
          }));
  return success();
}

static LogicalResult lowerSoftmax(Node &node) { return lower(node, false); }
static LogicalResult lowerLogSoftmax(Node &node) { return lower(node, true); }

void moe::onnx::registerSoftmaxLowerings(Registry &registry) {
  registry.add("Softmax", lowerSoftmax);
  registry.add("LogSoftmax", lowerLogSoftmax);
}
