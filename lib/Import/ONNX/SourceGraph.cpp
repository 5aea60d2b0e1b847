//===- SourceGraph.cpp - a model without its weights ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"

#include "moe/Support/Varints.h"

#include "llvm/Support/MathExtras.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace mlir;
using namespace moe;

namespace {

/// Makes tensors refer to their data, or hold it where they are small: those
/// are no weights, and the graph means nothing without them.
class WeightRemover {
public:
  WeightRemover(const ModelFile &file, StringRef name, ModelFiles &files,
                MLIRContext *context)
      : file(file), name(name),
        tensors(file, files, name.str(), context) {}

  void run(::onnx::ModelProto &model) {
    model.clear_training_info();
    run(*model.mutable_graph());
    for (auto &function : *model.mutable_functions()) {
      for (auto &node : *function.mutable_node()) {
        run(node);
      }
      for (auto &attribute : *function.mutable_attribute_proto()) {
        run(attribute);
      }
    }
  }

private:
  void run(::onnx::GraphProto &graph) {
    for (auto &tensor : *graph.mutable_initializer()) {
      run(tensor);
    }
    for (auto &tensor : *graph.mutable_sparse_initializer()) {
      run(*tensor.mutable_values());
      run(*tensor.mutable_indices());
    }
    for (auto &node : *graph.mutable_node()) {
      run(node);
    }
  }

  void run(::onnx::NodeProto &node) {
    for (auto &attribute : *node.mutable_attribute()) {
      run(attribute);
    }
  }

  void run(::onnx::AttributeProto &attribute) {
    if (attribute.has_t()) {
      run(*attribute.mutable_t());
    }
    for (auto &tensor : *attribute.mutable_tensors()) {
      run(tensor);
    }
    if (attribute.has_g()) {
      run(*attribute.mutable_g());
    }
    for (auto &graph : *attribute.mutable_graphs()) {
      run(graph);
    }
    attribute.clear_sparse_tensor();
    attribute.clear_sparse_tensors();
  }

  void run(::onnx::TensorProto &tensor) {
    std::string message;
    std::optional<FileRange> packed = file.varints(tensor);
    std::optional<FileRange> range = packed ? packed : file.data(tensor);
    FailureOr<RankedTensorType> type = tensors.type(tensor, message);
    bool external = tensor.data_location() == ::onnx::TensorProto::EXTERNAL;
    bool small = succeeded(type) && TensorReader::isSmall(*type);
    if (!range && !external) {
      // Spelled out in the message; or what nobody could read.
      tensor.clear_raw_data();
      return;
    }
    if (!small && external) {
      return;
    }
    if (!small) {
      return refer(tensor, *range, packed.has_value());
    }
    ArrayRef<char> bytes;
    std::string decoded;
    if (packed) {
      decoded = decodeVarints(
          file.bytes(*packed),
          llvm::divideCeil(type->getElementTypeBitWidth(), 8));
      bytes = ArrayRef<char>(decoded.data(), decoded.size());
    } else if (external) {
      FailureOr<ArrayRef<char>> data =
          tensors.externalBytes(tensor, *type, message);
      if (failed(data)) {
        return;
      }
      bytes = *data;
      tensor.clear_external_data();
      tensor.clear_data_location();
    } else {
      bytes = file.bytes(*range);
    }
    tensor.set_raw_data(bytes.data(), bytes.size());
  }

  void refer(::onnx::TensorProto &tensor, FileRange range, bool packed) {
    tensor.clear_raw_data();
    tensor.clear_external_data();
    tensor.set_data_location(::onnx::TensorProto::EXTERNAL);
    auto add = [&](const char *key, const std::string &value) {
      auto *entry = tensor.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    };
    add("location", name.str());
    add("offset", std::to_string(range.offset));
    add("length", std::to_string(range.length));
    if (packed) {
      // Beyond ONNX: the bytes are protobuf's packed integers.
      add("encoding", "varint");
    }
  }

  const ModelFile &file;
  StringRef name;
  TensorReader tensors;
};

} // namespace

std::string moe::serializeSourceGraph(ModelFile &file, StringRef name,
                                      ModelFiles &files, MLIRContext *context) {
  ::onnx::ModelProto model = file.takeModel();
  WeightRemover(file, name, files, context).run(model);
  std::string bytes;
  ::google::protobuf::io::StringOutputStream stream(&bytes);
  ::google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  model.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}
