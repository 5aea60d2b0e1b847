//===- MoEProducts.cpp - verifiers of the grouped form --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comments name the constraints of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "MoEVerify.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;

//===----------------------------------------------------------------------===//
// Grouped form
//===----------------------------------------------------------------------===//

LogicalResult GroupOp::verify() {
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  auto ids = cast<ShapedType>(getIds().getType());
  // C1.
  if (failed(
          sameDims(*this, "position", getPositionInit(), "ids", getIds(), 2))) {
    return failure();
  }
  // C2.
  int64_t places = cast<ShapedType>(getSourceInit().getType()).getDimSize(0);
  if (ids.hasStaticShape() && !ShapedType::isDynamic(places) &&
      places != ids.getNumElements()) {
    return emitOpError("expected source to have one element for each slot, ")
           << ids.getNumElements() << ", but got " << places;
  }
  // C3.
  if (cast<ShapedType>(getOffsetsInit().getType()).getDimSize(0) == 0) {
    return emitOpError(
        "expected offsets to have at least one element, but got 0");
  }
  return success();
}

FloatType GroupedMatmulOp::getAccumulatorType() {
  return getArithmeticType(getElementTypeOrSelf(getRows()));
}

FloatType PanelMatmulOp::getAccumulatorType() {
  return getArithmeticType(getElementTypeOrSelf(getRows()));
}

/// The checks that both products share: div, rows of the destination, region.
template <typename OpTy>
static LogicalResult verifyProduct(OpTy op, unsigned accumulators,
                                   TypeRange vectorElements) {
  int64_t div = op.getDiv();
  if (div < 1) {
    return op.emitOpError("expected div to be positive, but got ") << div;
  }
  if (div != 1 && !op.getSource()) {
    return op.emitOpError("expected div to be 1 without 'by', but got ") << div;
  }
  Value places = op.getSource() ? op.getSource() : op.getRows();
  if (failed(
          sameDim(op, {"outs", op.getInit().getType(), 0},
                  {op.getSource() ? "source" : "rows", places.getType(), 0}))) {
    return failure();
  }
  SmallVector<Type> arguments(accumulators, op.getAccumulatorType());
  llvm::append_range(arguments, vectorElements);
  Region &region = op.getEpilogue();
  if (failed(verifyArguments(op, region, arguments)) ||
      failed(verifyPure(op, region))) {
    return failure();
  }
  return verifyYields(op, region, getElementTypeOrSelf(op.getInit()));
}

LogicalResult GroupedMatmulOp::verify() {
  // C1.
  if (getWeights().empty() || getWeights().size() != getWeightTypes().size() ||
      getVectors().size() != getVectorTypes().size()) {
    return emitOpError(
        "expected at least one weight, and a type for each weight and vector");
  }
  auto first = dyn_cast<RankedTensorType>(
      cast<TypeAttr>(getWeightTypes()[0]).getValue());
  for (Attribute attr : getWeightTypes()) {
    auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(attr).getValue());
    if (!type || type.getRank() != 3 || !type.hasStaticShape() ||
        !isa<FloatType>(type.getElementType()) ||
        type.getShape() != first.getShape()) {
      return emitOpError("expected weights to be [E, K, N] of float with one "
                         "static shape, but got ")
             << attr;
    }
  }
  // C2.
  int64_t offsets = cast<ShapedType>(getGroups().getType()).getDimSize(0);
  if (!ShapedType::isDynamic(offsets) && offsets != first.getDimSize(0) + 1) {
    return emitOpError("expected one offset more than experts, ")
           << first.getDimSize(0) + 1 << ", but got " << offsets;
  }
  if (failed(sameDim(*this, {"rows", getRows().getType(), 1},
                     {"weights", first, 1}))) {
    return failure();
  }
  // C3.
  SmallVector<Type> elements;
  for (Attribute attr : getVectorTypes()) {
    auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(attr).getValue());
    if (!type || !isa<FloatType>(type.getElementType()) ||
        type.getShape() !=
            ArrayRef<int64_t>{first.getDimSize(0), first.getDimSize(2)}) {
      return emitOpError("expected vectors to be [")
             << first.getDimSize(0) << ", " << first.getDimSize(2)
             << "] of float, but got " << attr;
    }
    elements.push_back(type.getElementType());
  }
  // C4.
  if (failed(sameDim(*this, {"outs", getInit().getType(), 1},
                     {"weights", first, 2}))) {
    return failure();
  }
  // C4 to C7.
  return verifyProduct(*this, getWeights().size(), elements);
}

LogicalResult PanelMatmulOp::verify() {
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  auto panels = cast<ShapedType>(getPanels().getType());
  int64_t width = panels.getDimSize(3);
  // C1.
  if (getWeights() != 1 && getWeights() != 2) {
    return emitOpError("expected 1 or 2 weights, but got ")
           << int64_t(getWeights());
  }
  if (ShapedType::isDynamic(width) || width == 0 || width % getWeights() != 0) {
    return emitOpError("expected a static panel width that ")
           << getWeights() << " divides, but got " << Type(panels);
  }
  // C2.
  if (failed(sameDim(*this, {"rows", getRows().getType(), 1},
                     {"panels", panels, 2}))) {
    return failure();
  }
  // C3.
  int64_t columns = cast<ShapedType>(getInit().getType()).getDimSize(1);
  int64_t perPanel = width / getWeights();
  if (!ShapedType::isDynamic(columns) && !panels.isDynamicDim(1) &&
      panels.getDimSize(1) != int64_t(llvm::divideCeil(columns, perPanel))) {
    return emitOpError("expected ")
           << llvm::divideCeil(columns, perPanel) << " panels for " << columns
           << " columns, but got " << panels.getDimSize(1);
  }
  // C4.
  int64_t experts = 1;
  if (getGroups()) {
    int64_t offsets = cast<ShapedType>(getGroups().getType()).getDimSize(0);
    experts = ShapedType::isDynamic(offsets) ? offsets : offsets - 1;
  }
  if (!ShapedType::isDynamic(experts) && !panels.isDynamicDim(0) &&
      panels.getDimSize(0) != experts) {
    return emitOpError("expected panels of ")
           << experts << " experts, but got " << panels.getDimSize(0);
  }
  // C5.
  SmallVector<Type> elements;
  for (Value vector : getVectors()) {
    if (failed(sameDim(*this, {"vectors", vector.getType(), 0},
                       {"panels", panels, 0})) ||
        failed(sameDim(*this, {"vectors", vector.getType(), 1},
                       {"outs", getInit().getType(), 1}))) {
      return failure();
    }
    elements.push_back(getElementTypeOrSelf(vector));
  }
  // C6 to C9.
  return verifyProduct(*this, getWeights(), elements);
}

//===----------------------------------------------------------------------===//
// ExpertViewOp
//===----------------------------------------------------------------------===//

LogicalResult ExpertViewOp::verify() {
  auto source = cast<MemRefType>(getSource().getType());
  auto result = cast<MemRefType>(getResult().getType());
  // C1.
  if (!source.getLayout().isIdentity() || !result.getLayout().isIdentity()) {
    return emitOpError("expected dense row-major buffers, but got ")
           << source << " and " << result;
  }
  // C2.
  if (source.getRank() == 0 ||
      ShapedType::isDynamicShape(source.getShape().drop_front())) {
    return emitOpError("expected a source that is static but for its first "
                       "dimension, but got ")
           << source;
  }
  auto wanted =
      MemRefType::get(source.getShape().drop_front(), source.getElementType(),
                      AffineMap(), source.getMemorySpace());
  if (result != wanted) {
    return emitOpError("expected the result to be ")
           << wanted << ", the source without its first dimension, but got "
           << result;
  }
  return success();
}
