//===- MoEVerify.h - what verifiers share -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_IR_MOEVERIFY_H
#define MOE_LIB_DIALECT_MOE_IR_MOEVERIFY_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Support/LLVM.h"

namespace moe {

/// A dimension of an operand, under the name that messages give it.
struct Dim {
  StringRef name;
  mlir::Type type;
  int64_t index;

  int64_t size() const {
    return cast<mlir::ShapedType>(type).getDimSize(index);
  }
};

/// An error if both dimensions are static and differ.
LogicalResult sameDim(mlir::Operation *op, Dim dim, Dim other);

/// The same for the first `count` dimensions of two operands.
LogicalResult sameDims(mlir::Operation *op, StringRef name, mlir::Value value,
                       StringRef otherName, mlir::Value other, int64_t count);

LogicalResult sameElementType(mlir::Operation *op, StringRef name,
                              mlir::Value value, StringRef otherName,
                              mlir::Value other);

/// An op works on tensors or on memrefs, not on both.
LogicalResult verifyOneKind(mlir::DestinationStyleOpInterface op);

/// What a region yields has exactly these types.
LogicalResult verifyYields(mlir::Operation *op, mlir::Region &region,
                           mlir::TypeRange expected);

/// A region's arguments have exactly these types.
LogicalResult verifyArguments(mlir::Operation *op, mlir::Region &region,
                              mlir::TypeRange expected);

/// Ops of a region have no memory effects.
LogicalResult verifyPure(mlir::Operation *op, mlir::Region &region);

} // namespace moe

#endif // MOE_LIB_DIALECT_MOE_IR_MOEVERIFY_H
