//===- ProductStage.h - a product and its element-wise tail -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_PRODUCTSTAGE_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_PRODUCTSTAGE_H

#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

namespace moe {

/// Products that read the same rows, and their element-wise tail: an element of
/// `target` is a scalar function of the accumulators of `products` and of the
/// `vectors`' elements of its column.
struct ProductStage {
  mlir::Value target;
  mlir::Value lhs;
  llvm::SmallSetVector<mlir::Operation *, 2> products;
  llvm::SmallSetVector<mlir::Value, 2> vectors;
};

/// Whether a value is a weight: the right-hand side of a product.
using IsWeight = llvm::function_ref<bool(mlir::Value)>;
/// Whether a 1-D value may be read by column.
using IsVector = llvm::function_ref<bool(mlir::Value)>;

/// A `linalg.matmul` of rows and a weight that starts from zero.
bool isWeightProduct(mlir::Operation *op, IsWeight isWeight);

/// A generic op that computes each element of a matrix from the elements at
/// the same place of matrices, at the same column of vectors, and scalars.
bool isElementwiseOnMatrix(mlir::linalg::GenericOp op);

/// The stage that computes `target`; on failure `reason` says why there is
/// none.
FailureOr<ProductStage> matchStage(mlir::Value target, IsWeight isWeight,
                                   IsVector isVector, std::string &reason);

/// Writes the stage's scalar function at the builder's insertion point, over
/// the arguments of `block`: accumulators, then vector elements. Returns the
/// element of the target.
mlir::Value buildEpilogue(mlir::OpBuilder &builder, const ProductStage &stage,
                          mlir::Block &block);

} // namespace moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_PRODUCTSTAGE_H
