//===- MoEDialectTest.cpp - the moe dialect from C++ ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>

namespace {

TEST(MoEDialect, LoadsUnderItsName) {
  mlir::MLIRContext context;
  auto *dialect = context.getOrLoadDialect<moe::MoEDialect>();
  ASSERT_NE(dialect, nullptr);
  EXPECT_EQ(dialect->getNamespace(), "moe");
  EXPECT_EQ(context.getLoadedDialect("moe"), dialect);
}

} // namespace
