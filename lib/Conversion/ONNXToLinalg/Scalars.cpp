//===- Scalars.cpp - arithmetic on elements -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace moe::onnx;

using arith::CmpFPredicate;
using arith::CmpIPredicate;

template <typename OpTy, typename... Args>
static Value fold(ImplicitLocOpBuilder &builder, Args &&...args) {
  return builder.createOrFold<OpTy>(std::forward<Args>(args)...);
}

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }
static bool isBool(Type type) { return type.isInteger(1); }

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value Scalars::constant(Type type, double value) {
  if (isa<FloatType>(type)) {
    return arith::ConstantOp::create(b, FloatAttr::get(type, value));
  }
  return integer(type, static_cast<int64_t>(value));
}

Value Scalars::integer(Type type, int64_t value) {
  if (isa<FloatType>(type)) {
    return constant(type, static_cast<double>(value));
  }
  if (type.isIndex()) {
    return index(value);
  }
  APInt bits(64, value, /*isSigned=*/true);
  return arith::ConstantOp::create(
      b,
      IntegerAttr::get(type, bits.sextOrTrunc(type.getIntOrFloatBitWidth())));
}

Value Scalars::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value Scalars::add(Value lhs, Value rhs) {
  return isFloat(lhs) ? fold<arith::AddFOp>(b, lhs, rhs)
                      : fold<arith::AddIOp>(b, lhs, rhs);
}

Value Scalars::sub(Value lhs, Value rhs) {
  return isFloat(lhs) ? fold<arith::SubFOp>(b, lhs, rhs)
                      : fold<arith::SubIOp>(b, lhs, rhs);
}

Value Scalars::mul(Value lhs, Value rhs) {
  return isFloat(lhs) ? fold<arith::MulFOp>(b, lhs, rhs)
                      : fold<arith::MulIOp>(b, lhs, rhs);
}

/// Whether a divisor is a constant that no case has to be made for.
static bool isHarmlessDivisor(Value value) {
  APInt constant;
  return matchPattern(value, m_ConstantInt(&constant)) && !constant.isZero() &&
         !constant.isAllOnes();
}

/// Fails the run where `divisor` is 0, and returns one that can be divided by.
/// With `isSigned`, -1 is replaced too: it overflows for the lowest dividend.
static Value guardDivisor(Scalars &s, Value divisor, bool isSigned) {
  if (isHarmlessDivisor(divisor)) {
    return divisor;
  }
  Value zero = s.integer(divisor.getType(), 0);
  Value one = s.integer(divisor.getType(), 1);
  Value isZero = s.equal(divisor, zero);
  if (!matchPattern(isZero, m_Zero())) {
    cf::AssertOp::create(s.b, s.logicalNot(isZero), "division by zero");
  }
  Value unsafe = isZero;
  if (isSigned) {
    Value minusOne = s.integer(divisor.getType(), -1);
    unsafe = s.logicalOr(unsafe, s.equal(divisor, minusOne));
  }
  return s.select(unsafe, one, divisor);
}

Value Scalars::div(Value lhs, Value rhs) {
  if (isFloat(lhs)) {
    return fold<arith::DivFOp>(b, lhs, rhs);
  }
  Value divisor = guardDivisor(*this, rhs, !isUnsigned);
  if (isUnsigned) {
    return fold<arith::DivUIOp>(b, lhs, divisor);
  }
  Value quotient = fold<arith::DivSIOp>(b, lhs, divisor);
  if (isHarmlessDivisor(rhs)) {
    return quotient;
  }
  Value isMinusOne = equal(rhs, integer(rhs.getType(), -1));
  return select(isMinusOne, neg(lhs), quotient);
}

Value Scalars::rem(Value lhs, Value rhs) {
  if (isFloat(lhs)) {
    return fold<arith::RemFOp>(b, lhs, rhs);
  }
  Value divisor = guardDivisor(*this, rhs, !isUnsigned);
  return isUnsigned ? fold<arith::RemUIOp>(b, lhs, divisor)
                    : fold<arith::RemSIOp>(b, lhs, divisor);
}

Value Scalars::max(Value lhs, Value rhs) {
  if (isFloat(lhs)) {
    return fold<arith::MaximumFOp>(b, lhs, rhs);
  }
  return isUnsigned || isBool(lhs.getType())
             ? fold<arith::MaxUIOp>(b, lhs, rhs)
             : fold<arith::MaxSIOp>(b, lhs, rhs);
}

Value Scalars::min(Value lhs, Value rhs) {
  if (isFloat(lhs)) {
    return fold<arith::MinimumFOp>(b, lhs, rhs);
  }
  return isUnsigned || isBool(lhs.getType())
             ? fold<arith::MinUIOp>(b, lhs, rhs)
             : fold<arith::MinSIOp>(b, lhs, rhs);
}

Value Scalars::neg(Value value) {
  return isFloat(value) ? fold<arith::NegFOp>(b, value)
                        : sub(integer(value.getType(), 0), value);
}

//===----------------------------------------------------------------------===//
// Comparison and logic
//===----------------------------------------------------------------------===//

Value Scalars::less(Value lhs, Value rhs) {
  if (isFloat(lhs)) {
    return fold<arith::CmpFOp>(b, CmpFPredicate::OLT, lhs, rhs);
  }
  bool asUnsigned = isUnsigned || isBool(lhs.getType());
  return fold<arith::CmpIOp>(
      b, asUnsigned ? CmpIPredicate::ult : CmpIPredicate::slt, lhs, rhs);
}

Value Scalars::lessEqual(Value lhs, Value rhs) {
  if (isFloat(lhs)) {
    return fold<arith::CmpFOp>(b, CmpFPredicate::OLE, lhs, rhs);
  }
  bool asUnsigned = isUnsigned || isBool(lhs.getType());
  return fold<arith::CmpIOp>(
      b, asUnsigned ? CmpIPredicate::ule : CmpIPredicate::sle, lhs, rhs);
}

Value Scalars::equal(Value lhs, Value rhs) {
  return isFloat(lhs) ? fold<arith::CmpFOp>(b, CmpFPredicate::OEQ, lhs, rhs)
                      : fold<arith::CmpIOp>(b, CmpIPredicate::eq, lhs, rhs);
}

Value Scalars::isNaN(Value value) {
  return fold<arith::CmpFOp>(b, CmpFPredicate::UNO, value, value);
}

Value Scalars::select(Value condition, Value lhs, Value rhs) {
  return fold<arith::SelectOp>(b, condition, lhs, rhs);
}

Value Scalars::logicalAnd(Value lhs, Value rhs) {
  return fold<arith::AndIOp>(b, lhs, rhs);
}

Value Scalars::logicalOr(Value lhs, Value rhs) {
  return fold<arith::OrIOp>(b, lhs, rhs);
}

Value Scalars::logicalNot(Value value) {
  return fold<arith::XOrIOp>(b, value, integer(value.getType(), 1));
}

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

Type moe::onnx::getComputeType(Type type) {
  return type.isF16() || type.isBF16() ? Float32Type::get(type.getContext())
                                       : type;
}

Value moe::onnx::convertFloat(ImplicitLocOpBuilder &builder, Value value,
                              Type type) {
  auto from = dyn_cast<FloatType>(value.getType());
  auto to = dyn_cast<FloatType>(type);
  if (!from || !to || from == to) {
    return value;
  }
  if (from.getWidth() < to.getWidth()) {
    return fold<arith::ExtFOp>(builder, type, value);
  }
  if (from.getWidth() > to.getWidth()) {
    return fold<arith::TruncFOp>(builder, type, value);
  }
  Value wide = convertFloat(builder, value, builder.getF32Type());
  return convertFloat(builder, wide, type);
}

/// An integer of type `type` from a float, ends of the range and NaN as the
/// declaration of Scalars::cast says.
static Value castFloatToInteger(Scalars &s, Value value, IntegerType type,
                                bool toUnsigned) {
  unsigned width = type.getWidth();
  value = convertFloat(s.b, value, getComputeType(value.getType()));
  Type floatType = value.getType();
  APInt lowest =
      toUnsigned ? APInt::getZero(width) : APInt::getSignedMinValue(width);
  APInt highest =
      toUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  Value lowLimit = s.constant(
      floatType,
      toUnsigned ? 0.0 : -std::ldexp(1.0, static_cast<int>(width - 1)));
  Value highLimit = s.constant(
      floatType,
      std::ldexp(1.0, static_cast<int>(toUnsigned ? width : width - 1)));
  Value low = arith::ConstantOp::create(s.b, IntegerAttr::get(type, lowest));
  Value high = arith::ConstantOp::create(s.b, IntegerAttr::get(type, highest));
  Value inside = toUnsigned ? fold<arith::FPToUIOp>(s.b, type, value)
                            : fold<arith::FPToSIOp>(s.b, type, value);
  Value result = s.select(s.lessEqual(highLimit, value), high, inside);
  result = s.select(s.lessEqual(value, lowLimit), low, result);
  return s.select(s.isNaN(value), s.integer(type, 0), result);
}

Value Scalars::cast(Value value, Type type, bool toUnsigned) {
  Type from = value.getType();
  if (from == type) {
    return value;
  }
  if (isFloat(value)) {
    if (isa<FloatType>(type)) {
      return convertFloat(b, value, type);
    }
    if (isBool(type)) {
      Value zero = constant(from, 0.0);
      return fold<arith::CmpFOp>(b, CmpFPredicate::UNE, value, zero);
    }
    return castFloatToInteger(*this, value, cast_or_null<IntegerType>(type),
                              toUnsigned);
  }
  bool extendZero = isUnsigned || isBool(from);
  if (isa<FloatType>(type)) {
    Type wide = getComputeType(type);
    Value result = extendZero ? fold<arith::UIToFPOp>(b, wide, value)
                              : fold<arith::SIToFPOp>(b, wide, value);
    return convertFloat(b, result, type);
  }
  if (isBool(type)) {
    return fold<arith::CmpIOp>(b, CmpIPredicate::ne, value, integer(from, 0));
  }
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  unsigned toWidth = type.getIntOrFloatBitWidth();
  if (fromWidth > toWidth) {
    return fold<arith::TruncIOp>(b, type, value);
  }
  if (fromWidth == toWidth) {
    return value;
  }
  return extendZero ? fold<arith::ExtUIOp>(b, type, value)
                    : fold<arith::ExtSIOp>(b, type, value);
}

Value Scalars::toIndex(Value value) {
  if (value.getType().isIndex()) {
    return value;
  }
  // What came from an extent goes back to it.
  auto cast = value.getDefiningOp<arith::IndexCastOp>();
  if (cast && cast.getIn().getType().isIndex() &&
      value.getType().isInteger(64)) {
    return cast.getIn();
  }
  return isUnsigned || isBool(value.getType())
             ? fold<arith::IndexCastUIOp>(b, b.getIndexType(), value)
             : fold<arith::IndexCastOp>(b, b.getIndexType(), value);
}

Value Scalars::fromIndex(Value value, Type type) {
  if (value.getType() == type) {
    return value;
  }
  if (isa<FloatType>(type)) {
    return cast(fold<arith::IndexCastOp>(b, b.getI64Type(), value), type,
                /*toUnsigned=*/false);
  }
  return fold<arith::IndexCastOp>(b, type, value);
}
