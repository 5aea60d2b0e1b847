//===- Varints.cpp - numbers as protobuf packs them -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/Varints.h"

using namespace moe;

/// Of 64 bits, 7 to a byte.
static constexpr unsigned kMaxLength = 10;

std::optional<uint64_t> moe::countVarints(llvm::ArrayRef<char> packed) {
  uint64_t count = 0;
  unsigned length = 0;
  for (char byte : packed) {
    if (++length > kMaxLength) {
      return std::nullopt;
    }
    if ((byte & 0x80) == 0) {
      ++count;
      length = 0;
    }
  }
  return length == 0 ? std::optional(count) : std::nullopt;
}

std::string moe::decodeVarints(llvm::ArrayRef<char> packed, unsigned width) {
  std::string bytes;
  bytes.reserve(countVarints(packed).value_or(0) * width);
  uint64_t value = 0;
  unsigned shift = 0;
  for (char byte : packed) {
    if (shift < 64) {
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    }
    shift += 7;
    if ((byte & 0x80) == 0) {
      for (unsigned i = 0; i < width; ++i) {
        bytes.push_back(static_cast<char>(value >> (8 * i)));
      }
      value = 0;
      shift = 0;
    }
  }
  return bytes;
}
