//===- Compare.h - compares tensors -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOE_RUN_COMPARE_H
#define MOE_TOOLS_MOE_RUN_COMPARE_H

#include "moe_rt/types.h"

#include <cstddef>
#include <string>

namespace moe {

/// How two tensors of the same type and shape differ.
struct Difference {
  size_t elements = 0;
  /// Elements that do not satisfy |a - b| <= atol + rtol * |b|. NaN equals NaN;
  /// an infinity equals itself only.
  size_t wrong = 0;
  /// The largest |a - b|; NaN or infinite where only one of both is.
  double largest = 0;
  /// Where the wrong element with the largest |a - b| is, and its values.
  size_t worst = 0;
  double worstGot = 0;
  double worstWanted = 0;
};

/// Compares `count` elements: `got` are a, `wanted` are b.
Difference compareElements(moe_rt_dtype_t dtype, size_t count, const void *got,
                           const void *wanted, double rtol, double atol);

} // namespace moe

#endif // MOE_TOOLS_MOE_RUN_COMPARE_H
