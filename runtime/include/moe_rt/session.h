//===- session.h - runs of a model ------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SESSION_H
#define MOE_RT_SESSION_H

#include "moe_rt/device.h"
#include "moe_rt/export.h"
#include "moe_rt/model.h"
#include "moe_rt/status.h"
#include "moe_rt/types.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One stream of runs of a model on a device: its inputs, outputs and memory.
 *
 * Lifetime: from moe_rt_session_create to moe_rt_session_free, which must not
 * be called during a run; it keeps its model and its device alive. Ownership:
 * it owns its working memory and the outputs that no caller's memory was bound
 * for; inputs and bound outputs stay the caller's. Threads: one call at a time;
 * a second one that comes during a run is refused with failed_precondition.
 * Only moe_rt_session_cancel may be called at any time, from any thread. Many
 * sessions may run on one model and one device at the same time.
 *
 * A run that has the sizes of an earlier one allocates nothing and starts no
 * thread. Inputs and outputs are named by index, in the order of the model's
 * (moe_rt_model_input, moe_rt_model_output), or by name.
 */
typedef struct moe_rt_session moe_rt_session_t;

/**
 * Makes a session, on the best code of the package that the device and this
 * CPU run. The caller owns *session. Errors: incompatible if the package has no
 * such code, out_of_memory, or whatever reading the code found. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_create(
    moe_rt_model_t *model, moe_rt_device_t *device, moe_rt_session_t **session);

/** Frees a session; NULL is allowed. Since 0.1. */
MOE_RT_API void moe_rt_session_free(moe_rt_session_t *session);

/**
 * Binds an input. `tensor` is copied, what it points to is not: its data must
 * stay valid and unchanged until the runs that read it have ended; its dims may
 * go at once. Data needs the alignment of one element. Booleans must be 0 or 1.
 * It stays bound until another tensor is. Errors: not_found for a name or
 * index, invalid_argument for another type, rank, static dimension or size than
 * the model wants; the old binding stays. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_set_input(
    moe_rt_session_t *session, size_t index, const moe_rt_tensor_t *tensor);

/** moe_rt_session_set_input by a name that ends with a zero byte. Since 0.1. */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_set_input_by_name(
    moe_rt_session_t *session, const char *name, const moe_rt_tensor_t *tensor);

/**
 * Lets an output be written to the caller's memory, from the next run on:
 * `byte_size` bytes at `data`, aligned as one element is, valid until the last
 * run that writes them has ended or another binding is made. A run whose output
 * needs more bytes fails and names both sizes. `data` NULL: back to the
 * session's own memory. Errors: not_found, invalid_argument. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_bind_output(
    moe_rt_session_t *session, size_t index, void *data, size_t byte_size);

/** moe_rt_session_bind_output by name. Since 0.1. */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_bind_output_by_name(
    moe_rt_session_t *session, const char *name, void *data, size_t byte_size);

/**
 * Runs the model on the bound inputs and returns when it has ended. This is the
 * whole of it for now; a version that returns at once and signals its end comes
 * with the first device that has queues. Errors: failed_precondition if an
 * input is not bound or a run is under way; invalid_argument if the inputs'
 * dimensions contradict one another or the model itself refuses them;
 * cancelled; out_of_memory; io if a weight is damaged. After an error there are
 * no outputs; the session can run again. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t
moe_rt_session_run(moe_rt_session_t *session);

/**
 * Describes an output of the last run in *tensor (set struct_size before):
 * data, dims and what is in them are the session's, or lie in the bound memory,
 * and stay valid until the next run, binding or the session's end. Errors:
 * failed_precondition without a run that ended well, not_found. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_output(
    moe_rt_session_t *session, size_t index, moe_rt_tensor_t *tensor);

/** moe_rt_session_output by name. Since 0.1. */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_output_by_name(
    moe_rt_session_t *session, const char *name, moe_rt_tensor_t *tensor);

/**
 * Makes the run that is under way end with `cancelled` before its next kernel;
 * without one it does nothing. Never waits, and may be called from a signal
 * handler. Since 0.1.
 */
MOE_RT_API void moe_rt_session_cancel(moe_rt_session_t *session);

/** The x86-64 level of the code that runs, 3 or 4; 0 for a model without
 * kernels and for NULL. Since 0.1. */
MOE_RT_API int32_t moe_rt_session_level(const moe_rt_session_t *session);

/** Memory a session holds, in bytes. */
typedef struct moe_rt_session_memory {
  size_t struct_size; /**< sizeof(moe_rt_session_memory_t) */
  /** Temporary buffers: what is held, and what the last run needed. */
  uint64_t arena_bytes;
  uint64_t arena_needed_bytes;
  /** Scratch of the kernels, of all workers together. */
  uint64_t scratch_bytes;
  /** Outputs that are not bound to the caller's memory. */
  uint64_t output_bytes;
} moe_rt_session_memory_t;

/** Fills *memory (set struct_size before). Since 0.1. */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_memory_usage(
    moe_rt_session_t *session, moe_rt_session_memory_t *memory);

/**
 * Starts (`on` not 0) or ends counting how many rows each expert of each routed
 * layer gets. Starting sets all counts to 0. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t
moe_rt_session_count_experts(moe_rt_session_t *session, int32_t on);

/** Rows per expert of one routed layer, of all runs since counting started. */
typedef struct moe_rt_expert_counts {
  size_t struct_size; /**< sizeof(moe_rt_expert_counts_t) */
  /** The layer's name, without terminator. */
  const char *layer;
  size_t layer_length;
  /** rows[e] for e in [0, experts). */
  const uint64_t *rows;
  uint32_t experts;
  uint32_t reserved;
} moe_rt_expert_counts_t;

/**
 * Number of routed layers that can be counted; 0 for NULL. Since 0.1.
 */
MOE_RT_API size_t moe_rt_session_expert_layers(const moe_rt_session_t *session);

/**
 * Fills *counts for layer `layer` (set struct_size before). The pointers are
 * the session's: valid until it is freed or counting starts again, changed by
 * runs. Errors: failed_precondition if counting never started, not_found.
 * Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_session_expert_counts(
    moe_rt_session_t *session, size_t layer, moe_rt_expert_counts_t *counts);

#ifdef __cplusplus
}
#endif

#endif // MOE_RT_SESSION_H
