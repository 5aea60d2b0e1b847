//===- ProductRules.cpp - types of products, norms and experts ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

/// Two sizes that cannot be equal.
static bool differ(const SymbolicInt &lhs, const SymbolicInt &rhs) {
  return lhs.value && rhs.value && *lhs.value != *rhs.value;
}

static LogicalResult matmul(InferContext &context) {
  SymbolicShape lhs = context.shape(0), rhs = context.shape(1);
  if (lhs.empty() || rhs.empty()) {
    return context.fail("operands must have at least one dimension");
  }
  bool lhsVector = lhs.size() == 1, rhsVector = rhs.size() == 1;
  if (lhsVector) {
    lhs.insert(lhs.begin(), SymbolicInt::constant(1));
  }
  if (rhsVector) {
    rhs.push_back(SymbolicInt::constant(1));
  }
  SymbolicInt depth = lhs.back(), other = rhs[rhs.size() - 2];
  if (differ(depth, other)) {
    return context.fail("the operands' inner dimensions are " +
                        Twine(*depth.value) + " and " + Twine(*other.value));
  }
  SymbolicShape lhsBatch(lhs.begin(), lhs.end() - 2);
  SymbolicShape rhsBatch(rhs.begin(), rhs.end() - 2);
  FailureOr<SymbolicShape> shape = broadcast(context, {lhsBatch, rhsBatch});
  if (failed(shape)) {
    return failure();
  }
  if (!lhsVector) {
    shape->push_back(lhs[lhs.size() - 2]);
  }
  if (!rhsVector) {
    shape->push_back(rhs.back());
  }
  context.setResult(0, *shape, context.element(0));
  return success();
}

static LogicalResult gemm(InferContext &context) {
  SymbolicShape lhs = context.shape(0), rhs = context.shape(1);
  if (lhs.size() != 2 || rhs.size() != 2) {
    return context.fail("inputs A and B must be matrices");
  }
  if (context.integer("transA", 0) != 0) {
    std::swap(lhs[0], lhs[1]);
  }
  if (context.integer("transB", 0) != 0) {
    std::swap(rhs[0], rhs[1]);
  }
  if (differ(lhs[1], rhs[0])) {
    return context.fail("the operands' inner dimensions are " +
                        Twine(*lhs[1].value) + " and " + Twine(*rhs[0].value));
  }
  context.setResult(0, {lhs[0], rhs[1]}, context.element(0));
  return success();
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

static LogicalResult norm(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", -1), shape.size());
  if (failed(axis)) {
    return failure();
  }
  context.setResult(0, shape, context.element(0));
  for (size_t dim = *axis; dim < shape.size(); ++dim) {
    shape[dim] = SymbolicInt::constant(1);
  }
  // Statistics are in the type that stash_type names, float by default.
  Type stash = elementTypeOfNumber(context.integer("stash_type", 1),
                                   context.element(0).getContext());
  for (unsigned i = 1; i < context.numResults(); ++i) {
    context.setResult(i, shape, stash ? stash : context.element(0));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// com.microsoft.MoE
//===----------------------------------------------------------------------===//

namespace {

/// Checks an input's shape, size by size.
class ShapeCheck {
public:
  explicit ShapeCheck(InferContext &context) : context(context) {}

  LogicalResult check(unsigned index, StringRef name,
                      ArrayRef<int64_t> expected) {
    if (!context.hasInput(index)) {
      return success();
    }
    SymbolicShape shape = context.shape(index);
    bool equal = shape.size() == expected.size();
    for (size_t i = 0; equal && i < shape.size(); ++i) {
      equal = !shape[i].value || *shape[i].value == expected[i];
    }
    if (equal) {
      return success();
    }
    std::string text;
    llvm::raw_string_ostream stream(text);
    stream << "input " << index << " (" << name << ") must be [";
    llvm::interleaveComma(expected, stream);
    stream << "], but is [";
    llvm::interleaveComma(shape, stream, [&](const SymbolicInt &size) {
      size.value ? (stream << *size.value) : (stream << '?');
    });
    stream << "]";
    return context.fail(text);
  }

private:
  InferContext &context;
};

} // namespace

static LogicalResult moe_(InferContext &context) {
  SymbolicShape x = context.shape(0), router = context.shape(1);
  SymbolicShape fc1 = context.shape(2), fc2 = context.shape(4);
  if (x.size() != 2 && x.size() != 3) {
    return context.fail("input 0 must have 2 or 3 dimensions");
  }
  if (router.size() != 2) {
    return context.fail("input 1 (router_probs) must have 2 dimensions");
  }
  if (fc1.size() != 3 || fc2.size() != 3) {
    return context.fail("expert weights must have 3 dimensions");
  }
  if (!x.back().value || !router[1].value || !fc2[0].value || !fc2[1].value ||
      !fc2[2].value || !fc1[1].value) {
    return context.fail("the hidden size, the number of experts and the "
                        "weights' sizes must be known at compile time");
  }
  int64_t hidden = *x.back().value, experts = *router[1].value;
  int64_t inner = *fc2[2].value;
  auto activation =
      dyn_cast_or_null<StringAttr>(context.attribute("activation_type"));
  bool swiglu = activation && activation.getValue() == "swiglu";
  bool fused = swiglu && context.integer("swiglu_fusion", 0) != 0;
  if (*fc2[1].value != hidden && inner == hidden) {
    return context.fail(
        "the weights have the old layout [E, in, out]; export the model again "
        "with ONNX Runtime 1.23 or later");
  }
  if (*fc2[0].value < experts) {
    return context.fail("the layer holds " + Twine(*fc2[0].value) + " of " +
                        Twine(experts) +
                        " experts: a part of a layer that is split over "
                        "machines; export the whole model");
  }
  int64_t features = fused ? 2 * inner : inner;
  ShapeCheck shapes(context);
  if (failed(shapes.check(2, "fc1_experts_weights",
                          {experts, features, hidden})) ||
      failed(shapes.check(3, "fc1_experts_bias", {experts, features})) ||
      failed(
          shapes.check(4, "fc2_experts_weights", {experts, hidden, inner})) ||
      failed(shapes.check(5, "fc2_experts_bias", {experts, hidden})) ||
      failed(
          shapes.check(6, "fc3_experts_weights", {experts, inner, hidden})) ||
      failed(shapes.check(7, "fc3_experts_bias", {experts, inner}))) {
    return failure();
  }
  int64_t k = context.integer("k", 1);
  if (k < 1 || k > experts) {
    return context.fail("k must be between 1 and the number of experts, " +
                        Twine(experts) + ", but is " + Twine(k));
  }
  context.setResult(0, x, context.element(0));
  return success();
}

void moe::onnx::addProductRules(InferenceRules &rules) {
  rules[":MatMul"] = matmul;
  rules[":Gemm"] = gemm;
  rules[":LayerNormalization"] = norm;
  rules[":RMSNormalization"] = norm;
  rules[":SimplifiedLayerNormalization"] = norm;
  rules["com.microsoft:MoE"] = moe_;
}
