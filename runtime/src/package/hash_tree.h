//===- hash_tree.h - the hashes of a package --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// BLAKE2b-256 in a tree of 4 MiB leaves, as contract/package.h defines it.
// Nothing here calls sodium_init: it would open the system's random source and
// abort where there is none, for a fifth more speed.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PACKAGE_HASH_TREE_H
#define MOE_RT_SRC_PACKAGE_HASH_TREE_H

#include "moe_rt/contract/package.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <sodium/crypto_generichash.h>

namespace moe::rt {

struct Hash {
  uint8_t bytes[MOE_PACKAGE_HASH_BYTES];

  static Hash fromBytes(const uint8_t *bytes) {
    Hash hash;
    memcpy(hash.bytes, bytes, sizeof(hash.bytes));
    return hash;
  }
  bool operator==(const Hash &other) const {
    return memcmp(bytes, other.bytes, sizeof(bytes)) == 0;
  }
  bool operator!=(const Hash &other) const { return !(*this == other); }
};

/// What is hashed, told apart by the first byte.
enum class HashKind : uint8_t { Leaf = 0, Node = 1, Root = 2, Attestation = 3 };

/// H(kind || what is appended).
class Hasher {
public:
  explicit Hasher(HashKind kind);
  void append(const void *data, size_t size);
  Hash finish();

private:
  crypto_generichash_state state;
};

Hash hashLeaf(const void *data, size_t size);
Hash hashNode(const Hash &left, const Hash &right);
Hash hashRoot(const moe_package_header &header, const void *sectionTable,
              size_t sectionTableBytes);

/// The root over leaves that arrive one by one.
class HashTree {
public:
  void push(const Hash &leaf);
  /// The root of what was pushed; of no leaf, H(0x00).
  Hash root() const;

private:
  // Roots of complete subtrees, widest first: one per bit of `leaves`.
  Hash stack[64];
  uint64_t leaves = 0;
};

/// Hashes a section while it is written.
class SectionHasher {
public:
  using LeafSink = void (*)(void *context, const Hash &leaf);

  /// `sink`, where given, gets every leaf's hash in order.
  explicit SectionHasher(LeafSink sink = nullptr, void *context = nullptr)
      : sink(sink), context(context) {}

  void append(const void *data, size_t size);
  Hash finish();

private:
  void endLeaf();

  HashTree tree;
  Hasher leaf{HashKind::Leaf};
  uint64_t filled = 0;
  LeafSink sink;
  void *context;
};

/// Leaves of a section of `size` bytes.
inline uint64_t leafCount(uint64_t size) {
  return size / MOE_PACKAGE_LEAF_BYTES + (size % MOE_PACKAGE_LEAF_BYTES != 0);
}

} // namespace moe::rt

#endif // MOE_RT_SRC_PACKAGE_HASH_TREE_H
