//===- Package.h - writes packages ------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_PACKAGE_H
#define MOE_TARGET_PACKAGE_H

#include "moe/Target/CompiledKernels.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <utility>
#include <vector>

namespace moe {

class ModelFiles;

/// What a package is made of besides the module.
struct PackageContents {
  /// Code of the kernels in `@kernels`, in their order.
  const CompiledKernels *kernels = nullptr;
  /// Code of the kernels in `@weights`, for one level; they are run here.
  const CompiledKernels *weightKernels = nullptr;
  /// The files that weights come from.
  ModelFiles *files = nullptr;
  /// The source graph without its weights: an ONNX model; may be empty.
  std::string sourceGraph;
  /// Pairs of the manifest, in order.
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// What hinders a package from being written to `path`, or an empty text: a
/// folder without a place for it, or something there that is no regular file.
/// Leaves everything as it is.
std::string findObstacle(const std::string &path);

/// Writes the package of a module after `codegen`: a `moert.program` with the
/// declarations it needs, and `@weights` as kernels. Weights are computed part
/// by part and streamed to the file. The same module and contents give the same
/// bytes. The package is loaded once before it gets its name. Errors are
/// diagnostics; then no file is left, and `isBug` tells whether the compiler is
/// at fault, not a file.
LogicalResult writePackage(mlir::ModuleOp module,
                           const PackageContents &contents,
                           const std::string &path, bool &isBug);

/// The object of `moec --emit=object` for kernels whose objects were kept: the
/// same code as the package's, tied to it by the hashes of its IMAGE sections,
/// exported as `symbol`. There is at least one image. Errors as linkImage().
FailureOr<std::string> linkCode(const CompiledKernels &kernels,
                                StringRef symbol, std::string &message,
                                bool *isBug = nullptr);

} // namespace moe

#endif // MOE_TARGET_PACKAGE_H
