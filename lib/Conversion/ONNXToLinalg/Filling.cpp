//===- Filling.cpp - Expand, Tile and Pad ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe::onnx;

//===----------------------------------------------------------------------===//
// Expand
//===----------------------------------------------------------------------===//

namespace {

/// How one dimension of an input is expanded: to `extent`, reading element 0
/// always, or where the run finds `isOne`.
struct ExpandedDim {
  OpFoldResult extent;
  bool unit = false;
  Value isOne;
};

} // namespace

/// Broadcasts the extent `own` with the requested one.
static ExpandedDim expandDim(Node &node, OpFoldResult own,
                             OpFoldResult request) {
  Scalars s(node.getBuilder());
  ExpandedDim result;
  if (isConstantIntValue(own, 1)) {
    result.extent = request;
    result.unit = true;
    return result;
  }
  result.extent = own;
  if (own == request || isConstantIntValue(request, 1)) {
    return result;
  }
  Value ownValue = node.getIndexValue(own);
  Value wanted = node.getIndexValue(request);
  Value isOne = s.equal(ownValue, s.index(1));
  Value fits =
      s.logicalOr(s.equal(wanted, s.index(1)), s.equal(wanted, ownValue));
  node.check(s.logicalOr(isOne, fits),
             "an extent is neither 1 nor the requested one");
  if (!getConstantIntValue(own)) {
    result.extent = getAsOpFoldResult(s.select(isOne, wanted, ownValue));
    result.isOne = isOne;
  }
  return result;
}

static LogicalResult lowerExpand(Node &node) {
  FailureOr<SmallVector<OpFoldResult>> shape = node.getIndices(1, "shape");
  if (failed(shape)) {
    return failure();
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value input = node.getInput(0);
  SmallVector<OpFoldResult> source = node.getDims(input);
  int64_t rank = std::max(source.size(), shape->size());
  source.insert(source.begin(), rank - source.size(), b.getIndexAttr(1));
  shape->insert(shape->begin(), rank - shape->size(), b.getIndexAttr(1));
  int64_t missing = rank - node.getInputType(0).getRank();
  SmallVector<OpFoldResult> dims;
  SmallVector<AffineExpr> exprs;
  SmallVector<Value> isOne;
  bool uncertain = false;
  for (int64_t dim = 0; dim < rank; ++dim) {
    ExpandedDim expanded = expandDim(node, source[dim], (*shape)[dim]);
    dims.push_back(expanded.extent);
    if (dim >= missing) {
      exprs.push_back(expanded.unit ? b.getAffineConstantExpr(0)
                                    : b.getAffineDimExpr(dim));
      isOne.push_back(expanded.isOne);
      uncertain |= bool(expanded.isOne);
    }
  }
  dims = node.refineDims(0, dims);
  Type elementType = node.getOutputElementType(0);
  if (!uncertain) {
    AffineMap map = AffineMap::get(rank, 0, exprs, b.getContext());
    node.setOutput(0, createParallel(b, dims, elementType, input, map,
                                     [](ImplicitLocOpBuilder &,
                                        ValueRange args) { return args[0]; }));
    return success();
  }
  node.setOutput(
      0,
      createIndexed(b, dims, elementType,
                    [&](ImplicitLocOpBuilder &inner, ValueRange loops) {
                      Scalars s(inner);
                      SmallVector<Value> indices;
                      for (auto [dim, one] : llvm::enumerate(isOne)) {
                        Value index = isa<AffineConstantExpr>(exprs[dim])
                                          ? s.index(0)
                                          : loops[missing + dim];
                        indices.push_back(one ? s.select(one, s.index(0), index)
                                              : index);
                      }
                      return tensor::ExtractOp::create(inner, input, indices);
                    }));
  return success();
}

//===----------------------------------------------------------------------===//
// Tile
//===----------------------------------------------------------------------===//

static LogicalResult lowerTile(Node &node) {
  FailureOr<SmallVector<OpFoldResult>> repeats = node.getIndices(1, "repeats");
  if (failed(repeats)) {
    return failure();
  }
  Value input = node.getInput(0);
  SmallVector<OpFoldResult> source = node.getDims(input);
  if (repeats->size() != source.size()) {
    return node.refuse("input repeats has " + Twine(repeats->size()) +
                       " elements for a tensor of rank " +
                       Twine(source.size()));
  }
  Scalars s(node.getBuilder());
  SmallVector<OpFoldResult> dims;
  for (auto [extent, repeat] : llvm::zip_equal(source, *repeats)) {
    node.check(s.lessEqual(s.index(0), node.getIndexValue(repeat)),
               "a repeat is below 0");
    dims.push_back(multiply(node, extent, repeat));
  }
  dims = node.refineDims(0, dims);
  SmallVector<Value> extents;
  for (auto [extent, repeat] : llvm::zip_equal(source, *repeats)) {
    extents.push_back(
        isConstantIntValue(repeat, 1) ? Value() : node.getIndexValue(extent));
  }
  node.setOutput(
      0, createIndexed(node.getBuilder(), dims, node.getOutputElementType(0),
                       [&](ImplicitLocOpBuilder &b, ValueRange loops) {
                         SmallVector<Value> indices(loops);
                         for (auto [index, extent] :
                              llvm::zip_equal(indices, extents)) {
                           if (extent) {
                             index = arith::RemUIOp::create(b, index, extent);
                           }
                         }
                         return tensor::ExtractOp::create(b, input, indices);
                       }));
  return success();
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

namespace {

/// The operands of a Pad: what is added before and after each dimension.
struct Padding {
  SmallVector<OpFoldResult> before;
  SmallVector<OpFoldResult> after;
};

} // namespace

static FailureOr<Padding> getPadding(Node &node, int64_t rank) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  SmallVector<OpFoldResult> pads;
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.getVersion() < 11) {
    for (int64_t pad : node.getInts("pads").value_or(SmallVector<int64_t>())) {
      pads.push_back(b.getIndexAttr(pad));
    }
  } else {
    FailureOr<SmallVector<OpFoldResult>> given = node.getIndices(1, "pads");
    if (failed(given)) {
      return failure();
    }
    pads = *given;
  }
  if (node.hasInput(3)) {
    std::optional<SmallVector<int64_t>> given = node.getConstantInts(3);
    if (!given) {
      (void)node.refuse("input axes must be a constant");
      return failure();
    }
    axes = *given;
  }
  if (pads.size() != 2 * axes.size()) {
    (void)node.refuse("pads has " + Twine(pads.size()) +
                      " elements, expected " + Twine(2 * axes.size()));
    return failure();
  }
  Padding padding;
  padding.before.assign(rank, b.getIndexAttr(0));
  padding.after.assign(rank, b.getIndexAttr(0));
  for (auto [position, axis] : llvm::enumerate(axes)) {
    FailureOr<int64_t> dim = node.normalizeAxis(axis, rank);
    if (failed(dim)) {
      return failure();
    }
    padding.before[*dim] = pads[position];
    padding.after[*dim] = pads[axes.size() + position];
  }
  return padding;
}

/// value mod divisor with the divisor's sign; 0 for a divisor of 0.
static Value floorModulo(Scalars &s, Value value, Value divisor) {
  Value safe = s.max(divisor, s.index(1));
  Value rem = s.b.createOrFold<arith::RemSIOp>(value, safe);
  Value shifted = s.add(rem, safe);
  return s.select(s.less(rem, s.index(0)), shifted, rem);
}

/// Where a padded position is read from, in the modes that repeat the input.
static Value buildPadSource(Scalars &s, StringRef mode, Value position,
                            Value extent) {
  Value top = s.sub(extent, s.index(1));
  if (mode == "edge") {
    return s.min(s.max(position, s.index(0)), top);
  }
  if (mode == "wrap") {
    return floorModulo(s, position, extent);
  }
  Value period = s.mul(top, s.index(2));
  Value phase = floorModulo(s, position, period);
  return s.min(phase, s.sub(s.max(period, s.index(0)), phase));
}

/// The element that a constant padding reads at `indices`, or `padValue`
/// outside.
static Value buildPadRead(ImplicitLocOpBuilder &b, Value input,
                          ValueRange indices, ValueRange extents,
                          Value padValue) {
  Scalars s(b);
  Value inside = s.integer(b.getI1Type(), 1);
  for (auto [index, extent] : llvm::zip_equal(indices, extents)) {
    Value fits =
        s.logicalAnd(s.lessEqual(s.index(0), index), s.less(index, extent));
    inside = s.logicalAnd(inside, fits);
  }
  auto choice = scf::IfOp::create(
      b, inside,
      [&](OpBuilder &nested, Location loc) {
        Value element = tensor::ExtractOp::create(nested, loc, input, indices);
        scf::YieldOp::create(nested, loc, element);
      },
      [&](OpBuilder &nested, Location loc) {
        scf::YieldOp::create(nested, loc, padValue);
      });
  return choice.getResult(0);
}

static LogicalResult lowerPad(Node &node) {
  StringRef mode = node.getString("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap") {
    return node.refuse("attribute mode is '" + mode +
                       "', expected constant, edge, reflect or wrap");
  }
  Value input = node.getInput(0);
  SmallVector<OpFoldResult> source = node.getDims(input);
  FailureOr<Padding> padding = getPadding(node, source.size());
  if (failed(padding)) {
    return failure();
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  Scalars s(b);
  SmallVector<OpFoldResult> dims;
  SmallVector<Value> before;
  SmallVector<Value> extents;
  for (auto [extent, front, back] :
       llvm::zip_equal(source, padding->before, padding->after)) {
    extents.push_back(node.getIndexValue(extent));
    before.push_back(node.getIndexValue(front));
    Value sum =
        s.add(s.add(extents.back(), before.back()), node.getIndexValue(back));
    node.check(s.lessEqual(s.index(0), sum),
               "more is cut off than the input has");
    if (mode != "constant") {
      node.check(s.logicalOr(s.less(s.index(0), extents.back()),
                             s.equal(sum, s.index(0))),
                 "there is no element to repeat");
    }
    dims.push_back(getAsOpFoldResult(sum));
  }
  dims = node.refineDims(0, dims);
  Type elementType = node.getOutputElementType(0);
  bool fromInput = node.getVersion() >= 11 && node.hasInput(2);
  Value constant = fromInput ? node.getInput(2) : Value();
  double number = node.getFloat("value", 0.0);
  node.setOutput(
      0, createIndexed(
             b, dims, elementType,
             [&](ImplicitLocOpBuilder &inner, ValueRange loops) -> Value {
               Scalars t(inner);
               SmallVector<Value> indices;
               for (auto [loop, front, extent] :
                    llvm::zip_equal(loops, before, extents)) {
                 Value position = t.sub(loop, front);
                 indices.push_back(
                     mode == "constant"
                         ? position
                         : buildPadSource(t, mode, position, extent));
               }
               if (mode != "constant") {
                 return tensor::ExtractOp::create(inner, input, indices);
               }
               SmallVector<Value> first(
                   fromInput
                       ? cast<RankedTensorType>(constant.getType()).getRank()
                       : 0,
                   t.index(0));
               Value pad =
                   fromInput
                       ? inner.createOrFold<tensor::ExtractOp>(constant, first)
                       : t.constant(elementType, number);
               return buildPadRead(inner, input, indices, extents, pad);
             }));
  return success();
}

void moe::onnx::registerFillingLowerings(Registry &registry) {
  registry.add("Expand", lowerExpand);
  registry.add("Tile", lowerTile);
  registry.add("Pad", lowerPad);
}
