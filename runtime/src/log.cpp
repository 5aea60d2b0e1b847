//===- log.cpp - messages that are not errors -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "log.h"

#include "abi.h"

#include <cstdarg>
#include <cstdio>

using namespace moe::rt;

Status Log::fromC(const moe_rt_log_sink_t *sink, Log &result) {
  result = Log();
  if (!sink) {
    return Status();
  }
  MOE_RT_RETURN_IF_ERROR(copyStruct("moe_rt_log_sink_t", sink, result.sink));
  if (!result.sink.write) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "moe_rt_log_sink_t needs write");
  }
  return Status();
}

void Log::write(moe_rt_log_level_t level, const char *format, ...) const {
  if (!enabled(level)) {
    return;
  }
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  sink.write(sink.context, level, text);
}
