//===- OpTable.h - what is known of ONNX operators --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The schema half of the op table: which versions of an operator there are,
// what inputs and attributes they take, and the types of their results. The
// lowering half is the registry of convert-onnx-to-linalg, keyed by the same
// (domain, operator).
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_OPTABLE_H
#define MOE_DIALECT_ONNX_OPTABLE_H

#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/Inference.h"
#include "moe/Support/LLVM.h"

#include <optional>
#include <string>
#include <vector>

namespace moe::onnx {

/// Versions of ONNX's own operator set that a model may import.
inline constexpr int64_t kFirstOpset = 7, kLastOpset = 28;

enum class AttributeKind {
  INT,
  FLOAT,
  STRING,
  TENSOR,
  INTS,
  FLOATS,
  STRINGS,
  SPARSE_TENSOR,
  GRAPH
};

struct AttributeSpec {
  StringRef name;
  AttributeKind kind;
  bool required;
  /// Text of the default; empty: none.
  StringRef defaultValue;
};

/// One version of an operator.
struct OpSchema {
  StringRef domain;
  StringRef name;
  /// The operator set in which this version came.
  int64_t since;
  /// Numbers of inputs and outputs; a maximum of -1 is none.
  int minInputs, maxInputs, minOutputs, maxOutputs;
  std::vector<AttributeSpec> attributes;

  const AttributeSpec *findAttribute(StringRef attribute) const;
};

/// The version of an operator that a model which imports operator set `opset`
/// means; null if the operator is unknown or came later.
const OpSchema *findSchema(StringRef domain, StringRef name, int64_t opset);

/// Whether any version of the operator is known.
bool isKnownOperator(StringRef domain, StringRef name);

/// Every (domain, operator) of the table, sorted.
std::vector<std::pair<std::string, std::string>> getOpTableKeys();

/// The versions of an operator, ascending.
std::vector<int64_t> getOpVersions(StringRef domain, StringRef name);

} // namespace moe::onnx

#endif // MOE_DIALECT_ONNX_OPTABLE_H
