//===- HashTreeTest.cpp - the hashes of a package -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackageTestUtils.h"

#include "package/hash_tree.h"

using namespace moe::rt;
using namespace moe::test;

namespace {

std::string hex(const Hash &hash) {
  std::string text;
  for (uint8_t byte : hash.bytes) {
    char digits[3];
    snprintf(digits, sizeof(digits), "%02x", byte);
    text += digits;
  }
  return text;
}

// From Python: hashlib.blake2b(b"\0" + ..., digest_size=32).
TEST(HashTree, IsBlake2bWithAPrefix) {
  EXPECT_EQ(hex(hashLeaf(nullptr, 0)),
            "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314");
  EXPECT_EQ(hex(hashLeaf("abc", 3)),
            "4b44b5a5f9e6fafead231e4d609a8e88053a6053c087b68e24e31faf0fb8dfe7");
}

/// The definition, level by level.
Hash rootByLevels(std::vector<Hash> level) {
  if (level.empty()) {
    return hashLeaf(nullptr, 0);
  }
  while (level.size() > 1) {
    std::vector<Hash> next;
    for (size_t i = 0; i + 1 < level.size(); i += 2) {
      next.push_back(hashNode(level[i], level[i + 1]));
    }
    if (level.size() % 2) {
      next.push_back(level.back());
    }
    level = next;
  }
  return level[0];
}

TEST(HashTree, RootIsTheDefinitionForEveryNumberOfLeaves) {
  std::vector<Hash> leaves;
  HashTree tree;
  for (uint32_t count = 0; count < 130; ++count) {
    EXPECT_EQ(hex(tree.root()), hex(rootByLevels(leaves))) << count;
    Hash leaf = hashLeaf(&count, sizeof(count));
    leaves.push_back(leaf);
    tree.push(leaf);
  }
}

TEST(HashTree, PiecesDoNotMatter) {
  Bytes data = pattern(2 * MOE_PACKAGE_LEAF_BYTES + 12345, 1);
  std::vector<Hash> leaves;
  for (size_t at = 0; at < data.size(); at += MOE_PACKAGE_LEAF_BYTES) {
    leaves.push_back(
        hashLeaf(data.data() + at,
                 std::min<size_t>(MOE_PACKAGE_LEAF_BYTES, data.size() - at)));
  }
  for (size_t piece : {size_t{1} << 16, size_t{1000003}, data.size()}) {
    std::vector<Hash> seen;
    SectionHasher hasher(
        [](void *context, const Hash &leaf) {
          static_cast<std::vector<Hash> *>(context)->push_back(leaf);
        },
        &seen);
    for (size_t at = 0; at < data.size(); at += piece) {
      hasher.append(data.data() + at, std::min(piece, data.size() - at));
    }
    EXPECT_EQ(hex(hasher.finish()), hex(rootByLevels(leaves)));
    EXPECT_EQ(seen.size(), 3U);
    EXPECT_TRUE(seen == leaves);
  }
}

TEST(HashTree, KindsDiffer) {
  // A node over two hashes is no leaf of 64 bytes.
  Hash left = hashLeaf("a", 1);
  Hash right = hashLeaf("b", 1);
  uint8_t both[64];
  memcpy(both, left.bytes, 32);
  memcpy(both + 32, right.bytes, 32);
  EXPECT_NE(hex(hashNode(left, right)), hex(hashLeaf(both, sizeof(both))));
}

TEST(HashTree, LeafCount) {
  EXPECT_EQ(leafCount(0), 0U);
  EXPECT_EQ(leafCount(1), 1U);
  EXPECT_EQ(leafCount(MOE_PACKAGE_LEAF_BYTES), 1U);
  EXPECT_EQ(leafCount(MOE_PACKAGE_LEAF_BYTES + 1), 2U);
  EXPECT_EQ(leafCount(UINT64_MAX), (UINT64_MAX >> 22) + 1);
}

} // namespace
