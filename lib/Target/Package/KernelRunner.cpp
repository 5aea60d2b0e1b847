//===- KernelRunner.cpp - runs compiled kernels in this process -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include "moe_rt/contract/environment.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

using namespace moe;

LogicalResult KernelRunner::load(const CompiledKernels &kernels,
                                 std::string &message) {
  size_t phases = 0;
  for (const CompiledKernel &kernel : kernels.kernels) {
    entries[kernel.name] = {&kernel, phases};
    phases += kernel.phases.size();
  }
  const std::string &bytes = kernels.images.front().bytes;
  rt::Status status = rt::Image::load(
      "weights", reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(),
      phases, {}, rt::Log(), image);
  if (status.ok()) {
    status = rt::Pool::create(allocator, {}, pool);
  }
  if (!status.ok()) {
    message = status.message();
    return failure();
  }
  return success();
}

LogicalResult KernelRunner::run(StringRef name, ArrayRef<int64_t> arguments,
                                std::string &message) {
  auto entry = entries.find(name);
  if (entry == entries.end()) {
    message = "there is no kernel '" + name.str() + "'";
    return failure();
  }
  const CompiledKernel &kernel = *entry->second.kernel;
  if (static_cast<int64_t>(arguments.size()) != kernel.argumentSlots) {
    message = "kernel '" + name.str() + "' takes " +
              std::to_string(kernel.argumentSlots) + " arguments, but got " +
              std::to_string(arguments.size());
    return failure();
  }
  constexpr size_t alignment = 64;
  size_t needed = kernel.scratchBytes * pool->maxWorkers() + alignment;
  if (scratch.size() < needed) {
    scratch.resize(needed);
  }
  SmallVector<int64_t, 32> block(MOE_SLOT_FIRST_ITEMS);
  block[MOE_SLOT_ENVIRONMENT] =
      reinterpret_cast<intptr_t>(pool->environment());
  block[MOE_SLOT_SCRATCH] = llvm::alignTo(
      reinterpret_cast<uintptr_t>(scratch.data()), alignment);
  block[MOE_SLOT_SCRATCH_STRIDE] = kernel.scratchBytes;
  SmallVector<moe_phase> phases;
  for (auto [index, phase] : llvm::enumerate(kernel.phases)) {
    phases.push_back({image.phases()[entry->second.firstPhase + index],
                      static_cast<int64_t>(block.size()), phase.grain});
    block.push_back(index == 0 ? 1 : 0);
  }
  block.append(arguments.begin(), arguments.end());
  if (int32_t code = pool->run(phases.data(), phases.size(), block.data())) {
    message = "kernel '" + name.str() + "' failed with code " +
              std::to_string(code);
    return failure();
  }
  return success();
}
