//===- Weights.h - constants of products as weights -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_WEIGHTS_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_WEIGHTS_H

#include "Node.h"

namespace moe::onnx {

/// Every `onnx.weight` becomes a `moe.weight` of the same name.
void lowerWeights(mlir::ModuleOp module);

/// A constant matrix as the value of a weight: of the model, or made from a
/// small constant. Null for a value that is computed.
mlir::Value asWeight(Node &node, mlir::Value value);

/// The transpose of a matrix that asWeight() knows, as another weight. Null as
/// there.
mlir::Value getTransposedWeight(Node &node, mlir::Value value);

} // namespace moe::onnx

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_WEIGHTS_H
