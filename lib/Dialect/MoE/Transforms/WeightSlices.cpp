//===- WeightSlices.cpp - slices of experts moved up ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightSlices.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace moe;

/// For one slice that is moved up. Beyond it slices stay: where a value is read
/// in different slices, there may be twice as many at each step up.
constexpr int64_t kMaxSlicedOps = 4096;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

static DimSlice wholeDim(int64_t size) { return {{0, 0}, size, 1}; }

static bool isWhole(const DimSlice &dim, int64_t size) {
  return dim.size == size && dim.offset.factor == 0 && dim.offset.base == 0 &&
         dim.stride == 1;
}

static TensorSlice wholeOf(Value value) {
  return llvm::map_to_vector<6>(shapeOf(value), wholeDim);
}

static bool isWhole(const TensorSlice &slice, Value value) {
  return llvm::all_of(llvm::zip_equal(slice, shapeOf(value)), [](auto pair) {
    return isWhole(std::get<0>(pair), std::get<1>(pair));
  });
}

static SmallVector<int64_t> sizesOf(const TensorSlice &slice) {
  return llvm::map_to_vector(slice,
                             [](const DimSlice &dim) { return dim.size; });
}

WeightSlicer::WeightSlicer(WeightOp weight)
    : expert(weight.getBody().getArgument(0)),
      experts(weight.getType().getDimSize(0)), builder(weight.getContext()),
      loc(weight.getLoc()) {}

//===----------------------------------------------------------------------===//
// Offsets
//===----------------------------------------------------------------------===//

std::optional<ExpertOffset> WeightSlicer::getOffset(OpFoldResult value) {
  if (std::optional<int64_t> known = getConstantIntValue(value)) {
    return ExpertOffset{0, *known};
  }
  auto dynamic = cast<Value>(value);
  if (dynamic == expert) {
    return ExpertOffset{1, 0};
  }
  Operation *op = dynamic.getDefiningOp();
  if (!isa_and_present<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op)) {
    return std::nullopt;
  }
  std::optional<ExpertOffset> lhs = getOffset(op->getOperand(0));
  std::optional<ExpertOffset> rhs = getOffset(op->getOperand(1));
  if (!lhs || !rhs) {
    return std::nullopt;
  }
  if (isa<arith::MulIOp>(op)) {
    if (lhs->factor != 0) {
      std::swap(lhs, rhs);
    }
    return lhs->factor == 0 ? std::optional(ExpertOffset{
                                  rhs->factor * lhs->base,
                                  rhs->base * lhs->base})
                            : std::nullopt;
  }
  int64_t sign = isa<arith::SubIOp>(op) ? -1 : 1;
  return ExpertOffset{lhs->factor + sign * rhs->factor,
                      lhs->base + sign * rhs->base};
}

OpFoldResult WeightSlicer::build(ExpertOffset offset) {
  if (offset.factor == 0) {
    return builder.getIndexAttr(offset.base);
  }
  Value result = expert;
  if (offset.factor != 1) {
    Value factor = arith::ConstantIndexOp::create(builder, loc, offset.factor);
    result = arith::MulIOp::create(builder, loc, result, factor);
  }
  if (offset.base != 0) {
    Value base = arith::ConstantIndexOp::create(builder, loc, offset.base);
    result = arith::AddIOp::create(builder, loc, result, base);
  }
  return result;
}

std::optional<TensorSlice>
WeightSlicer::getSlice(tensor::ExtractSliceOp op) {
  TensorSlice slice;
  for (auto [offset, size, stride] :
       llvm::zip_equal(op.getMixedOffsets(), op.getMixedSizes(),
                       op.getMixedStrides())) {
    std::optional<ExpertOffset> from = getOffset(offset);
    std::optional<int64_t> count = getConstantIntValue(size);
    std::optional<int64_t> step = getConstantIntValue(stride);
    if (!from || !count || !step) {
      return std::nullopt;
    }
    slice.push_back({*from, *count, *step});
  }
  return slice;
}

//===----------------------------------------------------------------------===//
// Slices that stay
//===----------------------------------------------------------------------===//

Value WeightSlicer::extract(Value whole, const TensorSlice &slice,
                            ArrayRef<int64_t> shape) {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  for (const DimSlice &dim : slice) {
    offsets.push_back(build(dim.offset));
    sizes.push_back(builder.getIndexAttr(dim.size));
    strides.push_back(builder.getIndexAttr(dim.stride));
  }
  return tensor::ExtractSliceOp::create(
      builder, loc, RankedTensorType::get(shape, elementOf(whole)), whole,
      offsets, sizes, strides);
}

Value WeightSlicer::reduceRank(Value value, ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape) {
    return value;
  }
  // A slice that was made for this.
  auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
  if (slice && slice->use_empty()) {
    return tensor::ExtractSliceOp::create(
        builder, loc, RankedTensorType::get(shape, elementOf(value)),
        slice.getSource(), slice.getMixedOffsets(), slice.getMixedSizes(),
        slice.getMixedStrides());
  }
  auto type = RankedTensorType::get(shape, elementOf(value));
  auto groups = getReassociationIndicesForCollapse(shapeOf(value), shape);
  assert(groups && "only extents of 1 are dropped");
  return tensor::CollapseShapeOp::create(builder, loc, type, value, *groups);
}

void WeightSlicer::moveUp(tensor::ExtractSliceOp op) {
  std::optional<TensorSlice> slice = getSlice(op);
  Operation *producer = op.getSource().getDefiningOp();
  if (!slice || !producer || isa<SourceOp>(producer)) {
    return;
  }
  builder.setInsertionPoint(op);
  loc = op.getLoc();
  taken.clear();
  stacked.clear();
  budget = kMaxSlicedOps;
  Value result = reduceRank(take(op.getSource(), *slice),
                            op.getType().getShape());
  op.replaceAllUsesWith(result);
  op.erase();
}

//===----------------------------------------------------------------------===//
// Slices that are moved
//===----------------------------------------------------------------------===//

Value WeightSlicer::take(Value whole, const TensorSlice &slice) {
  if (isWhole(slice, whole)) {
    return whole;
  }
  std::vector<int64_t> key;
  for (const DimSlice &dim : slice) {
    key.insert(key.end(),
               {dim.offset.factor, dim.offset.base, dim.size, dim.stride});
  }
  auto known = std::make_pair(whole.getAsOpaquePointer(), std::move(key));
  auto place = taken.find(known);
  if (place != taken.end()) {
    return place->second;
  }
  Value result = takeNew(whole, slice);
  taken.emplace(std::move(known), result);
  return result;
}

Value WeightSlicer::takeNew(Value whole, const TensorSlice &slice) {
  if (budget-- <= 0) {
    return extract(whole, slice, sizesOf(slice));
  }
  Operation *op = whole.getDefiningOp();
  Value result;
  if (auto inner = dyn_cast<tensor::ExtractSliceOp>(op)) {
    result = takeSlice(inner, slice);
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    result = takeExpand(expand, slice);
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    result = takeCollapse(collapse, slice);
  } else if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    result = takeConcat(concat, slice);
  } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    result = takeGeneric(generic, slice);
  } else if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    if (cast.getSource().getType() == cast.getType()) {
      result = take(cast.getSource(), slice);
    }
  } else if (isa<tensor::EmptyOp>(op)) {
    result = tensor::EmptyOp::create(builder, loc, sizesOf(slice),
                                     elementOf(whole));
  }
  return result ? result : extract(whole, slice, sizesOf(slice));
}

Value WeightSlicer::takeSlice(tensor::ExtractSliceOp op,
                              const TensorSlice &slice) {
  std::optional<TensorSlice> outer = getSlice(op);
  if (!outer) {
    return {};
  }
  llvm::SmallBitVector dropped = op.getDroppedDims();
  unsigned next = 0;
  for (auto [index, dim] : llvm::enumerate(*outer)) {
    if (dropped.test(index)) {
      continue;
    }
    const DimSlice &inner = slice[next++];
    dim.offset.factor += inner.offset.factor * dim.stride;
    dim.offset.base += inner.offset.base * dim.stride;
    dim.stride *= inner.stride;
    dim.size = inner.size;
  }
  return reduceRank(take(op.getSource(), *outer), sizesOf(slice));
}

/// The slice of one dimension of `size` elements, that was expanded to `dims`,
/// from theirs; none where it is no run of elements.
static std::optional<DimSlice> joinDims(ArrayRef<DimSlice> slices,
                                        ArrayRef<int64_t> dims) {
  DimSlice result{{0, 0}, 1, 1};
  int64_t inner = 1;
  // Behind the dimension that is cut all are whole, before it single indices.
  bool cut = false;
  for (size_t i = dims.size(); i > 0; --i) {
    const DimSlice &slice = slices[i - 1];
    result.offset.factor += slice.offset.factor * inner;
    result.offset.base += slice.offset.base * inner;
    bool single = slice.size == 1;
    if (cut ? !single : !single && slice.stride != 1 && inner != 1) {
      return std::nullopt;
    }
    if (!cut) {
      result.size *= slice.size;
      result.stride = single ? result.stride : slice.stride * result.stride;
    }
    cut |= !isWhole(slice, dims[i - 1]);
    inner *= dims[i - 1];
  }
  return result;
}

Value WeightSlicer::takeExpand(tensor::ExpandShapeOp op,
                               const TensorSlice &slice) {
  ArrayRef<int64_t> dims = op.getResultType().getShape();
  TensorSlice outer, rest(slice);
  SmallVector<int64_t> shape(sizesOf(slice));
  auto groups = op.getReassociationIndices();
  if (groups.empty()) {
    return {};
  }
  for (auto [group, size] : llvm::zip_equal(groups, shapeOf(op.getSrc()))) {
    size_t first = group.front(), count = group.size();
    std::optional<DimSlice> joined = joinDims(
        ArrayRef(slice).slice(first, count), dims.slice(first, count));
    outer.push_back(joined.value_or(wholeDim(size)));
    for (size_t dim = first; dim < first + count; ++dim) {
      if (joined) {
        rest[dim] = wholeDim(shape[dim]);
      } else {
        shape[dim] = dims[dim];
      }
    }
  }
  if (isWhole(outer, op.getSrc())) {
    return {};
  }
  Value source = take(op.getSrc(), outer);
  Value result = tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, elementOf(source)), source,
      groups);
  return isWhole(rest, result) ? result
                               : extract(result, rest, sizesOf(rest));
}

/// The slices of `dims` that are one of the dimension they were collapsed to;
/// none where there is no such box.
static std::optional<SmallVector<DimSlice>> splitDim(DimSlice slice,
                                                     ArrayRef<int64_t> dims) {
  SmallVector<DimSlice> result(dims.size());
  ExpertOffset offset = slice.offset;
  int64_t size = slice.size;
  bool only = llvm::count_if(dims, [](int64_t dim) { return dim != 1; }) == 1;
  if (slice.stride != 1 && size != 1 && !only) {
    return std::nullopt;
  }
  for (size_t i = dims.size(); i > 0; --i) {
    int64_t dim = dims[i - 1];
    bool outermost = llvm::all_of(dims.take_front(i - 1),
                                  [](int64_t outer) { return outer == 1; });
    if (dim == 1) {
      result[i - 1] = wholeDim(1);
    } else if (outermost) {
      result[i - 1] = {offset, size, only ? slice.stride : 1};
      offset = {0, 0};
      size = 1;
    } else if (size % dim == 0 && offset.factor % dim == 0 &&
               offset.base % dim == 0) {
      result[i - 1] = wholeDim(dim);
      offset = {offset.factor / dim, offset.base / dim};
      size /= dim;
    } else if (offset.factor % dim == 0 && offset.base % dim + size <= dim) {
      result[i - 1] = {{0, offset.base % dim}, size, 1};
      offset = {offset.factor / dim, offset.base / dim};
      size = 1;
    } else {
      return std::nullopt;
    }
  }
  return result;
}

Value WeightSlicer::takeCollapse(tensor::CollapseShapeOp op,
                                 const TensorSlice &slice) {
  ArrayRef<int64_t> dims = op.getSrcType().getShape();
  TensorSlice outer(wholeOf(op.getSrc())), rest(slice);
  SmallVector<int64_t> shape(op.getResultType().getShape());
  for (auto [index, group] : llvm::enumerate(op.getReassociationIndices())) {
    std::optional<SmallVector<DimSlice>> split = splitDim(
        slice[index], dims.slice(group.front(), group.size()));
    if (split) {
      llvm::copy(*split, outer.begin() + group.front());
      shape[index] = slice[index].size;
      rest[index] = wholeDim(shape[index]);
    }
  }
  if (isWhole(outer, op.getSrc())) {
    return {};
  }
  Value source = take(op.getSrc(), outer);
  Value result = tensor::CollapseShapeOp::create(
      builder, loc, RankedTensorType::get(shape, elementOf(source)), source,
      op.getReassociationIndices());
  return isWhole(rest, result) ? result
                               : extract(result, rest, sizesOf(rest));
}

/// Makes index * stride + first of the index of a loop.
static void shiftIndex(linalg::IndexOp index, int64_t stride, Value first) {
  OpBuilder builder(index);
  builder.setInsertionPointAfter(index);
  Location loc = index.getLoc();
  Value step = arith::ConstantIndexOp::create(builder, loc, stride);
  Value scaled = arith::MulIOp::create(builder, loc, index, step);
  Value position = arith::AddIOp::create(builder, loc, scaled, first);
  index.getResult().replaceAllUsesExcept(position, scaled.getDefiningOp());
}

Value WeightSlicer::takeGeneric(linalg::GenericOp op,
                                const TensorSlice &slice) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap written = maps.back();
  if (op->getNumResults() != 1 || !written.isProjectedPermutation()) {
    return {};
  }
  TensorSlice loops =
      llvm::map_to_vector<6>(op.getStaticLoopRanges(), wholeDim);
  for (auto [expr, dim] : llvm::zip_equal(written.getResults(), slice)) {
    loops[cast<AffineDimExpr>(expr).getPosition()] = dim;
  }
  SmallVector<Value> operands;
  SmallVector<TensorSlice> parts;
  for (auto [map, value] : llvm::zip_equal(maps, op->getOperands())) {
    TensorSlice &part = parts.emplace_back();
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      // A constant 0 is the only index of its dimension.
      if (!loop && shapeOf(value)[dim] != 1) {
        return {};
      }
      part.push_back(loop ? loops[loop.getPosition()] : wholeDim(1));
    }
  }
  for (auto [value, part] : llvm::zip_equal(op->getOperands(), parts)) {
    bool isTensor = isa<RankedTensorType>(value.getType());
    operands.push_back(isTensor ? take(value, part) : value);
  }
  SmallVector<Value> firsts;
  for (const DimSlice &loop : loops) {
    firsts.push_back(
        getValueOrCreateConstantIndexOp(builder, loc, build(loop.offset)));
  }
  auto result = linalg::GenericOp::create(
      builder, op.getLoc(), TypeRange{operands.back().getType()},
      ArrayRef(operands).drop_back(), operands.back(), maps,
      op.getIteratorTypesArray());
  IRMapping mapping;
  op.getRegion().cloneInto(&result.getRegion(), mapping);
  SmallVector<linalg::IndexOp> indices;
  result.walk([&](linalg::IndexOp index) { indices.push_back(index); });
  for (linalg::IndexOp index : indices) {
    shiftIndex(index, loops[index.getDim()].stride, firsts[index.getDim()]);
  }
  return result.getResult(0);
}

//===----------------------------------------------------------------------===//
// Concatenations
//===----------------------------------------------------------------------===//

/// A slice along the axis inside one part, or in one part for each expert that
/// are computed alike; null if there is no such part.
Value WeightSlicer::takePart(tensor::ConcatOp op, const TensorSlice &slice) {
  int64_t axis = op.getDim();
  const DimSlice &dim = slice[axis];
  SmallVector<int64_t> begins;
  int64_t total = 0;
  for (Value part : op.getInputs()) {
    begins.push_back(total);
    total += shapeOf(part)[axis];
  }
  SmallVector<Value> parts;
  std::optional<int64_t> base;
  for (int64_t e = 0; e < experts; ++e) {
    int64_t first = dim.offset.factor * e + dim.offset.base;
    int64_t last = first + (dim.size - 1) * dim.stride;
    // The last part that begins at or before `first`; empty ones before it.
    size_t index = llvm::upper_bound(begins, first) - begins.begin();
    if (first < 0 || last >= total || index == 0) {
      return {};
    }
    Value part = op.getInputs()[index - 1];
    int64_t inside = first - begins[index - 1];
    if (last - begins[index - 1] >= shapeOf(part)[axis] ||
        (base && *base != inside)) {
      return {};
    }
    base = inside;
    parts.push_back(part);
    if (dim.offset.factor == 0) {
      parts.assign(experts, part);
      break;
    }
  }
  Value part = stack(parts);
  if (!part) {
    return {};
  }
  TensorSlice inner(slice);
  inner[axis].offset = {0, *base};
  return take(part, inner);
}

Value WeightSlicer::takeConcat(tensor::ConcatOp op, const TensorSlice &slice) {
  int64_t axis = op.getDim();
  const DimSlice &dim = slice[axis];
  bool whole = isWhole(dim, op.getResultType().getDimSize(axis));
  if (Value part = whole ? Value() : takePart(op, slice)) {
    return part;
  }
  // Experts along the axis, each computed in a way of its own.
  if (dim.offset.factor != 0) {
    return takeGeneric(
        buildConcat(builder, op).getDefiningOp<linalg::GenericOp>(), slice);
  }
  SmallVector<Value> parts;
  for (Value value : op.getInputs()) {
    TensorSlice part(slice);
    part[axis] = wholeDim(shapeOf(value)[axis]);
    parts.push_back(take(value, part));
  }
  Value joined = tensor::ConcatOp::create(builder, op.getLoc(), axis, parts);
  if (whole) {
    return joined;
  }
  TensorSlice rest = wholeOf(joined);
  rest[axis] = dim;
  return take(buildConcat(builder, joined.getDefiningOp<tensor::ConcatOp>()),
              rest);
}

Value WeightSlicer::stackSources(ArrayRef<Value> parts) {
  SmallVector<Attribute> data;
  for (Value part : parts) {
    auto source = part.getDefiningOp<SourceOp>();
    if (!source || source.getExpert()) {
      return {};
    }
    data.push_back(source.getData());
  }
  return SourceOp::create(builder, parts[0].getLoc(), parts[0].getType(),
                          builder.getArrayAttr(data), expert);
}

/// Whether two ops may differ in operands, and in nothing else: what regions
/// read from outside is no operand.
static bool differInOperands(Operation *lhs, Operation *rhs) {
  if (lhs->getName() != rhs->getName() ||
      lhs->getAttrDictionary() != rhs->getAttrDictionary() ||
      lhs->getResultTypes() != rhs->getResultTypes() ||
      lhs->getNumOperands() != rhs->getNumOperands()) {
    return false;
  }
  return llvm::all_of(
      llvm::zip_equal(lhs->getRegions(), rhs->getRegions()), [](auto pair) {
        return OperationEquivalence::isRegionEquivalentTo(
            &std::get<0>(pair), &std::get<1>(pair),
            OperationEquivalence::IgnoreLocations);
      });
}

Value WeightSlicer::stack(ArrayRef<Value> parts) {
  if (llvm::all_equal(parts)) {
    return parts[0];
  }
  std::vector<const void *> key;
  for (Value part : parts) {
    key.push_back(part.getAsOpaquePointer());
  }
  auto place = stacked.find(key);
  if (place != stacked.end()) {
    return place->second;
  }
  Value result = stackNew(parts);
  stacked.emplace(std::move(key), result);
  return result;
}

Value WeightSlicer::stackNew(ArrayRef<Value> parts) {
  Operation *first = parts[0].getDefiningOp();
  if (!first || !llvm::all_of(parts, [&](Value part) {
        return part.getType() == parts[0].getType() && part.getDefiningOp();
      })) {
    return {};
  }
  if (isa<SourceOp>(first)) {
    return stackSources(parts);
  }
  unsigned result = cast<OpResult>(parts[0]).getResultNumber();
  for (Value part : parts) {
    Operation *op = part.getDefiningOp();
    if (cast<OpResult>(part).getResultNumber() != result ||
        !differInOperands(first, op)) {
      return {};
    }
  }
  // By position: where the first expert reads a value twice, another may read
  // two.
  SmallVector<Value> inputs;
  for (unsigned index = 0; index < first->getNumOperands(); ++index) {
    SmallVector<Value> operands = llvm::map_to_vector(parts, [&](Value part) {
      return part.getDefiningOp()->getOperand(index);
    });
    Value operand = stack(operands);
    if (!operand) {
      return {};
    }
    inputs.push_back(operand);
  }
  Operation *copy = builder.clone(*first);
  copy->setOperands(inputs);
  return copy->getResult(result);
}
