//===- LoweringUtils.cpp - what lowerings build with ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moe::onnx;

using utils::IteratorType;

Value moe::onnx::createEmpty(ImplicitLocOpBuilder &builder,
                             ArrayRef<OpFoldResult> dims, Type elementType) {
  return tensor::EmptyOp::create(builder, dims, elementType);
}

Value moe::onnx::createFilled(ImplicitLocOpBuilder &builder,
                              ArrayRef<OpFoldResult> dims, Value value) {
  Value empty = createEmpty(builder, dims, value.getType());
  return linalg::FillOp::create(builder, value, empty).getResult(0);
}

Value moe::onnx::castTensor(ImplicitLocOpBuilder &builder, Value value,
                            RankedTensorType type) {
  if (value.getType() == type) {
    return value;
  }
  return builder.createOrFold<tensor::CastOp>(type, value);
}

//===----------------------------------------------------------------------===//
// Generics
//===----------------------------------------------------------------------===//

Value moe::onnx::createParallel(ImplicitLocOpBuilder &builder,
                                ArrayRef<OpFoldResult> dims, Type elementType,
                                ValueRange inputs, ArrayRef<AffineMap> maps,
                                ScalarFunction body) {
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(builder.getMultiDimIdentityMap(dims.size()));
  SmallVector<IteratorType> iterators(dims.size(), IteratorType::parallel);
  Value empty = createEmpty(builder, dims, elementType);
  auto generic = linalg::GenericOp::create(
      builder, empty.getType(), inputs, empty, allMaps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder b(loc, nested);
        Value result = body(b, arguments.drop_back());
        linalg::YieldOp::create(b, result);
      });
  return generic.getResult(0);
}

Value moe::onnx::createMapped(Node &node, Value input, Type elementType,
                              ScalarFunction body) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  SmallVector<OpFoldResult> dims = node.getDims(input);
  return createParallel(b, dims, elementType, input,
                        b.getMultiDimIdentityMap(dims.size()), body);
}

Value moe::onnx::createIndexed(ImplicitLocOpBuilder &builder,
                               ArrayRef<OpFoldResult> dims, Type elementType,
                               ScalarFunction body) {
  return createParallel(builder, dims, elementType, {}, {},
                        [&](ImplicitLocOpBuilder &b, ValueRange) {
                          SmallVector<Value> indices;
                          for (size_t dim = 0; dim < dims.size(); ++dim) {
                            indices.push_back(linalg::IndexOp::create(b, dim));
                          }
                          return body(b, indices);
                        });
}

AffineMap moe::onnx::getMapWithout(MLIRContext *context, unsigned rank,
                                   ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> kept;
  for (unsigned dim = 0; dim < rank; ++dim) {
    if (!llvm::is_contained(axes, dim)) {
      kept.push_back(getAffineDimExpr(dim, context));
    }
  }
  return AffineMap::get(rank, 0, kept, context);
}

Value moe::onnx::createReduction(Node &node, Value input,
                                 ArrayRef<int64_t> axes, Value init,
                                 ScalarFunction body) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  SmallVector<OpFoldResult> dims = node.getDims(input);
  SmallVector<OpFoldResult> kept;
  SmallVector<IteratorType> iterators;
  for (auto [dim, extent] : llvm::enumerate(dims)) {
    bool reduced = llvm::is_contained(axes, dim);
    iterators.push_back(reduced ? IteratorType::reduction
                                : IteratorType::parallel);
    if (!reduced) {
      kept.push_back(extent);
    }
  }
  Value filled = createFilled(b, kept, init);
  SmallVector<AffineMap> maps = {
      b.getMultiDimIdentityMap(dims.size()),
      getMapWithout(b.getContext(), dims.size(), axes)};
  auto generic = linalg::GenericOp::create(
      b, filled.getType(), input, filled, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, nested);
        Value result = body(inner, {arguments[1], arguments[0]});
        linalg::YieldOp::create(inner, result);
      });
  return generic.getResult(0);
}

Value moe::onnx::createTranspose(Node &node, Value input,
                                 ArrayRef<int64_t> permutation) {
  if (llvm::is_sorted(permutation)) {
    return input;
  }
  ImplicitLocOpBuilder &b = node.getBuilder();
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<OpFoldResult> dims;
  SmallVector<unsigned> loops(permutation.size());
  for (auto [loop, dim] : llvm::enumerate(permutation)) {
    dims.push_back(node.getDim(input, dim));
    loops[dim] = loop;
  }
  AffineMap map = AffineMap::getPermutationMap(loops, b.getContext());
  return createParallel(
      b, dims, type.getElementType(), input, map,
      [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
}

//===----------------------------------------------------------------------===//
// Arithmetic on extents
//===----------------------------------------------------------------------===//

OpFoldResult moe::onnx::multiply(Node &node, OpFoldResult lhs,
                                 OpFoldResult rhs) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  std::optional<int64_t> left = getConstantIntValue(lhs);
  std::optional<int64_t> right = getConstantIntValue(rhs);
  if (left && right) {
    return b.getIndexAttr(*left * *right);
  }
  if ((left && *left == 1) || (right && *right == 0)) {
    return rhs;
  }
  if ((right && *right == 1) || (left && *left == 0)) {
    return lhs;
  }
  return b.createOrFold<arith::MulIOp>(node.getIndexValue(lhs),
                                       node.getIndexValue(rhs));
}

OpFoldResult moe::onnx::getProduct(Node &node, ArrayRef<OpFoldResult> dims) {
  OpFoldResult product = node.getBuilder().getIndexAttr(1);
  for (OpFoldResult dim : dims) {
    product = multiply(node, product, dim);
  }
  return product;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

using Groups = SmallVector<ReassociationIndices>;

namespace {

/// A product of a constant and extents that are not known.
struct Factors {
  int64_t constant = 1;
  SmallVector<Value> values;

  void add(OpFoldResult dim) {
    if (std::optional<int64_t> known = getConstantIntValue(dim)) {
      constant *= *known;
      return;
    }
    Value value = cast<Value>(dim);
    if (auto product = value.getDefiningOp<arith::MulIOp>()) {
      add(product.getLhs());
      add(product.getRhs());
      return;
    }
    values.push_back(value);
  }

  /// Whether `other` is this product times something that is known.
  bool divides(const Factors &other) const {
    if (constant == 0 || other.constant == 0 ||
        other.constant % constant != 0) {
      return false;
    }
    SmallVector<Value> left(other.values);
    for (Value value : values) {
      auto *found = llvm::find(left, value);
      if (found == left.end()) {
        return false;
      }
      left.erase(found);
    }
    return true;
  }
};

/// Cuts two shapes with the same number of elements into groups of dimensions
/// with the same number of elements; what is not proven ends in one last group.
class Regrouping {
public:
  Regrouping(ArrayRef<OpFoldResult> from, ArrayRef<OpFoldResult> to)
      : from(from), to(to) {
    // Equal last dimensions stay, so that rows stay rows.
    size_t equal = 0;
    while (this->from.size() > 1 && this->to.size() > 1 &&
           this->from.back() == this->to.back() &&
           getConstantIntValue(this->from.back()).value_or(0) != 0) {
      this->from = this->from.drop_back();
      this->to = this->to.drop_back();
      ++equal;
    }
    takeGroups();
    for (; equal > 0; --equal) {
      sources.push_back({static_cast<int64_t>(i++)});
      targets.push_back({static_cast<int64_t>(j++)});
    }
  }

  Groups sources;
  Groups targets;

private:
  void takeGroups() {
    while (i < from.size() && j < to.size()) {
      takeGroup();
    }
    // What is left has extents of 1, or nothing could be proven.
    for (; i < from.size(); ++i) {
      sources.back().push_back(i);
    }
    for (; j < to.size(); ++j) {
      targets.back().push_back(j);
    }
  }

  void takeGroup() {
    ReassociationIndices source = {static_cast<int64_t>(i)};
    ReassociationIndices target = {static_cast<int64_t>(j)};
    Factors left;
    Factors right;
    left.add(from[i++]);
    right.add(to[j++]);
    while (true) {
      bool isSource = left.divides(right);
      if (isSource && right.divides(left)) {
        break;
      }
      if (isSource && i < from.size()) {
        source.push_back(i);
        left.add(from[i++]);
      } else if (right.divides(left) && j < to.size()) {
        target.push_back(j);
        right.add(to[j++]);
      } else {
        for (; i < from.size(); ++i) {
          source.push_back(i);
        }
        for (; j < to.size(); ++j) {
          target.push_back(j);
        }
        break;
      }
    }
    sources.push_back(source);
    targets.push_back(target);
  }

  ArrayRef<OpFoldResult> from;
  ArrayRef<OpFoldResult> to;
  size_t i = 0;
  size_t j = 0;
};

} // namespace

static bool joins(const Groups &groups) {
  return llvm::any_of(groups, [](const ReassociationIndices &group) {
    return group.size() != 1;
  });
}

/// The type that a tensor must have to be expanded to `dims` by `groups`.
static RankedTensorType getCollapsedType(ArrayRef<OpFoldResult> dims,
                                         const Groups &groups,
                                         Type elementType) {
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : groups) {
    int64_t extent = 1;
    for (int64_t dim : group) {
      std::optional<int64_t> known = getConstantIntValue(dims[dim]);
      extent = known && !ShapedType::isDynamic(extent) ? extent * *known
                                                       : ShapedType::kDynamic;
    }
    shape.push_back(extent);
  }
  return RankedTensorType::get(shape, elementType);
}

static RankedTensorType getTypeOf(ArrayRef<OpFoldResult> dims,
                                  Type elementType) {
  SmallVector<int64_t> shape;
  for (OpFoldResult dim : dims) {
    shape.push_back(getConstantIntValue(dim).value_or(ShapedType::kDynamic));
  }
  return RankedTensorType::get(shape, elementType);
}

Value moe::onnx::createReshape(Node &node, Value input,
                               ArrayRef<OpFoldResult> dims) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  auto type = cast<RankedTensorType>(input.getType());
  Type elementType = type.getElementType();
  RankedTensorType result = getTypeOf(dims, elementType);
  SmallVector<OpFoldResult> source = node.getDims(input);
  if (llvm::equal(source, dims)) {
    return input;
  }
  if (type.getRank() == 0 || dims.empty()) {
    // One element: every extent is 1.
    SmallVector<int64_t> ones(std::max<int64_t>(type.getRank(), dims.size()),
                              1);
    auto unit = RankedTensorType::get(ones, elementType);
    if (type.getRank() == 0) {
      Value expanded = tensor::ExpandShapeOp::create(
          b, unit, input, ArrayRef<ReassociationIndices>());
      return castTensor(b, expanded, result);
    }
    return tensor::CollapseShapeOp::create(b, result,
                                           castTensor(b, input, unit),
                                           ArrayRef<ReassociationIndices>());
  }
  Regrouping grouping(source, dims);
  Value value = input;
  if (joins(grouping.sources)) {
    value = tensor::CollapseShapeOp::create(b, value, grouping.sources);
  }
  value = castTensor(b, value,
                     getCollapsedType(dims, grouping.targets, elementType));
  if (joins(grouping.targets)) {
    value =
        tensor::ExpandShapeOp::create(b, result, value, grouping.targets, dims);
  }
  return castTensor(b, value, result);
}

Value moe::onnx::collapseDims(Node &node, Value input, int64_t begin,
                              int64_t end) {
  SmallVector<OpFoldResult> dims = node.getDims(input);
  SmallVector<OpFoldResult> result(dims.begin(), dims.begin() + begin);
  result.push_back(getProduct(node, ArrayRef(dims).slice(begin, end - begin)));
  result.append(dims.begin() + end, dims.end());
  return createReshape(node, input, result);
}

Value moe::onnx::insertUnitDims(Node &node, Value input,
                                ArrayRef<int64_t> axes) {
  SmallVector<OpFoldResult> dims = node.getDims(input);
  for (int64_t axis : axes) {
    dims.insert(dims.begin() + axis, node.getBuilder().getIndexAttr(1));
  }
  return createReshape(node, input, dims);
}
