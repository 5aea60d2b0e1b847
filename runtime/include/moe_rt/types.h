//===- types.h - types shared by the headers of the runtime -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_TYPES_H
#define MOE_RT_TYPES_H

#include "moe_rt/export.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Element types. Little-endian; the values are those of enum moe_dtype in
 * contract/program.h. */
typedef MOE_RT_ENUM(moe_rt_dtype) {
  MOE_RT_DTYPE_BOOL = 1, /**< one byte, 0 or 1 */
  MOE_RT_DTYPE_U8 = 2,
  MOE_RT_DTYPE_I8 = 3,
  MOE_RT_DTYPE_U16 = 4,
  MOE_RT_DTYPE_I16 = 5,
  MOE_RT_DTYPE_U32 = 6,
  MOE_RT_DTYPE_I32 = 7,
  MOE_RT_DTYPE_U64 = 8,
  MOE_RT_DTYPE_I64 = 9,
  MOE_RT_DTYPE_F16 = 10,
  MOE_RT_DTYPE_BF16 = 11,
  MOE_RT_DTYPE_F32 = 12,
  MOE_RT_DTYPE_F64 = 13
} moe_rt_dtype_t;

/** Bytes of one element; 0 for a number that is no type. Since 0.1. */
MOE_RT_API size_t moe_rt_dtype_size(moe_rt_dtype_t dtype);

/** Name of a type, such as "f32"; "unknown" for a number that is none. A
 * constant of the library. Since 0.1. */
MOE_RT_API const char *moe_rt_dtype_name(moe_rt_dtype_t dtype);

/**
 * A view of a tensor: dense, row-major, no strides. It owns nothing; whoever
 * fills it says how long `data` and `dims` stay valid. Since 0.1.
 */
typedef struct moe_rt_tensor {
  size_t struct_size; /**< sizeof(moe_rt_tensor_t) */
  /** The elements, aligned as one element is; may be NULL when byte_size is
   * 0. */
  void *data;
  /** Bytes at `data` that belong to the tensor. */
  size_t byte_size;
  moe_rt_dtype_t dtype;
  int32_t rank;
  /** `rank` extents >= 0, outermost first; may be NULL when rank is 0. */
  const int64_t *dims;
} moe_rt_tensor_t;

/**
 * The caller's memory for everything a model and its sessions keep. Both
 * functions may be called from any thread, also at the same time, and must not
 * call back into the library. The struct is copied; what `context` points to
 * must outlive the objects that were made with it. Since 0.1.
 */
typedef struct moe_rt_allocator {
  size_t struct_size; /**< sizeof(moe_rt_allocator_t) */
  void *context;
  /** Returns `size` > 0 bytes aligned to `alignment` (a power of two, at least
   * 8), or NULL when there are none. */
  void *(*allocate)(void *context, size_t size, size_t alignment);
  /** Takes back what `allocate` returned for the same size and alignment. */
  void (*deallocate)(void *context, void *pointer, size_t size,
                     size_t alignment);
} moe_rt_allocator_t;

/** How grave a log message is. */
typedef MOE_RT_ENUM(moe_rt_log_level) {
  MOE_RT_LOG_DEBUG = 1,
  MOE_RT_LOG_INFO = 2,
  /** Something asked for does not happen, or happens more slowly. */
  MOE_RT_LOG_WARNING = 3
} moe_rt_log_level_t;

/**
 * Where messages go that are not errors; without a sink there are none. `write`
 * may be called from any thread, also at the same time, and must not call back
 * into the library; `message` is one line without line break and is valid
 * during the call. The struct is copied. Since 0.1.
 */
typedef struct moe_rt_log_sink {
  size_t struct_size; /**< sizeof(moe_rt_log_sink_t) */
  void *context;
  /** Messages below this level are not written. */
  moe_rt_log_level_t level;
  void (*write)(void *context, moe_rt_log_level_t level, const char *message);
} moe_rt_log_sink_t;

#ifdef __cplusplus
}
#endif

#endif // MOE_RT_TYPES_H
