//===- reader.h - opens and checks a package --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PACKAGE_READER_H
#define MOE_RT_SRC_PACKAGE_READER_H

#include "package/hash_tree.h"
#include "package/source.h"

#include "moe_rt/contract/package.h"

namespace moe::rt {

/// How the sections that are checked on first use come into memory. All others
/// are read into private memory at open, whatever the policy, so that nothing
/// that was checked can change afterwards.
enum class LoadPolicy {
  /// Mapped where the source is a file, used in place where it is memory,
  /// copied where it is a callback.
  Default,
  /// Mapped from the file, or used in place: nothing is read before it is
  /// needed.
  Map,
  /// Mapped, and read ahead at open.
  Populate,
  /// Read into memory of the allocator at open.
  Copy,
  /// Read into huge pages at open.
  Huge
};

struct PackageOptions {
  LoadPolicy policy = LoadPolicy::Default;
  /// Test only: a fuzzer cannot guess hashes.
  bool checkHashes = true;
};

/// The name of a section type, such as "weights"; "unknown" for others.
const char *sectionTypeName(uint32_t type);

/// An open package. Immutable but for what is remembered to be checked; may be
/// used from several threads.
class Package {
public:
  /// Opens what the source holds and checks everything but lazy sections: the
  /// header, the section table, their hashes and those of the sections. On
  /// success the package has taken over what it needs of the source.
  static Status open(const Allocator &allocator, Source source,
                     const PackageOptions &options, Owned<Package> &result);

  Package(const Allocator &allocator, Source source);
  Package(const Package &) = delete;
  Package &operator=(const Package &) = delete;

  /// How messages name the package.
  const char *name() const { return source.name(); }
  const moe_package_header &header() const { return head; }
  uint32_t sectionCount() const { return head.section_count; }
  const moe_package_section *sections() const { return table.data(); }
  /// Index of the first section of a type from `from` on, or sectionCount().
  uint32_t findSection(uint32_t type, uint32_t from = 0) const;

  /// The payload of a section; 64-byte aligned, pools 4096. NULL for a section
  /// that was not loaded: of unknown type, the source graph, one dropped. What
  /// a lazy section holds counts only after ensureVerified.
  const uint8_t *data(uint32_t section) const {
    return loaded[section].memory.data();
  }

  /// Makes sure that these bytes of a section are what the compiler wrote;
  /// `offset` + `length` must lie in the section. A lazy section is hashed the
  /// first time a chunk of it is asked for; that costs one atomic load per
  /// 4 MiB afterwards. May be called from several threads. An error is not
  /// remembered: the next call hashes again.
  Status ensureVerified(uint32_t section, uint64_t offset,
                        uint64_t length) const;

  /// Reads and checks the payload of any section, into memory of its own.
  Status readSection(uint32_t section, Memory &result) const;

  /// Frees a section that is no longer needed. Not while it is in use.
  void drop(uint32_t section) { loaded[section].memory.reset(); }

  /// Whether huge pages were asked for and the system gives none.
  bool hugePagesRefused() const { return noHugePages; }

  struct Attestation {
    uint32_t type;
    uint32_t version;
    uint64_t offset; ///< of the payload, from the start of the package
    uint64_t length;
  };
  const Array<Attestation> &attestations() const { return attested; }

private:
  friend class PackageOpener;

  struct Section {
    Memory memory;
    /// Lazy sections: the leaves' hashes in the LEAVES section.
    const uint8_t *leaves = nullptr;
    /// A bit per leaf that was found right; read and set atomically.
    Array<uint64_t> checked;
  };

  Status checkLeaf(uint32_t section, uint64_t leaf, const uint8_t *bytes) const;

  Allocator allocator;
  Source source;
  moe_package_header head;
  Array<moe_package_section> table;
  // Mutable: the bits of `checked` are a cache.
  mutable Array<Section> loaded;
  Array<Attestation> attested;
  bool checkHashes = true;
  bool noHugePages = false;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_PACKAGE_READER_H
