//===- Concat.cpp - elements of concatenated tensors ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/Concat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moe;

Value moe::readConcat(OpBuilder &builder, Location loc,
                      ArrayRef<ConcatPart> parts, ValueRange indices,
                      int64_t axis) {
  if (parts.size() == 1) {
    SmallVector<Value> own(indices);
    own[axis] = builder.createOrFold<arith::SubIOp>(loc, own[axis],
                                                    parts[0].offset);
    return tensor::ExtractOp::create(builder, loc, parts[0].value, own);
  }
  size_t half = parts.size() / 2;
  Value isBefore = builder.createOrFold<arith::CmpIOp>(
      loc, arith::CmpIPredicate::slt, indices[axis], parts[half].offset);
  Type type = cast<RankedTensorType>(parts[0].value.getType()).getElementType();
  auto choice = scf::IfOp::create(builder, loc, type, isBefore, true);
  auto fill = [&](Block *block, ArrayRef<ConcatPart> some) {
    OpBuilder inner = OpBuilder::atBlockBegin(block, builder.getListener());
    Value value = readConcat(inner, loc, some, indices, axis);
    scf::YieldOp::create(inner, loc, value);
  };
  fill(choice.thenBlock(), parts.take_front(half));
  fill(choice.elseBlock(), parts.drop_front(half));
  return choice.getResult(0);
}
