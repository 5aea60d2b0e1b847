//===- Concat.h - elements of concatenated tensors --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_CONCAT_H
#define MOE_SUPPORT_CONCAT_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/ArrayRef.h"

namespace moe {

/// A part of a concatenation, from `offset` (an index) along the axis.
struct ConcatPart {
  mlir::Value value;
  mlir::Value offset;
};

/// The element at `indices` of the concatenation of `parts`, at least one, along
/// `axis`: read from the part it lies in, which is found by halving.
mlir::Value readConcat(mlir::OpBuilder &builder, mlir::Location loc,
                       llvm::ArrayRef<ConcatPart> parts,
                       mlir::ValueRange indices, int64_t axis);

} // namespace moe

#endif // MOE_SUPPORT_CONCAT_H
