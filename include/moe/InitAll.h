//===- InitAll.h - registers everything of ours -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INITALL_H
#define MOE_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moe {

/// Adds moec's dialects and their interface models to `registry`. Upstream
/// dialects are the caller's business.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers moec's passes and pipelines with MLIR's global pass registry.
/// Call it once per process.
void registerAllPasses();

} // namespace moe

#endif // MOE_INITALL_H
