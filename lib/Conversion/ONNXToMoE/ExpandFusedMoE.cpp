//===- ExpandFusedMoE.cpp - com.microsoft.MoE in its parts ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Conversion/Passes.h"

#include "ExpertWeights.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/MoEActivations.h"
#include "moe/Support/Quote.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <numeric>

namespace moe {
#define GEN_PASS_DEF_EXPANDFUSEDMOEPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

/// Inputs of com.microsoft.MoE, in its order.
enum MoEInput : unsigned {
  Rows,
  RouterLogits,
  FC1Weights,
  FC1Bias,
  FC2Weights,
  FC2Bias,
  FC3Weights,
  FC3Bias
};

/// Their names in the operator's documentation.
constexpr const char *kInputNames[] = {
    "input",
    "router_probs",
    "fc1_experts_weights",
    "fc1_experts_bias",
    "fc2_experts_weights",
    "fc2_experts_bias",
    "fc3_experts_weights",
    "fc3_experts_bias"};

/// The expansion of one node.
class Expansion {
public:
  Expansion(onnx::NodeOp op, ExpertWeights &weights)
      : op(op), builder(op.getLoc(), op), weights(weights) {}

  LogicalResult run();

private:
  LogicalResult readAttributes();
  /// Ids and weights of the slots, [R, k].
  std::pair<Value, Value> route(Value logits);
  std::pair<Value, Value> sparseMixer(Value logits);
  LogicalResult collectWeights();
  LogicalResult addWeight(MoEInput input, Features features, StringRef suffix,
                          WeightOp &weight);
  void checkRows(Value rows, Value logits);
  Value buildExperts(Value ids, Value rows);
  Value activate(Value gate, Value linear);
  Value swiglu(Value gate, Value linear);
  Value affine(Value rows, WeightOp weight, WeightOp bias);

  Value node(StringRef type, int64_t version, ValueRange inputs, Type result,
             ArrayRef<NamedAttribute> attributes = {});
  Value elementwise(StringRef type, int64_t version, ValueRange inputs);
  Value scalar(double value);
  /// The value without symbolic dimensions in its type, in f32.
  Value plain(Value value);
  Value empty(Value like, int64_t columns, Type element);
  NamedAttribute attribute(StringRef name, Attribute value) {
    return builder.getNamedAttr(name, value);
  }
  /// The node, for messages.
  std::string describe();
  InFlightDiagnostic error() { return emitError(op.getLoc(), describe()); }

  onnx::NodeOp op;
  ImplicitLocOpBuilder builder;
  ExpertWeights &weights;

  std::string activation;
  int64_t k = 1, fusion = 0;
  bool normalize = false, mixer = false;
  double alpha = 1.0, beta = 0.0, limit = INFINITY;
  int64_t experts = 0, hidden = 0, intermediate = 0;

  /// Weights of the layer, by role; null where there is none.
  WeightOp gateWeight, gateBias, linearWeight, linearBias, downWeight, downBias;
  llvm::DenseMap<Operation *, Value> arguments;
};

struct ExpandFusedMoEPass
    : public moe::impl::ExpandFusedMoEPassBase<ExpandFusedMoEPass> {
  using Base::Base;
  void runOnOperation() override;
};

} // namespace

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

std::string Expansion::describe() {
  std::string name;
  if (auto named = dyn_cast<NameLoc>(op.getLoc())) {
    name = "'" + named.getName().str() + "' ";
  }
  return "node " + name + "(MoE): ";
}

Value Expansion::node(StringRef type, int64_t version, ValueRange inputs,
                      Type result, ArrayRef<NamedAttribute> attributes) {
  return onnx::NodeOp::create(
             builder, TypeRange{result}, builder.getStringAttr(type),
             builder.getStringAttr(""), builder.getI64IntegerAttr(version),
             inputs, builder.getDictionaryAttr(attributes), 0)
      .getResult(0);
}

Value Expansion::elementwise(StringRef type, int64_t version,
                             ValueRange inputs) {
  return node(type, version, inputs, inputs[0].getType());
}

Value Expansion::scalar(double value) {
  auto type = RankedTensorType::get({}, builder.getF32Type());
  return onnx::ConstantOp::create(
      builder, type,
      DenseElementsAttr::get(type, builder.getF32FloatAttr(value)));
}

Value Expansion::plain(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Type f32 = builder.getF32Type();
  auto result = RankedTensorType::get(type.getShape(), f32);
  if (type.getElementType() != f32) {
    // 1 is ONNX's number of float.
    return node("Cast", 13, value, result,
                attribute("to", builder.getI64IntegerAttr(1)));
  }
  return type == result ? value : node("Identity", 13, value, result);
}

Value Expansion::empty(Value like, int64_t columns, Type element) {
  Value rows = tensor::DimOp::create(builder, like, 0);
  return tensor::EmptyOp::create(
      builder, ArrayRef<OpFoldResult>{rows, builder.getIndexAttr(columns)},
      element);
}

//===----------------------------------------------------------------------===//
// Attributes and weights
//===----------------------------------------------------------------------===//

LogicalResult Expansion::readAttributes() {
  auto integer = [&](StringRef name, int64_t value) {
    auto attr = dyn_cast_or_null<IntegerAttr>(op.getNodeAttribute(name));
    return attr ? attr.getInt() : value;
  };
  auto real = [&](StringRef name, double value) {
    auto attr = dyn_cast_or_null<FloatAttr>(op.getNodeAttribute(name));
    return attr ? attr.getValueAsDouble() : value;
  };
  auto text =
      dyn_cast_or_null<StringAttr>(op.getNodeAttribute("activation_type"));
  activation = text ? text.getValue().str() : "relu";
  k = integer("k", 1);
  fusion = integer("swiglu_fusion", 0);
  normalize = integer("normalize_routing_weights", 0) == 1;
  mixer = integer("use_sparse_mixer", 0) == 1;
  alpha = real("activation_alpha", 1.0);
  beta = real("activation_beta", 0.0);
  limit = real("swiglu_limit", INFINITY);

  if (!llvm::is_contained(onnx::kMoEActivations, activation)) {
    return error() << "activation_type '" << activation << "' is none of "
                   << llvm::join(ArrayRef(onnx::kMoEActivations), ", ");
  }
  if (fusion < 0 || fusion > 2) {
    return error() << "swiglu_fusion must be 0, 1 or 2, but is " << fusion;
  }
  if (!(limit > 0)) {
    return error() << "swiglu_limit must be positive, but is " << limit
                   << "; leave it out for no limit";
  }
  if (mixer && k != 2) {
    return error() << "use_sparse_mixer picks two experts, but k is " << k;
  }
  auto router = cast<RankedTensorType>(op.getInputs()[RouterLogits].getType());
  auto rows = cast<RankedTensorType>(op.getInputs()[Rows].getType());
  auto down = cast<RankedTensorType>(op.getInputs()[FC2Weights].getType());
  if (router.getRank() != 2 || down.getRank() != 3 || !down.hasStaticShape() ||
      (rows.getRank() != 2 && rows.getRank() != 3)) {
    return error() << "expected an input of rank 2 or 3, router logits of rank "
                      "2 and weights of rank 3 with static shapes";
  }
  experts = down.getDimSize(0);
  hidden = down.getDimSize(1);
  intermediate = down.getDimSize(2);
  if (k < 1 || k > experts) {
    return error() << "k must be between 1 and the number of experts, "
                   << experts << ", but is " << k;
  }
  return success();
}

/// What keeps a value from being known when the model is compiled.
static std::string describeOrigin(Value value) {
  auto isKnown = [](Value input) {
    return isa_and_present<onnx::ConstantOp, onnx::WeightValueOp,
                           onnx::NoneOp, WeightValueOp>(input.getDefiningOp());
  };
  while (auto node = value.getDefiningOp<onnx::NodeOp>()) {
    auto inputs = node.getInputs();
    auto unknown = llvm::find_if_not(inputs, isKnown);
    if (unknown == inputs.end()) {
      return "computed at run time by " + node.describe();
    }
    value = *unknown;
  }
  auto argument = dyn_cast<BlockArgument>(value);
  auto function = argument ? dyn_cast<func::FuncOp>(
                                 argument.getOwner()->getParentOp())
                           : func::FuncOp();
  auto name = function ? function.getArgAttrOfType<StringAttr>(
                             argument.getArgNumber(), "onnx.name")
                       : StringAttr();
  return name ? "computed from the model's input " + quote(name.getValue())
              : "computed at run time";
}

LogicalResult Expansion::addWeight(MoEInput input, Features features,
                                   StringRef suffix, WeightOp &weight) {
  if (!op.hasInput(input)) {
    return success();
  }
  Value value = op.getInputs()[input];
  weight = weights.create(value, features, suffix);
  if (!weight) {
    return error() << kInputNames[input] << " (input "
                   << static_cast<unsigned>(input) << ") is "
                   << describeOrigin(value)
                   << "; weights of experts must be initializers, or computed "
                      "from initializers by operators that copy, convert or "
                      "combine elements: fold other operators when the model "
                      "is exported";
  }
  return success();
}

LogicalResult Expansion::collectWeights() {
  Features whole{0, intermediate, 1}, out{0, hidden, 1};
  Features gate = whole, linear = whole;
  bool fused = activation == "swiglu" && fusion != 0;
  if (fused && (op.hasInput(FC3Weights) || op.hasInput(FC3Bias))) {
    return error() << "swiglu with swiglu_fusion = " << fusion
                   << " takes its linear part from fc1_experts_weights (input "
                      "2), and fc3_experts_weights (input 6) and "
                      "fc3_experts_bias (input 7) must be left out";
  }
  if (op.hasInput(FC3Bias) && !op.hasInput(FC3Weights)) {
    return error() << "fc3_experts_bias (input 7) needs fc3_experts_weights "
                      "(input 6)";
  }
  if (fused) {
    bool interleaved = fusion == 1;
    gate = {0, intermediate, interleaved ? 2 : 1};
    linear = {interleaved ? 1 : intermediate, intermediate,
              interleaved ? 2 : 1};
  }
  if (failed(addWeight(FC1Weights, gate, fused ? ".gate" : ".t", gateWeight)) ||
      failed(addWeight(FC1Bias, gate, fused ? ".gate" : ".t", gateBias)) ||
      failed(addWeight(FC2Weights, out, ".t", downWeight)) ||
      failed(addWeight(FC2Bias, out, ".t", downBias))) {
    return failure();
  }
  MoEInput linearFrom = fused ? FC1Weights : FC3Weights;
  MoEInput linearBiasFrom = fused ? FC1Bias : FC3Bias;
  if (failed(addWeight(linearFrom, linear, ".linear", linearWeight)) ||
      failed(addWeight(linearBiasFrom, linear, ".linear", linearBias))) {
    return failure();
  }
  if (activation == "swiglu" && !linearWeight) {
    return error() << "swiglu with swiglu_fusion = 0 needs fc3_experts_weights "
                      "(input 6)";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Routing
//===----------------------------------------------------------------------===//

static Value take(ImplicitLocOpBuilder &builder, Value table, Value ids,
                  Value init) {
  return TakeOp::create(builder, TypeRange{init.getType()}, table, ids, init)
      .getResult();
}

std::pair<Value, Value> Expansion::route(Value logits) {
  if (mixer) {
    return sparseMixer(logits);
  }
  Value scores = node("Softmax", 13, logits, logits.getType(),
                      attribute("axis", builder.getI64IntegerAttr(-1)));
  Value idsInit = empty(scores, k, builder.getI32Type());
  Value ids = TopKOp::create(builder, scores, Value(), idsInit).getResult();
  Value picked =
      take(builder, scores, ids, empty(scores, k, builder.getF32Type()));
  if (normalize) {
    Value init = empty(scores, k, builder.getF32Type());
    picked =
        NormalizeOp::create(
            builder, init.getType(),
            NormalizeKindAttr::get(builder.getContext(), NormalizeKind::Sum),
            picked, ids, builder.getF64FloatAttr(0.0), init)
            .getResult();
  }
  return {ids, picked};
}

// Each pick has a softmax of its own, over the experts whose logits are within
// 2 percent of the pick's.
std::pair<Value, Value> Expansion::sparseMixer(Value logits) {
  auto type = cast<RankedTensorType>(logits.getType());
  auto mask = RankedTensorType::get(type.getShape(), builder.getI1Type());
  auto column =
      RankedTensorType::get({type.getDimSize(0), 1}, builder.getF32Type());
  Value lowest = scalar(-INFINITY);
  SmallVector<Value> ids, picked;
  Value candidates = logits, taken;
  for (unsigned pick = 0; pick < 2; ++pick) {
    Value best = node("ReduceMax", 13, candidates, column,
                      {attribute("axes", builder.getI64ArrayAttr({1})),
                       attribute("keepdims", builder.getI64IntegerAttr(1))});
    Value scale = node("Max", 13, {elementwise("Abs", 13, logits), best}, type);
    Value bound = elementwise("Mul", 14, {scale, scalar(0.02)});
    Value gap = node("Sub", 14, {best, logits}, type);
    Value far = node("Greater", 13, {gap, bound}, mask);
    if (taken) {
      far = elementwise("Or", 7, {far, taken});
    }
    Value near = node("Where", 16, {far, lowest, logits}, type);
    Value scores = node("Softmax", 13, near, type,
                        attribute("axis", builder.getI64IntegerAttr(-1)));
    Value init = empty(logits, 1, builder.getI32Type());
    Value id = TopKOp::create(builder, candidates, Value(), init).getResult();
    ids.push_back(id);
    picked.push_back(
        take(builder, scores, id, empty(logits, 1, builder.getF32Type())));
    if (pick == 0) {
      SmallVector<int32_t> all(experts);
      std::iota(all.begin(), all.end(), 0);
      auto row = RankedTensorType::get({1, experts}, builder.getI32Type());
      Value every = onnx::ConstantOp::create(
          builder, row, DenseIntElementsAttr::get(row, all));
      taken = node("Equal", 13, {id, every}, mask);
      candidates = node("Where", 16, {taken, lowest, logits}, type);
    }
  }
  auto join = [&](ArrayRef<Value> parts, Type element) {
    return node("Concat", 13, parts,
                RankedTensorType::get({type.getDimSize(0), 2}, element),
                attribute("axis", builder.getI64IntegerAttr(1)));
  };
  return {join(ids, builder.getI32Type()), join(picked, builder.getF32Type())};
}

//===----------------------------------------------------------------------===//
// Experts
//===----------------------------------------------------------------------===//

Value Expansion::affine(Value rows, WeightOp weight, WeightOp bias) {
  auto rowsType = cast<RankedTensorType>(rows.getType());
  auto type = RankedTensorType::get(
      {rowsType.getDimSize(0), weight.getType().getDimSize(2)},
      builder.getF32Type());
  Value product = node("MatMul", 13, {rows, arguments.lookup(weight)}, type);
  return bias ? node("Add", 14, {product, arguments.lookup(bias)}, type)
              : product;
}

Value Expansion::swiglu(Value gate, Value linear) {
  if (std::isfinite(limit)) {
    gate = node("Min", 13, {gate, scalar(limit)}, gate.getType());
    linear = node("Clip", 13, {linear, scalar(-limit), scalar(limit)},
                  linear.getType());
  }
  Value scaled =
      alpha == 1.0 ? gate : elementwise("Mul", 14, {gate, scalar(alpha)});
  Value swish =
      elementwise("Mul", 14, {gate, elementwise("Sigmoid", 13, scaled)});
  if (beta != 0.0) {
    linear = elementwise("Add", 14, {linear, scalar(beta)});
  }
  return elementwise("Mul", 14, {swish, linear});
}

Value Expansion::activate(Value gate, Value linear) {
  if (activation == "swiglu") {
    return swiglu(gate, linear);
  }
  Value result = gate;
  if (activation == "relu") {
    result = elementwise("Relu", 14, gate);
  } else if (activation == "gelu") {
    result = node("Gelu", 20, gate, gate.getType(),
                  attribute("approximate", builder.getStringAttr("tanh")));
  } else if (activation == "silu") {
    result = elementwise("Mul", 14, {gate, elementwise("Sigmoid", 13, gate)});
  }
  return linear ? elementwise("Mul", 14, {result, linear}) : result;
}

Value Expansion::buildExperts(Value ids, Value rows) {
  SmallVector<WeightOp> list;
  for (WeightOp weight :
       {gateWeight, linearWeight, downWeight, gateBias, linearBias, downBias}) {
    if (weight) {
      list.push_back(weight);
    }
  }
  Value count = tensor::DimOp::create(builder, rows, 0);
  Value init = tensor::EmptyOp::create(
      builder,
      ArrayRef<OpFoldResult>{count, builder.getIndexAttr(k),
                             builder.getIndexAttr(hidden)},
      builder.getF32Type());
  auto layer = ExpertsOp::create(builder, ids, rows, ValueRange(), ValueRange(),
                                 init, ArrayRef<int64_t>{0, experts},
                                 ArrayRef<ArrayRef<WeightOp>>{list});
  Block &body = layer.getBodies()[0].front();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&body);
  constexpr unsigned firstWeight = 2;
  for (auto [index, weight] : llvm::enumerate(list)) {
    arguments[weight] = body.getArgument(firstWeight + index);
  }
  Value input = body.getArgument(1);
  Value gate = affine(input, gateWeight, gateBias);
  Value linear =
      linearWeight ? affine(input, linearWeight, linearBias) : Value();
  Value result = affine(activate(gate, linear), downWeight, downBias);
  YieldOp::create(builder, result);
  return layer.getResult(0);
}

/// Both may be dynamic: they are compared in each run.
void Expansion::checkRows(Value rows, Value logits) {
  Value count = tensor::DimOp::create(builder, rows, 0);
  Value routed = tensor::DimOp::create(builder, logits, 0);
  Value equal =
      arith::CmpIOp::create(builder, arith::CmpIPredicate::eq, count, routed);
  cf::AssertOp::create(builder, equal,
                       describe() + "the router logits have another number of "
                                    "rows than the input");
}

LogicalResult Expansion::run() {
  if (failed(readAttributes()) || failed(collectWeights())) {
    return failure();
  }
  Value input = op.getInputs()[Rows];
  auto inputType = cast<RankedTensorType>(input.getType());
  Value rows = input;
  if (inputType.getRank() == 3) {
    rows = node("Flatten", 13, input,
                RankedTensorType::get({ShapedType::kDynamic, hidden},
                                      inputType.getElementType()),
                attribute("axis", builder.getI64IntegerAttr(2)));
  }
  rows = plain(rows);
  Value logits = plain(op.getInputs()[RouterLogits]);
  checkRows(rows, logits);
  auto [ids, picked] = route(logits);
  Value slots = buildExperts(ids, rows);
  Value init = empty(rows, hidden, builder.getF32Type());
  Value result = CombineOp::create(builder, TypeRange{init.getType()}, slots,
                                   ids, Value(), picked, init)
                     .getResult();

  auto outputType = cast<RankedTensorType>(op.getOutputs()[0].getType());
  if (!outputType.getElementType().isF32()) {
    result = node("CastLike", 15, {result, input},
                  RankedTensorType::get(
                      cast<RankedTensorType>(result.getType()).getShape(),
                      outputType.getElementType()));
  }
  if (outputType.getRank() == 3) {
    Value shape = node("Shape", 13, input,
                       RankedTensorType::get({3}, builder.getI64Type()));
    result = node("Reshape", 14, {result, shape}, outputType,
                  attribute("allowzero", builder.getI64IntegerAttr(1)));
  } else {
    result = node("Identity", 13, result, outputType);
  }
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

void ExpandFusedMoEPass::runOnOperation() {
  ExpertWeights weights(getOperation());
  SmallVector<onnx::NodeOp> nodes;
  getOperation().walk([&](onnx::NodeOp op) {
    if (op.getDomain() == "com.microsoft" && op.getOpType() == "MoE") {
      nodes.push_back(op);
    }
  });
  bool valid = true;
  for (onnx::NodeOp op : nodes) {
    valid &= succeeded(Expansion(op, weights).run());
  }
  if (!valid) {
    signalPassFailure();
  }
}
