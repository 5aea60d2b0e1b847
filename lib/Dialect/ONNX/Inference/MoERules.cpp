//===- MoERules.cpp - types of com.microsoft.MoE --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"
#include "moe/Dialect/ONNX/MoEActivations.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

namespace {

/// Sizes of a layer: experts, features in, and between the two products.
struct LayerSizes {
  int64_t experts, hidden, inner;
  /// Features of the first product: twice `inner` with gate and linear in one.
  int64_t first;
};

} // namespace

/// Fails unless an input that is there has that shape, as far as it is known.
static LogicalResult expectShape(InferContext &context, unsigned index,
                                 ArrayRef<int64_t> expected) {
  if (!context.hasInput(index)) {
    return success();
  }
  SymbolicShape shape = context.shape(index);
  bool fits = shape.size() == expected.size();
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    fits = !shape[i].value || *shape[i].value == expected[i];
  }
  if (fits) {
    return success();
  }
  return context.fail("input " + Twine(index) + " (" +
                      context.inputName(index) + ") must be " +
                      describeShape(SymbolicShape(
                          llvm::map_range(expected, &SymbolicInt::constant))) +
                      ", but is " + describeShape(shape));
}

/// Experts' weights once were stored as [experts, in, out]. That cannot always
/// be told from the shapes, and then a shape that does not fit is reported.
static bool hasOldLayout(InferContext &context, const LayerSizes &sizes) {
  SymbolicShape fc1 = context.shape(2), fc2 = context.shape(4);
  bool turned = fc2[1].value && fc2[1].value != sizes.hidden &&
                fc2[2].value == sizes.hidden;
  bool turnedSquare =
      sizes.hidden == sizes.inner && sizes.first != sizes.inner &&
      fc1[1].value == sizes.hidden && fc1[2].value == sizes.first;
  return turned || turnedSquare;
}

static FailureOr<LayerSizes> getSizes(InferContext &context) {
  SymbolicShape rows = context.shape(0), router = context.shape(1);
  if (rows.size() != 2 && rows.size() != 3) {
    return context.fail("input 0 (input) is " + describeShape(rows) +
                        ", but must have rank 2 or 3");
  }
  for (auto [input, rank] :
       {std::pair(1, 2), std::pair(2, 3), std::pair(4, 3)}) {
    if (failed(context.expectRank(input, rank))) {
      return failure();
    }
  }
  SymbolicShape fc2 = context.shape(4);
  std::optional<int64_t> hidden = rows.back().value, experts = router[1].value;
  std::optional<int64_t> inner = fc2[2].value;
  if (!hidden || !experts || !inner) {
    return context.fail("the sizes of the layer must be known at compile time: "
                        "input 0 is " +
                        describeShape(rows) + ", input 1 is " +
                        describeShape(router) + ", input 4 is " +
                        describeShape(fc2));
  }
  bool isFused = context.string("activation_type", "relu") == "swiglu" &&
                 context.integer("swiglu_fusion", 0) != 0;
  return LayerSizes{*experts, *hidden, *inner, isFused ? 2 * *inner : *inner};
}

static LogicalResult checkAttributes(InferContext &context,
                                     const LayerSizes &sizes) {
  if (failed(context.expectAttribute(
          "activation_type", context.string("activation_type", "relu"),
          llvm::to_vector_of<StringRef>(kMoEActivations)))) {
    return failure();
  }
  int64_t fusion = context.integer("swiglu_fusion", 0);
  if (fusion < 0 || fusion > 2) {
    return context.fail("attribute 'swiglu_fusion' must be 0, 1 or 2, but is " +
                        Twine(fusion));
  }
  int64_t k = context.integer("k", 1);
  if (k < 1 || k > sizes.experts) {
    return context.fail("attribute 'k' must be from 1 to the number of "
                        "experts, " +
                        Twine(sizes.experts) + ", but is " + Twine(k));
  }
  if (context.integer("use_sparse_mixer", 0) != 0 && k != 2) {
    return context.fail("attribute 'use_sparse_mixer' picks two experts, but "
                        "attribute 'k' is " +
                        Twine(k));
  }
  return success();
}

static LogicalResult inferMoE(InferContext &context) {
  FailureOr<LayerSizes> sizes = getSizes(context);
  if (failed(sizes) || failed(checkAttributes(context, *sizes))) {
    return failure();
  }
  int64_t experts = sizes->experts, hidden = sizes->hidden;
  int64_t inner = sizes->inner, first = sizes->first;
  std::optional<int64_t> held = context.shape(4)[0].value;
  if (held && *held < experts) {
    return context.fail("the layer holds " + Twine(*held) + " of " +
                        Twine(experts) +
                        " experts, a part of one that was split over devices; "
                        "export the whole model");
  }
  if (hasOldLayout(context, *sizes)) {
    return context.fail(
        "the weights have the shapes of ONNX Runtime before 1.23, [experts, "
        "in, out]; export the model again with a later one");
  }
  if (failed(expectShape(context, 2, {experts, first, hidden})) ||
      failed(expectShape(context, 3, {experts, first})) ||
      failed(expectShape(context, 4, {experts, hidden, inner})) ||
      failed(expectShape(context, 5, {experts, hidden})) ||
      failed(expectShape(context, 6, {experts, inner, hidden})) ||
      failed(expectShape(context, 7, {experts, inner}))) {
    return failure();
  }
  SymbolicShape shape = context.shape(0);
  SymbolicInt rows = SymbolicInt::constant(1);
  for (const SymbolicInt &size : ArrayRef(shape).drop_back()) {
    rows = rows * size;
  }
  SymbolicInt routed = context.shape(1)[0];
  if (rows.value && routed.value && *rows.value != *routed.value) {
    return context.fail("input 0 (input) has " + rows.str() +
                        " rows, but input 1 (router_probs) has " +
                        routed.str());
  }
  context.setResult(0, shape, context.element(0));
  return success();
}

void moe::onnx::addMoERules(InferenceRules &rules) {
  rules["com.microsoft:MoE"] = inferMoE;
}
