//===- Tensors.h - what holds of tensors of any dialect ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_TENSORS_H
#define MOE_SUPPORT_TENSORS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/ArrayRef.h"

namespace moe {

/// Whether the elements of a type can be counted, whatever its dynamic sizes:
/// at most 2^60, so that their bytes have a 64-bit number. What is no ranked
/// tensor can.
bool isAddressable(mlir::Type type);

/// Whether a slice of a tensor of `shape` is a run of its elements: steps of 1,
/// and whole dimensions behind the first one with an extent other than 1.
bool isContiguousSlice(llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<mlir::OpFoldResult> offsets,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes,
                       llvm::ArrayRef<mlir::OpFoldResult> strides);

} // namespace moe

#endif // MOE_SUPPORT_TENSORS_H
