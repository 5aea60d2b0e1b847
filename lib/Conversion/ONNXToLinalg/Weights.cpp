//===- Weights.cpp - constants of products as weights ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Weights.h"

#include "LoweringUtils.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

void moe::onnx::lowerWeights(ModuleOp module) {
  for (auto weight :
       llvm::make_early_inc_range(module.getOps<moe::onnx::WeightOp>())) {
    OpBuilder builder(weight);
    RankedTensorType type = getLoweredType(weight.getType());
    moe::WeightOp::create(
        builder, weight.getLoc(), weight.getSymName(), type,
        /*perExpert=*/false, [&](OpBuilder &nested, Location loc, Value) {
          return SourceOp::create(
                     nested, loc, type,
                     FileAttr::get(nested.getContext(), weight.getFile(),
                                   weight.getOffset(), weight.getLength()))
              .getResult();
        });
    weight.erase();
  }
}

static Value readWeight(Node &node, moe::WeightOp weight) {
  return moe::WeightValueOp::create(
      node.getBuilder(), weight.getType(),
      FlatSymbolRefAttr::get(weight.getSymNameAttr()), Value());
}

static moe::WeightOp
insertWeight(Node &node, StringRef name, RankedTensorType type,
             function_ref<Value(OpBuilder &, Location, Value)> body) {
  OpBuilder builder(node.getOp()->getContext());
  auto weight = moe::WeightOp::create(builder, node.getBuilder().getLoc(), name,
                                      type, /*perExpert=*/false, body);
  node.getState().symbols.insert(weight);
  return weight;
}

Value moe::onnx::asWeight(Node &node, Value value) {
  if (value.getDefiningOp<moe::WeightValueOp>()) {
    return value;
  }
  DenseElementsAttr elements;
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() != 2 || !isa<FloatType>(type.getElementType()) ||
      !matchPattern(value, m_Constant(&elements))) {
    return {};
  }
  return readWeight(
      node,
      insertWeight(
          node, "constant", type, [&](OpBuilder &nested, Location loc, Value) {
            return SourceOp::create(nested, loc, type, elements).getResult();
          }));
}

Value moe::onnx::getTransposedWeight(Node &node, Value value) {
  Value known = asWeight(node, value);
  if (!known || cast<RankedTensorType>(known.getType()).getRank() != 2) {
    return {};
  }
  auto read = known.getDefiningOp<moe::WeightValueOp>();
  SymbolTable &symbols = node.getState().symbols;
  auto source = symbols.lookup<moe::WeightOp>(read.getWeight());
  StringAttr transposed = StringAttr::get(source.getContext(), "transposed");
  StringAttr &derived =
      node.getState().derived[{source.getSymNameAttr(), transposed}];
  if (!derived) {
    auto type = cast<RankedTensorType>(source.getType());
    auto result = RankedTensorType::get(
        {type.getDimSize(1), type.getDimSize(0)}, type.getElementType());
    derived =
        insertWeight(node, source.getSymName().str() + ".t", result,
                     [&](OpBuilder &nested, Location loc, Value) {
                       IRMapping mapping;
                       Block &body = source.getBody().front();
                       for (Operation &op : body.without_terminator()) {
                         nested.clone(op, mapping);
                       }
                       ImplicitLocOpBuilder b(loc, nested);
                       return createParallel(
                           b,
                           getAsIndexOpFoldResult(nested.getContext(),
                                                  result.getShape()),
                           type.getElementType(),
                           mapping.lookup(body.getTerminator()->getOperand(0)),
                           AffineMap::getPermutationMap(
                               ArrayRef<unsigned>{1, 0}, nested.getContext()),
                           [](ImplicitLocOpBuilder &, ValueRange args) {
                             return args[0];
                           });
                     })
            .getSymNameAttr();
  }
  return readWeight(node, symbols.lookup<moe::WeightOp>(derived.getValue()));
}
