//===- SourceFiles.cpp - the files that weights come from -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SourceFiles.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe;

SourceFiles::~SourceFiles() {
  for (auto &entry : mappings) {
    if (entry.second.data) {
      munmap(entry.second.data, entry.second.size);
    }
  }
}

FailureOr<const uint8_t *> SourceFiles::get(StringRef path, uint64_t offset,
                                            uint64_t length,
                                            std::string &message) {
  auto known = mappings.find(path);
  if (known == mappings.end()) {
    llvm::SmallString<256> full(folder);
    llvm::sys::path::append(full, path);
    int descriptor = open(full.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status = {};
    if (descriptor < 0 || fstat(descriptor, &status) != 0 ||
        !S_ISREG(status.st_mode)) {
      message = "cannot read the weights in '" + full.str().str() +
                "': " + (descriptor < 0 ? strerror(errno) : "no regular file");
      if (descriptor >= 0) {
        close(descriptor);
      }
      return failure();
    }
    Mapping mapping;
    mapping.size = status.st_size;
    if (mapping.size != 0) {
      mapping.data = mmap(nullptr, mapping.size, PROT_READ, MAP_PRIVATE,
                          descriptor, 0);
    }
    int error = errno;
    close(descriptor);
    if (mapping.data == MAP_FAILED) {
      message = "cannot map the weights in '" + full.str().str() +
                "': " + strerror(error);
      return failure();
    }
    known = mappings.try_emplace(path, mapping).first;
  }
  const Mapping &mapping = known->second;
  if (offset > mapping.size || length > mapping.size - offset) {
    message = "'" + path.str() + "' has " + std::to_string(mapping.size) +
              " bytes, but a weight needs " + std::to_string(length) +
              " bytes from byte " + std::to_string(offset) + " on";
    return failure();
  }
  return static_cast<const uint8_t *>(mapping.data) + offset;
}

void SourceFiles::releasePages() {
  for (auto &entry : mappings) {
    if (entry.second.data) {
      madvise(entry.second.data, entry.second.size, MADV_DONTNEED);
    }
  }
}
