//===- Slicing.cpp - parts of tensors, and tensors from parts -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Support/Concat.h"
#include "moe/Support/Tensors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

/// `value` limited to low .. high.
static Value clampIndex(Scalars &s, Value value, Value low, Value high) {
  return s.min(s.max(value, low), high);
}

static Value ceilDivide(Scalars &s, Value value, Value divisor) {
  return s.b.createOrFold<arith::CeilDivSIOp>(value, divisor);
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

SmallVector<SliceDim> moe::onnx::takeAll(Node &node, Value input) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  SmallVector<SliceDim> slices;
  for (OpFoldResult dim : node.getDims(input)) {
    slices.push_back({b.getIndexAttr(0), dim, b.getIndexAttr(1)});
  }
  return slices;
}

/// Whether a slice is known and takes what it takes in ascending order.
static bool isKnownForward(ArrayRef<OpFoldResult> offsets,
                           ArrayRef<OpFoldResult> sizes,
                           ArrayRef<OpFoldResult> strides) {
  auto isKnown = [](OpFoldResult value) {
    return getConstantIntValue(value).has_value();
  };
  return llvm::all_of(offsets, isKnown) && llvm::all_of(sizes, isKnown) &&
         llvm::all_of(strides, [](OpFoldResult stride) {
           return getConstantIntValue(stride).value_or(0) > 0;
         });
}

Value moe::onnx::createSlice(Node &node, Value input,
                             ArrayRef<SliceDim> slices) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<OpFoldResult> offsets;
  SmallVector<OpFoldResult> sizes;
  SmallVector<OpFoldResult> strides;
  for (const SliceDim &slice : slices) {
    offsets.push_back(slice.offset);
    sizes.push_back(slice.size);
    strides.push_back(slice.stride);
  }
  if (llvm::any_of(sizes, [](OpFoldResult size) {
        return isConstantIntValue(size, 0);
      })) {
    return createEmpty(b, sizes, type.getElementType());
  }
  // In a weight what is read of a slice is looked for in what was sliced: see
  // moe-slice-weights.
  bool isInWeight = node.getOp()->getParentOfType<moe::WeightOp>() &&
                    isKnownForward(offsets, sizes, strides);
  if (isInWeight ||
      isContiguousSlice(type.getShape(), offsets, sizes, strides)) {
    return b.createOrFold<tensor::ExtractSliceOp>(input, offsets, sizes,
                                                  strides);
  }
  auto toValue = [&](OpFoldResult value) { return node.getIndexValue(value); };
  SmallVector<Value> begins = llvm::map_to_vector(offsets, toValue);
  SmallVector<Value> steps = llvm::map_to_vector(strides, toValue);
  return createIndexed(
      b, sizes, type.getElementType(),
      [&](ImplicitLocOpBuilder &inner, ValueRange loops) {
        Scalars s(inner);
        SmallVector<Value> indices;
        for (auto [loop, begin, step] : llvm::zip_equal(loops, begins, steps)) {
          indices.push_back(s.add(begin, s.mul(loop, step)));
        }
        return tensor::ExtractOp::create(inner, input, indices);
      });
}

/// ONNX's rules for one axis: positions below 0 count from the end, and what
/// lies outside is clamped. Every int64 is allowed, so that nothing is added to
/// or negated before it was bounded: overflow ends a run.
static SliceDim resolveSlice(Node &node, Value extent, OpFoldResult start,
                             OpFoldResult end, OpFoldResult step) {
  Scalars s(node.getBuilder());
  Value zero = s.index(0);
  Value one = s.index(1);
  auto fromFront = [&](OpFoldResult position) {
    Value value = node.getIndexValue(position);
    Value fromEnd = s.add(s.min(value, zero), extent);
    return s.select(s.less(value, zero), fromEnd, value);
  };
  Value first = fromFront(start);
  Value last = fromFront(end);
  auto resolve = [&](bool ascending, Value stride) {
    Value begin;
    Value length;
    if (ascending) {
      begin = clampIndex(s, first, zero, extent);
      length = s.sub(clampIndex(s, last, zero, extent), begin);
    } else {
      Value top = s.sub(extent, one);
      begin = clampIndex(s, first, zero, top);
      length = s.sub(begin, clampIndex(s, last, s.index(-1), top));
      stride = s.neg(s.max(stride, s.index(-INT64_MAX)));
    }
    Value size = s.max(ceilDivide(s, length, stride), zero);
    return std::make_pair(begin, size);
  };
  Value stride = node.getIndexValue(step);
  SliceDim result;
  result.stride = step;
  std::optional<int64_t> known = getConstantIntValue(step);
  if (known) {
    auto [begin, size] = resolve(*known > 0, stride);
    result.offset = getAsOpFoldResult(begin);
    result.size = getAsOpFoldResult(size);
    return result;
  }
  Value isZero = s.equal(stride, zero);
  node.check(s.logicalNot(isZero), "a step of the slice is 0");
  Value isNegative = s.less(stride, zero);
  Value safe = s.select(isZero, one, stride);
  auto [up, upSize] = resolve(true, s.select(isNegative, one, safe));
  auto [down, downSize] =
      resolve(false, s.select(isNegative, safe, s.index(-1)));
  result.offset = s.select(isNegative, down, up);
  result.size = s.select(isNegative, downSize, upSize);
  return result;
}

/// Takes a slice of scalars, where the slice is known.
static bool sliceScalars(Node &node, ArrayRef<SliceDim> slices) {
  std::optional<SmallVector<Value>> scalars = node.getScalars(0);
  if (!scalars || slices.size() != 1) {
    return false;
  }
  std::optional<int64_t> offset = getConstantIntValue(slices[0].offset);
  std::optional<int64_t> size = getConstantIntValue(slices[0].size);
  std::optional<int64_t> stride = getConstantIntValue(slices[0].stride);
  if (!offset || !size || !stride) {
    return false;
  }
  SmallVector<Value> taken;
  for (int64_t i = 0; i < *size; ++i) {
    taken.push_back((*scalars)[*offset + i * *stride]);
  }
  node.setScalars(0, taken);
  return true;
}

namespace {

/// The operands of a Slice, from attributes before version 10.
struct SliceOperands {
  SmallVector<OpFoldResult> starts;
  SmallVector<OpFoldResult> ends;
  SmallVector<OpFoldResult> steps;
  SmallVector<int64_t> axes;
};

} // namespace

static FailureOr<SliceOperands> getSliceOperands(Node &node) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  SliceOperands operands;
  std::optional<SmallVector<int64_t>> axes;
  if (node.getVersion() < 10) {
    for (int64_t start :
         node.getInts("starts").value_or(SmallVector<int64_t>())) {
      operands.starts.push_back(b.getIndexAttr(start));
    }
    for (int64_t end : node.getInts("ends").value_or(SmallVector<int64_t>())) {
      operands.ends.push_back(b.getIndexAttr(end));
    }
    axes = node.getInts("axes");
  } else {
    FailureOr<SmallVector<OpFoldResult>> starts = node.getIndices(1, "starts");
    FailureOr<SmallVector<OpFoldResult>> ends = node.getIndices(2, "ends");
    if (failed(starts) || failed(ends)) {
      return failure();
    }
    operands.starts = *starts;
    operands.ends = *ends;
    if (node.hasInput(3)) {
      axes = node.getConstantInts(3);
      if (!axes) {
        (void)node.refuse("input axes must be a constant");
        return failure();
      }
    }
    if (node.hasInput(4)) {
      FailureOr<SmallVector<OpFoldResult>> steps = node.getIndices(4, "steps");
      if (failed(steps)) {
        return failure();
      }
      operands.steps = *steps;
    }
  }
  size_t count = operands.starts.size();
  if (!axes) {
    axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  }
  if (operands.steps.empty()) {
    operands.steps.assign(count, b.getIndexAttr(1));
  }
  operands.axes = *axes;
  if (operands.ends.size() != count || operands.axes.size() != count ||
      operands.steps.size() != count) {
    (void)node.refuse("starts, ends, axes and steps have different lengths");
    return failure();
  }
  if (llvm::any_of(operands.steps, [](OpFoldResult step) {
        return isConstantIntValue(step, 0);
      })) {
    (void)node.refuse("a step of the slice is 0");
    return failure();
  }
  return operands;
}

static LogicalResult lowerSlice(Node &node) {
  FailureOr<SliceOperands> operands = getSliceOperands(node);
  if (failed(operands)) {
    return failure();
  }
  Value input = node.getInput(0);
  SmallVector<SliceDim> slices = takeAll(node, input);
  for (auto [axis, start, end, step] : llvm::zip_equal(
           operands->axes, operands->starts, operands->ends, operands->steps)) {
    FailureOr<int64_t> dim = node.normalizeAxis(axis, slices.size());
    if (failed(dim)) {
      return failure();
    }
    slices[*dim] =
        resolveSlice(node, node.getDimValue(input, *dim), start, end, step);
  }
  if (!sliceScalars(node, slices)) {
    node.setOutput(0, createSlice(node, input, slices));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Split
//===----------------------------------------------------------------------===//

/// The extents of the parts of a Split along its axis.
static FailureOr<SmallVector<OpFoldResult>> getParts(Node &node,
                                                     OpFoldResult extent) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Scalars s(b);
  int64_t count = node.getNumOutputs();
  Value whole = node.getIndexValue(extent);
  SmallVector<OpFoldResult> parts;
  if (node.getVersion() >= 13 && node.hasInput(1)) {
    FailureOr<SmallVector<OpFoldResult>> given = node.getIndices(1, "split");
    if (failed(given)) {
      return failure();
    }
    parts = *given;
  } else if (std::optional<SmallVector<int64_t>> given =
                 node.getInts("split")) {
    for (int64_t part : *given) {
      parts.push_back(b.getIndexAttr(part));
    }
  } else {
    // Equal parts; since version 18 the last ones may be smaller.
    Value part = ceilDivide(s, whole, s.index(count));
    for (int64_t i = 0; i < count; ++i) {
      Value left = s.max(s.sub(whole, s.mul(part, s.index(i))), s.index(0));
      parts.push_back(getAsOpFoldResult(s.min(left, part)));
    }
    if (node.getVersion() < 18) {
      node.check(s.equal(s.mul(part, s.index(count)), whole),
                 "the extent is no multiple of the number of outputs");
    }
    return parts;
  }
  if (static_cast<int64_t>(parts.size()) != count) {
    (void)node.refuse("split has " + Twine(parts.size()) + " parts for " +
                      Twine(count) + " outputs");
    return failure();
  }
  Value sum = s.index(0);
  for (OpFoldResult part : parts) {
    Value value = node.getIndexValue(part);
    node.check(s.lessEqual(s.index(0), value), "a part is below 0");
    sum = s.add(sum, value);
  }
  node.check(s.equal(sum, whole), "the parts do not add up to the extent");
  return parts;
}

static LogicalResult lowerSplit(Node &node) {
  Value input = node.getInput(0);
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 0),
                                               node.getInputType(0).getRank());
  if (failed(axis)) {
    return failure();
  }
  FailureOr<SmallVector<OpFoldResult>> parts =
      getParts(node, node.getDim(input, *axis));
  if (failed(parts)) {
    return failure();
  }
  Scalars s(node.getBuilder());
  OpFoldResult offset = node.getBuilder().getIndexAttr(0);
  for (auto [index, part] : llvm::enumerate(*parts)) {
    if (node.needsOutput(index)) {
      SmallVector<SliceDim> slices = takeAll(node, input);
      slices[*axis].offset = offset;
      slices[*axis].size = part;
      node.setOutput(index, createSlice(node, input, slices));
    }
    offset = getAsOpFoldResult(
        s.add(node.getIndexValue(offset), node.getIndexValue(part)));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

/// Concatenates scalars; false if an input is something else.
static bool concatScalars(Node &node) {
  SmallVector<Value> elements;
  for (unsigned input = 0; input < node.getNumInputs(); ++input) {
    std::optional<SmallVector<Value>> scalars = node.getScalars(input);
    if (!scalars || node.getInputType(input).getRank() != 1) {
      return false;
    }
    elements.append(*scalars);
  }
  if (elements.size() > kMaxScalars) {
    return false;
  }
  node.setScalars(0, elements);
  return true;
}

static LogicalResult lowerConcat(Node &node) {
  if (concatScalars(node)) {
    return success();
  }
  int64_t rank = node.getInputType(0).getRank();
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", 1), rank);
  if (failed(axis)) {
    return failure();
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  Scalars s(b);
  SmallVector<OpFoldResult> dims = node.getDims(node.getInput(0));
  SmallVector<ConcatPart> parts;
  Value offset = s.index(0);
  for (unsigned input = 0; input < node.getNumInputs(); ++input) {
    Value value = node.getInput(input);
    RankedTensorType type = node.getInputType(input);
    if (type.getRank() != rank) {
      return node.refuse("input " + Twine(input) + " has rank " +
                         Twine(type.getRank()) + ", expected " + Twine(rank));
    }
    for (int64_t dim = 0; dim < rank; ++dim) {
      if (dim != *axis && !node.areInputDimsEqual(0, dim, input, dim)) {
        node.check(s.equal(node.getDimValue(value, dim),
                           node.getIndexValue(dims[dim])),
                   "dimension " + Twine(dim) + " of input " + Twine(input) +
                       " is not that of input 0");
      }
    }
    if (!isConstantIntValue(node.getDim(value, *axis), 0)) {
      parts.push_back({value, offset});
    }
    offset = s.add(offset, node.getDimValue(value, *axis));
  }
  dims[*axis] = getAsOpFoldResult(offset);
  dims = node.refineDims(0, dims);
  Type elementType = node.getOutputElementType(0);
  if (parts.empty()) {
    node.setOutput(0, createEmpty(b, dims, elementType));
  } else if (parts.size() == 1) {
    node.setOutput(0, parts.front().value);
  } else if (node.getOp()->getParentOfType<moe::WeightOp>()) {
    // Experts may be taken apart again: see moe-slice-weights.
    SmallVector<Value> values = llvm::map_to_vector(
        parts, [](const ConcatPart &part) { return part.value; });
    node.setOutput(0, tensor::ConcatOp::create(b, *axis, values));
  } else {
    node.setOutput(
        0, createIndexed(b, dims, elementType,
                         [&](ImplicitLocOpBuilder &inner, ValueRange indices) {
                           return readConcat(inner, inner.getLoc(), parts,
                                           indices, *axis);
                         }));
  }
  return success();
}

void moe::onnx::registerSlicingLowerings(Registry &registry) {
  registry.add("Slice", lowerSlice);
  registry.add("Split", lowerSplit);
  registry.add("Concat", lowerConcat);
}
