//===- NpyFuzzer.cpp - fuzzes the reader of .npy files --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Npy.h"

#include <cstdlib>
#include <cstring>

using namespace moe;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (moe_rt_dtype_t expected : {MOE_RT_DTYPE_F32, MOE_RT_DTYPE_BF16}) {
    NpyArray array;
    std::string error = parseNpy(data, size, expected, array);
    if (!error.empty()) {
      continue;
    }
    size_t bytes = moe_rt_dtype_size(array.dtype);
    for (int64_t extent : array.shape) {
      bytes *= size_t(extent);
    }
    if (bytes != array.bytes || bytes > size) {
      abort();
    }
    // All of it is there.
    auto *elements = static_cast<const uint8_t *>(array.data.get());
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes; ++i) {
      sum += elements[i];
    }
    volatile uint64_t used = sum;
    (void)used;
  }
  return 0;
}
