//===- Loops.h - loops on tensors -----------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOLINALG_LOOPS_H
#define MOE_LIB_CONVERSION_MOETOLINALG_LOOPS_H

#include "moe/Support/LLVM.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"

namespace moe {

/// A builder with the few things that the lowerings are made of. Tensors that a
/// loop changes are carried through it.
class Loops : public mlir::ImplicitLocOpBuilder {
public:
  using Values = SmallVector<mlir::Value>;
  using LoopBody =
      function_ref<Values(Loops &, mlir::Value index, mlir::ValueRange)>;
  using Branch = function_ref<Values(Loops &)>;

  Loops(mlir::Location loc, mlir::OpBuilder &builder)
      : ImplicitLocOpBuilder(loc, builder) {}

  mlir::Value index(int64_t value);
  mlir::Value integer(mlir::Type type, int64_t value);
  /// +0 of a float or an integer type.
  mlir::Value zero(mlir::Type type);
  mlir::Value dim(mlir::Value tensor, int64_t index);

  /// for (i = from; i < to; ++i) carried = body(i, carried)
  Values loop(mlir::Value from, mlir::Value to, mlir::ValueRange carried,
              LoopBody body);
  /// The same from 0.
  Values loop(mlir::Value to, mlir::ValueRange carried, LoopBody body);
  /// condition ? then() : otherwise(), evaluating only one of them.
  Values branch(mlir::Value condition, Branch then, Branch otherwise);

  mlir::Value get(mlir::Value tensor, mlir::ValueRange indices);
  mlir::Value set(mlir::Value tensor, mlir::ValueRange indices,
                  mlir::Value value);
  /// An i32 element as an index; what was negative stays so.
  mlir::Value getIndex(mlir::Value tensor, mlir::ValueRange indices);
  /// tensor[indices, ...], of rank |indices| less.
  mlir::Value getSlice(mlir::Value tensor, mlir::ValueRange indices);
  mlir::Value setSlice(mlir::Value tensor, mlir::ValueRange indices,
                       mlir::Value slice);

  /// 0 ≤ index < size; index may be negative.
  mlir::Value inRange(mlir::Value index, mlir::Value size);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  /// A float in another float type.
  mlir::Value convert(mlir::Value number, mlir::Type type);
  /// A destination's shape, filled with +0.
  mlir::Value zerosLike(mlir::Value init);
};

/// Where lowerings get weights from: the regions of their symbols, in place, or
/// moe.weight_value.
struct WeightAccess {
  mlir::SymbolTableCollection &tables;
  bool keepWeights;

  /// The part of expert `expert`, counted from the weight's first.
  mlir::Value part(Loops &b, mlir::Operation *user,
                   mlir::FlatSymbolRefAttr name, mlir::Value expert) const;
  /// The whole value.
  mlir::Value whole(Loops &b, mlir::Operation *user,
                    mlir::FlatSymbolRefAttr name) const;
};

/// Copies the ops of a region without its terminator, and returns what the
/// terminator's operands are there.
Loops::Values inlineRegion(Loops &b, mlir::Region &region,
                           mlir::ValueRange arguments);

/// Parts of populateMoEToLinalgPatterns.
void populateSelectPatterns(mlir::RewritePatternSet &patterns);
void populateExpertsPatterns(mlir::RewritePatternSet &patterns,
                             const WeightAccess &weights);
void populateProductPatterns(mlir::RewritePatternSet &patterns,
                             const WeightAccess &weights);

} // namespace moe

#endif // MOE_LIB_CONVERSION_MOETOLINALG_LOOPS_H
