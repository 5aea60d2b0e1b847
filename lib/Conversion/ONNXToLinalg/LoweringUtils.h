//===- LoweringUtils.h - what lowerings build with --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_LOWERINGUTILS_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_LOWERINGUTILS_H

#include "Node.h"

#include "mlir/IR/AffineMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace moe::onnx {

/// Computes one element from scalars.
using ScalarFunction = llvm::function_ref<mlir::Value(
    mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

/// Arithmetic on scalars of one element type, folded where it can be. Division
/// and remainder by zero fail the run, as in a kernel so on the host.
class Scalars {
public:
  explicit Scalars(mlir::ImplicitLocOpBuilder &builder, bool isUnsigned = false)
      : b(builder), isUnsigned(isUnsigned) {}

  mlir::Value constant(mlir::Type type, double value);
  mlir::Value integer(mlir::Type type, int64_t value);
  mlir::Value index(int64_t value);

  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  /// Integers are divided towards zero.
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  /// The remainder of div: its sign is the dividend's.
  mlir::Value rem(mlir::Value lhs, mlir::Value rhs);
  /// NaN if either is.
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value neg(mlir::Value value);

  /// False where an operand is NaN.
  mlir::Value less(mlir::Value lhs, mlir::Value rhs);
  mlir::Value lessEqual(mlir::Value lhs, mlir::Value rhs);
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs);
  mlir::Value isNaN(mlir::Value value);

  mlir::Value select(mlir::Value condition, mlir::Value lhs, mlir::Value rhs);
  mlir::Value logicalAnd(mlir::Value lhs, mlir::Value rhs);
  mlir::Value logicalOr(mlir::Value lhs, mlir::Value rhs);
  mlir::Value logicalNot(mlir::Value value);

  /// As ONNX's Cast. A float outside an integer type's range gives the nearest
  /// end of the range, NaN gives 0.
  mlir::Value cast(mlir::Value value, mlir::Type type, bool toUnsigned);
  mlir::Value toIndex(mlir::Value value);
  mlir::Value fromIndex(mlir::Value value, mlir::Type type);

  mlir::ImplicitLocOpBuilder &b;
  bool isUnsigned;
};

/// The type that arithmetic on `type` is done in: f32 for f16 and bf16.
mlir::Type getComputeType(mlir::Type type);
/// To and from the compute type; rounds once, to nearest even.
mlir::Value convertFloat(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                         mlir::Type type);

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

mlir::Value createEmpty(mlir::ImplicitLocOpBuilder &builder,
                        llvm::ArrayRef<mlir::OpFoldResult> dims,
                        mlir::Type elementType);
/// A tensor of `dims` filled with the scalar `value`.
mlir::Value createFilled(mlir::ImplicitLocOpBuilder &builder,
                         llvm::ArrayRef<mlir::OpFoldResult> dims,
                         mlir::Value value);

/// A generic over `dims`, all parallel. `maps` has one map per input.
mlir::Value createParallel(mlir::ImplicitLocOpBuilder &builder,
                           llvm::ArrayRef<mlir::OpFoldResult> dims,
                           mlir::Type elementType, mlir::ValueRange inputs,
                           llvm::ArrayRef<mlir::AffineMap> maps,
                           ScalarFunction body);
/// The same for one input of that shape.
mlir::Value createMapped(Node &node, mlir::Value input, mlir::Type elementType,
                         ScalarFunction body);
/// A tensor of `dims` whose elements are computed from their indices.
mlir::Value createIndexed(mlir::ImplicitLocOpBuilder &builder,
                          llvm::ArrayRef<mlir::OpFoldResult> dims,
                          mlir::Type elementType, ScalarFunction body);
/// Reduces `axes` (sorted) of `input` from `init`, in ascending order. The body
/// gets the accumulator and an element; the result lacks the axes.
mlir::Value createReduction(Node &node, mlir::Value input,
                            llvm::ArrayRef<int64_t> axes, mlir::Value init,
                            ScalarFunction body);
/// `input`, whose shape lacks `axes` (sorted), with extents of 1 there.
mlir::Value insertUnitDims(Node &node, mlir::Value input,
                           llvm::ArrayRef<int64_t> axes);
/// The map from `rank` loops to those that are not in `axes`.
mlir::AffineMap getMapWithout(mlir::MLIRContext *context, unsigned rank,
                              llvm::ArrayRef<int64_t> axes);
/// `input` with its dimensions in the order `permutation`.
mlir::Value createTranspose(Node &node, mlir::Value input,
                            llvm::ArrayRef<int64_t> permutation);
/// `input` with dimensions `begin` to `end` - 1 as one; `begin` = `end` inserts
/// an extent of 1.
mlir::Value collapseDims(Node &node, mlir::Value input, int64_t begin,
                         int64_t end);
/// A view of `input`'s elements with the extents `dims`, whose product must be
/// the same.
mlir::Value createReshape(Node &node, mlir::Value input,
                          llvm::ArrayRef<mlir::OpFoldResult> dims);
/// What a slice takes of one dimension.
struct SliceDim {
  mlir::OpFoldResult offset;
  mlir::OpFoldResult size;
  mlir::OpFoldResult stride;
};
/// The slices that take all of `input`.
llvm::SmallVector<SliceDim> takeAll(Node &node, mlir::Value input);
/// A part of `input`, which lies inside: a view if it is a run of elements,
/// else a copy.
mlir::Value createSlice(Node &node, mlir::Value input,
                        llvm::ArrayRef<SliceDim> slices);
/// `value` as a tensor of type `type`, which says more or less of its shape.
mlir::Value castTensor(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                       mlir::RankedTensorType type);

/// Arithmetic on extents, folded where it can be.
mlir::OpFoldResult multiply(Node &node, mlir::OpFoldResult lhs,
                            mlir::OpFoldResult rhs);
mlir::OpFoldResult getProduct(Node &node,
                              llvm::ArrayRef<mlir::OpFoldResult> dims);

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// Tensors that were broadcast against one another by NumPy's rules.
struct Broadcast {
  llvm::SmallVector<mlir::OpFoldResult> dims;
  /// The tensors. Where only the run can tell whether an extent of one is 1, it
  /// is a copy with the extent of the result.
  llvm::SmallVector<mlir::Value> values;
  /// From loops over `dims` to each tensor.
  llvm::SmallVector<mlir::AffineMap> maps;
};

/// Broadcasts `values` without their last `trailing` dimensions. Extents that
/// do not fit are refused, or fail the run where they are not known. The maps
/// cover the leading dimensions only.
mlir::FailureOr<Broadcast> broadcastValues(Node &node, mlir::ValueRange values,
                                           int64_t trailing = 0);

/// Broadcasts input `index` to a result of `dims`, which it does not change:
/// the tensor to read, and the map from loops over `dims`.
mlir::FailureOr<std::pair<mlir::Value, mlir::AffineMap>>
broadcastInputTo(Node &node, unsigned index,
                 llvm::ArrayRef<mlir::OpFoldResult> dims);

/// Sets output 0 to `body` of the broadcast `inputs`: scalars on the host where
/// all inputs are such, else one generic. With `widen` f16 and bf16 are
/// computed in f32 and rounded once. A body with loops, of which the host has
/// none, is not `straight`.
llvm::LogicalResult lowerElementwise(Node &node,
                                     llvm::ArrayRef<unsigned> inputs,
                                     bool widen, ScalarFunction body,
                                     bool straight = true);

using FoldStep = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                                mlir::Value, mlir::Value)>;
using FoldEnd =
    llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)>;

/// Sets output 0 to the broadcast inputs one after the other, ((a op b) op c)
/// ..., and `end` of that. f16 and bf16 are computed in f32 and rounded once.
/// Many inputs are several generics.
llvm::LogicalResult lowerFold(Node &node, FoldStep step, FoldEnd end);

} // namespace moe::onnx

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_LOWERINGUTILS_H
