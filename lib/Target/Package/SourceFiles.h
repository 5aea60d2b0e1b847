//===- SourceFiles.h - the files that weights come from ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_PACKAGE_SOURCEFILES_H
#define MOE_LIB_TARGET_PACKAGE_SOURCEFILES_H

#include "moe/Support/LLVM.h"

#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <string>

namespace moe {

/// Maps each weight file once, read-only. Pages are read as they are touched.
class SourceFiles {
public:
  /// Paths are relative to `folder`.
  explicit SourceFiles(std::string folder) : folder(std::move(folder)) {}
  SourceFiles(const SourceFiles &) = delete;
  SourceFiles &operator=(const SourceFiles &) = delete;
  ~SourceFiles();

  /// `length` bytes of a file from `offset` on; on failure `message` says why.
  FailureOr<const uint8_t *> get(StringRef path, uint64_t offset,
                                 uint64_t length, std::string &message);

  /// Gives back the memory of pages that were touched; they can be read again.
  void releasePages();

private:
  struct Mapping {
    void *data = nullptr;
    uint64_t size = 0;
  };

  std::string folder;
  llvm::StringMap<Mapping> mappings;
};

} // namespace moe

#endif // MOE_LIB_TARGET_PACKAGE_SOURCEFILES_H
