//===- ModelFile.h - a model without the bytes of its tensors ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Protobuf copies what it parses and refuses messages over 2 GiB. So tensor
// bytes never reach it: a pass over the wire format leaves out raw_data and
// packed numbers, and remembers where in the file they lie.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_IMPORT_ONNX_MODELFILE_H
#define MOE_LIB_IMPORT_ONNX_MODELFILE_H

#include "moe/Support/LLVM.h"

#include "onnx.pb.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace moe {

/// Bytes of a file.
struct FileRange {
  uint64_t offset = 0;
  uint64_t length = 0;
};

/// A parsed model over the bytes of its file, which must outlive it.
class ModelFile {
public:
  /// Parses a file; on failure `message` says why. At most `maxBytes` besides
  /// tensor data are read.
  LogicalResult parse(ArrayRef<char> file, uint64_t maxBytes,
                      std::string &message);

  const ::onnx::ModelProto &model() const { return proto; }
  /// Gives the model away; what is left of it here is empty.
  ::onnx::ModelProto takeModel() { return std::move(proto); }

  /// Where the elements of a tensor lie in the file, little-endian and row by
  /// row; nothing if they are not in it as bytes. Only for tensors of
  /// model(), wherever they were moved.
  std::optional<FileRange> data(const ::onnx::TensorProto &tensor) const;

  /// Where the elements of a tensor lie in the file as packed integers, which a
  /// float16 has as well: its bits; nothing if they do not.
  std::optional<FileRange> varints(const ::onnx::TensorProto &tensor) const;

  /// The bytes of such a range.
  ArrayRef<char> bytes(FileRange range) const {
    return file.slice(range.offset, range.length);
  }

private:
  ArrayRef<char> file;
  ::onnx::ModelProto proto;
};

/// Names of the fields of a tensor whose bytes are left out.
enum TensorDataField : unsigned {
  FloatData = 4,
  Int32Data = 5,
  Int64Data = 7,
  RawData = 9,
  DoubleData = 10,
  Uint64Data = 11,
};

} // namespace moe

#endif // MOE_LIB_IMPORT_ONNX_MODELFILE_H
