//===- DataObjects.h - objects that hold tables -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_IMAGE_DATAOBJECTS_H
#define MOE_LIB_TARGET_IMAGE_DATAOBJECTS_H

#include "moe/Target/Image.h"

#include <string>

namespace moe {

/// An object that exports an array of the functions `phases` as `symbol`.
std::string emitPhaseTable(ArrayRef<std::string> phases, Level level,
                           StringRef symbol);

/// An object that exports a `moe_linked_code` of contract/environment.h as
/// `symbol`. The arrays of phases are those of linkLevel().
std::string emitLinkedCode(ArrayRef<LinkedLevel> levels, StringRef symbol);

/// Name of the array of phases of a level, which no program in C can have.
std::string getPhasesSymbol(Level level);

} // namespace moe

#endif // MOE_LIB_TARGET_IMAGE_DATAOBJECTS_H
