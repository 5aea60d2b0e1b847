//===- environment.h - What a compiled kernel may rely on
//------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The contract between kernels that the compiler emits and the runtime that
// calls them. Plain C11, shared by both; no other header of either side may
// appear here. Versioned: a package's code sections say which major and minor
// they need, and the runtime refuses a newer major or minor than its own.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_CONTRACT_ENVIRONMENT_H
#define MOE_RT_CONTRACT_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOE_ENVIRONMENT_MAJOR 1
#define MOE_ENVIRONMENT_MINOR 0

/// One phase of a kernel over the items [begin, end). `arg` is the argument
/// block below. `worker` is in [0, max_workers) and never shared by two
/// running calls. Returns 0, or a kernel-defined code > 0 that fails the run
/// (MOE_KERNEL_* below). The floating-point environment is set by the caller:
/// round to nearest, denormals kept, exceptions masked. At most 64 KiB of
/// stack.
typedef int32_t (*moe_phase_fn)(void *arg, int64_t begin, int64_t end,
                                int32_t worker);

/// Failure codes a phase may return.
enum moe_kernel_code {
  MOE_KERNEL_OK = 0,
  /// An index operand (Gather, an expert id in a checked build) was out of
  /// range.
  MOE_KERNEL_INDEX_OUT_OF_RANGE = 1,
  /// An integer division or remainder by zero.
  MOE_KERNEL_DIVISION_BY_ZERO = 2
};

/// Argument block of a kernel: an array of 8-byte slots.
///
///   slot 0                 const struct moe_environment *
///   slot 1                 scratch: base pointer (64-byte aligned), or 0
///   slot 2                 scratch: bytes per worker; worker w owns
///                          [base + w * bytes, base + (w + 1) * bytes)
///   slot 3 .. 3+P-1        items of phase 0 .. P-1 (int64_t); an earlier
///                          phase may write the count of a later one
///   slot 3+P ..            arguments, in the kernel's order: for a tensor its
///                          pointer and then each of its dynamic dimensions
///                          (int64_t, outermost first); for a scalar one
///                          int64_t; for a weight its pointer; for an expert
///                          pool the base pointer, then const int32_t
///                          *slot_of.
///
/// Tensors are dense and row-major and have at least element alignment;
/// buffers placed by the runtime and weights are 64-byte aligned. Booleans are
/// one byte, 0 or 1.
enum moe_argument_slot {
  MOE_SLOT_ENVIRONMENT = 0,
  MOE_SLOT_SCRATCH = 1,
  MOE_SLOT_SCRATCH_STRIDE = 2,
  MOE_SLOT_FIRST_ITEMS = 3
};

/// The one exported symbol of a code image: an array of moe_phase_fn, the
/// phases of kernel 0, then those of kernel 1, ..., in the order of the
/// package's kernel table.
#define MOE_IMAGE_PHASES_SYMBOL "moe_kernel_phases"

/// Code for one level in an object that `moec --emit=object` wrote.
struct moe_linked_level {
  uint32_t level; ///< enum moe_level
  uint32_t phase_count;
  /// As MOE_IMAGE_PHASES_SYMBOL.
  const moe_phase_fn *phases;
  /// Hash of the package's IMAGE section that was linked from the same code
  /// (moe_package_section::hash).
  uint8_t identity[32];
};

/// The one global symbol of such an object. Append-only, as its elements: a
/// reader refuses smaller sizes than it knows and skips what larger ones add.
struct moe_linked_code {
  size_t struct_size;                    ///< of this struct
  size_t level_size;                     ///< of an element of `levels`
  size_t level_count;                    ///< at least 1
  const struct moe_linked_level *levels; ///< each level at most once
};

/// Its name unless the compiler is told another one.
#define MOE_LINKED_CODE_SYMBOL "moe_linked_code"

/// A list entry for `parallel`: a phase and where its item count is read
/// (slot index in `arg`), at the moment the phase starts.
struct moe_phase {
  moe_phase_fn fn;
  int64_t items_slot;
  /// Items that make one claim worth its cost; at least 1.
  int64_t grain;
};

struct moe_core_table {
  size_t size;
  /// Runs `n` phases with a barrier between them; returns the first failure
  /// code or 0. Nested calls from inside a phase run inline on the caller.
  int32_t (*parallel)(void *context, const struct moe_phase *phases, int64_t n,
                      void *arg);
};

/// What a kernel sees of its host. Append-only; `size` and the version guard
/// growth. Further tables are found by id.
struct moe_environment {
  size_t size;
  uint16_t major;
  uint16_t minor;
  int32_t max_workers;
  void *context;
  const struct moe_core_table *core;
};

#ifdef __cplusplus
} // extern "C"
#endif

#endif // MOE_RT_CONTRACT_ENVIRONMENT_H
