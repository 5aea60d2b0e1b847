//===- WeightSlices.h - slices of experts moved up --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_WEIGHTSLICES_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_WEIGHTSLICES_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace moe {

/// factor * e + base, of the expert's index e.
struct ExpertOffset {
  int64_t factor = 0;
  int64_t base = 0;
};

/// What a slice takes of one dimension.
struct DimSlice {
  ExpertOffset offset;
  int64_t size = 0;
  int64_t stride = 1;
};

using TensorSlice = SmallVector<DimSlice>;

/// Computes slices of tensors in the region of one weight.
class WeightSlicer {
public:
  explicit WeightSlicer(WeightOp weight);

  /// Replaces a slice of something computed by a computation of the slice, as
  /// far up as that goes.
  void moveUp(mlir::tensor::ExtractSliceOp op);

private:
  /// `slice` of `whole`, of its rank; made at the insertion point, once.
  mlir::Value take(mlir::Value whole, const TensorSlice &slice);
  mlir::Value takeNew(mlir::Value whole, const TensorSlice &slice);
  mlir::Value takeSlice(mlir::tensor::ExtractSliceOp op,
                        const TensorSlice &slice);
  mlir::Value takeExpand(mlir::tensor::ExpandShapeOp op,
                         const TensorSlice &slice);
  mlir::Value takeCollapse(mlir::tensor::CollapseShapeOp op,
                           const TensorSlice &slice);
  mlir::Value takeConcat(mlir::tensor::ConcatOp op, const TensorSlice &slice);
  mlir::Value takePart(mlir::tensor::ConcatOp op, const TensorSlice &slice);
  /// Null for a generic whose operands cannot be sliced.
  mlir::Value takeGeneric(mlir::linalg::GenericOp op,
                          const TensorSlice &slice);
  /// The slice that is not moved up.
  mlir::Value extract(mlir::Value whole, const TensorSlice &slice,
                      llvm::ArrayRef<int64_t> shape);
  /// `value` without some dimensions of extent 1.
  mlir::Value reduceRank(mlir::Value value, llvm::ArrayRef<int64_t> shape);

  /// One value for `parts`, one for each expert, that are computed alike from
  /// sources of their own; null if they are not.
  mlir::Value stack(llvm::ArrayRef<mlir::Value> parts);
  mlir::Value stackNew(llvm::ArrayRef<mlir::Value> parts);
  mlir::Value stackSources(llvm::ArrayRef<mlir::Value> parts);

  std::optional<ExpertOffset> getOffset(mlir::OpFoldResult value);
  std::optional<TensorSlice> getSlice(mlir::tensor::ExtractSliceOp op);
  mlir::OpFoldResult build(ExpertOffset offset);

  mlir::Value expert;
  int64_t experts;
  /// What the slice that is moved up has made: paths that meet again would
  /// double the work at each meeting. A slice is its factors, bases, sizes, strides.
  std::map<std::pair<const void *, std::vector<int64_t>>, mlir::Value> taken;
  std::map<std::vector<const void *>, mlir::Value> stacked;
  /// How many more ops it may take slices of.
  int64_t budget = 0;
  mlir::OpBuilder builder;
  mlir::Location loc;
};

/// The elements of a concatenation, as one `linalg.generic`.
mlir::Value buildConcat(mlir::OpBuilder &builder, mlir::tensor::ConcatOp op);

/// Where generic ops of a block read single elements of tensors that others
/// compute element by element, computes just these: else the tensors would be
/// temporaries.
void inlineReads(mlir::Block &body);

} // namespace moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_WEIGHTSLICES_H
