//===- Passes.td - passes of the onnx dialect --------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INCLUDE_MOE_DIALECT_ONNX_TRANSFORMS_PASSES_TD
#define MOE_INCLUDE_MOE_DIALECT_ONNX_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

#endif // MOE_INCLUDE_MOE_DIALECT_ONNX_TRANSFORMS_PASSES_TD
