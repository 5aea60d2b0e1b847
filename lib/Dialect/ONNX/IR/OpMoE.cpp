//===- OpMoE.cpp - rows: com.microsoft and other contributed operators ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpFamilies.h"

#include <limits>

using namespace moe::onnx;
using namespace moe::onnx::elements;

static constexpr auto Optional = OperandSchema::Optional;

void moe::onnx::addMoERows(OpTableBuilder &table) {
  // Its weights are stored as [features out, features in] of every expert.
  table.add("com.microsoft", "MoE", {1})
      .in("input", "T")
      .in("router_probs", "T")
      .in("fc1_experts_weights", "T")
      .in("fc1_experts_bias", "T", Optional)
      .in("fc2_experts_weights", "T")
      .in("fc2_experts_bias", "T", Optional)
      .in("fc3_experts_weights", "T", Optional)
      .in("fc3_experts_bias", "T", Optional)
      .out("output", "T")
      .types("T", {{1, kF16 | kBF16 | kF32}})
      .string("activation_type", "relu")
      .number("activation_alpha", 1.0f)
      .number("activation_beta", 0.0f)
      .integer("k", 1)
      .integer("normalize_routing_weights", 0)
      .integer("swiglu_fusion", 0)
      .number("swiglu_limit", std::numeric_limits<float>::infinity())
      .integer("use_sparse_mixer", 0);
  table.add("com.microsoft", "QuickGelu", {1})
      .in("X", "T")
      .out("Y", "T")
      .types("T", {{1, kFloat | kBF16}})
      .number("alpha", 1.702f);
  // Not of the standard, though in its domain: exporters write it so.
  table.add("SimplifiedLayerNormalization", {1})
      .in("X", "T")
      .in("scale", "V")
      .out("Y", "V")
      .out("inv_std_var", "U", Optional)
      .types("T", {{1, kFloat | kBF16}})
      .types("U", {{1, kF32 | kF64}})
      .types("V", {{1, kFloat | kBF16}})
      .integer("axis", -1)
      .number("epsilon", 1e-5f)
      .integer("stash_type", 1);
}
