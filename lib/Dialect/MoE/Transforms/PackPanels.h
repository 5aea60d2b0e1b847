//===- PackPanels.h - weights in the product emitter's layout ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_PACKPANELS_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_PACKPANELS_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Support/LLVM.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"

namespace moe {

/// Makes packed weights (`moe.panel_matmul` describes the layout), one for each
/// list of weights that is asked for.
class PanelPacker {
public:
  PanelPacker(mlir::ModuleOp module) : symbols(module) {}

  /// The weight [E, P, K, W] of f32 with the panels of one or two weights:
  /// [E, K, N] of experts, or [K, N], which counts as E = 1. Elements are
  /// widened to f32.
  WeightOp pack(ArrayRef<WeightOp> weights);

private:
  mlir::SymbolTable symbols;
  /// By the list of names that were packed.
  llvm::DenseMap<mlir::Attribute, WeightOp> packed;
};

} // namespace moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_PACKPANELS_H
