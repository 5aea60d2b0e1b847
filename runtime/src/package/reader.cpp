//===- reader.cpp - opens and checks a package ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "package/reader.h"

#include "package/opener.h"

using namespace moe::rt;

using ull = unsigned long long;

const char *moe::rt::sectionTypeName(uint32_t type) {
  switch (type) {
  case MOE_SECTION_MANIFEST:
    return "manifest";
  case MOE_SECTION_PROGRAM:
    return "program";
  case MOE_SECTION_IMAGE:
    return "image";
  case MOE_SECTION_CONSTANTS:
    return "constants";
  case MOE_SECTION_WEIGHTS:
    return "weights";
  case MOE_SECTION_POOL:
    return "pool";
  case MOE_SECTION_LEAVES:
    return "leaves";
  case MOE_SECTION_SOURCE:
    return "source";
  default:
    return "unknown";
  }
}

Package::Package(const Allocator &allocator, Source source)
    : allocator(allocator), source(std::move(source)), head{}, table(allocator),
      loaded(allocator), attested(allocator) {}

Status Package::open(const Allocator &allocator, Source source,
                     const PackageOptions &options, Owned<Package> &result) {
  Owned<Package> package(
      allocator, create<Package>(allocator, allocator, std::move(source)));
  if (!package) {
    return Status::outOfMemory();
  }
  PackageOpener opener(*package, options);
  MOE_RT_RETURN_IF_ERROR(opener.open());
  result = std::move(package);
  return Status();
}

uint32_t Package::findSection(uint32_t type, uint32_t from) const {
  while (from < head.section_count && table[from].type != type) {
    ++from;
  }
  return from;
}

Status Package::checkLeaf(uint32_t section, uint64_t leaf,
                          const uint8_t *bytes) const {
  uint64_t first = leaf * MOE_PACKAGE_LEAF_BYTES;
  uint64_t size = table[section].size - first;
  if (size > MOE_PACKAGE_LEAF_BYTES) {
    size = MOE_PACKAGE_LEAF_BYTES;
  }
  Hash wanted =
      Hash::fromBytes(loaded[section].leaves + leaf * MOE_PACKAGE_HASH_BYTES);
  if (checkHashes && hashLeaf(bytes, static_cast<size_t>(size)) != wanted) {
    return Status::error(
        MOE_RT_IO,
        "%s was altered or damaged: section %u (%s) has a wrong hash in its "
        "bytes %llu to %llu; copy it or compile the model again",
        name(), section, sectionTypeName(table[section].type),
        static_cast<ull>(first), static_cast<ull>(first + size - 1));
  }
  return Status();
}

Status Package::ensureVerified(uint32_t section, uint64_t offset,
                               uint64_t length) const {
  if (section >= head.section_count || offset > table[section].size ||
      length > table[section].size - offset) {
    return Status::error(MOE_RT_INTERNAL,
                         "bytes %llu to %llu of section %u of %s do not exist",
                         static_cast<ull>(offset),
                         static_cast<ull>(offset + length), section, name());
  }
  Section &lazy = loaded[section];
  if (!lazy.leaves || length == 0) {
    return Status();
  }
  if (!lazy.memory.data()) {
    return Status::error(MOE_RT_INTERNAL, "section %u (%s) of %s is not loaded",
                         section, sectionTypeName(table[section].type), name());
  }
  uint64_t last = (offset + length - 1) / MOE_PACKAGE_LEAF_BYTES;
  for (uint64_t leaf = offset / MOE_PACKAGE_LEAF_BYTES; leaf <= last; ++leaf) {
    uint64_t &word = lazy.checked[leaf / 64];
    uint64_t bit = uint64_t{1} << (leaf % 64);
    // Two threads may hash one leaf at the same time: both find the same.
    if (!(__atomic_load_n(&word, __ATOMIC_ACQUIRE) & bit)) {
      MOE_RT_RETURN_IF_ERROR(checkLeaf(
          section, leaf, lazy.memory.data() + leaf * MOE_PACKAGE_LEAF_BYTES));
      __atomic_fetch_or(&word, bit, __ATOMIC_RELEASE);
    }
  }
  return Status();
}

Status Package::readSection(uint32_t section, Memory &result) const {
  const moe_package_section &entry = table[section];
  Memory bytes;
  MOE_RT_RETURN_IF_ERROR(
      Memory::allocate(allocator, entry.size, 64, "a section", bytes));
  MOE_RT_RETURN_IF_ERROR(
      source.read(entry.offset, bytes.writable(), entry.size));
  SectionHasher hasher;
  hasher.append(bytes.data(), static_cast<size_t>(entry.size));
  if (checkHashes && hasher.finish() != Hash::fromBytes(entry.hash)) {
    return wrongHash(*this, section);
  }
  result = std::move(bytes);
  return Status();
}

Status moe::rt::wrongHash(const Package &package, uint32_t section) {
  return Status::error(
      MOE_RT_IO,
      "%s was altered or damaged: section %u (%s) has a wrong hash; copy it or "
      "compile the model again",
      package.name(), section,
      sectionTypeName(package.sections()[section].type));
}
