//===- source.h - where the bytes of a package come from --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PACKAGE_SOURCE_H
#define MOE_RT_SRC_PACKAGE_SOURCE_H

#include "allocation.h"

#include <cstdint>

namespace moe::rt {

/// Bytes that stay where they are until it is destroyed.
class Memory {
public:
  Memory() = default;
  Memory(Memory &&other) noexcept { *this = std::move(other); }
  Memory &operator=(Memory &&other) noexcept;
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
  ~Memory() { reset(); }

  /// From the allocator. `what` names them in an error.
  static Status allocate(const Allocator &allocator, uint64_t size,
                         size_t alignment, const char *what, Memory &result);
  /// Anonymous memory at a multiple of 2 MiB, in huge pages where the system
  /// gives them; `refused` is set where it gives none.
  static Status allocateHuge(uint64_t size, const char *what, Memory &result,
                             bool &refused);
  /// Memory of somebody else.
  static Memory borrow(const uint8_t *data, uint64_t size);
  /// Takes over `mappedBytes` of a mapping that holds the bytes from `skip` on.
  static Memory adoptMapping(void *mapping, size_t mappedBytes, size_t skip,
                             uint64_t size);

  const uint8_t *data() const { return bytes; }
  /// Only for memory that was allocated here.
  uint8_t *writable() { return bytes; }
  uint64_t size() const { return length; }
  void reset();

private:
  enum class Kind { None, Allocated, Mapped };

  Allocator allocator;
  Kind kind = Kind::None;
  uint8_t *bytes = nullptr;
  uint64_t length = 0;
  void *region = nullptr;
  size_t regionBytes = 0;
  size_t alignment = 0;
};

/// The caller's way to read a package; see moe_rt_reader_t in model.h.
struct ReadCallback {
  void *context = nullptr;
  int32_t (*read)(void *context, uint64_t offset, void *buffer,
                  uint64_t length) = nullptr;
};

/// A package's bytes: part of a file, memory, or a callback. read() and map()
/// may be called from several threads.
class Source {
public:
  enum class Kind { File, Memory, Callback };

  explicit Source(const Allocator &allocator) : nameText(allocator) {}
  Source(Source &&other) noexcept;
  Source &operator=(Source &&) = delete;
  ~Source();

  /// Opens a regular file. Messages name it `name`, or by its path.
  Status openPath(const char *path, const char *name = nullptr);
  /// `length` bytes from `offset` on; length 0: up to the end of the file. The
  /// descriptor is duplicated.
  Status openDescriptor(int descriptor, uint64_t offset, uint64_t length);
  Status openMemory(const void *data, uint64_t length);
  Status openCallback(const ReadCallback &callback, uint64_t length);

  Kind kind() const { return sourceKind; }
  /// How messages name it, quotes included.
  const char *name() const { return nameText.data(); }
  uint64_t length() const { return byteCount; }
  /// The bytes of a memory source, else NULL.
  const uint8_t *memory() const { return memoryBytes; }
  /// Where the package starts in its file.
  uint64_t fileOffset() const { return start; }

  /// Reads exactly these bytes; an internal error unless they lie inside the
  /// package.
  Status read(uint64_t offset, void *buffer, uint64_t size) const;
  /// Maps bytes of a file, read-only and shared with the page cache; an
  /// internal error unless they lie inside the package.
  Status map(uint64_t offset, uint64_t size, bool populate,
             Memory &result) const;

private:
  Status setName(const char *prefix, const char *text, const char *suffix);
  Status useDescriptor(int descriptor, uint64_t offset, uint64_t length);
  Status checkRange(uint64_t offset, uint64_t size) const;

  Kind sourceKind = Kind::Memory;
  Array<char> nameText;
  int file = -1;
  uint64_t start = 0;
  uint64_t byteCount = 0;
  const uint8_t *memoryBytes = nullptr;
  ReadCallback callback;
};

/// The system's text for an errno value; the buffer is used where needed.
const char *systemErrorText(int error, char *buffer, size_t size);

} // namespace moe::rt

#endif // MOE_RT_SRC_PACKAGE_SOURCE_H
