//===- abi.cpp - reading the structs that callers fill --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi.h"

#include <cstdint>

using namespace moe::rt;

// A struct_size beyond this was never set.
static constexpr size_t largestStruct = 65536;

Status moe::rt::copySizedStruct(const char *name, const void *from, void *to,
                                size_t size) {
  if (!from) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "%s is NULL", name);
  }
  size_t given;
  memcpy(&given, from, sizeof(given));
  if (given < sizeof(size_t) || given > largestStruct) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s has struct_size %zu; set it to sizeof(%s)", name,
                         given, name);
  }
  const auto *bytes = static_cast<const uint8_t *>(from);
  for (size_t i = size; i < given; ++i) {
    if (bytes[i]) {
      return Status::error(
          MOE_RT_UNSUPPORTED,
          "%s sets fields this runtime does not know (it has %zu bytes, this "
          "runtime knows %zu); update the runtime",
          name, given, size);
    }
  }
  memset(to, 0, size);
  memcpy(to, from, given < size ? given : size);
  return Status();
}
