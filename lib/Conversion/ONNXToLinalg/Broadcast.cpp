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

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {

/// How a dimension of a tensor goes along a dimension of the result.
enum class Along { Absent, Unit, Whole, Uncertain };

/// One dimension of the result, and what takes part in it.
class BroadcastDim {
public:
  /// `rank` is that of the result and `trailing` what is not broadcast.
  BroadcastDim(Node &node, ValueRange values, int64_t rank, int64_t trailing,
               int64_t dim)
      : node(node), dim(dim) {
    for (Value value : values) {
      int64_t own = dim - (rank - (typeOf(value).getRank() - trailing));
      extents.push_back(own < 0 ? OpFoldResult() : node.getDim(value, own));
    }
  }

  /// Decides on every tensor and on the extent; refuses known extents that do
  /// not fit.
  LogicalResult resolve();
  /// The same where the extent is given.
  LogicalResult resolveTo(OpFoldResult given);

  OpFoldResult extent;
  SmallVector<Along> along;

private:
  void check(unsigned index);
  LogicalResult refuse(OpFoldResult lhs, OpFoldResult rhs);

  Node &node;
  int64_t dim;
  /// The extent of each tensor; null where it lacks the dimension.
  SmallVector<OpFoldResult> extents;
};

} // namespace

LogicalResult BroadcastDim::refuse(OpFoldResult lhs, OpFoldResult rhs) {
  return node.refuse("dimension " + Twine(dim) + " of the result is " +
                     Twine(*getConstantIntValue(lhs)) + " by one input and " +
                     Twine(*getConstantIntValue(rhs)) + " by another");
}

void BroadcastDim::check(unsigned index) {
  Scalars s(node.getBuilder());
  Value size = node.getIndexValue(extents[index]);
  Value fits = s.equal(size, node.getIndexValue(extent));
  node.check(s.logicalOr(s.equal(size, s.index(1)), fits),
             "dimension " + Twine(dim) +
                 " of the result is neither 1 nor the same for all inputs");
}

LogicalResult BroadcastDim::resolveTo(OpFoldResult given) {
  extent = given;
  for (auto [index, own] : llvm::enumerate(extents)) {
    if (!own) {
      along.push_back(Along::Absent);
    } else if (isConstantIntValue(own, 1)) {
      along.push_back(Along::Unit);
    } else if (own == extent) {
      along.push_back(Along::Whole);
    } else if (getConstantIntValue(own) && getConstantIntValue(extent)) {
      return refuse(extent, own);
    } else if (getConstantIntValue(own)) {
      // Not 1, so that it must be the result's.
      Scalars s(node.getBuilder());
      node.check(s.equal(node.getIndexValue(own), node.getIndexValue(extent)),
                 "dimension " + Twine(dim) + " of the result is not " +
                     Twine(*getConstantIntValue(own)));
      along.push_back(Along::Whole);
    } else {
      along.push_back(Along::Uncertain);
      check(index);
    }
  }
  return success();
}

/// The extent is the known one that is not 1; else one value if all that are
/// not 1 are known to be equal; else whichever the run finds not to be 1.
LogicalResult BroadcastDim::resolve() {
  SmallVector<OpFoldResult> different;
  for (OpFoldResult own : extents) {
    if (own && !isConstantIntValue(own, 1) &&
        !llvm::is_contained(different, own)) {
      different.push_back(own);
    }
  }
  auto *known = llvm::find_if(different, [](OpFoldResult own) {
    return getConstantIntValue(own).has_value();
  });
  if (known != different.end()) {
    return resolveTo(*known);
  }
  if (different.empty()) {
    return resolveTo(node.getBuilder().getIndexAttr(1));
  }
  Scalars s(node.getBuilder());
  Value result = cast<Value>(different.front());
  for (OpFoldResult other : ArrayRef(different).drop_front()) {
    Value isOne = s.equal(result, s.index(1));
    result = s.select(isOne, cast<Value>(other), result);
  }
  return resolveTo(result);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// `value` with every uncertain dimension brought to the result's extent: an
/// element is read at 0 where the run finds an extent of 1. `along` and `dims`
/// are those of its leading dimensions.
static Value materialize(Node &node, Value value, ArrayRef<Along> along,
                         ArrayRef<OpFoldResult> dims) {
  SmallVector<OpFoldResult> result = node.getDims(value);
  SmallVector<Value> isOne(result.size());
  Scalars outer(node.getBuilder());
  for (auto [dim, how] : llvm::enumerate(along)) {
    if (how == Along::Uncertain) {
      isOne[dim] = outer.equal(node.getIndexValue(result[dim]), outer.index(1));
      result[dim] = dims[dim];
    }
  }
  return createIndexed(node.getBuilder(), result,
                       typeOf(value).getElementType(),
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

/// Adds `value` with what was decided on its leading dimensions.
static void addTensor(Node &node, Broadcast &broadcast, Value value,
                      ArrayRef<Along> decided) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  SmallVector<AffineExpr> exprs;
  SmallVector<Along> along;
  SmallVector<OpFoldResult> dims;
  for (auto [dim, how] : llvm::enumerate(decided)) {
    if (how != Along::Absent) {
      exprs.push_back(how == Along::Unit ? b.getAffineConstantExpr(0)
                                         : b.getAffineDimExpr(dim));
      along.push_back(how);
      dims.push_back(broadcast.dims[dim]);
    }
  }
  bool uncertain = llvm::is_contained(along, Along::Uncertain);
  broadcast.values.push_back(uncertain ? materialize(node, value, along, dims)
                                       : value);
  broadcast.maps.push_back(
      AffineMap::get(decided.size(), 0, exprs, b.getContext()));
}

FailureOr<Broadcast> moe::onnx::broadcastValues(Node &node, ValueRange values,
                                                int64_t trailing) {
  int64_t rank = 0;
  for (Value value : values) {
    rank = std::max(rank, typeOf(value).getRank() - trailing);
  }
  Broadcast result;
  SmallVector<SmallVector<Along>> along(values.size());
  for (int64_t dim = 0; dim < rank; ++dim) {
    BroadcastDim next(node, values, rank, trailing, dim);
    if (failed(next.resolve())) {
      return failure();
    }
    result.dims.push_back(next.extent);
    for (auto [decided, how] : llvm::zip_equal(along, next.along)) {
      decided.push_back(how);
    }
  }
  for (auto [value, decided] : llvm::zip_equal(values, along)) {
    addTensor(node, result, value, decided);
  }
  return result;
}

FailureOr<std::pair<Value, AffineMap>>
moe::onnx::broadcastInputTo(Node &node, unsigned index,
                            ArrayRef<OpFoldResult> dims) {
  Value value = node.getInput(index);
  int64_t rank = dims.size();
  if (typeOf(value).getRank() > rank) {
    return node.refuse("input " + Twine(index) + " has " +
                       Twine(typeOf(value).getRank()) +
                       " dimensions, expected at most " + Twine(rank));
  }
  Broadcast result;
  result.dims.assign(dims.begin(), dims.end());
  SmallVector<Along> along;
  for (int64_t dim = 0; dim < rank; ++dim) {
    BroadcastDim next(node, value, rank, /*trailing=*/0, dim);
    if (failed(next.resolveTo(dims[dim]))) {
      return failure();
    }
    along.push_back(next.along.front());
  }
  addTensor(node, result, value, along);
  return std::make_pair(result.values.front(), result.maps.front());
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

LogicalResult moe::onnx::lowerElementwise(Node &node, ArrayRef<unsigned> inputs,
                                          bool widen, ScalarFunction body,
                                          bool straight) {
  if (straight && lowerToScalars(node, inputs, body)) {
    return success();
  }
  FailureOr<Broadcast> broadcast =
      broadcastValues(node, llvm::map_to_vector(inputs, [&](unsigned input) {
                        return node.getInput(input);
                      }));
  if (failed(broadcast)) {
    return failure();
  }
  // Constants with one value go into the body.
  SmallVector<TypedAttr> splats;
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  for (auto [value, map] :
       llvm::zip_equal(broadcast->values, broadcast->maps)) {
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

/// Inputs of one generic of a fold. A loop over hundreds of tensors takes LLVM
/// time that grows with the square of their number.
static constexpr size_t kMaxFolded = 16;

LogicalResult moe::onnx::lowerFold(Node &node, FoldStep step, FoldEnd end) {
  auto fold = [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
    Value result = scalars[0];
    for (Value next : scalars.drop_front()) {
      result = step(b, result, next);
    }
    return result;
  };
  auto foldAll = [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
    return end(b, fold(b, scalars));
  };
  SmallVector<unsigned> inputs =
      llvm::to_vector(llvm::seq<unsigned>(0, node.getNumInputs()));
  if (inputs.size() <= kMaxFolded) {
    return lowerElementwise(node, inputs, /*widen=*/true, foldAll);
  }
  FailureOr<Broadcast> broadcast =
      broadcastValues(node, llvm::map_to_vector(inputs, [&](unsigned input) {
                        return node.getInput(input);
                      }));
  if (failed(broadcast)) {
    return failure();
  }
  ImplicitLocOpBuilder &builder = node.getBuilder();
  SmallVector<OpFoldResult> dims = node.refineDims(0, broadcast->dims);
  Type elementType = node.getOutputElementType(0);
  // Between the pieces nothing is rounded to a half type.
  Type wide = getComputeType(elementType);
  Value result;
  for (size_t begin = 0; begin < inputs.size(); begin += kMaxFolded) {
    size_t count = std::min(kMaxFolded, inputs.size() - begin);
    bool isLast = begin + count == inputs.size();
    SmallVector<Value> values;
    SmallVector<AffineMap> maps;
    if (result) {
      values.push_back(result);
      maps.push_back(builder.getMultiDimIdentityMap(dims.size()));
    }
    llvm::append_range(values,
                       ArrayRef(broadcast->values).slice(begin, count));
    llvm::append_range(maps, ArrayRef(broadcast->maps).slice(begin, count));
    result = createParallel(
        builder, dims, isLast ? elementType : wide, values, maps,
        [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
          SmallVector<Value> scalars =
              llvm::map_to_vector(arguments, [&](Value argument) {
                return convertFloat(b, argument, wide);
              });
          return isLast ? convertFloat(b, foldAll(b, scalars), elementType)
                        : fold(b, scalars);
        });
  }
  node.setOutput(0, result);
  return success();
}
