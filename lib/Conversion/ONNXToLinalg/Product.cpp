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

/// Rows [M, K] times a matrix [K, N], not yet rounded. Kernels for products with
/// a constant read rows in the type they sum in.
static Value multiplyMatrices(Node &node, Value rows, Value matrix,
                              bool isWeight) {
  Type sum = getAccumulatorType(typeOf(rows).getElementType());
  if (isWeight) {
    rows = roundTo(node, rows, sum);
  }
  Value zeros = createZeros(
      node, {node.getDim(rows, 0), node.getDim(matrix, 1)}, sum);
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

/// A product with batch dimensions: [batch..., M, K] x [batch..., K, N].
static FailureOr<Value> multiplyBatches(Node &node, Value lhs, Value rhs) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  int64_t lhsRank = typeOf(lhs).getRank(), rhsRank = typeOf(rhs).getRank();
  int64_t batch = std::max(lhsRank, rhsRank) - 2;
  unsigned m = batch, n = batch + 1, k = batch + 2;
  SmallVector<OpFoldResult> dims;
  SmallVector<AffineExpr> lhsExprs, rhsExprs, outExprs;
  Scalars s(b);
  for (int64_t i = 0; i < batch; ++i) {
    AffineExpr loop = b.getAffineDimExpr(i), zero = b.getAffineConstantExpr(0);
    int64_t lhsDim = i - (batch - (lhsRank - 2));
    int64_t rhsDim = i - (batch - (rhsRank - 2));
    bool inLhs = lhsDim >= 0, inRhs = rhsDim >= 0;
    OpFoldResult left = inLhs ? node.getDim(lhs, lhsDim) : b.getIndexAttr(1);
    OpFoldResult right = inRhs ? node.getDim(rhs, rhsDim) : b.getIndexAttr(1);
    bool leftOne = isConstantIntValue(left, 1);
    bool rightOne = isConstantIntValue(right, 1);
    if (!leftOne && !rightOne && left != right) {
      node.check(s.equal(node.getIndexValue(left), node.getIndexValue(right)),
                 "the operands' batch dimensions differ");
    }
    dims.push_back(leftOne ? right : left);
    if (inLhs) {
      lhsExprs.push_back(leftOne ? zero : loop);
    }
    if (inRhs) {
      rhsExprs.push_back(rightOne ? zero : loop);
    }
    outExprs.push_back(loop);
  }
  lhsExprs.append({b.getAffineDimExpr(m), b.getAffineDimExpr(k)});
  rhsExprs.append({b.getAffineDimExpr(k), b.getAffineDimExpr(n)});
  outExprs.append({b.getAffineDimExpr(m), b.getAffineDimExpr(n)});
  dims.push_back(node.getDim(lhs, lhsRank - 2));
  dims.push_back(node.getDim(rhs, rhsRank - 1));

  Type sum = getAccumulatorType(typeOf(lhs).getElementType());
  Value zeros = createZeros(node, dims, sum);
  SmallVector<IteratorType> iterators(batch + 2, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(batch + 3, 0, exprs, b.getContext());
  };
  auto product = linalg::GenericOp::create(
      b, zeros.getType(), ValueRange{lhs, rhs}, zeros,
      ArrayRef<AffineMap>{map(lhsExprs), map(rhsExprs), map(outExprs)},
      iterators, [&](OpBuilder &nested, Location loc, ValueRange args) {
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

/// The map that reads C, which is broadcast to [M, N], and C without leading
/// extents of 1.
static FailureOr<std::pair<Value, AffineMap>> readAddend(Node &node,
                                                         Value addend) {
  ImplicitLocOpBuilder &b = node.getBuilder();
  RankedTensorType type = typeOf(addend);
  while (type.getRank() > 0 && type.getDimSize(0) == 1) {
    SmallVector<OpFoldResult> dims = node.getDims(addend);
    addend = createReshape(node, addend, ArrayRef(dims).drop_front());
    type = typeOf(addend);
  }
  if (type.getRank() > 2) {
    return node.refuse("input C must have at most two dimensions");
  }
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    exprs.push_back(type.getDimSize(dim) == 1
                        ? b.getAffineConstantExpr(0)
                        : b.getAffineDimExpr(2 - type.getRank() + dim));
  }
  return std::make_pair(addend, AffineMap::get(2, 0, exprs, b.getContext()));
}

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
        readAddend(node, node.getInput(2));
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
          return factor == 1.0 ? value
                               : s.mul(value, s.constant(sum, factor));
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
