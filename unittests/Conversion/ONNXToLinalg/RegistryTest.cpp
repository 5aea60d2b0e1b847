//===- RegistryTest.cpp - both halves of the op table have the same keys --===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Registry.h"
#include "moe/Dialect/ONNX/OpTable.h"

#include "gmock/gmock.h"

using namespace moe::onnx;

namespace {

using Keys = std::vector<std::pair<std::string, std::string>>;

/// Operators that are gone before the lowering: the importer makes constants of
/// one, the first pass of `raise` expands the other.
const Keys kGoneBefore = {{"", "Constant"}, {"com.microsoft", "MoE"}};

TEST(RegistryTest, HasTheOperatorsOfTheSchemas) {
  auto own = Registry::get().getKeys();
  Keys keys(own.begin(), own.end());
  keys.insert(keys.end(), kGoneBefore.begin(), kGoneBefore.end());
  EXPECT_THAT(keys, testing::UnorderedElementsAreArray(getOpTableKeys()));
}

TEST(RegistryTest, FindsByDomainAndName) {
  EXPECT_NE(Registry::get().lookup("", "Add"), nullptr);
  EXPECT_EQ(Registry::get().lookup("com.microsoft", "Add"), nullptr);
  EXPECT_EQ(Registry::get().lookup("", "Conv"), nullptr);
}

} // namespace
