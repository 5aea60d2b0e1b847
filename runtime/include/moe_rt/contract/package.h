//===- package.h - The package file format
//---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A package is a header, the section table and the sections. Little-endian,
// 64-bit offsets. The table follows the header; zeros run from its end to the
// first section. Sections are sorted by offset and disjoint; each starts at a
// multiple of its alignment, and its stored size runs to the start of the next
// one (zero padding included, hashed with it); the last ends at total_length, a
// multiple of 64.
//
// Hash tree: BLAKE2b-256. A leaf is H(0x00 || up to 4 MiB of the section); an
// inner node is H(0x01 || left || right), an odd last node moves up unchanged;
// a section's hash is its tree's root, for an empty section H(0x00). The root
// hash is H(0x02 || header with root_hash, signature and key_id zeroed ||
// section table).
//
// Attestations (reports of measurements and checks) lie behind total_length
// and outside the root hash, so that adding one leaves the root as it was.
// Each is a moe_package_attestation and its payload, zero-padded to a multiple
// of 64 bytes; one follows another up to the end of the file.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_CONTRACT_PACKAGE_H
#define MOE_RT_CONTRACT_PACKAGE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOE_PACKAGE_MAJOR 1
#define MOE_PACKAGE_MINOR 0

/// Breaks under text transfer, as PNG's does.
#define MOE_PACKAGE_MAGIC "\x89MOE\r\n\x1a\n"
#define MOE_PACKAGE_HASH_BYTES 32
#define MOE_PACKAGE_LEAF_BYTES (UINT64_C(4) << 20)
/// Slots of expert pools start at multiples of this, in the file and in memory.
#define MOE_PACKAGE_SLOT_ALIGNMENT UINT64_C(4096)

struct moe_package_header {
  uint8_t magic[8];
  uint16_t major;
  uint16_t minor;
  uint32_t section_count;
  uint64_t section_table_offset;
  /// Bytes of header, section table and sections. The file is this long, or
  /// longer by its attestations.
  uint64_t total_length;
  uint8_t root_hash[MOE_PACKAGE_HASH_BYTES];
  /// Place of an Ed25519 signature over root_hash and of its key's id; both
  /// zero: unsigned.
  uint8_t signature[64];
  uint8_t key_id[32];
  uint64_t reserved[4];
};

enum moe_section_type {
  MOE_SECTION_MANIFEST = 1,  ///< compiler version, flags, source names and
                             ///< hashes: lines "key = value\n" of UTF-8; the
                             ///< first " = " separates, no line is empty
  MOE_SECTION_PROGRAM = 2,   ///< program.h
  MOE_SECTION_IMAGE = 3,     ///< moe_image_header, then an ELF image
  MOE_SECTION_CONSTANTS = 4, ///< small constants of the program
  MOE_SECTION_WEIGHTS = 5,   ///< dense weights
  MOE_SECTION_POOL = 6,      ///< slots of one expert pool
  MOE_SECTION_LEAVES = 7,    ///< leaf hashes of the sections that are checked
                             ///< by chunk on first use
  MOE_SECTION_SOURCE = 8     ///< the source graph without its weights (ONNX)
};

enum moe_section_flags {
  MOE_SECTION_CRITICAL = 1, ///< a reader that does not know the type refuses
  MOE_SECTION_LAZY = 2      ///< checked by chunk on first use; its leaf hashes
                            ///< are in the LEAVES section. Only for WEIGHTS,
                            ///< POOL, SOURCE and types unknown to the reader
};

struct moe_package_section {
  uint32_t type;
  uint32_t flags;
  uint32_t version;        ///< of the section's own layout, from 1
  uint32_t alignment_log2; ///< 6 to 30; of a POOL at least that of its slots
  uint64_t offset;
  uint64_t size;           ///< stored bytes, padding included
  uint64_t payload_length; ///< bytes that mean something, <= size
  uint64_t reserved;
  uint8_t hash[MOE_PACKAGE_HASH_BYTES];
};

#define MOE_ATTESTATION_MAGIC "\x89MOEATT\n"

/// Starts an attestation. Its hash is H(0x03 || root hash of the package ||
/// this struct with hash zeroed || payload and padding).
struct moe_package_attestation {
  uint8_t magic[8];
  uint32_t type; ///< of the payload; one that is unknown is ignored
  uint32_t version;
  uint64_t payload_length;
  uint64_t reserved;
  uint8_t hash[MOE_PACKAGE_HASH_BYTES];
};

/// LEAVES: one per lazy section, in section order, then the hashes.
struct moe_package_leaves {
  uint32_t section;    ///< index in the section table
  uint32_t leaf_count; ///< ceil(size / 4 MiB)
  uint64_t offset;     ///< of its hashes, from the start of the LEAVES section
};

enum moe_architecture { MOE_ARCHITECTURE_X86_64 = 1 };

/// Instruction-set levels of x86-64 code, a level needs all features of the
/// lower ones.
enum moe_level { MOE_LEVEL_X86_64_V3 = 3, MOE_LEVEL_X86_64_V4 = 4 };

/// Starts an IMAGE section; the ELF image follows at image_offset.
struct moe_image_header {
  uint32_t architecture;
  uint32_t level;
  uint16_t environment_major;
  uint16_t environment_minor;
  uint32_t phase_count;
  uint64_t image_offset; ///< from the start of the section, 65536-aligned
  uint64_t image_length;
};

#ifdef __cplusplus
} // extern "C"
#endif

#endif // MOE_RT_CONTRACT_PACKAGE_H
