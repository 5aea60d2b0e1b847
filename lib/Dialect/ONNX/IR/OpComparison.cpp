//===- OpComparison.cpp - rows: comparison and logic ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpFamilies.h"

using namespace moe::onnx;
using namespace moe::onnx::elements;

void moe::onnx::addComparisonRows(OpTableBuilder &table) {
  table.add("Equal", {7, 11, 13, 19})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T",
             {{1, kIndex | kBool}, {11, kFloat | kInteger | kBool}, {13, kAll}})
      .types("T1", {{1, kBool}});
  table.add("Less", {7, 9, 13})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T", {{1, kFloat},
                   {9, kFloat | kInteger},
                   {13, kFloat | kInteger | kBF16}})
      .types("T1", {{1, kBool}});
  table.add("Greater", {7, 9, 13})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T", {{1, kFloat},
                   {9, kFloat | kInteger},
                   {13, kFloat | kInteger | kBF16}})
      .types("T1", {{1, kBool}});
  table.add("LessOrEqual", {12, 16})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T", {{1, kFloat | kInteger}, {16, kFloat | kInteger | kBF16}})
      .types("T1", {{1, kBool}});
  table.add("GreaterOrEqual", {12, 16})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T", {{1, kFloat | kInteger}, {16, kFloat | kInteger | kBF16}})
      .types("T1", {{1, kBool}});
  table.add("And", {7})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T", {{1, kBool}})
      .types("T1", {{1, kBool}});
  table.add("Or", {7})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T", {{1, kBool}})
      .types("T1", {{1, kBool}});
  table.add("Xor", {7})
      .in("A", "T")
      .in("B", "T")
      .out("C", "T1")
      .types("T", {{1, kBool}})
      .types("T1", {{1, kBool}});
  table.add("Not", {1}).in("X", "T").out("Y", "T").types("T", {{1, kBool}});
  table.add("IsNaN", {9, 13, 20})
      .in("X", "T1")
      .out("Y", "T2")
      .types("T1", {{1, kFloat}, {13, kFloat | kBF16}})
      .types("T2", {{1, kBool}});
  table.add("IsInf", {10, 20})
      .in("X", "T1")
      .out("Y", "T2")
      .types("T1", {{1, kF32 | kF64}, {20, kFloat | kBF16}})
      .types("T2", {{1, kBool}})
      .integer("detect_negative", 1)
      .integer("detect_positive", 1);
  table.add("Where", {9, 16})
      .in("condition", "B")
      .in("X", "T")
      .in("Y", "T")
      .out("output", "T")
      .types("B", {{1, kBool}})
      .types("T", {{1, kFloat | kInteger | kBool}, {16, kAll}});
}
