//===- OpFilling.cpp - rows: tensors that are made or filled -------------===//
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

void moe::onnx::addFillingRows(OpTableBuilder &table) {
  table.add("Constant", {1, 9, 11, 12, 13, 19, 21, 23, 24, 25})
      .out("output", "T")
      .types("T", {{1, kFloat}, {9, kFloat | kInteger | kBool}, {13, kAll}})
      .required("value", AttributeKind::Tensor, {1, 11})
      .optional("value", AttributeKind::Tensor, {11})
      .optional("value_float", AttributeKind::Float, {12})
      .optional("value_floats", AttributeKind::Floats, {12})
      .optional("value_int", AttributeKind::Int, {12})
      .optional("value_ints", AttributeKind::Ints, {12})
      .optional("value_string", AttributeKind::String, {12})
      .optional("value_strings", AttributeKind::Strings, {12});
  table.add("ConstantOfShape", {9, 20, 21, 23, 24, 25})
      .in("input", "T1")
      .out("output", "T2")
      .types("T1", {{1, kI64}})
      .types("T2", {{1, kFloat | kInteger | kBool}, {20, kAll}})
      .optional("value", AttributeKind::Tensor);
  table.add("Expand", {8, 13})
      .in("input", "T")
      .in("shape", "I64")
      .out("output", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}});
  table.add("Tile", {6, 13})
      .in("input", "T")
      .in("repeats", "T1")
      .out("output", "T")
      .types("T", {{1, kFloat | kInteger | kBool}, {13, kAll}})
      .types("T1", {{1, kI64}});
  table.add("Pad", {2, 11, 13, 18, 19, 21, 23, 24, 25})
      .in("data", "T")
      .in("pads", "I64", Required, {11})
      .in("constant_value", "T", Optional, {11})
      .in("axes", "Tind", Optional, {18})
      .out("output", "T")
      .types("T", {{1, kFloat}, {11, kFloat | kInteger}, {13, kAll}})
      .types("Tind", {{18, kIndex}})
      .string("mode", "constant")
      .required("pads", AttributeKind::Ints, {1, 11})
      .number("value", 0.0f, {1, 11});
  table.add("Range", {11, 27})
      .in("start", "T")
      .in("limit", "T")
      .in("delta", "T")
      .out("output", "T")
      .types("T", {{1, kIndex | kF32 | kF64 | kI16},
                   {27, kFloat | kIndex | kBF16 | kI16}})
      .integer("stash_type", 1, {27});
  table.add("OneHot", {9, 11, 28})
      .in("indices", "T1")
      .in("depth", "T2")
      .in("values", "T3")
      .out("output", "T3")
      .types("T1", {{1, kFloat | kInteger}})
      .types("T2", {{1, kFloat | kInteger}})
      .types("T3", {{1, kFloat | kInteger | kBool}, {28, kAll}})
      .integer("axis", -1);
  table.add("CumSum", {11, 14})
      .in("x", "T")
      .in("axis", "T2")
      .out("y", "T")
      .types("T", {{1, kWide | kF32 | kF64}, {14, kFloat | kWide | kBF16}})
      .types("T2", {{1, kIndex}})
      .integer("exclusive", 0)
      .integer("reverse", 0);
  table.add("Trilu", {14})
      .in("input", "T")
      .in("k", "I64", Optional)
      .out("output", "T")
      .types("T", {{1, kAll}})
      .integer("upper", 1);
}
