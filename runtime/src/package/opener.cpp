//===- opener.cpp - the checks of a package at open -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "package/opener.h"

#include <cstdarg>
#include <cstdio>

using namespace moe::rt;

using ull = unsigned long long;

static_assert(sizeof(moe_package_header) == 192 &&
                  sizeof(moe_package_section) == 80 &&
                  sizeof(moe_package_attestation) == 64 &&
                  sizeof(moe_package_leaves) == 16,
              "the structs are the file format");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "a big-endian host has to swap what it reads");

// More than any package needs; bounds what is read before it is checked.
static constexpr uint32_t maxSections = 65536;
static constexpr uint64_t maxFirstOffset = uint64_t{16} << 20;
static constexpr uint32_t minAlignmentLog2 = 6;
static constexpr uint32_t maxAlignmentLog2 = 30;
static constexpr uint32_t poolAlignmentLog2 =
    __builtin_ctzll(MOE_PACKAGE_SLOT_ALIGNMENT);
/// Of weights in memory.
static constexpr size_t weightAlignment = 64;
/// The newest layout of every section type that this runtime knows.
static constexpr uint32_t sectionVersion = 1;

static bool isKnown(const moe_package_section &section) {
  return section.type >= MOE_SECTION_MANIFEST &&
         section.type <= MOE_SECTION_SOURCE &&
         section.version <= sectionVersion;
}

static bool isLazy(const moe_package_section &section) {
  return section.flags & MOE_SECTION_LAZY;
}

static bool isZero(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i]) {
      return false;
    }
  }
  return true;
}

Status PackageOpener::damaged(const char *format, ...) {
  char reason[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof(reason), format, arguments);
  va_end(arguments);
  return Status::error(
      MOE_RT_IO,
      "%s was altered or damaged: %s; copy it or compile the model again",
      package.name(), reason);
}

Status PackageOpener::open() {
  package.checkHashes = options.checkHashes;
  MOE_RT_RETURN_IF_ERROR(readHeader());
  MOE_RT_RETURN_IF_ERROR(readTable());
  MOE_RT_RETURN_IF_ERROR(checkAttestations());
  MOE_RT_RETURN_IF_ERROR(resolvePolicy());
  MOE_RT_RETURN_IF_ERROR(package.loaded.resize(package.sectionCount()));
  for (uint32_t i = 0; i < package.sectionCount(); ++i) {
    MOE_RT_RETURN_IF_ERROR(loadSection(i));
  }
  return readLeaves();
}

//===----------------------------------------------------------------------===//
// Header and section table
//===----------------------------------------------------------------------===//

Status PackageOpener::checkMagic(const moe_package_header &header,
                                 uint64_t bytes) {
  static const char magic[] = MOE_PACKAGE_MAGIC;
  size_t present = bytes < 8 ? static_cast<size_t>(bytes) : 8;
  if (present == 0) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s is empty; a package was expected, as 'moec "
                         "model.onnx -o model.moe' writes it",
                         package.name());
  }
  if (memcmp(header.magic, magic, present) == 0) {
    return Status();
  }
  // Line ends or the eighth bit were changed on the way.
  if (present == 8 && (header.magic[0] & 0x7f) == 0x09 &&
      memcmp(header.magic + 1, "MOE", 3) == 0) {
    return Status::error(MOE_RT_IO,
                         "%s was damaged by a transfer in text mode; copy it "
                         "again in binary mode",
                         package.name());
  }
  return Status::error(MOE_RT_INVALID_ARGUMENT,
                       "%s is not a package; a package was expected, as 'moec "
                       "model.onnx -o model.moe' writes it",
                       package.name());
}

Status PackageOpener::readHeader() {
  moe_package_header &header = package.head;
  uint64_t length = package.source.length();
  uint64_t present = length < sizeof(header) ? length : sizeof(header);
  MOE_RT_RETURN_IF_ERROR(package.source.read(0, &header, present));
  MOE_RT_RETURN_IF_ERROR(checkMagic(header, present));
  if (length < sizeof(header)) {
    return Status::error(MOE_RT_IO,
                         "%s was cut short: a package starts with a header of "
                         "%zu bytes, and there are %llu; copy it again",
                         package.name(), sizeof(header),
                         static_cast<ull>(length));
  }
  if (header.major > MOE_PACKAGE_MAJOR ||
      (header.major == MOE_PACKAGE_MAJOR && header.minor > MOE_PACKAGE_MINOR)) {
    return Status::error(
        MOE_RT_INCOMPATIBLE,
        "%s has package format %u.%u, and this runtime reads up to %u.%u; "
        "update the runtime or compile the model with an older moec",
        package.name(), header.major, header.minor, MOE_PACKAGE_MAJOR,
        MOE_PACKAGE_MINOR);
  }
  if (header.major < MOE_PACKAGE_MAJOR) {
    return Status::error(
        MOE_RT_INCOMPATIBLE,
        "%s has package format %u.%u, and this runtime reads from %u.0 on; "
        "compile the model again",
        package.name(), header.major, header.minor, MOE_PACKAGE_MAJOR);
  }
  if (length < header.total_length) {
    return Status::error(MOE_RT_IO,
                         "%s was cut short: its header says %llu bytes, and "
                         "there are %llu; copy it again",
                         package.name(), static_cast<ull>(header.total_length),
                         static_cast<ull>(length));
  }
  if (header.section_count > maxSections ||
      header.section_table_offset != sizeof(header) ||
      header.total_length % 64 != 0 ||
      header.total_length < sizeof(header) + uint64_t{header.section_count} *
                                                 sizeof(moe_package_section)) {
    return damaged("its header contradicts itself");
  }
  return Status();
}

Status PackageOpener::readTable() {
  moe_package_header &header = package.head;
  uint32_t count = header.section_count;
  size_t bytes = count * sizeof(moe_package_section);
  MOE_RT_RETURN_IF_ERROR(package.table.resize(count));
  MOE_RT_RETURN_IF_ERROR(
      package.source.read(sizeof(header), package.table.data(), bytes));
  if (options.checkHashes && hashRoot(header, package.table.data(), bytes) !=
                                 Hash::fromBytes(header.root_hash)) {
    return damaged("its header or section table has a wrong hash");
  }
  if (isZero(header.signature, sizeof(header.signature)) !=
      isZero(header.key_id, sizeof(header.key_id))) {
    return damaged("it has a signature without a key or a key without a "
                   "signature");
  }
  if (!isZero(reinterpret_cast<uint8_t *>(header.reserved),
              sizeof(header.reserved))) {
    return damaged("reserved bytes of its header are not zero");
  }

  uint64_t end = sizeof(header) + bytes;
  uint64_t next = count ? package.table[0].offset : end;
  if (next < end || next > maxFirstOffset) {
    return damaged("its first section starts at %llu, behind a section table "
                   "that ends at %llu",
                   static_cast<ull>(next), static_cast<ull>(end));
  }
  uint64_t first = next;
  for (uint32_t i = 0; i < count; ++i) {
    MOE_RT_RETURN_IF_ERROR(checkSection(i, next));
    next += package.table[i].size;
  }
  if (next != header.total_length) {
    return damaged("its sections end at %llu, and its header says %llu",
                   static_cast<ull>(next),
                   static_cast<ull>(header.total_length));
  }
  // Only now is it known that the first section starts inside the package.
  return checkGap(end, first);
}

Status PackageOpener::checkSection(uint32_t index, uint64_t expectedOffset) {
  const moe_package_section &section = package.table[index];
  const char *type = sectionTypeName(section.type);
  if (section.offset != expectedOffset) {
    return damaged("section %u (%s) starts at %llu, and the one before it ends "
                   "at %llu",
                   index, type, static_cast<ull>(section.offset),
                   static_cast<ull>(expectedOffset));
  }
  uint64_t end;
  if (__builtin_add_overflow(section.offset, section.size, &end) ||
      end > package.head.total_length) {
    return damaged("section %u (%s) runs past the end of the package", index,
                   type);
  }
  uint32_t least =
      section.type == MOE_SECTION_POOL ? poolAlignmentLog2 : minAlignmentLog2;
  if (section.alignment_log2 < least ||
      section.alignment_log2 > maxAlignmentLog2) {
    return damaged("section %u (%s) has alignment 2^%u, not 2^%u to 2^%u",
                   index, type, section.alignment_log2, least,
                   maxAlignmentLog2);
  }
  if (section.offset & ((uint64_t{1} << section.alignment_log2) - 1)) {
    return damaged("section %u (%s) starts at %llu, no multiple of 2^%u", index,
                   type, static_cast<ull>(section.offset),
                   section.alignment_log2);
  }
  if (section.payload_length > section.size) {
    return damaged("section %u (%s) has %llu bytes and says %llu", index, type,
                   static_cast<ull>(section.size),
                   static_cast<ull>(section.payload_length));
  }
  if (section.reserved || section.version == 0 ||
      section.flags & ~uint32_t{MOE_SECTION_CRITICAL | MOE_SECTION_LAZY}) {
    return damaged("section %u (%s) has reserved bits set or no version", index,
                   type);
  }
  if (!isKnown(section)) {
    if (section.flags & MOE_SECTION_CRITICAL) {
      return Status::error(
          MOE_RT_INCOMPATIBLE,
          "%s needs section %u of type %u (%s), version %u, which this runtime "
          "does not know; update the runtime",
          package.name(), index, section.type, type, section.version);
    }
    return Status();
  }
  if (isLazy(section) && section.type != MOE_SECTION_WEIGHTS &&
      section.type != MOE_SECTION_POOL && section.type != MOE_SECTION_SOURCE) {
    return damaged("section %u (%s) may not be checked on first use", index,
                   type);
  }
  return Status();
}

Status PackageOpener::checkGap(uint64_t from, uint64_t to) {
  uint8_t buffer[4096];
  while (from < to) {
    uint64_t size = to - from < sizeof(buffer) ? to - from : sizeof(buffer);
    MOE_RT_RETURN_IF_ERROR(package.source.read(from, buffer, size));
    if (!isZero(buffer, static_cast<size_t>(size))) {
      return damaged("there is something between its section table and its "
                     "first section");
    }
    from += size;
  }
  return Status();
}

Status PackageOpener::checkAttestations() {
  uint64_t end = package.source.length();
  uint64_t at = package.head.total_length;
  Memory buffer;
  constexpr uint64_t bufferBytes = 65536;
  while (at < end) {
    moe_package_attestation header;
    if (end - at < sizeof(header)) {
      return damaged("%llu bytes behind its end are no attestation",
                     static_cast<ull>(end - at));
    }
    MOE_RT_RETURN_IF_ERROR(package.source.read(at, &header, sizeof(header)));
    uint64_t room = end - at - sizeof(header);
    if (memcmp(header.magic, MOE_ATTESTATION_MAGIC, 8) != 0) {
      return damaged("%llu bytes behind its end are no attestation",
                     static_cast<ull>(end - at));
    }
    uint64_t padded = (header.payload_length + 63) & ~uint64_t{63};
    if (header.payload_length > room || padded > room) {
      return damaged("its attestation %zu was cut short",
                     package.attested.size());
    }
    if (!buffer.data()) {
      MOE_RT_RETURN_IF_ERROR(Memory::allocate(package.allocator, bufferBytes,
                                              64, "reading", buffer));
    }
    Hash wanted = Hash::fromBytes(header.hash);
    memset(header.hash, 0, sizeof(header.hash));
    Hasher hasher(HashKind::Attestation);
    hasher.append(package.head.root_hash, sizeof(package.head.root_hash));
    hasher.append(&header, sizeof(header));
    uint64_t payload = at + sizeof(header);
    for (uint64_t done = 0; done < padded;) {
      uint64_t size = padded - done < bufferBytes ? padded - done : bufferBytes;
      MOE_RT_RETURN_IF_ERROR(
          package.source.read(payload + done, buffer.writable(), size));
      hasher.append(buffer.data(), static_cast<size_t>(size));
      done += size;
    }
    if (options.checkHashes && hasher.finish() != wanted) {
      return damaged("its attestation %zu has a wrong hash",
                     package.attested.size());
    }
    MOE_RT_RETURN_IF_ERROR(package.attested.push(
        {header.type, header.version, payload, header.payload_length}));
    at = payload + padded;
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// Sections
//===----------------------------------------------------------------------===//

Status PackageOpener::resolvePolicy() {
  Source::Kind kind = package.source.kind();
  if (options.policy == LoadPolicy::Default) {
    options.policy =
        kind == Source::Kind::Callback ? LoadPolicy::Copy : LoadPolicy::Map;
  }
  if (options.policy != LoadPolicy::Map &&
      options.policy != LoadPolicy::Populate) {
    return Status();
  }
  if (kind == Source::Kind::Callback) {
    return Status::error(MOE_RT_UNSUPPORTED,
                         "%s comes from read callbacks and cannot be mapped; "
                         "load it with the copy or the huge policy",
                         package.name());
  }
  if (kind == Source::Kind::File &&
      package.source.fileOffset() % MOE_PACKAGE_SLOT_ALIGNMENT) {
    return Status::error(
        MOE_RT_INVALID_ARGUMENT,
        "%s is mapped from offset %llu, which must be a multiple of %llu; move "
        "the package there or load it with the copy policy",
        package.name(), static_cast<ull>(package.source.fileOffset()),
        static_cast<ull>(MOE_PACKAGE_SLOT_ALIGNMENT));
  }
  if (kind == Source::Kind::Memory) {
    auto address = reinterpret_cast<uintptr_t>(package.source.memory());
    bool hasPools =
        package.findSection(MOE_SECTION_POOL) < package.sectionCount();
    size_t need = hasPools ? MOE_PACKAGE_SLOT_ALIGNMENT : weightAlignment;
    if (address % need) {
      return Status::error(
          MOE_RT_INVALID_ARGUMENT,
          "%s is used in place and must start at a multiple of %zu; align it "
          "or load it with the copy policy",
          package.name(), need);
    }
  }
  return Status();
}

Status PackageOpener::loadSection(uint32_t index) {
  const moe_package_section &section = package.table[index];
  if (isLazy(section)) {
    bool used = isKnown(section) && section.type != MOE_SECTION_SOURCE;
    return used ? loadLazy(index) : Status();
  }
  if (!isKnown(section) || section.type == MOE_SECTION_SOURCE) {
    return checkUnknown(index);
  }
  size_t alignment = section.type == MOE_SECTION_POOL
                         ? MOE_PACKAGE_SLOT_ALIGNMENT
                         : weightAlignment;
  Memory &memory = package.loaded[index].memory;
  MOE_RT_RETURN_IF_ERROR(
      Memory::allocate(package.allocator, section.size, alignment,
                       sectionTypeName(section.type), memory));
  MOE_RT_RETURN_IF_ERROR(
      package.source.read(section.offset, memory.writable(), section.size));
  SectionHasher hasher;
  hasher.append(memory.data(), static_cast<size_t>(section.size));
  if (options.checkHashes && hasher.finish() != Hash::fromBytes(section.hash)) {
    return wrongHash(package, index);
  }
  return Status();
}

Status PackageOpener::checkUnknown(uint32_t index) {
  const moe_package_section &section = package.table[index];
  Memory buffer;
  constexpr uint64_t bufferBytes = 65536;
  MOE_RT_RETURN_IF_ERROR(
      Memory::allocate(package.allocator, bufferBytes, 64, "reading", buffer));
  SectionHasher hasher;
  for (uint64_t done = 0; done < section.size;) {
    uint64_t size =
        section.size - done < bufferBytes ? section.size - done : bufferBytes;
    MOE_RT_RETURN_IF_ERROR(
        package.source.read(section.offset + done, buffer.writable(), size));
    hasher.append(buffer.data(), static_cast<size_t>(size));
    done += size;
  }
  if (options.checkHashes && hasher.finish() != Hash::fromBytes(section.hash)) {
    return wrongHash(package, index);
  }
  return Status();
}

Status PackageOpener::loadLazy(uint32_t index) {
  const moe_package_section &section = package.table[index];
  const char *type = sectionTypeName(section.type);
  Memory &memory = package.loaded[index].memory;
  const Source &source = package.source;
  if (options.policy == LoadPolicy::Map ||
      options.policy == LoadPolicy::Populate) {
    if (source.kind() == Source::Kind::Memory) {
      memory = Memory::borrow(source.memory() + section.offset, section.size);
      return Status();
    }
    return source.map(section.offset, section.size,
                      options.policy == LoadPolicy::Populate, memory);
  }
  if (options.policy == LoadPolicy::Huge) {
    MOE_RT_RETURN_IF_ERROR(
        Memory::allocateHuge(section.size, type, memory, package.noHugePages));
  } else {
    MOE_RT_RETURN_IF_ERROR(
        Memory::allocate(package.allocator, section.size,
                         MOE_PACKAGE_SLOT_ALIGNMENT, type, memory));
  }
  return source.read(section.offset, memory.writable(), section.size);
}

Status PackageOpener::readLeaves() {
  uint32_t lazyCount = 0;
  for (const moe_package_section &section : package.table) {
    lazyCount += isLazy(section);
  }
  uint32_t index = package.findSection(MOE_SECTION_LEAVES);
  bool present =
      index < package.sectionCount() && isKnown(package.table[index]);
  if (!present) {
    return lazyCount ? damaged("it lacks the leaf hashes of its sections")
                     : Status();
  }
  if (package.findSection(MOE_SECTION_LEAVES, index + 1) <
      package.sectionCount()) {
    return damaged("it has two sections of leaf hashes");
  }
  uint64_t length = package.table[index].payload_length;
  const uint8_t *bytes = package.loaded[index].memory.data();
  if (length < uint64_t{lazyCount} * sizeof(moe_package_leaves)) {
    return damaged("its leaf hashes are incomplete");
  }
  uint32_t entryIndex = 0;
  for (uint32_t i = 0; i < package.sectionCount(); ++i) {
    const moe_package_section &section = package.table[i];
    if (!isLazy(section)) {
      continue;
    }
    moe_package_leaves entry;
    memcpy(&entry, bytes + entryIndex++ * sizeof(entry), sizeof(entry));
    uint64_t count = leafCount(section.size);
    if (entry.section != i || entry.leaf_count != count ||
        entry.offset > length ||
        count > (length - entry.offset) / MOE_PACKAGE_HASH_BYTES) {
      return damaged("the leaf hashes of section %u (%s) are incomplete", i,
                     sectionTypeName(section.type));
    }
    HashTree tree;
    const uint8_t *hashes = bytes + entry.offset;
    for (uint64_t leaf = 0; leaf < count; ++leaf) {
      tree.push(Hash::fromBytes(hashes + leaf * MOE_PACKAGE_HASH_BYTES));
    }
    if (options.checkHashes && tree.root() != Hash::fromBytes(section.hash)) {
      return damaged("the leaf hashes of section %u (%s) are wrong", i,
                     sectionTypeName(section.type));
    }
    package.loaded[i].leaves = hashes;
    MOE_RT_RETURN_IF_ERROR(package.loaded[i].checked.resize((count + 63) / 64));
  }
  return Status();
}
