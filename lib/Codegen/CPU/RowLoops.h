//===- RowLoops.h - loops over rows of a kernel -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_ROWLOOPS_H
#define MOE_LIB_CODEGEN_CPU_ROWLOOPS_H

#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Value.h"

namespace moe {
namespace kernel {

/// Calls `body` once for the row in a loop over the rows [0, rows): at the top
/// level of a kernel a phase whose items are `tile` rows, elsewhere a plain
/// loop.
void buildRowLoop(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::Value rows, int64_t tile,
                  function_ref<void(mlir::Value row)> body);

/// A loop over [begin, end) with step 1 without results.
void buildLoop(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value begin,
               mlir::Value end, function_ref<void(mlir::Value iv)> body);

/// The same with step `step` and values carried from one iteration to the
/// next; returns the last ones.
SmallVector<mlir::Value> buildCarryingLoop(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::Value begin,
    mlir::Value end, int64_t step, mlir::ValueRange inits,
    function_ref<SmallVector<mlir::Value>(mlir::Value iv,
                                          mlir::ValueRange carried)>
        body);

/// Converts a scalar or vector of floats to the float type `element`.
mlir::Value convertFloat(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value value, mlir::Type element);

/// A one-dimensional view of all elements of `buffer`, which is dense.
mlir::Value flatten(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value buffer);

/// The extent of dimension `dim` of `buffer`.
mlir::Value getDim(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value buffer, int64_t dim);

} // namespace kernel
} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_ROWLOOPS_H
