//===- ReductionRules.cpp - types of reductions and selections ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

#include <numeric>

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

static LogicalResult reduce(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  std::optional<SmallVector<int64_t>> axes = context.integers("axes");
  if (context.hasInput(1)) {
    axes = context.constants(1);
    if (!axes) {
      return context.fail("axes must be known at compile time");
    }
  }
  if (!axes || axes->empty()) {
    axes.emplace();
    if (context.integer("noop_with_empty_axes", 0) == 0) {
      axes->resize(shape.size());
      std::iota(axes->begin(), axes->end(), 0);
    }
  }
  SmallVector<bool> reduced(shape.size());
  for (int64_t given : *axes) {
    FailureOr<int64_t> axis = context.axis(given, shape.size());
    if (failed(axis)) {
      return failure();
    }
    reduced[*axis] = true;
  }
  bool keep = context.integer("keepdims", 1) != 0;
  SymbolicShape result;
  for (auto [size, isReduced] : llvm::zip_equal(shape, reduced)) {
    if (!isReduced) {
      result.push_back(size);
    } else if (keep) {
      result.push_back(SymbolicInt::constant(1));
    }
  }
  context.setResult(0, result, context.element(0));
  if (auto elements = context.elements(0); elements &&
                                           context.opType() == "ReduceProd" &&
                                           shape.size() == 1 && reduced[0]) {
    SymbolicInt product = SymbolicInt::constant(1);
    for (const SymbolicInt &element : *elements) {
      product = product * element;
    }
    context.setElements({product});
  }
  return success();
}

static LogicalResult argument(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", 0), shape.size());
  if (failed(axis)) {
    return failure();
  }
  if (context.integer("keepdims", 1) != 0) {
    shape[*axis] = SymbolicInt::constant(1);
  } else {
    shape.erase(shape.begin() + *axis);
  }
  context.setResult(0, shape,
                    IntegerType::get(context.element(0).getContext(), 64));
  return success();
}

static LogicalResult topK(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", -1), shape.size());
  if (failed(axis)) {
    return failure();
  }
  SymbolicInt count = SymbolicInt::unknown();
  if (context.version() < 10) {
    count = SymbolicInt::constant(context.integer("k", 1));
  } else if (auto elements = context.elements(1)) {
    if (elements->size() != 1) {
      return context.fail("input 1 (K) must have one element, but has " +
                          Twine(elements->size()));
    }
    count = elements->front();
    if (!count.value && !count.isNonNegative()) {
      count = SymbolicInt::unknown();
    }
  }
  SymbolicInt size = shape[*axis];
  if (count.value &&
      (*count.value < 0 || (size.value && *count.value > *size.value))) {
    return context.fail(
        "K is " + Twine(*count.value) + ", but the dimension has " +
        (size.value ? Twine(*size.value) : Twine("fewer")) + " elements");
  }
  shape[*axis] = count;
  context.setResult(0, shape, context.element(0));
  context.setResult(1, shape,
                    IntegerType::get(context.element(0).getContext(), 64));
  return success();
}

void moe::onnx::addReductionRules(InferenceRules &rules) {
  for (StringRef name : {"Sum", "Mean", "Max", "Min", "Prod", "L1", "L2",
                         "SumSquare", "LogSum", "LogSumExp"}) {
    rules[(":Reduce" + name).str()] = reduce;
  }
  rules[":ArgMax"] = argument;
  rules[":ArgMin"] = argument;
  rules[":TopK"] = topK;
}
