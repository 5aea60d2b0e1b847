//===- KernelUtils.cpp - helpers of kernel passes -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace moe;

bool moe::kernel::isKernel(func::FuncOp func) {
  return func->hasAttr(kKernelAttr) && !func.isExternal();
}

FailureOr<SmallVector<BlockArgument>>
moe::kernel::getDestinations(func::FuncOp func) {
  auto outs = func->getAttrOfType<IntegerAttr>(kOutsAttr);
  if (!outs) {
    return func.emitOpError("is a kernel without the integer attribute '")
           << kOutsAttr << "'";
  }
  SmallVector<BlockArgument> shaped;
  for (BlockArgument argument : func.getArguments()) {
    if (isa<ShapedType>(argument.getType())) {
      shaped.push_back(argument);
    }
  }
  int64_t count = outs.getInt();
  if (count < 0 || count > static_cast<int64_t>(shaped.size())) {
    return func.emitOpError("has ") << count << " destinations, but only "
                                    << shaped.size() << " tensor arguments";
  }
  return SmallVector<BlockArgument>(shaped.end() - count, shaped.end());
}

bool moe::kernel::isUninitialised(Value value) {
  while (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>()) {
    value = slice.getSource();
  }
  return value.getDefiningOp<tensor::EmptyOp>() != nullptr;
}
