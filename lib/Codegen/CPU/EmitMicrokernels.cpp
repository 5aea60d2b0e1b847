//===- EmitMicrokernels.cpp - products to loops and micro-kernels ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Product.h"

#include "moe/Codegen/Kernel.h"
#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace moe {
#define GEN_PASS_DEF_EMITMICROKERNELSPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct EmitMicrokernelsPass
    : public moe::impl::EmitMicrokernelsPassBase<EmitMicrokernelsPass> {
  using Base::Base;

  void runOnOperation() override;
};

/// Rewrites the products of one function.
class FunctionEmitter {
public:
  FunctionEmitter(func::FuncOp func, MicroKernelEmitter &kernels)
      : func(func), kernels(kernels) {}

  LogicalResult emit(ArrayRef<PanelMatmulOp> ops);

private:
  void addWorkers();
  LogicalResult takeApart(PanelMatmulOp op, Product &product);
  LogicalResult emitProduct(PanelMatmulOp op);

  func::FuncOp func;
  MicroKernelEmitter &kernels;
  Value workers;
};

} // namespace

void FunctionEmitter::addWorkers() {
  unsigned position = func.getNumArguments();
  OpBuilder builder(func.getContext());
  auto attributes = builder.getDictionaryAttr(
      builder.getNamedAttr(kernel::kWorkersAttr, builder.getUnitAttr()));
  // Fails only for functions without a function type of their own.
  (void)func.insertArgument(position, builder.getIndexType(), attributes,
                            func.getLoc());
  workers = func.getArgument(position);
}

LogicalResult FunctionEmitter::takeApart(PanelMatmulOp op, Product &product) {
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type) {
      return op.emitOpError("expected buffers, but got ") << operand.getType();
    }
    if (!type.getLayout().isIdentity()) {
      return op.emitOpError("expected contiguous buffers, but got ") << type;
    }
    if (!type.getElementType().isF32() &&
        !type.getElementType().isInteger(32)) {
      return op.emitOpError("expected operands of f32, but got ") << type;
    }
  }
  auto panels = cast<MemRefType>(op.getPanels().getType());
  auto out = cast<MemRefType>(op.getInit().getType());
  if (!panels.hasStaticShape() || out.isDynamicDim(1)) {
    return op.emitOpError("expected panels and the width of the destination to "
                          "be static, but got ")
           << panels << " and " << out;
  }
  if (panels.getDimSize(3) != MOE_PANEL_COLUMNS) {
    return op.emitOpError("expected panels of ")
           << MOE_PANEL_COLUMNS << " columns, but got " << panels.getDimSize(3);
  }
  product.op = op;
  product.kernel = {panels.getDimSize(2), static_cast<int64_t>(op.getWeights()),
                    static_cast<int64_t>(op.getVectors().size()),
                    &op.getEpilogue()};
  product.experts = panels.getDimSize(0);
  product.panels = panels.getDimSize(1);
  product.n = out.getDimSize(1);
  product.workers = workers;
  return success();
}

LogicalResult FunctionEmitter::emitProduct(PanelMatmulOp op) {
  Product product;
  if (failed(takeApart(op, product))) {
    return failure();
  }
  if (product.experts == 0 || product.panels == 0) {
    return success();
  }
  ProductBuilder b(OpBuilder(op), op.getLoc());
  ProductSchedule schedule(b, product);
  auto forall = scf::ForallOp::create(
      b, b.loc, ArrayRef<OpFoldResult>(schedule.getItemCount()), ValueRange(),
      std::nullopt);
  forall->setAttr(kernel::kGrainAttr, b.getI64IntegerAttr(1));
  ProductBuilder inside(OpBuilder::atBlockBegin(forall.getBody()), op.getLoc());
  ProductItem item = schedule.getItem(inside, forall.getInductionVar(0));
  return emitProductItem(inside, product, item, kernels);
}

LogicalResult FunctionEmitter::emit(ArrayRef<PanelMatmulOp> ops) {
  addWorkers();
  for (PanelMatmulOp op : ops) {
    if (failed(emitProduct(op))) {
      return failure();
    }
  }
  return success();
}

void EmitMicrokernelsPass::runOnOperation() {
  ModuleOp module = getOperation();
  FailureOr<RegisterShape> shape = RegisterShape::get(level);
  if (failed(shape)) {
    module.emitError("unknown instruction-set level '")
        << level << "', expected x86-64-v3 or x86-64-v4";
    return signalPassFailure();
  }
  MicroKernelEmitter kernels(module, *shape);
  SmallVector<std::pair<func::FuncOp, SmallVector<PanelMatmulOp>>> work;
  for (auto func : module.getOps<func::FuncOp>()) {
    SmallVector<PanelMatmulOp> ops;
    func.walk([&](PanelMatmulOp op) { ops.push_back(op); });
    if (!ops.empty()) {
      work.emplace_back(func, std::move(ops));
    }
  }
  for (auto &[func, ops] : work) {
    if (failed(FunctionEmitter(func, kernels).emit(ops))) {
      return signalPassFailure();
    }
  }
  // Not before, because later epilogues are compared with earlier ones.
  for (auto &[func, ops] : work) {
    for (PanelMatmulOp op : ops) {
      op.erase();
    }
  }
}
