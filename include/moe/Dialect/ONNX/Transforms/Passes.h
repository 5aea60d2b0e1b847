//===- Passes.h - passes of the onnx dialect --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_TRANSFORMS_PASSES_H
#define MOE_DIALECT_ONNX_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace moe::onnx {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "moe/Dialect/ONNX/Transforms/Passes.h.inc"

} // namespace moe::onnx

#endif // MOE_DIALECT_ONNX_TRANSFORMS_PASSES_H
