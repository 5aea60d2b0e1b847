//===- Reduction.cpp - the Reduce operators -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

namespace {

/// One Reduce operator: what is done with an element, with two partial results,
/// and with the result.
class Reduction {
public:
  explicit Reduction(Node &node)
      : node(node), b(node.getBuilder()), input(node.getInput(0)) {}

  LogicalResult readAxes();
  LogicalResult finish(Value result, ScalarFunction post);

  /// In the type that the operator computes in.
  Value reduce(double init, ScalarFunction pre, ScalarFunction join);
  Value reduceFrom(Value init, ScalarFunction pre, ScalarFunction join);
  Type getCompute() const { return compute; }
  Value extreme(bool largest);
  Value logSumExp();
  /// How many elements one result is made of.
  Value count();
  bool isUnsigned() { return node.isUnsignedInput(0); }

private:
  Node &node;
  ImplicitLocOpBuilder &b;
  Value input;
  SmallVector<int64_t> axes;
  Type compute;
};

} // namespace

LogicalResult Reduction::readAxes() {
  RankedTensorType type = node.getInputType(0);
  std::optional<SmallVector<int64_t>> given = node.getInts("axes");
  if (node.hasInput(1)) {
    given = node.getConstantInts(1);
    if (!given) {
      return node.refuse("axes must be known at compile time");
    }
  }
  if (given && !given->empty()) {
    FailureOr<SmallVector<int64_t>> normalized =
        node.normalizeAxes(*given, type.getRank());
    if (failed(normalized)) {
      return failure();
    }
    axes = *normalized;
  } else if (node.getInt("noop_with_empty_axes", 0) == 0) {
    axes.resize(type.getRank());
    std::iota(axes.begin(), axes.end(), 0);
  }
  Type element = type.getElementType();
  compute = isa<FloatType>(element) ? getComputeType(element) : element;
  return success();
}

Value Reduction::reduceFrom(Value init, ScalarFunction pre,
                            ScalarFunction join) {
  return createReduction(node, input, axes, init,
                         [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                           Value element = args[1];
                           if (isa<FloatType>(compute)) {
                             element = convertFloat(inner, element, compute);
                           }
                           Value term = pre(inner, element);
                           return join(inner, {args[0], term});
                         });
}

Value Reduction::reduce(double init, ScalarFunction pre, ScalarFunction join) {
  return reduceFrom(Scalars(b).constant(compute, init), pre, join);
}

Value Reduction::count() {
  SmallVector<OpFoldResult> reduced;
  for (int64_t axis : axes) {
    reduced.push_back(node.getDim(input, axis));
  }
  return node.getIndexValue(getProduct(node, reduced));
}

LogicalResult Reduction::finish(Value result, ScalarFunction post) {
  Type type = node.getOutputElementType(0);
  if (post || getElementTypeOrSelf(result) != type) {
    result = createMapped(node, result, type,
                          [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                            Value value = post ? post(inner, args) : args[0];
                            return convertFloat(inner, value, type);
                          });
  }
  if (node.getInt("keepdims", 1) != 0) {
    result = insertUnitDims(node, result, axes);
  }
  node.setOutput(0, result);
  return success();
}

static Value addScalars(ImplicitLocOpBuilder &b, ValueRange args) {
  return Scalars(b).add(args[0], args[1]);
}
static Value multiplyScalars(ImplicitLocOpBuilder &b, ValueRange args) {
  return Scalars(b).mul(args[0], args[1]);
}
static Value sameScalar(ImplicitLocOpBuilder &, ValueRange args) {
  return args[0];
}
static Value squareScalar(ImplicitLocOpBuilder &b, ValueRange args) {
  return Scalars(b).mul(args[0], args[0]);
}

/// The value no element is beyond.
static Value farEnd(ImplicitLocOpBuilder &b, Type type, bool low,
                    bool isUnsigned) {
  Scalars s(b);
  if (isa<FloatType>(type)) {
    return s.constant(type, low ? -INFINITY : INFINITY);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  bool asUnsigned = isUnsigned || width == 1;
  APInt value = low ? (asUnsigned ? APInt::getMinValue(width)
                                  : APInt::getSignedMinValue(width))
                    : (asUnsigned ? APInt::getMaxValue(width)
                                  : APInt::getSignedMaxValue(width));
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value Reduction::extreme(bool largest) {
  bool isBool = compute.isInteger(1), unsignedInput = isUnsigned();
  return reduceFrom(farEnd(b, compute, largest, unsignedInput), sameScalar,
                    [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                      Scalars s(inner, unsignedInput);
                      if (isBool) {
                        return largest ? s.logicalOr(args[0], args[1])
                                       : s.logicalAnd(args[0], args[1]);
                      }
                      return largest ? s.max(args[0], args[1])
                                     : s.min(args[0], args[1]);
                    });
}

// Shifted by the largest element, so that nothing overflows.
Value Reduction::logSumExp() {
  Value largest = extreme(/*largest=*/true);
  Value shift =
      createMapped(node, largest, compute,
                   [&](ImplicitLocOpBuilder &inner, ValueRange args) {
                     Scalars s(inner);
                     Value magnitude = math::AbsFOp::create(inner, args[0]);
                     Value finite =
                         s.less(magnitude, s.constant(compute, INFINITY));
                     return s.select(finite, args[0], s.constant(compute, 0.0));
                   });
  SmallVector<OpFoldResult> dims = node.getDims(input);
  AffineMap identity = b.getMultiDimIdentityMap(dims.size());
  AffineMap reduced = getMapWithout(b.getContext(), dims.size(), axes);
  Value terms = createParallel(
      b, dims, compute, {input, shift}, {identity, reduced},
      [&](ImplicitLocOpBuilder &inner, ValueRange args) -> Value {
        Value shifted =
            Scalars(inner).sub(convertFloat(inner, args[0], compute), args[1]);
        return math::ExpOp::create(inner, shifted);
      });
  Value sums = createReduction(node, terms, axes,
                               Scalars(b).constant(compute, 0.0), addScalars);
  SmallVector<OpFoldResult> kept = node.getDims(sums);
  AffineMap all = b.getMultiDimIdentityMap(kept.size());
  return createParallel(b, kept, compute, {sums, shift}, {all, all},
                        [](ImplicitLocOpBuilder &inner, ValueRange args) {
                          Value log = math::LogOp::create(inner, args[0]);
                          return Scalars(inner).add(log, args[1]);
                        });
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

using Operator = LogicalResult (*)(Node &, Reduction &);
using Method = Value (Scalars::*)(Value, Value);

/// Reduces a list of scalars to one; false if the input is something else.
static bool reduceScalars(Node &node, Method join) {
  std::optional<SmallVector<Value>> scalars = node.getScalars(0);
  RankedTensorType type = node.getOutputType(0);
  if (!scalars || scalars->empty() || !type.hasStaticShape() ||
      type.getNumElements() != 1) {
    return false;
  }
  Scalars s(node.getBuilder(), node.isUnsignedInput(0));
  Value result = scalars->front();
  for (Value scalar : ArrayRef(*scalars).drop_front()) {
    result = (s.*join)(result, scalar);
  }
  node.setScalars(0, result);
  return true;
}

/// With `join`, shape numbers stay such.
template <Operator op, Method join = nullptr>
static LogicalResult lower(Node &node) {
  if constexpr (join != nullptr) {
    if (reduceScalars(node, join)) {
      return success();
    }
  }
  Reduction reduction(node);
  return failure(failed(reduction.readAxes()) || failed(op(node, reduction)));
}

static LogicalResult sum(Node &, Reduction &r) {
  return r.finish(r.reduce(0.0, sameScalar, addScalars), nullptr);
}

static LogicalResult mean(Node &, Reduction &r) {
  Value sums = r.reduce(0.0, sameScalar, addScalars);
  Value count = r.count();
  bool isUnsigned = r.isUnsigned();
  return r.finish(sums, [&](ImplicitLocOpBuilder &b, ValueRange args) {
    Scalars s(b, isUnsigned);
    return s.div(args[0], s.fromIndex(count, args[0].getType()));
  });
}

static LogicalResult product(Node &, Reduction &r) {
  return r.finish(r.reduce(1.0, sameScalar, multiplyScalars), nullptr);
}

static LogicalResult largest(Node &, Reduction &r) {
  return r.finish(r.extreme(true), nullptr);
}

static LogicalResult smallest(Node &, Reduction &r) {
  return r.finish(r.extreme(false), nullptr);
}

static LogicalResult l1(Node &, Reduction &r) {
  Type compute = r.getCompute();
  return r.finish(r.reduce(
                      0.0,
                      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                        if (isa<FloatType>(compute)) {
                          return math::AbsFOp::create(b, args[0]);
                        }
                        return math::AbsIOp::create(b, args[0]);
                      },
                      addScalars),
                  nullptr);
}

static LogicalResult sumSquare(Node &, Reduction &r) {
  return r.finish(r.reduce(0.0, squareScalar, addScalars), nullptr);
}

static LogicalResult l2(Node &node, Reduction &r) {
  if (!isa<FloatType>(r.getCompute())) {
    return node.refuse("integers have no root here");
  }
  return r.finish(r.reduce(0.0, squareScalar, addScalars),
                  [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                    return math::SqrtOp::create(b, args[0]);
                  });
}

static LogicalResult logSum(Node &node, Reduction &r) {
  if (!isa<FloatType>(r.getCompute())) {
    return node.refuse("integers have no logarithm here");
  }
  return r.finish(r.reduce(0.0, sameScalar, addScalars),
                  [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                    return math::LogOp::create(b, args[0]);
                  });
}

static LogicalResult logSumExp(Node &node, Reduction &r) {
  if (!isa<FloatType>(r.getCompute())) {
    return node.refuse("integers have no logarithm here");
  }
  return r.finish(r.logSumExp(), nullptr);
}

void moe::onnx::registerReductionLowerings(Registry &registry) {
  registry.add("ReduceSum", lower<sum, &Scalars::add>);
  registry.add("ReduceMean", lower<mean>);
  registry.add("ReduceProd", lower<product, &Scalars::mul>);
  registry.add("ReduceMax", lower<largest, &Scalars::max>);
  registry.add("ReduceMin", lower<smallest, &Scalars::min>);
  registry.add("ReduceL1", lower<l1>);
  registry.add("ReduceL2", lower<l2>);
  registry.add("ReduceSumSquare", lower<sumSquare>);
  registry.add("ReduceLogSum", lower<logSum>);
  registry.add("ReduceLogSumExp", lower<logSumExp>);
}
