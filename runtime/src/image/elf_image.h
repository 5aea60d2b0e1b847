//===- elf_image.h - checks the ELF image of compiled kernels ---------*- C++
//-*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_IMAGE_ELF_IMAGE_H
#define MOE_RT_SRC_IMAGE_ELF_IMAGE_H

#include "status.h"

#include <cstddef>
#include <cstdint>
#include <elf.h>

namespace moe::rt {

/// A checked image. Points into the bytes it was parsed from.
struct ElfImage {
  /// Segments are apart by at least this, so that pages of any size up to it
  /// can be protected one by one.
  static constexpr uint64_t segmentAlignment = 65536;
  static constexpr int maxSegments = 16;

  struct Segment {
    uint64_t address; ///< relative to where the image is placed
    uint64_t memoryBytes;
    uint64_t fileOffset;
    uint64_t fileBytes;
    bool executable; ///< else it is only read once relocations are done
    bool relocated;  ///< relocations may change it
  };

  const uint8_t *bytes = nullptr;
  Segment segments[maxSegments];
  int segmentCount = 0;
  /// Memory for all segments, a multiple of segmentAlignment.
  uint64_t span = 0;
  /// Relative relocations, checked.
  const Elf64_Rela *relocations = nullptr;
  uint64_t relocationCount = 0;
  /// Relative address of the table of phases; 0 if there are none.
  uint64_t phasesAddress = 0;

  /// The segment that holds all of these bytes of memory, or NULL.
  const Segment *find(uint64_t address, uint64_t size) const;
};

/// Checks everything that placing, relocating and calling the image relies on:
/// an ELF64 shared object for x86-64 whose segments are aligned to 64 KiB,
/// disjoint and never writable and executable at once, with relative
/// relocations only, and without thread-local storage, constructors,
/// IFUNCs, undefined symbols, needed libraries or data that stays writable. The
/// table of `phaseCount` phases is looked up in .dynsym. `bytes` must be
/// aligned to 8 and not change while the result is used. Errors are
/// invalid_argument and say what is wrong, without naming the image.
Status parseElf(const uint8_t *bytes, uint64_t size, uint32_t phaseCount,
                ElfImage &image);

} // namespace moe::rt

#endif // MOE_RT_SRC_IMAGE_ELF_IMAGE_H
