//===- Check.cpp - comparisons for test programs --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program in a test declares one of
//
//   func.func private @check_almost_eq_f32(
//       tensor<*xf32> {bufferization.access = "read"},
//       tensor<*xf32> {bufferization.access = "read"}, f32, f32)
//     attributes {llvm.emit_c_interface}
//   func.func private @check_eq_i32(
//       tensor<*xi32> {bufferization.access = "read"},
//       tensor<*xi32> {bufferization.access = "read"})
//     attributes {llvm.emit_c_interface}
//
// and calls it with the actual value first. Numbers a and b are almost equal if
// |a - b| ≤ atol + rtol·|b|, or both are NaN, or they are one infinity. With
// both tolerances 0 they must have the same bits, unless both are NaN. A
// difference, also of the shapes, ends the process with exit code 1.
//
//===----------------------------------------------------------------------===//

#include "mlir/ExecutionEngine/CRunnerUtils.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

template <typename T>
static bool sameShape(DynamicMemRefType<T> a, DynamicMemRefType<T> b) {
  if (a.rank != b.rank) {
    return false;
  }
  for (int64_t i = 0; i < a.rank; ++i) {
    if (a.sizes[i] != b.sizes[i]) {
      return false;
    }
  }
  return true;
}

/// Calls `check(index, actual, expected)` on all elements in row-major order.
template <typename T, typename Check>
static void forEach(UnrankedMemRefType<T> *actual,
                    UnrankedMemRefType<T> *expected, Check check) {
  DynamicMemRefType<T> a(*actual), b(*expected);
  if (!sameShape(a, b)) {
    std::fprintf(stderr, "check failed: shapes differ\n");
    std::exit(1);
  }
  int64_t count = 1;
  for (int64_t i = 0; i < a.rank; ++i) {
    count *= a.sizes[i];
  }
  for (int64_t flat = 0; flat < count; ++flat) {
    int64_t rest = flat, atA = a.offset, atB = b.offset;
    for (int64_t i = a.rank - 1; i >= 0; --i) {
      int64_t index = rest % a.sizes[i];
      rest /= a.sizes[i];
      atA += index * a.strides[i];
      atB += index * b.strides[i];
    }
    check(flat, a.data[atA], b.data[atB]);
  }
}

extern "C" void
_mlir_ciface_check_almost_eq_f32(UnrankedMemRefType<float> *actual,
                                 UnrankedMemRefType<float> *expected,
                                 float rtol, float atol) {
  bool failed = false;
  forEach<float>(actual, expected, [&](int64_t i, float a, float b) {
    bool same = std::isnan(a) && std::isnan(b);
    if (rtol == 0 && atol == 0) {
      same = same || std::memcmp(&a, &b, sizeof(a)) == 0;
    } else {
      same = same || a == b || std::fabs(a - b) <= atol + rtol * std::fabs(b);
    }
    if (!same) {
      std::fprintf(stderr,
                   "check failed: element %lld is %.9g, expected %.9g\n",
                   static_cast<long long>(i), a, b);
      failed = true;
    }
  });
  if (failed) {
    std::exit(1);
  }
}

extern "C" void
_mlir_ciface_check_eq_i32(UnrankedMemRefType<int32_t> *actual,
                          UnrankedMemRefType<int32_t> *expected) {
  bool failed = false;
  forEach<int32_t>(actual, expected, [&](int64_t i, int32_t a, int32_t b) {
    if (a != b) {
      std::fprintf(stderr, "check failed: element %lld is %d, expected %d\n",
                   static_cast<long long>(i), a, b);
      failed = true;
    }
  });
  if (failed) {
    std::exit(1);
  }
}
