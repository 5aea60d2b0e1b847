//===- remainder.c - floating-point remainders of images ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// frem has no instruction. Exact: long division on the significands.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>

double fmod(double x, double y);
float fmodf(float x, float y);

static inline uint64_t bits_of(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline double value_of(uint64_t bits) {
  double value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/// Splits the magnitude `bits` into a significand with bit 52 set and its
/// exponent, subnormals included.
static inline uint64_t normalise(uint64_t bits, int *exponent) {
  uint64_t significand = bits & ((UINT64_C(1) << 52) - 1);
  *exponent = (int)(bits >> 52);
  if (*exponent != 0) {
    return significand | UINT64_C(1) << 52;
  }
  int shift = __builtin_clzll(significand) - 11;
  *exponent = 1 - shift;
  return significand << shift;
}

double fmod(double x, double y) {
  const uint64_t sign_bit = UINT64_C(1) << 63;
  const uint64_t infinity = UINT64_C(0x7ff) << 52;
  uint64_t sign = bits_of(x) & sign_bit;
  uint64_t a = bits_of(x) & ~sign_bit, b = bits_of(y) & ~sign_bit;
  if (b == 0 || a >= infinity || b > infinity) {
    return (x * y) / (x * y);
  }
  if (a < b) {
    return x;
  }
  int exponent, y_exponent;
  a = normalise(a, &exponent);
  b = normalise(b, &y_exponent);
  for (; exponent > y_exponent; --exponent) {
    a = (a >= b ? a - b : a) << 1;
  }
  a = a >= b ? a - b : a;
  if (a == 0) {
    return value_of(sign);
  }
  int shift = __builtin_clzll(a) - 11;
  a <<= shift;
  exponent -= shift;
  if (exponent > 0) {
    a = (a & ~(UINT64_C(1) << 52)) | (uint64_t)exponent << 52;
  } else {
    a >>= 1 - exponent;
  }
  return value_of(a | sign);
}

float fmodf(float x, float y) {
  // Every float is a double, and the remainder of two floats is a float.
  return (float)fmod(x, y);
}
