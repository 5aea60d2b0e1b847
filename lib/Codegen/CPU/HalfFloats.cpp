//===- HalfFloats.cpp - f16 and bf16 are computed in f32 ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Upstream's emulation marks its conversions as contractible, and they are
// folded away with the rounding; here each operation rounds to its type.
//
//===----------------------------------------------------------------------===//

#include "RowLoops.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moe {
#define GEN_PASS_DEF_HALFFLOATSPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct HalfFloatsPass : public moe::impl::HalfFloatsPassBase<HalfFloatsPass> {
  void runOnOperation() override;
};

} // namespace

static bool isHalf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF16() || element.isBF16();
}

static Type withElement(Type type, Type element) {
  if (auto shaped = dyn_cast<ShapedType>(type)) {
    return shaped.clone(element);
  }
  return element;
}

/// Whether `op` computes with half floats; moving and converting them is left
/// as it is.
static bool computesInHalf(Operation *op) {
  if (!isa_and_nonnull<arith::ArithDialect>(op->getDialect()) ||
      isa<arith::ConstantOp, arith::BitcastOp, arith::ExtFOp, arith::SelectOp,
          arith::TruncFOp>(op)) {
    return false;
  }
  return llvm::any_of(op->getOperandTypes(), isHalf) ||
         llvm::any_of(op->getResultTypes(), isHalf);
}

static void widen(Operation *op) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  // An integer goes through f64, which rounds none that a half float can tell
  // from its neighbour.
  Type wide = isa<arith::SIToFPOp, arith::UIToFPOp>(op)
                  ? Type(builder.getF64Type())
                  : Type(builder.getF32Type());
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(isHalf(operand.getType())
                           ? kernel::convertFloat(builder, loc, operand, wide)
                           : operand);
  }
  SmallVector<Type> types;
  for (Type type : op->getResultTypes()) {
    types.push_back(isHalf(type) ? withElement(type, wide) : type);
  }
  OperationState state(loc, op->getName(), operands, types, op->getAttrs());
  Operation *widened = builder.create(state);
  for (auto [before, after] :
       llvm::zip_equal(op->getResults(), widened->getResults())) {
    Value result = after;
    if (isHalf(before.getType())) {
      result = kernel::convertFloat(builder, loc, after,
                                    getElementTypeOrSelf(before));
    }
    before.replaceAllUsesWith(result);
  }
  op->erase();
}

void HalfFloatsPass::runOnOperation() {
  SmallVector<Operation *> ops;
  getOperation()->walk([&](Operation *op) {
    if (computesInHalf(op)) {
      ops.push_back(op);
    }
  });
  llvm::for_each(ops, widen);
}
