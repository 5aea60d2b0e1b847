//===- Importer.cpp - models, inputs, outputs, tensors --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"

#include "moe/Support/Quote.h"

using namespace mlir;
using namespace moe;
using moe::onnx::SymbolicInt;
using moe::onnx::SymbolicShape;

static constexpr int64_t kFirstIRVersion = 3, kLastIRVersion = 14;
/// Problems of one model that are listed; the rest is counted.
static constexpr uint64_t kMaxProblems = 100;
/// Longer names are cut where they are only shown.
static constexpr size_t kMaxLocationName = 1024;
static constexpr int kMaxRank = 64;

std::string moe::canonicalDomain(const std::string &domain) {
  return domain == "ai.onnx" ? "" : domain;
}

Importer::Importer(const ModelFile &file, StringRef name, ModelFiles &files,
                   const ImportOptions &options, ModuleOp module)
    : file(file), options(options), module(module),
      builder(module.getContext()),
      tensors(file, files, name.str(), module.getContext()) {}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

void Importer::problem(const Twine &text) {
  if (++problems <= kMaxProblems) {
    emitError(module.getLoc()) << text;
  }
}

Location Importer::location(const Scope &scope, StringRef name) {
  std::string text = scope.prefix + name.str();
  return NameLoc::get(
      builder.getStringAttr(StringRef(text).take_front(kMaxLocationName)));
}

void Importer::define(Scope &scope, StringRef name, Value value,
                      const Twine &what) {
  if (!scope.values.try_emplace(name, value).second) {
    problem(what + " defines " + quote(name) +
            ", which is defined already; names must be unique");
  }
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

FailureOr<RankedTensorType> Importer::tensorType(const ::onnx::TypeProto &type,
                                                 std::string &message) {
  if (!type.has_tensor_type()) {
    message = "is no tensor; only tensors are supported here";
    return failure();
  }
  Type element = moe::onnx::elementTypeOfNumber(type.tensor_type().elem_type(),
                                                builder.getContext());
  if (!element) {
    message = "has element type " +
              std::to_string(type.tensor_type().elem_type()) +
              ", which is not supported";
    return failure();
  }
  if (!type.tensor_type().has_shape()) {
    message = "has no shape; give it one, with names for dimensions that vary";
    return failure();
  }
  const ::onnx::TensorShapeProto &dims = type.tensor_type().shape();
  if (dims.dim_size() > kMaxRank) {
    message = "has " + std::to_string(dims.dim_size()) +
              " dimensions; at most " + std::to_string(kMaxRank) + " are read";
    return failure();
  }
  SymbolicShape shape;
  for (const auto &dim : dims.dim()) {
    if (dim.has_dim_value() && dim.dim_value() < 0) {
      message = "has a dimension of " + std::to_string(dim.dim_value());
      return failure();
    }
    shape.push_back(dim.has_dim_value()
                        ? SymbolicInt::constant(dim.dim_value())
                        : SymbolicInt::dimension(dim.dim_param()));
  }
  return moe::onnx::getType(shape, element);
}

/// A type as a user may read it: `f32[N, 64]`.
static std::string describe(const SymbolicShape &shape, Type element) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << element << '[';
  llvm::interleaveComma(shape, stream, [&](const SymbolicInt &size) {
    stream << (size.isUnknown() ? "?" : size.str());
  });
  stream << ']';
  return text;
}

/// What gives a value its type, up to the verb.
static std::string describeProducer(Value value) {
  if (auto node = value.getDefiningOp<moe::onnx::NodeOp>()) {
    return node.describe() + " computes ";
  }
  return isa<BlockArgument>(value) ? "the input of that name is "
                                   : "the initializer of that name is ";
}

void Importer::checkDeclared(const ::onnx::ValueInfoProto &declared,
                             StringRef what) {
  Value value = graphScope.values.lookup(declared.name());
  auto type = dyn_cast_if_present<RankedTensorType>(
      value ? value.getType() : Type());
  if (!type || !declared.type().has_tensor_type()) {
    return;
  }
  auto contradict = [&](const std::string &claim, const std::string &fact) {
    problem(what + " " + quote(declared.name()) + " is declared as " + claim +
            ", but " + describeProducer(value) + fact +
            "; remove the declaration or export the model again");
  };
  SymbolicShape shape = moe::onnx::getShape(type);
  std::string fact = describe(shape, type.getElementType());
  if (!declared.type().tensor_type().has_shape()) {
    Type element = moe::onnx::elementTypeOfNumber(
        declared.type().tensor_type().elem_type(), builder.getContext());
    if (element && element != type.getElementType()) {
      std::string claim;
      llvm::raw_string_ostream(claim) << element;
      contradict(claim, fact);
    }
    return;
  }
  std::string message;
  FailureOr<RankedTensorType> claimed = tensorType(declared.type(), message);
  if (failed(claimed)) {
    return problem(what + " " + quote(declared.name()) + " " + message);
  }
  SymbolicShape claim = moe::onnx::getShape(*claimed);
  bool fits = type.getElementType() == claimed->getElementType() &&
              shape.size() == claim.size();
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    fits = !shape[i].value || !claim[i].value ||
           *shape[i].value == *claim[i].value;
  }
  if (!fits) {
    contradict(describe(claim, claimed->getElementType()), fact);
  }
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

Value Importer::createWeight(Location loc, StringRef name,
                             RankedTensorType type, const TensorPlace &place) {
  std::string key;
  llvm::raw_string_ostream(key)
      << name << '\0' << place.file << '\0' << place.range.offset << type;
  std::string &symbol = weights[key];
  if (symbol.empty()) {
    symbol = name.str();
    while (!symbols.insert(symbol).second) {
      symbol = name.str() + "." + std::to_string(++symbolCounts[name]);
    }
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(function);
    // Private, so that a weight which nothing reads is dropped.
    moe::onnx::WeightOp::create(builder, loc, builder.getStringAttr(symbol),
                                builder.getStringAttr("private"),
                                TypeAttr::get(type),
                                builder.getStringAttr(place.file),
                                builder.getI64IntegerAttr(place.range.offset),
                                builder.getI64IntegerAttr(place.range.length));
  }
  return moe::onnx::WeightValueOp::create(
      builder, loc, type, FlatSymbolRefAttr::get(builder.getContext(), symbol));
}

void Importer::importTensor(Scope &scope, const ::onnx::TensorProto &tensor,
                            StringRef name, const Twine &what) {
  std::string message;
  auto fail = [&] {
    scope.broken.insert(name);
    problem(what + ": " + message);
  };
  FailureOr<RankedTensorType> type = tensors.type(tensor, message);
  if (failed(type)) {
    return fail();
  }
  Location loc = location(scope, name);
  if (TensorReader::isSmall(*type)) {
    FailureOr<DenseElementsAttr> value =
        tensors.elements(tensor, *type, message);
    if (failed(value)) {
      return fail();
    }
    return define(scope, name,
                  moe::onnx::ConstantOp::create(builder, loc, *type, *value),
                  what);
  }
  FailureOr<TensorPlace> place = tensors.place(tensor, *type, message);
  if (failed(place)) {
    return fail();
  }
  define(scope, name, createWeight(loc, name, *type, *place), what);
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

void Importer::importInputs(const ::onnx::GraphProto &graph) {
  // Before IR version 4 weights are inputs, too.
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
    if (input.name().empty()) {
      problem("an input of the graph has no name");
    } else if (failed(type)) {
      graphScope.broken.insert(input.name());
      problem("input " + quote(input.name()) + " " + message);
    } else if (!seen.insert(input.name()).second) {
      problem("input " + quote(input.name()) +
              " is given twice; names must be unique");
    } else {
      types.push_back(*type);
      names.push_back(input.name());
    }
  }
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, module.getLoc(), "main",
                                  builder.getFunctionType(types, {}));
  Block *body = function.addEntryBlock();
  for (auto [index, name] : llvm::enumerate(names)) {
    function.setArgAttr(index, "onnx.name", builder.getStringAttr(name));
    graphScope.values[name] = body->getArgument(index);
  }
  builder.setInsertionPointToEnd(body);
  symbols.insert(function.getName());
}

void Importer::importOutputs(const ::onnx::GraphProto &graph) {
  SmallVector<Value> results;
  llvm::StringSet<> seen;
  if (graph.output_size() == 0) {
    problem("the graph has no outputs");
  }
  for (const auto &output : graph.output()) {
    if (!seen.insert(output.name()).second) {
      problem("output " + quote(output.name()) +
              " is given twice; names must be unique");
      continue;
    }
    Value value = graphScope.values.lookup(output.name());
    if (value && isa<RankedTensorType>(value.getType())) {
      results.push_back(value);
      checkDeclared(output, "output");
    } else if (!graphScope.broken.contains(output.name())) {
      problem("output " + quote(output.name()) +
              " is not defined by an input, an initializer or a node");
    }
  }
  for (const auto &info : graph.value_info()) {
    if (graphScope.values.contains(info.name())) {
      checkDeclared(info, "value");
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

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

void Importer::readOpsets(
    const ::google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto>
        &imports,
    llvm::StringMap<int64_t> &versions, const Twine &where) {
  for (const auto &import : imports) {
    std::string domain = canonicalDomain(import.domain());
    auto [entry, isNew] = versions.try_emplace(domain, import.version());
    if (!isNew && entry->second != import.version()) {
      problem(where + " imports two versions of the operator set " +
              quote(domain.empty() ? "ai.onnx" : domain) + ": " +
              Twine(entry->second) + " and " + Twine(import.version()));
    }
    if (domain.empty() && (import.version() < moe::onnx::kFirstOpset ||
                           import.version() > moe::onnx::kLastOpset)) {
      problem(where + " imports opset " + Twine(import.version()) + ", but " +
              Twine(moe::onnx::kFirstOpset) + " to " +
              Twine(moe::onnx::kLastOpset) +
              " are supported; convert it with onnx.version_converter or "
              "export it again");
    }
  }
}

void Importer::checkModel() {
  const ::onnx::ModelProto &model = file.model();
  if (model.ir_version() < kFirstIRVersion ||
      model.ir_version() > kLastIRVersion) {
    problem("the model has IR version " + Twine(model.ir_version()) + ", but " +
            Twine(kFirstIRVersion) + " to " + Twine(kLastIRVersion) +
            " are supported; export it again");
  }
  if (model.opset_import_size() == 0) {
    problem("the model imports no operator set, so that nothing says what its "
            "nodes mean; export it again");
  }
  readOpsets(model.opset_import(), opsets, "the model");
}

LogicalResult Importer::run() {
  checkModel();
  if (problems != 0) {
    return failure();
  }
  const ::onnx::GraphProto &graph = file.model().graph();
  graphScope.opsets = &opsets;
  readFunctions();
  importInputs(graph);
  for (const auto &tensor : graph.initializer()) {
    if (tensor.name().empty()) {
      problem("an initializer of the graph has no name");
      continue;
    }
    importTensor(graphScope, tensor, tensor.name(),
                 "initializer " + quote(tensor.name()));
  }
  for (const auto &tensor : graph.sparse_initializer()) {
    graphScope.broken.insert(tensor.values().name());
    problem("initializer " + quote(tensor.values().name()) +
            " is sparse, which is not supported; store it densely");
  }
  importNodes(graphScope, graph.node(), "the graph");
  reportUnsupported();
  importOutputs(graph);
  if (problems > kMaxProblems) {
    emitError(module.getLoc())
        << problems - kMaxProblems << " more problems are not listed";
  }
  return success(problems == 0);
}
