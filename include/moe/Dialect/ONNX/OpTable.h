//===- OpTable.h - what is known of ONNX operators --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The schema half of the op table: which versions of an operator there are,
// and what inputs and attributes they take. How the types of results follow is
// in Inference.h. The lowering half is the registry of convert-onnx-to-linalg,
// keyed by the same (domain, operator).
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_OPTABLE_H
#define MOE_DIALECT_ONNX_OPTABLE_H

#include "moe/Support/LLVM.h"

#include "mlir/IR/BuiltinAttributes.h"

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

  /// Whether a value is the default, so that leaving it out means the same.
  bool isDefault(mlir::Attribute value) const;
};

/// An input or output.
struct ParameterSpec {
  StringRef name;
  /// A type variable, or ONNX's name of an element type. Parameters with the
  /// same variable have the same element type.
  StringRef type;
  bool optional = false;
  /// The last one may be: it stands for any number of them, at least one.
  bool variadic = false;
};

/// One version of an operator.
struct OpSchema {
  OpSchema(StringRef domain, StringRef name, int64_t since, StringRef inputs,
           StringRef outputs, StringRef types,
           std::vector<AttributeSpec> attributes);

  StringRef domain;
  StringRef name;
  /// The operator set in which this version came.
  int64_t since;
  std::vector<ParameterSpec> inputs, outputs;
  /// What type variables may be: `T=float,float16 T1=bool`, with ONNX's names
  /// of those element types that moec knows.
  StringRef types;
  std::vector<AttributeSpec> attributes;
  /// Numbers of inputs and outputs; a maximum of -1 is none.
  int minInputs, maxInputs, minOutputs, maxOutputs;

  const AttributeSpec *findAttribute(StringRef attribute) const;
  /// Whether a type variable (or a type's own name) may be that element type.
  bool allows(StringRef variable, StringRef elementType) const;
  /// What input or output `index` is; the last one stands for those after it.
  const ParameterSpec &getInput(unsigned index) const;
  const ParameterSpec &getOutput(unsigned index) const;
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

/// An attribute that some version of an operator has, or null.
const AttributeSpec *findAnyAttribute(StringRef domain, StringRef name,
                                      StringRef attribute);

/// What is wrong with the numbers of inputs and outputs of a node of that
/// version, or with inputs left out (`given` is false); or an empty text.
std::string checkParameters(const OpSchema &schema, ArrayRef<bool> given,
                            unsigned outputs);

/// The same and what is wrong with attributes.
std::string checkNode(const OpSchema &schema, ArrayRef<bool> given,
                      unsigned outputs, mlir::DictionaryAttr attributes);

} // namespace moe::onnx

#endif // MOE_DIALECT_ONNX_OPTABLE_H
