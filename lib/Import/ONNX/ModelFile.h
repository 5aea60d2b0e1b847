//===- ModelFile.h - a model without the bytes of its tensors ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Protobuf copies what it parses and refuses messages over 2 GiB. So tensor
// bytes never reach it: a pass over the wire format drops every raw_data and
// remembers where in the file it lies.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_IMPORT_ONNX_MODELFILE_H
#define MOE_LIB_IMPORT_ONNX_MODELFILE_H

#include "moe/Support/LLVM.h"

#include "onnx.pb.h"

#include <cstdint>
#include <string>

namespace moe {

/// Bytes of a file.
struct FileRange {
  uint64_t offset = 0;
  uint64_t length = 0;
};

class ModelFile {
public:
  ModelFile() = default;
  ModelFile(const ModelFile &) = delete;
  ModelFile &operator=(const ModelFile &) = delete;
  ~ModelFile();

  /// Maps and parses a file; on failure `message` says why.
  LogicalResult open(StringRef path, std::string &message);

  const ::onnx::ModelProto &model() const { return proto; }

  /// Where the raw data of a tensor of model() lies in the file. Only for
  /// tensors with raw_data.
  static FileRange rawData(const ::onnx::TensorProto &tensor);
  /// The bytes of a range of the file.
  ArrayRef<char> bytes(FileRange range) const {
    return ArrayRef<char>(data + range.offset, range.length);
  }
  uint64_t size() const { return length; }

private:
  const char *data = nullptr;
  uint64_t length = 0;
  ::onnx::ModelProto proto;
};

} // namespace moe

#endif // MOE_LIB_IMPORT_ONNX_MODELFILE_H
