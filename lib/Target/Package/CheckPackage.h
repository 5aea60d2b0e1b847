//===- CheckPackage.h - loads what was written ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_PACKAGE_CHECKPACKAGE_H
#define MOE_LIB_TARGET_PACKAGE_CHECKPACKAGE_H

#include <string>

namespace moe {

/// Why the runtime does not load the package at `path`; empty if it does. This
/// checks what every load checks: the structure, the program and the code, but
/// no weights. `isBug` is false if only memory was missing.
std::string checkPackage(const std::string &path, bool &isBug);

} // namespace moe

#endif // MOE_LIB_TARGET_PACKAGE_CHECKPACKAGE_H
