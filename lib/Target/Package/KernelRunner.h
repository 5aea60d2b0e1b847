//===- KernelRunner.h - runs compiled kernels in this process ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_PACKAGE_KERNELRUNNER_H
#define MOE_LIB_TARGET_PACKAGE_KERNELRUNNER_H

#include "moe/Target/CompiledKernels.h"

#include "allocation.h"
#include "image/image.h"
#include "pool/pool.h"

#include "llvm/ADT/StringMap.h"

namespace moe {

/// Runs kernels of a code image on the runtime's own loader and threads.
class KernelRunner {
public:
  /// Loads the one image of `kernels`, which must outlive the runner; on failure
  /// `message` says why.
  LogicalResult load(const CompiledKernels &kernels, std::string &message);

  /// Runs a kernel with its arguments (slots after the item counts).
  LogicalResult run(StringRef name, ArrayRef<int64_t> arguments,
                    std::string &message);

private:
  struct Entry {
    const CompiledKernel *kernel;
    size_t firstPhase;
  };

  rt::Allocator allocator;
  rt::Image image;
  rt::Owned<rt::Pool> pool;
  llvm::StringMap<Entry> entries;
  std::vector<char> scratch;
};

} // namespace moe

#endif // MOE_LIB_TARGET_PACKAGE_KERNELRUNNER_H
