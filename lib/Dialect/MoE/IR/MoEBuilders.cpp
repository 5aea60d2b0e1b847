//===- MoEBuilders.cpp - builders of the moe operations -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moe;

/// Adds a region with one block and those arguments to `state`.
static Block *addRegion(OperationState &state, TypeRange arguments) {
  Block &block = state.addRegion()->emplaceBlock();
  block.addArguments(arguments,
                     SmallVector<Location>(arguments.size(), state.location));
  return &block;
}

static std::pair<ArrayAttr, ArrayAttr>
symbolsAndTypes(OpBuilder &builder, ArrayRef<WeightOp> weights) {
  SmallVector<Attribute> names, types;
  for (WeightOp weight : weights) {
    names.push_back(FlatSymbolRefAttr::get(weight.getSymNameAttr()));
    types.push_back(TypeAttr::get(weight.getType()));
  }
  return {builder.getArrayAttr(names), builder.getArrayAttr(types)};
}

void WeightOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     RankedTensorType type, bool perExpert,
                     function_ref<Value(OpBuilder &, Location, Value)> body) {
  auto &properties = state.getOrAddProperties<Properties>();
  properties.sym_name = builder.getStringAttr(name);
  properties.sym_visibility = builder.getStringAttr("private");
  properties.type = TypeAttr::get(type);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = addRegion(state, perExpert ? TypeRange(builder.getIndexType())
                                            : TypeRange());
  builder.setInsertionPointToStart(block);
  Value value = body(builder, state.location,
                     perExpert ? block->getArgument(0) : Value());
  YieldOp::create(builder, state.location, value);
}

void ExpertsOp::build(OpBuilder &builder, OperationState &state, Value ids,
                      ValueRange rows, ValueRange slots, ValueRange contexts,
                      ValueRange inits, ArrayRef<int64_t> bounds,
                      ArrayRef<ArrayRef<WeightOp>> weights) {
  SmallVector<Attribute> names, types;
  for (ArrayRef<WeightOp> list : weights) {
    auto [nameList, typeList] = symbolsAndTypes(builder, list);
    names.push_back(nameList);
    types.push_back(typeList);
  }
  build(builder, state, ids, rows, slots, contexts, inits, bounds,
        builder.getArrayAttr(names), builder.getArrayAttr(types),
        weights.size());
  for (auto [i, region] : llvm::enumerate(state.regions)) {
    Block &block = region->emplaceBlock();
    for (Type type : getArgumentTypes(builder.getContext(), rows, slots,
                                      contexts, cast<ArrayAttr>(types[i]))) {
      block.addArgument(type, state.location);
    }
  }
}

using Epilogue = function_ref<Value(OpBuilder &, Location, ValueRange)>;

static void buildEpilogue(OpBuilder &builder, OperationState &state,
                          unsigned accumulators, Value rows,
                          TypeRange vectorElements, Epilogue epilogue) {
  SmallVector<Type> arguments(accumulators,
                              getArithmeticType(getElementTypeOrSelf(rows)));
  llvm::append_range(arguments, vectorElements);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = addRegion(state, arguments);
  builder.setInsertionPointToStart(block);
  Value value = epilogue(builder, state.location, block->getArguments());
  YieldOp::create(builder, state.location, value);
}

void GroupedMatmulOp::build(OpBuilder &builder, OperationState &state,
                            Value rows, Value source, Value groups, Value init,
                            int64_t div, ArrayRef<WeightOp> weights,
                            ArrayRef<WeightOp> vectors, Epilogue epilogue) {
  auto [names, types] = symbolsAndTypes(builder, weights);
  auto [vectorNames, vectorTypes] = symbolsAndTypes(builder, vectors);
  state.addOperands(rows);
  if (source) {
    state.addOperands(source);
  }
  state.addOperands({groups, init});
  auto &properties = state.getOrAddProperties<Properties>();
  properties.div = builder.getI64IntegerAttr(div);
  properties.weights = names;
  properties.weight_types = types;
  properties.vectors = vectorNames;
  properties.vector_types = vectorTypes;
  state.addTypes(init.getType());
  SmallVector<Type> elements =
      llvm::map_to_vector(vectors, [](WeightOp vector) {
        return vector.getType().getElementType();
      });
  buildEpilogue(builder, state, weights.size(), rows, elements, epilogue);
}

void PanelMatmulOp::build(OpBuilder &builder, OperationState &state,
                          int64_t weights, Value rows, Value source,
                          Value groups, Value panels, ValueRange vectors,
                          Value init, int64_t div, Epilogue epilogue) {
  state.addOperands(rows);
  if (source) {
    state.addOperands(source);
  }
  if (groups) {
    state.addOperands(groups);
  }
  state.addOperands(panels);
  state.addOperands(vectors);
  state.addOperands(init);
  auto &properties = state.getOrAddProperties<Properties>();
  int32_t sizes[] = {1, source ? 1 : 0,          groups ? 1 : 0,
                     1, int32_t(vectors.size()), 1};
  llvm::copy(sizes, properties.operandSegmentSizes.begin());
  properties.weights = builder.getI64IntegerAttr(weights);
  properties.div = builder.getI64IntegerAttr(div);
  if (isa<TensorType>(init.getType())) {
    state.addTypes(init.getType());
  }
  SmallVector<Type> elements = llvm::map_to_vector(
      vectors, [](Value vector) { return getElementTypeOrSelf(vector); });
  buildEpilogue(builder, state, weights, rows, elements, epilogue);
}

void KernelOp::build(
    OpBuilder &builder, OperationState &state, ValueRange inputs,
    ValueRange inits,
    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)> body) {
  state.addOperands(inputs);
  state.addOperands(inits);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.operandSegmentSizes = {int32_t(inputs.size()),
                                    int32_t(inits.size())};
  state.addTypes(inits.getTypes());
  SmallVector<Type> arguments(inputs.getTypes());
  llvm::append_range(arguments, inits.getTypes());
  OpBuilder::InsertionGuard guard(builder);
  Block *block = addRegion(state, arguments);
  builder.setInsertionPointToStart(block);
  SmallVector<Value> values =
      body(builder, state.location, block->getArguments());
  YieldOp::create(builder, state.location, values);
}
