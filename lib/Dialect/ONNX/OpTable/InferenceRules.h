//===- InferenceRules.h - rules by family -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_ONNX_OPTABLE_INFERENCERULES_H
#define MOE_LIB_DIALECT_ONNX_OPTABLE_INFERENCERULES_H

#include "moe/Dialect/ONNX/Inference.h"

#include "llvm/ADT/StringMap.h"

namespace moe::onnx {

/// Integer tensors with more elements have no partial value.
inline constexpr int64_t kMaxPartialElements = 1024;

/// Rules by "domain:operator".
using InferenceRules = llvm::StringMap<InferFunction>;

// One per family, each in a file of its own.
void addElementwiseRules(InferenceRules &rules);
void addProductRules(InferenceRules &rules);
void addReductionRules(InferenceRules &rules);
void addShapeRules(InferenceRules &rules);
void addIndexingRules(InferenceRules &rules);

/// The shape that shapes are broadcast to; fails where two sizes differ.
FailureOr<SymbolicShape> broadcast(InferContext &context,
                                   ArrayRef<SymbolicShape> shapes);

} // namespace moe::onnx

#endif // MOE_LIB_DIALECT_ONNX_OPTABLE_INFERENCERULES_H
