//===- OpReduction.cpp - rows: reductions --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpFamilies.h"

using namespace moe::onnx;
using namespace moe::onnx::elements;

static constexpr auto Optional = OperandSchema::Optional;

void moe::onnx::addReductionRows(OpTableBuilder &table) {
  table.add("ReduceSum", {1, 11, 13})
      .in("data", "T")
      .in("axes", "I64", Optional, {13})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide}, {13, kFloat | kWide | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 13})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {13});
  table.add("ReduceMean", {1, 11, 13, 18})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide}, {13, kFloat | kWide | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceMax", {1, 11, 12, 13, 18, 20})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide},
                   {12, kFloat | kWide | kI8 | kU8},
                   {13, kFloat | kWide | kBF16 | kI8 | kU8},
                   {20, kFloat | kWide | kBF16 | kI8 | kU8 | kBool}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceMin", {1, 11, 12, 13, 18, 20})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide},
                   {12, kFloat | kWide | kI8 | kU8},
                   {13, kFloat | kWide | kBF16 | kI8 | kU8},
                   {20, kFloat | kWide | kBF16 | kI8 | kU8 | kBool}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceProd", {1, 11, 13, 18})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide}, {13, kFloat | kWide | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceL1", {1, 11, 13, 18})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide}, {13, kFloat | kWide | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceL2", {1, 11, 13, 18})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide}, {13, kFloat | kWide | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceSumSquare", {1, 11, 13, 18})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide}, {13, kFloat | kWide | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceLogSum", {1, 11, 13, 18, 28})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide},
                   {13, kFloat | kWide | kBF16},
                   {28, kFloat | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
  table.add("ReduceLogSumExp", {1, 11, 13, 18, 28})
      .in("data", "T")
      .in("axes", "I64", Optional, {18})
      .out("reduced", "T")
      .types("T", {{1, kFloat | kWide},
                   {13, kFloat | kWide | kBF16},
                   {28, kFloat | kBF16}})
      .optional("axes", AttributeKind::Ints, {1, 18})
      .integer("keepdims", 1)
      .integer("noop_with_empty_axes", 0, {18});
}
