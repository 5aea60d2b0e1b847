//===- Compare.cpp - compares tensors -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compare.h"

#include <cmath>
#include <cstdint>
#include <cstring>

using namespace moe;

/// Every element type is exact in this one, which has 64 bits of mantissa.
using Wide = long double;

static Wide halfToWide(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  int mantissa = bits & 1023;
  Wide value;
  if (exponent == 31) {
    value = mantissa ? NAN : INFINITY;
  } else if (exponent) {
    value = std::ldexp(Wide(mantissa | 1024), exponent - 25);
  } else {
    value = std::ldexp(Wide(mantissa), -24);
  }
  return bits & 0x8000 ? -value : value;
}

static Wide bfloatToWide(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  memcpy(&value, &wide, sizeof(value));
  return value;
}

template <typename T>
static Wide readAs(const void *data, size_t index) {
  T value;
  memcpy(&value, static_cast<const char *>(data) + index * sizeof(T),
         sizeof(T));
  return Wide(value);
}

static Wide readElement(moe_rt_dtype_t dtype, const void *data, size_t index) {
  switch (dtype) {
  case MOE_RT_DTYPE_BOOL:
  case MOE_RT_DTYPE_U8:
    return readAs<uint8_t>(data, index);
  case MOE_RT_DTYPE_I8:
    return readAs<int8_t>(data, index);
  case MOE_RT_DTYPE_U16:
    return readAs<uint16_t>(data, index);
  case MOE_RT_DTYPE_I16:
    return readAs<int16_t>(data, index);
  case MOE_RT_DTYPE_U32:
    return readAs<uint32_t>(data, index);
  case MOE_RT_DTYPE_I32:
    return readAs<int32_t>(data, index);
  case MOE_RT_DTYPE_U64:
    return readAs<uint64_t>(data, index);
  case MOE_RT_DTYPE_I64:
    return readAs<int64_t>(data, index);
  case MOE_RT_DTYPE_F16:
    return halfToWide(uint16_t(readAs<uint16_t>(data, index)));
  case MOE_RT_DTYPE_BF16:
    return bfloatToWide(uint16_t(readAs<uint16_t>(data, index)));
  case MOE_RT_DTYPE_F32:
    return readAs<float>(data, index);
  case MOE_RT_DTYPE_F64:
    return readAs<double>(data, index);
  }
  return NAN;
}

Difference moe::compareElements(moe_rt_dtype_t dtype, size_t count,
                                const void *got, const void *wanted,
                                double rtol, double atol) {
  Difference result;
  result.elements = count;
  Wide worst = -1;
  for (size_t i = 0; i < count; ++i) {
    Wide a = readElement(dtype, got, i);
    Wide b = readElement(dtype, wanted, i);
    if (a == b || (std::isnan(a) && std::isnan(b))) {
      continue;
    }
    Wide difference = std::fabs(a - b);
    if (std::isnan(difference) || difference > result.largest) {
      result.largest = double(difference);
    }
    // An infinite b would allow anything.
    if (std::isfinite(b) && difference <= Wide(atol) + Wide(rtol) * fabsl(b)) {
      continue;
    }
    ++result.wrong;
    // NaN is worse than any number.
    Wide badness = std::isnan(difference) ? INFINITY : difference;
    if (badness > worst) {
      worst = badness;
      result.worst = i;
      result.worstGot = double(a);
      result.worstWanted = double(b);
    }
  }
  return result;
}
