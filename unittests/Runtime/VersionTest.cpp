//===- VersionTest.cpp - version of the runtime ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe_rt/version.h"

#include <gtest/gtest.h>

namespace {

TEST(Version, LibraryAndHeadersAgree) {
  EXPECT_EQ(moe_rt_version(), uint32_t{MOE_RT_API_VERSION});
}

} // namespace
