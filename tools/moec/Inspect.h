//===- Inspect.h - shows what is in a package -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEC_INSPECT_H
#define MOE_TOOLS_MOEC_INSPECT_H

#include <string>

namespace moec {

/// Prints a package's manifest, sections, inputs, outputs and program to
/// stdout, for people or as one JSON object. Returns the tool's exit code.
int inspect(const std::string &path, bool json);

} // namespace moec

#endif // MOE_TOOLS_MOEC_INSPECT_H
