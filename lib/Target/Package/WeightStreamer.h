//===- WeightStreamer.h - computes weights and writes them ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_PACKAGE_WEIGHTSTREAMER_H
#define MOE_LIB_TARGET_PACKAGE_WEIGHTSTREAMER_H

#include "KernelRunner.h"
#include "moe/Target/Package.h"
#include "moe/Target/PackageWriter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moe {

class FileAttr;

namespace rt {
class PoolOp;
class WeightOp;
} // namespace rt

/// The elements of a constant as the runtime has them in memory.
std::string denseElements(mlir::DenseElementsAttr dense);

/// Bytes of a tensor of static shape in a package.
int64_t byteSize(mlir::RankedTensorType type);

/// Runs the kernels that `moe-outline-weights` makes and appends what they
/// compute to the section under way. Holds one part of one weight at a time.
class WeightStreamer {
public:
  explicit WeightStreamer(const PackageContents &contents)
      : contents(contents) {}

  /// Finds the kernels in `@weights` and loads their code.
  LogicalResult load(mlir::ModuleOp module);

  /// All parts of a weight, one after another.
  LogicalResult streamWeight(rt::WeightOp weight, PackageWriter &writer);
  /// All slots of a pool: the parts of its weights, each at its offset.
  LogicalResult streamPool(rt::PoolOp pool, PackageWriter &writer);

private:
  FailureOr<const uint8_t *> fileBytes(mlir::func::FuncOp kernel,
                                       FileAttr file);
  FailureOr<const uint8_t *> sourceBytes(mlir::func::FuncOp kernel,
                                         unsigned index, int64_t expert);
  /// Computes part `index` to `out`.
  LogicalResult compute(mlir::func::FuncOp kernel, int64_t index, void *out);

  const PackageContents &contents;
  KernelRunner runner;
  llvm::StringMap<mlir::func::FuncOp> kernels;
  /// Data of sources that are in no file, made when they are first read.
  llvm::DenseMap<mlir::Attribute, std::string> generated;
};

} // namespace moe

#endif // MOE_LIB_TARGET_PACKAGE_WEIGHTSTREAMER_H
