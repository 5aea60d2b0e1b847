//===- ElementwiseRules.cpp - types of element-wise operators -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

FailureOr<SymbolicShape>
moe::onnx::broadcast(InferContext &context, ArrayRef<SymbolicShape> shapes) {
  size_t rank = 0;
  for (const SymbolicShape &shape : shapes) {
    rank = std::max(rank, shape.size());
  }
  SymbolicShape result(rank, SymbolicInt::constant(1));
  for (const SymbolicShape &shape : shapes) {
    for (auto [index, size] : llvm::enumerate(shape)) {
      size_t at = rank - shape.size() + index;
      SymbolicInt &known = result[at];
      if (size.value == 1) {
        continue;
      }
      if (known.value == 1) {
        known = size;
      } else if (known.value && size.value && *known.value != *size.value) {
        return context.fail("dimension " + Twine(at) +
                            " of the result would be both " +
                            Twine(*known.value) + " and " +
                            Twine(*size.value));
      } else if (!known.value && size.value) {
        // A size other than 1 decides.
        known = size;
      } else if (!known.value && !(known == size)) {
        known = SymbolicInt::unknown();
      }
    }
  }
  return result;
}

static LogicalResult inferBroadcast(InferContext &context, Type element) {
  SmallVector<SymbolicShape> shapes;
  for (unsigned i = 0; i < context.numInputs(); ++i) {
    if (context.hasInput(i)) {
      shapes.push_back(context.shape(i));
    }
  }
  FailureOr<SymbolicShape> shape = broadcast(context, shapes);
  if (failed(shape)) {
    return failure();
  }
  context.setResult(0, *shape, element);
  return success();
}

static LogicalResult checkSameElement(InferContext &context) {
  for (unsigned i = 1; i < context.numInputs(); ++i) {
    if (context.hasInput(i) && context.element(i) != context.element(0)) {
      std::string text;
      llvm::raw_string_ostream(text)
          << "input " << i << " has element type " << context.element(i)
          << ", but input 0 has " << context.element(0);
      return context.fail(text);
    }
  }
  return success();
}

/// Elements of integer results that are known.
static void inferValues(InferContext &context) {
  auto lhs = context.elements(0);
  auto rhs = context.numInputs() == 2 ? context.elements(1)
                                      : std::nullopt;
  if (!lhs || !rhs) {
    return;
  }
  size_t count = std::max(lhs->size(), rhs->size());
  if ((lhs->size() != count && lhs->size() != 1) ||
      (rhs->size() != count && rhs->size() != 1) || lhs->empty() ||
      rhs->empty()) {
    return;
  }
  SmallVector<SymbolicInt> result;
  for (size_t i = 0; i < count; ++i) {
    const SymbolicInt &a = (*lhs)[lhs->size() == 1 ? 0 : i];
    const SymbolicInt &b = (*rhs)[rhs->size() == 1 ? 0 : i];
    if (context.opType() == "Add") {
      result.push_back(a + b);
    } else if (context.opType() == "Sub") {
      result.push_back(a - b);
    } else if (context.opType() == "Mul") {
      result.push_back(a * b);
    } else if (context.opType() == "Div" && a.value && b.value &&
               *b.value != 0) {
      result.push_back(SymbolicInt::constant(*a.value / *b.value));
    } else {
      result.push_back(SymbolicInt::unknown());
    }
  }
  context.setElements(result);
}

static LogicalResult arithmetic(InferContext &context) {
  if (failed(checkSameElement(context))) {
    return failure();
  }
  inferValues(context);
  return inferBroadcast(context, context.element(0));
}

/// Pow's exponent may have another type.
static LogicalResult power(InferContext &context) {
  return inferBroadcast(context, context.element(0));
}

static LogicalResult comparison(InferContext &context) {
  if (failed(checkSameElement(context))) {
    return failure();
  }
  return inferBroadcast(
      context, IntegerType::get(context.element(0).getContext(), 1));
}

static LogicalResult test(InferContext &context) {
  context.setResult(0, context.shape(0),
                    IntegerType::get(context.element(0).getContext(), 1));
  return success();
}

static LogicalResult same(InferContext &context) {
  context.setResult(0, context.shape(0), context.element(0));
  if (auto elements = context.elements(0);
      elements && context.opType() == "Identity") {
    context.setElements(*elements);
  }
  return success();
}

static LogicalResult where(InferContext &context) {
  if (context.element(1) != context.element(2)) {
    return context.fail("the two alternatives have different element types");
  }
  return inferBroadcast(context, context.element(1));
}

static LogicalResult cast_(InferContext &context) {
  Type element;
  if (context.opType() == "CastLike") {
    element = context.element(1);
  } else {
    element = elementTypeOfNumber(context.integer("to", 0),
                                  context.element(0).getContext());
  }
  if (!element) {
    return context.fail("the type to cast to is not supported");
  }
  context.setResult(0, context.shape(0), element);
  if (auto elements = context.elements(0);
      elements && isa<IntegerType>(element) &&
      element.getIntOrFloatBitWidth() >= 32) {
    context.setElements(*elements);
  }
  return success();
}

void moe::onnx::addElementwiseRules(InferenceRules &rules) {
  for (StringRef name : {"Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Sum",
                         "Mean", "And", "Or", "Xor"}) {
    rules[(":" + name).str()] = arithmetic;
  }
  rules[":Pow"] = power;
  for (StringRef name :
       {"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"}) {
    rules[(":" + name).str()] = comparison;
  }
  rules[":IsNaN"] = test;
  rules[":IsInf"] = test;
  for (StringRef name :
       {"Neg",     "Abs",     "Sign",        "Sqrt",    "Reciprocal", "Exp",
        "Log",     "Floor",   "Ceil",        "Round",   "Clip",       "Erf",
        "Sin",     "Cos",     "Not",         "Relu",    "LeakyRelu",  "Elu",
        "Sigmoid", "Tanh",    "HardSigmoid", "Gelu",    "Softplus",   "Softsign",
        "Swish",   "HardSwish", "Identity",  "Softmax", "LogSoftmax", "CumSum",
        "Trilu"}) {
    rules[(":" + name).str()] = same;
  }
  rules["com.microsoft:QuickGelu"] = same;
  rules[":Where"] = where;
  rules[":Cast"] = cast_;
  rules[":CastLike"] = cast_;
}
