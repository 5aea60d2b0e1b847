//===- Comparison.cpp - comparison, logic and Where -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace moe::onnx;

using BinaryMethod = Value (Scalars::*)(Value, Value);

/// `method` of the inputs, or of the inputs the other way round.
template <BinaryMethod method, bool swap = false>
static LogicalResult lowerComparison(Node &node) {
  bool isUnsigned = node.isUnsignedInput(0);
  return lowerElementwise(node, {0, 1}, /*widen=*/true,
                          [&](ImplicitLocOpBuilder &b, ValueRange args) {
                            Scalars s(b, isUnsigned);
                            return swap ? (s.*method)(args[1], args[0])
                                        : (s.*method)(args[0], args[1]);
                          });
}

template <typename OpTy>
static LogicalResult lowerLogic(Node &node) {
  return lowerElementwise(node, {0, 1}, /*widen=*/false,
                          [](ImplicitLocOpBuilder &b, ValueRange args) {
                            return b.createOrFold<OpTy>(args[0], args[1]);
                          });
}

static LogicalResult lowerNot(Node &node) {
  return lowerElementwise(node, {0}, /*widen=*/false,
                          [](ImplicitLocOpBuilder &b, ValueRange args) {
                            return Scalars(b).logicalNot(args[0]);
                          });
}

static LogicalResult lowerIsNaN(Node &node) {
  return lowerElementwise(node, {0}, /*widen=*/true,
                          [](ImplicitLocOpBuilder &b, ValueRange args) {
                            return Scalars(b).isNaN(args[0]);
                          });
}

static LogicalResult lowerIsInf(Node &node) {
  bool negative = node.getInt("detect_negative", 1) != 0;
  bool positive = node.getInt("detect_positive", 1) != 0;
  return lowerElementwise(
      node, {0}, /*widen=*/true, [&](ImplicitLocOpBuilder &b, ValueRange args) {
        Scalars s(b);
        double infinity = std::numeric_limits<double>::infinity();
        Type type = args[0].getType();
        Value result = s.integer(b.getI1Type(), 0);
        if (positive) {
          result = s.equal(args[0], s.constant(type, infinity));
        }
        if (negative) {
          result = s.logicalOr(result,
                               s.equal(args[0], s.constant(type, -infinity)));
        }
        return result;
      });
}

static LogicalResult lowerWhere(Node &node) {
  return lowerElementwise(node, {0, 1, 2}, /*widen=*/false,
                          [](ImplicitLocOpBuilder &b, ValueRange args) {
                            return Scalars(b).select(args[0], args[1], args[2]);
                          });
}

void moe::onnx::registerComparisonLowerings(Registry &registry) {
  registry.add("Equal", lowerComparison<&Scalars::equal>);
  registry.add("Less", lowerComparison<&Scalars::less>);
  registry.add("Greater", lowerComparison<&Scalars::less, true>);
  registry.add("LessOrEqual", lowerComparison<&Scalars::lessEqual>);
  registry.add("GreaterOrEqual", lowerComparison<&Scalars::lessEqual, true>);
  registry.add("And", lowerLogic<arith::AndIOp>);
  registry.add("Or", lowerLogic<arith::OrIOp>);
  registry.add("Xor", lowerLogic<arith::XOrIOp>);
  registry.add("Not", lowerNot);
  registry.add("IsNaN", lowerIsNaN);
  registry.add("IsInf", lowerIsInf);
  registry.add("Where", lowerWhere);
}
