//===- Math.cpp - transcendental functions to arithmetic ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MathExpand.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/TypeSwitch.h"

namespace moe {
#define GEN_PASS_DEF_MATHPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

static constexpr StringLiteral kTableName = "moe.two_over_pi";

namespace {

struct MathPass : public moe::impl::MathPassBase<MathPass> {
  void runOnOperation() override;

private:
  LogicalResult lower(Operation *op);
  Value expandSingle(Operation *op, MathExpander &math);
  Value expandWide(Operation *op, MathExpander &math, ValueRange operands);
  Value expandTrigonometric(Operation *op, OpBuilder &builder);
  Value getTable(OpBuilder &builder, Location loc);
};

} // namespace

/// Whether LLVM has instructions for `op` at every level.
static bool isNative(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::ClampFOp,
             math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp,
             math::FmaOp, math::IsFiniteOp, math::IsInfOp, math::IsNaNOp,
             math::IsNormalOp, math::RoundEvenOp, math::RoundOp, math::SqrtOp,
             math::TruncOp>(op);
}

/// Functions with a formula of their own in f32; null for others.
Value MathPass::expandSingle(Operation *op, MathExpander &m) {
  Value x = op->getOperand(0);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return m.exp32(x); })
      .Case([&](math::Exp2Op) { return m.exp2of32(x); })
      .Case([&](math::TanhOp) { return m.tanh32(x); })
      .Case([&](math::ErfOp) { return m.erf32(x); })
      .Case([&](math::RsqrtOp) { return m.div(m.constant(1.0), m.sqrt(x)); })
      .Default(Value());
}

/// Functions on f64 that are good for f64 results; null for others.
static Value expandDouble(Operation *op, MathExpander &m, ValueRange operands) {
  Value x = operands[0];
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return m.exp64(x); })
      .Case([&](math::ExpM1Op) { return m.expm1of64(x); })
      .Case([&](math::LogOp) { return m.log64(x); })
      .Case([&](math::Log1pOp) { return m.log1pOf64(x); })
      .Case([&](math::Log2Op) {
        return m.mul(m.log64(x), m.constant(1.4426950408889634));
      })
      .Case([&](math::Log10Op) {
        return m.mul(m.log64(x), m.constant(0.43429448190325182));
      })
      .Case([&](math::TanhOp) { return m.tanh64(x); })
      .Case([&](math::RsqrtOp) { return m.div(m.constant(1.0), m.sqrt(x)); })
      .Default(Value());
}

/// Functions on f64 that are good for results rounded to f32; null for others.
Value MathPass::expandWide(Operation *op, MathExpander &m,
                           ValueRange operands) {
  Value x = operands[0];
  Value one = m.constant(1.0);
  Value half = m.constant(0.5);
  auto square = [&](Value v) { return m.mul(v, v); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::PowFOp) { return m.pow64(x, operands[1]); })
      .Case([&](math::SinhOp) {
        Value e = m.expm1of64(m.abs(x));
        Value twice = m.add(e, m.div(e, m.add(e, one)));
        // Where e is infinite, its quotient with itself is not a number.
        Value large = m.compare(arith::CmpFPredicate::OGT, e, m.constant(1e30));
        return m.copySign(m.mul(half, m.select(large, e, twice)), x);
      })
      .Case([&](math::CoshOp) {
        Value e = m.exp64(m.abs(x));
        return m.mul(half, m.add(e, m.div(one, e)));
      })
      .Case([&](math::AsinhOp) {
        Value y = m.abs(x);
        Value root = m.sqrt(m.add(one, square(y)));
        Value z = m.add(y, m.div(square(y), m.add(one, root)));
        Value infinite =
            m.compare(arith::CmpFPredicate::OGT, y, m.constant(1e150));
        return m.copySign(m.log1pOf64(m.select(infinite, y, z)), x);
      })
      .Case([&](math::AcoshOp) {
        Value t = m.sub(x, one);
        return m.log1pOf64(m.add(t, m.mul(m.sqrt(t), m.sqrt(m.add(x, one)))));
      })
      .Case([&](math::AtanhOp) {
        Value y = m.abs(x);
        Value z = m.div(m.add(y, y), m.sub(one, y));
        return m.copySign(m.mul(half, m.log1pOf64(z)), x);
      })
      .Case([&](math::AtanOp) { return m.atan64(x); })
      .Case([&](math::AsinOp) {
        Value c = m.sqrt(m.mul(m.sub(one, x), m.add(one, x)));
        return m.atan64(m.div(x, c));
      })
      .Case([&](math::AcosOp) {
        Value ratio = m.sqrt(m.div(m.sub(one, x), m.add(one, x)));
        return m.mul(m.constant(2.0), m.atan64(ratio));
      })
      .Default(Value());
}

/// The table of the argument reduction as a constant of the module.
Value MathPass::getTable(OpBuilder &builder, Location loc) {
  SmallVector<double> table = getReductionTable();
  auto type = MemRefType::get({static_cast<int64_t>(table.size() / 2), 2},
                              builder.getF64Type());
  ModuleOp module = getOperation();
  if (!module.lookupSymbol(kTableName)) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    auto tensor = RankedTensorType::get(type.getShape(), type.getElementType());
    memref::GlobalOp::create(builder, loc, kTableName,
                             builder.getStringAttr("private"), type,
                             DenseElementsAttr::get(tensor, ArrayRef(table)),
                             /*constant=*/true,
                             /*alignment=*/builder.getI64IntegerAttr(64));
  }
  return memref::GetGlobalOp::create(builder, loc, type, kTableName);
}

/// sin, cos and tan of f32, element by element, as the table is looked up.
Value MathPass::expandTrigonometric(Operation *op, OpBuilder &builder) {
  Location loc = op->getLoc();
  Value x = op->getOperand(0);
  Value table = getTable(builder, loc);
  auto expand = [&](Value element) -> Value {
    MathExpander single(builder, loc, element.getType());
    MathExpander m = single.wide();
    Value wide = single.extend(element);
    Value result;
    if (isa<math::TanOp>(op)) {
      result = m.div(m.sine64(wide, false, table), m.sine64(wide, true, table));
    } else {
      result = m.sine64(wide, isa<math::CosOp>(op), table);
    }
    return single.truncate(result);
  };
  auto vector = dyn_cast<VectorType>(x.getType());
  if (!vector) {
    return expand(x);
  }
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < vector.getNumElements(); ++lane) {
    elements.push_back(
        expand(vector::ExtractOp::create(builder, loc, x, lane)));
  }
  return vector::FromElementsOp::create(builder, loc, vector, elements);
}

LogicalResult MathPass::lower(Operation *op) {
  Type type = op->getResult(0).getType();
  Type element = getElementTypeOrSelf(type);
  OpBuilder builder(op);
  Location loc = op->getLoc();
  if (element.isF16() || element.isBF16()) {
    // Computed in f32, rounded once.
    Type single = builder.getF32Type();
    if (auto vector = dyn_cast<VectorType>(type)) {
      single = vector.clone(single);
    }
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      operands.push_back(arith::ExtFOp::create(builder, loc, single, operand));
    }
    OperationState state(loc, op->getName(), operands, {single});
    Operation *wide = builder.create(state);
    Value rounded =
        arith::TruncFOp::create(builder, loc, type, wide->getResult(0));
    op->getResult(0).replaceAllUsesWith(rounded);
    op->erase();
    return isNative(wide) ? success() : lower(wide);
  }
  Value result;
  MathExpander math(builder, loc, type);
  if (element.isF32() && isa<math::SinOp, math::CosOp, math::TanOp>(op)) {
    result = expandTrigonometric(op, builder);
  } else if (element.isF64()) {
    result = expandDouble(op, math, op->getOperands());
  } else if (element.isF32() && !(result = expandSingle(op, math))) {
    MathExpander wide = math.wide();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      operands.push_back(math.extend(operand));
    }
    result = expandDouble(op, wide, operands);
    result = result ? result : expandWide(op, wide, operands);
    result = result ? math.truncate(result) : result;
  }
  if (!result) {
    return op->emitOpError("is not supported in kernels on ") << type;
  }
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

void MathPass::runOnOperation() {
  SmallVector<Operation *> ops;
  getOperation()->walk([&](Operation *op) {
    if (!isa_and_nonnull<math::MathDialect>(op->getDialect())) {
      return;
    }
    Type element = getElementTypeOrSelf(op->getResult(0).getType());
    bool isSmall = element.isF16() || element.isBF16();
    if (!isNative(op) || isSmall) {
      ops.push_back(op);
    }
  });
  for (Operation *op : ops) {
    if (failed(lower(op))) {
      return signalPassFailure();
    }
  }
}
