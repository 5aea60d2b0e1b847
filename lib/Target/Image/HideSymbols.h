//===- HideSymbols.h - what an object exports -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_IMAGE_HIDESYMBOLS_H
#define MOE_LIB_TARGET_IMAGE_HIDESYMBOLS_H

#include "moe/Support/LLVM.h"

#include <string>

namespace moe {

/// Makes every symbol of a relocatable object local but `symbol`, so that two
/// objects never clash, and drops sections that only a linker of LLVM reads.
FailureOr<std::string> hideSymbols(StringRef object, StringRef symbol,
                                   std::string &message);

} // namespace moe

#endif // MOE_LIB_TARGET_IMAGE_HIDESYMBOLS_H
