//===- PackageWriter.h - Writes package files -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The writing half of the format in moe_rt/contract/package.h. Plain C++ on top
// of the runtime's hashes, so that it builds, and is tested, without MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_PACKAGEWRITER_H
#define MOE_TARGET_PACKAGEWRITER_H

#include "moe_rt/contract/package.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace moe {

struct PackageWriterOptions {
  /// Sections there is room for; what is not used stays zero. The default
  /// fills the first 64 KiB.
  uint32_t sectionCapacity = 816;
  /// Alignment of the section of leaf hashes that finish() adds.
  uint64_t leavesAlignment = 65536;
};

/// Writes one package, section by section. No section is held in memory. The
/// same calls write the same bytes.
///
/// Every function that returns bool returns false when something failed; the
/// reason is then in error(), nothing is left behind but the old file at the
/// path, and later calls return false, too. Not thread-safe.
class PackageWriter {
public:
  explicit PackageWriter(const PackageWriterOptions &options = {});
  /// Removes the temporary unless finish() succeeded.
  ~PackageWriter();
  PackageWriter(const PackageWriter &) = delete;
  PackageWriter &operator=(const PackageWriter &) = delete;

  /// Opens a temporary file in the folder of `path`. An existing `path` must be
  /// a regular file; it is replaced by finish().
  [[nodiscard]] bool begin(const std::string &path);

  /// Ends the section before and starts one. `flags` are moe_section_flags,
  /// `alignment` is a power of two from 64 (a pool: 4096) on. The new section's
  /// index in the section table is sectionCount() - 1.
  [[nodiscard]] bool addSection(uint32_t type, uint32_t flags, uint32_t version,
                                uint64_t alignment);
  /// Appends to the section that was started last.
  [[nodiscard]] bool append(const void *data, size_t size);
  /// Appends zeros up to a multiple of `alignment` from the section's start.
  [[nodiscard]] bool alignTo(uint64_t alignment);

  /// Ends the last section and adds the leaf hashes and the header: the
  /// temporary is a whole package then, which can be checked before finish().
  [[nodiscard]] bool complete();
  /// Completes the temporary unless complete() did, syncs it, and renames it to
  /// the path.
  [[nodiscard]] bool finish();

  /// Sections started so far.
  uint32_t sectionCount() const;
  /// Payload bytes of the section that was started last.
  uint64_t sectionBytes() const;
  /// The root hash, after complete(): MOE_PACKAGE_HASH_BYTES bytes.
  const uint8_t *rootHash() const;
  /// Path of the temporary file, for whoever removes it on a signal; empty
  /// before begin() and after finish().
  const std::string &temporaryPath() const;
  /// The first failure, for people; empty if there was none.
  const std::string &error() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

/// Adds an attestation to a finished package; the root hash stays. On failure
/// the file is as it was and `error` says why.
[[nodiscard]] bool appendAttestation(const std::string &path, uint32_t type,
                                     uint32_t version, const void *payload,
                                     size_t size, std::string &error);

} // namespace moe

#endif // MOE_TARGET_PACKAGEWRITER_H
