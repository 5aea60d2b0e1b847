//===- ProgramFuzzer.h - the package around a fuzzed program ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_FUZZ_PROGRAMFUZZER_H
#define MOE_RUNTIME_FUZZ_PROGRAMFUZZER_H

#include "moe_rt/contract/package.h"

namespace moe::fuzz {

/// Sections that a program may refer to, as SmallModel of the unit tests has
/// them: weights are section 2, a pool section 3.
constexpr uint32_t sectionCount = 5;
constexpr uint32_t sectionTypes[sectionCount] = {
    MOE_SECTION_PROGRAM, MOE_SECTION_IMAGE, MOE_SECTION_WEIGHTS,
    MOE_SECTION_POOL, MOE_SECTION_CONSTANTS};
constexpr uint64_t sectionBytes[sectionCount] = {4096, 4096, 4096, 16384, 4096};

inline void fillSections(moe_package_section *table) {
  for (uint32_t i = 0; i < sectionCount; ++i) {
    table[i] = {};
    table[i].type = sectionTypes[i];
    table[i].size = table[i].payload_length = sectionBytes[i];
  }
}

} // namespace moe::fuzz

#endif // MOE_RUNTIME_FUZZ_PROGRAMFUZZER_H
