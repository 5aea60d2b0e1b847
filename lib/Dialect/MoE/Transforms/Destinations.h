//===- Destinations.h - tensors that ops write to ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_DESTINATIONS_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_DESTINATIONS_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace moe {

/// An empty tensor with the type and the sizes of `value`.
inline mlir::Value createEmptyLike(mlir::OpBuilder &builder, mlir::Location loc,
                                   mlir::Value value) {
  auto type = mlir::cast<mlir::RankedTensorType>(value.getType());
  mlir::Value empty = mlir::tensor::EmptyOp::create(
      builder, loc, mlir::tensor::getMixedSizes(builder, loc, value),
      type.getElementType());
  // Sizes that are constants make the type say more.
  return empty.getType() == type
             ? empty
             : mlir::tensor::CastOp::create(builder, loc, type, empty);
}

} // namespace moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_DESTINATIONS_H
