//===- MoEActivations.h - activations of com.microsoft.MoE ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_MOEACTIVATIONS_H
#define MOE_DIALECT_ONNX_MOEACTIVATIONS_H

#include "llvm/ADT/StringRef.h"

namespace moe::onnx {

/// What activation_type of com.microsoft.MoE may be, for the inference of the
/// node and its expansion.
inline constexpr llvm::StringLiteral kMoEActivations[] = {
    "relu", "gelu", "silu", "swiglu", "identity"};

} // namespace moe::onnx

#endif // MOE_DIALECT_ONNX_MOEACTIVATIONS_H
