//===- OutlineKernels.cpp - kernels as functions of their own -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"

namespace moe {
#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct OutlineKernelsPass
    : public moe::impl::OutlineKernelsPassBase<OutlineKernelsPass> {
  using Base::Base;
  void runOnOperation() override;

private:
  void outline(KernelOp kernel, SymbolTable &symbols);
};

} // namespace

/// The op a reader would call the kernel after: the last one that is not
/// plumbing.
static std::string kernelName(KernelOp kernel) {
  std::string name = "kernel";
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    StringRef dialect = op.getDialect()->getNamespace();
    StringRef base = op.getName().stripDialect();
    if ((dialect == "moe" && base != "weight_value") ||
        (dialect == "linalg" && base != "fill")) {
      name = base == "generic" ? "elementwise" : base.str();
    }
  }
  return name;
}

/// The place of a weight in its pool, as the kernel's argument knows it.
static DictionaryAttr poolAttribute(OpBuilder &builder, WeightOp weight) {
  auto slot = weight->getAttrOfType<SlotAttr>("moe.slot");
  if (!slot) {
    return {};
  }
  auto pool = SymbolTable::lookupNearestSymbolFrom<PoolOp>(weight,
                                                           slot.getPool());
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("offset",
                            builder.getI64IntegerAttr(slot.getOffset())),
       builder.getNamedAttr("stride", pool.getStrideAttr())});
}

void OutlineKernelsPass::outline(KernelOp kernel, SymbolTable &symbols) {
  OpBuilder builder(kernel);
  Location loc = kernel.getLoc();
  Block &body = kernel.getBody().front();
  SmallVector<Value> operands(kernel.getInputs());
  SmallVector<std::pair<unsigned, DictionaryAttr>> pools;

  // Weights are arguments, so that equal layers share a kernel.
  for (auto read :
       llvm::make_early_inc_range(body.getOps<WeightValueOp>())) {
    auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(
        kernel, read.getWeightAttr());
    unsigned index = operands.size();
    if (DictionaryAttr pool = poolAttribute(builder, weight)) {
      pools.emplace_back(index, pool);
    }
    operands.push_back(builder.clone(*read)->getResult(0));
    BlockArgument argument =
        body.insertArgument(index, read.getType(), read.getLoc());
    read->replaceAllUsesWith(ValueRange{argument});
    read.erase();
  }
  unsigned outs = kernel.getInits().size();
  operands.append(kernel.getInits().begin(), kernel.getInits().end());

  auto type = FunctionType::get(builder.getContext(),
                                TypeRange(ValueRange(operands)),
                                kernel->getResultTypes());
  auto function = func::FuncOp::create(builder, loc, kernelName(kernel), type);
  function.setPrivate();
  function->setAttr("moe.kernel", builder.getUnitAttr());
  function->setAttr("moe.outs", builder.getI64IntegerAttr(outs));
  for (auto [index, pool] : pools) {
    function.setArgAttr(index, "moe.pool", pool);
  }
  function.getBody().takeBody(kernel.getBody());
  Operation *yield = function.getBody().front().getTerminator();
  builder.setInsertionPoint(yield);
  func::ReturnOp::create(builder, yield->getLoc(), yield->getOperands());
  yield->erase();
  function->remove();
  symbols.insert(function, getOperation().getBody()->end());

  builder.setInsertionPoint(kernel);
  auto call = func::CallOp::create(builder, loc, function, operands);
  kernel->replaceAllUsesWith(call);
  kernel->erase();
}

void OutlineKernelsPass::runOnOperation() {
  SymbolTable symbols(getOperation());
  SmallVector<KernelOp> kernels;
  getOperation().walk([&](KernelOp kernel) { kernels.push_back(kernel); });
  for (KernelOp kernel : kernels) {
    outline(kernel, symbols);
  }
}
