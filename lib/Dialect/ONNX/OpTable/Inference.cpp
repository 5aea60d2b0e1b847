//===- Inference.cpp - shapes, and the context of a node -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/Inference.h"

#include "InferenceRules.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

Type moe::onnx::elementTypeOfNumber(int64_t number, MLIRContext *context) {
  Builder b(context);
  auto unsignedType = [&](unsigned width) {
    return IntegerType::get(context, width, IntegerType::Unsigned);
  };
  switch (number) {
  case 1:
    return b.getF32Type();
  case 2:
    return unsignedType(8);
  case 3:
    return b.getI8Type();
  case 4:
    return unsignedType(16);
  case 5:
    return b.getI16Type();
  case 6:
    return b.getI32Type();
  case 7:
    return b.getI64Type();
  case 9:
    return b.getI1Type();
  case 10:
    return b.getF16Type();
  case 11:
    return b.getF64Type();
  case 12:
    return unsignedType(32);
  case 13:
    return unsignedType(64);
  case 16:
    return b.getBF16Type();
  default:
    return {};
  }
}

InferFunction moe::onnx::findInference(StringRef domain, StringRef name) {
  static const InferenceRules rules = [] {
    InferenceRules result;
    addElementwiseRules(result);
    addProductRules(result);
    addReductionRules(result);
    addShapeRules(result);
    addIndexingRules(result);
    return result;
  }();
  return rules.lookup((domain + ":" + name).str());
}

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

//===----------------------------------------------------------------------===//
// InferContext
//===----------------------------------------------------------------------===//

InferContext::InferContext(StringRef opType, int64_t version, ValueRange inputs,
                           DictionaryAttr attributes, unsigned results,
                           PartialValues &values)
    : results(results), type(opType), sinceVersion(version), inputs(inputs),
      attributes(attributes), values(values) {}

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
      result.push_back(SymbolicInt::constant(
          isSigned ? element.getSExtValue() : element.getZExtValue()));
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

FailureOr<SmallVector<Type>> moe::onnx::inferNode(
    StringRef domain, StringRef opType, int64_t version, ValueRange inputs,
    DictionaryAttr attributes, unsigned results, PartialValues &values,
    std::string &message, std::optional<SmallVector<SymbolicInt>> &elements) {
  InferFunction infer = findInference(domain, opType);
  InferContext context(opType, version, inputs, attributes, results, values);
  if (!infer || failed(infer(context))) {
    message = infer ? context.message : "the operator is unknown";
    return failure();
  }
  elements = std::move(context.resultElements);
  for (Type &type : context.results) {
    if (!type) {
      type = NoneType::get(attributes.getContext());
    }
  }
  return std::move(context.results);
}
