//===- MicroKernel.h - register-tiled products of one panel -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A micro-kernel multiplies a fixed number of rows by one panel: all of K in
// ascending chains of fma per output, accumulators in registers, the chains'
// sums added in ascending order, then the epilogue. It is a private function of the module,
//
//   (x, row..., panels, panel [, ahead], out, at, stride, (vector, at)...)
//
// where every buffer is memref<?xf32> and every other argument a position or
// distance in it, in elements:
//   row      where the rows of x begin: one argument per row if `gathered`,
//            else one for all, which then lie getPackedRowStride(K) apart
//   panel    where the panel begins
//   ahead    how far ahead of its loads the kernel prefetches the panel;
//            only if not gathered
//   at       where the first row of results (a vector's columns) begins
//   stride   from one row of results to the next
// It writes whole rows of `columns` results and reads as many of each vector.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_MICROKERNEL_H
#define MOE_LIB_CODEGEN_CPU_MICROKERNEL_H

#include "moe/Support/LLVM.h"
#include "moe_rt/contract/program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace moe {

/// How the registers of an instruction-set level are used.
struct RegisterShape {
  /// Elements of a vector.
  int64_t lanes;
  /// The most rows of a micro-kernel.
  int64_t maxRows;
  /// The most rows for which a whole panel fits the registers at once; with
  /// more a kernel takes one half of the panel's columns after the other.
  int64_t maxRowsOfWholePanel;
  /// Rows up to this number are read in place, through one pointer each; more
  /// are read from a packed copy.
  int64_t maxGatheredRows;

  /// The shape for x86-64-v3 or x86-64-v4; failure for another name.
  static FailureOr<RegisterShape> get(StringRef level);
};

/// Elements from one row to the next in a packed copy of rows of `k` elements:
/// 64 bytes more than the row, or the rows of a tile would share an L1 set.
inline int64_t getPackedRowStride(int64_t k) { return k + 16; }

/// What all micro-kernels of one product share.
struct MicroKernelSpec {
  int64_t k;
  /// 1, or 2: then a panel holds 16 columns of one and 16 of another matrix.
  int64_t weights;
  /// How many vectors the epilogue reads.
  int64_t vectors;
  /// The scalar epilogue: an accumulator per weight, then an element per
  /// vector; must live as long as the emitter.
  mlir::Region *epilogue;

  /// Columns of results of one panel.
  int64_t getColumns() const { return MOE_PANEL_COLUMNS / weights; }
};

/// Emits micro-kernels into a module, each once.
class MicroKernelEmitter {
public:
  MicroKernelEmitter(mlir::ModuleOp module, const RegisterShape &shape)
      : module(module), shape(shape) {}

  const RegisterShape &getShape() const { return shape; }

  /// The kernel for `rows` rows. Fails with an error at an op of the epilogue
  /// that has no form on vectors.
  FailureOr<mlir::func::FuncOp> get(const MicroKernelSpec &spec, int64_t rows,
                                    bool gathered);

private:
  /// A number that equal epilogues share.
  unsigned getEpilogueId(mlir::Region *epilogue);

  mlir::ModuleOp module;
  RegisterShape shape;
  SmallVector<mlir::Region *> epilogues;
  llvm::StringMap<mlir::func::FuncOp> kernels;
};

} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_MICROKERNEL_H
