//===- Tensors.h - tensors of a model ---------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_IMPORT_ONNX_TENSORS_H
#define MOE_LIB_IMPORT_ONNX_TENSORS_H

#include "ModelFile.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace moe {

/// Where a tensor's bytes lie: a file relative to the model's folder.
struct TensorPlace {
  std::string file;
  FileRange range;
};

/// Reads tensors of one model. Functions that fail leave the reason in
/// `message`, which reads behind "tensor 'x': ".
class TensorReader {
public:
  TensorReader(const ModelFile &file, StringRef path,
               mlir::MLIRContext *context)
      : file(file), path(path.str()), context(context) {}

  /// The type, with a size that is checked to fit 63 bits.
  FailureOr<mlir::RankedTensorType> type(const ::onnx::TensorProto &tensor,
                                         std::string &message);

  /// Whether the tensor is small enough to be a constant.
  static bool isSmall(mlir::RankedTensorType type);

  /// The elements of a tensor.
  FailureOr<mlir::DenseElementsAttr>
  elements(const ::onnx::TensorProto &tensor, mlir::RankedTensorType type,
           std::string &message);

  /// Where the bytes of a large tensor lie. Nothing for one that is spelled out
  /// in typed fields, which has no bytes in the file.
  FailureOr<std::optional<TensorPlace>>
  place(const ::onnx::TensorProto &tensor, mlir::RankedTensorType type,
        std::string &message);

private:
  FailureOr<TensorPlace> externalPlace(const ::onnx::TensorProto &tensor,
                                       mlir::RankedTensorType type,
                                       std::string &message);
  FailureOr<mlir::DenseElementsAttr>
  fromBytes(ArrayRef<char> bytes, mlir::RankedTensorType type,
            std::string &message);

  const ModelFile &file;
  std::string path;
  mlir::MLIRContext *context;
};

/// Bytes of a tensor; a bool takes one.
uint64_t tensorBytes(mlir::RankedTensorType type);

} // namespace moe

#endif // MOE_LIB_IMPORT_ONNX_TENSORS_H
