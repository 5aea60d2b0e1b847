/*===- HeaderTest.c - the public headers are C11 ---------------------------===*
 *
 * Part of moec, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#include "moe_rt/moe_rt.h"

uint32_t headerTestVersion(void);
size_t headerTestOptionsSize(void);

uint32_t headerTestVersion(void) { return moe_rt_version(); }

size_t headerTestOptionsSize(void) {
  moe_rt_model_options_t options = {0};
  options.struct_size = sizeof(options);
  return options.struct_size;
}
