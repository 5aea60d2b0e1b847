//===- source.cpp - where the bytes of a package come from ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "package/source.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe::rt;

static constexpr size_t hugePage = size_t{2} << 20;

const char *moe::rt::systemErrorText(int error, char *buffer, size_t size) {
  // The GNU function, which may return a constant instead of the buffer.
  return strerror_r(error, buffer, size);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Memory &Memory::operator=(Memory &&other) noexcept {
  if (this != &other) {
    reset();
    allocator = other.allocator;
    kind = other.kind;
    bytes = other.bytes;
    length = other.length;
    region = other.region;
    regionBytes = other.regionBytes;
    alignment = other.alignment;
    other.kind = Kind::None;
    other.reset();
  }
  return *this;
}

void Memory::reset() {
  if (kind == Kind::Allocated) {
    allocator.deallocate(region, regionBytes, alignment);
  } else if (kind == Kind::Mapped) {
    munmap(region, regionBytes);
  }
  kind = Kind::None;
  bytes = nullptr;
  length = 0;
  region = nullptr;
  regionBytes = 0;
}

Status Memory::allocate(const Allocator &allocator, uint64_t size,
                        size_t alignment, const char *what, Memory &result) {
  result.reset();
  size_t wanted = size ? static_cast<size_t>(size) : 1;
  void *memory = allocator.allocate(wanted, alignment);
  if (!memory) {
    return Status::outOfMemory(what, size);
  }
  result.allocator = allocator;
  result.kind = Kind::Allocated;
  result.bytes = static_cast<uint8_t *>(memory);
  result.length = size;
  result.region = memory;
  result.regionBytes = wanted;
  result.alignment = alignment;
  return Status();
}

/// Whether the system never makes huge pages of memory that asks for them.
static bool hugePagesAreOff() {
  int file =
      open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return false;
  }
  char text[64];
  ssize_t length = read(file, text, sizeof(text) - 1);
  close(file);
  text[length < 0 ? 0 : length] = '\0';
  return strstr(text, "[never]") != nullptr;
}

Status Memory::allocateHuge(uint64_t size, const char *what, Memory &result,
                            bool &refused) {
  result.reset();
  size_t regionBytes;
  if (__builtin_add_overflow(size, hugePage + hugePage - 1, &regionBytes)) {
    return Status::outOfMemory(what, size);
  }
  regionBytes &= ~(hugePage - 1);
  void *region = mmap(nullptr, regionBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) {
    return Status::outOfMemory(what, size);
  }
  size_t skip = -reinterpret_cast<uintptr_t>(region) & (hugePage - 1);
  // Only advice: without huge pages the same memory works, more slowly.
  refused |= madvise(static_cast<uint8_t *>(region) + skip, regionBytes - skip,
                     MADV_HUGEPAGE) != 0 ||
             hugePagesAreOff();
  result = adoptMapping(region, regionBytes, skip, size);
  return Status();
}

Memory Memory::borrow(const uint8_t *data, uint64_t size) {
  Memory memory;
  memory.bytes = const_cast<uint8_t *>(data);
  memory.length = size;
  return memory;
}

Memory Memory::adoptMapping(void *mapping, size_t mappedBytes, size_t skip,
                            uint64_t size) {
  Memory memory;
  memory.kind = Kind::Mapped;
  memory.bytes = static_cast<uint8_t *>(mapping) + skip;
  memory.length = size;
  memory.region = mapping;
  memory.regionBytes = mappedBytes;
  return memory;
}

//===----------------------------------------------------------------------===//
// Source
//===----------------------------------------------------------------------===//

Source::Source(Source &&other) noexcept
    : sourceKind(other.sourceKind), nameText(std::move(other.nameText)),
      file(other.file), start(other.start), byteCount(other.byteCount),
      memoryBytes(other.memoryBytes), callback(other.callback) {
  other.file = -1;
}

Source::~Source() {
  if (file >= 0) {
    close(file);
  }
}

Status Source::setName(const char *prefix, const char *text,
                       const char *suffix) {
  size_t size = strlen(prefix) + strlen(text) + strlen(suffix) + 1;
  MOE_RT_RETURN_IF_ERROR(nameText.resize(size));
  snprintf(nameText.data(), size, "%s%s%s", prefix, text, suffix);
  return Status();
}

Status Source::openPath(const char *path, const char *name) {
  if (!path) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "path is NULL");
  }
  MOE_RT_RETURN_IF_ERROR(name ? setName("", name, "")
                              : setName("'", path, "'"));
  // Not blocking, or opening a FIFO would wait for a writer.
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) {
    int error = errno;
    char buffer[128];
    return Status::error(error == ENOENT ? MOE_RT_NOT_FOUND : MOE_RT_IO,
                         "cannot open %s: %s", this->name(),
                         systemErrorText(error, buffer, sizeof(buffer)));
  }
  file = descriptor;
  return useDescriptor(descriptor, 0, 0);
}

Status Source::openDescriptor(int descriptor, uint64_t offset,
                              uint64_t length) {
  char number[16];
  snprintf(number, sizeof(number), "%d", descriptor);
  MOE_RT_RETURN_IF_ERROR(setName("file descriptor ", number, ""));
  file = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (file < 0) {
    int error = errno;
    char buffer[128];
    return Status::error(error == EBADF ? MOE_RT_INVALID_ARGUMENT : MOE_RT_IO,
                         "cannot use %s: %s", name(),
                         systemErrorText(error, buffer, sizeof(buffer)));
  }
  return useDescriptor(file, offset, length);
}

Status Source::useDescriptor(int descriptor, uint64_t offset, uint64_t length) {
  sourceKind = Kind::File;
  struct stat info;
  if (fstat(descriptor, &info)) {
    int error = errno;
    char buffer[128];
    return Status::error(MOE_RT_IO, "cannot examine %s: %s", name(),
                         systemErrorText(error, buffer, sizeof(buffer)));
  }
  if (!S_ISREG(info.st_mode)) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s is not a regular file; a package must be one",
                         name());
  }
  auto fileSize = static_cast<uint64_t>(info.st_size);
  if (offset > fileSize || length > fileSize - offset) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s has %llu bytes, too few for a package of %llu at "
                         "offset %llu",
                         name(), static_cast<unsigned long long>(fileSize),
                         static_cast<unsigned long long>(length),
                         static_cast<unsigned long long>(offset));
  }
  start = offset;
  byteCount = length ? length : fileSize - offset;
  return Status();
}

Status Source::openMemory(const void *data, uint64_t length) {
  MOE_RT_RETURN_IF_ERROR(setName("the package in memory", "", ""));
  sourceKind = Kind::Memory;
  if (!data) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "data is NULL");
  }
  memoryBytes = static_cast<const uint8_t *>(data);
  byteCount = length;
  return Status();
}

Status Source::openCallback(const ReadCallback &readCallback, uint64_t length) {
  MOE_RT_RETURN_IF_ERROR(setName("the package", "", ""));
  sourceKind = Kind::Callback;
  callback = readCallback;
  byteCount = length;
  return Status();
}

/// What a package says about itself is checked before it is used; this holds
/// where such a check is missing.
Status Source::checkRange(uint64_t offset, uint64_t size) const {
  if (offset <= byteCount && size <= byteCount - offset) {
    return Status();
  }
  return Status::error(MOE_RT_INTERNAL,
                       "%llu bytes at offset %llu of %s do not exist; there "
                       "are %llu",
                       static_cast<unsigned long long>(size),
                       static_cast<unsigned long long>(offset), name(),
                       static_cast<unsigned long long>(byteCount));
}

Status Source::read(uint64_t offset, void *buffer, uint64_t size) const {
  MOE_RT_RETURN_IF_ERROR(checkRange(offset, size));
  auto *bytes = static_cast<uint8_t *>(buffer);
  if (sourceKind == Kind::Memory) {
    if (size) {
      memcpy(bytes, memoryBytes + offset, static_cast<size_t>(size));
    }
    return Status();
  }
  if (sourceKind == Kind::Callback) {
    int32_t error =
        size ? callback.read(callback.context, offset, bytes, size) : 0;
    if (error) {
      return Status::error(
          MOE_RT_IO,
          "cannot read %llu bytes of %s at offset %llu: the read callback "
          "returned %d",
          static_cast<unsigned long long>(size), name(),
          static_cast<unsigned long long>(offset), error);
    }
    return Status();
  }
  while (size) {
    size_t chunk =
        size < (size_t{1} << 30) ? static_cast<size_t>(size) : size_t{1} << 30;
    ssize_t got = pread(file, bytes, chunk, static_cast<off_t>(start + offset));
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      int error = errno;
      char text[128];
      return Status::error(MOE_RT_IO, "cannot read %s at offset %llu: %s",
                           name(),
                           static_cast<unsigned long long>(start + offset),
                           systemErrorText(error, text, sizeof(text)));
    }
    if (got == 0) {
      return Status::error(
          MOE_RT_IO,
          "%s was cut short while it was read: it ends at offset %llu, %llu "
          "bytes more were there when it was opened; copy it again",
          name(), static_cast<unsigned long long>(start + offset),
          static_cast<unsigned long long>(size));
    }
    bytes += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<uint64_t>(got);
  }
  return Status();
}

Status Source::map(uint64_t offset, uint64_t size, bool populate,
                   Memory &result) const {
  result.reset();
  MOE_RT_RETURN_IF_ERROR(checkRange(offset, size));
  if (size == 0) {
    return Status();
  }
  auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t first = start + offset;
  auto skip = static_cast<size_t>(first % page);
  size_t bytes = static_cast<size_t>(size) + skip;
  void *mapping = mmap(nullptr, bytes, PROT_READ,
                       MAP_SHARED | (populate ? MAP_POPULATE : 0), file,
                       static_cast<off_t>(first - skip));
  if (mapping == MAP_FAILED) {
    int error = errno;
    char buffer[128];
    return Status::error(
        error == ENOMEM ? MOE_RT_OUT_OF_MEMORY : MOE_RT_IO,
        "cannot map %llu bytes of %s: %s; load it with the copy policy",
        static_cast<unsigned long long>(size), name(),
        systemErrorText(error, buffer, sizeof(buffer)));
  }
  result = Memory::adoptMapping(mapping, bytes, skip, size);
  return Status();
}
