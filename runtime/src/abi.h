//===- abi.h - reading the structs that callers fill ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_ABI_H
#define MOE_RT_SRC_ABI_H

#include "status.h"

#include <cstddef>
#include <cstring>

namespace moe::rt {

/// Copies a struct that starts with struct_size, as moe_rt.h describes: what an
/// older caller lacks becomes zero, what a newer one adds must be zero.
Status copySizedStruct(const char *name, const void *from, void *to,
                       size_t size);

template <typename T>
Status copyStruct(const char *name, const T *from, T &to) {
  static_assert(offsetof(T, struct_size) == 0);
  MOE_RT_RETURN_IF_ERROR(copySizedStruct(name, from, &to, sizeof(T)));
  to.struct_size = sizeof(T);
  return Status();
}

/// For structs that the library fills: writes as much of `from` as the caller's
/// struct has room for and leaves its struct_size.
template <typename T>
Status fillStruct(const char *name, const T &from, T *to) {
  static_assert(offsetof(T, struct_size) == 0);
  if (!to) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "%s is NULL", name);
  }
  size_t size = to->struct_size;
  if (size < sizeof(size_t)) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s has struct_size %zu; set it to sizeof(%s)", name,
                         size, name);
  }
  memcpy(reinterpret_cast<char *>(to) + sizeof(size_t),
         reinterpret_cast<const char *>(&from) + sizeof(size_t),
         (size < sizeof(T) ? size : sizeof(T)) - sizeof(size_t));
  return Status();
}

} // namespace moe::rt

#endif // MOE_RT_SRC_ABI_H
