//===- Linker.h - runs the linker on bytes ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_IMAGE_LINKER_H
#define MOE_LIB_TARGET_IMAGE_LINKER_H

#include "moe/Support/LLVM.h"

#include "llvm/ADT/StringRef.h"

#include <string>

namespace moe {

/// An input of the linker; the name is for its messages.
struct LinkerInput {
  std::string name;
  StringRef bytes;
};

/// Runs the linker with `flags` and returns the bytes of what it writes. Its
/// state is global, so calls wait for one another. On failure `message` says
/// why, and `isBug` becomes false if a temporary file could not be written.
FailureOr<std::string> runLinker(ArrayRef<LinkerInput> inputs,
                                 ArrayRef<const char *> flags,
                                 std::string &message, bool *isBug);

} // namespace moe

#endif // MOE_LIB_TARGET_IMAGE_LINKER_H
