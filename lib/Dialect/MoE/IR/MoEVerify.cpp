//===- MoEVerify.cpp - what verifiers share -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoEVerify.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moe;

LogicalResult moe::sameDim(Operation *op, Dim dim, Dim other) {
  if (dim.size() == other.size() || ShapedType::isDynamic(dim.size()) ||
      ShapedType::isDynamic(other.size())) {
    return success();
  }
  return op->emitOpError("expected ")
         << dim.name << " dim " << dim.index << " to equal " << other.name
         << " dim " << other.index << ", " << other.size() << ", but got "
         << dim.size();
}

LogicalResult moe::sameDims(Operation *op, StringRef name, Value value,
                            StringRef otherName, Value other, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (failed(sameDim(op, {name, value.getType(), i},
                       {otherName, other.getType(), i}))) {
      return failure();
    }
  }
  return success();
}

LogicalResult moe::sameElementType(Operation *op, StringRef name, Value value,
                                   StringRef otherName, Value other) {
  Type type = getElementTypeOrSelf(value),
       otherType = getElementTypeOrSelf(other);
  if (type == otherType) {
    return success();
  }
  return op->emitOpError("expected ")
         << name << " to have the element type of " << otherName << ", "
         << otherType << ", but got " << type;
}

LogicalResult moe::verifyOneKind(DestinationStyleOpInterface op) {
  if (op.hasPureTensorSemantics() || op.hasPureBufferSemantics()) {
    return success();
  }
  return op->emitOpError("expected all tensors or all memrefs");
}

LogicalResult moe::verifyYields(Operation *op, Region &region,
                                TypeRange expected) {
  // Regions are verified after the op, so there may be anything in them yet.
  Block &block = region.front();
  auto yield =
      dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield) {
    return op->emitOpError("expected region #")
           << region.getRegionNumber() << " to end with moe.yield";
  }
  if (yield->getNumOperands() != expected.size()) {
    return yield.emitOpError("expected ")
           << expected.size() << " values to be yielded, but got "
           << yield->getNumOperands();
  }
  for (auto [i, type, want] :
       llvm::enumerate(yield->getOperandTypes(), expected)) {
    if (type != want) {
      return yield.emitOpError("expected value #")
             << i << " to have type " << want << ", but got " << type;
    }
  }
  return success();
}

LogicalResult moe::verifyArguments(Operation *op, Region &region,
                                   TypeRange expected) {
  if (region.getNumArguments() != expected.size()) {
    return op->emitOpError("expected region #")
           << region.getRegionNumber() << " to have " << expected.size()
           << " arguments, but got " << region.getNumArguments();
  }
  for (auto [i, type, want] :
       llvm::enumerate(region.getArgumentTypes(), expected)) {
    if (type != want) {
      return op->emitOpError("expected region #")
             << region.getRegionNumber() << " argument #" << i
             << " to have type " << want << ", but got " << type;
    }
  }
  return success();
}

LogicalResult moe::verifyPure(Operation *op, Region &region) {
  for (Operation &inner : region.front()) {
    if (!isMemoryEffectFree(&inner)) {
      InFlightDiagnostic error =
          op->emitOpError("expected ops without memory effects");
      error.attachNote(inner.getLoc()) << "this one may have some";
      return error;
    }
  }
  return success();
}

FloatType moe::getArithmeticType(Type element) {
  return isa<Float64Type>(element) ? cast<FloatType>(element)
                                   : Float32Type::get(element.getContext());
}
