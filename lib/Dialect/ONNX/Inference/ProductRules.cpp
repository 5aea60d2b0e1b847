//===- ProductRules.cpp - types of products and norms ---------------------===//
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

/// Fails unless an input can be broadcast to a shape, which stays as it is.
static LogicalResult fitsInto(InferContext &context, unsigned index,
                              const SymbolicShape &shape) {
  SymbolicShape given = context.shape(index);
  bool fits = given.size() <= shape.size();
  for (size_t i = 0; fits && i < given.size(); ++i) {
    const SymbolicInt &size = given[i];
    const SymbolicInt &whole = shape[shape.size() - given.size() + i];
    fits = size.value == 1 || !differ(size, whole);
  }
  return fits ? success()
              : context.fail(
                    "input " + Twine(index) + " is " + describeShape(given) +
                    ", which cannot be broadcast to " + describeShape(shape));
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
  SymbolicShape result = {lhs[0], rhs[1]};
  if (context.hasInput(2) && failed(fitsInto(context, 2, result))) {
    return failure();
  }
  context.setResult(0, result, context.element(0));
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
  if (int64_t stash = context.integer("stash_type", 1); stash != 1) {
    return context.fail("attribute 'stash_type' is " + Twine(stash) +
                        ", but only 1 is supported");
  }
  for (unsigned i = 1; i < context.numInputs(); ++i) {
    if (context.hasInput(i) && failed(fitsInto(context, i, shape))) {
      return failure();
    }
  }
  // Without a bias, the result is of the scale's type.
  bool hasBias = context.opType() == "LayerNormalization";
  context.setResult(0, shape, context.element(hasBias ? 0 : 1));
  for (size_t dim = *axis; dim < shape.size(); ++dim) {
    shape[dim] = SymbolicInt::constant(1);
  }
  for (unsigned i = 1; i < context.numResults(); ++i) {
    context.setResult(i, shape,
                      Float32Type::get(context.element(0).getContext()));
  }
  return success();
}

void moe::onnx::addProductRules(InferenceRules &rules) {
  rules[":MatMul"] = matmul;
  rules[":Gemm"] = gemm;
  rules[":LayerNormalization"] = norm;
  rules[":RMSNormalization"] = norm;
  rules[":SimplifiedLayerNormalization"] = norm;
}
