/*===- kernels.c - images for the loader's tests ---------------------------===*
 *
 * Part of moec, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * A good image as it is; each macro below adds what the loader must refuse.
 *
 *===----------------------------------------------------------------------===*/

#include "moe_rt/contract/environment.h"

/* One argument: a tensor of int64_t. */
static int64_t *tensor(void *arg, int phases) {
  return ((int64_t **)arg)[MOE_SLOT_FIRST_ITEMS + phases];
}

static int32_t square(void *arg, int64_t begin, int64_t end, int32_t worker) {
  (void)worker;
  int64_t *data = tensor(arg, 2);
  for (int64_t i = begin; i < end; ++i) {
    data[i] = i * i;
  }
  return MOE_KERNEL_OK;
}

/* Through tables: one of code addresses, one of data. */
static int64_t one(int64_t x) { return x + 1; }
static int64_t two(int64_t x) { return x + 2; }
static int64_t (*const steps[])(int64_t) = {one, two};
static const int64_t hundred = 100, thousand = 1000;
static const int64_t *const offsets[] = {&hundred, &thousand};

static int32_t add(void *arg, int64_t begin, int64_t end, int32_t worker) {
  (void)worker;
  int64_t *data = tensor(arg, 2);
  for (int64_t i = begin; i < end; ++i) {
    data[i] = steps[i & 1](data[i]) + *offsets[i & 1];
  }
  return MOE_KERNEL_OK;
}

static int32_t fail(void *arg, int64_t begin, int64_t end, int32_t worker) {
  (void)arg;
  (void)begin;
  (void)end;
  (void)worker;
  return MOE_KERNEL_INDEX_OUT_OF_RANGE;
}

#ifdef WITH_TLS
__attribute__((visibility("default"))) __thread int64_t local;
#endif
#ifdef WITH_CONSTRUCTOR
__attribute__((constructor)) static void construct(void) {
  __asm__ volatile("");
}
#endif
#ifdef WITH_DESTRUCTOR
__attribute__((destructor)) static void destruct(void) { __asm__ volatile(""); }
#endif
#ifdef WITH_WRITABLE
__attribute__((visibility("default"))) int64_t counter = 7;
#endif
#ifdef WITH_IFUNC
static void *resolve(void) { return (void *)one; }
__attribute__((visibility("default"), ifunc("resolve"))) int64_t
chosen(int64_t);
#endif
#ifdef WITH_UNDEFINED
__attribute__((visibility("default"))) extern const int64_t elsewhere;
__attribute__((visibility("default"))) const int64_t *const where = &elsewhere;
#endif

#ifndef WITHOUT_TABLE
__attribute__((visibility("default")))
const moe_phase_fn moe_kernel_phases[] = {square, add, fail
#ifdef WITH_DATA_PHASE
                                          ,
                                          (moe_phase_fn)&hundred
#endif
};
#endif
