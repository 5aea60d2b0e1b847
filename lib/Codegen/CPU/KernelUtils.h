//===- KernelUtils.h - helpers of kernel passes -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_KERNELUTILS_H
#define MOE_LIB_CODEGEN_CPU_KERNELUTILS_H

#include "moe/Codegen/Kernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moe {
namespace kernel {

/// Whether `func` is a kernel that still has its body.
bool isKernel(mlir::func::FuncOp func);

/// The destination arguments of `func`, in order: its last `moe.outs` shaped
/// arguments. An error if the attribute is missing or asks for more than there
/// are.
FailureOr<SmallVector<mlir::BlockArgument>>
getDestinations(mlir::func::FuncOp func);

/// Whether nothing was ever written to the tensor `value`.
bool isUninitialised(mlir::Value value);

} // namespace kernel
} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_KERNELUTILS_H
