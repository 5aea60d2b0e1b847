/*===- embed.c - runs a model from C ---------------------------------------===*
 *
 * Part of moec, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * usage: embed MODEL.moe ROWS
 *
 * Fills the model's first input, which must be f32 with a dynamic first extent
 * (ROWS) and static others, with a ramp, and prints the first output.
 *
 *===----------------------------------------------------------------------===*/

#include "moe_rt/moe_rt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Prints an error and frees it; whether there was none. */
static int ok(moe_rt_status_t status) {
  if (!status) {
    return 1;
  }
  fprintf(stderr, "embed: %s: %s\n",
          moe_rt_status_code_name(moe_rt_status_code(status)),
          moe_rt_status_message(status));
  moe_rt_status_free(status);
  return 0;
}

/* The first input with `rows` rows; its data is the caller's to free. */
static int make_input(const moe_rt_model_t *model, int64_t rows, int64_t *dims,
                      moe_rt_tensor_t *tensor) {
  moe_rt_tensor_info_t info = {.struct_size = sizeof(info)};
  if (!ok(moe_rt_model_input(model, 0, &info))) {
    return 0;
  }
  if (info.dtype != MOE_RT_DTYPE_F32 || info.rank < 1 || info.rank > 8 ||
      info.dims[0] != -1) {
    fprintf(stderr, "embed: the model's first input is of another kind\n");
    return 0;
  }
  size_t count = 1;
  for (int32_t i = 0; i < info.rank; ++i) {
    dims[i] = i ? info.dims[i] : rows;
    count *= (size_t)dims[i];
  }
  float *data = malloc(count * sizeof(float));
  if (!data) {
    return 0;
  }
  for (size_t i = 0; i < count; ++i) {
    data[i] = (float)i / 100.0f;
  }
  *tensor = (moe_rt_tensor_t){.struct_size = sizeof(*tensor),
                              .data = data,
                              .byte_size = count * sizeof(float),
                              .dtype = info.dtype,
                              .rank = info.rank,
                              .dims = dims};
  return 1;
}

static int print_output(moe_rt_session_t *session) {
  moe_rt_tensor_t output = {.struct_size = sizeof(output)};
  if (!ok(moe_rt_session_output(session, 0, &output))) {
    return 0;
  }
  printf("%s[", moe_rt_dtype_name(output.dtype));
  for (int32_t i = 0; i < output.rank; ++i) {
    printf("%s%" PRId64, i ? ", " : "", output.dims[i]);
  }
  printf("]");
  if (output.dtype == MOE_RT_DTYPE_F32) {
    const float *values = output.data;
    for (size_t i = 0; i < output.byte_size / sizeof(float) && i < 4; ++i) {
      printf(" %.6g", (double)values[i]);
    }
  }
  printf("\n");
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: embed MODEL.moe ROWS\n");
    return 2;
  }
  moe_rt_model_t *model = NULL;
  moe_rt_device_t *device = NULL;
  moe_rt_session_t *session = NULL;
  moe_rt_tensor_t input = {0};
  int64_t dims[8];
  /* A device for the process, a model per package, a session per thread. */
  int good = ok(moe_rt_device_create_cpu(NULL, &device)) &&
             ok(moe_rt_model_load_path(argv[1], NULL, &model)) &&
             ok(moe_rt_session_create(model, device, &session)) &&
             make_input(model, strtol(argv[2], NULL, 10), dims, &input) &&
             ok(moe_rt_session_set_input(session, 0, &input)) &&
             ok(moe_rt_session_run(session)) && print_output(session);
  moe_rt_session_free(session);
  moe_rt_model_free(model);
  moe_rt_device_free(device);
  free(input.data);
  return good ? 0 : 1;
}
