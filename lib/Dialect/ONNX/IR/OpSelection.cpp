//===- OpSelection.cpp - rows: TopK, ArgMax, ArgMin ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpFamilies.h"

using namespace moe::onnx;
using namespace moe::onnx::elements;

static constexpr auto Required = OperandSchema::Required;

void moe::onnx::addSelectionRows(OpTableBuilder &table) {
  table.add("TopK", {1, 10, 11, 24})
      .in("X", "T")
      .in("K", "I64", Required, {10})
      .out("Values", "T")
      .out("Indices", "I")
      .types("T", {{1, kFloat},
                   {11, kFloat | kInteger},
                   {24, kFloat | kInteger | kBF16}})
      .types("I", {{1, kI64}})
      .integer("axis", -1)
      .required("k", AttributeKind::Int, {1, 10})
      .integer("largest", 1, {11})
      .integer("sorted", 1, {11});
  table.add("ArgMax", {1, 11, 12, 13})
      .in("data", "T")
      .out("reduced", "I64")
      .types("T", {{1, kFloat | kInteger}, {13, kFloat | kInteger | kBF16}})
      .integer("axis", 0)
      .integer("keepdims", 1)
      .integer("select_last_index", 0, {12});
  table.add("ArgMin", {1, 11, 12, 13})
      .in("data", "T")
      .out("reduced", "I64")
      .types("T", {{1, kFloat | kInteger}, {13, kFloat | kInteger | kBF16}})
      .integer("axis", 0)
      .integer("keepdims", 1)
      .integer("select_last_index", 0, {12});
}
