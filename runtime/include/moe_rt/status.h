//===- status.h - how functions of the runtime report errors ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_STATUS_H
#define MOE_RT_STATUS_H

#include "moe_rt/export.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What kind of error it is, which is what a caller can act on. */
typedef MOE_RT_ENUM(moe_rt_status_code) {
  MOE_RT_OK = 0,
  /** An argument is wrong (a null pointer, a shape, a type, a file that is no
   * package). Mend the call; repeating it fails again. */
  MOE_RT_INVALID_ARGUMENT = 1,
  /** The named file, input, output or key does not exist. Mend the name; the
   * message lists what there is where that is short. */
  MOE_RT_NOT_FOUND = 2,
  /** This build, machine or kind of source cannot do it. Ask for something
   * else (another load policy, device or option). */
  MOE_RT_UNSUPPORTED = 3,
  /** Package and runtime or CPU do not fit together. Update the runtime or
   * compile the model again, as the message says. */
  MOE_RT_INCOMPATIBLE = 4,
  /** Memory ran out. Nothing was changed: free some and try again. */
  MOE_RT_OUT_OF_MEMORY = 5,
  /** The device no longer answers. Free its objects and make new ones. */
  MOE_RT_DEVICE_LOST = 6,
  /** The object is in another state than the call needs (a session that is
   * running, an input that was never bound). Do that first. */
  MOE_RT_FAILED_PRECONDITION = 7,
  /** The run was cancelled. Start another one when you like. */
  MOE_RT_CANCELLED = 8,
  /** A bug of this library. Report it with the message. */
  MOE_RT_INTERNAL = 9,
  /** Reading or writing failed, or what was read is damaged. Look at the named
   * file and its disk; copy it again. */
  MOE_RT_IO = 10
} moe_rt_status_code_t;

struct moe_rt_status;

/**
 * The result of a function that can fail: NULL is success, anything else an
 * error that the caller owns and frees once with moe_rt_status_free. Immutable,
 * so that several threads may read one. Since 0.1.
 */
typedef struct moe_rt_status *moe_rt_status_t;

/** The kind of error; MOE_RT_OK for NULL. Since 0.1. */
MOE_RT_API moe_rt_status_code_t moe_rt_status_code(moe_rt_status_t status);

/**
 * What went wrong, for people: UTF-8, one line, without final period. Owned by
 * the status; "" for NULL. Since 0.1.
 */
MOE_RT_API const char *moe_rt_status_message(moe_rt_status_t status);

/**
 * The code's name, such as "invalid_argument"; "unknown" for a number that is
 * no code. A constant of the library. Since 0.1.
 */
MOE_RT_API const char *moe_rt_status_code_name(moe_rt_status_code_t code);

/** Frees a status; NULL is allowed. Since 0.1. */
MOE_RT_API void moe_rt_status_free(moe_rt_status_t status);

#ifdef __cplusplus
}
#endif

#endif // MOE_RT_STATUS_H
