//===- ONNXToLinalg.cpp - onnx ops to linalg on tensors -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Conversion/Passes.h"

#include "Registry.h"
#include "Weights.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace moe {
#define GEN_PASS_DEF_CONVERTONNXTOLINALGPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

namespace {

struct ConvertONNXToLinalgPass
    : public moe::impl::ConvertONNXToLinalgPassBase<ConvertONNXToLinalgPass> {
  using Base::Base;
  void runOnOperation() override;
};

/// Lowers the ops of a region. They are taken in order, so that what an op reads
/// has been lowered before; the old ops go when all is done.
class RegionLowering {
public:
  explicit RegionLowering(LoweringState &state) : state(state) {}

protected:
  /// Fails if a node was refused; then the old ops are still there.
  LogicalResult lower(Region &region);

  LoweringState &state;
  llvm::DenseMap<Value, Value> lowered;

private:
  void lower(Operation *op);
  void lowerNode(NodeOp op);
  Value lookup(Value value) {
    Value known = lowered.lookup(value);
    return known ? known : value;
  }

  SmallVector<Operation *> old;
};

class FunctionLowering : public RegionLowering {
public:
  FunctionLowering(func::FuncOp function, LoweringState &state)
      : RegionLowering(state), function(function) {}

  LogicalResult run();

private:
  void lowerArguments();
  void lowerResults();
  void eraseArguments();

  func::FuncOp function;
};

/// Of a weight that was taken from the graph.
class WeightLowering : public RegionLowering {
public:
  using RegionLowering::RegionLowering;

  LogicalResult run(moe::WeightOp weight) {
    weight.setType(getLoweredType(weight.getType()));
    return lower(weight.getBody());
  }
};

} // namespace

/// What the border keeps of a type that is lowered.
static void keepBorderType(OpBuilder &builder, Type type,
                           function_ref<void(StringRef, Attribute)> set) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor) {
    return;
  }
  if (auto dims = dyn_cast_or_null<DimsAttr>(tensor.getEncoding())) {
    SmallVector<StringRef> names;
    for (StringAttr symbol : dims.getSymbols()) {
      names.push_back(symbol.getValue());
    }
    set("onnx.dim_names", builder.getStrArrayAttr(names));
  }
  if (tensor.getElementType().isUnsignedInteger()) {
    set("onnx.element_type", TypeAttr::get(tensor.getElementType()));
  }
}

void FunctionLowering::lowerArguments() {
  OpBuilder builder(function.getContext());
  Block &body = function.getBody().front();
  unsigned count = body.getNumArguments();
  for (unsigned i = 0; i < count; ++i) {
    BlockArgument argument = body.getArgument(i);
    keepBorderType(builder, argument.getType(),
                   [&](StringRef name, Attribute value) {
                     function.setArgAttr(i, name, value);
                   });
    // What is no tensor has nothing to lower; the border of the phase judges.
    Type type = argument.getType();
    lowered[argument] = body.addArgument(
        isa<RankedTensorType>(type) ? Type(getLoweredType(type)) : type,
        argument.getLoc());
  }
}

void FunctionLowering::lowerResults() {
  OpBuilder builder(function.getContext());
  ArrayRef<Type> types = function.getResultTypes();
  for (unsigned index = 0; index < types.size(); ++index) {
    keepBorderType(builder, types[index], [&](StringRef name, Attribute value) {
      function.setResultAttr(index, name, value);
    });
  }
}

void RegionLowering::lowerNode(NodeOp op) {
  LoweringFunction function =
      Registry::get().lookup(op.getDomain(), op.getOpType());
  if (!function) {
    state.refused = true;
    emitError(op.getLoc(), "operator ")
        << op.getOpType() << " has no lowering; see 'moec operators'";
    return;
  }
  SmallVector<Value> operands;
  for (Value input : op.getInputs()) {
    operands.push_back(lookup(input));
    // What a refused node should have made is not there; that was reported.
    if (!isa<NoneType>(input.getType()) &&
        operands.back().getDefiningOp<NodeOp>()) {
      return;
    }
  }
  Node node(op, operands, state);
  for (Type type : llvm::concat<const Type>(op.getInputs().getTypes(),
                                            op.getOutputs().getTypes())) {
    if (!isa<RankedTensorType, NoneType>(type)) {
      (void)node.refuse("the rank of an input or output is not known");
      return;
    }
  }
  if (failed(function(node))) {
    state.refused = true;
    return;
  }
  for (auto [old, value] :
       llvm::zip_equal(op.getOutputs(), node.getOutputs())) {
    if (value) {
      lowered[old] = value;
    }
  }
}

static bool isLowered(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return !tensor || tensor == getLoweredType(tensor);
}

void RegionLowering::lower(Operation *op) {
  OpBuilder builder(op);
  if (auto node = dyn_cast<NodeOp>(op)) {
    lowerNode(node);
  } else if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
    lowered[constant.getResult()] = arith::ConstantOp::create(
        builder, op->getLoc(), getLoweredElements(constant.getValue()));
  } else if (auto weight = dyn_cast<onnx::WeightValueOp>(op)) {
    lowered[weight.getResult()] = moe::WeightValueOp::create(
        builder, op->getLoc(), getLoweredType(weight.getType()),
        weight.getWeightAttr(), Value());
  } else if (auto read = dyn_cast<moe::WeightValueOp>(op);
             read && !isLowered(read.getType())) {
    lowered[read.getResult()] = moe::WeightValueOp::create(
        builder, op->getLoc(), getLoweredType(read.getType()),
        read.getWeightAttr(), read.getExpert());
  } else if (auto source = dyn_cast<moe::SourceOp>(op);
             source && !isLowered(source.getType())) {
    auto elements = dyn_cast<ElementsAttr>(source.getData());
    lowered[source.getResult()] = moe::SourceOp::create(
        builder, op->getLoc(), getLoweredType(source.getType()),
        elements ? getLoweredElements(elements) : source.getData());
  } else if (!isa<onnx::NoneOp>(op)) {
    for (OpOperand &operand : op->getOpOperands()) {
      operand.set(lookup(operand.get()));
    }
    return;
  }
  old.push_back(op);
}

LogicalResult RegionLowering::lower(Region &region) {
  SmallVector<Operation *> ops;
  region.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops) {
    lower(op);
  }
  if (state.refused) {
    return failure();
  }
  for (Operation *op : llvm::reverse(old)) {
    op->dropAllUses();
    op->erase();
  }
  return success();
}

void FunctionLowering::eraseArguments() {
  Block &body = function.getBody().front();
  unsigned count = body.getNumArguments() / 2;
  body.eraseArguments(0, count);
  function.setFunctionType(
      FunctionType::get(function.getContext(), body.getArgumentTypes(),
                        body.getTerminator()->getOperandTypes()));
}

LogicalResult FunctionLowering::run() {
  lowerArguments();
  lowerResults();
  if (failed(lower(function.getBody()))) {
    return failure();
  }
  eraseArguments();
  return success();
}

void ConvertONNXToLinalgPass::runOnOperation() {
  lowerWeights(getOperation());
  LoweringState state(getOperation());
  // Functions may derive weights from these.
  SmallVector<moe::WeightOp> weights(getOperation().getOps<moe::WeightOp>());
  for (moe::WeightOp weight : weights) {
    if (failed(WeightLowering(state).run(weight))) {
      signalPassFailure();
      return;
    }
  }
  SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
  for (func::FuncOp function : functions) {
    if (!function.isExternal() &&
        failed(FunctionLowering(function, state).run())) {
      signalPassFailure();
    }
  }
}
