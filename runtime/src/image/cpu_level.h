//===- cpu_level.h - which instruction sets the CPU has ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_IMAGE_CPU_LEVEL_H
#define MOE_RT_SRC_IMAGE_CPU_LEVEL_H

#include <cstdint>

namespace moe::rt {

/// What CPUID and XGETBV say, as far as the levels need it. All zero on other
/// architectures.
struct CpuFeatures {
  uint32_t leaf1Ecx = 0;
  uint32_t leaf7Ebx = 0;
  uint32_t extendedLeaf1Ecx = 0;
  /// Register state that the system saves; zero without OSXSAVE.
  uint64_t xcr0 = 0;
};

CpuFeatures readCpuFeatures();

/// The highest x86-64 level (enum moe_level) whose features are all there, or
/// 0 if that is less than v3.
int32_t cpuLevel(const CpuFeatures &features);

/// The level of this CPU.
int32_t cpuLevel();

} // namespace moe::rt

#endif // MOE_RT_SRC_IMAGE_CPU_LEVEL_H
