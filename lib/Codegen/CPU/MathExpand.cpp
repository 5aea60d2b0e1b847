//===- MathExpand.cpp - transcendental functions as arithmetic ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Coefficients are minimax fits on the reduced intervals that the comments
// name. NaN goes through every path as it is: clamps compare so that it is
// kept, and integers are taken from the bits of a float, never converted.
//
//===----------------------------------------------------------------------===//

#include "MathExpand.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;
using namespace moe;
using namespace moe::kernel;
using Predicate = arith::CmpFPredicate;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

static Attribute splat(Type type, Attribute element) {
  if (auto vector = dyn_cast<VectorType>(type)) {
    return DenseElementsAttr::get(vector, element);
  }
  return element;
}

Value MathExpander::constant(double value) {
  Type element = getElementTypeOrSelf(type);
  return arith::ConstantOp::create(
      b, loc, cast<TypedAttr>(splat(type, b.getFloatAttr(element, value))));
}

Type MathExpander::integerType() {
  Type element =
      b.getIntegerType(getElementTypeOrSelf(type).getIntOrFloatBitWidth());
  if (auto vector = dyn_cast<VectorType>(type)) {
    return vector.clone(element);
  }
  return element;
}

Value MathExpander::integer(uint64_t value) {
  Type to = integerType();
  Type element = getElementTypeOrSelf(to);
  APInt bits = APInt(64, value).zextOrTrunc(element.getIntOrFloatBitWidth());
  return arith::ConstantOp::create(
      b, loc, cast<TypedAttr>(splat(to, b.getIntegerAttr(element, bits))));
}

Value MathExpander::add(Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, y);
}
Value MathExpander::sub(Value x, Value y) {
  return arith::SubFOp::create(b, loc, x, y);
}
Value MathExpander::mul(Value x, Value y) {
  return arith::MulFOp::create(b, loc, x, y);
}
Value MathExpander::div(Value x, Value y) {
  return arith::DivFOp::create(b, loc, x, y);
}
Value MathExpander::fma(Value x, Value y, Value z) {
  return math::FmaOp::create(b, loc, x, y, z);
}
Value MathExpander::sqrt(Value x) { return math::SqrtOp::create(b, loc, x); }
Value MathExpander::abs(Value x) { return math::AbsFOp::create(b, loc, x); }
Value MathExpander::floor(Value x) { return math::FloorOp::create(b, loc, x); }
Value MathExpander::copySign(Value magnitude, Value sign) {
  return math::CopySignOp::create(b, loc, magnitude, sign);
}
Value MathExpander::compare(Predicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, loc, predicate, x, y);
}
Value MathExpander::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, loc, condition, yes, no);
}
Value MathExpander::both(Value x, Value y) {
  return arith::AndIOp::create(b, loc, x, y);
}
Value MathExpander::toBits(Value x) {
  return arith::BitcastOp::create(b, loc, integerType(), x);
}
Value MathExpander::fromBits(Value x) {
  return arith::BitcastOp::create(b, loc, type, x);
}

Value MathExpander::polynomial(Value x, ArrayRef<double> coefficients) {
  Value result = constant(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back())) {
    result = fma(result, x, constant(coefficient));
  }
  return result;
}

static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type)) {
    return vector.clone(element);
  }
  return element;
}

Value MathExpander::extend(Value x) {
  return arith::ExtFOp::create(b, loc, withElement(type, b.getF64Type()), x);
}
Value MathExpander::truncate(Value x) {
  return arith::TruncFOp::create(b, loc, type, x);
}
MathExpander MathExpander::wide() {
  return MathExpander(b, loc, withElement(type, b.getF64Type()));
}

//===----------------------------------------------------------------------===//
// Exponentials
//===----------------------------------------------------------------------===//

/// x = n ln 2 + r with |r| ≤ ln 2 / 2; returns r, and n as an integer.
Value MathExpander::reduceExp(Value x, Value &exponent, double log2e,
                              double ln2High, double ln2Low) {
  bool single = getElementTypeOrSelf(type).isF32();
  // Adding 1.5 · 2^23 (2^52) rounds to an integer, which is in the low bits.
  Value magic = constant(single ? 0x1.8p23 : 0x1.8p52);
  Value shifted = fma(x, constant(log2e), magic);
  exponent = arith::SubIOp::create(b, loc, toBits(shifted), toBits(magic));
  Value n = sub(shifted, magic);
  Value r = fma(n, constant(-ln2High), x);
  return ln2Low == 0 ? r : fma(n, constant(-ln2Low), r);
}

/// x · 2^exponent in two steps, so that only the last one rounds, into
/// subnormal numbers or to infinity.
Value MathExpander::scale(Value x, Value exponent) {
  bool single = getElementTypeOrSelf(type).isF32();
  unsigned fraction = single ? 23 : 52;
  uint64_t bias = single ? 127 : 1023;
  // 4096 keeps the number positive, as vectors lack an arithmetic shift.
  Value positive = arith::AddIOp::create(b, loc, exponent, integer(4096));
  Value half = arith::ShRUIOp::create(b, loc, positive, integer(1));
  half = arith::SubIOp::create(b, loc, half, integer(2048));
  Value rest = arith::SubIOp::create(b, loc, exponent, half);
  for (Value part : {half, rest}) {
    Value biased = arith::AddIOp::create(b, loc, part, integer(bias));
    Value bits = arith::ShLIOp::create(b, loc, biased, integer(fraction));
    x = mul(x, fromBits(bits));
  }
  return x;
}

/// (exp(r) - 1 - r) / r² on ±ln 2 / 2.
static constexpr double kExp32[] = {0.5, 0.166665182, 0.041666206,
                                    0.00836891867, 0.00139505358};
static constexpr double kExp64[] = {0.5,
                                    0.16666666666666685,
                                    0.041666666666666748,
                                    0.0083333333333165897,
                                    0.0013888888888847865,
                                    0.00019841269897407201,
                                    2.4801587393149005e-05,
                                    2.7557233909614388e-06,
                                    2.7557217577760809e-07,
                                    2.5112347178732202e-08,
                                    2.0931635477986326e-09};

Value MathExpander::exp32(Value x) {
  // Beyond these, the result is infinity or 0 and n would leave its range.
  Value high = constant(89.0);
  Value low = constant(-104.0);
  x = select(compare(Predicate::OGT, x, high), high, x);
  x = select(compare(Predicate::OLT, x, low), low, x);
  Value n;
  Value r = reduceExp(x, n, 0x1.715476p0, 0x1.62e43p-1, -0x1.05c61p-29);
  Value q = polynomial(r, kExp32);
  Value p = add(fma(mul(r, r), q, r), constant(1.0));
  return scale(p, n);
}

Value MathExpander::exp2of32(Value x) {
  Value high = constant(129.0);
  Value low = constant(-151.0);
  x = select(compare(Predicate::OGT, x, high), high, x);
  x = select(compare(Predicate::OLT, x, low), low, x);
  Value n;
  Value r = reduceExp(x, n, 1.0, 1.0, 0.0);
  r = mul(r, constant(0x1.62e42fefa39efp-1));
  Value q = polynomial(r, kExp32);
  Value p = add(fma(mul(r, r), q, r), constant(1.0));
  return scale(p, n);
}

Value MathExpander::exp64(Value x) {
  Value high = constant(710.0);
  Value low = constant(-746.0);
  x = select(compare(Predicate::OGT, x, high), high, x);
  x = select(compare(Predicate::OLT, x, low), low, x);
  Value n;
  Value r = reduceExp(x, n, 0x1.71547652b82fep0, 0x1.62e42fefa39efp-1,
                      0x1.abc9e3b39803fp-56);
  Value p = add(fma(mul(r, r), polynomial(r, kExp64), r), constant(1.0));
  return scale(p, n);
}

Value MathExpander::expm1of64(Value x) {
  // Where n is 0 the polynomial is exp(x) - 1 before 1 is added.
  Value near = fma(mul(x, x), polynomial(x, kExp64), x);
  Value isNear = compare(Predicate::OLT, abs(x), constant(0.34));
  Value far = sub(exp64(x), constant(1.0));
  // The sum loses the sign of -0.
  return copySign(select(isNear, near, far), x);
}

//===----------------------------------------------------------------------===//
// Logarithms
//===----------------------------------------------------------------------===//

Value MathExpander::log64(Value x) {
  Value tiny = compare(Predicate::OLT, x, constant(0x1p-1022));
  Value scaled = select(tiny, mul(x, constant(0x1p54)), x);
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)).
  uint64_t base = 0x3fe6a09e00000000;
  Value bits = arith::AddIOp::create(b, loc, toBits(scaled),
                                     integer(0x3ff0000000000000 - base));
  Value raw = arith::ShRUIOp::create(b, loc, bits, integer(52));
  Value k = sub(
      fromBits(arith::OrIOp::create(b, loc, raw, integer(0x4330000000000000))),
      constant(0x1p52 + 1023));
  k = select(tiny, sub(k, constant(54.0)), k);
  Value fraction =
      arith::AndIOp::create(b, loc, bits, integer(0x000fffffffffffff));
  Value m = fromBits(arith::AddIOp::create(b, loc, fraction, integer(base)));
  Value f = sub(m, constant(1.0));
  Value s = div(f, add(f, constant(2.0)));
  Value z = mul(s, s);
  // (log((1 + s) / (1 - s)) - 2 s) / s³.
  Value r = mul(z, polynomial(z, {0.66666666666667351, 0.39999999999411057,
                                  0.28571428743268718, 0.22222198475501112,
                                  0.18183569760028409, 0.15313902821939426,
                                  0.14797511280996298}));
  Value half = mul(mul(f, f), constant(0.5));
  // ln 2 in two parts, of which the high one times k is exact.
  Value low =
      fma(k, constant(1.90821492927058770002e-10), mul(s, add(half, r)));
  Value result =
      add(mul(k, constant(6.93147180369123816490e-01)), sub(f, sub(half, low)));
  result = select(compare(Predicate::OEQ, x, constant(0.0)),
                  constant(-kInfinity), result);
  result = select(compare(Predicate::OEQ, x, constant(kInfinity)), x, result);
  // Negative numbers and NaN.
  Value bad = compare(Predicate::ULT, x, constant(0.0));
  return select(bad, constant(std::numeric_limits<double>::quiet_NaN()),
                result);
}

Value MathExpander::log1pOf64(Value x) {
  Value one = constant(1.0);
  Value u = add(x, one);
  // What the sum lost, to first order.
  Value lost = div(sub(x, sub(u, one)), u);
  Value result = add(log64(u), lost);
  Value special = compare(Predicate::UEQ, abs(u), constant(kInfinity));
  special = arith::OrIOp::create(b, loc, special,
                                 compare(Predicate::OEQ, u, constant(0.0)));
  result = select(special, log64(u), result);
  return select(compare(Predicate::OEQ, x, constant(0.0)), x, result);
}

//===----------------------------------------------------------------------===//
// Hyperbolic tangent, error function
//===----------------------------------------------------------------------===//

Value MathExpander::tanh32(Value x) {
  Value y = abs(x);
  Value z = mul(x, x);
  // (tanh(x) - x) / x³ on ±0.64.
  Value p = polynomial(z, {-0.333332717, 0.133311525, -0.0537141003,
                           0.0205516946, -0.005603889});
  Value near = fma(mul(z, x), p, x);
  Value e = exp32(add(y, y));
  Value one = constant(1.0);
  Value far = sub(one, div(constant(2.0), add(e, one)));
  Value isNear = compare(Predicate::OLT, y, constant(0.625));
  return copySign(select(isNear, near, far), x);
}

Value MathExpander::tanh64(Value x) {
  Value y = abs(x);
  Value e = expm1of64(add(y, y));
  Value small = div(e, add(e, constant(2.0)));
  Value large = constant(1.0);
  Value isLarge = compare(Predicate::OGT, y, constant(20.0));
  return copySign(select(isLarge, large, small), x);
}

Value MathExpander::erf32(Value x) {
  Value y = abs(x);
  Value z = mul(x, x);
  // erf(x) / x - 1 on ±0.92.
  Value p =
      polynomial(z, {0.128379166, -0.376126349, 0.112837031, -0.0268597994,
                     0.00520195998, -0.000815262727, 8.40991779e-05});
  Value near = fma(x, p, x);
  // -log(1 - erf(y)) on [0.9, 4]; beyond, erf rounds to 1.
  Value four = constant(4.0);
  Value t = select(compare(Predicate::OGT, y, four), four, y);
  Value u = polynomial(t, {-0.000170553016, 1.12949514, 0.633386612,
                           0.108236633, -0.0250915065, 0.00416053133,
                           -0.000432303932, 2.09096434e-05});
  Value one = constant(1.0);
  Value far = sub(one, exp32(sub(constant(0.0), u)));
  Value isNear = compare(Predicate::OLT, y, constant(0.92));
  return select(isNear, near, copySign(far, x));
}

//===----------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------===//

Value MathExpander::pow64(Value x, Value y) {
  Value zero = constant(0.0);
  Value one = constant(1.0);
  Value infinity = constant(kInfinity);
  Value magnitude = abs(x);
  Value result = exp64(mul(y, log64(magnitude)));
  // 0 · infinity: |x| = 1 with an infinite y.
  result = select(compare(Predicate::OEQ, magnitude, one), one, result);
  Value isInteger = compare(Predicate::OEQ, floor(y), y);
  Value half = mul(y, constant(0.5));
  Value isOdd = both(isInteger, compare(Predicate::ONE, floor(half), half));
  Value negated = select(isOdd, copySign(result, x), result);
  Value finiteNegative = both(compare(Predicate::OLT, x, zero),
                              compare(Predicate::OLT, magnitude, infinity));
  Value notInteger = compare(Predicate::ONE, floor(y), y);
  Value bad = both(finiteNegative, notInteger);
  result =
      select(bad, constant(std::numeric_limits<double>::quiet_NaN()), negated);
  // A NaN operand gives NaN, but for x = 1 and y = 0.
  result = select(compare(Predicate::UNO, x, y), add(x, y), result);
  result = select(compare(Predicate::OEQ, x, one), one, result);
  return select(compare(Predicate::OEQ, y, zero), one, result);
}

//===----------------------------------------------------------------------===//
// Trigonometric functions
//===----------------------------------------------------------------------===//

/// The first 288 bits of 2/π after the binary point.
static constexpr uint32_t kTwoOverPi[] = {0xA2F9836E, 0x4E441529, 0xFC2757D1,
                                          0xF534DDC0, 0xDB629599, 0x3C439041,
                                          0xFE5163AB, 0xDEBBC561, 0xB7246E3A};

SmallVector<double> moe::kernel::getReductionTable() {
  APInt bits(288, 0);
  for (uint32_t word : kTwoOverPi) {
    bits = bits.shl(32);
    bits |= word;
  }
  SmallVector<double> table;
  for (unsigned exponent = 0; exponent < 105; ++exponent) {
    // 2 bits before the point and 160 after it, of 2^e · 2/π.
    APInt value = bits.zext(512).shl(exponent).lshr(288 - 160);
    value = value.trunc(162);
    auto toDouble = [](const APInt &part) {
      APFloat number(APFloat::IEEEdouble());
      number.convertFromAPInt(part, /*IsSigned=*/true,
                              APFloat::rmNearestTiesToEven);
      return number;
    };
    APFloat high = toDouble(value.zext(164));
    llvm::APSInt back(164, /*isUnsigned=*/false);
    bool isExact;
    high.convertToInteger(back, APFloat::rmNearestTiesToEven, &isExact);
    APFloat low = toDouble(value.zext(164) - back);
    for (APFloat part : {high, low}) {
      table.push_back(
          scalbn(part, -160, APFloat::rmNearestTiesToEven).convertToDouble());
    }
  }
  return table;
}

Value MathExpander::sine64(Value x, bool cosine, Value table) {
  // x = significand · 2^e with e ≥ 0.
  Value bits = toBits(x);
  Value biased = arith::AndIOp::create(
      b, loc, arith::ShRUIOp::create(b, loc, bits, integer(52)),
      integer(0x7ff));
  Value e = arith::SubIOp::create(b, loc, biased, integer(1023 + 23));
  e = arith::MaxSIOp::create(b, loc, e, integer(0));
  e = arith::MinSIOp::create(b, loc, e, integer(104));
  Value scaleBits = arith::ShLIOp::create(
      b, loc, arith::SubIOp::create(b, loc, integer(1023), e), integer(52));
  Value significand = mul(x, fromBits(scaleBits));
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), e);
  auto load = [&](int64_t part) -> Value {
    Value column = arith::ConstantIndexOp::create(b, loc, part);
    return memref::LoadOp::create(b, loc, table, ValueRange{index, column});
  };
  Value high = load(0);
  Value low = load(1);
  // The phase in quarter turns, as an integer and a fraction in ±1/2.
  Value magic = constant(0x1.8p52);
  Value shifted = fma(significand, high, magic);
  Value quadrant = toBits(shifted);
  Value n = sub(shifted, magic);
  Value f = fma(significand, high, sub(constant(0.0), n));
  f = fma(significand, low, f);
  Value z = mul(f, f);
  Value sine =
      mul(f, polynomial(z, {1.5707963267948899, -0.64596409750429951,
                            0.079692626155376659, -0.0046817525866255085,
                            0.00016042923978333356, -3.556340782510766e-06}));
  Value cosineValue =
      polynomial(z, {0.99999999999994416, -1.2337005501200826,
                     0.25366950715073339, -0.020863467963220941,
                     0.00091916153236930439, -2.4850594211256162e-05});
  if (cosine) {
    quadrant = arith::AddIOp::create(b, loc, quadrant, integer(1));
  }
  auto bit = [&](uint64_t mask) -> Value {
    Value masked = arith::AndIOp::create(b, loc, quadrant, integer(mask));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, masked,
                                 integer(0));
  };
  Value result = select(bit(1), cosineValue, sine);
  result = select(bit(2), sub(constant(-0.0), result), result);
  // sin(-0) is -0, which the subtraction of n lost.
  Value isZero = compare(Predicate::OEQ, x, constant(0.0));
  return cosine ? result : select(isZero, x, result);
}

Value MathExpander::atan64(Value x) {
  Value y = abs(x);
  Value one = constant(1.0);
  // Fold [0, inf] to [0, 1] and then to ±tan(π/8).
  Value isLarge = compare(Predicate::OGT, y, one);
  Value folded = select(isLarge, div(one, y), y);
  Value isMiddle =
      compare(Predicate::OGT, folded, constant(0.41421356237309503));
  Value t = select(isMiddle, div(sub(folded, one), add(folded, one)), folded);
  Value z = mul(t, t);
  // atan's own series, to 2^-40 on ±0.4143.
  SmallVector<double> series;
  for (int term = 0; term < 16; ++term) {
    series.push_back((term % 2 == 0 ? 1.0 : -1.0) / (2 * term + 1));
  }
  Value angle = mul(t, polynomial(z, series));
  angle = select(isMiddle, add(angle, constant(0.78539816339744828)), angle);
  angle = select(isLarge, sub(constant(1.5707963267948966), angle), angle);
  return copySign(angle, x);
}
