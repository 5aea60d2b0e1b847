//===- ImageFuzzer.cpp - fuzzes the loader of kernel images ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is an ELF image. Whatever is accepted must have its phases in its
// own executable memory.
//
//===----------------------------------------------------------------------===//

#include "image/image.h"

#include <cstdlib>
#include <cstring>

using namespace moe::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr uint32_t phaseCount = 3;
  // Aligned as sections are, and ending where the input ends.
  void *copy = nullptr;
  if (posix_memalign(&copy, 64, size ? size : 1)) {
    abort();
  }
  if (size) {
    memcpy(copy, data, size);
  }
  auto *memory = static_cast<const uint8_t *>(copy);
  Image image;
  ImageOptions options;
  options.disabled = static_cast<unsigned>(ImageMethod::SealedFile);
  Status status =
      Image::load("the image", memory, size, phaseCount, options, Log(), image);
  free(copy);
  if (status.ok()) {
    auto base = reinterpret_cast<uintptr_t>(image.base());
    for (uint32_t i = 0; i < phaseCount; ++i) {
      auto phase = reinterpret_cast<uintptr_t>(image.phases()[i]);
      if (phase < base || phase >= base + image.span()) {
        abort();
      }
    }
  }
  return 0;
}
