//===- allocation.cpp - memory inside the runtime -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "allocation.h"

#include "abi.h"

#include <cstdlib>

using namespace moe::rt;

static void *systemAllocate(void *, size_t size, size_t alignment) {
  if (alignment <= alignof(std::max_align_t)) {
    return malloc(size);
  }
  void *pointer = nullptr;
  return posix_memalign(&pointer, alignment, size) ? nullptr : pointer;
}

static void systemDeallocate(void *, void *pointer, size_t, size_t) {
  free(pointer);
}

Allocator::Allocator()
    : impl{sizeof(moe_rt_allocator_t), nullptr, systemAllocate,
           systemDeallocate} {}

Status Allocator::fromC(const moe_rt_allocator_t *allocator,
                        Allocator &result) {
  result = Allocator();
  if (!allocator) {
    return Status();
  }
  MOE_RT_RETURN_IF_ERROR(
      copyStruct("moe_rt_allocator_t", allocator, result.impl));
  if (!result.impl.allocate || !result.impl.deallocate) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "moe_rt_allocator_t needs both allocate and "
                         "deallocate");
  }
  result.custom = true;
  return Status();
}

void *Allocator::allocate(size_t size, size_t alignment) const {
  return impl.allocate(impl.context, size, alignment < 8 ? 8 : alignment);
}

void Allocator::deallocate(void *pointer, size_t size, size_t alignment) const {
  impl.deallocate(impl.context, pointer, size, alignment < 8 ? 8 : alignment);
}
