//===- OpActivation.cpp - rows: activation functions ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpFamilies.h"

using namespace moe::onnx;
using namespace moe::onnx::elements;

void moe::onnx::addActivationRows(OpTableBuilder &table) {
  table.add("Relu", {6, 13, 14})
      .in("X", "T")
      .out("Y", "T")
      .types(
          "T",
          {{1, kFloat}, {13, kFloat | kBF16}, {14, kFloat | kSigned | kBF16}});
  table.add("LeakyRelu", {6, 16})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {16, kFloat | kBF16}})
      .number("alpha", 0.01f);
  table.add("Elu", {6, 22})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}})
      .number("alpha", 1.0f);
  table.add("Sigmoid", {6, 13})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("HardSigmoid", {6, 22})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}})
      .number("alpha", 0.2f)
      .number("beta", 0.5f);
  table.add("Tanh", {6, 13})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Softplus", {1, 22})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}});
  table.add("Softsign", {1, 22})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}});
  table.add("Gelu", {20})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat | kBF16}})
      .string("approximate", "none");
  table.add("Swish", {24})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat | kBF16}})
      .number("alpha", 1.0f);
  table.add("HardSwish", {14, 22})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}});
}
