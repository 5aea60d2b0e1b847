//===- ExpertWeights.h - stacked ONNX weights as expert weights -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_EXPERTWEIGHTS_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_EXPERTWEIGHTS_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Support/LLVM.h"

#include "mlir/IR/SymbolTable.h"

namespace moe {

/// Some of the output features of a stacked weight: `count` of them, from
/// `first` on, every `step`-th.
struct Features {
  int64_t first = 0;
  int64_t count = 0;
  int64_t step = 1;
};

/// Makes `moe.weight`s, in f32, from tensors [E, N, K] and [E, N] of an ONNX
/// graph.
class ExpertWeights {
public:
  explicit ExpertWeights(mlir::ModuleOp module) : symbols(module) {}

  /// The chosen features of every expert: matrices [E, N, K] are transposed to
  /// [E, K, count], vectors [E, N] become [E, count]. Null if `stacked` is
  /// computed at run time.
  WeightOp create(mlir::Value stacked, Features features,
                  mlir::StringRef suffix);

private:
  mlir::SymbolTable symbols;
};

/// Whether an input of a node holds weights of experts.
bool isExpertWeight(onnx::NodeOp node, unsigned input);

/// A constant of a graph for a weight's region: a source, or a copy of integers,
/// which may say what an operator does.
mlir::Value copyConstant(mlir::OpBuilder &builder, mlir::Value value);

} // namespace moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_EXPERTWEIGHTS_H
