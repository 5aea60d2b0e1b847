//===- status.c - error objects -------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "status_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct moe_rt_status {
  moe_rt_status_code_t code;
  const char *message;
};

/* What is returned when there is no memory for an error; never freed. */
static struct moe_rt_status out_of_memory = {MOE_RT_OUT_OF_MEMORY,
                                             "out of memory"};

moe_rt_status_t moe_rt_internal_out_of_memory(void) { return &out_of_memory; }

moe_rt_status_t moe_rt_internal_status_format(moe_rt_status_code_t code,
                                              const char *format,
                                              va_list arguments) {
  va_list copy;
  va_copy(copy, arguments);
  int length = vsnprintf(NULL, 0, format, copy);
  va_end(copy);
  if (length < 0) {
    length = 0;
  }
  struct moe_rt_status *status =
      malloc(sizeof(struct moe_rt_status) + (size_t)length + 1);
  if (!status) {
    return &out_of_memory;
  }
  char *text = (char *)(status + 1);
  text[0] = '\0';
  vsnprintf(text, (size_t)length + 1, format, arguments);
  status->code = code;
  status->message = text;
  return status;
}

moe_rt_status_code_t moe_rt_status_code(moe_rt_status_t status) {
  return status ? status->code : MOE_RT_OK;
}

const char *moe_rt_status_message(moe_rt_status_t status) {
  return status ? status->message : "";
}

const char *moe_rt_status_code_name(moe_rt_status_code_t code) {
  switch (code) {
  case MOE_RT_OK:
    return "ok";
  case MOE_RT_INVALID_ARGUMENT:
    return "invalid_argument";
  case MOE_RT_NOT_FOUND:
    return "not_found";
  case MOE_RT_UNSUPPORTED:
    return "unsupported";
  case MOE_RT_INCOMPATIBLE:
    return "incompatible";
  case MOE_RT_OUT_OF_MEMORY:
    return "out_of_memory";
  case MOE_RT_DEVICE_LOST:
    return "device_lost";
  case MOE_RT_FAILED_PRECONDITION:
    return "failed_precondition";
  case MOE_RT_CANCELLED:
    return "cancelled";
  case MOE_RT_INTERNAL:
    return "internal";
  case MOE_RT_IO:
    return "io";
  }
  return "unknown";
}

void moe_rt_status_free(moe_rt_status_t status) {
  if (status != &out_of_memory) {
    free(status);
  }
}
