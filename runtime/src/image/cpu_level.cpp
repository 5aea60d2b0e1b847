//===- cpu_level.cpp - which instruction sets the CPU has -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "image/cpu_level.h"

#include "moe_rt/contract/package.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

using namespace moe::rt;

CpuFeatures moe::rt::readCpuFeatures() {
  CpuFeatures features;
#ifdef __x86_64__
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    features.leaf1Ecx = c;
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    features.leaf7Ebx = b;
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
    features.extendedLeaf1Ecx = c;
  }
  constexpr uint32_t osxsave = 1U << 27;
  if (features.leaf1Ecx & osxsave) {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    features.xcr0 = uint64_t{high} << 32 | low;
  }
#endif
  return features;
}

int32_t moe::rt::cpuLevel(const CpuFeatures &features) {
  // v2 (CMPXCHG16B, POPCNT, SSE3, SSSE3, SSE4.1, SSE4.2), AVX, F16C, FMA,
  // MOVBE, OSXSAVE; LAHF-SAHF and LZCNT; AVX2, BMI1, BMI2.
  constexpr uint32_t v3Leaf1 = 1U << 0 | 1U << 9 | 1U << 12 | 1U << 13 |
                               1U << 19 | 1U << 20 | 1U << 22 | 1U << 23 |
                               1U << 27 | 1U << 28 | 1U << 29;
  constexpr uint32_t v3Extended = 1U << 0 | 1U << 5;
  constexpr uint32_t v3Leaf7 = 1U << 3 | 1U << 5 | 1U << 8;
  // AVX512 F, DQ, CD, BW, VL.
  constexpr uint32_t v4Leaf7 =
      1U << 16 | 1U << 17 | 1U << 28 | 1U << 30 | 1U << 31;
  // XMM and YMM; opmask and ZMM.
  constexpr uint64_t v3State = 0x06;
  constexpr uint64_t v4State = 0xe6;
  auto has = [](uint64_t value, uint64_t bits) {
    return (value & bits) == bits;
  };
  if (!has(features.leaf1Ecx, v3Leaf1) ||
      !has(features.extendedLeaf1Ecx, v3Extended) ||
      !has(features.leaf7Ebx, v3Leaf7) || !has(features.xcr0, v3State)) {
    return 0;
  }
  return has(features.leaf7Ebx, v4Leaf7) && has(features.xcr0, v4State)
             ? MOE_LEVEL_X86_64_V4
             : MOE_LEVEL_X86_64_V3;
}

int32_t moe::rt::cpuLevel() { return cpuLevel(readCpuFeatures()); }
