//===- convert.c - conversions and wide integers of images ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversions that x86-64-v3 has no instruction for, each rounded once to
// nearest, ties to even; and division of 128-bit integers.
//
//===----------------------------------------------------------------------===//

#include <stdint.h>

__bf16 __truncsfbf2(float value);
__bf16 __truncdfbf2(double value);
_Float16 __truncdfhf2(double value);
_Float16 __truncsfhf2(float value);
float __extendhfsf2(_Float16 value);
unsigned __int128 __udivti3(unsigned __int128 a, unsigned __int128 b);
unsigned __int128 __umodti3(unsigned __int128 a, unsigned __int128 b);
__int128 __divti3(__int128 a, __int128 b);
__int128 __modti3(__int128 a, __int128 b);

static inline __bf16 to_bf16(uint16_t bits) {
  __bf16 value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

static inline _Float16 to_half(uint16_t bits) {
  _Float16 value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

__bf16 __truncsfbf2(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) {
    return to_bf16((uint16_t)(bits >> 16 | 0x40));
  }
  return to_bf16((uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
}

/// Rounds a double to a format with `exponent_bits` and `fraction_bits`.
static inline uint16_t round_double(double value, int exponent_bits,
                                    int fraction_bits) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  uint16_t sign = (uint16_t)(bits >> 63 << 15);
  uint64_t magnitude = bits & ~(UINT64_C(1) << 63);
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const uint16_t infinity =
      (uint16_t)(((1 << exponent_bits) - 1) << fraction_bits);
  if (magnitude > UINT64_C(0x7ff) << 52) {
    uint16_t payload = (uint16_t)((magnitude & ((UINT64_C(1) << 52) - 1)) >>
                                  (52 - fraction_bits));
    return (uint16_t)(sign | infinity | 1 << (fraction_bits - 1) | payload);
  }
  int exponent = (int)(magnitude >> 52) - 1023;
  if (exponent > bias) {
    return (uint16_t)(sign | infinity);
  }
  if (exponent < -bias - fraction_bits) {
    return sign;
  }
  uint64_t significand = (magnitude & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1)
                                                                       << 52;
  int drop = 52 - fraction_bits;
  uint64_t base = 0;
  if (exponent < 1 - bias) {
    drop += 1 - bias - exponent;
  } else {
    base = (uint64_t)(exponent + bias - 1) << fraction_bits;
  }
  // The significand's leading bit carries into the exponent field.
  uint64_t kept = significand >> drop;
  uint64_t rest = significand & ((UINT64_C(1) << drop) - 1);
  uint64_t half = UINT64_C(1) << (drop - 1);
  kept += rest > half || (rest == half && (kept & 1));
  return (uint16_t)(sign | (base + kept));
}

__bf16 __truncdfbf2(double value) { return to_bf16(round_double(value, 8, 7)); }

_Float16 __truncdfhf2(double value) {
  return to_half(round_double(value, 5, 10));
}

_Float16 __truncsfhf2(float value) {
  return to_half(round_double(value, 5, 10));
}

float __extendhfsf2(_Float16 value) {
  uint16_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  uint32_t sign = (uint32_t)(bits >> 15) << 31;
  uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
  uint32_t result;
  if (exponent == 31) {
    result = 0x7f800000 | fraction << 13 | (fraction ? 0x400000 : 0);
  } else if (exponent != 0) {
    result = (exponent + 112) << 23 | fraction << 13;
  } else if (fraction != 0) {
    int shift = __builtin_clz(fraction) - 21;
    result = (uint32_t)(113 - shift) << 23 | (fraction << shift & 1023) << 13;
  } else {
    result = 0;
  }
  result |= sign;
  float extended;
  __builtin_memcpy(&extended, &result, sizeof extended);
  return extended;
}

static unsigned __int128 divide(unsigned __int128 a, unsigned __int128 b,
                                unsigned __int128 *remainder) {
  unsigned __int128 quotient = 0, rest = 0;
  for (int bit = 127; bit >= 0; --bit) {
    // `rest` may carry out of 128 bits when `b` is large.
    int carry = (int)(rest >> 127);
    rest = rest << 1 | (a >> bit & 1);
    if (carry || rest >= b) {
      rest -= b;
      quotient |= (unsigned __int128)1 << bit;
    }
  }
  *remainder = rest;
  return quotient;
}

unsigned __int128 __udivti3(unsigned __int128 a, unsigned __int128 b) {
  unsigned __int128 rest;
  return divide(a, b, &rest);
}

unsigned __int128 __umodti3(unsigned __int128 a, unsigned __int128 b) {
  unsigned __int128 rest;
  divide(a, b, &rest);
  return rest;
}

static inline unsigned __int128 magnitude(__int128 value) {
  return value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
}

__int128 __divti3(__int128 a, __int128 b) {
  unsigned __int128 rest;
  unsigned __int128 quotient = divide(magnitude(a), magnitude(b), &rest);
  return (__int128)((a < 0) != (b < 0) ? -quotient : quotient);
}

__int128 __modti3(__int128 a, __int128 b) {
  unsigned __int128 rest;
  divide(magnitude(a), magnitude(b), &rest);
  return (__int128)(a < 0 ? -rest : rest);
}
