//===- DedupKernels.cpp - equal kernels are compiled once -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "moe/Support/Equivalence.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"

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

static bool areEqual(func::FuncOp a, func::FuncOp b) {
  StringAttr name = b.getSymNameAttr();
  b.setSymNameAttr(a.getSymNameAttr());
  bool equal = OperationEquivalence::isEquivalentTo(
      a, b, OperationEquivalence::IgnoreLocations);
  b.setSymNameAttr(name);
  return equal;
}

void DedupKernelsPass::runOnOperation() {
  llvm::DenseMap<size_t, SmallVector<func::FuncOp, 1>> byHash;
  llvm::DenseMap<Attribute, func::FuncOp> replaced;
  for (auto kernel :
       llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
    if (!kernel->hasAttr("moe.kernel")) {
      continue;
    }
    auto &candidates = byHash[llvm::hash_combine(
        kernel.getFunctionType(), hashStructure(kernel.getBody()))];
    auto equal = llvm::find_if(candidates, [&](func::FuncOp candidate) {
      return areEqual(candidate, kernel);
    });
    if (equal == candidates.end()) {
      candidates.push_back(kernel);
    } else {
      replaced[kernel.getSymNameAttr()] = *equal;
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
