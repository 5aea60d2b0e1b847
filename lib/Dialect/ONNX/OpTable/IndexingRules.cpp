//===- IndexingRules.cpp - types of slices, joins and gathers -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

#include <cmath>

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
    if (context.element(i) != context.element(0)) {
      return context.fail("inputs have different element types");
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
          type.getNumElements() <= kMaxPartialElements) {
        elements->append(type.getNumElements(), SymbolicInt::unknown());
      } else {
        elements.reset();
      }
    } else if (elements) {
      elements->append(part->begin(), part->end());
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

/// The size that a slice leaves of a dimension.
static SymbolicInt slicedSize(const SymbolicInt &size, const SymbolicInt &start,
                              const SymbolicInt &end, int64_t step) {
  if (!start.value || !end.value) {
    return SymbolicInt::unknown();
  }
  if (!size.value) {
    // All of it.
    bool whole = *start.value == 0 && *end.value >= INT32_MAX && step == 1;
    return whole ? size : SymbolicInt::unknown();
  }
  int64_t extent = *size.value;
  auto clamp = [&](int64_t value, int64_t low, int64_t high) {
    value += value < 0 ? extent : 0;
    return std::min(std::max(value, low), high);
  };
  int64_t first, last;
  if (step > 0) {
    first = clamp(*start.value, 0, extent);
    last = clamp(*end.value, 0, extent);
  } else {
    first = clamp(*start.value, 0, extent - 1);
    last = *end.value < -extent ? -1 : clamp(*end.value, -1, extent - 1);
  }
  int64_t span = step > 0 ? last - first : first - last;
  int64_t stride = std::abs(step);
  return SymbolicInt::constant(span <= 0 ? 0 : (span + stride - 1) / stride);
}

static void sliceElements(InferContext &context,
                          const SliceParameters &parameters) {
  auto elements = context.elements(0);
  if (!elements || context.rank(0) != 1 || !parameters.starts ||
      parameters.starts->size() != 1 || !(*parameters.starts)[0].value ||
      !(*parameters.ends)[0].value) {
    return;
  }
  int64_t step = parameters.steps && (*parameters.steps)[0].value
                     ? *(*parameters.steps)[0].value
                     : 1;
  if (step != 1) {
    return;
  }
  int64_t extent = elements->size();
  auto bound = [&](int64_t value) {
    value += value < 0 ? extent : 0;
    return std::min(std::max<int64_t>(value, 0), extent);
  };
  int64_t first = bound(*(*parameters.starts)[0].value);
  int64_t last = bound(*(*parameters.ends)[0].value);
  SmallVector<SymbolicInt> result;
  for (int64_t i = first; i < last; ++i) {
    result.push_back((*elements)[i]);
  }
  context.setElements(result);
}

static LogicalResult slice(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  SliceParameters parameters = sliceParameters(context);
  int64_t rank = shape.size();
  if (!parameters.starts || !parameters.ends) {
    // Which dimensions are cut may be known all the same.
    if (!parameters.axes) {
      shape.assign(rank, SymbolicInt::unknown());
    } else {
      for (const SymbolicInt &axis : *parameters.axes) {
        FailureOr<int64_t> dim = context.axis(axis.value.value_or(0), rank);
        if (failed(dim)) {
          return failure();
        }
        shape[*dim] = SymbolicInt::unknown();
      }
    }
    context.setResult(0, shape, context.element(0));
    return success();
  }
  size_t count = parameters.starts->size();
  if (parameters.ends->size() != count ||
      (parameters.axes && parameters.axes->size() != count) ||
      (parameters.steps && parameters.steps->size() != count)) {
    return context.fail("starts, ends, axes and steps have different lengths");
  }
  for (size_t i = 0; i < count; ++i) {
    int64_t given = parameters.axes ? (*parameters.axes)[i].value.value_or(0)
                                    : static_cast<int64_t>(i);
    FailureOr<int64_t> axis = context.axis(given, rank);
    if (failed(axis)) {
      return failure();
    }
    SymbolicInt step = parameters.steps ? (*parameters.steps)[i]
                                        : SymbolicInt::constant(1);
    if (step.value == 0) {
      return context.fail("a step is 0");
    }
    shape[*axis] = step.value ? slicedSize(shape[*axis],
                                           (*parameters.starts)[i],
                                           (*parameters.ends)[i], *step.value)
                              : SymbolicInt::unknown();
  }
  sliceElements(context, parameters);
  context.setResult(0, shape, context.element(0));
  return success();
}

static LogicalResult split(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", 0), shape.size());
  if (failed(axis)) {
    return failure();
  }
  std::optional<SmallVector<int64_t>> parts = context.integers("split");
  if (context.hasInput(1)) {
    parts = context.constants(1);
  }
  SymbolicInt size = shape[*axis];
  int64_t count = context.numResults();
  for (int64_t i = 0; i < count; ++i) {
    if (parts) {
      if (static_cast<int64_t>(parts->size()) != count) {
        return context.fail("split has " + Twine(parts->size()) +
                            " parts for " + Twine(count) + " outputs");
      }
      shape[*axis] = SymbolicInt::constant((*parts)[i]);
    } else if (size.value) {
      // The last part may be smaller.
      int64_t part = (*size.value + count - 1) / count;
      int64_t left = *size.value - part * i;
      shape[*axis] = SymbolicInt::constant(
          std::max<int64_t>(0, std::min(part, left)));
    } else {
      shape[*axis] = SymbolicInt::unknown();
    }
    context.setResult(i, shape, context.element(0));
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
  context.setResult(0, context.shape(1), context.element(0));
  return success();
}

static LogicalResult oneHot(InferContext &context) {
  SymbolicShape shape = context.shape(0);
  FailureOr<int64_t> axis =
      context.axis(context.integer("axis", -1), shape.size() + 1);
  if (failed(axis)) {
    return failure();
  }
  SymbolicInt depth = SymbolicInt::unknown();
  if (auto elements = context.elements(1)) {
    depth = (*elements)[0];
  } else if (auto constant = context.input(1).getDefiningOp<ConstantOp>()) {
    if (auto value = dyn_cast<DenseFPElementsAttr>(constant.getValue())) {
      depth = SymbolicInt::constant((*value.begin()).convertToDouble());
    }
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
