//===- InferenceRules.h - rules by family -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_ONNX_INFERENCE_INFERENCERULES_H
#define MOE_LIB_DIALECT_ONNX_INFERENCE_INFERENCERULES_H

#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/Inference.h"
#include "moe/Dialect/ONNX/OpTable.h"

#include "llvm/ADT/StringMap.h"

namespace moe::onnx {

/// Integer tensors with more elements have no partial value.
inline constexpr int64_t kMaxPartialElements = 64;

/// One node that is being inferred; its inputs and attributes fit the schema,
/// and the element types of inputs are supported ones.
class InferContext {
public:
  InferContext(const OpSchema &schema, mlir::ValueRange inputs,
               mlir::DictionaryAttr attributes, unsigned results,
               const PartialValues &values);

  StringRef opType() const { return schema.name; }
  int64_t version() const { return schema.since; }
  unsigned numInputs() const { return inputs.size(); }
  bool hasInput(unsigned index) const;
  StringRef inputName(unsigned index) const {
    return schema.getInput(index).name;
  }
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
  StringRef string(StringRef name, StringRef value) const;
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
  /// Fails unless an input that is there has that rank.
  LogicalResult expectRank(unsigned index, int64_t expected);
  /// Fails if an input is known to have more or fewer elements than one.
  LogicalResult expectOne(unsigned index);
  /// Fails unless the value of an attribute is one of these.
  LogicalResult expectAttribute(StringRef name, StringRef value,
                                ArrayRef<StringRef> choices);

  SmallVector<mlir::Type> results;
  std::optional<SmallVector<SymbolicInt>> resultElements;
  std::string message;

private:
  const OpSchema &schema;
  mlir::ValueRange inputs;
  mlir::DictionaryAttr attributes;
  const PartialValues &values;
};

using InferFunction = LogicalResult (*)(InferContext &);

/// Rules by "domain:operator".
using InferenceRules = llvm::StringMap<InferFunction>;

/// Null if there is none.
InferFunction findRule(StringRef domain, StringRef name);

/// Why the element types of inputs are not supported, or an empty text.
std::string checkElementTypes(const OpSchema &schema, mlir::ValueRange inputs);
/// The same of results; those that are left out are of type none.
std::string checkResultTypes(const OpSchema &schema,
                             ArrayRef<mlir::Type> results);

// One per family, each in a file of its own.
void addElementwiseRules(InferenceRules &rules);
void addProductRules(InferenceRules &rules);
void addReductionRules(InferenceRules &rules);
void addShapeRules(InferenceRules &rules);
void addIndexingRules(InferenceRules &rules);
void addMoERules(InferenceRules &rules);

/// The shape that shapes are broadcast to; fails where two sizes differ.
FailureOr<SymbolicShape> broadcast(InferContext &context,
                                   ArrayRef<SymbolicShape> shapes);

} // namespace moe::onnx

#endif // MOE_LIB_DIALECT_ONNX_INFERENCE_INFERENCERULES_H
