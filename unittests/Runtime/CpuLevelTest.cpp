//===- CpuLevelTest.cpp - which instruction sets the CPU has --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "image/cpu_level.h"

#include <gtest/gtest.h>

using namespace moe::rt;

namespace {

/// A CPU with everything.
CpuFeatures everything() { return {~0U, ~0U, ~0U, ~uint64_t{0}}; }

TEST(CpuLevel, NeedsEveryFeatureAndTheSystemsSupport) {
  EXPECT_EQ(cpuLevel(everything()), 4);
  EXPECT_EQ(cpuLevel(CpuFeatures()), 0);

  CpuFeatures noZmm = everything();
  noZmm.xcr0 = 0x07;
  EXPECT_EQ(cpuLevel(noZmm), 3);
  CpuFeatures noYmm = everything();
  noYmm.xcr0 = 0x03;
  EXPECT_EQ(cpuLevel(noYmm), 0);

  for (uint32_t bit : {16, 17, 28, 30, 31}) {
    CpuFeatures features = everything();
    features.leaf7Ebx &= ~(1U << bit);
    EXPECT_EQ(cpuLevel(features), 3) << bit;
  }
  for (uint32_t bit : {3, 5, 8}) {
    CpuFeatures features = everything();
    features.leaf7Ebx &= ~(1U << bit);
    EXPECT_EQ(cpuLevel(features), 0) << bit;
  }
  for (uint32_t bit : {0, 9, 12, 13, 19, 20, 22, 23, 27, 28, 29}) {
    CpuFeatures features = everything();
    features.leaf1Ecx &= ~(1U << bit);
    EXPECT_EQ(cpuLevel(features), 0) << bit;
  }
  for (uint32_t bit : {0, 5}) {
    CpuFeatures features = everything();
    features.extendedLeaf1Ecx &= ~(1U << bit);
    EXPECT_EQ(cpuLevel(features), 0) << bit;
  }
}

TEST(CpuLevel, AgreesWithTheCompiler) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
            __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") &&
            __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512cd");
  EXPECT_EQ(cpuLevel(), v4 ? 4 : v3 ? 3 : 0);
#endif
}

} // namespace
