//===- Reshape.cpp - other shapes of the same elements, and shapes --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"
#include "Weights.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe::onnx;

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

/// Whether a requested extent was computed from extents, so that it is neither
/// -1 nor a 0 that stands for the input's extent.
static bool isExtent(Value value) {
  IntegerAttr constant;
  if (matchPattern(value, m_Constant(&constant))) {
    return constant.getInt() >= 0;
  }
  Operation *op = value.getDefiningOp();
  if (auto cast = dyn_cast_if_present<arith::IndexCastOp>(op)) {
    return cast.getIn().getType().isIndex() || isExtent(cast.getIn());
  }
  if (isa_and_present<tensor::DimOp>(op)) {
    return true;
  }
  if (auto select = dyn_cast_if_present<arith::SelectOp>(op)) {
    return isExtent(select.getTrueValue()) && isExtent(select.getFalseValue());
  }
  return isa_and_present<arith::AddIOp, arith::MulIOp, arith::DivSIOp,
                         arith::MaxSIOp>(op) &&
         llvm::all_of(op->getOperands(), isExtent);
}

/// total / product where the factors of `product` are among those of `total`;
/// null where that is not known.
static OpFoldResult divideExtents(Node &node, ArrayRef<OpFoldResult> total,
                                  ArrayRef<OpFoldResult> product) {
  int64_t constant = 1;
  SmallVector<Value> left;
  auto collect = [&](OpFoldResult dim, auto &&self) -> void {
    if (std::optional<int64_t> known = getConstantIntValue(dim)) {
      constant *= *known;
    } else if (auto mul = cast<Value>(dim).getDefiningOp<arith::MulIOp>()) {
      self(OpFoldResult(mul.getLhs()), self);
      self(OpFoldResult(mul.getRhs()), self);
    } else {
      left.push_back(cast<Value>(dim));
    }
  };
  for (OpFoldResult dim : total) {
    collect(dim, collect);
  }
  int64_t dividend = constant;
  constant = 1;
  SmallVector<Value> factors;
  factors.swap(left);
  for (OpFoldResult dim : product) {
    collect(dim, collect);
  }
  for (Value value : left) {
    auto *found = llvm::find(factors, value);
    if (found == factors.end()) {
      return {};
    }
    factors.erase(found);
  }
  if (constant == 0 || dividend % constant != 0) {
    return {};
  }
  OpFoldResult result = node.getBuilder().getIndexAttr(dividend / constant);
  for (Value value : factors) {
    result = multiply(node, result, value);
  }
  return result;
}

/// The extents of a reshape, with 0 and -1 resolved. Where a request is not
/// known before the run, the run checks it.
static SmallVector<OpFoldResult> resolveShape(Node &node,
                                              ArrayRef<OpFoldResult> requested,
                                              ArrayRef<OpFoldResult> source,
                                              bool allowZero) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Scalars s(b);
  SmallVector<OpFoldResult> result;
  SmallVector<OpFoldResult> others;
  std::optional<unsigned> inferred;
  SmallVector<std::pair<unsigned, Value>> maybeInferred;
  for (auto [dim, request] : llvm::enumerate(requested)) {
    std::optional<int64_t> known = getConstantIntValue(request);
    bool copies = !allowZero && dim < source.size();
    if (known && *known == -1) {
      inferred = dim;
      result.push_back(request);
      continue;
    }
    if (known) {
      result.push_back(*known == 0 && copies ? source[dim] : request);
    } else if (isExtent(cast<Value>(request))) {
      result.push_back(request);
    } else {
      Value value = cast<Value>(request);
      Value isInferred = s.equal(value, s.index(-1));
      if (copies) {
        value = s.select(s.equal(value, s.index(0)),
                         node.getIndexValue(source[dim]), value);
      }
      maybeInferred.push_back({dim, isInferred});
      result.push_back(value);
      others.push_back(s.select(isInferred, s.index(1), value));
      continue;
    }
    others.push_back(result.back());
  }
  OpFoldResult rest = divideExtents(node, source, others);
  if (inferred && rest) {
    result[*inferred] = rest;
    return result;
  }
  if (!inferred && maybeInferred.empty() && rest &&
      isConstantIntValue(rest, 1)) {
    return result;
  }
  Value total = node.getIndexValue(getProduct(node, source));
  Value product = node.getIndexValue(getProduct(node, others));
  const char *mismatch = "the input's elements do not fill the requested shape";
  if (!inferred && maybeInferred.empty()) {
    node.check(s.equal(total, product), mismatch);
    return result;
  }
  Value isEmpty = s.equal(product, s.index(0));
  Value quotient = b.createOrFold<arith::DivSIOp>(
      total, s.select(isEmpty, s.index(1), product));
  Value exact = s.equal(s.mul(quotient, product), total);
  node.check(exact, mismatch);
  if (inferred) {
    result[*inferred] = quotient;
  }
  Value missing = s.integer(b.getI1Type(), inferred ? 0 : 1);
  for (auto [dim, isInferred] : maybeInferred) {
    Value value = node.getIndexValue(result[dim]);
    value = s.select(isInferred, quotient, value);
    node.check(s.lessEqual(s.index(0), value),
               "a requested extent is below -1");
    result[dim] = value;
    // At most one -1, which takes the rest; without one the rest is 1.
    node.check(s.logicalOr(missing, s.logicalNot(isInferred)),
               "more than one requested extent is -1");
    missing = s.logicalAnd(missing, s.logicalNot(isInferred));
  }
  Value one = s.equal(quotient, s.index(1));
  Value bothEmpty = s.logicalAnd(isEmpty, s.equal(total, s.index(0)));
  node.check(s.logicalOr(s.logicalNot(missing), s.logicalOr(one, bothEmpty)),
             mismatch);
  return result;
}

static LogicalResult lowerReshape(Node &node) {
  if (std::optional<SmallVector<Value>> scalars = node.getScalars(0);
      scalars && node.getOutputType(0).hasStaticShape()) {
    node.setScalars(0, *scalars);
    return success();
  }
  FailureOr<SmallVector<OpFoldResult>> requested = node.getIndices(1, "shape");
  if (failed(requested)) {
    return failure();
  }
  Value input = node.getInput(0);
  bool allowZero = node.getInt("allowzero", 0) != 0;
  SmallVector<OpFoldResult> dims =
      resolveShape(node, *requested, node.getDims(input), allowZero);
  node.setOutput(0, createReshape(node, input, node.refineDims(0, dims)));
  return success();
}

//===----------------------------------------------------------------------===//
// Squeeze, Unsqueeze, Flatten
//===----------------------------------------------------------------------===//

/// The axes of a node that has them as an attribute before version 13 and as an
/// input since; null if they are left out.
static FailureOr<std::optional<SmallVector<int64_t>>> getAxes(Node &node,
                                                              int64_t rank) {
  std::optional<SmallVector<int64_t>> axes;
  if (node.getVersion() < 13) {
    axes = node.getInts("axes");
  } else if (node.hasInput(1)) {
    axes = node.getConstantInts(1);
    if (!axes) {
      (void)node.refuse("input axes must be a constant");
      return failure();
    }
  }
  if (!axes) {
    return axes;
  }
  FailureOr<SmallVector<int64_t>> normalized = node.normalizeAxes(*axes, rank);
  if (failed(normalized)) {
    return failure();
  }
  return std::optional<SmallVector<int64_t>>(*normalized);
}

static LogicalResult lowerSqueeze(Node &node) {
  RankedTensorType type = node.getInputType(0);
  FailureOr<std::optional<SmallVector<int64_t>>> given =
      getAxes(node, type.getRank());
  if (failed(given)) {
    return failure();
  }
  SmallVector<int64_t> axes;
  if (*given) {
    axes = **given;
  } else {
    if (!type.hasStaticShape()) {
      return node.refuse("without axes the input's shape must be known");
    }
    for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
      if (extent == 1) {
        axes.push_back(dim);
      }
    }
  }
  if (std::optional<SmallVector<Value>> scalars = node.getScalars(0)) {
    node.setScalars(0, *scalars);
    return success();
  }
  Value input = node.getInput(0);
  Scalars s(node.getBuilder());
  SmallVector<OpFoldResult> source = node.getDims(input);
  SmallVector<OpFoldResult> dims;
  SmallVector<int64_t> shape(type.getShape());
  for (auto [dim, extent] : llvm::enumerate(source)) {
    if (!llvm::is_contained(axes, dim)) {
      dims.push_back(extent);
      continue;
    }
    if (!type.isDynamicDim(dim) && type.getDimSize(dim) != 1) {
      return node.refuse("dimension " + Twine(dim) + " to squeeze is " +
                         Twine(type.getDimSize(dim)) + ", expected 1");
    }
    node.check(s.equal(node.getIndexValue(extent), s.index(1)),
               "dimension " + Twine(dim) + " to squeeze is not 1");
    shape[dim] = 1;
  }
  input = castTensor(node.getBuilder(), input,
                     RankedTensorType::get(shape, type.getElementType()));
  node.setOutput(0, createReshape(node, input, dims));
  return success();
}

static LogicalResult lowerUnsqueeze(Node &node) {
  if (node.getVersion() >= 13 && !node.getConstantInts(1)) {
    return node.refuse("input axes must be a constant");
  }
  SmallVector<int64_t> axes =
      node.getVersion() >= 13
          ? *node.getConstantInts(1)
          : node.getInts("axes").value_or(SmallVector<int64_t>());
  int64_t rank = node.getInputType(0).getRank() + axes.size();
  FailureOr<SmallVector<int64_t>> normalized = node.normalizeAxes(axes, rank);
  if (failed(normalized)) {
    return failure();
  }
  if (std::optional<SmallVector<Value>> scalars = node.getScalars(0)) {
    node.setScalars(0, *scalars);
    return success();
  }
  node.setOutput(0, insertUnitDims(node, node.getInput(0), *normalized));
  return success();
}

static LogicalResult lowerFlatten(Node &node) {
  Value input = node.getInput(0);
  int64_t rank = node.getInputType(0).getRank();
  // The axis may be the rank itself.
  int64_t axis = node.getInt("axis", 1);
  if (axis < -rank || axis > rank) {
    return node.refuse("axis " + Twine(axis) + " is not between " +
                       Twine(-rank) + " and " + Twine(rank));
  }
  axis = axis < 0 ? axis + rank : axis;
  SmallVector<OpFoldResult> dims = node.getDims(input);
  ArrayRef<OpFoldResult> all(dims);
  SmallVector<OpFoldResult> result = {getProduct(node, all.take_front(axis)),
                                      getProduct(node, all.drop_front(axis))};
  node.setOutput(0, createReshape(node, input, result));
  return success();
}

//===----------------------------------------------------------------------===//
// Transpose
//===----------------------------------------------------------------------===//

/// Whether a permutation only moves extents of 1, so that it is a view.
static bool movesOnlyUnits(RankedTensorType type, ArrayRef<int64_t> order) {
  int64_t last = -1;
  for (int64_t dim : order) {
    if (type.getDimSize(dim) == 1) {
      continue;
    }
    if (dim < last) {
      return false;
    }
    last = dim;
  }
  return true;
}

static LogicalResult lowerTranspose(Node &node) {
  Value input = node.getInput(0);
  RankedTensorType type = node.getInputType(0);
  int64_t rank = type.getRank();
  SmallVector<int64_t> order(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  if (std::optional<SmallVector<int64_t>> perm = node.getInts("perm")) {
    order = *perm;
  }
  if (!llvm::equal(llvm::to_vector(llvm::seq<int64_t>(0, rank)), [&] {
        SmallVector<int64_t> sorted(order);
        llvm::sort(sorted);
        return sorted;
      }())) {
    return node.refuse("attribute perm is not a permutation of the input's " +
                       Twine(rank) + " dimensions");
  }
  if (Value weight = order == ArrayRef<int64_t>{1, 0}
                         ? getTransposedWeight(node, input)
                         : Value()) {
    node.setOutput(0, weight);
    return success();
  }
  if (movesOnlyUnits(type, order)) {
    SmallVector<OpFoldResult> dims;
    for (int64_t dim : order) {
      dims.push_back(node.getDim(input, dim));
    }
    node.setOutput(0, createReshape(node, input, dims));
    return success();
  }
  node.setOutput(0, createTranspose(node, input, order));
  return success();
}

//===----------------------------------------------------------------------===//
// Shape, Size
//===----------------------------------------------------------------------===//

static LogicalResult lowerShape(Node &node) {
  Value input = node.getInput(0);
  int64_t rank = node.getInputType(0).getRank();
  auto clamp = [&](int64_t position) {
    position = position < 0 ? position + rank : position;
    return std::clamp<int64_t>(position, 0, rank);
  };
  int64_t start = clamp(node.getInt("start", 0));
  int64_t end = clamp(node.getInt("end", rank));
  Scalars s(node.getBuilder());
  SmallVector<Value> extents;
  for (int64_t dim = start; dim < end; ++dim) {
    extents.push_back(s.fromIndex(node.getDimValue(input, dim),
                                  node.getOutputElementType(0)));
  }
  node.setScalars(0, extents);
  return success();
}

static LogicalResult lowerSize(Node &node) {
  OpFoldResult size = getProduct(node, node.getDims(node.getInput(0)));
  Value value =
      Scalars(node.getBuilder())
          .fromIndex(node.getIndexValue(size), node.getOutputElementType(0));
  node.setScalars(0, value);
  return success();
}

void moe::onnx::registerReshapeLowerings(Registry &registry) {
  registry.add("Reshape", lowerReshape);
  registry.add("Squeeze", lowerSqueeze);
  registry.add("Unsqueeze", lowerUnsqueeze);
  registry.add("Flatten", lowerFlatten);
  registry.add("Transpose", lowerTranspose);
  registry.add("Shape", lowerShape);
  registry.add("Size", lowerSize);
}
