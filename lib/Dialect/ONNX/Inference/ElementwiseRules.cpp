//===- ElementwiseRules.cpp - types of element-wise operators -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

FailureOr<SymbolicShape> moe::onnx::broadcast(InferContext &context,
                                              ArrayRef<SymbolicShape> shapes) {
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
                            Twine(*known.value) + " and " + Twine(*size.value));
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

//===----------------------------------------------------------------------===//
// Known elements
//===----------------------------------------------------------------------===//

using Elements = SmallVector<SymbolicInt>;

/// The elements of an input, repeated to a static shape that it broadcasts to.
static std::optional<Elements> spread(InferContext &context, unsigned index,
                                      RankedTensorType result) {
  std::optional<Elements> elements = context.elements(index);
  RankedTensorType type = context.inputType(index);
  if (!elements || !type.hasStaticShape()) {
    return std::nullopt;
  }
  int64_t lead = result.getRank() - type.getRank();
  Elements spreaded;
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    int64_t rest = i, position = 0, stride = 1;
    for (int64_t dim = result.getRank() - 1; dim >= lead; --dim) {
      int64_t size = type.getDimSize(dim - lead);
      position += size == 1 ? 0 : rest % result.getDimSize(dim) * stride;
      rest /= result.getDimSize(dim);
      stride *= size;
    }
    spreaded.push_back((*elements)[position]);
  }
  return spreaded;
}

/// A value as its type holds it; one that overflows is not followed.
static SymbolicInt fit(SymbolicInt value, Type element) {
  auto type = cast<IntegerType>(element);
  if (!value.value) {
    // A size fits 64 bits; narrower numbers may wrap.
    return type.isSignlessInteger(64) ? value : SymbolicInt::unknown();
  }
  unsigned bits = type.getWidth();
  bool fits = type.isUnsigned() || bits == 1
                  ? *value.value >= 0 && llvm::isUIntN(bits, *value.value)
                  : llvm::isIntN(bits, *value.value);
  return fits ? value : SymbolicInt::unknown();
}

/// Whether lhs < rhs, as far as it is known.
static SymbolicInt less(const SymbolicInt &lhs, const SymbolicInt &rhs) {
  if ((rhs - lhs).isPositive()) {
    return SymbolicInt::constant(1);
  }
  return (lhs - rhs).isNonNegative() ? SymbolicInt::constant(0)
                                     : SymbolicInt::unknown();
}

static SymbolicInt equal(const SymbolicInt &lhs, const SymbolicInt &rhs) {
  if (lhs.isUnknown() || rhs.isUnknown()) {
    return SymbolicInt::unknown();
  }
  if (lhs == rhs) {
    return SymbolicInt::constant(1);
  }
  bool differ = (lhs.value && rhs.value) || (lhs - rhs).isPositive() ||
                (rhs - lhs).isPositive();
  return differ ? SymbolicInt::constant(0) : SymbolicInt::unknown();
}

static SymbolicInt negated(const SymbolicInt &flag) {
  return flag.value ? SymbolicInt::constant(*flag.value == 0 ? 1 : 0) : flag;
}

/// Division of integers truncates.
static SymbolicInt divide(const SymbolicInt &lhs, const SymbolicInt &rhs) {
  if (lhs.value && rhs.value) {
    if (*rhs.value == 0 || (*lhs.value == INT64_MIN && *rhs.value == -1)) {
      return SymbolicInt::unknown();
    }
    return SymbolicInt::constant(*lhs.value / *rhs.value);
  }
  if (auto exact = lhs.dividedBy(rhs); exact && rhs.isPositive()) {
    return *exact;
  }
  return lhs.isNonNegative() ? floorDivide(lhs, rhs) : SymbolicInt::unknown();
}

/// Mod of integers has the sign of the divisor.
static SymbolicInt modulo(const SymbolicInt &lhs, const SymbolicInt &rhs) {
  SymbolicInt quotient = floorDivide(lhs, rhs);
  return quotient.isUnknown() ? quotient : lhs - quotient * rhs;
}

static SymbolicInt apply(StringRef name, const SymbolicInt &a,
                         const SymbolicInt &b) {
  using Function = SymbolicInt (*)(const SymbolicInt &, const SymbolicInt &);
  static const llvm::StringMap<Function> functions = {
      {"Add", [](auto &x, auto &y) { return x + y; }},
      {"Sum", [](auto &x, auto &y) { return x + y; }},
      {"Sub", [](auto &x, auto &y) { return x - y; }},
      {"Mul", [](auto &x, auto &y) { return x * y; }},
      {"Div", divide},
      {"Mod", modulo},
      {"Max", maximum},
      {"Min", minimum},
      {"Equal", equal},
      {"Less", less},
      {"Greater", [](auto &x, auto &y) { return less(y, x); }},
      {"LessOrEqual", [](auto &x, auto &y) { return negated(less(y, x)); }},
      {"GreaterOrEqual", [](auto &x, auto &y) { return negated(less(x, y)); }},
      // Flags are 0 or 1.
      {"And", [](auto &x, auto &y) { return x * y; }},
      {"Or", maximum},
      {"Xor", [](auto &x, auto &y) { return negated(equal(x, y)); }}};
  auto function = functions.find(name);
  return function == functions.end() ? SymbolicInt::unknown()
                                     : function->second(a, b);
}

/// Elements of an integer result of small static shape.
static void inferValues(InferContext &context) {
  auto type = dyn_cast_or_null<RankedTensorType>(context.results[0]);
  if (!type || !type.hasStaticShape() ||
      !isa<IntegerType>(type.getElementType()) ||
      !isa<IntegerType>(context.element(0)) ||
      type.getNumElements() > kMaxPartialElements ||
      (context.opType() == "Mod" && context.integer("fmod", 0) != 0)) {
    return;
  }
  std::optional<Elements> result = spread(context, 0, type);
  for (unsigned i = 1; result && i < context.numInputs(); ++i) {
    std::optional<Elements> next = spread(context, i, type);
    if (!next) {
      return;
    }
    for (auto [a, b] : llvm::zip_equal(*result, *next)) {
      a = fit(apply(context.opType(), a, b), type.getElementType());
    }
  }
  if (result) {
    context.setElements(std::move(*result));
  }
}

static LogicalResult arithmetic(InferContext &context) {
  if (context.opType() == "Mod" && isa<FloatType>(context.element(0)) &&
      context.integer("fmod", 0) != 1) {
    return context.fail("attribute 'fmod' must be 1 for floats");
  }
  if (failed(inferBroadcast(context, context.element(0)))) {
    return failure();
  }
  if (context.opType() != "Mean") {
    inferValues(context);
  }
  return success();
}

/// Pow's exponent may have another type.
static LogicalResult power(InferContext &context) {
  return inferBroadcast(context, context.element(0));
}

static LogicalResult comparison(InferContext &context) {
  if (failed(inferBroadcast(
          context, IntegerType::get(context.element(0).getContext(), 1)))) {
    return failure();
  }
  inferValues(context);
  return success();
}

static LogicalResult test(InferContext &context) {
  context.setResult(0, context.shape(0),
                    IntegerType::get(context.element(0).getContext(), 1));
  return success();
}

static LogicalResult same(InferContext &context) {
  context.setResult(0, context.shape(0), context.element(0));
  auto elements = context.elements(0);
  if (!elements) {
    return success();
  }
  if (context.opType() == "Identity") {
    context.setElements(std::move(*elements));
  } else if (context.opType() == "Neg" || context.opType() == "Not") {
    for (SymbolicInt &element : *elements) {
      element =
          context.opType() == "Not"
              ? negated(element)
              : fit(SymbolicInt::constant(0) - element, context.element(0));
    }
    context.setElements(std::move(*elements));
  }
  return success();
}

static LogicalResult gelu(InferContext &context) {
  if (failed(context.expectAttribute("approximate",
                                     context.string("approximate", "none"),
                                     {"none", "tanh"}))) {
    return failure();
  }
  return same(context);
}

static LogicalResult clip(InferContext &context) {
  if (failed(context.expectOne(1)) || failed(context.expectOne(2))) {
    return failure();
  }
  return same(context);
}

static LogicalResult softmax(InferContext &context) {
  // Version 13 changed the default.
  int64_t axis = context.integer("axis", context.version() < 13 ? 1 : -1);
  if (failed(context.axis(axis, context.rank(0)))) {
    return failure();
  }
  return same(context);
}

static LogicalResult cumSum(InferContext &context) {
  if (failed(context.expectOne(1))) {
    return failure();
  }
  auto axis = context.constants(1);
  if (!axis || axis->size() != 1) {
    return context.fail("input 1 (axis) must be known at compile time");
  }
  if (failed(context.axis(axis->front(), context.rank(0)))) {
    return failure();
  }
  return same(context);
}

static LogicalResult trilu(InferContext &context) {
  if (context.rank(0) < 2) {
    return context.fail("input 0 (input) is " +
                        describeShape(context.shape(0)) +
                        ", but must have at least two dimensions");
  }
  if (failed(context.expectOne(1))) {
    return failure();
  }
  return same(context);
}

static LogicalResult where(InferContext &context) {
  if (failed(inferBroadcast(context, context.element(1)))) {
    return failure();
  }
  auto type = cast<RankedTensorType>(context.results[0]);
  if (!type.hasStaticShape() || !isa<IntegerType>(type.getElementType()) ||
      type.getNumElements() > kMaxPartialElements) {
    return success();
  }
  auto condition = spread(context, 0, type);
  auto yes = spread(context, 1, type), no = spread(context, 2, type);
  if (!yes || !no) {
    return success();
  }
  for (size_t i = 0; i < yes->size(); ++i) {
    SymbolicInt flag = condition ? (*condition)[i] : SymbolicInt::unknown();
    if (flag.value == 0) {
      (*yes)[i] = (*no)[i];
    } else if (!flag.value && !((*yes)[i] == (*no)[i])) {
      (*yes)[i] = SymbolicInt::unknown();
    }
  }
  context.setElements(std::move(*yes));
  return success();
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
    return context.fail("the type to cast to, number " +
                        Twine(context.integer("to", 0)) + ", is not supported");
  }
  context.setResult(0, context.shape(0), element);
  auto elements = context.elements(0);
  if (!elements || !isa<IntegerType>(element)) {
    return success();
  }
  for (SymbolicInt &value : *elements) {
    if (!element.isInteger(1)) {
      value = fit(value, element);
    } else if (value.value) {
      value = SymbolicInt::constant(*value.value != 0 ? 1 : 0);
    } else {
      value = value.isPositive() ? SymbolicInt::constant(1)
                                 : SymbolicInt::unknown();
    }
  }
  context.setElements(std::move(*elements));
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
       {"Neg",       "Abs",      "Sign",    "Sqrt",      "Reciprocal",
        "Exp",       "Log",      "Floor",   "Ceil",      "Round",
        "Erf",       "Sin",      "Cos",     "Not",       "Relu",
        "LeakyRelu", "Elu",      "Sigmoid", "Tanh",      "HardSigmoid",
        "Softplus",  "Softsign", "Swish",   "HardSwish", "Identity"}) {
    rules[(":" + name).str()] = same;
  }
  rules["com.microsoft:QuickGelu"] = same;
  rules[":Gelu"] = gelu;
  rules[":Clip"] = clip;
  rules[":Softmax"] = softmax;
  rules[":LogSoftmax"] = softmax;
  rules[":CumSum"] = cumSum;
  rules[":Trilu"] = trilu;
  rules[":Where"] = where;
  rules[":Cast"] = cast_;
  rules[":CastLike"] = cast_;
}
