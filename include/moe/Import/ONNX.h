//===- ONNX.h - reads ONNX models -------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_IMPORT_ONNX_H
#define MOE_IMPORT_ONNX_H

#include "moe/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace moe {

struct ImportOptions {
  /// Nodes of a graph; more are refused.
  uint64_t maxNodes = 4000000;
};

/// Reads the ONNX model at `path`: a module with one function `@main` of onnx
/// ops. Weights stay in their files. Errors are diagnostics, all that were found;
/// then the result is null.
mlir::OwningOpRef<mlir::ModuleOp> importONNX(StringRef path,
                                             const ImportOptions &options,
                                             mlir::MLIRContext *context);

/// The model at `path` without the bytes of its tensors: an ONNX model whose
/// tensors have a type and no data. The same model gives the same bytes.
LogicalResult serializeSourceGraph(StringRef path, std::string &bytes);

} // namespace moe

#endif // MOE_IMPORT_ONNX_H
