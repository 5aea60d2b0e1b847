//===- Kernel.h - what kernel passes agree on -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel is a private func.func with the unit attribute `moe.kernel`. Its
// last `moe.outs` tensor arguments are destinations and its results are those
// destinations, written. Other integer and index arguments are scalars. A
// tensor argument with `moe.pool = {stride, offset}` is an expert pool.
//
// At the top level of a bufferised kernel an `scf.forall` is a phase: its
// iterations are the phase's items and may run in any order on any worker.
// Whatever else has effects there runs on one worker, between its neighbours.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CODEGEN_KERNEL_H
#define MOE_CODEGEN_KERNEL_H

#include "moe/Support/LLVM.h"

#include "llvm/ADT/StringRef.h"

namespace moe {
namespace kernel {

/// Unit attribute of a function that is a kernel.
inline constexpr llvm::StringLiteral kKernelAttr = "moe.kernel";
/// How many of the last tensor arguments are destinations; an integer.
inline constexpr llvm::StringLiteral kOutsAttr = "moe.outs";
/// On a tensor argument that lies in expert slots: {stride, offset} in bytes.
inline constexpr llvm::StringLiteral kPoolAttr = "moe.pool";
/// On an index argument that no caller passes: how many workers there may be.
inline constexpr llvm::StringLiteral kWorkersAttr = "moe.workers";
/// On a phase's scf.forall: items that make one claim worth its cost.
inline constexpr llvm::StringLiteral kGrainAttr = "moe.grain";
/// On the scf.for over an item range that this loop belongs to.
inline constexpr llvm::StringLiteral kScratchAttr = "moe.scratch";
/// On the module, after outlining: one dictionary per kernel, in order, with
/// `name`, `phases` (array of {symbol, grain}), `slots` and `scratch`.
inline constexpr llvm::StringLiteral kTableAttr = "moe.kernels";

/// Scratch blocks and the parts in them start at multiples of this.
inline constexpr int64_t kScratchAlignment = 64;

} // namespace kernel
} // namespace moe

#endif // MOE_CODEGEN_KERNEL_H
