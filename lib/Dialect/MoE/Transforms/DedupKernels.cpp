//===- DedupKernels.cpp - equal kernels are compiled once -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace moe {
#define GEN_PASS_DEF_DEDUPKERNELSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct DedupKernelsPass
    : public moe::impl::DedupKernelsPassBase<DedupKernelsPass> {
  using Base::Base;
  void runOnOperation() override;
};

} // namespace

/// A kernel's text without its name and locations: equal texts are equal
/// kernels.
static std::string kernelText(func::FuncOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  StringAttr name = kernel.getSymNameAttr();
  kernel.setSymName("kernel");
  kernel->print(stream, OpPrintingFlags().useLocalScope());
  kernel.setSymNameAttr(name);
  return text;
}

void DedupKernelsPass::runOnOperation() {
  llvm::StringMap<func::FuncOp> first;
  llvm::DenseMap<Attribute, func::FuncOp> replaced;
  for (auto kernel :
       llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
    if (!kernel->hasAttr("moe.kernel")) {
      continue;
    }
    auto [entry, isNew] = first.try_emplace(kernelText(kernel), kernel);
    if (!isNew) {
      replaced[kernel.getSymNameAttr()] = entry->second;
      kernel.erase();
    }
  }
  getOperation().walk([&](func::CallOp call) {
    auto known = replaced.find(call.getCalleeAttr().getAttr());
    if (known != replaced.end()) {
      call.setCallee(known->second.getSymName());
    }
  });
}
