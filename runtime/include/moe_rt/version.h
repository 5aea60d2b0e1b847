//===- version.h - version of the runtime -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_VERSION_H
#define MOE_RT_VERSION_H

#include "moe_rt/export.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of these headers: major * 10000 + minor * 100 + patch. */
#define MOE_RT_API_VERSION 100

/**
 * Version of the library that is loaded, encoded like MOE_RT_API_VERSION.
 * May be called from any thread. Since 0.1.
 */
MOE_RT_API uint32_t moe_rt_version(void);

#ifdef __cplusplus
}
#endif

#endif // MOE_RT_VERSION_H
