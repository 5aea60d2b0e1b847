//===- Varints.h - numbers as protobuf packs them ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_VARINTS_H
#define MOE_SUPPORT_VARINTS_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace moe {

/// How many numbers a packed field holds; nothing if it is none.
std::optional<uint64_t> countVarints(llvm::ArrayRef<char> packed);

/// The numbers of a packed field, each cut to `width` bytes, little-endian.
std::string decodeVarints(llvm::ArrayRef<char> packed, unsigned width);

} // namespace moe

#endif // MOE_SUPPORT_VARINTS_H
