//===- Passes.h - passes between dialects -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_PASSES_H
#define MOE_CONVERSION_PASSES_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/Pass.h"

namespace moe {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "moe/Conversion/Passes.h.inc"

/// Plain lowerings of every moe op on tensors. `tables`, which must outlive the
/// patterns, finds the weights; with `keepWeights` they stay moe.weight_value.
void populateMoEToLinalgPatterns(mlir::RewritePatternSet &patterns,
                                 mlir::SymbolTableCollection &tables,
                                 bool keepWeights);

} // namespace moe

#endif // MOE_CONVERSION_PASSES_H
