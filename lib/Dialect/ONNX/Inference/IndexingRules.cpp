//===- IndexingRules.cpp - types of slices, joins and gathers -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

#include "llvm/ADT/APSInt.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

static LogicalResult concat(InferContext &context) {
  SymbolicShape result = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", 1), result.size());
  if (failed(axis)) {
    return failure();
  }
  std::optional<SmallVector<SymbolicInt>> elements = SmallVector<SymbolicInt>();
  SymbolicInt sum = SymbolicInt::constant(0);
  for (unsigned i = 0; i < context.numInputs(); ++i) {
    SymbolicShape shape = context.shape(i);
    if (shape.size() != result.size()) {
      return context.fail("input " + Twine(i) + " has " + Twine(shape.size()) +
                          " dimensions, but input 0 has " +
                          Twine(result.size()));
    }
    sum = sum + shape[*axis];
    for (auto [dim, size] : llvm::enumerate(shape)) {
      if (static_cast<int64_t>(dim) == *axis) {
        continue;
      }
      SymbolicInt &known = result[dim];
      if (known.value && size.value && *known.value != *size.value) {
        return context.fail("dimension " + Twine(dim) + " of input " +
                            Twine(i) + " has size " + Twine(*size.value) +
                            ", but that of another input " +
                            Twine(*known.value));
      }
      if (!known.value && size.value) {
        known = size;
      }
    }
    auto part = context.elements(i);
    if (!part) {
      // Something is known of the others.
      auto type = context.inputType(i);
      if (elements && type.hasStaticShape() && type.getRank() == 1 &&
          isa<IntegerType>(type.getElementType()) &&
          type.getDimSize(0) <= kMaxPartialElements) {
        elements->append(type.getNumElements(), SymbolicInt::unknown());
      } else {
        elements.reset();
      }
    } else if (elements) {
      elements->append(part->begin(), part->end());
    }
    if (elements && elements->size() > kMaxPartialElements) {
      elements.reset();
    }
  }
  result[*axis] = sum;
  context.setResult(0, result, context.element(0));
  if (elements && result.size() == 1) {
    context.setElements(*elements);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

namespace {

/// The parameters of a Slice: attributes before version 10, inputs after.
struct SliceParameters {
  std::optional<SmallVector<SymbolicInt>> starts, ends, axes, steps;
};

} // namespace

static std::optional<SmallVector<SymbolicInt>>
asSymbolic(std::optional<SmallVector<int64_t>> values) {
  if (!values) {
    return std::nullopt;
  }
  SmallVector<SymbolicInt> result;
  for (int64_t value : *values) {
    result.push_back(SymbolicInt::constant(value));
  }
  return result;
}

static SliceParameters sliceParameters(InferContext &context) {
  if (context.version() < 10) {
    return {asSymbolic(context.integers("starts")),
            asSymbolic(context.integers("ends")),
            asSymbolic(context.integers("axes")), std::nullopt};
  }
  return {context.elements(1), context.elements(2), context.elements(3),
          context.elements(4)};
}

namespace {

/// The positions that a slice takes of one dimension of static size.
struct SliceRange {
  int64_t first, step, count;

  SliceRange(int64_t extent, int64_t start, int64_t end, int64_t step)
      : step(step) {
    auto clamp = [&](int64_t value, int64_t low, int64_t high) {
      value = value < 0 ? std::max(value, -extent - 1) + extent : value;
      return std::min(std::max(value, low), high);
    };
    if (step > 0) {
      first = clamp(start, 0, extent);
      count = clamp(end, 0, extent) - first;
    } else {
      first = clamp(start, 0, extent - 1);
      count = first - clamp(end, -1, extent - 1);
    }
    // The magnitude of the smallest integer is none.
    uint64_t stride = step > 0 ? step : -static_cast<uint64_t>(step);
    count = count <= 0 ? 0 : static_cast<int64_t>((count - 1) / stride + 1);
  }
};

} // namespace

/// A bound of a slice, from 0 to the size.
static SymbolicInt sliceBound(const SymbolicInt &size, SymbolicInt bound) {
  SymbolicInt zero = SymbolicInt::constant(0);
  if (bound.value && *bound.value < 0) {
    bound = maximum(size + bound, zero);
  } else if (!bound.isNonNegative()) {
    return SymbolicInt::unknown();
  }
  // What exporters write for "to the end".
  return bound.value && *bound.value >= INT32_MAX && !size.value
             ? size
             : minimum(bound, size);
}

/// The size that a slice leaves of a dimension.
static SymbolicInt slicedSize(const SymbolicInt &size, const SymbolicInt &start,
                              const SymbolicInt &end, int64_t step) {
  if (size.value && start.value && end.value) {
    return SymbolicInt::constant(
        SliceRange(*size.value, *start.value, *end.value, step).count);
  }
  if (step < 0 || step > INT32_MAX) {
    return SymbolicInt::unknown();
  }
  SymbolicInt span = sliceBound(size, end) - sliceBound(size, start);
  if (!span.isNonNegative()) {
    span = maximum(span, SymbolicInt::constant(0));
  }
  return floorDivide(span + SymbolicInt::constant(step - 1),
                     SymbolicInt::constant(step));
}

/// The elements of a slice of a list.
static void sliceElements(InferContext &context,
                          const SliceParameters &parameters) {
  auto elements = context.elements(0);
  if (!elements || context.rank(0) != 1 || parameters.starts->size() != 1) {
    return;
  }
  std::optional<int64_t> start = (*parameters.starts)[0].value;
  std::optional<int64_t> end = (*parameters.ends)[0].value;
  std::optional<int64_t> step =
      parameters.steps ? (*parameters.steps)[0].value : 1;
  if (!start || !end || !step) {
    return;
  }
  SliceRange range(elements->size(), *start, *end, *step);
  SmallVector<SymbolicInt> result;
  for (int64_t i = 0; i < range.count; ++i) {
    result.push_back((*elements)[range.first + i * range.step]);
  }
  context.setElements(std::move(result));
}

/// The axes that a slice cuts; unknown axes fail.
static FailureOr<SmallVector<int64_t>>
slicedAxes(InferContext &context, const SliceParameters &parameters,
           size_t count) {
  SmallVector<int64_t> axes;
  SmallVector<bool> seen(context.rank(0));
  for (size_t i = 0; i < count; ++i) {
    std::optional<int64_t> given =
        parameters.axes ? (*parameters.axes)[i].value : static_cast<int64_t>(i);
    if (!given) {
      return context.fail("axes must be known at compile time");
    }
    FailureOr<int64_t> axis = context.axis(*given, context.rank(0));
    if (failed(axis)) {
      return failure();
    }
    if (seen[*axis]) {
      return context.fail("axis " + Twine(*given) + " is given twice");
    }
    seen[*axis] = true;
    axes.push_back(*axis);
  }
  return axes;
}

static LogicalResult slice(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  for (unsigned index : {1, 2, 3, 4}) {
    if (failed(context.expectRank(index, 1))) {
      return failure();
    }
  }
  SliceParameters parameters = sliceParameters(context);
  if (context.hasInput(3) && !parameters.axes) {
    return context.fail("axes must be known at compile time");
  }
  bool known = parameters.starts && parameters.ends;
  if (!known && !parameters.axes) {
    // Nothing says which dimensions are cut.
    shape.assign(shape.size(), SymbolicInt::unknown());
    context.setResult(0, shape, context.element(0));
    return success();
  }
  size_t count = known ? parameters.starts->size() : parameters.axes->size();
  if ((parameters.starts && parameters.starts->size() != count) ||
      (parameters.ends && parameters.ends->size() != count) ||
      (parameters.axes && parameters.axes->size() != count) ||
      (parameters.steps && parameters.steps->size() != count)) {
    return context.fail("starts, ends, axes and steps have different lengths");
  }
  FailureOr<SmallVector<int64_t>> axes = slicedAxes(context, parameters, count);
  if (failed(axes)) {
    return failure();
  }
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    SymbolicInt step = parameters.steps      ? (*parameters.steps)[i]
                       : context.hasInput(4) ? SymbolicInt::unknown()
                                             : SymbolicInt::constant(1);
    if (step.value == 0) {
      return context.fail("a step is 0");
    }
    shape[axis] = known && step.value
                      ? slicedSize(shape[axis], (*parameters.starts)[i],
                                   (*parameters.ends)[i], *step.value)
                      : SymbolicInt::unknown();
  }
  if (known && (parameters.steps || !context.hasInput(4))) {
    sliceElements(context, parameters);
  }
  context.setResult(0, shape, context.element(0));
  return success();
}

/// The sizes of the parts of a split that are not listed: equal, but for the
/// last one, which may be smaller.
static SymbolicInt splitPart(const SymbolicInt &size, int64_t count,
                             int64_t index) {
  SymbolicInt parts = SymbolicInt::constant(count);
  if (std::optional<SymbolicInt> equal = size.dividedBy(parts)) {
    return *equal;
  }
  SymbolicInt part =
      floorDivide(size + SymbolicInt::constant(count - 1), parts);
  return minimum(part, maximum(size - part * SymbolicInt::constant(index),
                               SymbolicInt::constant(0)));
}

static LogicalResult split(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", 0), shape.size());
  if (failed(axis)) {
    return failure();
  }
  auto parts = asSymbolic(context.integers("split"));
  int64_t count = context.numResults();
  if (context.hasInput(1)) {
    parts = context.elements(1);
    if (!parts) {
      parts.emplace(count, SymbolicInt::unknown());
    }
  }
  if (parts && static_cast<int64_t>(parts->size()) != count) {
    return context.fail("split has " + Twine(parts->size()) + " parts for " +
                        Twine(count) + " outputs");
  }
  if (int64_t stated = context.integer("num_outputs", count); stated != count) {
    return context.fail("num_outputs is " + Twine(stated) + ", but there are " +
                        Twine(count) + " outputs");
  }
  SymbolicInt size = shape[*axis], sum = SymbolicInt::constant(0);
  if (!parts && context.version() < 18 && size.value &&
      *size.value % count != 0) {
    return context.fail("dimension " + Twine(*axis) + " of size " +
                        Twine(*size.value) + " cannot be cut into " +
                        Twine(count) + " equal parts");
  }
  for (int64_t i = 0; i < count; ++i) {
    SymbolicInt part = parts ? (*parts)[i] : splitPart(size, count, i);
    if (part.value && *part.value < 0) {
      return context.fail("a part has the size " + Twine(*part.value));
    }
    sum = sum + part;
    shape[*axis] = part;
    context.setResult(i, shape, context.element(0));
  }
  if (parts && size.value && sum.value && *size.value != *sum.value) {
    return context.fail("the parts have " + Twine(*sum.value) +
                        " elements together, but dimension " + Twine(*axis) +
                        " has " + Twine(*size.value));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Gathers, OneHot
//===----------------------------------------------------------------------===//

static LogicalResult gather(InferContext &context) {
  SymbolicShape data = context.shape(0), indices = context.shape(1);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", 0), data.size());
  if (failed(axis)) {
    return failure();
  }
  SymbolicShape result(data.begin(), data.begin() + *axis);
  result.append(indices.begin(), indices.end());
  result.append(data.begin() + *axis + 1, data.end());
  context.setResult(0, result, context.element(0));
  auto elements = context.elements(0);
  auto positions = context.constants(1);
  if (elements && positions && data.size() == 1) {
    SmallVector<SymbolicInt> picked;
    for (int64_t position : *positions) {
      position += position < 0 ? elements->size() : 0;
      if (position < 0 || position >= static_cast<int64_t>(elements->size())) {
        return context.fail("an index is outside the " +
                            Twine(elements->size()) + " elements");
      }
      picked.push_back((*elements)[position]);
    }
    context.setElements(picked);
  }
  return success();
}

static LogicalResult gatherElements(InferContext &context) {
  if (failed(context.expectRank(1, context.rank(0))) ||
      failed(context.axis(context.integer("axis", 0), context.rank(0)))) {
    return failure();
  }
  context.setResult(0, context.shape(1), context.element(0));
  return success();
}

/// A depth that is given as a floating-point number.
static SymbolicInt floatDepth(DenseFPElementsAttr value) {
  if (value.getNumElements() != 1) {
    return SymbolicInt::unknown();
  }
  APFloat number = *value.begin();
  llvm::APSInt integer(64, /*isUnsigned=*/false);
  bool exact;
  return number.convertToInteger(integer, APFloat::rmTowardZero, &exact) ==
                 APFloat::opInvalidOp
             ? SymbolicInt::unknown()
             : SymbolicInt::constant(integer.getSExtValue());
}

static LogicalResult oneHot(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", -1), shape.size() + 1);
  if (failed(axis) || failed(context.expectOne(1)) ||
      failed(context.expectRank(2, 1))) {
    return failure();
  }
  SymbolicInt values = context.shape(2)[0];
  if (values.value && *values.value != 2) {
    return context.fail("input 2 (values) has " + Twine(*values.value) +
                        " elements, but must have two");
  }
  SymbolicInt depth = SymbolicInt::unknown();
  if (auto elements = context.elements(1)) {
    depth = elements->empty() ? SymbolicInt::unknown() : (*elements)[0];
  } else if (auto constant = context.input(1).getDefiningOp<ConstantOp>()) {
    if (auto value = dyn_cast<DenseFPElementsAttr>(constant.getValue())) {
      depth = floatDepth(value);
    }
  }
  if (depth.value && *depth.value < 0) {
    return context.fail("the depth is " + Twine(*depth.value));
  }
  if (!depth.isNonNegative()) {
    depth = SymbolicInt::unknown();
  }
  shape.insert(shape.begin() + *axis, depth);
  context.setResult(0, shape, context.element(2));
  return success();
}

void moe::onnx::addIndexingRules(InferenceRules &rules) {
  rules[":Concat"] = concat;
  rules[":Slice"] = slice;
  rules[":Split"] = split;
  rules[":Gather"] = gather;
  rules[":GatherElements"] = gatherElements;
  rules[":OneHot"] = oneHot;
}
