//===- Inference.h - types and partial values of nodes ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_INFERENCE_H
#define MOE_DIALECT_ONNX_INFERENCE_H

#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/OpTable.h"
#include "moe/Support/LLVM.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>
#include <string>

namespace moe::onnx {

/// The element type that ONNX numbers so (TensorProto.DataType); null if it is
/// not supported.
mlir::Type elementTypeOfNumber(int64_t number, mlir::MLIRContext *context);
/// ONNX's name of an element type, `float16`; MLIR's where ONNX has none.
std::string elementTypeName(mlir::Type type);

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

/// `[N,64,?]`, for messages.
std::string describeShape(ArrayRef<SymbolicInt> shape);

/// Whether there is a rule for an operator: what makes it supported.
bool hasInference(StringRef domain, StringRef name);
/// The element types that a type variable of an operator may be, as `float,
/// float16`; empty if there is none of that name.
std::string supportedTypes(StringRef domain, StringRef name,
                           StringRef variable);
/// The same of one version of it.
std::string supportedTypes(const OpSchema &schema, StringRef variable);
/// Restrictions of an operator, and differences from others, for the docs.
StringRef supportRemark(StringRef domain, StringRef name);

/// Infers the types of a node's results, and what is known of the elements of
/// its first one. Inputs that are left out are of type none, as are results of
/// which nothing is known. On failure `message` says why, and reads behind
/// "node 'x' (Op): ".
FailureOr<SmallVector<mlir::Type>>
inferNode(StringRef domain, StringRef opType, int64_t version,
          mlir::ValueRange inputs, mlir::DictionaryAttr attributes,
          unsigned results, PartialValues &values, std::string &message,
          std::optional<SmallVector<SymbolicInt>> &elements);

/// Infers the nodes of a graph, each after its operands.
class Inference {
public:
  /// Refines the types of every node's results and of functions in `op`, and
  /// remembers values. A node that contradicts itself or the types it has is
  /// reported, and what follows from it is left as it is.
  LogicalResult run(mlir::Operation *op);
  /// The same for one node; `message` is as for inferNode.
  LogicalResult infer(NodeOp node, std::string &message);

  /// The elements of a value that are all known; constants are looked into.
  std::optional<SmallVector<int64_t>> constants(mlir::Value value) const;

private:
  PartialValues values;
};

} // namespace moe::onnx

#endif // MOE_DIALECT_ONNX_INFERENCE_H
