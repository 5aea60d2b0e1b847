//===- model.h - loading packages -------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_MODEL_H
#define MOE_RT_MODEL_H

#include "moe_rt/export.h"
#include "moe_rt/status.h"
#include "moe_rt/types.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A package that was loaded: its program, its code and its weights.
 *
 * Lifetime: from moe_rt_model_load_* to moe_rt_model_free; sessions keep it
 * alive, so that one freed before its sessions ends with the last of them.
 * Ownership: it owns everything but the memory of moe_rt_model_load_memory and
 * what its options point to as told there. Threads: immutable, every function
 * may be called from any thread, and many sessions may run on it at the same
 * time.
 *
 * A package carries machine code. Its hashes show that it arrived as it was
 * written, not who wrote it: load packages from people you trust.
 */
typedef struct moe_rt_model moe_rt_model_t;

/** How weights come into memory. Everything else that a run needs is read and
 * checked at load; weights are checked, in pieces of 4 MiB, before they are used
 * first, and the source graph when it is read. */
typedef MOE_RT_ENUM(moe_rt_load_policy) {
  /** Map for files, use in place for memory, copy for read callbacks. */
  MOE_RT_LOAD_DEFAULT = 0,
  /** Map the file (or use the memory in place): the fastest to load, and shared
   * between processes. The file must not change or shrink while the model
   * lives: a shorter file ends the process with SIGBUS, another content is
   * found only where it was not yet checked. */
  MOE_RT_LOAD_MAP = 1,
  /** Map, and read all of it at load. */
  MOE_RT_LOAD_POPULATE = 2,
  /** Read all of it into memory of the allocator. The file may go at once. */
  MOE_RT_LOAD_COPY = 3,
  /** Read all of it into huge pages of the system, which makes large weights
   * faster to run through. */
  MOE_RT_LOAD_HUGE = 4
} moe_rt_load_policy_t;

/**
 * Code of a package that is part of the program, for systems that let no
 * program make memory executable: an object that `moec --emit=object` wrote and
 * the caller linked. Opaque; it is declared as
 *
 *     extern const moe_rt_linked_code_t moe_linked_code;
 *
 * or by the name that --symbol gave it. It holds code for one or more
 * instruction-set levels, each with the hash of the package's code that it is
 * the same as: a package with other code is refused. For these levels the
 * package's own code is not mapped; where a CPU has a higher level that is in
 * the package only, that is tried first. Must outlive the models that use it.
 */
typedef struct moe_linked_code moe_rt_linked_code_t;

/** How a model is loaded. All zero but struct_size is a good choice. */
typedef struct moe_rt_model_options {
  size_t struct_size; /**< sizeof(moe_rt_model_options_t) */
  moe_rt_load_policy_t load_policy;
  uint32_t reserved; /**< 0 */
  /** Memory of the model, or NULL; copied. */
  const moe_rt_allocator_t *allocator;
  /** Where messages go, or NULL; copied. */
  const moe_rt_log_sink_t *log;
  /** A folder where private files may be made for code, or NULL. Needed only
   * where the system lets neither a sealed memory file nor anonymous memory
   * become executable. Copied. */
  const char *image_folder;
  /** Code that the caller linked, or NULL. */
  const moe_rt_linked_code_t *linked_code;
} moe_rt_model_options_t;

/**
 * Loads a package from a file. `options` may be NULL. The caller owns *model.
 * Errors: not_found, io (also for a damaged file), invalid_argument (no
 * package, a wrong option), incompatible (another version, or code for another
 * machine), unsupported, out_of_memory; each message names the file, the reason
 * and the next step. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t
moe_rt_model_load_path(const char *path, const moe_rt_model_options_t *options,
                       moe_rt_model_t **model);

/**
 * Loads a package that is a part of a file: `length` bytes from `offset` on, or
 * all that follows if `length` is 0. To be mapped, `offset` must be a multiple
 * of 4096. The descriptor stays the caller's and may be closed afterwards.
 * Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_model_load_descriptor(
    int descriptor, uint64_t offset, uint64_t length,
    const moe_rt_model_options_t *options, moe_rt_model_t **model);

/**
 * Loads a package from memory. Unless it is copied, `data` must be aligned to
 * 4096 bytes (64 if the package has no expert pools), outlive the model and
 * stay unchanged. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_model_load_memory(
    const void *data, size_t size, const moe_rt_model_options_t *options,
    moe_rt_model_t **model);

/** The caller's way to read a package. */
typedef struct moe_rt_reader {
  size_t struct_size; /**< sizeof(moe_rt_reader_t) */
  void *context;
  /** Bytes of the package. */
  uint64_t length;
  /** Reads exactly `length` bytes from `offset` on into `buffer`; returns 0, or
   * a number that the error's message will name. Never asked for bytes behind
   * the package's end. Called during the load only, from its thread. */
  int32_t (*read)(void *context, uint64_t offset, void *buffer,
                  uint64_t length);
} moe_rt_reader_t;

/** Loads a package through callbacks; `reader` is copied. Since 0.1. */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_model_load_callbacks(
    const moe_rt_reader_t *reader, const moe_rt_model_options_t *options,
    moe_rt_model_t **model);

/** Gives back a model; NULL is allowed. Since 0.1. */
MOE_RT_API void moe_rt_model_free(moe_rt_model_t *model);

/** What an input or output looks like. The pointers are the model's. */
typedef struct moe_rt_tensor_info {
  size_t struct_size; /**< sizeof(moe_rt_tensor_info_t) */
  const char *name;
  moe_rt_dtype_t dtype;
  int32_t rank;
  /** `rank` extents, -1 for one that is known at run time only. */
  const int64_t *dims;
  /** `rank` names of extents, NULL for an extent without one. Extents of inputs
   * with the same name must be equal. */
  const char *const *symbols;
} moe_rt_tensor_info_t;

/** Number of inputs; 0 for NULL. Since 0.1. */
MOE_RT_API size_t moe_rt_model_input_count(const moe_rt_model_t *model);
/** Number of outputs; 0 for NULL. Since 0.1. */
MOE_RT_API size_t moe_rt_model_output_count(const moe_rt_model_t *model);

/**
 * Describes an input in *info (set struct_size before). Errors: not_found.
 * Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_model_input(
    const moe_rt_model_t *model, size_t index, moe_rt_tensor_info_t *info);
/** Describes an output in *info (set struct_size before). Since 0.1. */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_model_output(
    const moe_rt_model_t *model, size_t index, moe_rt_tensor_info_t *info);

/**
 * Looks up what the compiler wrote about the package (its version, its flags,
 * names and hashes of the sources): *value ends with a zero byte and is the
 * model's. Errors: not_found. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_model_metadata(
    const moe_rt_model_t *model, const char *key, const char **value);

/** Number of pairs that moe_rt_model_metadata knows; 0 for NULL. Since 0.1. */
MOE_RT_API size_t moe_rt_model_metadata_count(const moe_rt_model_t *model);
/** The pair at `index`, in the order of the package. Errors: not_found.
 * Since 0.1. */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t
moe_rt_model_metadata_at(const moe_rt_model_t *model, size_t index,
                         const char **key, const char **value);

/**
 * The highest x86-64 level of code (3 or 4) that this CPU and its system run;
 * 0 if it is less than 3. Since 0.1.
 */
MOE_RT_API int32_t moe_rt_cpu_level(void);

#ifdef __cplusplus
}
#endif

#endif // MOE_RT_MODEL_H
