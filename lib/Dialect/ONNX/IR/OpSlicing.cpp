//===- OpSlicing.cpp - rows: cutting, joining, gathering -----------------===//
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
static constexpr auto Variadic = OperandSchema::Variadic;

void moe::onnx::addSlicingRows(OpTableBuilder &table) {
  table.add("Concat", {4, 11, 13})
      .in("inputs", "T", Variadic)
      .out("concat_result", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .required("axis", AttributeKind::Int);
  table.add("Slice", {1, 10, 11, 13})
      .in("data", "T")
      .in("starts", "Tind", Required, {10})
      .in("ends", "Tind", Required, {10})
      .in("axes", "Tind", Optional, {10})
      .in("steps", "Tind", Optional, {10})
      .out("output", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("Tind", {{10, kIndex}})
      .optional("axes", AttributeKind::Ints, {1, 10})
      .required("ends", AttributeKind::Ints, {1, 10})
      .required("starts", AttributeKind::Ints, {1, 10});
  table.add("Split", {2, 11, 13, 18})
      .in("input", "T")
      .in("split", "I64", Optional, {13})
      .out("outputs", "T", Variadic)
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .integer("axis", 0)
      .optional("num_outputs", AttributeKind::Int, {18})
      .optional("split", AttributeKind::Ints, {1, 13});
  table.add("Gather", {1, 11, 13})
      .in("data", "T")
      .in("indices", "Tind")
      .out("output", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("Tind", {{1, kIndex}})
      .integer("axis", 0);
  table.add("GatherElements", {11, 13})
      .in("data", "T")
      .in("indices", "Tind")
      .out("output", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("Tind", {{1, kIndex}})
      .integer("axis", 0);
}
