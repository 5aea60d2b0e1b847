//===- Passes.h - passes of the moe dialect ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_TRANSFORMS_PASSES_H
#define MOE_DIALECT_MOE_TRANSFORMS_PASSES_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace moe {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"

/// Fusion of element-wise linalg ops on tensors with their only reader, as long
/// as the result has at most `maxScalarOps` ops in its body.
void populateFuseElementwisePatterns(mlir::RewritePatternSet &patterns,
                                     int64_t maxScalarOps);

} // namespace moe

#endif // MOE_DIALECT_MOE_TRANSFORMS_PASSES_H
