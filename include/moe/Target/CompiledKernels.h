//===- CompiledKernels.h - what code generation hands on --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_COMPILEDKERNELS_H
#define MOE_TARGET_COMPILEDKERNELS_H

#include "moe/Support/LLVM.h"
#include "moe/Target/Image.h"

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moe {

/// A phase of a compiled kernel.
struct CompiledPhase {
  /// Items that make one claim worth its cost.
  int64_t grain;
};

/// An entry of the kernel table.
struct CompiledKernel {
  std::string name;
  SmallVector<CompiledPhase> phases;
  /// Slots after the items of the phases.
  int64_t argumentSlots;
  /// Per worker, a multiple of 64.
  int64_t scratchBytes;
};

/// An image for one level; its bytes are an ELF file.
struct CodeImage {
  Level level;
  std::string bytes;
  /// The same code for linkObject(), where it was asked for.
  std::string object;
};

struct CompiledKernels {
  /// In the order of the module's functions; phases in the images' arrays
  /// follow one another in this order.
  std::vector<CompiledKernel> kernels;
  std::vector<CodeImage> images;
};

} // namespace moe

#endif // MOE_TARGET_COMPILEDKERNELS_H
