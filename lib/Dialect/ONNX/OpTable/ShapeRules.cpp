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

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

/// The number of elements of -1: what is left of the input. Equal sizes cancel.
static SymbolicInt leftOver(SymbolicShape input, SymbolicShape output) {
  for (SymbolicInt &size : output) {
    auto same = llvm::find_if(input, [&](const SymbolicInt &other) {
      return !size.isUnknown() && !size.value && other == size;
    });
    if (same != input.end()) {
      input.erase(same);
      size = SymbolicInt::constant(1);
    }
  }
  SymbolicInt all = product(input), known = product(output);
  if (known.value == 1) {
    return all;
  }
  // Whole factors cancel, too: (N * 64) in parts of 8.
  if (known.value && *known.value != 0) {
    int64_t numbers = 1;
    SymbolicShape names;
    for (const SymbolicInt &size : input) {
      if (size.value) {
        numbers *= *size.value;
      } else {
        names.push_back(size);
      }
    }
    if (numbers % *known.value == 0) {
      return product(names) * SymbolicInt::constant(numbers / *known.value);
    }
  }
  return SymbolicInt::unknown();
}

static LogicalResult reshape(InferContext &context) {
  SymbolicShape input = context.shape(0);
  keepElements(context);
  auto target = context.elements(1);
  if (context.version() < 5) {
    return context.fail("this version takes its shape from an attribute");
  }
  if (!target) {
    RankedTensorType type = context.inputType(1);
    if (type.getRank() != 1 || type.isDynamicDim(0)) {
      return context.fail(
          "the rank of the result must be known at compile time");
    }
    context.setResult(
        0, SymbolicShape(type.getDimSize(0), SymbolicInt::unknown()),
        context.element(0));
    return success();
  }
  bool allowZero = context.integer("allowzero", 0) != 0;
  SymbolicShape result = *target;
  std::optional<size_t> free;
  for (auto [index, size] : llvm::enumerate(result)) {
    if (size.value == 0 && !allowZero) {
      if (index >= input.size()) {
        return context.fail("0 in the shape stands for dimension " +
                            Twine(index) + ", which the input does not have");
      }
      size = input[index];
    } else if (size.value == -1) {
      if (free) {
        return context.fail("the shape has more than one -1");
      }
      free = index;
      size = SymbolicInt::constant(1);
    } else if (size.value && *size.value < 0) {
      return context.fail("the shape has the size " + Twine(*size.value));
    }
  }
  if (free) {
    result[*free] = leftOver(input, result);
  }
  SymbolicInt before = product(input), after = product(result);
  if (before.value && after.value && *before.value != *after.value) {
    return context.fail("the input has " + Twine(*before.value) +
                        " elements, the shape " + Twine(*after.value));
  }
  context.setResult(0, result, context.element(0));
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
  if (!*axes) {
    return context.fail("axes are missing");
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

/// What is known of the sizes that an input lists.
static FailureOr<SymbolicShape> listedShape(InferContext &context,
                                            unsigned index) {
  if (auto elements = context.elements(index)) {
    return SymbolicShape(*elements);
  }
  RankedTensorType type = context.inputType(index);
  if (type.getRank() != 1 || type.isDynamicDim(0)) {
    return context.fail("the rank of the result must be known at compile time");
  }
  return SymbolicShape(type.getDimSize(0), SymbolicInt::unknown());
}

static LogicalResult expand(InferContext &context) {
  FailureOr<SymbolicShape> target = listedShape(context, 1);
  if (failed(target)) {
    return failure();
  }
  FailureOr<SymbolicShape> shape =
      broadcast(context, {context.shape(0), *target});
  if (failed(shape)) {
    return failure();
  }
  context.setResult(0, *shape, context.element(0));
  return success();
}

static LogicalResult tile(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  auto repeats = context.elements(1);
  for (auto [index, size] : llvm::enumerate(shape)) {
    size = repeats && index < repeats->size() ? size * (*repeats)[index]
                                              : SymbolicInt::unknown();
  }
  context.setResult(0, shape, context.element(0));
  return success();
}

static LogicalResult pad(InferContext &context) {
  SymbolicShape shape = context.shape(0);
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
  for (auto [index, axis] : llvm::enumerate(axes)) {
    shape[axis] =
        pads && pads->size() == 2 * axes.size()
            ? shape[axis] + SymbolicInt::constant(
                                (*pads)[index] + (*pads)[index + axes.size()])
            : SymbolicInt::unknown();
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
  context.setResult(
      0, {SymbolicInt::constant(static_cast<int64_t>(kept.size()))},
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
  if (auto value =
          dyn_cast_or_null<DenseElementsAttr>(context.attribute("value"))) {
    element = value.getElementType();
  }
  context.setResult(0, *shape, element);
  return success();
}

static LogicalResult range(InferContext &context) {
  SymbolicInt count = SymbolicInt::unknown();
  auto start = context.elements(0), limit = context.elements(1);
  auto delta = context.elements(2);
  if (start && limit && delta && (*delta)[0].value == 1) {
    count = (*limit)[0] - (*start)[0];
  } else if (start && limit && delta && (*start)[0].value &&
             (*limit)[0].value && (*delta)[0].value &&
             *(*delta)[0].value != 0) {
    int64_t step = *(*delta)[0].value;
    int64_t span = *(*limit)[0].value - *(*start)[0].value;
    count = SymbolicInt::constant(
        std::max<int64_t>(0, (span + step - (step > 0 ? 1 : -1)) / step));
  }
  if (count.value && *count.value < 0) {
    count = SymbolicInt::constant(0);
  }
  context.setResult(0, {count}, context.element(0));
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
