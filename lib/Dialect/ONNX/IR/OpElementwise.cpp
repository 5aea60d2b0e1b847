//===- OpElementwise.cpp - rows: arithmetic on elements ------------------===//
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

void moe::onnx::addElementwiseRows(OpTableBuilder &table) {
  table.add("Add", {7, 13, 14})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T")
      .types("T", {{1, kFloat | kWide},
                   {13, kFloat | kWide | kBF16},
                   {14, kFloat | kInteger | kBF16}});
  table.add("Sub", {7, 13, 14})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T")
      .types("T", {{1, kFloat | kWide},
                   {13, kFloat | kWide | kBF16},
                   {14, kFloat | kInteger | kBF16}});
  table.add("Mul", {7, 13, 14})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T")
      .types("T", {{1, kFloat | kWide},
                   {13, kFloat | kWide | kBF16},
                   {14, kFloat | kInteger | kBF16}});
  table.add("Div", {7, 13, 14})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T")
      .types("T", {{1, kFloat | kWide},
                   {13, kFloat | kWide | kBF16},
                   {14, kFloat | kInteger | kBF16}});
  table.add("Pow", {7, 12, 13, 15})
      .in("X", "T")
      .in("Y", "T", Required, {1, 12})
      .in("Y", "T1", Required, {12})
      .out("Z", "T")
      .types(
          "T",
          {{1, kFloat}, {12, kFloat | kIndex}, {13, kFloat | kIndex | kBF16}})
      .types("T1", {{12, kFloat | kInteger}, {15, kFloat | kInteger | kBF16}});
  table.add("Mod", {10, 13, 28})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T")
      .types("T", {{1, kFloat | kInteger}, {13, kFloat | kInteger | kBF16}})
      .integer("fmod", 0);
  table.add("Neg", {6, 13})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat | kSigned}, {13, kFloat | kSigned | kBF16}});
  table.add("Abs", {6, 13})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat | kInteger}, {13, kFloat | kInteger | kBF16}});
  table.add("Sign", {9, 13})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat | kInteger}, {13, kFloat | kInteger | kBF16}});
  table.add("Sqrt", {6, 13})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Reciprocal", {6, 13})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Exp", {6, 13})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Log", {6, 13})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Floor", {6, 13})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Ceil", {6, 13})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Round", {11, 22})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}});
  table.add("Min", {6, 8, 12, 13})
      .in("data_0", "T", Variadic)
      .out("min", "T")
      .types("T", {{1, kFloat},
                   {12, kFloat | kInteger},
                   {13, kFloat | kInteger | kBF16}});
  table.add("Max", {6, 8, 12, 13})
      .in("data_0", "T", Variadic)
      .out("max", "T")
      .types("T", {{1, kFloat},
                   {12, kFloat | kInteger},
                   {13, kFloat | kInteger | kBF16}});
  table.add("Sum", {6, 8, 13})
      .in("data_0", "T", Variadic)
      .out("sum", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Mean", {6, 8, 13})
      .in("data_0", "T", Variadic)
      .out("mean", "T")
      .types("T", {{1, kFloat}, {13, kFloat | kBF16}});
  table.add("Clip", {6, 11, 12, 13})
      .in("input", "T")
      .in("min", "T", Optional, {11})
      .in("max", "T", Optional, {11})
      .out("output", "T")
      .types("T", {{1, kFloat},
                   {12, kFloat | kInteger},
                   {13, kFloat | kInteger | kBF16}})
      .number("max", 3.402823466e+38f, {1, 11})
      .number("min", -3.402823466e+38f, {1, 11});
  table.add("Erf", {9, 13})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat | kInteger}, {13, kFloat | kBF16}});
  table.add("Sin", {7, 22})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}});
  table.add("Cos", {7, 22})
      .in("input", "T")
      .out("output", "T")
      .types("T", {{1, kFloat}, {22, kFloat | kBF16}});
}
