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

class ModelFiles;

struct ImportOptions {
  /// The files of the model, to be used after import; by default they are
  /// closed then.
  ModelFiles *files = nullptr;
  /// Receives the model without the bytes of its tensors: an ONNX model whose
  /// tensors all name external data, be it in the model's own file. The same
  /// model gives the same bytes. Not written if import fails.
  std::string *sourceGraph = nullptr;
  /// Nodes of the graph after functions were put in place of their calls.
  uint64_t maxNodes = 1000000;
  /// Bytes of the model besides tensor data.
  uint64_t maxBytes = 1ull << 30;
  /// Calls of functions in functions.
  unsigned maxDepth = 32;
};

/// Reads the ONNX model at `path`: a module with one function `@main` of onnx
/// ops. Weights stay in their files. Errors are diagnostics, all that were
/// found (the first 100), each with the names that the model gives; then the
/// result is null.
mlir::OwningOpRef<mlir::ModuleOp> importONNX(StringRef path,
                                             const ImportOptions &options,
                                             mlir::MLIRContext *context);

/// Reads a model from memory, as importONNX does; external data is looked for
/// in `files`, where the model counts as `name`.
mlir::OwningOpRef<mlir::ModuleOp>
importONNXBytes(ArrayRef<char> bytes, StringRef name, ModelFiles &files,
                const ImportOptions &options, mlir::MLIRContext *context);

} // namespace moe

#endif // MOE_IMPORT_ONNX_H
