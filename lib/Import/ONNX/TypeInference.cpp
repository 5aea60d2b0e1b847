//===- TypeInference.cpp - result types of nodes --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TypeInference.h"

using namespace mlir;
using namespace moe;

static StringAttr dimSymbol(RankedTensorType type, int64_t dim) {
  auto dims = dyn_cast_or_null<onnx::DimsAttr>(type.getEncoding());
  return dims ? dims.getSymbols()[dim]
              : StringAttr::get(type.getContext(), "");
}

static RankedTensorType tensorType(ArrayRef<int64_t> shape,
                                   ArrayRef<StringAttr> symbols, Type element) {
  bool named = llvm::any_of(
      symbols, [](StringAttr symbol) { return !symbol.getValue().empty(); });
  return RankedTensorType::get(
      shape, element,
      named ? onnx::DimsAttr::get(element.getContext(), symbols)
            : onnx::DimsAttr());
}

/// Multidirectional broadcasting.
static RankedTensorType broadcast(ArrayRef<RankedTensorType> types,
                                  Type element) {
  int64_t rank = 0;
  for (RankedTensorType type : types) {
    rank = std::max(rank, type.getRank());
  }
  MLIRContext *context = element.getContext();
  SmallVector<int64_t> shape(rank, 1);
  SmallVector<StringAttr> symbols(rank, StringAttr::get(context, ""));
  for (RankedTensorType type : types) {
    for (int64_t i = 0; i < type.getRank(); ++i) {
      int64_t at = rank - type.getRank() + i, size = type.getDimSize(i);
      if (size == 1 || (ShapedType::isDynamic(size) && shape[at] != 1)) {
        continue;
      }
      shape[at] = size;
      symbols[at] = dimSymbol(type, i);
    }
  }
  return tensorType(shape, symbols, element);
}

static RankedTensorType matmul(RankedTensorType lhs, RankedTensorType rhs) {
  SmallVector<int64_t> shape(lhs.getShape().drop_back());
  SmallVector<StringAttr> symbols;
  for (int64_t i = 0; i + 1 < lhs.getRank(); ++i) {
    symbols.push_back(dimSymbol(lhs, i));
  }
  shape.push_back(rhs.getShape().back());
  symbols.push_back(dimSymbol(rhs, rhs.getRank() - 1));
  return tensorType(shape, symbols, lhs.getElementType());
}

static int64_t integer(DictionaryAttr attributes, StringRef name,
                       int64_t value) {
  auto attr = dyn_cast_or_null<IntegerAttr>(attributes.get(name));
  return attr ? attr.getInt() : value;
}

SmallVector<Type> moe::inferNodeTypes(StringRef opType, StringRef domain,
                                      ValueRange inputs,
                                      DictionaryAttr attributes,
                                      unsigned results) {
  SmallVector<RankedTensorType> types;
  for (Value input : inputs) {
    if (auto type = dyn_cast<RankedTensorType>(input.getType())) {
      types.push_back(type);
    }
  }
  SmallVector<Type> result(results);
  if (types.empty() || results == 0) {
    return result;
  }
  Type element = types[0].getElementType();
  if (opType == "MatMul" && types.size() == 2 && types[1].getRank() == 2 &&
      types[0].getRank() >= 2) {
    result[0] = matmul(types[0], types[1]);
  } else if (opType == "Gemm" && types[0].getRank() == 2 &&
             types[1].getRank() == 2) {
    bool transA = integer(attributes, "transA", 0) != 0;
    bool transB = integer(attributes, "transB", 0) != 0;
    result[0] = tensorType(
        {types[0].getDimSize(transA ? 1 : 0), types[1].getDimSize(transB ? 0 : 1)},
        {dimSymbol(types[0], transA ? 1 : 0),
         dimSymbol(types[1], transB ? 0 : 1)},
        element);
  } else if (llvm::is_contained({"Add", "Sub", "Mul", "Div"}, opType)) {
    result[0] = broadcast(types, element);
  } else if (llvm::is_contained({"MoE", "Sigmoid", "Relu", "Softmax",
                                 "LayerNormalization", "Tanh", "Identity"},
                                opType)) {
    result[0] = types[0];
  }
  return result;
}
