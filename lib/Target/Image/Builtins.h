//===- Builtins.h - the helper archive of images ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_IMAGE_BUILTINS_H
#define MOE_LIB_TARGET_IMAGE_BUILTINS_H

#include "moe/Support/LLVM.h"

namespace moe {

/// The object with the functions that LLVM calls on its own (mem*, remainders,
/// conversions), compiled for x86-64-v3, so that they have the same bits in
/// images of every level. It is part of the compiler.
StringRef getBuiltinsObject();

} // namespace moe

#endif // MOE_LIB_TARGET_IMAGE_BUILTINS_H
