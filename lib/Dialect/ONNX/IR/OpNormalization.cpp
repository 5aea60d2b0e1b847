//===- OpNormalization.cpp - rows: softmax and norms ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpFamilies.h"

using namespace moe::onnx;
using namespace moe::onnx::elements;

static constexpr auto Optional = OperandSchema::Optional;

void moe::onnx::addNormalizationRows(OpTableBuilder &table) {
  table.add("Softmax", {1, 11, 13})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}})
      .integer("axis", 1, {1, 13})
      .integer("axis", -1, {13});
  table.add("LogSoftmax", {1, 11, 13})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}})
      .integer("axis", 1, {1, 13})
      .integer("axis", -1, {13});
  table.add("LayerNormalization", {17})
      .in("X", "T")
      .in("Scale", "T")
      .in("B", "T", Optional)
      .out("Y", "T")
      .out("Mean", "U", Optional)
      .out("InvStdDev", "U", Optional)
      .types("T", {{1, kFloat | kBF16}})
      .types("U", {{1, kBF16 | kF32}})
      .integer("axis", -1)
      .number("epsilon", 1e-5f)
      .integer("stash_type", 1);
  table.add("RMSNormalization", {23})
      .in("X", "T")
      .in("scale", "V")
      .out("Y", "V")
      .types("T", {{1, kFloat | kBF16}})
      .types("V", {{1, kFloat | kBF16}})
      .integer("axis", -1)
      .number("epsilon", 1e-5f)
      .integer("stash_type", 1);
}
