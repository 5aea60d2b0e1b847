//===- ShapeRules.cpp - types of operators that change shapes -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

static Type i64(InferContext &context) {
  return IntegerType::get(context.element(0).getContext(), 64);
}

/// Elements keep their row-major order.
static void keepElements(InferContext &context) {
  if (auto elements = context.elements(0)) {
    context.setElements(*elements);
  }
}

static SymbolicInt product(ArrayRef<SymbolicInt> sizes) {
  SymbolicInt result = SymbolicInt::constant(1);
  for (const SymbolicInt &size : sizes) {
    result = result * size;
  }
  return result;
}

/// What is known of the sizes that an input lists.
static FailureOr<SymbolicShape> listedShape(InferContext &context,
                                            unsigned index) {
  if (failed(context.expectRank(index, 1))) {
    return failure();
  }
  if (auto elements = context.elements(index)) {
    return SymbolicShape(*elements);
  }
  SymbolicInt count = context.shape(index)[0];
  if (!count.value) {
    return context.fail("the rank of the result must be known at compile time");
  }
  constexpr int64_t most = 64;
  if (*count.value > most) {
    return context.fail("the result would have rank " + count.str() +
                        "; at most " + Twine(most) + " is supported");
  }
  return SymbolicShape(*count.value, SymbolicInt::unknown());
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

/// What -1 stands for: the elements that the other sizes leave.
static SymbolicInt leftOver(SymbolicShape input, SymbolicShape output) {
  // Sizes that are sums cancel only as they are.
  for (SymbolicInt &size : output) {
    auto *same =
        size.value || size.isUnknown() ? input.end() : llvm::find(input, size);
    if (same != input.end()) {
      input.erase(same);
      size = SymbolicInt::constant(1);
    }
  }
  return product(input)
      .dividedBy(product(output))
      .value_or(SymbolicInt::unknown());
}

/// What a size of the shape operand stands for when it is an expression: it may
/// turn out to be 0 or -1 in a run, which mean something else.
static SymbolicInt requestedSize(const SymbolicInt &size, size_t index,
                                 const SymbolicShape &input, bool allowZero) {
  if (!size.isNonNegative()) {
    return SymbolicInt::unknown();
  }
  // Where it is 0, so is the input's size that it then stands for.
  bool zeroIsZero =
      allowZero || size.isPositive() || index >= input.size() ||
      (!input[index].isUnknown() && input[index].dividedBy(size).has_value());
  return zeroIsZero ? size : SymbolicInt::unknown();
}

/// Resolves the sizes of a shape operand in place.
static LogicalResult resolveSizes(InferContext &context,
                                  const SymbolicShape &input,
                                  SymbolicShape &result) {
  bool allowZero = context.integer("allowzero", 0) != 0;
  SymbolicInt all = product(input);
  // With constants beside it, a single expression is what fills the shape, and
  // the run fails otherwise.
  bool filled = !all.isUnknown() && !all.value && product(result) == all &&
                llvm::count_if(result, [](const SymbolicInt &size) {
                  return !size.value;
                }) == 1;
  std::optional<size_t> free;
  for (auto [index, size] : llvm::enumerate(result)) {
    if (!size.value) {
      size = filled && size.isNonNegative()
                 ? size
                 : requestedSize(size, index, input, allowZero);
    } else if (*size.value == 0 && !allowZero) {
      if (index >= input.size()) {
        return context.fail("0 in the shape stands for dimension " +
                            Twine(index) + ", which the input does not have");
      }
      size = input[index];
    } else if (*size.value == -1) {
      if (free) {
        return context.fail("the shape has more than one -1");
      }
      free = index;
      size = SymbolicInt::constant(1);
    } else if (*size.value < 0) {
      return context.fail("the shape has the size " + Twine(*size.value));
    }
  }
  if (free) {
    SymbolicShape others(result);
    others.erase(others.begin() + *free);
    result[*free] = leftOver(input, others);
    SymbolicInt left = product(others);
    if (left.value && *left.value != 0 && all.value &&
        *all.value % *left.value != 0) {
      return context.fail("the input's " + Twine(*all.value) +
                          " elements are no multiple of " + Twine(*left.value));
    }
  }
  return success();
}

static LogicalResult reshape(InferContext &context) {
  SymbolicShape input = context.shape(0);
  FailureOr<SymbolicShape> result = listedShape(context, 1);
  if (failed(result) || failed(resolveSizes(context, input, *result))) {
    return failure();
  }
  SymbolicInt before = product(input), after = product(*result);
  if (before.value && after.value && *before.value != *after.value) {
    return context.fail("the input has " + Twine(*before.value) +
                        " elements, the shape " + Twine(*after.value));
  }
  keepElements(context);
  context.setResult(0, *result, context.element(0));
  return success();
}

static LogicalResult flatten(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  int64_t rank = shape.size(), axis = context.integer("axis", 1);
  if (axis < -rank || axis > rank) {
    return context.fail("axis " + Twine(axis) + " is outside [" + Twine(-rank) +
                        ", " + Twine(rank) + "]");
  }
  axis += axis < 0 ? rank : 0;
  context.setResult(0,
                    {product(ArrayRef(shape).take_front(axis)),
                     product(ArrayRef(shape).drop_front(axis))},
                    context.element(0));
  return success();
}

//===----------------------------------------------------------------------===//
// Squeeze, Unsqueeze, Transpose, Expand, Tile, Pad
//===----------------------------------------------------------------------===//

static FailureOr<std::optional<SmallVector<int64_t>>>
getAxes(InferContext &context, unsigned index) {
  if (context.hasInput(index)) {
    auto constants = context.constants(index);
    if (!constants) {
      return context.fail("axes must be known at compile time");
    }
    return std::optional<SmallVector<int64_t>>(constants);
  }
  return context.integers("axes");
}

static LogicalResult squeeze(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  auto axes = getAxes(context, 1);
  if (failed(axes)) {
    return failure();
  }
  SmallVector<bool> dropped(shape.size());
  if (*axes) {
    for (int64_t given : **axes) {
      FailureOr<int64_t> axis = context.axis(given, shape.size());
      if (failed(axis)) {
        return failure();
      }
      if (shape[*axis].value && *shape[*axis].value != 1) {
        return context.fail("dimension " + Twine(*axis) + " has size " +
                            Twine(*shape[*axis].value) + ", not 1");
      }
      dropped[*axis] = true;
    }
  } else {
    for (auto [size, isDropped] : llvm::zip_equal(shape, dropped)) {
      if (!size.value) {
        return context.fail("which dimensions have size 1 must be known at "
                            "compile time");
      }
      isDropped = *size.value == 1;
    }
  }
  SymbolicShape result;
  for (auto [size, isDropped] : llvm::zip_equal(shape, dropped)) {
    if (!isDropped) {
      result.push_back(size);
    }
  }
  keepElements(context);
  context.setResult(0, result, context.element(0));
  return success();
}

static LogicalResult unsqueeze(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  auto axes = getAxes(context, 1);
  if (failed(axes)) {
    return failure();
  }
  int64_t rank = shape.size() + (*axes)->size();
  SmallVector<bool> inserted(rank);
  for (int64_t given : **axes) {
    FailureOr<int64_t> axis = context.axis(given, rank);
    if (failed(axis)) {
      return failure();
    }
    if (inserted[*axis]) {
      return context.fail("axis " + Twine(given) + " is given twice");
    }
    inserted[*axis] = true;
  }
  SymbolicShape result;
  auto next = shape.begin();
  for (bool isInserted : inserted) {
    result.push_back(isInserted ? SymbolicInt::constant(1) : *next++);
  }
  keepElements(context);
  context.setResult(0, result, context.element(0));
  return success();
}

static LogicalResult transpose(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  SmallVector<int64_t> order;
  if (auto given = context.integers("perm")) {
    order = *given;
  } else {
    for (int64_t i = shape.size(); i > 0; --i) {
      order.push_back(i - 1);
    }
  }
  SmallVector<bool> seen(shape.size());
  SymbolicShape result;
  for (int64_t dim : order) {
    if (dim < 0 || dim >= static_cast<int64_t>(shape.size()) || seen[dim]) {
      return context.fail("perm is no permutation of the dimensions");
    }
    seen[dim] = true;
    result.push_back(shape[dim]);
  }
  if (order.size() != shape.size()) {
    return context.fail("perm is no permutation of the dimensions");
  }
  context.setResult(0, result, context.element(0));
  return success();
}

static LogicalResult expand(InferContext &context) {
  FailureOr<SymbolicShape> target = listedShape(context, 1);
  if (failed(target)) {
    return failure();
  }
  for (const SymbolicInt &size : *target) {
    if (size.value && *size.value < 0) {
      return context.fail("the shape has the size " + Twine(*size.value));
    }
  }
  FailureOr<SymbolicShape> shape =
      broadcast(context, {context.shape(0), *target});
  if (failed(shape)) {
    return failure();
  }
  context.setResult(0, *shape, context.element(0));
  auto elements = context.elements(0);
  SymbolicInt count = product(*shape);
  if (elements && elements->size() == 1 && count.value &&
      *count.value <= kMaxPartialElements) {
    context.setElements(
        SmallVector<SymbolicInt>(*count.value, elements->front()));
  }
  return success();
}

static LogicalResult tile(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  if (failed(context.expectRank(1, 1))) {
    return failure();
  }
  auto repeats = context.elements(1);
  if (repeats && repeats->size() != shape.size()) {
    return context.fail("input 1 (repeats) has " + Twine(repeats->size()) +
                        " elements, but the input has " + Twine(shape.size()) +
                        " dimensions");
  }
  for (auto [index, size] : llvm::enumerate(shape)) {
    if (repeats && (*repeats)[index].value && *(*repeats)[index].value < 0) {
      return context.fail("a repeat is " + Twine(*(*repeats)[index].value));
    }
    size = repeats ? size * (*repeats)[index] : SymbolicInt::unknown();
  }
  context.setResult(0, shape, context.element(0));
  return success();
}

static LogicalResult pad(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  if (failed(
          context.expectAttribute("mode", context.string("mode", "constant"),
                                  {"constant", "edge", "reflect", "wrap"})) ||
      failed(context.expectOne(2))) {
    return failure();
  }
  std::optional<SmallVector<int64_t>> pads = context.integers("pads");
  if (!pads && context.numInputs() > 1) {
    pads = context.constants(1);
  }
  SmallVector<int64_t> axes;
  if (context.hasInput(3)) {
    auto given = context.constants(3);
    if (!given) {
      return context.fail("axes must be known at compile time");
    }
    for (int64_t value : *given) {
      FailureOr<int64_t> axis = context.axis(value, shape.size());
      if (failed(axis)) {
        return failure();
      }
      axes.push_back(*axis);
    }
  } else {
    axes = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
  }
  if (pads && pads->size() != 2 * axes.size()) {
    return context.fail("pads has " + Twine(pads->size()) +
                        " elements, expected " + Twine(2 * axes.size()));
  }
  for (auto [index, axis] : llvm::enumerate(axes)) {
    if (!pads) {
      shape[axis] = SymbolicInt::unknown();
      continue;
    }
    shape[axis] = shape[axis] + SymbolicInt::constant((*pads)[index]) +
                  SymbolicInt::constant((*pads)[index + axes.size()]);
    if (shape[axis].value && *shape[axis].value < 0) {
      return context.fail("dimension " + Twine(axis) + " would have the size " +
                          Twine(*shape[axis].value));
    }
  }
  context.setResult(0, shape, context.element(0));
  return success();
}

//===----------------------------------------------------------------------===//
// Shapes as values
//===----------------------------------------------------------------------===//

static LogicalResult shape_(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  int64_t rank = shape.size();
  auto bound = [&](int64_t value) {
    value += value < 0 ? rank : 0;
    return std::min(std::max<int64_t>(value, 0), rank);
  };
  int64_t start = bound(context.integer("start", 0));
  int64_t end = bound(context.integer("end", rank));
  ArrayRef<SymbolicInt> kept =
      ArrayRef(shape).slice(start, std::max<int64_t>(end - start, 0));
  context.setElements(SmallVector<SymbolicInt>(kept));
  context.setResult(0,
                    {SymbolicInt::constant(static_cast<int64_t>(kept.size()))},
                    i64(context));
  return success();
}

static LogicalResult size_(InferContext &context) {
  context.setElements({product(context.shape(0))});
  context.setResult(0, {}, i64(context));
  return success();
}

static LogicalResult constantOfShape(InferContext &context) {
  FailureOr<SymbolicShape> shape = listedShape(context, 0);
  if (failed(shape)) {
    return failure();
  }
  Type element = Float32Type::get(context.element(0).getContext());
  SymbolicInt fill = SymbolicInt::unknown();
  if (auto value =
          dyn_cast_or_null<DenseElementsAttr>(context.attribute("value"))) {
    element = value.getElementType();
    if (value.getNumElements() != 1) {
      return context.fail("attribute 'value' must have one element, but has " +
                          Twine(value.getNumElements()));
    }
    if (element.isInteger(1) || element.isSignlessInteger(32) ||
        element.isSignlessInteger(64)) {
      APInt number = *value.getValues<APInt>().begin();
      fill = SymbolicInt::constant(
          element.isInteger(1) ? number.getZExtValue() : number.getSExtValue());
    }
  }
  context.setResult(0, *shape, element);
  SymbolicInt count = product(*shape);
  if (fill.value && count.value && *count.value >= 0 &&
      *count.value <= kMaxPartialElements) {
    context.setElements(SmallVector<SymbolicInt>(*count.value, fill));
  }
  return success();
}

/// Elements of a range of integers, as many as max(0, ceil(span / step)).
static SymbolicInt rangeCount(const SymbolicInt &start,
                              const SymbolicInt &limit,
                              const SymbolicInt &step) {
  if (!step.value || *step.value == 0 || *step.value == INT64_MIN) {
    return SymbolicInt::unknown();
  }
  int64_t stride = std::abs(*step.value);
  SymbolicInt span = *step.value > 0 ? limit - start : start - limit;
  if (!span.value && !span.isNonNegative()) {
    span = maximum(span, SymbolicInt::constant(0));
  }
  SymbolicInt count = floorDivide(span + SymbolicInt::constant(stride - 1),
                                  SymbolicInt::constant(stride));
  return count.value ? SymbolicInt::constant(std::max<int64_t>(0, *count.value))
                     : count;
}

static LogicalResult range(InferContext &context) {
  for (unsigned i = 0; i < 3; ++i) {
    RankedTensorType type = context.inputType(i);
    if (type.getRank() > 1 || (type.getRank() == 1 && !type.isDynamicDim(0) &&
                               type.getDimSize(0) != 1)) {
      return context.fail("input " + Twine(i) + " must be a scalar");
    }
  }
  auto start = context.elements(0), limit = context.elements(1);
  auto delta = context.elements(2);
  SymbolicInt count = SymbolicInt::unknown();
  // Numbers of 32 bits and fewer may wrap.
  bool known = start && limit && delta && !start->empty() && !limit->empty() &&
               !delta->empty() &&
               (context.element(0).isInteger(64) ||
                ((*start)[0].value && (*limit)[0].value));
  if (known) {
    count = rangeCount((*start)[0], (*limit)[0], (*delta)[0]);
  }
  context.setResult(0, {count}, context.element(0));
  if (known && count.value && *count.value <= kMaxPartialElements) {
    SmallVector<SymbolicInt> elements;
    for (int64_t i = 0; i < *count.value; ++i) {
      elements.push_back((*start)[0] + (*delta)[0] * SymbolicInt::constant(i));
    }
    context.setElements(std::move(elements));
  }
  return success();
}

void moe::onnx::addShapeRules(InferenceRules &rules) {
  rules[":Reshape"] = reshape;
  rules[":Flatten"] = flatten;
  rules[":Squeeze"] = squeeze;
  rules[":Unsqueeze"] = unsqueeze;
  rules[":Transpose"] = transpose;
  rules[":Expand"] = expand;
  rules[":Tile"] = tile;
  rules[":Pad"] = pad;
  rules[":Shape"] = shape_;
  rules[":Size"] = size_;
  rules[":ConstantOfShape"] = constantOfShape;
  rules[":Range"] = range;
}
