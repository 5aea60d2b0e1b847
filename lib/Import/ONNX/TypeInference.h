//===- TypeInference.h - result types of nodes ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_IMPORT_ONNX_TYPEINFERENCE_H
#define MOE_LIB_IMPORT_ONNX_TYPEINFERENCE_H

#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Support/LLVM.h"

namespace moe {

/// The result types of a node from the types of its inputs; null types where
/// nothing is known of an operator.
SmallVector<mlir::Type> inferNodeTypes(StringRef opType, StringRef domain,
                                       mlir::ValueRange inputs,
                                       mlir::DictionaryAttr attributes,
                                       unsigned results);

} // namespace moe

#endif // MOE_LIB_IMPORT_ONNX_TYPEINFERENCE_H
