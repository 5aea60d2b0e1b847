//===- ONNXImporter.cpp - a model's graph as onnx ops ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Import/ONNX.h"

#include "ModelFile.h"
#include "TypeInference.h"
#include "moe/Dialect/ONNX/IR/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace moe;

namespace {

/// Imports one model.
class Importer {
public:
  Importer(StringRef path, MLIRContext *context)
      : path(path.str()), builder(context) {}

  OwningOpRef<ModuleOp> run();

private:
  LogicalResult importGraph(const ::onnx::GraphProto &graph);
  LogicalResult importInputs(const ::onnx::GraphProto &graph);
  LogicalResult importTensor(const ::onnx::TensorProto &tensor);
  LogicalResult importNode(const ::onnx::NodeProto &node);
  LogicalResult importOutputs(const ::onnx::GraphProto &graph);
  FailureOr<RankedTensorType> tensorType(const ::onnx::TypeProto &type);
  FailureOr<Attribute> attribute(const ::onnx::AttributeProto &attribute);
  /// Value of a small tensor.
  FailureOr<DenseElementsAttr> elements(const ::onnx::TensorProto &tensor,
                                        RankedTensorType type);
  Type elementType(int32_t type);
  int64_t opsetVersion(StringRef domain) const {
    return opsets.lookup(domain == "ai.onnx" ? "" : domain);
  }

  InFlightDiagnostic error() {
    return emitError(FileLineColLoc::get(builder.getStringAttr(path), 0, 0));
  }

  std::string path;
  OpBuilder builder;
  ModelFile file;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  llvm::StringMap<int64_t> opsets;
  llvm::StringMap<Value> values;
};

} // namespace

Type Importer::elementType(int32_t type) {
  using Proto = ::onnx::TensorProto;
  auto unsignedType = [&](unsigned width) {
    return IntegerType::get(builder.getContext(), width,
                            IntegerType::Unsigned);
  };
  switch (type) {
  case Proto::FLOAT:
    return builder.getF32Type();
  case Proto::FLOAT16:
    return builder.getF16Type();
  case Proto::BFLOAT16:
    return builder.getBF16Type();
  case Proto::DOUBLE:
    return builder.getF64Type();
  case Proto::INT8:
    return builder.getI8Type();
  case Proto::INT16:
    return builder.getI16Type();
  case Proto::INT32:
    return builder.getI32Type();
  case Proto::INT64:
    return builder.getI64Type();
  case Proto::UINT8:
    return unsignedType(8);
  case Proto::UINT16:
    return unsignedType(16);
  case Proto::UINT32:
    return unsignedType(32);
  case Proto::UINT64:
    return unsignedType(64);
  case Proto::BOOL:
    return builder.getI1Type();
  default:
    return {};
  }
}

FailureOr<RankedTensorType>
Importer::tensorType(const ::onnx::TypeProto &type) {
  Type element = elementType(type.tensor_type().elem_type());
  if (!type.has_tensor_type() || !type.tensor_type().has_shape() || !element) {
    return failure();
  }
  SmallVector<int64_t> shape;
  SmallVector<StringAttr> symbols;
  bool named = false;
  for (const auto &dim : type.tensor_type().shape().dim()) {
    shape.push_back(dim.has_dim_value() ? dim.dim_value()
                                        : ShapedType::kDynamic);
    symbols.push_back(builder.getStringAttr(dim.dim_param()));
    named |= !dim.dim_param().empty();
  }
  return RankedTensorType::get(
      shape, element,
      named ? moe::onnx::DimsAttr::get(builder.getContext(), symbols)
            : moe::onnx::DimsAttr());
}

FailureOr<DenseElementsAttr>
Importer::elements(const ::onnx::TensorProto &tensor, RankedTensorType type) {
  if (tensor.has_raw_data()) {
    ArrayRef<char> raw = file.bytes(ModelFile::rawData(tensor));
    if (type.getElementType().isInteger(1)) {
      SmallVector<bool> bits(raw.begin(), raw.end());
      return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
    }
    bool isSplat = false;
    if (!DenseElementsAttr::isValidRawBuffer(type, raw, isSplat)) {
      return failure();
    }
    return DenseElementsAttr::getFromRawBuffer(type, raw);
  }
  if (type.getElementType().isF32()) {
    return DenseElementsAttr::get(
        type, ArrayRef<float>(tensor.float_data().data(),
                              tensor.float_data_size()));
  }
  if (type.getElementType().isInteger(64)) {
    SmallVector<int64_t> numbers(tensor.int64_data().begin(),
                                 tensor.int64_data().end());
    return DenseElementsAttr::get(type, ArrayRef<int64_t>(numbers));
  }
  return failure();
}

LogicalResult Importer::importTensor(const ::onnx::TensorProto &tensor) {
  Type element = elementType(tensor.data_type());
  if (!element) {
    return error() << "tensor '" << tensor.name() << "' has an unknown type";
  }
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  auto type = RankedTensorType::get(shape, element);
  Location loc = NameLoc::get(builder.getStringAttr(tensor.name()));
  constexpr int64_t maxConstantElements = 1024;
  bool external = tensor.data_location() == ::onnx::TensorProto::EXTERNAL;
  if (!external && type.getNumElements() <= maxConstantElements) {
    FailureOr<DenseElementsAttr> value = elements(tensor, type);
    if (failed(value)) {
      return error() << "tensor '" << tensor.name()
                     << "' has data that does not fit its type";
    }
    values[tensor.name()] =
        moe::onnx::ConstantOp::create(builder, loc, type, *value);
    return success();
  }
  StringRef source = llvm::sys::path::filename(path);
  FileRange range;
  if (external) {
    for (const auto &entry : tensor.external_data()) {
      if (entry.key() == "location") {
        source = entry.value();
      } else if (entry.key() == "offset") {
        (void)StringRef(entry.value()).getAsInteger(10, range.offset);
      } else if (entry.key() == "length") {
        (void)StringRef(entry.value()).getAsInteger(10, range.length);
      }
    }
  } else if (tensor.has_raw_data()) {
    range = ModelFile::rawData(tensor);
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(function);
  auto weight = moe::onnx::WeightOp::create(
      builder, loc, builder.getStringAttr(tensor.name()), TypeAttr::get(type),
      builder.getStringAttr(source), builder.getI64IntegerAttr(range.offset),
      builder.getI64IntegerAttr(range.length));
  builder.setInsertionPointToEnd(&function.getBody().front());
  values[tensor.name()] = moe::onnx::WeightValueOp::create(
      builder, loc, type, FlatSymbolRefAttr::get(weight.getSymNameAttr()));
  return success();
}

FailureOr<Attribute>
Importer::attribute(const ::onnx::AttributeProto &attribute) {
  using Proto = ::onnx::AttributeProto;
  switch (attribute.type()) {
  case Proto::INT:
    return Attribute(builder.getI64IntegerAttr(attribute.i()));
  case Proto::FLOAT:
    return Attribute(builder.getF32FloatAttr(attribute.f()));
  case Proto::STRING:
    return Attribute(builder.getStringAttr(attribute.s()));
  case Proto::INTS: {
    SmallVector<int64_t> numbers(attribute.ints().begin(),
                                 attribute.ints().end());
    return Attribute(builder.getI64ArrayAttr(numbers));
  }
  case Proto::FLOATS: {
    SmallVector<float> numbers(attribute.floats().begin(),
                               attribute.floats().end());
    return Attribute(builder.getF32ArrayAttr(numbers));
  }
  default:
    return failure();
  }
}

LogicalResult Importer::importNode(const ::onnx::NodeProto &node) {
  std::string name = node.name().empty() ? node.output(0) : node.name();
  Location loc = NameLoc::get(builder.getStringAttr(name));
  SmallVector<Value> inputs;
  for (const std::string &input : node.input()) {
    Value value = input.empty() ? Value(moe::onnx::NoneOp::create(
                                      builder, loc, builder.getNoneType()))
                                : values.lookup(input);
    if (!value) {
      return error() << "node '" << name << "' (" << node.op_type()
                     << "): input '" << input << "' is not defined";
    }
    inputs.push_back(value);
  }
  SmallVector<NamedAttribute> attributes;
  for (const auto &attr : node.attribute()) {
    FailureOr<Attribute> value = attribute(attr);
    if (failed(value)) {
      return error() << "node '" << name << "' (" << node.op_type()
                     << "): attribute '" << attr.name()
                     << "' has a kind that is not supported";
    }
    attributes.push_back(builder.getNamedAttr(attr.name(), *value));
  }
  DictionaryAttr dictionary = builder.getDictionaryAttr(attributes);
  SmallVector<Type> types = inferNodeTypes(node.op_type(), node.domain(),
                                           inputs, dictionary,
                                           node.output_size());
  if (llvm::any_of(types, [](Type type) { return !type; })) {
    return error() << "node '" << name << "' (" << node.op_type()
                   << ") is not supported";
  }
  auto op = moe::onnx::NodeOp::create(
      builder, loc, types, builder.getStringAttr(node.op_type()),
      builder.getStringAttr(node.domain()),
      builder.getI64IntegerAttr(opsetVersion(node.domain())), inputs,
      dictionary, 0);
  for (auto [output, value] : llvm::zip_equal(node.output(), op.getOutputs())) {
    values[output] = value;
  }
  return success();
}

LogicalResult Importer::importInputs(const ::onnx::GraphProto &graph) {
  llvm::StringMap<bool> initialized;
  for (const auto &tensor : graph.initializer()) {
    initialized[tensor.name()] = true;
  }
  SmallVector<Type> types;
  SmallVector<std::string> names;
  for (const auto &input : graph.input()) {
    if (initialized.contains(input.name())) {
      continue;
    }
    FailureOr<RankedTensorType> type = tensorType(input.type());
    if (failed(type)) {
      return error() << "input '" << input.name()
                     << "' has no tensor type with a known rank";
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
  return success();
}

LogicalResult Importer::importOutputs(const ::onnx::GraphProto &graph) {
  SmallVector<Value> results;
  for (const auto &output : graph.output()) {
    Value value = values.lookup(output.name());
    if (!value) {
      return error() << "output '" << output.name() << "' is not defined";
    }
    results.push_back(value);
  }
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setFunctionType(builder.getFunctionType(
      function.getArgumentTypes(), TypeRange(ValueRange(results))));
  for (auto [index, output] : llvm::enumerate(graph.output())) {
    function.setResultAttr(index, "onnx.name",
                           builder.getStringAttr(output.name()));
  }
  return success();
}

LogicalResult Importer::importGraph(const ::onnx::GraphProto &graph) {
  if (failed(importInputs(graph))) {
    return failure();
  }
  for (const auto &tensor : graph.initializer()) {
    if (failed(importTensor(tensor))) {
      return failure();
    }
  }
  for (const auto &node : graph.node()) {
    if (failed(importNode(node))) {
      return failure();
    }
  }
  return importOutputs(graph);
}

OwningOpRef<ModuleOp> Importer::run() {
  builder.getContext()->loadDialect<moe::onnx::ONNXDialect, func::FuncDialect>();
  std::string message;
  if (failed(file.open(path, message))) {
    error() << message;
    return {};
  }
  for (const auto &opset : file.model().opset_import()) {
    opsets[opset.domain() == "ai.onnx" ? "" : opset.domain()] =
        opset.version();
  }
  module = ModuleOp::create(
      FileLineColLoc::get(builder.getStringAttr(path), 0, 0));
  if (failed(importGraph(file.model().graph()))) {
    return {};
  }
  return std::move(module);
}

OwningOpRef<ModuleOp> moe::importONNX(StringRef path, const ImportOptions &,
                                      MLIRContext *context) {
  return Importer(path, context).run();
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
