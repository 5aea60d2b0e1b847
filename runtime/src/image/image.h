//===- image.h - loads compiled kernels -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// No dlopen: it finds images by name, so that one package could get another
// one's code, and it runs constructors of a file before anybody asked.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_IMAGE_IMAGE_H
#define MOE_RT_SRC_IMAGE_IMAGE_H

#include "image/elf_image.h"
#include "log.h"

#include "moe_rt/contract/environment.h"

namespace moe::rt {

/// Where the memory of an image comes from, in the order in which it is tried.
enum class ImageMethod : unsigned {
  None = 0,
  /// An anonymous file that nobody can change any more, mapped.
  SealedFile = 1,
  /// Anonymous memory that is made executable when it is complete. Some
  /// systems forbid that.
  Anonymous = 2,
  /// A file without a name in a folder of the caller's choice, mapped.
  FolderFile = 4
};

/// "a sealed memory file", ...
const char *imageMethodName(ImageMethod method);

struct ImageOptions {
  /// For ImageMethod::FolderFile; NULL: not tried.
  const char *folder = nullptr;
  /// Test only: methods that count as impossible.
  unsigned disabled = 0;
};

/// Machine code in memory: a private copy of an ELF image, never writable and
/// executable at once. Immutable; may be called from any thread until it is
/// destroyed.
class Image {
public:
  Image() = default;
  Image(Image &&other) noexcept { *this = static_cast<Image &&>(other); }
  Image &operator=(Image &&other) noexcept;
  Image(const Image &) = delete;
  Image &operator=(const Image &) = delete;
  ~Image() { unload(); }

  /// Checks, places and relocates an image; no code of it runs. `name` names it
  /// in errors. Errors: invalid_argument for what is wrong with it, unsupported
  /// where no method works here, with each one's reason.
  static Status load(const char *name, const uint8_t *bytes, uint64_t size,
                     uint32_t phaseCount, const ImageOptions &options,
                     const Log &log, Image &result);

  const moe_phase_fn *phases() const { return table; }
  ImageMethod method() const { return usedMethod; }
  /// Where it lies, for profilers and tests.
  const void *base() const { return memory; }
  uint64_t span() const { return memoryBytes; }

private:
  void unload();

  uint8_t *memory = nullptr;
  size_t memoryBytes = 0;
  const moe_phase_fn *table = nullptr;
  ImageMethod usedMethod = ImageMethod::None;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_IMAGE_IMAGE_H
