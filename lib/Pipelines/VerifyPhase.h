//===- VerifyPhase.h - the border of each phase -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_PIPELINES_VERIFYPHASE_H
#define MOE_LIB_PIPELINES_VERIFYPHASE_H

#include "moe/Pipelines/Pipelines.h"

#include <memory>

namespace mlir {
class Pass;
} // namespace mlir

namespace moe {

/// `moe-verify-<phase>`: fails where something is left that the phase's contract
/// (docs/pipelines.md) rules out, and where a cast is unresolved or a constant
/// over 64 KiB stands in the IR.
std::unique_ptr<mlir::Pass> createVerifyPhasePass(Phase phase);

/// Registers one for each phase up to bufferize.
void registerVerifyPhasePasses();

} // namespace moe

#endif // MOE_LIB_PIPELINES_VERIFYPHASE_H
