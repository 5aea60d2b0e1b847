//===- float_environment.h - rounding and exceptions of kernels -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_POOL_FLOAT_ENVIRONMENT_H
#define MOE_RT_SRC_POOL_FLOAT_ENVIRONMENT_H

#include <cstdint>

namespace moe::rt {

/// While it lives, this thread rounds to nearest, keeps denormals and traps
/// nothing, as environment.h promises to kernels; then the caller's state is
/// back, exception flags included.
class FloatEnvironment {
public:
#if defined(__x86_64__)
  FloatEnvironment() {
    savedMxcsr = __builtin_ia32_stmxcsr();
    if (savedMxcsr != wantedMxcsr) {
      __builtin_ia32_ldmxcsr(wantedMxcsr);
    }
    // Kernels hardly use the x87 unit, but its precision and rounding count
    // where they do.
    __asm__ volatile("fnstcw %0" : "=m"(savedX87));
    if (savedX87 != wantedX87) {
      setX87(wantedX87);
    }
  }
  ~FloatEnvironment() {
    __builtin_ia32_ldmxcsr(savedMxcsr);
    if (savedX87 != wantedX87) {
      setX87(savedX87);
    }
  }
#elif defined(__aarch64__)
  FloatEnvironment() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(savedControl));
    __asm__ volatile("mrs %0, fpsr" : "=r"(savedFlags));
    __asm__ volatile("msr fpcr, %0" ::"r"(uint64_t{0}));
  }
  ~FloatEnvironment() {
    __asm__ volatile("msr fpcr, %0" ::"r"(savedControl));
    __asm__ volatile("msr fpsr, %0" ::"r"(savedFlags));
  }
#else
#error "the floating-point environment of this architecture is not known"
#endif
  FloatEnvironment(const FloatEnvironment &) = delete;
  FloatEnvironment &operator=(const FloatEnvironment &) = delete;

private:
#if defined(__x86_64__)
  static constexpr uint32_t wantedMxcsr = 0x1F80;
  static constexpr uint16_t wantedX87 = 0x037F;

  static void setX87(uint16_t control) {
    __asm__ volatile("fldcw %0" ::"m"(control));
  }

  uint32_t savedMxcsr;
  uint16_t savedX87;
#else
  uint64_t savedControl;
  uint64_t savedFlags;
#endif
};

} // namespace moe::rt

#endif // MOE_RT_SRC_POOL_FLOAT_ENVIRONMENT_H
