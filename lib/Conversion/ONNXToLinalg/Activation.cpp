//===- Activation.cpp - activation functions ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace moe::onnx;

/// Output 0 as `body` of input 0, in the compute type.
static LogicalResult
lowerActivation(Node &node, llvm::function_ref<Value(Scalars &, Value)> body) {
  return lowerElementwise(node, {0}, /*widen=*/true,
                          [&](ImplicitLocOpBuilder &b, ValueRange args) {
                            Scalars s(b);
                            return body(s, args[0]);
                          });
}

static Value constantLike(Scalars &s, Value value, double number) {
  return s.constant(value.getType(), number);
}

static Value addConstant(Scalars &s, Value value, double number) {
  return s.add(value, constantLike(s, value, number));
}

static Value scale(Scalars &s, Value value, double number) {
  return s.mul(value, constantLike(s, value, number));
}

/// 1 / (1 + exp(-x))
static Value buildSigmoid(Scalars &s, Value x) {
  Value exp = math::ExpOp::create(s.b, s.neg(x));
  return s.div(constantLike(s, x, 1.0), addConstant(s, exp, 1.0));
}

/// max(0, min(1, alpha x + beta))
static Value buildHardSigmoid(Scalars &s, Value x, double alpha, double beta) {
  Value line = addConstant(s, scale(s, x, alpha), beta);
  Value upper = s.min(line, constantLike(s, x, 1.0));
  return s.max(upper, constantLike(s, x, 0.0));
}

static LogicalResult lowerIdentity(Node &node) {
  if (std::optional<SmallVector<Value>> scalars = node.getScalars(0)) {
    node.setScalars(0, *scalars);
  } else {
    node.setOutput(0, node.getInput(0));
  }
  return success();
}

static LogicalResult lowerRelu(Node &node) {
  return lowerElementwise(
      node, {0}, /*widen=*/true, [](ImplicitLocOpBuilder &b, ValueRange args) {
        Scalars s(b);
        return s.max(args[0], s.integer(args[0].getType(), 0));
      });
}

static LogicalResult lowerLeakyRelu(Node &node) {
  double alpha = node.getFloat("alpha", 0.01);
  return lowerActivation(node, [&](Scalars &s, Value x) {
    Value isNegative = s.less(x, constantLike(s, x, 0.0));
    return s.select(isNegative, scale(s, x, alpha), x);
  });
}

static LogicalResult lowerElu(Node &node) {
  double alpha = node.getFloat("alpha", 1.0);
  return lowerActivation(node, [&](Scalars &s, Value x) {
    Value exp = math::ExpOp::create(s.b, x);
    Value below = scale(s, addConstant(s, exp, -1.0), alpha);
    return s.select(s.less(x, constantLike(s, x, 0.0)), below, x);
  });
}

static LogicalResult lowerSigmoid(Node &node) {
  return lowerActivation(node, buildSigmoid);
}

static LogicalResult lowerHardSigmoid(Node &node) {
  double alpha = node.getFloat("alpha", 0.2);
  double beta = node.getFloat("beta", 0.5);
  return lowerActivation(node, [&](Scalars &s, Value x) {
    return buildHardSigmoid(s, x, alpha, beta);
  });
}

static LogicalResult lowerTanh(Node &node) {
  return lowerActivation(node, [](Scalars &s, Value x) -> Value {
    return math::TanhOp::create(s.b, x);
  });
}

/// log(1 + exp(x)), computed so that exp does not overflow.
static LogicalResult lowerSoftplus(Node &node) {
  return lowerActivation(node, [](Scalars &s, Value x) {
    Value magnitude = math::AbsFOp::create(s.b, x);
    Value exp = math::ExpOp::create(s.b, s.neg(magnitude));
    Value log = math::LogOp::create(s.b, addConstant(s, exp, 1.0));
    return s.add(s.max(x, constantLike(s, x, 0.0)), log);
  });
}

static LogicalResult lowerSoftsign(Node &node) {
  return lowerActivation(node, [](Scalars &s, Value x) {
    Value magnitude = math::AbsFOp::create(s.b, x);
    return s.div(x, addConstant(s, magnitude, 1.0));
  });
}

static LogicalResult lowerGelu(Node &node) {
  StringRef approximate = node.getString("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    return node.refuse("attribute approximate is '" + approximate +
                       "', expected 'none' or 'tanh'");
  }
  bool useTanh = approximate == "tanh";
  return lowerActivation(node, [&](Scalars &s, Value x) {
    Value inner;
    if (useTanh) {
      Value cube = s.mul(s.mul(x, x), x);
      Value sum = s.add(x, scale(s, cube, 0.044715));
      Value argument = scale(s, sum, std::sqrt(2.0 / M_PI));
      inner = math::TanhOp::create(s.b, argument);
    } else {
      inner = math::ErfOp::create(s.b, scale(s, x, std::sqrt(0.5)));
    }
    return s.mul(scale(s, x, 0.5), addConstant(s, inner, 1.0));
  });
}

static LogicalResult lowerSwish(Node &node, double defaultAlpha) {
  double alpha = node.getFloat("alpha", defaultAlpha);
  return lowerActivation(node, [&](Scalars &s, Value x) {
    return s.mul(x, buildSigmoid(s, scale(s, x, alpha)));
  });
}

static LogicalResult lowerHardSwish(Node &node) {
  return lowerActivation(node, [](Scalars &s, Value x) {
    return s.mul(x, buildHardSigmoid(s, x, 1.0 / 6.0, 0.5));
  });
}

void moe::onnx::registerActivationLowerings(Registry &registry) {
  registry.add("Identity", lowerIdentity);
  registry.add("Relu", lowerRelu);
  registry.add("LeakyRelu", lowerLeakyRelu);
  registry.add("Elu", lowerElu);
  registry.add("Sigmoid", lowerSigmoid);
  registry.add("HardSigmoid", lowerHardSigmoid);
  registry.add("Tanh", lowerTanh);
  registry.add("Softplus", lowerSoftplus);
  registry.add("Softsign", lowerSoftsign);
  registry.add("Gelu", lowerGelu);
  registry.add("Swish", [](Node &node) { return lowerSwish(node, 1.0); });
  registry.add("HardSwish", lowerHardSwish);
  registry.add("com.microsoft", "QuickGelu",
               [](Node &node) { return lowerSwish(node, 1.702); });
}
