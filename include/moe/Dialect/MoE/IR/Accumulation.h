//===- Accumulation.h - the order in which products add up ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_ACCUMULATION_H
#define MOE_DIALECT_MOE_IR_ACCUMULATION_H

#include <cstdint>

namespace moe {

/// Steps over K in one chain of fma of a product; the sums of the chains are
/// added in ascending order. Part of what moe.grouped_matmul and
/// moe.panel_matmul mean: another number gives other bits.
inline constexpr int64_t kChainLength = 256;

} // namespace moe

#endif // MOE_DIALECT_MOE_IR_ACCUMULATION_H
