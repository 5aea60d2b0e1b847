//===- OpShape.cpp - rows: shapes, casts, views --------------------------===//
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

void moe::onnx::addShapeRows(OpTableBuilder &table) {
  table.add("Identity", {1, 13, 14, 16, 19, 21, 23, 24, 25})
      .in("input", "T", Required, {1, 14})
      .in("input", "V", Required, {14})
      .out("output", "T", Required, {1, 14})
      .out("output", "V", Required, {14})
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("V", {{14, kAll}});
  table.add("Cast", {6, 9, 13, 19, 21, 23, 24, 25, 28})
      .in("input", "T1")
      .out("output", "T2")
      .types("T1", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("T2", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .string("round_mode", "up", {24})
      .integer("saturate", 1, {19})
      .required("to", AttributeKind::Int);
  table.add("CastLike", {15, 19, 21, 23, 24, 25})
      .in("input", "T1")
      .in("target_type", "T2")
      .out("output", "T2")
      .types("T1", {{1, kAll}})
      .types("T2", {{1, kAll}})
      .string("round_mode", "up", {24})
      .integer("saturate", 1, {19});
  table.add("Reshape", {5, 13, 14, 19, 21, 23, 24, 25})
      .in("data", "T")
      .in("shape", "I64")
      .out("reshaped", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .integer("allowzero", 0, {14});
  table.add("Transpose", {1, 13, 21, 23, 24, 25})
      .in("data", "T")
      .out("transposed", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .optional("perm", AttributeKind::Ints);
  table.add("Squeeze", {1, 11, 13, 21, 23, 24, 25})
      .in("data", "T")
      .in("axes", "I64", Optional, {13})
      .out("squeezed", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .optional("axes", AttributeKind::Ints, {1, 13});
  table.add("Unsqueeze", {1, 11, 13, 21, 23, 24, 25})
      .in("data", "T")
      .in("axes", "I64", Required, {13})
      .out("expanded", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .required("axes", AttributeKind::Ints, {1, 13});
  table.add("Flatten", {1, 9, 11, 13, 21, 23, 24, 25})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {9, kFloat | kInteger | kBool}, {13, kAll}})
      .integer("axis", 1);
  table.add("Shape", {1, 13, 15, 19, 21, 23, 24, 25})
      .in("data", "T")
      .out("shape", "T1")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("T1", {{1, kI64}})
      .optional("end", AttributeKind::Int, {15})
      .integer("start", 0, {15});
  table.add("Size", {1, 13, 19, 21, 23, 24, 25})
      .in("data", "T")
      .out("size", "T1")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("T1", {{1, kI64}});
}
