//===- Inference.cpp - shapes, and the context of a node -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/Inference.h"

#include "InferenceRules.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

//===----------------------------------------------------------------------===//
// Shapes and types
//===----------------------------------------------------------------------===//

SymbolicShape moe::onnx::getShape(RankedTensorType type) {
  auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding());
  SymbolicShape shape;
  for (auto [index, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      shape.push_back(SymbolicInt::constant(size));
    } else {
      shape.push_back(SymbolicInt::named(
          dims ? dims.getSymbols()[index].getValue() : StringRef()));
    }
  }
  return shape;
}

RankedTensorType moe::onnx::getType(const SymbolicShape &shape, Type element) {
  MLIRContext *context = element.getContext();
  SmallVector<int64_t> sizes;
  SmallVector<StringAttr> symbols;
  bool named = false;
  for (const SymbolicInt &size : shape) {
    bool isStatic = size.value && *size.value >= 0;
    sizes.push_back(isStatic ? *size.value : ShapedType::kDynamic);
    symbols.push_back(StringAttr::get(context, isStatic ? "" : size.symbol));
    named |= !symbols.back().getValue().empty();
  }
  return RankedTensorType::get(
      sizes, element, named ? DimsAttr::get(context, symbols) : DimsAttr());
}

std::string moe::onnx::describeShape(ArrayRef<SymbolicInt> shape) {
  std::string text = "[";
  for (auto [index, size] : llvm::enumerate(shape)) {
    text += index ? "," : "";
    text += size.isUnknown() ? "?" : size.str();
  }
  return text + "]";
}

//===----------------------------------------------------------------------===//
// InferContext
//===----------------------------------------------------------------------===//

InferContext::InferContext(const OpSchema &schema, ValueRange inputs,
                           DictionaryAttr attributes, unsigned results,
                           const PartialValues &values)
    : results(results), schema(schema), inputs(inputs), attributes(attributes),
      values(values) {}

bool InferContext::hasInput(unsigned index) const {
  return index < inputs.size() &&
         isa<RankedTensorType>(inputs[index].getType());
}

RankedTensorType InferContext::inputType(unsigned index) const {
  return cast<RankedTensorType>(inputs[index].getType());
}

int64_t InferContext::integer(StringRef name, int64_t value) const {
  auto attr = dyn_cast_or_null<IntegerAttr>(attributes.get(name));
  return attr ? attr.getInt() : value;
}

std::optional<SmallVector<int64_t>>
InferContext::integers(StringRef name) const {
  auto attr = dyn_cast_or_null<ArrayAttr>(attributes.get(name));
  if (!attr) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  for (auto element : attr.getAsRange<IntegerAttr>()) {
    result.push_back(element.getInt());
  }
  return result;
}

StringRef InferContext::string(StringRef name, StringRef value) const {
  auto attr = dyn_cast_or_null<StringAttr>(attributes.get(name));
  return attr ? attr.getValue() : value;
}

std::optional<SmallVector<SymbolicInt>>
InferContext::elements(unsigned index) const {
  if (!hasInput(index)) {
    return std::nullopt;
  }
  if (auto constant = inputs[index].getDefiningOp<ConstantOp>()) {
    auto dense = dyn_cast<DenseIntElementsAttr>(constant.getValue());
    if (!dense || dense.getNumElements() > kMaxPartialElements) {
      return std::nullopt;
    }
    bool isSigned = !dense.getElementType().isUnsignedInteger() &&
                    dense.getElementType().getIntOrFloatBitWidth() > 1;
    SmallVector<SymbolicInt> result;
    for (const APInt &element : dense.getValues<APInt>()) {
      // Unsigned numbers over 63 bits are not followed.
      bool fits = isSigned || element.getActiveBits() < 64;
      result.push_back(
          !fits ? SymbolicInt::unknown()
                : SymbolicInt::constant(isSigned ? element.getSExtValue()
                                                 : element.getZExtValue()));
    }
    return result;
  }
  auto known = values.find(inputs[index]);
  if (known == values.end()) {
    return std::nullopt;
  }
  return known->second;
}

std::optional<SmallVector<int64_t>>
InferContext::constants(unsigned index) const {
  auto known = elements(index);
  if (!known) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  for (const SymbolicInt &element : *known) {
    if (!element.value) {
      return std::nullopt;
    }
    result.push_back(*element.value);
  }
  return result;
}

void InferContext::setResult(unsigned index, const SymbolicShape &shape,
                             Type element) {
  if (index < results.size()) {
    results[index] = getType(shape, element);
  }
}

FailureOr<int64_t> InferContext::axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return fail("axis " + Twine(axis) + " is outside [" + Twine(-rank) + ", " +
                Twine(rank - 1) + "]");
  }
  return axis < 0 ? axis + rank : axis;
}

LogicalResult InferContext::expectRank(unsigned index, int64_t expected) {
  if (!hasInput(index) || rank(index) == expected) {
    return success();
  }
  return fail("input " + Twine(index) + " (" + inputName(index) + ") is " +
              describeShape(shape(index)) + ", but must have rank " +
              Twine(expected));
}

LogicalResult InferContext::expectOne(unsigned index) {
  if (!hasInput(index)) {
    return success();
  }
  for (const SymbolicInt &size : shape(index)) {
    if (size.value && *size.value != 1) {
      return fail("input " + Twine(index) + " (" + inputName(index) + ") is " +
                  describeShape(shape(index)) + ", but must have one element");
    }
  }
  return success();
}

LogicalResult InferContext::expectAttribute(StringRef name, StringRef value,
                                            ArrayRef<StringRef> choices) {
  if (llvm::is_contained(choices, value)) {
    return success();
  }
  return fail("attribute '" + name + "' is '" + value + "', but only '" +
              llvm::join(choices, "', '") + "' " +
              (choices.size() == 1 ? "is" : "are") + " supported");
}
