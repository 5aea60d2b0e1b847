//===- Broadcast.cpp - NumPy's broadcasting, and elementwise ops ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe::onnx;

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

namespace {

/// How a dimension of an input goes along a dimension of the result.
enum class Along { Absent, Unit, Whole, Uncertain };

/// One dimension of the result, and what takes part in it.
class BroadcastDim {
public:
  BroadcastDim(Node &node, ArrayRef<unsigned> inputs, int64_t rank, int64_t dim)
      : node(node), inputs(inputs) {
    for (unsigned input : inputs) {
      int64_t missing = rank - node.getInputType(input).getRank();
      inputDims.push_back(dim - missing);
    }
  }

  /// Decides on every input and on the extent; refuses known extents that do
  /// not fit.
  LogicalResult resolve(int64_t dim);

  OpFoldResult extent;
  SmallVector<Along> along;

private:
  int64_t getStatic(unsigned index) {
    return node.getInputType(inputs[index]).getDimSize(inputDims[index]);
  }
  OpFoldResult resolveDynamic();
  void check(unsigned index, Value result);

  Node &node;
  ArrayRef<unsigned> inputs;
  /// The dimension of each input; below 0 where it has none.
  SmallVector<int64_t> inputDims;
};

} // namespace

LogicalResult BroadcastDim::resolve(int64_t dim) {
  std::optional<int64_t> known;
  bool dynamic = false;
  for (unsigned i = 0; i < inputs.size(); ++i) {
    if (inputDims[i] < 0) {
      along.push_back(Along::Absent);
      continue;
    }
    int64_t size = getStatic(i);
    if (size == 1) {
      along.push_back(Along::Unit);
      continue;
    }
    along.push_back(Along::Whole);
    if (ShapedType::isDynamic(size)) {
      dynamic = true;
    } else if (known && *known != size) {
      return node.refuse("dimension " + Twine(dim) + " is " + Twine(*known) +
                         " in one input and " + Twine(size) + " in another");
    } else {
      known = size;
    }
  }
  if (known) {
    extent = node.getBuilder().getIndexAttr(*known);
    for (unsigned i = 0; i < inputs.size(); ++i) {
      if (along[i] == Along::Whole && ShapedType::isDynamic(getStatic(i))) {
        along[i] = Along::Uncertain;
        check(i, node.getIndexValue(extent));
      }
    }
  } else if (dynamic) {
    extent = resolveDynamic();
  } else {
    extent = node.getBuilder().getIndexAttr(1);
  }
  return success();
}

/// The extent where all that is not 1 is dynamic: one value if all are known to
/// be equal, else whichever is not 1.
OpFoldResult BroadcastDim::resolveDynamic() {
  SmallVector<unsigned> different;
  for (unsigned i = 0; i < inputs.size(); ++i) {
    if (along[i] == Along::Whole &&
        llvm::none_of(different, [&](unsigned other) {
          return node.areInputDimsEqual(inputs[i], inputDims[i], inputs[other],
                                        inputDims[other]);
        })) {
      different.push_back(i);
    }
  }
  auto getDim = [&](unsigned index) {
    return node.getDimValue(node.getInput(inputs[index]), inputDims[index]);
  };
  Value result = getDim(different.front());
  if (different.size() == 1) {
    return result;
  }
  Scalars s(node.getBuilder());
  for (unsigned other : ArrayRef(different).drop_front()) {
    Value isOne = s.equal(result, s.index(1));
    result = s.select(isOne, getDim(other), result);
  }
  for (unsigned i = 0; i < inputs.size(); ++i) {
    if (along[i] == Along::Whole) {
      along[i] = Along::Uncertain;
      check(i, result);
    }
  }
  return result;
}

void BroadcastDim::check(unsigned index, Value result) {
  Scalars s(node.getBuilder());
  Value size = node.getDimValue(node.getInput(inputs[index]), inputDims[index]);
  Value fits =
      s.logicalOr(s.equal(size, s.index(1)), s.equal(size, result));
  node.check(fits, "dimension " + Twine(inputDims[index]) + " of input " +
                       Twine(inputs[index]) +
                       " is neither 1 nor the extent of the other inputs");
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// `input` with every uncertain dimension brought to the result's extent: an
/// element is read at 0 where the run finds an extent of 1.
static Value materialize(Node &node, unsigned input, ArrayRef<Along> along,
                         ArrayRef<OpFoldResult> dims) {
  Value value = node.getInput(input);
  SmallVector<OpFoldResult> result;
  SmallVector<Value> isOne;
  Scalars outer(node.getBuilder());
  for (auto [dim, how] : llvm::enumerate(along)) {
    result.push_back(how == Along::Unit ? node.getDim(value, dim) : dims[dim]);
    isOne.push_back(how == Along::Uncertain
                        ? outer.equal(node.getDimValue(value, dim),
                                      outer.index(1))
                        : Value());
  }
  return createIndexed(node.getBuilder(), result,
                       node.getInputElementType(input),
                       [&](ImplicitLocOpBuilder &b, ValueRange loops) {
                         Scalars s(b);
                         SmallVector<Value> indices(loops);
                         for (auto [index, one] : llvm::zip(indices, isOne)) {
                           if (one) {
                             index = s.select(one, s.index(0), index);
                           }
                         }
                         return tensor::ExtractOp::create(b, value, indices);
                       });
}

FailureOr<Broadcast> moe::onnx::broadcastInputs(Node &node,
                                                ArrayRef<unsigned> inputs) {
  int64_t rank = 0;
  for (unsigned input : inputs) {
    rank = std::max(rank, node.getInputType(input).getRank());
  }
  Broadcast result;
  SmallVector<BroadcastDim> resolved;
  for (int64_t dim = 0; dim < rank; ++dim) {
    BroadcastDim &next = resolved.emplace_back(node, inputs, rank, dim);
    if (failed(next.resolve(dim))) {
      return failure();
    }
    result.dims.push_back(next.extent);
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  for (auto [index, input] : llvm::enumerate(inputs)) {
    int64_t inputRank = node.getInputType(input).getRank();
    SmallVector<AffineExpr> exprs;
    SmallVector<Along> along;
    for (int64_t dim = rank - inputRank; dim < rank; ++dim) {
      Along how = resolved[dim].along[index];
      bool isUnit = how == Along::Unit;
      exprs.push_back(isUnit ? b.getAffineConstantExpr(0)
                             : b.getAffineDimExpr(dim));
      along.push_back(how);
    }
    bool uncertain = llvm::is_contained(along, Along::Uncertain);
    result.values.push_back(
        uncertain ? materialize(node, input, along,
                                ArrayRef(result.dims).take_back(inputRank))
                  : node.getInput(input));
    result.maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// The elements of a small static broadcast in row-major order: per element
/// the indices into each input's scalars.
static SmallVector<SmallVector<int64_t>>
enumerateBroadcast(Node &node, ArrayRef<unsigned> inputs,
                   ArrayRef<int64_t> shape) {
  int64_t count = ShapedType::getNumElements(shape);
  SmallVector<SmallVector<int64_t>> result(count);
  for (int64_t element = 0; element < count; ++element) {
    for (unsigned input : inputs) {
      ArrayRef<int64_t> inputShape = node.getInputType(input).getShape();
      int64_t rest = element;
      int64_t offset = 0;
      int64_t stride = 1;
      for (size_t back = 1; back <= shape.size(); ++back) {
        int64_t extent = shape[shape.size() - back];
        if (back <= inputShape.size()) {
          int64_t own = inputShape[inputShape.size() - back];
          offset += own == 1 ? 0 : (rest % extent) * stride;
          stride *= own;
        }
        rest /= extent;
      }
      result[element].push_back(offset);
    }
  }
  return result;
}

/// Lowers to scalars if every input is such and the result is small.
static bool lowerToScalars(Node &node, ArrayRef<unsigned> inputs,
                           ScalarFunction body) {
  SmallVector<int64_t> shape;
  for (unsigned input : inputs) {
    if (!node.hasScalars(input)) {
      return false;
    }
    ArrayRef<int64_t> own = node.getInputType(input).getShape();
    size_t rank = std::max(shape.size(), own.size());
    shape.insert(shape.begin(), rank - shape.size(), 1);
    for (auto [dim, extent] : llvm::enumerate(own)) {
      int64_t &common = shape[rank - own.size() + dim];
      if (common != 1 && extent != 1 && common != extent) {
        return false;
      }
      common = common == 1 ? extent : common;
    }
  }
  if (!node.getOutputElementType(0).isInteger() ||
      ShapedType::getNumElements(shape) > kMaxScalars ||
      !node.getOutputType(0).hasStaticShape()) {
    return false;
  }
  SmallVector<SmallVector<Value>> scalars;
  for (unsigned input : inputs) {
    scalars.push_back(*node.getScalars(input));
  }
  SmallVector<Value> elements;
  for (ArrayRef<int64_t> offsets : enumerateBroadcast(node, inputs, shape)) {
    SmallVector<Value> arguments;
    for (auto [values, offset] : llvm::zip_equal(scalars, offsets)) {
      arguments.push_back(values[offset]);
    }
    elements.push_back(body(node.getBuilder(), arguments));
  }
  node.setScalars(0, elements);
  return true;
}

/// The one value of all elements of a constant, or null.
static TypedAttr getSplat(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat()) {
    return {};
  }
  return cast<TypedAttr>(elements.getSplatValue<Attribute>());
}

LogicalResult moe::onnx::lowerElementwise(Node &node,
                                          ArrayRef<unsigned> inputs, bool widen,
                                          ScalarFunction body) {
  if (lowerToScalars(node, inputs, body)) {
    return success();
  }
  FailureOr<Broadcast> broadcast = broadcastInputs(node, inputs);
  if (failed(broadcast)) {
    return failure();
  }
  // Constants with one value go into the body.
  SmallVector<TypedAttr> splats;
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  for (auto [value, map] : llvm::zip_equal(broadcast->values, broadcast->maps)) {
    TypedAttr splat = getSplat(value);
    splats.push_back(splat);
    if (!splat) {
      values.push_back(value);
      maps.push_back(map);
    }
  }
  Type elementType = node.getOutputElementType(0);
  Value result = createParallel(
      node.getBuilder(), node.refineDims(0, broadcast->dims), elementType,
      values, maps, [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
        SmallVector<Value> scalars;
        for (TypedAttr splat : splats) {
          Value scalar = splat ? arith::ConstantOp::create(b, splat).getResult()
                               : arguments.front();
          if (!splat) {
            arguments = arguments.drop_front();
          }
          scalars.push_back(
              widen ? convertFloat(b, scalar, getComputeType(scalar.getType()))
                    : scalar);
        }
        return convertFloat(b, body(b, scalars), elementType);
      });
  node.setOutput(0, result);
  return success();
}
