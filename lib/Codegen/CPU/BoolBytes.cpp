//===- BoolBytes.cpp - booleans in memory as bytes ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace moe {
#define GEN_PASS_DEF_BOOLBYTESPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct BoolBytesPass : public moe::impl::BoolBytesPassBase<BoolBytesPass> {
  void runOnOperation() override;
};

} // namespace

/// The type with bytes for booleans, or the type itself.
static Type toBytes(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref || !memref.getElementType().isInteger(1)) {
    return type;
  }
  return MemRefType::Builder(memref).setElementType(
      IntegerType::get(type.getContext(), 8));
}

static void convert(Value value) { value.setType(toBytes(value.getType())); }

static Type withByteElements(Type type) {
  Type byte = IntegerType::get(type.getContext(), 8);
  if (auto vector = dyn_cast<VectorType>(type)) {
    return vector.clone(byte);
  }
  return byte;
}

/// Makes `op`, whose result was booleans from memory, return bytes, and
/// compares them with zero.
static void convertLoad(Operation *op) {
  Value result = op->getResult(0);
  Type type = result.getType();
  OpBuilder builder(op);
  builder.setInsertionPointAfter(op);
  Location loc = op->getLoc();
  result.setType(withByteElements(type));
  Value zero = arith::ConstantOp::create(builder, loc,
                                         builder.getZeroAttr(result.getType()));
  Value converted = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ne, result, zero);
  result.replaceAllUsesExcept(converted, converted.getDefiningOp());
}

/// Extends the booleans that `op` stores.
static void extendOperand(Operation *op, OpOperand &operand) {
  OpBuilder builder(op);
  operand.set(arith::ExtUIOp::create(builder, op->getLoc(),
                                     withByteElements(operand.get().getType()),
                                     operand.get()));
}

/// Makes bytes of a constant.
static void convertGlobal(memref::GlobalOp global) {
  Type type = toBytes(global.getType());
  if (type == global.getType()) {
    return;
  }
  global.setType(cast<MemRefType>(type));
  auto value =
      dyn_cast_or_null<DenseElementsAttr>(global.getInitialValueAttr());
  if (value) {
    global.setInitialValueAttr(
        value.mapValues(IntegerType::get(global.getContext(), 8),
                        [](const APInt &element) { return element.zext(8); }));
  }
}

static void convertKernel(func::FuncOp func) {
  auto isBoolean = [](Value memref) {
    return cast<MemRefType>(memref.getType()).getElementType().isInteger(1);
  };
  SmallVector<Operation *> loads;
  SmallVector<OpOperand *> stored;
  func.walk([&](Operation *op) {
    if (auto load = dyn_cast<memref::LoadOp>(op)) {
      if (isBoolean(load.getMemRef())) {
        loads.push_back(op);
      }
    } else if (auto load = dyn_cast<vector::LoadOp>(op)) {
      if (isBoolean(load.getBase())) {
        loads.push_back(op);
      }
    } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
      if (isBoolean(store.getMemRef())) {
        stored.push_back(&store->getOpOperand(0));
      }
    }
  });
  for (Operation *load : loads) {
    convertLoad(load);
  }
  for (OpOperand *operand : stored) {
    extendOperand(operand->getOwner(), *operand);
  }
  func.walk([&](Operation *op) {
    llvm::for_each(op->getResults(), convert);
    for (Region &region : op->getRegions()) {
      for (Block &block : region) {
        llvm::for_each(block.getArguments(), convert);
      }
    }
  });
  func.setFunctionType(FunctionType::get(
      func.getContext(), func.getBody().front().getArgumentTypes(), {}));
}

void BoolBytesPass::runOnOperation() {
  for (auto global : getOperation().getOps<memref::GlobalOp>()) {
    convertGlobal(global);
  }
  for (auto func : getOperation().getOps<func::FuncOp>()) {
    if (kernel::isKernel(func)) {
      convertKernel(func);
    }
  }
}
