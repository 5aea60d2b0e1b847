//===- version.c - version of the runtime ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe_rt/version.h"

uint32_t moe_rt_version(void) { return MOE_RT_API_VERSION; }
