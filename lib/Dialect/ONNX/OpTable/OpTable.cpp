//===- OpTable.cpp - schemas of ONNX operators ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/OpTable.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

namespace {

using Versions = std::vector<const OpSchema *>;

/// Versions of each operator, ascending, by "domain:name".
struct Table {
  Table();
  std::vector<OpSchema> schemas;
  llvm::StringMap<Versions> versions;
};

} // namespace

static std::string key(StringRef domain, StringRef name) {
  return (domain + ":" + name).str();
}

Table::Table() {
  schemas = {
#include "Schemas.inc"
  };
  for (const OpSchema &schema : schemas) {
    versions[key(schema.domain, schema.name)].push_back(&schema);
  }
}

static const Table &table() {
  static const Table instance;
  return instance;
}

//===----------------------------------------------------------------------===//
// OpSchema
//===----------------------------------------------------------------------===//

static std::vector<ParameterSpec> parseParameters(StringRef text) {
  std::vector<ParameterSpec> result;
  while (!text.empty()) {
    auto [part, rest] = text.split(' ');
    ParameterSpec spec;
    std::tie(spec.name, spec.type) = part.split(':');
    spec.optional = spec.name.consume_back("?");
    spec.variadic = spec.name.consume_back("*");
    result.push_back(spec);
    text = rest;
  }
  return result;
}

static int getMin(ArrayRef<ParameterSpec> parameters) {
  int count = 0;
  for (auto [index, parameter] : llvm::enumerate(parameters)) {
    if (!parameter.optional) {
      count = static_cast<int>(index) + 1;
    }
  }
  return count;
}

static int getMax(ArrayRef<ParameterSpec> parameters) {
  return !parameters.empty() && parameters.back().variadic
             ? -1
             : static_cast<int>(parameters.size());
}

OpSchema::OpSchema(StringRef domain, StringRef name, int64_t since,
                   StringRef inputs, StringRef outputs, StringRef types,
                   std::vector<AttributeSpec> attributes)
    : domain(domain), name(name), since(since), inputs(parseParameters(inputs)),
      outputs(parseParameters(outputs)), types(types),
      attributes(std::move(attributes)), minInputs(getMin(this->inputs)),
      maxInputs(getMax(this->inputs)), minOutputs(getMin(this->outputs)),
      maxOutputs(getMax(this->outputs)) {}

const AttributeSpec *OpSchema::findAttribute(StringRef attribute) const {
  for (const AttributeSpec &spec : attributes) {
    if (spec.name == attribute) {
      return &spec;
    }
  }
  return nullptr;
}

bool OpSchema::allows(StringRef variable, StringRef elementType) const {
  for (StringRef constraint : llvm::split(types, ' ')) {
    auto [name, allowed] = constraint.split('=');
    if (name == variable) {
      return llvm::is_contained(llvm::split(allowed, ','), elementType);
    }
  }
  return variable == elementType;
}

const ParameterSpec &OpSchema::getInput(unsigned index) const {
  return inputs[std::min<size_t>(index, inputs.size() - 1)];
}

const ParameterSpec &OpSchema::getOutput(unsigned index) const {
  return outputs[std::min<size_t>(index, outputs.size() - 1)];
}

bool AttributeSpec::isDefault(Attribute value) const {
  if (defaultValue.empty()) {
    auto text = dyn_cast<StringAttr>(value);
    return kind == AttributeKind::STRING && text && text.getValue().empty();
  }
  if (auto text = dyn_cast<StringAttr>(value)) {
    return kind == AttributeKind::STRING && text.getValue() == defaultValue;
  }
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    int64_t number;
    return kind == AttributeKind::INT &&
           !defaultValue.getAsInteger(10, number) && integer.getInt() == number;
  }
  double number;
  auto real = dyn_cast<FloatAttr>(value);
  return kind == AttributeKind::FLOAT && real &&
         !defaultValue.getAsDouble(number) &&
         static_cast<float>(real.getValueAsDouble()) ==
             static_cast<float>(number);
}

//===----------------------------------------------------------------------===//
// Look-ups
//===----------------------------------------------------------------------===//

const OpSchema *moe::onnx::findSchema(StringRef domain, StringRef name,
                                      int64_t opset) {
  auto entry = table().versions.find(key(domain, name));
  const OpSchema *found = nullptr;
  if (entry != table().versions.end()) {
    for (const OpSchema *schema : entry->second) {
      if (schema->since <= opset) {
        found = schema;
      }
    }
  }
  return found;
}

bool moe::onnx::isKnownOperator(StringRef domain, StringRef name) {
  return table().versions.contains(key(domain, name));
}

std::vector<std::pair<std::string, std::string>> moe::onnx::getOpTableKeys() {
  std::vector<std::pair<std::string, std::string>> keys;
  for (const auto &entry : table().versions) {
    const OpSchema *schema = entry.second.front();
    keys.emplace_back(schema->domain.str(), schema->name.str());
  }
  llvm::sort(keys);
  return keys;
}

std::vector<int64_t> moe::onnx::getOpVersions(StringRef domain,
                                              StringRef name) {
  std::vector<int64_t> result;
  auto entry = table().versions.find(key(domain, name));
  if (entry != table().versions.end()) {
    for (const OpSchema *schema : entry->second) {
      result.push_back(schema->since);
    }
  }
  return result;
}

const AttributeSpec *moe::onnx::findAnyAttribute(StringRef domain,
                                                 StringRef name,
                                                 StringRef attribute) {
  auto entry = table().versions.find(key(domain, name));
  const AttributeSpec *found = nullptr;
  if (entry != table().versions.end()) {
    for (const OpSchema *schema : entry->second) {
      const AttributeSpec *spec = schema->findAttribute(attribute);
      found = spec ? spec : found;
    }
  }
  return found;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// `expected 2 to 3 inputs, but got 1`, or an empty text.
static std::string checkCount(size_t count, int low, int high, StringRef what) {
  if (count >= static_cast<size_t>(low) &&
      (high < 0 || count <= static_cast<size_t>(high))) {
    return "";
  }
  std::string range = std::to_string(low);
  if (high != low) {
    range += high < 0 ? " or more" : " to " + std::to_string(high);
  }
  StringRef noun = high == 1 && low == 1 ? what.drop_back() : what;
  return "expected " + range + " " + noun.str() + ", but got " +
         std::to_string(count);
}

static StringRef getKindName(AttributeKind kind) {
  switch (kind) {
  case AttributeKind::INT:
    return "an integer";
  case AttributeKind::FLOAT:
    return "a float";
  case AttributeKind::STRING:
    return "a string";
  case AttributeKind::TENSOR:
    return "a tensor";
  case AttributeKind::INTS:
    return "a list of integers";
  case AttributeKind::FLOATS:
    return "a list of floats";
  case AttributeKind::STRINGS:
    return "a list of strings";
  case AttributeKind::SPARSE_TENSOR:
    return "a sparse tensor";
  case AttributeKind::GRAPH:
    return "a graph";
  }
  return "";
}

static bool isOfKind(Attribute value, AttributeKind kind) {
  auto all = [&](auto check) {
    auto array = dyn_cast<ArrayAttr>(value);
    return array && llvm::all_of(array, check);
  };
  auto isInt = [](Attribute one) {
    auto integer = dyn_cast<IntegerAttr>(one);
    return integer && integer.getType().isSignlessInteger(64);
  };
  switch (kind) {
  case AttributeKind::INT:
    return isInt(value);
  case AttributeKind::FLOAT:
    return isa<FloatAttr>(value);
  case AttributeKind::STRING:
    return isa<StringAttr>(value);
  case AttributeKind::INTS:
    return all(isInt);
  case AttributeKind::FLOATS:
    return all([](Attribute one) { return isa<FloatAttr>(one); });
  case AttributeKind::STRINGS:
    return all([](Attribute one) { return isa<StringAttr>(one); });
  case AttributeKind::TENSOR:
    return isa<ElementsAttr>(value);
  case AttributeKind::SPARSE_TENSOR:
  case AttributeKind::GRAPH:
    return false;
  }
  return false;
}

static std::string checkAttributes(const OpSchema &schema,
                                   DictionaryAttr attributes) {
  for (NamedAttribute attribute : attributes) {
    std::string name = attribute.getName().str();
    const AttributeSpec *spec = schema.findAttribute(name);
    if (!spec) {
      return "attribute '" + name + "' is unknown to version " +
             std::to_string(schema.since) + " of the operator";
    }
    if (!isOfKind(attribute.getValue(), spec->kind)) {
      return "attribute '" + name + "' must be " +
             getKindName(spec->kind).str();
    }
  }
  for (const AttributeSpec &spec : schema.attributes) {
    if (spec.required && !attributes.contains(spec.name)) {
      return "attribute '" + spec.name.str() + "' is missing";
    }
  }
  return "";
}

std::string moe::onnx::checkParameters(const OpSchema &schema,
                                       ArrayRef<bool> given, unsigned outputs) {
  std::string error =
      checkCount(given.size(), schema.minInputs, schema.maxInputs, "inputs");
  if (!error.empty()) {
    return error;
  }
  for (auto [index, isGiven] : llvm::enumerate(given)) {
    const ParameterSpec &input = schema.getInput(index);
    if (!isGiven && !input.optional) {
      return "input " + std::to_string(index) + " (" + input.name.str() +
             ") must not be left out";
    }
  }
  return checkCount(outputs, schema.minOutputs, schema.maxOutputs, "outputs");
}

std::string moe::onnx::checkNode(const OpSchema &schema, ArrayRef<bool> given,
                                 unsigned outputs, DictionaryAttr attributes) {
  std::string error = checkParameters(schema, given, outputs);
  return error.empty() ? checkAttributes(schema, attributes) : error;
}
