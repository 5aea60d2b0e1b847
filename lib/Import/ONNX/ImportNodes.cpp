//===- ImportNodes.cpp - nodes and their attributes -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "moe/Support/Quote.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moe;
using moe::onnx::AttributeKind;
using moe::onnx::OpSchema;

/// Numbers of one list attribute: axes, pads and the like have a few per
/// dimension.
static constexpr int kMaxListedNumbers = 4096;
/// Names of one unsupported operator that are listed.
static constexpr size_t kMaxUnsupportedNames = 1000;

static std::string domainName(const std::string &domain) {
  return domain.empty() ? "ai.onnx" : domain;
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

void Importer::nodeProblem(const Scope &scope, const NodeProto &node,
                           const Twine &text) {
  problem("node " + quote(scope.prefix + nodeName(node)) + " (" +
          StringRef(node.op_type()).take_front(64) + "): " + text);
}

void Importer::unsupported(const Scope &scope, const NodeProto &node,
                           std::optional<int64_t> opset) {
  std::string domain = canonicalDomain(node.domain());
  std::string key = node.op_type() + " (domain " + domainName(domain);
  key += opset ? ", opset " + std::to_string(*opset) : ", no opset imported";
  std::vector<int64_t> versions =
      moe::onnx::getOpVersions(domain, node.op_type());
  if (!versions.empty()) {
    key += "; it is supported from opset " + std::to_string(versions.front()) +
           " on";
  }
  UnsupportedOperator &entry = unsupportedOperators[key + ")"];
  if (++entry.count <= kMaxUnsupportedNames) {
    entry.names.push_back(quote(scope.prefix + nodeName(node)));
  }
  // What its subgraphs hold is not imported, but belongs in the report.
  for (const auto &attribute : node.attribute()) {
    if (attribute.has_g()) {
      findUnsupported(scope, attribute.g().node());
    }
    for (const auto &graph : attribute.graphs()) {
      findUnsupported(scope, graph.node());
    }
  }
}

void Importer::findUnsupported(const Scope &scope, const NodeList &nodes) {
  for (const auto &node : nodes) {
    if (findFunction(node)) {
      continue;
    }
    std::optional<int64_t> opset = opsetOf(scope, node);
    if (!opset || !moe::onnx::findSchema(canonicalDomain(node.domain()),
                                         node.op_type(), *opset)) {
      unsupported(scope, node, opset);
    }
  }
}

void Importer::reportUnsupported() {
  if (unsupportedOperators.empty()) {
    return;
  }
  uint64_t count = 0;
  std::string text;
  for (const auto &[key, entry] : unsupportedOperators) {
    count += entry.count;
    text += "\n  " + std::to_string(entry.count) + " x " + key + ": " +
            llvm::join(entry.names, ", ");
    if (entry.count > entry.names.size()) {
      text +=
          " and " + std::to_string(entry.count - entry.names.size()) + " more";
    }
  }
  problem(Twine(count) +
          (count == 1 ? " node has an operator" : " nodes have operators") +
          " that moec does not support; 'moec operators' lists those it "
          "does:" +
          text);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// The kind of an attribute as the table has it; nothing for those that no
/// operator of the table takes.
static std::optional<AttributeKind>
kindOf(const ::onnx::AttributeProto &attribute) {
  switch (attribute.type()) {
  case ::onnx::AttributeProto::INT:
    return AttributeKind::INT;
  case ::onnx::AttributeProto::FLOAT:
    return AttributeKind::FLOAT;
  case ::onnx::AttributeProto::STRING:
    return AttributeKind::STRING;
  case ::onnx::AttributeProto::TENSOR:
    return AttributeKind::TENSOR;
  case ::onnx::AttributeProto::INTS:
    return AttributeKind::INTS;
  case ::onnx::AttributeProto::FLOATS:
    return AttributeKind::FLOATS;
  case ::onnx::AttributeProto::STRINGS:
    return AttributeKind::STRINGS;
  case ::onnx::AttributeProto::SPARSE_TENSOR:
    return AttributeKind::SPARSE_TENSOR;
  case ::onnx::AttributeProto::GRAPH:
    return AttributeKind::GRAPH;
  default:
    return std::nullopt;
  }
}

/// Whether an attribute that this version lacks has the value that other
/// versions give it when it is left out.
static bool isDefaultElsewhere(const OpSchema &schema, StringRef name,
                               const ::onnx::AttributeProto &attribute) {
  for (int64_t version : moe::onnx::getOpVersions(schema.domain, schema.name)) {
    const OpSchema *other =
        moe::onnx::findSchema(schema.domain, schema.name, version);
    const moe::onnx::AttributeSpec *spec = other->findAttribute(name);
    if (!spec || spec->defaultValue.empty() ||
        kindOf(attribute) != spec->kind) {
      continue;
    }
    int64_t integer;
    double real;
    bool equal = spec->kind == AttributeKind::INT
                     ? !spec->defaultValue.getAsInteger(10, integer) &&
                           attribute.i() == integer
                 : spec->kind == AttributeKind::FLOAT
                     ? !spec->defaultValue.getAsDouble(real) &&
                           attribute.f() == static_cast<float>(real)
                     : spec->kind == AttributeKind::STRING &&
                           attribute.s() == spec->defaultValue;
    if (equal) {
      return true;
    }
  }
  return false;
}

Attribute Importer::readAttribute(const ::onnx::AttributeProto &attribute,
                                  AttributeKind kind, std::string &message) {
  if (kindOf(attribute) != kind) {
    message = "is of another kind than the operator takes";
    return {};
  }
  auto tooLong = [&](int count) {
    message = "has " + std::to_string(count) + " elements; at most " +
              std::to_string(kMaxListedNumbers) + " are read";
    return count > kMaxListedNumbers;
  };
  switch (kind) {
  case AttributeKind::INT:
    return builder.getI64IntegerAttr(attribute.i());
  case AttributeKind::FLOAT:
    return builder.getF32FloatAttr(attribute.f());
  case AttributeKind::STRING:
    return builder.getStringAttr(attribute.s());
  case AttributeKind::INTS:
    return tooLong(attribute.ints_size())
               ? Attribute()
               : builder.getI64ArrayAttr(SmallVector<int64_t>(
                     attribute.ints().begin(), attribute.ints().end()));
  case AttributeKind::FLOATS:
    return tooLong(attribute.floats_size())
               ? Attribute()
               : builder.getF32ArrayAttr(SmallVector<float>(
                     attribute.floats().begin(), attribute.floats().end()));
  case AttributeKind::TENSOR: {
    FailureOr<RankedTensorType> type = tensors.type(attribute.t(), message);
    FailureOr<DenseElementsAttr> value = failure();
    if (succeeded(type) && !TensorReader::isSmall(*type)) {
      message = "it is too large for an attribute of this operator";
    } else if (succeeded(type)) {
      value = tensors.elements(attribute.t(), *type, message);
    }
    message = "holds a tensor that cannot be read: " + message;
    return succeeded(value) ? Attribute(*value) : Attribute();
  }
  case AttributeKind::STRINGS:
  case AttributeKind::SPARSE_TENSOR:
  case AttributeKind::GRAPH:
    message = "is of a kind that is not supported";
    return {};
  }
  return {};
}

const ::onnx::AttributeProto *
Importer::resolve(Scope &scope, const NodeProto &node,
                  const ::onnx::AttributeProto &attribute, bool &valid) {
  if (attribute.ref_attr_name().empty()) {
    return &attribute;
  }
  if (!scope.isFunction) {
    nodeProblem(scope, node,
                "attribute " + quote(attribute.name()) +
                    " refers to an attribute of a function, but is not in "
                    "one");
    valid = false;
    return nullptr;
  }
  // One that the call leaves out is left out here, too.
  return scope.attributes.lookup(attribute.ref_attr_name());
}

bool Importer::readAttributes(Scope &scope, const NodeProto &node,
                              const OpSchema &schema,
                              DictionaryAttr &dictionary) {
  SmallVector<NamedAttribute> attributes;
  llvm::StringSet<> seen;
  bool valid = true;
  auto fail = [&](const Twine &text) {
    nodeProblem(scope, node, text);
    valid = false;
  };
  for (const auto &given : node.attribute()) {
    StringRef name = given.name();
    const ::onnx::AttributeProto *attribute =
        resolve(scope, node, given, valid);
    if (!attribute) {
      continue;
    }
    std::string message;
    const moe::onnx::AttributeSpec *spec = schema.findAttribute(name);
    if (!seen.insert(name).second) {
      fail("attribute " + quote(name) + " is given twice");
    } else if (!spec) {
      if (!isDefaultElsewhere(schema, name, *attribute)) {
        fail("attribute " + quote(name) + " is unknown to version " +
             Twine(schema.since) +
             " of the operator; remove it, or export "
             "the model for another opset");
      }
    } else if (Attribute value =
                   readAttribute(*attribute, spec->kind, message)) {
      attributes.push_back(builder.getNamedAttr(name, value));
    } else {
      fail("attribute " + quote(name) + " " + message);
    }
  }
  dictionary = builder.getDictionaryAttr(attributes);
  return valid;
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

bool Importer::readInputs(Scope &scope, const NodeProto &node,
                          SmallVectorImpl<Value> &inputs) {
  bool valid = true;
  for (const std::string &input : node.input()) {
    if (input.empty()) {
      inputs.push_back(moe::onnx::NoneOp::create(
          builder, location(scope, nodeName(node)), builder.getNoneType()));
      continue;
    }
    inputs.push_back(scope.values.lookup(input));
    if (inputs.back()) {
      continue;
    }
    valid = false;
    if (scope.broken.insert(input).second) {
      nodeProblem(scope, node,
                  "input " + quote(input) +
                      " is not defined by an input, an initializer or a node");
    }
  }
  return valid;
}

bool Importer::checkArity(Scope &scope, const NodeProto &node,
                          const OpSchema &schema) {
  SmallVector<bool> given;
  for (const std::string &input : node.input()) {
    given.push_back(!input.empty());
  }
  std::string message =
      moe::onnx::checkParameters(schema, given, node.output_size());
  if (!message.empty()) {
    nodeProblem(scope, node, message);
  }
  return message.empty();
}

void Importer::breakOutputs(Scope &scope, const NodeProto &node) {
  for (const std::string &output : node.output()) {
    scope.broken.insert(output);
  }
}

void Importer::defineOutput(Scope &scope, const NodeProto &node, int index,
                            Value value) {
  if (!node.output(index).empty()) {
    define(scope, node.output(index), value,
           "node " + quote(scope.prefix + nodeName(node)) + " (" +
               StringRef(node.op_type()).take_front(64) + ")");
  }
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// A list of numbers as a tensor of one dimension.
template <typename Number, typename Numbers>
static DenseElementsAttr listed(const Numbers &numbers, Type element) {
  SmallVector<Number> values(numbers.begin(), numbers.end());
  auto type =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, element);
  return DenseElementsAttr::get(type, ArrayRef<Number>(values));
}

void Importer::importConstant(Scope &scope, const NodeProto &node) {
  bool valid = true;
  const ::onnx::AttributeProto *value =
      node.attribute_size() == 1
          ? resolve(scope, node, node.attribute(0), valid)
          : nullptr;
  auto fail = [&](const Twine &text) {
    breakOutputs(scope, node);
    nodeProblem(scope, node, text);
  };
  if (!value) {
    return fail("a constant must have exactly one attribute with its value");
  }
  StringRef name = node.attribute(0).name();
  DenseElementsAttr elements;
  Type i64 = builder.getI64Type(), f32 = builder.getF32Type();
  std::optional<AttributeKind> kind = kindOf(*value);
  if (name == "value" && kind == AttributeKind::TENSOR) {
    return importTensor(scope, value->t(), node.output(0),
                        "node " + quote(scope.prefix + nodeName(node)) +
                            " (Constant)");
  }
  if (name == "value_int" && kind == AttributeKind::INT) {
    elements =
        DenseElementsAttr::get(RankedTensorType::get({}, i64), value->i());
  } else if (name == "value_float" && kind == AttributeKind::FLOAT) {
    elements =
        DenseElementsAttr::get(RankedTensorType::get({}, f32), value->f());
  } else if (name == "value_ints" && kind == AttributeKind::INTS) {
    elements = listed<int64_t>(value->ints(), i64);
  } else if (name == "value_floats" && kind == AttributeKind::FLOATS) {
    elements = listed<float>(value->floats(), f32);
  } else {
    return fail("its value, attribute " + quote(name) +
                ", is not of a kind that is supported");
  }
  if (!TensorReader::isSmall(cast<RankedTensorType>(elements.getType()))) {
    return fail("its value, attribute " + quote(name) + ", has " +
                Twine(elements.getNumElements()) +
                " numbers; store so many as a tensor");
  }
  Value constant = moe::onnx::ConstantOp::create(
      builder, location(scope, nodeName(node)), elements.getType(), elements);
  defineOutput(scope, node, 0, constant);
}

void Importer::importOperator(Scope &scope, const NodeProto &node,
                              const OpSchema &schema) {
  SmallVector<Value> inputs;
  DictionaryAttr attributes;
  bool valid = readInputs(scope, node, inputs);
  valid &= readAttributes(scope, node, schema, attributes);
  if (!valid) {
    return breakOutputs(scope, node);
  }
  // Inference gives the results their types.
  SmallVector<Type> types(node.output_size(), builder.getNoneType());
  auto op = moe::onnx::NodeOp::create(
      builder, location(scope, nodeName(node)), types,
      builder.getStringAttr(schema.name), builder.getStringAttr(schema.domain),
      builder.getI64IntegerAttr(schema.since), inputs, attributes, 0);
  std::string message;
  if (failed(inference.infer(op, message))) {
    op.erase();
    breakOutputs(scope, node);
    return nodeProblem(scope, node, message);
  }
  for (int i = 0; i < node.output_size(); ++i) {
    defineOutput(scope, node, i, op.getOutputs()[i]);
  }
}

std::optional<int64_t> Importer::opsetOf(const Scope &scope,
                                         const NodeProto &node) const {
  auto entry = scope.opsets->find(canonicalDomain(node.domain()));
  return entry == scope.opsets->end() ? std::nullopt
                                      : std::optional(entry->second);
}

void Importer::importNode(Scope &scope, const NodeProto &node) {
  if (ModelFunction *callee = findFunction(node)) {
    return importCall(scope, node, *callee);
  }
  std::optional<int64_t> opset = opsetOf(scope, node);
  const OpSchema *schema =
      opset ? moe::onnx::findSchema(canonicalDomain(node.domain()),
                                    node.op_type(), *opset)
            : nullptr;
  if (!schema) {
    breakOutputs(scope, node);
    return unsupported(scope, node, opset);
  }
  if (!checkArity(scope, node, *schema)) {
    return breakOutputs(scope, node);
  }
  if (schema->domain.empty() && schema->name == "Constant") {
    return importConstant(scope, node);
  }
  importOperator(scope, node, *schema);
}

void Importer::importNodes(Scope &scope, const NodeList &list,
                           const Twine &where) {
  nodes += list.size();
  if (nodes > options.maxNodes) {
    problem(where + " has " + Twine(nodes) +
            " nodes with those of the functions it calls; at most " +
            Twine(options.maxNodes) + " are read");
    stopped = true;
    return;
  }
  if (std::optional<std::string> disorder = findDisorder(list)) {
    problem(where + ": " + *disorder);
    // What comes later than it should is not undefined.
    for (const auto &node : list) {
      breakOutputs(scope, node);
    }
  }
  for (const auto &node : list) {
    if (stopped) {
      return;
    }
    importNode(scope, node);
  }
}
