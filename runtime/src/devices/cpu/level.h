//===- level.h - the instruction-set level of this CPU ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_DEVICES_CPU_LEVEL_H
#define MOE_RT_SRC_DEVICES_CPU_LEVEL_H

#include "moe_rt/contract/package.h"

#include <cstdint>

namespace moe::rt {

/// The highest level (enum moe_level) that this CPU and its system run, or 0.
inline int32_t hostCpuLevel() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) {
    return MOE_LEVEL_X86_64_V4;
  }
  if (__builtin_cpu_supports("x86-64-v3")) {
    return MOE_LEVEL_X86_64_V3;
  }
#endif
  return 0;
}

} // namespace moe::rt

#endif // MOE_RT_SRC_DEVICES_CPU_LEVEL_H
