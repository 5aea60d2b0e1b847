//===- Equivalence.h - ops that are equal in structure ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_EQUIVALENCE_H
#define MOE_SUPPORT_EQUIVALENCE_H

#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/Region.h"

namespace moe {

/// Equal for regions that `OperationEquivalence` finds equal without looking at
/// locations: operations, attributes and types in order, not which values they
/// read.
inline llvm::hash_code hashStructure(mlir::Region &region) {
  llvm::hash_code hash(0);
  region.walk([&](mlir::Operation *op) {
    hash = llvm::hash_combine(
        hash, mlir::OperationEquivalence::computeHash(
                  op, mlir::OperationEquivalence::ignoreHashValue,
                  mlir::OperationEquivalence::ignoreHashValue,
                  mlir::OperationEquivalence::IgnoreLocations));
  });
  return hash;
}

} // namespace moe

#endif // MOE_SUPPORT_EQUIVALENCE_H
