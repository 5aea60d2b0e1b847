//===- LLVM.h - the LLVM and MLIR names that moec uses ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_LLVM_H
#define MOE_SUPPORT_LLVM_H

#include "mlir/Support/LLVM.h"

namespace moe {

using mlir::ArrayRef;
using mlir::cast;
using mlir::cast_or_null;
using mlir::dyn_cast;
using mlir::dyn_cast_or_null;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::function_ref;
using mlir::isa;
using mlir::LogicalResult;
using mlir::MutableArrayRef;
using mlir::raw_ostream;
using mlir::SmallVector;
using mlir::SmallVectorImpl;
using mlir::StringRef;
using mlir::succeeded;
using mlir::success;
using mlir::Twine;

} // namespace moe

#endif // MOE_SUPPORT_LLVM_H
