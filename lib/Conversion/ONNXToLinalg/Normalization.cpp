//===- Normalization.cpp - layer and root-mean-square norms ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <numeric>

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

namespace {

/// The normalisation of one node over the dimensions from `axis` on.
class Norm {
public:
  explicit Norm(Node &node)
      : node(node), b(node.getBuilder()), input(node.getInput(0)) {}

  LogicalResult run(bool centered);

private:
  LogicalResult readAxes();
  /// Mean over the axes of a function of (element, mean).
  Value mean(ValueRange inputs, ArrayRef<AffineMap> maps, ScalarFunction term);
  /// A statistic with its axes as extents of 1.
  void setStatistic(unsigned index, Value value);
  LogicalResult normalize(Value center, Value inverse);

  Node &node;
  ImplicitLocOpBuilder &b;
  Value input;
  SmallVector<int64_t> axes;
  SmallVector<OpFoldResult> dims;
  AffineMap identity, reduced;
  Type compute;
};

} // namespace

LogicalResult Norm::readAxes() {
  int64_t rank = node.getInputType(0).getRank();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), rank);
  if (failed(axis)) {
    return failure();
  }
  axes.resize(rank - *axis);
  std::iota(axes.begin(), axes.end(), *axis);
  dims = node.getDims(input);
  identity = b.getMultiDimIdentityMap(rank);
  reduced = getMapWithout(b.getContext(), rank, axes);
  compute = getComputeType(node.getInputElementType(0));
  return success();
}

Value Norm::mean(ValueRange inputs, ArrayRef<AffineMap> maps,
                 ScalarFunction term) {
  Value terms = createParallel(b, dims, compute, inputs, maps, term);
  Scalars s(b);
  Value sum = createReduction(node, terms, axes, s.constant(compute, 0.0),
                              [](ImplicitLocOpBuilder &inner, ValueRange args) {
                                return Scalars(inner).add(args[0], args[1]);
                              });
  Value count = node.getIndexValue(
      getProduct(node, ArrayRef(dims).take_back(axes.size())));
  return createMapped(node, sum, compute,
                      [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                        Scalars t(inner);
                        return t.div(args[0], t.fromIndex(count, compute));
                      });
}

void Norm::setStatistic(unsigned index, Value value) {
  if (!node.needsOutput(index)) {
    return;
  }
  Type type = node.getOutputElementType(index);
  Value rounded = createMapped(
      node, value, type, [&](ImplicitLocOpBuilder &inner, ValueRange args) {
        return convertFloat(inner, args[0], type);
      });
  node.setOutput(index, insertUnitDims(node, rounded, axes));
}

LogicalResult Norm::normalize(Value center, Value inverse) {
  SmallVector<Value> inputs{input, inverse};
  SmallVector<AffineMap> maps{identity, reduced};
  bool hasBias = node.hasInput(2);
  for (unsigned index : {1U, 2U}) {
    if (!node.hasInput(index)) {
      continue;
    }
    auto parameter = broadcastInputTo(node, index, dims);
    if (failed(parameter)) {
      return failure();
    }
    inputs.push_back(parameter->first);
    maps.push_back(parameter->second);
  }
  if (center) {
    inputs.push_back(center);
    maps.push_back(reduced);
  }
  Type type = node.getOutputElementType(0);
  Value result = createParallel(
      b, dims, type, inputs, maps,
      [&](ImplicitLocOpBuilder &inner, ValueRange args) {
        Scalars s(inner);
        Value value = convertFloat(inner, args[0], compute);
        if (center) {
          value = s.sub(value, args.back());
        }
        // The normalised value is rounded to the node's type before it is
        // scaled, and after each step.
        auto step = [&](Value stepValue) {
          return convertFloat(inner, convertFloat(inner, stepValue, type),
                              compute);
        };
        value = step(s.mul(value, args[1]));
        value = s.mul(value, convertFloat(inner, args[2], compute));
        if (hasBias) {
          value = s.add(step(value), convertFloat(inner, args[3], compute));
        }
        return convertFloat(inner, value, type);
      });
  node.setOutput(0, result);
  return success();
}

LogicalResult Norm::run(bool centered) {
  if (failed(readAxes())) {
    return failure();
  }
  auto widen = [&](ImplicitLocOpBuilder &inner, Value value) {
    return convertFloat(inner, value, compute);
  };
  Value center;
  if (centered) {
    center = mean(input, identity,
                  [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                    return widen(inner, args[0]);
                  });
  }
  SmallVector<Value> inputs{input};
  SmallVector<AffineMap> maps{identity};
  if (center) {
    inputs.push_back(center);
    maps.push_back(reduced);
  }
  Value squares =
      mean(inputs, maps, [&](ImplicitLocOpBuilder &inner, ValueRange args) {
        Scalars s(inner);
        Value value = widen(inner, args[0]);
        if (args.size() == 2) {
          value = s.sub(value, args[1]);
        }
        return s.mul(value, value);
      });
  double epsilon = node.getFloat("epsilon", 1e-5);
  Value inverse =
      createMapped(node, squares, compute,
                   [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                     Scalars s(inner);
                     Value root = math::SqrtOp::create(
                         inner, s.add(args[0], s.constant(compute, epsilon)));
                     return s.div(s.constant(compute, 1.0), root);
                   });
  if (centered) {
    setStatistic(1, center);
    setStatistic(2, inverse);
  } else {
    setStatistic(1, inverse);
  }
  return normalize(center, inverse);
}

static LogicalResult lowerLayerNorm(Node &node) { return Norm(node).run(true); }
static LogicalResult lowerRMSNorm(Node &node) { return Norm(node).run(false); }

void moe::onnx::registerNormalizationLowerings(Registry &registry) {
  registry.add("LayerNormalization", lowerLayerNorm);
  registry.add("RMSNormalization", lowerRMSNorm);
  registry.add("SimplifiedLayerNormalization", lowerRMSNorm);
}
