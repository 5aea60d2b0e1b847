//===- Tensors.h - tensors of a model ---------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_IMPORT_ONNX_TENSORS_H
#define MOE_LIB_IMPORT_ONNX_TENSORS_H

#include "ModelFile.h"
#include "moe/Support/ModelFiles.h"

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
  /// `name` is that of the model among its files.
  TensorReader(const ModelFile &model, ModelFiles &files, std::string name,
               mlir::MLIRContext *context)
      : model(model), files(files), name(std::move(name)), context(context) {}

  /// The type; its number of bits fits 63 bits.
  FailureOr<mlir::RankedTensorType> type(const ::onnx::TensorProto &tensor,
                                         std::string &message);

  /// Whether the tensor is small enough to be a constant.
  static bool isSmall(mlir::RankedTensorType type);

  /// The elements of a small tensor.
  FailureOr<mlir::DenseElementsAttr> elements(const ::onnx::TensorProto &tensor,
                                              mlir::RankedTensorType type,
                                              std::string &message);

  /// Where the bytes of a tensor lie.
  FailureOr<TensorPlace> place(const ::onnx::TensorProto &tensor,
                               mlir::RankedTensorType type,
                               std::string &message);

  /// The bytes of a tensor with external data.
  FailureOr<ArrayRef<char>> externalBytes(const ::onnx::TensorProto &tensor,
                                          mlir::RankedTensorType type,
                                          std::string &message);

private:
  FailureOr<TensorPlace> varintPlace(const ::onnx::TensorProto &tensor,
                                     mlir::RankedTensorType type,
                                     std::string &message);
  FailureOr<TensorPlace> externalPlace(const ::onnx::TensorProto &tensor,
                                       mlir::RankedTensorType type,
                                       std::string &message);

  const ModelFile &model;
  ModelFiles &files;
  std::string name;
  mlir::MLIRContext *context;
};

/// Bytes of a tensor of static shape; a bool takes one.
uint64_t tensorBytes(mlir::RankedTensorType type);

} // namespace moe

#endif // MOE_LIB_IMPORT_ONNX_TENSORS_H
