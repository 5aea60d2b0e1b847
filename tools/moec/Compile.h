//===- Compile.h - a model to a package -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEC_COMPILE_H
#define MOE_TOOLS_MOEC_COMPILE_H

#include "moe/Pipelines/Pipelines.h"
#include "moe/Target/Image.h"

#include "moe_rt/contract/environment.h"

#include "llvm/ADT/SmallVector.h"

#include <string>

namespace moec {

/// Exit codes of all tools.
enum ExitCode { Success = 0, Failed = 1, Usage = 2, Internal = 70 };

struct CompileOptions {
  std::string input;
  std::string output;
  moe::Phase compileTo = moe::Phase::Package;
  /// Where the IR after each phase is written; empty: nowhere.
  std::string dumpDirectory;
  /// A folder that symbolic links of external data may lead into; may be empty.
  std::string externalDataRoot;
  /// Where a reproducer is written if a pass fails; empty: beside the output.
  std::string reproducer;
  llvm::SmallVector<moe::Level> levels;
  bool timing = false;
  /// Write an object with the code of the kernels instead of a package.
  bool emitObject = false;
  /// Name of the object's symbol.
  std::string symbol = MOE_LINKED_CODE_SYMBOL;
};

/// Compiles `options.input` and returns the tool's exit code. Diagnostics go to
/// stderr.
int compile(const CompileOptions &options);

} // namespace moec

#endif // MOE_TOOLS_MOEC_COMPILE_H
