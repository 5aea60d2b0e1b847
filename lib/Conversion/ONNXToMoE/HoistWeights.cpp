//===- HoistWeights.cpp - nodes over initializers as weights --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Conversion/Passes.h"

#include "ExpertWeights.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/ONNX/IR/ONNX.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"

namespace moe {
#define GEN_PASS_DEF_HOISTWEIGHTSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

class Hoisting {
public:
  explicit Hoisting(ModuleOp module) : module(module), symbols(module) {}

  void run();

private:
  bool canMove(onnx::NodeOp node);
  /// Whether a value is computed from initializers only.
  bool isConstant(Value value);
  bool isWorthwhile(OpResult value);
  void hoist(OpResult value);
  Value copy(OpBuilder &builder, Value value, IRMapping &mapping);

  ModuleOp module;
  SymbolTable symbols;
  llvm::DenseMap<Value, bool> constants;
};

struct HoistWeightsPass
    : public moe::impl::HoistWeightsPassBase<HoistWeightsPass> {
  using Base::Base;
  void runOnOperation() override { Hoisting(getOperation()).run(); }
};

} // namespace

static bool isStatic(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() &&
         tensor.getElementType().isIntOrFloat();
}

bool Hoisting::canMove(onnx::NodeOp node) {
  // Those of one kernel have no place for a product, or for what compares rows.
  static const llvm::StringSet<> stay = {"CumSum", "Gemm",   "MatMul", "MoE",
                                         "OneHot", "TopK"};
  if (stay.contains(node.getOpType()) || node->getNumRegions() != 0 ||
      !isMemoryEffectFree(node) ||
      !llvm::all_of(node.getOutputs().getTypes(), isStatic)) {
    return false;
  }
  // An index that is no constant may be out of range, which ends a run.
  bool gathers = node.getOpType() == "Gather" ||
                 node.getOpType() == "GatherElements";
  return !gathers || node.getInputs()[1].getDefiningOp<onnx::ConstantOp>();
}

bool Hoisting::isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_present<onnx::ConstantOp, onnx::WeightValueOp, onnx::NoneOp>(
          op)) {
    return true;
  }
  auto node = dyn_cast_if_present<onnx::NodeOp>(op);
  if (!node) {
    return false;
  }
  auto known = constants.find(value);
  if (known != constants.end()) {
    return known->second;
  }
  bool constant = canMove(node) && llvm::all_of(node.getInputs(), [&](Value v) {
                    return isConstant(v);
                  });
  return constants[value] = constant;
}

/// The elements of all weights that a value is computed from.
static int64_t countSources(Value value, llvm::DenseSet<Value> &seen) {
  if (!seen.insert(value).second) {
    return 0;
  }
  if (value.getDefiningOp<onnx::WeightValueOp>()) {
    return cast<RankedTensorType>(value.getType()).getNumElements();
  }
  int64_t sum = 0;
  if (auto node = value.getDefiningOp<onnx::NodeOp>()) {
    for (Value input : node.getInputs()) {
      sum += countSources(input, seen);
    }
  }
  return sum;
}

bool Hoisting::isWorthwhile(OpResult value) {
  bool needed = false, forExperts = false;
  for (OpOperand &use : value.getUses()) {
    auto node = dyn_cast<onnx::NodeOp>(use.getOwner());
    needed |= !node || !isConstant(node->getResult(0));
    forExperts |= node && isExpertWeight(node, use.getOperandNumber());
  }
  if (!needed || forExperts) {
    return forExperts;
  }
  llvm::DenseSet<Value> seen;
  int64_t sources = countSources(value, seen);
  auto type = cast<RankedTensorType>(value.getType());
  return sources != 0 && type.getNumElements() <= sources &&
         !type.getElementType().isInteger(1);
}

/// Copies what computes a value, down to sources.
Value Hoisting::copy(OpBuilder &builder, Value value, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value)) {
    return known;
  }
  Value result;
  if (auto node = value.getDefiningOp<onnx::NodeOp>()) {
    for (Value input : node.getInputs()) {
      copy(builder, input, mapping);
    }
    Operation *copied = builder.clone(*node, mapping);
    for (OpResult output : copied->getResults()) {
      auto type = cast<RankedTensorType>(output.getType());
      output.setType(
          RankedTensorType::get(type.getShape(), type.getElementType()));
    }
    result = mapping.lookup(value);
  } else {
    result = copyConstant(builder, value);
    mapping.map(value, result);
  }
  return result;
}

static std::string nameOf(Value value) {
  if (auto read = value.getDefiningOp<onnx::WeightValueOp>()) {
    return read.getWeight().str();
  }
  if (auto node = value.getDefiningOp<onnx::NodeOp>()) {
    for (Value input : node.getInputs()) {
      std::string name = nameOf(input);
      if (!name.empty()) {
        return name;
      }
    }
  }
  return "";
}

void Hoisting::hoist(OpResult value) {
  auto type = cast<RankedTensorType>(value.getType());
  OpBuilder builder(module.getContext());
  std::string name = nameOf(value);
  auto weight = WeightOp::create(
      builder, value.getLoc(), name.empty() ? "constant" : name,
      RankedTensorType::get(type.getShape(), type.getElementType()),
      /*perExpert=*/false, [&](OpBuilder &nested, Location, Value) {
        IRMapping mapping;
        return copy(nested, value, mapping);
      });
  symbols.insert(weight);
  builder.setInsertionPointAfterValue(value);
  Value read = WeightValueOp::create(
      builder, value.getLoc(), weight.getType(),
      FlatSymbolRefAttr::get(weight.getSymNameAttr()), Value());
  value.replaceUsesWithIf(read, [&](OpOperand &use) {
    auto node = dyn_cast<onnx::NodeOp>(use.getOwner());
    return !node || !isConstant(node->getResult(0));
  });
}

void Hoisting::run() {
  SmallVector<OpResult> values;
  module.walk([&](onnx::NodeOp node) {
    if (node->getParentOfType<WeightOp>()) {
      return;
    }
    for (OpResult result : node->getResults()) {
      if (isConstant(result) && isWorthwhile(result)) {
        values.push_back(result);
      }
    }
  });
  for (OpResult value : values) {
    hoist(value);
  }
}
