//===- hash_tree.cpp - the hashes of a package ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "package/hash_tree.h"

using namespace moe::rt;

Hasher::Hasher(HashKind kind) {
  // These fail for bad lengths only.
  (void)crypto_generichash_init(&state, nullptr, 0, MOE_PACKAGE_HASH_BYTES);
  append(&kind, 1);
}

void Hasher::append(const void *data, size_t size) {
  (void)crypto_generichash_update(
      &state, static_cast<const unsigned char *>(data), size);
}

Hash Hasher::finish() {
  Hash hash;
  (void)crypto_generichash_final(&state, hash.bytes, sizeof(hash.bytes));
  return hash;
}

Hash moe::rt::hashLeaf(const void *data, size_t size) {
  Hasher hasher(HashKind::Leaf);
  hasher.append(data, size);
  return hasher.finish();
}

Hash moe::rt::hashNode(const Hash &left, const Hash &right) {
  Hasher hasher(HashKind::Node);
  hasher.append(left.bytes, sizeof(left.bytes));
  hasher.append(right.bytes, sizeof(right.bytes));
  return hasher.finish();
}

Hash moe::rt::hashRoot(const moe_package_header &header,
                       const void *sectionTable, size_t sectionTableBytes) {
  moe_package_header unsignedHeader = header;
  memset(unsignedHeader.root_hash, 0, sizeof(unsignedHeader.root_hash));
  memset(unsignedHeader.signature, 0, sizeof(unsignedHeader.signature));
  memset(unsignedHeader.key_id, 0, sizeof(unsignedHeader.key_id));
  Hasher hasher(HashKind::Root);
  hasher.append(&unsignedHeader, sizeof(unsignedHeader));
  hasher.append(sectionTable, sectionTableBytes);
  return hasher.finish();
}

// A level-by-level tree whose odd last node moves up unchanged is the tree that
// splits at the largest power of two: so complete subtrees are kept, one per
// set bit of the number of leaves, and joined from the right at the end.

void HashTree::push(const Hash &leaf) {
  Hash node = leaf;
  int depth = __builtin_popcountll(leaves);
  for (uint64_t bits = leaves; bits & 1; bits >>= 1) {
    node = hashNode(stack[--depth], node);
  }
  stack[depth] = node;
  ++leaves;
}

Hash HashTree::root() const {
  if (leaves == 0) {
    return hashLeaf(nullptr, 0);
  }
  int depth = __builtin_popcountll(leaves);
  Hash node = stack[--depth];
  while (depth > 0) {
    node = hashNode(stack[--depth], node);
  }
  return node;
}

void SectionHasher::endLeaf() {
  Hash hash = leaf.finish();
  tree.push(hash);
  if (sink) {
    sink(context, hash);
  }
  leaf = Hasher(HashKind::Leaf);
  filled = 0;
}

void SectionHasher::append(const void *data, size_t size) {
  const auto *bytes = static_cast<const uint8_t *>(data);
  while (size) {
    uint64_t room = MOE_PACKAGE_LEAF_BYTES - filled;
    size_t now = size < room ? size : static_cast<size_t>(room);
    leaf.append(bytes, now);
    filled += now;
    bytes += now;
    size -= now;
    if (filled == MOE_PACKAGE_LEAF_BYTES) {
      endLeaf();
    }
  }
}

Hash SectionHasher::finish() {
  if (filled) {
    endLeaf();
  }
  return tree.root();
}
