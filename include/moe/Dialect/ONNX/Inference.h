//===- Inference.h - types and partial values of nodes ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_INFERENCE_H
#define MOE_DIALECT_ONNX_INFERENCE_H

#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>
#include <string>

namespace moe::onnx {

/// The element type that ONNX numbers so (TensorProto.DataType); null if it is
/// not supported.
mlir::Type elementTypeOfNumber(int64_t number, mlir::MLIRContext *context);

/// What is known of an integer: its value, or an expression over dimension
/// symbols, or nothing. An expression is a text in canonical form, so that
/// equal ones have equal texts: a sum of products, `N*S+2`, whose factors are
/// names or `floor(N/4)`, `max(N,8)`, `min(N,8)`. A factor is never negative.
struct SymbolicInt {
  std::optional<int64_t> value;
  std::string symbol;

  static SymbolicInt constant(int64_t number) { return {number, ""}; }
  static SymbolicInt unknown() { return {}; }
  /// An expression in canonical form, as types have it.
  static SymbolicInt named(StringRef text) {
    return {std::nullopt, text.str()};
  }
  /// The size that a model names so; a name that reads like an expression is
  /// put in quotes.
  static SymbolicInt dimension(StringRef name);
  /// An expression that is no sum of products; unknown if it is too long.
  static SymbolicInt factor(StringRef text);

  bool isUnknown() const { return !value && symbol.empty(); }
  /// Whether it is at least 0, and at least 1, in every run.
  bool isNonNegative() const;
  bool isPositive() const;
  /// The quotient if the division leaves no rest in any run.
  std::optional<SymbolicInt> dividedBy(const SymbolicInt &by) const;
  /// The value or the expression as text.
  std::string str() const;

  bool operator==(const SymbolicInt &other) const {
    return value == other.value && symbol == other.symbol;
  }
  bool operator!=(const SymbolicInt &other) const { return !(*this == other); }
};

SymbolicInt operator+(const SymbolicInt &lhs, const SymbolicInt &rhs);
SymbolicInt operator-(const SymbolicInt &lhs, const SymbolicInt &rhs);
SymbolicInt operator*(const SymbolicInt &lhs, const SymbolicInt &rhs);
/// Rounded down; unknown unless the divisor is a positive constant.
SymbolicInt floorDivide(const SymbolicInt &lhs, const SymbolicInt &rhs);
SymbolicInt maximum(const SymbolicInt &lhs, const SymbolicInt &rhs);
SymbolicInt minimum(const SymbolicInt &lhs, const SymbolicInt &rhs);

/// A shape, dimension by dimension.
using SymbolicShape = SmallVector<SymbolicInt>;

/// The shape that a type says.
SymbolicShape getShape(mlir::RankedTensorType type);
/// The type of a tensor with a shape: a size that is not known is dynamic.
mlir::RankedTensorType getType(const SymbolicShape &shape, mlir::Type element);

/// What is known of the elements of small integer tensors.
using PartialValues = llvm::DenseMap<mlir::Value, SmallVector<SymbolicInt>>;

/// One node that is being inferred.
class InferContext {
public:
  InferContext(StringRef opType, int64_t version, mlir::ValueRange inputs,
               mlir::DictionaryAttr attributes, unsigned results,
               PartialValues &values);

  StringRef opType() const { return type; }
  int64_t version() const { return sinceVersion; }
  unsigned numInputs() const { return inputs.size(); }
  bool hasInput(unsigned index) const;
  mlir::Value input(unsigned index) const { return inputs[index]; }
  mlir::RankedTensorType inputType(unsigned index) const;
  mlir::Type element(unsigned index) const {
    return inputType(index).getElementType();
  }
  SymbolicShape shape(unsigned index) const {
    return getShape(inputType(index));
  }
  int64_t rank(unsigned index) const { return inputType(index).getRank(); }

  int64_t integer(StringRef name, int64_t value) const;
  std::optional<SmallVector<int64_t>> integers(StringRef name) const;
  mlir::Attribute attribute(StringRef name) const {
    return attributes.get(name);
  }

  /// What is known of the elements of an input, in row-major order.
  std::optional<SmallVector<SymbolicInt>> elements(unsigned index) const;
  /// The elements of an input that are all known.
  std::optional<SmallVector<int64_t>> constants(unsigned index) const;

  unsigned numResults() const { return results.size(); }
  void setResult(unsigned index, const SymbolicShape &shape,
                 mlir::Type element);
  void setElements(SmallVector<SymbolicInt> elements) {
    resultElements = std::move(elements);
  }

  /// Fails with the reason, which reads behind "node 'x' (Op): ".
  LogicalResult fail(const Twine &reason) {
    message = reason.str();
    return failure();
  }
  /// An axis of a tensor of that rank, made non-negative.
  FailureOr<int64_t> axis(int64_t axis, int64_t rank);

  SmallVector<mlir::Type> results;
  std::optional<SmallVector<SymbolicInt>> resultElements;
  std::string message;

private:
  StringRef type;
  int64_t sinceVersion;
  mlir::ValueRange inputs;
  mlir::DictionaryAttr attributes;
  PartialValues &values;
};

using InferFunction = LogicalResult (*)(InferContext &);

/// How an operator's result types are inferred; null if it is unknown.
InferFunction findInference(StringRef domain, StringRef name);

/// Infers the types of a node's results, and what is known of the elements of
/// its first one. On failure `message` says why.
FailureOr<SmallVector<mlir::Type>>
inferNode(StringRef domain, StringRef opType, int64_t version,
          mlir::ValueRange inputs, mlir::DictionaryAttr attributes,
          unsigned results, PartialValues &values, std::string &message,
          std::optional<SmallVector<SymbolicInt>> &elements);

} // namespace moe::onnx

#endif // MOE_DIALECT_ONNX_INFERENCE_H
