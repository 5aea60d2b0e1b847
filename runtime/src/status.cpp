//===- status.cpp - errors inside the runtime -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "status.h"

#include "status_internal.h"

using namespace moe::rt;

Status Status::error(moe_rt_status_code_t code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Status result(moe_rt_internal_status_format(code, format, arguments));
  va_end(arguments);
  return result;
}

Status Status::outOfMemory() { return Status(moe_rt_internal_out_of_memory()); }

Status Status::outOfMemory(const char *what, unsigned long long bytes) {
  return error(MOE_RT_OUT_OF_MEMORY, "out of memory: %s needs %llu bytes", what,
               bytes);
}
