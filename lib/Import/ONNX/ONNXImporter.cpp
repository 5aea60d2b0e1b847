//===- ONNXImporter.cpp - a model's graph as onnx ops ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Import/ONNX.h"

#include "GraphOrder.h"
#include "ModelFile.h"
#include "Tensors.h"
#include "moe/Dialect/ONNX/OpTable.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

#include <map>

using namespace mlir;
using namespace moe;

namespace {

constexpr int64_t kFirstIRVersion = 3, kLastIRVersion = 14;
/// Problems of one model that are listed; the rest is counted.
constexpr unsigned kMaxProblems = 100;

/// Imports one model.
class Importer {
public:
  Importer(StringRef path, const ImportOptions &options, MLIRContext *context)
      : path(path.str()), options(options), builder(context),
        tensors(file, path, context) {}

  OwningOpRef<ModuleOp> run();

private:
  LogicalResult checkModel();
  void importGraph(const ::onnx::GraphProto &graph);
  void importInputs(const ::onnx::GraphProto &graph);
  void importTensor(const ::onnx::TensorProto &tensor, StringRef name);
  Value createConstant(Location loc, DenseElementsAttr value);
  void importNode(const ::onnx::NodeProto &node);
  void importConstantNode(const ::onnx::NodeProto &node);
  bool readInputs(const ::onnx::NodeProto &node, SmallVectorImpl<Value> &inputs);
  bool readAttributes(const ::onnx::NodeProto &node,
                      const moe::onnx::OpSchema &schema,
                      DictionaryAttr &dictionary);
  Attribute readAttribute(const ::onnx::AttributeProto &attribute,
                          std::string &message);
  bool checkArity(const ::onnx::NodeProto &node,
                  const moe::onnx::OpSchema &schema);
  void importOutputs(const ::onnx::GraphProto &graph);
  FailureOr<RankedTensorType> tensorType(const ::onnx::TypeProto &type,
                                         std::string &message);
  void define(StringRef name, Value value, const Twine &what);

  static std::string nameOf(const ::onnx::NodeProto &node) {
    return node.name().empty() && node.output_size() > 0 ? node.output(0)
                                                         : node.name();
  }
  static std::string domainOf(const ::onnx::NodeProto &node) {
    return node.domain() == "ai.onnx" ? "" : node.domain();
  }
  void problem(const Twine &text) {
    if (++problems <= kMaxProblems) {
      emitError(module->getLoc()) << text;
    }
  }
  void nodeProblem(const ::onnx::NodeProto &node, const Twine &text) {
    problem("node '" + nameOf(node) + "' (" + node.op_type() + "): " + text);
  }
  void unsupported(const ::onnx::NodeProto &node, int64_t opset);
  void reportUnsupported();

  std::string path;
  const ImportOptions &options;
  OpBuilder builder;
  ModelFile file;
  TensorReader tensors;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  llvm::StringMap<int64_t> opsets;
  llvm::StringMap<Value> values;
  /// Names whose producer has a problem that was reported.
  llvm::StringSet<> broken;
  moe::onnx::PartialValues partial;
  unsigned problems = 0;
  /// Names of nodes by "Operator (domain, opset n)".
  std::map<std::string, std::vector<std::string>> unsupportedNodes;
};

} // namespace

//===----------------------------------------------------------------------===//
// Types, tensors
//===----------------------------------------------------------------------===//

FailureOr<RankedTensorType>
Importer::tensorType(const ::onnx::TypeProto &type, std::string &message) {
  if (!type.has_tensor_type()) {
    message = "is no tensor";
    return failure();
  }
  Type element = moe::onnx::elementTypeOfNumber(type.tensor_type().elem_type(),
                                                builder.getContext());
  if (!element) {
    message = "has an element type that is not supported";
    return failure();
  }
  if (!type.tensor_type().has_shape()) {
    message = "has no shape; give it one, with names for dimensions that vary";
    return failure();
  }
  moe::onnx::SymbolicShape shape;
  for (const auto &dim : type.tensor_type().shape().dim()) {
    if (dim.has_dim_value() && dim.dim_value() < 0) {
      message = "has the dimension " + std::to_string(dim.dim_value());
      return failure();
    }
    shape.push_back(dim.has_dim_value()
                        ? moe::onnx::SymbolicInt::constant(dim.dim_value())
                        : moe::onnx::SymbolicInt::named(dim.dim_param()));
  }
  return moe::onnx::getType(shape, element);
}

void Importer::define(StringRef name, Value value, const Twine &what) {
  if (!values.try_emplace(name, value).second) {
    problem(what + " defines '" + name +
            "', which is defined already; names must be unique");
  }
}

Value Importer::createConstant(Location loc, DenseElementsAttr value) {
  return moe::onnx::ConstantOp::create(builder, loc, value.getType(), value);
}

void Importer::importTensor(const ::onnx::TensorProto &tensor, StringRef name) {
  std::string message;
  FailureOr<RankedTensorType> type = tensors.type(tensor, message);
  Location loc = NameLoc::get(builder.getStringAttr(name));
  auto fail = [&] {
    broken.insert(name);
    problem("tensor '" + name + "': " + message);
  };
  if (failed(type)) {
    return fail();
  }
  bool typed = !tensor.has_raw_data() &&
               tensor.data_location() != ::onnx::TensorProto::EXTERNAL;
  if (typed || TensorReader::isSmall(*type)) {
    FailureOr<DenseElementsAttr> value =
        tensors.elements(tensor, *type, message);
    return failed(value) ? fail()
                         : define(name, createConstant(loc, *value),
                                  "tensor '" + name + "'");
  }
  FailureOr<std::optional<TensorPlace>> place =
      tensors.place(tensor, *type, message);
  if (failed(place)) {
    return fail();
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(function);
  auto weight = moe::onnx::WeightOp::create(
      builder, loc, builder.getStringAttr(name), TypeAttr::get(*type),
      builder.getStringAttr((*place)->file),
      builder.getI64IntegerAttr((*place)->range.offset),
      builder.getI64IntegerAttr((*place)->range.length));
  builder.setInsertionPointToEnd(&function.getBody().front());
  define(name,
         moe::onnx::WeightValueOp::create(
             builder, loc, *type, FlatSymbolRefAttr::get(weight.getSymNameAttr())),
         "tensor '" + name + "'");
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

Attribute Importer::readAttribute(const ::onnx::AttributeProto &attribute,
                                  std::string &message) {
  using Proto = ::onnx::AttributeProto;
  switch (attribute.type()) {
  case Proto::INT:
    return builder.getI64IntegerAttr(attribute.i());
  case Proto::FLOAT:
    return builder.getF32FloatAttr(attribute.f());
  case Proto::STRING:
    return builder.getStringAttr(attribute.s());
  case Proto::INTS:
    return builder.getI64ArrayAttr(SmallVector<int64_t>(
        attribute.ints().begin(), attribute.ints().end()));
  case Proto::FLOATS:
    return builder.getF32ArrayAttr(SmallVector<float>(
        attribute.floats().begin(), attribute.floats().end()));
  case Proto::TENSOR: {
    FailureOr<RankedTensorType> type = tensors.type(attribute.t(), message);
    if (failed(type)) {
      return {};
    }
    FailureOr<DenseElementsAttr> value =
        tensors.elements(attribute.t(), *type, message);
    return succeeded(value) ? Attribute(*value) : Attribute();
  }
  default:
    message = "attributes of this kind are not supported";
    return {};
  }
}

/// Whether an attribute has the value that it has when it is left out.
static bool isDefault(const ::onnx::AttributeProto &attribute) {
  return (attribute.has_i() && attribute.i() == 0) ||
         (attribute.has_f() && attribute.f() == 0.0f) ||
         (attribute.has_s() && attribute.s().empty());
}

bool Importer::readAttributes(const ::onnx::NodeProto &node,
                              const moe::onnx::OpSchema &schema,
                              DictionaryAttr &dictionary) {
  SmallVector<NamedAttribute> attributes;
  llvm::StringSet<> seen;
  bool valid = true;
  for (const auto &attribute : node.attribute()) {
    std::string message;
    if (!seen.insert(attribute.name()).second) {
      nodeProblem(node, "attribute '" + attribute.name() + "' is given twice");
      valid = false;
    } else if (!schema.findAttribute(attribute.name())) {
      if (!isDefault(attribute)) {
        nodeProblem(node, "attribute '" + attribute.name() +
                              "' is unknown to version " +
                              Twine(schema.since) +
                              " of the operator; remove it");
        valid = false;
      }
    } else if (Attribute value = readAttribute(attribute, message)) {
      attributes.push_back(builder.getNamedAttr(attribute.name(), value));
    } else {
      nodeProblem(node, "attribute '" + attribute.name() + "': " + message);
      valid = false;
    }
  }
  for (const moe::onnx::AttributeSpec &spec : schema.attributes) {
    if (spec.required && !seen.contains(spec.name)) {
      nodeProblem(node, "attribute '" + spec.name + "' is missing");
      valid = false;
    }
  }
  dictionary = builder.getDictionaryAttr(attributes);
  return valid;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

void Importer::unsupported(const ::onnx::NodeProto &node, int64_t opset) {
  std::string key = node.op_type() + " (";
  if (!domainOf(node).empty()) {
    key += domainOf(node) + ", ";
  }
  key += "opset " + std::to_string(opset) + ")";
  unsupportedNodes[key].push_back(nameOf(node));
}

void Importer::reportUnsupported() {
  if (unsupportedNodes.empty()) {
    return;
  }
  unsigned count = 0;
  std::string text;
  constexpr unsigned maxNames = 5;
  for (const auto &[key, nodes] : unsupportedNodes) {
    count += nodes.size();
    text += "\n  " + std::to_string(nodes.size()) + " x " + key + ":";
    for (unsigned i = 0; i < std::min<size_t>(nodes.size(), maxNames); ++i) {
      text += (i ? ", '" : " '") + nodes[i] + "'";
    }
    if (nodes.size() > maxNames) {
      text += ", ...";
    }
  }
  problem(Twine(count) +
          (count == 1 ? " node has an operator" : " nodes have operators") +
          " that moec does not support (docs/onnx-support.md lists those it "
          "does):" +
          text);
}

bool Importer::readInputs(const ::onnx::NodeProto &node,
                          SmallVectorImpl<Value> &inputs) {
  bool valid = true;
  Location loc = NameLoc::get(builder.getStringAttr(nameOf(node)));
  for (const std::string &input : node.input()) {
    Value value = input.empty() ? Value(moe::onnx::NoneOp::create(
                                      builder, loc, builder.getNoneType()))
                                : values.lookup(input);
    if (!value) {
      valid = false;
      if (!broken.contains(input)) {
        nodeProblem(node, "input '" + input +
                              "' is not defined by an input, an initializer or "
                              "a node");
        broken.insert(input);
      }
    }
    inputs.push_back(value);
  }
  return valid;
}

bool Importer::checkArity(const ::onnx::NodeProto &node,
                          const moe::onnx::OpSchema &schema) {
  auto check = [&](int count, int low, int high, StringRef what) {
    if (count >= low && (high < 0 || count <= high)) {
      return true;
    }
    std::string range = std::to_string(low);
    if (high != low) {
      range += high < 0 ? " or more" : " to " + std::to_string(high);
    }
    nodeProblem(node, "expected " + range + " " + what + ", but got " +
                          Twine(count));
    return false;
  };
  return check(node.input_size(), schema.minInputs, schema.maxInputs,
               "inputs") &&
         check(node.output_size(), schema.minOutputs, schema.maxOutputs,
               "outputs");
}

void Importer::importConstantNode(const ::onnx::NodeProto &node) {
  Location loc = NameLoc::get(builder.getStringAttr(nameOf(node)));
  std::string message = "it has no value that is supported";
  for (const auto &attribute : node.attribute()) {
    if (attribute.name() == "value" && attribute.has_t()) {
      return importTensor(attribute.t(), node.output(0));
    }
    Attribute value = readAttribute(attribute, message);
    DenseElementsAttr elements;
    auto type = [&](ArrayRef<int64_t> shape, Type element) {
      return RankedTensorType::get(shape, element);
    };
    if (auto number = dyn_cast_or_null<IntegerAttr>(value)) {
      elements = DenseElementsAttr::get(type({}, builder.getI64Type()),
                                        number.getInt());
    } else if (auto real = dyn_cast_or_null<FloatAttr>(value)) {
      elements = DenseElementsAttr::get(type({}, builder.getF32Type()),
                                        attribute.f());
    } else if (attribute.name() == "value_ints") {
      SmallVector<int64_t> numbers(attribute.ints().begin(),
                                   attribute.ints().end());
      elements = DenseElementsAttr::get(
          type({static_cast<int64_t>(numbers.size())}, builder.getI64Type()),
          ArrayRef<int64_t>(numbers));
    } else if (attribute.name() == "value_floats") {
      SmallVector<float> numbers(attribute.floats().begin(),
                                 attribute.floats().end());
      elements = DenseElementsAttr::get(
          type({static_cast<int64_t>(numbers.size())}, builder.getF32Type()),
          ArrayRef<float>(numbers));
    }
    if (elements) {
      return define(node.output(0), createConstant(loc, elements),
                    "node '" + nameOf(node) + "'");
    }
  }
  broken.insert(node.output(0));
  nodeProblem(node, message);
}

void Importer::importNode(const ::onnx::NodeProto &node) {
  std::string domain = domainOf(node);
  int64_t opset = opsets.lookup(domain);
  auto breakOutputs = [&] {
    for (const std::string &output : node.output()) {
      broken.insert(output);
    }
  };
  if (opset == 0) {
    breakOutputs();
    return nodeProblem(node, "the model imports no operator set of domain '" +
                                 domain + "'");
  }
  const moe::onnx::OpSchema *schema =
      moe::onnx::findSchema(domain, node.op_type(), opset);
  if (!schema) {
    breakOutputs();
    return unsupported(node, opset);
  }
  SmallVector<Value> inputs;
  DictionaryAttr attributes;
  if (!checkArity(node, *schema)) {
    return breakOutputs();
  }
  if (node.op_type() == "Constant" && domain.empty()) {
    return importConstantNode(node);
  }
  bool valid = readInputs(node, inputs);
  valid &= readAttributes(node, *schema, attributes);
  // Of ONNX's own operators the optional inputs are the last ones.
  for (int i = 0; valid && domain.empty() && i < schema->minInputs; ++i) {
    if (isa<NoneType>(inputs[i].getType())) {
      nodeProblem(node, "input " + Twine(i) + " must not be left out");
      valid = false;
    }
  }
  if (!valid) {
    return breakOutputs();
  }
  std::string message;
  std::optional<SmallVector<moe::onnx::SymbolicInt>> elements;
  FailureOr<SmallVector<Type>> types = moe::onnx::inferNode(
      domain, node.op_type(), schema->since, inputs, attributes,
      node.output_size(), partial, message, elements);
  if (failed(types)) {
    breakOutputs();
    return nodeProblem(node, message);
  }
  Location loc = NameLoc::get(builder.getStringAttr(nameOf(node)));
  auto op = moe::onnx::NodeOp::create(
      builder, loc, *types, builder.getStringAttr(node.op_type()),
      builder.getStringAttr(domain), builder.getI64IntegerAttr(schema->since),
      inputs, attributes, 0);
  if (elements && node.output_size() == 1) {
    partial[op.getOutputs()[0]] = *elements;
  }
  for (auto [output, value] : llvm::zip_equal(node.output(), op.getOutputs())) {
    if (!output.empty()) {
      define(output, value, "node '" + nameOf(node) + "'");
    }
  }
}

//===----------------------------------------------------------------------===//
// Graph
//===----------------------------------------------------------------------===//

void Importer::importInputs(const ::onnx::GraphProto &graph) {
  llvm::StringSet<> initialized;
  for (const auto &tensor : graph.initializer()) {
    initialized.insert(tensor.name());
  }
  SmallVector<Type> types;
  SmallVector<std::string> names;
  llvm::StringSet<> seen;
  for (const auto &input : graph.input()) {
    if (initialized.contains(input.name())) {
      continue;
    }
    std::string message;
    FailureOr<RankedTensorType> type = tensorType(input.type(), message);
    if (failed(type)) {
      broken.insert(input.name());
      problem("input '" + input.name() + "' " + message);
      continue;
    }
    if (!seen.insert(input.name()).second) {
      problem("input '" + input.name() + "' is given twice");
      continue;
    }
    types.push_back(*type);
    names.push_back(input.name());
  }
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, module->getLoc(), "main",
                                  builder.getFunctionType(types, {}));
  Block *body = function.addEntryBlock();
  for (auto [index, name] : llvm::enumerate(names)) {
    function.setArgAttr(index, "onnx.name", builder.getStringAttr(name));
    values[name] = body->getArgument(index);
  }
  builder.setInsertionPointToEnd(body);
}

void Importer::importOutputs(const ::onnx::GraphProto &graph) {
  SmallVector<Value> results;
  if (graph.output_size() == 0) {
    problem("the graph has no outputs");
  }
  for (const auto &output : graph.output()) {
    Value value = values.lookup(output.name());
    if (value) {
      results.push_back(value);
    } else if (!broken.contains(output.name())) {
      problem("output '" + output.name() + "' is not defined by a node");
    }
  }
  if (problems != 0) {
    return;
  }
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setFunctionType(builder.getFunctionType(
      function.getArgumentTypes(), TypeRange(ValueRange(results))));
  for (auto [index, output] : llvm::enumerate(graph.output())) {
    function.setResultAttr(index, "onnx.name",
                           builder.getStringAttr(output.name()));
  }
}

void Importer::importGraph(const ::onnx::GraphProto &graph) {
  importInputs(graph);
  for (const auto &tensor : graph.initializer()) {
    importTensor(tensor, tensor.name());
  }
  for (const auto &tensor : graph.sparse_initializer()) {
    problem("tensor '" + tensor.values().name() +
            "': sparse initializers are not supported; store it densely");
  }
  if (std::optional<std::string> disorder = findDisorder(graph)) {
    problem(*disorder);
    return;
  }
  for (const auto &node : graph.node()) {
    importNode(node);
  }
  reportUnsupported();
  importOutputs(graph);
}

LogicalResult Importer::checkModel() {
  const ::onnx::ModelProto &model = file.model();
  if (model.ir_version() < kFirstIRVersion ||
      model.ir_version() > kLastIRVersion) {
    problem("IR version " + Twine(model.ir_version()) +
            " is not supported; those from " + Twine(kFirstIRVersion) + " to " +
            Twine(kLastIRVersion) + " are");
  }
  for (const auto &opset : model.opset_import()) {
    std::string domain = opset.domain() == "ai.onnx" ? "" : opset.domain();
    opsets[domain] = opset.version();
    if (domain.empty() && (opset.version() < moe::onnx::kFirstOpset ||
                           opset.version() > moe::onnx::kLastOpset)) {
      problem("opset " + Twine(opset.version()) +
              " is not supported; those from " +
              Twine(moe::onnx::kFirstOpset) + " to " +
              Twine(moe::onnx::kLastOpset) +
              " are; convert the model with onnx.version_converter");
    }
  }
  if (model.functions_size() != 0) {
    problem("functions of the model are not supported; inline them with "
            "onnx.inliner.inline_local_functions");
  }
  if (static_cast<uint64_t>(model.graph().node_size()) > options.maxNodes) {
    problem("the graph has " + Twine(model.graph().node_size()) +
            " nodes; at most " + Twine(options.maxNodes) + " are read");
  }
  return success(problems == 0);
}

OwningOpRef<ModuleOp> Importer::run() {
  builder.getContext()->loadDialect<moe::onnx::ONNXDialect, func::FuncDialect>();
  module =
      ModuleOp::create(FileLineColLoc::get(builder.getStringAttr(path), 0, 0));
  std::string message;
  if (failed(file.open(path, message))) {
    problem(message);
    return {};
  }
  if (failed(checkModel())) {
    return {};
  }
  importGraph(file.model().graph());
  if (problems > kMaxProblems) {
    emitError(module->getLoc()) << problems - kMaxProblems << " more problems";
  }
  return problems == 0 ? std::move(module) : OwningOpRef<ModuleOp>();
}

OwningOpRef<ModuleOp> moe::importONNX(StringRef path,
                                      const ImportOptions &options,
                                      MLIRContext *context) {
  return Importer(path, options, context).run();
}

LogicalResult moe::serializeSourceGraph(StringRef path, std::string &bytes) {
  ModelFile file;
  std::string message;
  if (failed(file.open(path, message))) {
    return failure();
  }
  ::onnx::ModelProto model = file.model();
  for (auto &tensor : *model.mutable_graph()->mutable_initializer()) {
    tensor.clear_raw_data();
  }
  return success(model.SerializeToString(&bytes));
}
