//===- Loops.cpp - loops on tensors ---------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace moe;

Value Loops::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}

Value Loops::integer(Type type, int64_t value) {
  return arith::ConstantOp::create(*this, getIntegerAttr(type, value));
}

Value Loops::zero(Type type) {
  return arith::ConstantOp::create(*this, getZeroAttr(type));
}

Value Loops::dim(Value tensor, int64_t index) {
  return tensor::DimOp::create(*this, tensor, index);
}

Loops::Values Loops::loop(Value from, Value to, ValueRange carried,
                          LoopBody body) {
  auto build = [&](OpBuilder &builder, Location loc, Value i, ValueRange args) {
    Loops inner(loc, builder);
    scf::YieldOp::create(inner, body(inner, i, args));
  };
  return scf::ForOp::create(*this, from, to, index(1), carried, build)
      .getResults();
}

Loops::Values Loops::loop(Value to, ValueRange carried, LoopBody body) {
  return loop(index(0), to, carried, body);
}

Loops::Values Loops::branch(Value condition, Branch then, Branch otherwise) {
  auto build = [](Branch branch) {
    return [branch](OpBuilder &builder, Location loc) {
      Loops inner(loc, builder);
      scf::YieldOp::create(inner, branch(inner));
    };
  };
  return scf::IfOp::create(*this, condition, build(then), build(otherwise))
      .getResults();
}

Value Loops::get(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(*this, tensor, indices);
}

Value Loops::set(Value tensor, ValueRange indices, Value value) {
  return tensor::InsertOp::create(*this, value, tensor, indices);
}

Value Loops::getIndex(Value tensor, ValueRange indices) {
  return arith::IndexCastOp::create(*this, getIndexType(),
                                    get(tensor, indices));
}

/// Offsets, sizes and strides of tensor[indices, ...].
static std::array<SmallVector<OpFoldResult>, 3> sliceOf(Loops &b, Value tensor,
                                                        ValueRange indices) {
  std::array<SmallVector<OpFoldResult>, 3> result;
  auto &[offsets, sizes, strides] = result;
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  for (int64_t i = 0; i < rank; ++i) {
    bool leading = i < int64_t(indices.size());
    offsets.push_back(leading ? OpFoldResult(indices[i])
                              : OpFoldResult(b.getIndexAttr(0)));
    sizes.push_back(leading ? OpFoldResult(b.getIndexAttr(1))
                            : tensor::getMixedSize(b, b.getLoc(), tensor, i));
    strides.push_back(b.getIndexAttr(1));
  }
  return result;
}

Value Loops::getSlice(Value tensor, ValueRange indices) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto sliceType = RankedTensorType::get(
      type.getShape().drop_front(indices.size()), type.getElementType());
  auto [offsets, sizes, strides] = sliceOf(*this, tensor, indices);
  return tensor::ExtractSliceOp::create(*this, sliceType, tensor, offsets,
                                        sizes, strides);
}

Value Loops::setSlice(Value tensor, ValueRange indices, Value slice) {
  auto [offsets, sizes, strides] = sliceOf(*this, tensor, indices);
  return tensor::InsertSliceOp::create(*this, slice, tensor, offsets, sizes,
                                       strides);
}

Value Loops::inRange(Value index, Value size) {
  // Negative ones are large when taken for unsigned.
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::ult, index, size);
}

Value Loops::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}

Value Loops::convert(Value number, Type type) {
  unsigned from = number.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (number.getType() == type) {
    return number;
  }
  if (from < to) {
    return arith::ExtFOp::create(*this, type, number);
  }
  if (from > to) {
    return arith::TruncFOp::create(*this, type, number);
  }
  // f16 and bf16: f32 holds both.
  return convert(convert(number, getF32Type()), type);
}

Value Loops::zerosLike(Value init) {
  auto type = cast<RankedTensorType>(init.getType());
  Value empty = tensor::EmptyOp::create(
      *this, tensor::getMixedSizes(*this, getLoc(), init),
      type.getElementType());
  return linalg::FillOp::create(*this, zero(type.getElementType()), empty)
      .getResult(0);
}

Loops::Values moe::inlineRegion(Loops &b, Region &region,
                                ValueRange arguments) {
  IRMapping mapping;
  mapping.map(region.getArguments(), arguments);
  for (Operation &op : region.front().without_terminator()) {
    b.clone(op, mapping);
  }
  return llvm::map_to_vector(
      region.front().getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookupOrDefault(value); });
}

Value WeightAccess::part(Loops &b, Operation *user, FlatSymbolRefAttr name,
                         Value expert) const {
  auto weight = tables.lookupNearestSymbolFrom<WeightOp>(user, name);
  if (!keepWeights) {
    return inlineRegion(b, weight.getBody(), expert).front();
  }
  if (weight.getType().hasStaticShape()) {
    return b.getSlice(whole(b, user, name), expert);
  }
  return WeightValueOp::create(b, weight.getPartType(), name, expert);
}

Value WeightAccess::whole(Loops &b, Operation *user,
                          FlatSymbolRefAttr name) const {
  auto weight = tables.lookupNearestSymbolFrom<WeightOp>(user, name);
  RankedTensorType type = weight.getType();
  if (keepWeights) {
    return WeightValueOp::create(b, type, name, Value());
  }
  if (!weight.isPerExpert()) {
    return inlineRegion(b, weight.getBody(), {}).front();
  }
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return b
      .loop(b.index(type.getDimSize(0)), empty,
            [&](Loops &in, Value e, ValueRange all) -> Loops::Values {
              return {in.setSlice(all[0], e, part(in, user, name, e))};
            })
      .front();
}
