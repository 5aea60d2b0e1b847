//===- OpProduct.cpp - rows: matrix products -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpFamilies.h"

using namespace moe::onnx;
using namespace moe::onnx::elements;

static constexpr auto Required = OperandSchema::Required;
static constexpr auto Optional = OperandSchema::Optional;

void moe::onnx::addProductRows(OpTableBuilder &table) {
  table.add("MatMul", {1, 9, 13})
      .in("A", "T")
      .in("B", "T")
      .out("Y", "T")
      .types("T",
             {{1, kFloat}, {9, kFloat | kWide}, {13, kFloat | kWide | kBF16}});
  table.add("Gemm", {7, 9, 11, 13})
      .in("A", "T")
      .in("B", "T")
      .in("C", "T", Required, {1, 11})
      .in("C", "T", Optional, {11})
      .out("Y", "T")
      .types("T",
             {{1, kFloat}, {9, kFloat | kWide}, {13, kFloat | kWide | kBF16}})
      .number("alpha", 1.0f)
      .number("beta", 1.0f)
      .integer("transA", 0)
      .integer("transB", 0);
}
