//===- Product.cpp - MatMul and Gemm --------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"
#include "Weights.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;
using utils::IteratorType;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The type that products of this type are summed in.
static Type getAccumulatorType(Type type) {
  return isa<FloatType>(type) ? getComputeType(type) : type;
}

static Value createZeros(Node &node, ArrayRef<OpFoldResult> dims, Type type) {
  return createFilled(node.getBuilder(), dims,
                      Scalars(node.getBuilder()).constant(type, 0));
}

/// Each element rounded to `type`, once.
static Value roundTo(Node &node, Value value, Type type) {
  if (typeOf(value).getElementType() == type) {
    return value;
  }
  return createMapped(node, value, type,
                      [&](ImplicitLocOpBuilder &b, ValueRange args) {
                        return convertFloat(b, args[0], type);
                      });
}

/// Rows [M, K] times a matrix [K, N], not yet rounded. Kernels for products
/// with a constant read rows in the type they sum in.
static Value multiplyMatrices(Node &node, Value rows, Value matrix,
                              bool isWeight) {
  Type sum = getAccumulatorType(typeOf(rows).getElementType());
  if (isWeight) {
    rows = roundTo(node, rows, sum);
  }
  Value zeros =
      createZeros(node, {node.getDim(rows, 0), node.getDim(matrix, 1)}, sum);
  return linalg::MatmulOp::create(node.getBuilder(), ValueRange{rows, matrix},
                                  zeros)
      .getResult(0);
}

/// The extents of two operands' depth must agree.
static void checkDepth(Node &node, OpFoldResult lhs, OpFoldResult rhs) {
  if (lhs == rhs) {
    return;
  }
  Scalars s(node.getBuilder());
  node.check(s.equal(node.getIndexValue(lhs), node.getIndexValue(rhs)),
             "the operands' inner dimensions differ");
}

//===----------------------------------------------------------------------===//
// MatMul
//===----------------------------------------------------------------------===//

/// Batches of the same extents: [batch..., M, K] x [batch..., K, N] as
/// [B, M, N], or as a matrix if there are none.
static Value multiplyEqualBatches(Node &node, ValueRange values) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  int64_t batch = typeOf(values[0]).getRank() - 2;
  if (batch == 0) {
    return multiplyMatrices(node, values[0], values[1], /*isWeight=*/false);
  }
  Value lhs = collapseDims(node, values[0], 0, batch);
  Value rhs = collapseDims(node, values[1], 0, batch);
  Value zeros = createZeros(
      node, {node.getDim(lhs, 0), node.getDim(lhs, 1), node.getDim(rhs, 2)},
      getAccumulatorType(typeOf(lhs).getElementType()));
  return linalg::BatchMatmulOp::create(b, ValueRange{lhs, rhs}, zeros)
      .getResult(0);
}

/// Batches that differ in extents of 1.
static Value multiplyBroadcast(Node &node, const Broadcast &batches,
                               ArrayRef<OpFoldResult> dims) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  int64_t batch = batches.dims.size();
  AffineExpr m = b.getAffineDimExpr(batch);
  AffineExpr n = b.getAffineDimExpr(batch + 1);
  AffineExpr k = b.getAffineDimExpr(batch + 2);
  auto map = [&](AffineMap leading, AffineExpr row, AffineExpr column) {
    SmallVector<AffineExpr> exprs(leading.getResults());
    exprs.append({row, column});
    return AffineMap::get(batch + 3, 0, exprs, b.getContext());
  };
  SmallVector<AffineMap> maps = {map(batches.maps[0], m, k),
                                 map(batches.maps[1], k, n),
                                 map(b.getMultiDimIdentityMap(batch), m, n)};
  Type sum = getAccumulatorType(typeOf(batches.values[0]).getElementType());
  Value zeros = createZeros(node, dims, sum);
  SmallVector<IteratorType> iterators(batch + 2, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  auto product = linalg::GenericOp::create(
      b, zeros.getType(), batches.values, zeros, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder inner(loc, nested);
        Scalars scalars(inner);
        auto widen = [&](Value value) {
          return isa<FloatType>(sum) ? convertFloat(inner, value, sum) : value;
        };
        Value term = scalars.mul(widen(args[0]), widen(args[1]));
        linalg::YieldOp::create(inner, scalars.add(args[2], term));
      });
  return product.getResult(0);
}

/// A product with batch dimensions: [batch..., M, K] x [batch..., K, N].
static FailureOr<Value> multiplyBatches(Node &node, Value lhs, Value rhs) {
  FailureOr<Broadcast> batches = broadcastValues(node, {lhs, rhs}, 2);
  if (failed(batches)) {
    return failure();
  }
  SmallVector<OpFoldResult> dims = batches->dims;
  dims.push_back(node.getDim(lhs, typeOf(lhs).getRank() - 2));
  dims.push_back(node.getDim(rhs, typeOf(rhs).getRank() - 1));
  ArrayRef<OpFoldResult> leading = batches->dims;
  if (llvm::all_of(batches->values, [&](Value value) {
        SmallVector<OpFoldResult> own = node.getDims(value);
        return ArrayRef(own).drop_back(2) == leading;
      })) {
    return createReshape(node, multiplyEqualBatches(node, batches->values),
                         dims);
  }
  return multiplyBroadcast(node, *batches, dims);
}

static LogicalResult lowerMatMul(Node &node) {
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  int64_t lhsRank = typeOf(lhs).getRank(), rhsRank = typeOf(rhs).getRank();
  if (lhsRank == 0 || rhsRank == 0) {
    return node.refuse("operands must have at least one dimension");
  }
  // A vector is a matrix of one row, or of one column.
  if (lhsRank == 1) {
    lhs = insertUnitDims(node, lhs, {0});
  }
  if (rhsRank == 1) {
    rhs = insertUnitDims(node, rhs, {1});
  }
  checkDepth(node, node.getDim(lhs, typeOf(lhs).getRank() - 1),
             node.getDim(rhs, typeOf(rhs).getRank() - 2));
  SmallVector<OpFoldResult> dims = node.getDims(lhs);
  Value product;
  Value weight = rhsRank == 2 ? asWeight(node, rhs) : Value();
  // Inside experts a body's weights are arguments.
  bool isMatrix = rhsRank == 2 && (weight || isa<BlockArgument>(rhs));
  if (isMatrix && !dims.empty()) {
    Value rows = collapseDims(node, lhs, 0, dims.size() - 1);
    product = multiplyMatrices(node, rows, weight ? weight : rhs, !!weight);
    product = roundTo(node, product, node.getOutputElementType(0));
    dims.back() = node.getDim(rhs, 1);
    product = createReshape(node, product, dims);
  } else {
    FailureOr<Value> batches = multiplyBatches(node, lhs, rhs);
    if (failed(batches)) {
      return failure();
    }
    product = roundTo(node, *batches, node.getOutputElementType(0));
  }
  SmallVector<OpFoldResult> result = node.getDims(product);
  if (rhsRank == 1) {
    result.pop_back();
  }
  if (lhsRank == 1) {
    result.erase(result.end() - (rhsRank == 1 ? 1 : 2));
  }
  node.setOutput(0, createReshape(node, product, result));
  return success();
}

//===----------------------------------------------------------------------===//
// Gemm
//===----------------------------------------------------------------------===//

static LogicalResult lowerGemm(Node &node) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  if (typeOf(lhs).getRank() != 2 || typeOf(rhs).getRank() != 2) {
    return node.refuse("inputs A and B must be matrices");
  }
  if (node.getInt("transA", 0) != 0) {
    lhs = createTranspose(node, lhs, {1, 0});
  }
  bool transposed = node.getInt("transB", 0) != 0;
  Value weight =
      transposed ? getTransposedWeight(node, rhs) : asWeight(node, rhs);
  if (!weight && transposed) {
    rhs = createTranspose(node, rhs, {1, 0});
  }
  rhs = weight ? weight : rhs;
  checkDepth(node, node.getDim(lhs, 1), node.getDim(rhs, 0));
  Value product = multiplyMatrices(node, lhs, rhs, !!weight);
  double alpha = node.getFloat("alpha", 1.0), beta = node.getFloat("beta", 1.0);
  Type type = node.getOutputElementType(0);
  SmallVector<Value> inputs{product};
  SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(2)};
  if (node.hasInput(2) && beta != 0.0) {
    FailureOr<std::pair<Value, AffineMap>> addend =
        broadcastInputTo(node, 2, node.getDims(product));
    if (failed(addend)) {
      return failure();
    }
    inputs.push_back(addend->first);
    maps.push_back(addend->second);
  }
  if (inputs.size() == 1 && alpha == 1.0) {
    node.setOutput(0, roundTo(node, product, type));
    return success();
  }
  Type sum = typeOf(product).getElementType();
  Value result = createParallel(
      b, node.getDims(product), type, inputs, maps,
      [&](ImplicitLocOpBuilder &inner, ValueRange args) {
        Scalars s(inner);
        auto scaled = [&](Value value, double factor) {
          value = isa<FloatType>(sum) ? convertFloat(inner, value, sum) : value;
          return factor == 1.0 ? value : s.mul(value, s.constant(sum, factor));
        };
        Value value = scaled(args[0], alpha);
        if (args.size() == 2) {
          value = s.add(value, scaled(args[1], beta));
        }
        return isa<FloatType>(type) ? convertFloat(inner, value, type) : value;
      });
  node.setOutput(0, result);
  return success();
}

void moe::onnx::registerProductLowerings(Registry &registry) {
  registry.add("MatMul", lowerMatMul);
  registry.add("Gemm", lowerGemm);
}
