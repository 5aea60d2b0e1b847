//===- status_internal.h - how error objects are made -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_STATUS_INTERNAL_H
#define MOE_RT_SRC_STATUS_INTERNAL_H

#include "moe_rt/status.h"

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The one error that needs no memory. */
moe_rt_status_t moe_rt_internal_out_of_memory(void);

/* An error with a formatted message, or the one above. */
moe_rt_status_t moe_rt_internal_status_format(moe_rt_status_code_t code,
                                              const char *format,
                                              va_list arguments);

#ifdef __cplusplus
}
#endif

#endif // MOE_RT_SRC_STATUS_INTERNAL_H
