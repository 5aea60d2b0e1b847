//===- LoopOrder.h - in which order a linalg op loops -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_LOOPORDER_H
#define MOE_LIB_CODEGEN_CPU_LOOPORDER_H

#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace moe {
namespace kernel {

/// How the loops of an operation on memrefs nest; a function of its indexing
/// maps alone, so that the order of a reduction is fixed.
struct LoopOrder {
  /// The operation's loops, outermost first.
  SmallVector<unsigned> loops;
  /// Whether the innermost loop is a reduction whose data lie side by side, so
  /// that it has to be cut into lanes to be fast.
  bool reducesInnermost = false;
};

LoopOrder chooseLoopOrder(mlir::linalg::LinalgOp op);

/// Whether `operand` of `op` is read or written at neighbouring addresses in
/// neighbouring iterations of `loop`.
bool isContiguousIn(mlir::linalg::LinalgOp op, mlir::OpOperand &operand,
                    unsigned loop);

} // namespace kernel
} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_LOOPORDER_H
