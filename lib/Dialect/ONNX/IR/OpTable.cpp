//===- OpTable.cpp - what is known of each ONNX operator ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/IR/OpTable.h"

#include "OpFamilies.h"

#include "llvm/ADT/StringMap.h"

#include <map>
#include <memory>

using namespace mlir;
using namespace moe::onnx;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

ElementTypes moe::onnx::getElementTypes(Type type) {
  if (type.isF16()) {
    return elements::kF16;
  }
  if (type.isBF16()) {
    return elements::kBF16;
  }
  if (type.isF32()) {
    return elements::kF32;
  }
  if (type.isF64()) {
    return elements::kF64;
  }
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer) {
    return 0;
  }
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return isUnsigned ? 0 : elements::kBool;
  case 8:
    return isUnsigned ? elements::kU8 : elements::kI8;
  case 16:
    return isUnsigned ? elements::kU16 : elements::kI16;
  case 32:
    return isUnsigned ? elements::kU32 : elements::kI32;
  case 64:
    return isUnsigned ? elements::kU64 : elements::kI64;
  default:
    return 0;
  }
}

std::string moe::onnx::describeElementTypes(ElementTypes types) {
  static constexpr std::pair<ElementTypes, const char *> names[] = {
      {elements::kF16, "f16"},  {elements::kBF16, "bf16"},
      {elements::kF32, "f32"},  {elements::kF64, "f64"},
      {elements::kI8, "i8"},    {elements::kI16, "i16"},
      {elements::kI32, "i32"},  {elements::kI64, "i64"},
      {elements::kU8, "ui8"},   {elements::kU16, "ui16"},
      {elements::kU32, "ui32"}, {elements::kU64, "ui64"},
      {elements::kBool, "bool"}};
  std::string text;
  for (auto [type, name] : names) {
    if (types & type) {
      text += (text.empty() ? "" : ", ");
      text += name;
    }
  }
  return text;
}

ElementTypes TypeVariable::get(int64_t version) const {
  ElementTypes types = 0;
  for (auto [since, set] : sets) {
    types = since <= version ? set : types;
  }
  return types;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

StringRef moe::onnx::getAttributeKindName(AttributeKind kind) {
  switch (kind) {
  case AttributeKind::Int:
    return "int";
  case AttributeKind::Float:
    return "float";
  case AttributeKind::String:
    return "string";
  case AttributeKind::Ints:
    return "ints";
  case AttributeKind::Floats:
    return "floats";
  case AttributeKind::Strings:
    return "strings";
  case AttributeKind::Tensor:
    return "tensor";
  }
  return "";
}

bool AttributeSchema::isDefault(Attribute value) const {
  if (auto *number = std::get_if<int64_t>(&defaultValue)) {
    auto attr = dyn_cast<IntegerAttr>(value);
    return attr && attr.getInt() == *number;
  }
  if (auto *number = std::get_if<float>(&defaultValue)) {
    auto attr = dyn_cast<FloatAttr>(value);
    return attr && attr.getValueAsDouble() == static_cast<double>(*number);
  }
  if (auto *text = std::get_if<std::string>(&defaultValue)) {
    auto attr = dyn_cast<StringAttr>(value);
    return attr && attr.getValue() == *text;
  }
  return false;
}

//===----------------------------------------------------------------------===//
// OpRow
//===----------------------------------------------------------------------===//

int64_t OpRow::getVersionAt(int64_t opset) const {
  int64_t version = 0;
  for (int64_t since : versions) {
    version = since <= opset ? since : version;
  }
  return version;
}

SmallVector<const OperandSchema *>
OpRow::select(const std::vector<OperandSchema> &operands, int64_t version) {
  SmallVector<const OperandSchema *> result;
  for (const OperandSchema &operand : operands) {
    if (operand.versions.contains(version)) {
      result.push_back(&operand);
    }
  }
  return result;
}

const AttributeSchema *OpRow::getAttribute(StringRef name,
                                           int64_t version) const {
  for (const AttributeSchema &schema : attributes) {
    if (schema.name == name && schema.versions.contains(version)) {
      return &schema;
    }
  }
  return nullptr;
}

const TypeVariable *OpRow::getTypeVariable(StringRef name) const {
  static const TypeVariable i64{"I64", {{1, elements::kI64}}};
  if (name == i64.name) {
    return &i64;
  }
  for (const TypeVariable &variable : variables) {
    if (variable.name == name) {
      return &variable;
    }
  }
  return nullptr;
}

OpRow &OpRow::in(StringRef name, StringRef variable, Form form,
                 VersionRange range) {
  inputs.push_back({name.str(), variable.str(), form, range});
  return *this;
}

OpRow &OpRow::out(StringRef name, StringRef variable, Form form,
                  VersionRange range) {
  outputs.push_back({name.str(), variable.str(), form, range});
  return *this;
}

OpRow &OpRow::types(StringRef variable,
                    std::vector<std::pair<int64_t, ElementTypes>> sets) {
  variables.push_back({variable.str(), std::move(sets)});
  return *this;
}

OpRow &OpRow::attribute(AttributeSchema schema) {
  attributes.push_back(std::move(schema));
  return *this;
}

OpRow &OpRow::required(StringRef name, AttributeKind kind, VersionRange range) {
  return attribute({name.str(), kind, range, /*required=*/true, {}});
}

OpRow &OpRow::optional(StringRef name, AttributeKind kind, VersionRange range) {
  return attribute({name.str(), kind, range, /*required=*/false, {}});
}

OpRow &OpRow::integer(StringRef name, int64_t value, VersionRange range) {
  return attribute({name.str(), AttributeKind::Int, range, false, value});
}

OpRow &OpRow::number(StringRef name, float value, VersionRange range) {
  return attribute({name.str(), AttributeKind::Float, range, false, value});
}

OpRow &OpRow::string(StringRef name, StringRef value, VersionRange range) {
  return attribute(
      {name.str(), AttributeKind::String, range, false, value.str()});
}

OpRow &OpRow::effects(OperatorEffect value) {
  effect = value;
  return *this;
}

OpRow &OpRow::infer(InferFunction function) {
  inference = function;
  return *this;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {

/// All rows, built once.
class OpTable : public OpTableBuilder {
public:
  static const OpTable &get() {
    static const OpTable table;
    return table;
  }

  OpRow &add(StringRef domain, StringRef type,
             ArrayRef<int64_t> versions) override {
    auto row = std::make_unique<OpRow>(domain, type, versions);
    OpRow &result = *row;
    byName[domain][type] = row.get();
    rows.push_back(std::move(row));
    return result;
  }

  const OpRow *lookup(StringRef domain, StringRef type) const {
    auto family = byName.find(domain);
    return family == byName.end() ? nullptr : family->second.lookup(type);
  }

  ArrayRef<const OpRow *> all() const { return sorted; }

private:
  OpTable() {
    addElementwiseRows(*this);
    addActivationRows(*this);
    addComparisonRows(*this);
    addShapeRows(*this);
    addSlicingRows(*this);
    addFillingRows(*this);
    addProductRows(*this);
    addNormalizationRows(*this);
    addReductionRows(*this);
    addSelectionRows(*this);
    addMoERows(*this);
    for (const auto &row : rows) {
      sorted.push_back(row.get());
    }
    llvm::sort(sorted, [](const OpRow *lhs, const OpRow *rhs) {
      return std::make_pair(lhs->getDomain(), lhs->getType()) <
             std::make_pair(rhs->getDomain(), rhs->getType());
    });
  }

  std::vector<std::unique_ptr<OpRow>> rows;
  std::vector<const OpRow *> sorted;
  llvm::StringMap<llvm::StringMap<const OpRow *>> byName;
};

} // namespace

const OpRow *moe::onnx::lookupOperator(StringRef domain, StringRef type) {
  return OpTable::get().lookup(domain, type);
}

ArrayRef<const OpRow *> moe::onnx::getOperators() {
  return OpTable::get().all();
}

std::vector<std::pair<std::string, std::string>> moe::onnx::getOperatorKeys() {
  std::vector<std::pair<std::string, std::string>> keys;
  for (const OpRow *row : getOperators()) {
    keys.emplace_back(row->getDomain().str(), row->getType().str());
  }
  return keys;
}
