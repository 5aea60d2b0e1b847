//===- SymbolicIntTest.cpp - integers over dimension symbols --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/Inference.h"

#include "gtest/gtest.h"

using namespace moe::onnx;

static SymbolicInt c(int64_t value) { return SymbolicInt::constant(value); }
static SymbolicInt d(llvm::StringRef name) {
  return SymbolicInt::dimension(name);
}

TEST(SymbolicIntTest, EqualSumsHaveEqualTexts) {
  SymbolicInt n = d("N"), s = d("S");
  EXPECT_EQ((n + s).str(), "N+S");
  EXPECT_EQ((s + n).str(), "N+S");
  EXPECT_EQ((n + c(1) + s + n - c(3)).str(), "2*N+S-2");
  EXPECT_EQ(((n + c(1)) * (n - c(1))).str(), "N*N-1");
  EXPECT_EQ((c(4) * s * n * c(2)).str(), "8*N*S");
  EXPECT_EQ((c(0) - n).str(), "-N");
}

TEST(SymbolicIntTest, FoldsToConstants) {
  SymbolicInt n = d("N");
  EXPECT_EQ(n - n, c(0));
  EXPECT_EQ(n * c(0), c(0));
  EXPECT_EQ(SymbolicInt::unknown() * c(0), c(0));
  EXPECT_EQ((n + c(2)) - n, c(2));
}

TEST(SymbolicIntTest, UnknownStaysUnknown) {
  SymbolicInt unknown = SymbolicInt::unknown();
  EXPECT_TRUE((unknown + c(1)).isUnknown());
  EXPECT_TRUE((unknown - unknown).isUnknown());
  EXPECT_TRUE((unknown * d("N")).isUnknown());
  EXPECT_FALSE(unknown.isNonNegative());
  EXPECT_FALSE(unknown.dividedBy(c(2)).has_value());
}

TEST(SymbolicIntTest, OverflowIsUnknown) {
  EXPECT_TRUE((c(INT64_MAX) + c(1)).isUnknown());
  EXPECT_TRUE((c(INT64_MIN) - c(1)).isUnknown());
  EXPECT_TRUE((c(INT64_MAX) * d("N") * c(2)).isUnknown());
  EXPECT_TRUE(
      (SymbolicInt::named("9223372036854775807*2*N") + c(0)).isUnknown());
}

TEST(SymbolicIntTest, DividesExactly) {
  SymbolicInt n = d("N"), s = d("S");
  EXPECT_EQ((n * s * c(64)).dividedBy(s * c(8))->str(), "8*N");
  EXPECT_EQ((n * s + s * c(2)).dividedBy(s)->str(), "N+2");
  EXPECT_EQ((n + s).dividedBy(n + s), c(1));
  EXPECT_FALSE((n + c(1)).dividedBy(n).has_value());
  EXPECT_FALSE(n.dividedBy(c(2)).has_value());
  EXPECT_FALSE(n.dividedBy(c(0)).has_value());
  EXPECT_FALSE(c(INT64_MIN).dividedBy(c(-1)).has_value());
}

TEST(SymbolicIntTest, DividesDownwards) {
  SymbolicInt n = d("N");
  EXPECT_EQ(floorDivide(c(7), c(2)), c(3));
  EXPECT_EQ(floorDivide(c(-7), c(2)), c(-4));
  EXPECT_EQ(floorDivide(n, c(2)).str(), "floor(N/2)");
  EXPECT_EQ(floorDivide(n + c(9), c(4)).str(), "floor(N+9/4)");
  EXPECT_EQ(floorDivide(n + c(8), c(4)).str(), "floor(N/4)+2");
  EXPECT_EQ(floorDivide(n * c(6), c(3)).str(), "2*N");
  EXPECT_TRUE(floorDivide(n, c(0)).isUnknown());
  EXPECT_TRUE(floorDivide(n, c(-2)).isUnknown());
  EXPECT_TRUE(floorDivide(n - c(1), c(2)).isUnknown());
  EXPECT_TRUE(floorDivide(c(INT64_MIN), c(-1)).isUnknown());
}

TEST(SymbolicIntTest, Extremes) {
  SymbolicInt n = d("N");
  EXPECT_EQ(maximum(n, n + c(1)), n + c(1));
  EXPECT_EQ(minimum(n, n + c(1)), n);
  EXPECT_EQ(maximum(n, c(0)), n);
  EXPECT_EQ(maximum(n - c(2), c(0)).str(), "max(0,N-2)");
  EXPECT_EQ(minimum(c(8), n).str(), "min(8,N)");
  EXPECT_EQ(minimum(n, c(8)), minimum(c(8), n));
  // A factor must not be negative.
  EXPECT_TRUE(minimum(n - c(2), c(0)).isUnknown());
}

TEST(SymbolicIntTest, FactorsStayWhole) {
  SymbolicInt factor = maximum(d("N") - c(2), c(0));
  EXPECT_EQ((factor * c(3) + c(1) - factor).str(), "2*max(0,N-2)+1");
  EXPECT_TRUE(factor.isNonNegative());
  EXPECT_TRUE((factor + c(1)).isPositive());
  EXPECT_FALSE(factor.isPositive());
}

TEST(SymbolicIntTest, NamesThatReadLikeExpressionsAreQuoted) {
  EXPECT_EQ(d("batch_size").str(), "batch_size");
  EXPECT_EQ(d("batch * heads").str(), "'batch * heads'");
  EXPECT_EQ(d("N+1").str(), "'N+1'");
  EXPECT_EQ(d("2").str(), "'2'");
  EXPECT_EQ(d("it's").str(), "'it%27s'");
  EXPECT_EQ(d("50%").str(), "'50%25'");
  EXPECT_TRUE(d("").isUnknown());
  EXPECT_EQ((d("a - b") * d("N") + c(1)).str(), "'a - b'*N+1");
  EXPECT_NE(d("N+1"), d("N") + c(1));
}

TEST(SymbolicIntTest, GrowthIsBounded) {
  SymbolicInt power = d("N") + d("M");
  for (int i = 0; i < 100; ++i) {
    power = power * power;
  }
  EXPECT_TRUE(power.isUnknown());
  EXPECT_TRUE((d(std::string(300, 'x')) + c(1)).isUnknown());
}
