//===- device.h - where programs run ----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_DEVICE_H
#define MOE_RT_DEVICE_H

#include "moe_rt/export.h"
#include "moe_rt/status.h"
#include "moe_rt/types.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Something that runs kernels: for now the host's CPU with its threads.
 *
 * Lifetime: a session keeps its device alive; one that was given back before
 * ends with the last of its sessions. Ownership: moe_rt_device_free gives back what
 * moe_rt_device_create_cpu gave. Threads: every function may be called from any
 * thread; several sessions may run on one device at the same time and share its
 * threads.
 *
 * A device owns threads - 1 threads: who calls moe_rt_session_run is the other
 * one. They wait without using the CPU when no session runs. In a process that
 * was forked off they do not exist; there a run works on its caller alone.
 */
typedef struct moe_rt_device moe_rt_device_t;

/** A piece of work given to the caller's threads: `index` is in [0, count) of
 * the moe_rt_parallel_fn call it belongs to. */
typedef void (*moe_rt_task_fn)(void *state, int32_t index);

/**
 * Runs work on the caller's threads instead of the device's own: calls
 * task(state, i) once for every i in [0, count), in any order, on any threads,
 * at the same time or one after the other, and returns when all calls have
 * returned. A call that comes late finds less to do, and one that runs alone
 * does everything: no call waits for another one to start, so that fewer
 * threads than `count` cannot deadlock. Several calls at the same time (from
 * several sessions) are possible. It must not throw, and a task never does. A
 * task needs 64 KiB of stack and leaves the floating-point environment of its
 * thread as it was.
 */
typedef void (*moe_rt_parallel_fn)(void *context, int32_t count,
                                   moe_rt_task_fn task, void *state);

/** How a CPU device is made. All zero but struct_size is a good choice. */
typedef struct moe_rt_cpu_options {
  size_t struct_size; /**< sizeof(moe_rt_cpu_options_t) */
  /** Threads that work on one run, its caller included. 0: as many as this
   * process may use (its CPU affinity, its cgroup's quota). At most 1024. */
  int32_t threads;
  /** The highest x86-64 level of code to run, 3 or 4 (enum moe_level in
   * contract/package.h). 0: the highest that the package and this CPU have. */
  int32_t max_level;
  /** The caller's threads, or NULL. With them the device starts no thread, and
   * `threads` (at least 1 then) is the `count` of each call. */
  moe_rt_parallel_fn parallel;
  void *parallel_context;
  /** Memory of the device, its sessions and their arenas, or NULL. */
  const moe_rt_allocator_t *allocator;
} moe_rt_cpu_options_t;

/**
 * Makes a CPU device; `options` may be NULL. The caller owns *device and gives
 * it back with moe_rt_device_free. Errors: invalid_argument for an option,
 * unsupported where this CPU lacks the level x86-64-v3, out_of_memory also
 * where a thread cannot be started. Since 0.1.
 */
MOE_RT_API MOE_RT_MUST_USE moe_rt_status_t moe_rt_device_create_cpu(
    const moe_rt_cpu_options_t *options, moe_rt_device_t **device);

/** Gives back a device; NULL is allowed. Since 0.1. */
MOE_RT_API void moe_rt_device_free(moe_rt_device_t *device);

/** Threads that work on one run, the caller of the run included. Since 0.1. */
MOE_RT_API int32_t moe_rt_device_threads(const moe_rt_device_t *device);

/** The highest level of code it runs, 3 or 4. Since 0.1. */
MOE_RT_API int32_t moe_rt_device_level(const moe_rt_device_t *device);

#ifdef __cplusplus
}
#endif

#endif // MOE_RT_DEVICE_H
