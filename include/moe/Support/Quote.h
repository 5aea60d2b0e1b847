//===- Quote.h - names from files in messages -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_QUOTE_H
#define MOE_SUPPORT_QUOTE_H

#include "moe/Support/LLVM.h"

#include <string>

namespace moe {

/// Text with control characters as `\x0a`, since a terminal may obey them.
std::string escapeControls(StringRef text);

/// A name in single quotes, to be shown: control characters are escaped, since
/// a terminal may obey them, and what is longer than 200 characters is cut.
std::string quote(StringRef name);

} // namespace moe

#endif // MOE_SUPPORT_QUOTE_H
