//===- Arithmetic.cpp - elementwise arithmetic ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe::onnx;

using BinaryMethod = Value (Scalars::*)(Value, Value);

//===----------------------------------------------------------------------===//
// Shared forms
//===----------------------------------------------------------------------===//

template <BinaryMethod method>
static LogicalResult lowerBinary(Node &node) {
  bool isUnsigned = node.isUnsignedInput(0);
  return lowerElementwise(node, {0, 1}, /*widen=*/true,
                          [&](ImplicitLocOpBuilder &b, ValueRange args) {
                            Scalars s(b, isUnsigned);
                            return (s.*method)(args[0], args[1]);
                          });
}

/// The inputs one after the other: ((a op b) op c) ...
template <BinaryMethod method>
static LogicalResult lowerVariadic(Node &node) {
  bool isUnsigned = node.isUnsignedInput(0);
  return lowerFold(
      node,
      [&](ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
        Scalars s(b, isUnsigned);
        return (s.*method)(lhs, rhs);
      },
      [](ImplicitLocOpBuilder &, Value result) { return result; });
}

template <typename OpTy>
static LogicalResult lowerMath(Node &node) {
  return lowerElementwise(node, {0}, /*widen=*/true,
                          [](ImplicitLocOpBuilder &b, ValueRange args) {
                            return OpTy::create(b, args[0]);
                          });
}

//===----------------------------------------------------------------------===//
// One input
//===----------------------------------------------------------------------===//

static LogicalResult lowerNeg(Node &node) {
  return lowerElementwise(node, {0}, /*widen=*/false,
                          [](ImplicitLocOpBuilder &b, ValueRange args) {
                            return Scalars(b).neg(args[0]);
                          });
}

static LogicalResult lowerAbs(Node &node) {
  bool isUnsigned = node.isUnsignedInput(0);
  return lowerElementwise(
      node, {0}, /*widen=*/false,
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        if (isUnsigned) {
          return args[0];
        }
        if (isa<FloatType>(args[0].getType())) {
          return math::AbsFOp::create(b, args[0]);
        }
        return b.createOrFold<math::AbsIOp>(args[0]);
      });
}

static LogicalResult lowerSign(Node &node) {
  bool isUnsigned = node.isUnsignedInput(0);
  return lowerElementwise(
      node, {0}, /*widen=*/false,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        Scalars s(b, isUnsigned);
        Value value = args[0];
        Type type = value.getType();
        Value zero = s.integer(type, 0);
        // Zeros and NaN are their own sign.
        Value result = s.select(s.less(zero, value), s.integer(type, 1), value);
        if (isUnsigned) {
          return result;
        }
        return s.select(s.less(value, zero), s.integer(type, -1), result);
      });
}

static LogicalResult lowerReciprocal(Node &node) {
  return lowerElementwise(node, {0}, /*widen=*/true,
                          [](ImplicitLocOpBuilder &b, ValueRange args) {
                            Scalars s(b);
                            Value one = s.constant(args[0].getType(), 1.0);
                            return s.div(one, args[0]);
                          });
}

static LogicalResult lowerClip(Node &node) {
  bool fromInputs = node.getVersion() >= 11;
  SmallVector<unsigned> inputs = {0};
  bool hasMin = fromInputs ? node.hasInput(1) : bool(node.getAttribute("min"));
  bool hasMax = fromInputs ? node.hasInput(2) : bool(node.getAttribute("max"));
  if (fromInputs && hasMin) {
    inputs.push_back(1);
  }
  if (fromInputs && hasMax) {
    inputs.push_back(2);
  }
  bool isUnsigned = node.isUnsignedInput(0);
  return lowerElementwise(
      node, inputs, /*widen=*/true,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        Scalars s(b, isUnsigned);
        Value result = args[0];
        Type type = result.getType();
        if (hasMin) {
          Value min = fromInputs ? args[1]
                                 : s.constant(type, node.getFloat("min", 0.0));
          result = s.max(result, min);
        }
        if (hasMax) {
          Value max = fromInputs ? args.back()
                                 : s.constant(type, node.getFloat("max", 0.0));
          result = s.min(result, max);
        }
        return result;
      });
}

//===----------------------------------------------------------------------===//
// Two inputs and more
//===----------------------------------------------------------------------===//

static LogicalResult lowerMean(Node &node) {
  unsigned count = node.getNumInputs();
  return lowerFold(
      node,
      [](ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
        return Scalars(b).add(lhs, rhs);
      },
      [&](ImplicitLocOpBuilder &b, Value sum) {
        Scalars s(b);
        return s.div(sum, s.integer(sum.getType(), count));
      });
}

/// With fmod the result has the dividend's sign, else the divisor's.
static LogicalResult lowerMod(Node &node) {
  bool isFmod = node.getInt("fmod", 0) != 0;
  bool isUnsigned = node.isUnsignedInput(0);
  bool isFloat = isa<FloatType>(node.getInputElementType(0));
  if (isFloat && !isFmod) {
    return node.refuse("fmod must be 1 for floating-point inputs");
  }
  return lowerElementwise(node, {0, 1}, /*widen=*/true,
                          [&](ImplicitLocOpBuilder &b, ValueRange args) {
                            Scalars s(b, isUnsigned);
                            Value rem = s.rem(args[0], args[1]);
                            if (isFmod || isUnsigned) {
                              return rem;
                            }
                            Value zero = s.integer(rem.getType(), 0);
                            Value signsDiffer = b.createOrFold<arith::XOrIOp>(
                                s.less(rem, zero), s.less(args[1], zero));
                            Value isZero = s.equal(rem, zero);
                            Value shift =
                                s.logicalAnd(s.logicalNot(isZero), signsDiffer);
                            return s.select(shift, s.add(rem, args[1]), rem);
                          });
}

/// base ^ exponent for integers by repeated squaring, wrapping around. A
/// negative exponent gives the quotient 1 / base^-exponent towards zero, and 0
/// for a base of 0.
static Value buildIntegerPower(ImplicitLocOpBuilder &b, Value base,
                               Value exponent) {
  Scalars s(b);
  Type type = base.getType();
  Type i64 = b.getI64Type();
  Value zero = s.integer(i64, 0);
  Value one = s.integer(type, 1);
  Value isNegative = s.less(exponent, zero);
  Value count = s.select(isNegative, s.neg(exponent), exponent);
  auto loop = scf::WhileOp::create(
      b, TypeRange{type, type, i64}, ValueRange{one, base, count},
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder inner(loc, nested);
        Value more = arith::CmpIOp::create(inner, arith::CmpIPredicate::ne,
                                           args[2], zero);
        scf::ConditionOp::create(inner, more, args);
      },
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder inner(loc, nested);
        Scalars t(inner);
        Value bit = arith::TruncIOp::create(inner, inner.getI1Type(), args[2]);
        Value product = t.select(bit, t.mul(args[0], args[1]), args[0]);
        Value square = t.mul(args[1], args[1]);
        Value rest = arith::ShRUIOp::create(inner, args[2], t.integer(i64, 1));
        scf::YieldOp::create(inner, ValueRange{product, square, rest});
      });
  Value power = loop.getResult(0);
  Value isUnit =
      s.logicalOr(s.equal(power, one), s.equal(power, s.integer(type, -1)));
  Value inverse = s.select(isUnit, power, s.integer(type, 0));
  return s.select(isNegative, inverse, power);
}

/// x ^ n for a small constant n, as multiplications; null for other exponents.
static Value buildConstantPower(Scalars &s, Value base, Value exponent) {
  FloatAttr constant;
  if (!matchPattern(exponent, m_Constant(&constant))) {
    return {};
  }
  double value = constant.getValueAsDouble();
  if (value == 1.0) {
    return base;
  }
  if (value == 2.0) {
    return s.mul(base, base);
  }
  if (value == 3.0) {
    return s.mul(s.mul(base, base), base);
  }
  return {};
}

static LogicalResult lowerPow(Node &node) {
  bool exponentUnsigned = node.isUnsignedInput(1);
  Type type = node.getInputElementType(0);
  return lowerElementwise(
      node, {0, 1}, /*widen=*/true,
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Scalars s(b);
        Value base = args[0];
        Value exponent = args[1];
        Scalars ofExponent(b, exponentUnsigned);
        bool integerExponent = isa<IntegerType>(exponent.getType());
        if (isa<IntegerType>(type) && integerExponent) {
          Value wide = ofExponent.cast(exponent, b.getI64Type(), false);
          return buildIntegerPower(b, base, wide);
        }
        if (isa<IntegerType>(type)) {
          // A whole exponent has an exact power.
          Value whole = ofExponent.cast(exponent, b.getI64Type(), false);
          Value back = s.cast(whole, exponent.getType(), false);
          Value exact = buildIntegerPower(b, base, whole);
          Value power = math::PowFOp::create(
              b, s.cast(base, exponent.getType(), false), exponent);
          return s.select(s.equal(back, exponent), exact,
                          s.cast(power, type, false));
        }
        exponent = ofExponent.cast(exponent, base.getType(), false);
        if (Value power = buildConstantPower(s, base, exponent)) {
          return power;
        }
        return math::PowFOp::create(b, base, exponent);
      },
      /*straight=*/!isa<IntegerType>(type));
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

void moe::onnx::registerArithmeticLowerings(Registry &registry) {
  registry.add("Add", lowerBinary<&Scalars::add>);
  registry.add("Sub", lowerBinary<&Scalars::sub>);
  registry.add("Mul", lowerBinary<&Scalars::mul>);
  registry.add("Div", lowerBinary<&Scalars::div>);
  registry.add("Pow", lowerPow);
  registry.add("Mod", lowerMod);
  registry.add("Neg", lowerNeg);
  registry.add("Abs", lowerAbs);
  registry.add("Sign", lowerSign);
  registry.add("Sqrt", lowerMath<math::SqrtOp>);
  registry.add("Reciprocal", lowerReciprocal);
  registry.add("Exp", lowerMath<math::ExpOp>);
  registry.add("Log", lowerMath<math::LogOp>);
  registry.add("Floor", lowerMath<math::FloorOp>);
  registry.add("Ceil", lowerMath<math::CeilOp>);
  registry.add("Round", lowerMath<math::RoundEvenOp>);
  registry.add("Erf", lowerMath<math::ErfOp>);
  registry.add("Sin", lowerMath<math::SinOp>);
  registry.add("Cos", lowerMath<math::CosOp>);
  registry.add("Min", lowerVariadic<&Scalars::min>);
  registry.add("Max", lowerVariadic<&Scalars::max>);
  registry.add("Sum", lowerVariadic<&Scalars::add>);
  registry.add("Mean", lowerMean);
  registry.add("Clip", lowerClip);
}
