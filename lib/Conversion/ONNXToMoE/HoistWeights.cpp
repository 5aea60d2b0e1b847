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

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace moe {
#define GEN_PASS_DEF_HOISTWEIGHTSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

/// How many weights may hold a copy of one node. Without a bound a chain whose
/// links are all read would be copied as often as it has links.
constexpr unsigned kMaxCopies = 4;

/// What computes a value, down to initializers.
struct Slice {
  llvm::SetVector<Operation *> ops;
  /// The large ones among the initializers, in the order of operands.
  SmallVector<onnx::WeightValueOp> weights;
};

class Hoisting {
public:
  explicit Hoisting(ModuleOp module) : module(module), symbols(module) {}

  void run();

private:
  bool canMove(onnx::NodeOp node);
  /// Whether a value is computed from initializers only, and no node that stays
  /// in the program although it could move.
  bool isConstant(Value value);
  bool decide(OpResult value);
  bool fits(OpResult value, const Slice &slice, bool isPacked);
  void hoist(OpResult value);

  ModuleOp module;
  SymbolTable symbols;
  llvm::DenseMap<Operation *, bool> constants;
  /// How many weights hold a copy of a node.
  llvm::DenseMap<Operation *, unsigned> copies;
  /// How many elements of an initializer no value has been made of yet.
  llvm::DenseMap<Attribute, int64_t> unused;
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

static int64_t countElements(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

/// Whether a node may end a run, for operands that it does not check itself when
/// the model is compiled. A weight's region may not.
static bool mayFail(onnx::NodeOp node) {
  StringRef type = node.getOpType();
  auto constantOf = [&](unsigned input) -> DenseIntElementsAttr {
    auto constant = node.getInputs()[input].getDefiningOp<onnx::ConstantOp>();
    return constant ? dyn_cast<DenseIntElementsAttr>(constant.getValue())
                    : DenseIntElementsAttr();
  };
  if (type == "Gather" || type == "GatherElements") {
    DenseIntElementsAttr indices = constantOf(1);
    auto data = cast<RankedTensorType>(node.getInputs()[0].getType());
    auto given = dyn_cast_or_null<IntegerAttr>(node.getNodeAttribute("axis"));
    int64_t axis = given ? given.getInt() : 0;
    int64_t extent = data.getDimSize(axis < 0 ? axis + data.getRank() : axis);
    return !indices || !llvm::all_of(indices.getValues<APInt>(),
                                     [&](const APInt &index) {
                                       int64_t value = index.getSExtValue();
                                       return -extent <= value &&
                                              value < extent;
                                     });
  }
  if (type == "Div" || type == "Mod") {
    // As the lowering: a constant divisor needs no check.
    auto element = cast<RankedTensorType>(node.getOutputs()[0].getType())
                       .getElementType();
    DenseIntElementsAttr divisor = constantOf(1);
    return isa<IntegerType>(element) &&
           (!divisor || !divisor.isSplat() ||
            divisor.getSplatValue<APInt>().isZero());
  }
  return false;
}

bool Hoisting::canMove(onnx::NodeOp node) {
  // Those of one kernel have no place for a product, or for what compares rows.
  static const llvm::StringSet<> stay = {"CumSum", "Gemm",   "MatMul", "MoE",
                                         "OneHot", "TopK"};
  return !stay.contains(node.getOpType()) && node->getNumRegions() == 0 &&
         isMemoryEffectFree(node) &&
         llvm::all_of(node.getOutputs().getTypes(), isStatic) && !mayFail(node);
}

bool Hoisting::isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_present<onnx::ConstantOp, onnx::WeightValueOp, onnx::NoneOp>(
          op)) {
    return true;
  }
  // Nodes are asked in the order of the graph: inputs before what reads them.
  return constants.lookup(op);
}

static Slice getSlice(Value value) {
  Slice slice;
  SmallVector<Value> rest{value};
  while (!rest.empty()) {
    Operation *op = rest.pop_back_val().getDefiningOp();
    if (!slice.ops.insert(op)) {
      continue;
    }
    if (auto read = dyn_cast<onnx::WeightValueOp>(op)) {
      slice.weights.push_back(read);
    }
    if (auto node = dyn_cast<onnx::NodeOp>(op)) {
      llvm::append_range(rest, llvm::reverse(node.getInputs()));
    }
  }
  return slice;
}

/// Whether a use stores the value in a layout of its own, anyway.
static bool isPackedBy(OpOperand &use) {
  auto node = dyn_cast<onnx::NodeOp>(use.getOwner());
  return node && use.getOperandNumber() == 1 &&
         (node.getOpType() == "MatMul" || node.getOpType() == "Gemm");
}

/// Whether a value is to be stored instead of what it is made of. Together,
/// values that are not packed have no more elements than that.
bool Hoisting::fits(OpResult value, const Slice &slice, bool isPacked) {
  int64_t sources = 0, left = 0, elements = countElements(value);
  for (onnx::WeightValueOp read : slice.weights) {
    int64_t count = countElements(read.getResult());
    sources += count;
    left += unused.try_emplace(read.getWeightAttr(), count).first->second;
  }
  auto type = cast<RankedTensorType>(value.getType());
  if (sources == 0 || elements > (isPacked ? sources : left) ||
      type.getElementType().isInteger(1) ||
      llvm::any_of(slice.ops, [&](Operation *op) {
        return copies.lookup(op) >= kMaxCopies;
      })) {
    return false;
  }
  for (onnx::WeightValueOp read : slice.weights) {
    int64_t &own = unused[read.getWeightAttr()];
    int64_t spent = isPacked ? 0 : std::min(own, elements);
    own -= spent;
    elements -= spent;
  }
  return true;
}

/// Whether a value becomes a weight. One that something in the program reads and
/// that does not is computed there, and so reads its inputs there.
bool Hoisting::decide(OpResult value) {
  bool needed = false, forExperts = false, isPacked = false;
  for (OpOperand &use : value.getUses()) {
    auto node = dyn_cast<onnx::NodeOp>(use.getOwner());
    if (!node || !isConstant(node->getResult(0))) {
      needed = true;
      isPacked |= isPackedBy(use);
      forExperts |= node && isExpertWeight(node, use.getOperandNumber());
    }
  }
  if (!needed) {
    return false;
  }
  Slice slice = getSlice(value);
  if (!forExperts && !fits(value, slice, isPacked)) {
    constants[value.getOwner()] = false;
    return false;
  }
  for (Operation *op : slice.ops) {
    copies[op] += isa<onnx::NodeOp>(op);
  }
  return true;
}

/// Copies what computes a value, down to sources.
static Value copySlice(OpBuilder &builder, Value value, const Slice &slice) {
  IRMapping mapping;
  for (Operation *op : topologicalSort(slice.ops)) {
    if (!isa<onnx::NodeOp>(op)) {
      mapping.map(op->getResult(0), copyConstant(builder, op->getResult(0)));
      continue;
    }
    for (OpResult output : builder.clone(*op, mapping)->getResults()) {
      auto type = cast<RankedTensorType>(output.getType());
      output.setType(
          RankedTensorType::get(type.getShape(), type.getElementType()));
    }
  }
  return mapping.lookup(value);
}

void Hoisting::hoist(OpResult value) {
  auto type = cast<RankedTensorType>(value.getType());
  OpBuilder builder(module.getContext());
  Slice slice = getSlice(value);
  StringRef name =
      slice.weights.empty() ? "constant" : slice.weights[0].getWeight();
  auto weight = WeightOp::create(
      builder, value.getLoc(), name,
      RankedTensorType::get(type.getShape(), type.getElementType()),
      /*perExpert=*/false, [&](OpBuilder &nested, Location, Value) {
        return copySlice(nested, value, slice);
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
  module.walk<WalkOrder::PreOrder>([&](onnx::NodeOp node) {
    if (node->getParentOfType<WeightOp>()) {
      return;
    }
    bool constant =
        canMove(node) && llvm::all_of(node.getInputs(), [&](Value input) {
          return isConstant(input);
        });
    constants[node] = constant;
    if (constant) {
      llvm::append_range(values, node->getResults());
    }
  });
  // What reads a value before the value: whether it is read in the program
  // depends on that.
  SmallVector<OpResult> chosen;
  for (OpResult value : llvm::reverse(values)) {
    if (decide(value)) {
      chosen.push_back(value);
    }
  }
  for (OpResult value : llvm::reverse(chosen)) {
    hoist(value);
  }
}
