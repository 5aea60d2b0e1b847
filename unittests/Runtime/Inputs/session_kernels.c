/*===- session_kernels.c - kernels for the tests of sessions ---------------===*
 *
 * Part of moec, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * A tiny layer: rows of 8 go through a matrix, then each row gets the bias of
 * the expert row % experts. SessionTestUtils.h builds the program around it.
 *
 *===----------------------------------------------------------------------===*/

#include "moe_rt/contract/environment.h"

enum { K = 8, N = 4, EXPERTS = 4, STRIDE = 4096 };

/* Slots of `product`: 3, 4 items; 5 x, 6 rows, 7 w, 8 h. */
static int32_t product_prologue(void *arg, int64_t begin, int64_t end,
                                int32_t worker) {
  (void)begin;
  (void)end;
  (void)worker;
  int64_t *slots = arg;
  slots[4] = slots[6];
  return MOE_KERNEL_OK;
}

static int32_t product_rows(void *arg, int64_t begin, int64_t end,
                            int32_t worker) {
  uint64_t *slots = arg;
  const float *x = (const float *)slots[5];
  const float *w = (const float *)slots[7];
  float *h = (float *)slots[8];
  float *scratch =
      (float *)(slots[MOE_SLOT_SCRATCH] +
                (uint64_t)worker * slots[MOE_SLOT_SCRATCH_STRIDE]);
  for (int64_t r = begin; r < end; ++r) {
    for (int n = 0; n < N; ++n) {
      scratch[n] = 0.0f;
    }
    for (int k = 0; k < K; ++k) {
      for (int n = 0; n < N; ++n) {
        scratch[n] += x[r * K + k] * w[k * N + n];
      }
    }
    for (int n = 0; n < N; ++n) {
      h[r * N + n] = scratch[n] / 3.0f;
    }
  }
  return MOE_KERNEL_OK;
}

/* Slots of `bias`: 3 items; 4 h, 5 pool, 6 slot_of, 7 y. */
static int32_t bias_rows(void *arg, int64_t begin, int64_t end,
                         int32_t worker) {
  (void)worker;
  uint64_t *slots = arg;
  const float *h = (const float *)slots[4];
  const char *pool = (const char *)slots[5];
  const int32_t *slot_of = (const int32_t *)slots[6];
  float *y = (float *)slots[7];
  for (int64_t r = begin; r < end; ++r) {
    const float *bias =
        (const float *)(pool + (int64_t)slot_of[r % EXPERTS] * STRIDE);
    for (int n = 0; n < N; ++n) {
      y[r * N + n] = h[r * N + n] + bias[n];
    }
  }
  return MOE_KERNEL_OK;
}

/* Slots of `route`: 3 items; 4 rows, 5 offsets, 6 ids. */
static int32_t route(void *arg, int64_t begin, int64_t end, int32_t worker) {
  (void)begin;
  (void)end;
  (void)worker;
  uint64_t *slots = arg;
  int64_t rows = (int64_t)slots[4];
  int32_t *offsets = (int32_t *)slots[5];
  int32_t *ids = (int32_t *)slots[6];
  for (int e = 0; e <= EXPERTS; ++e) {
    /* Rows r with r % EXPERTS < e. */
    offsets[e] = (int32_t)(rows / EXPERTS * e +
                           (rows % EXPERTS < e ? rows % EXPERTS : e));
  }
  for (int64_t r = 0; r < rows; ++r) {
    ids[r] = (int32_t)(r % EXPERTS);
  }
  return MOE_KERNEL_OK;
}

__attribute__((visibility("default"))) const moe_phase_fn moe_kernel_phases[] =
    {product_prologue, product_rows, bias_rows, route};
