//===- MoEWeights.cpp - verifiers of weights and pools --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comments name the constraints of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "MoEVerify.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe_rt/contract/package.h"
#include "moe_rt/contract/program.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

LogicalResult FileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               StringRef path, int64_t offset, int64_t length) {
  // C1.
  if (offset < 0 || length < 0) {
    return emitError()
           << "expected offset and length not to be negative, but got "
           << offset << " and " << length;
  }
  // C2.
  if (path.empty()) {
    return emitError() << "expected a path";
  }
  return success();
}

LogicalResult RandomAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 uint64_t, FloatAttr low, FloatAttr high) {
  // C1.
  for (FloatAttr bound : {low, high}) {
    if (!bound.getType().isF32() || !bound.getValue().isFinite()) {
      return emitError() << "expected finite f32 bounds, but got " << bound;
    }
  }
  if (low.getValue() > high.getValue()) {
    return emitError() << "expected low to be at most high, " << high
                       << ", but got " << low;
  }
  return success();
}

LogicalResult PanelsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<RankedTensorType> matrices) {
  // C1.
  if (matrices.empty() || matrices.size() > 2) {
    return emitError() << "expected 1 or 2 matrices, but got "
                       << matrices.size();
  }
  // C2.
  for (RankedTensorType matrix : matrices) {
    Type element = matrix.getElementType();
    if (matrix.getRank() != 2 || !matrix.hasStaticShape() ||
        !isa<Float16Type, BFloat16Type, Float32Type>(element)) {
      return emitError() << "expected matrices of a static shape and of f16, "
                            "bf16 or f32, but got "
                         << matrix;
    }
    if (matrix.getShape() != matrices[0].getShape()) {
      return emitError() << "expected matrices of one shape, but got "
                         << matrices[0] << " and " << matrix;
    }
  }
  return success();
}

uint16_t PanelsAttr::getEncodingKind() const { return MOE_ENCODING_PANELS; }

uint16_t PanelsAttr::getEncodingVersion() const { return 0; }

RankedTensorType PanelsAttr::getStoredType() const {
  RankedTensorType matrix = getMatrices()[0];
  int64_t columns =
      MOE_PANEL_COLUMNS / static_cast<int64_t>(getMatrices().size());
  return RankedTensorType::get(
      {static_cast<int64_t>(llvm::divideCeil(matrix.getDimSize(1), columns)),
       matrix.getDimSize(0), MOE_PANEL_COLUMNS},
      Float32Type::get(getContext()));
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

RankedTensorType WeightOp::getPartType() {
  return RankedTensorType::get(getType().getShape().drop_front(),
                               getType().getElementType());
}

LogicalResult WeightOp::verify() {
  // C2.
  Region &body = getBody();
  if (body.getNumArguments() > 1 ||
      (body.getNumArguments() == 1 &&
       !body.getArgument(0).getType().isIndex())) {
    return emitOpError("expected no region argument, or one of type 'index'");
  }
  // C1.
  RankedTensorType type = getType();
  if (isPerExpert() ? type.getRank() == 0 || type.isDynamicDim(0)
                    : !type.hasStaticShape()) {
    return emitOpError("expected ")
           << (isPerExpert() ? "a static first dimension" : "a static shape")
           << ", but got " << type;
  }
  // C4.
  if (failed(verifyPure(*this, body))) {
    return failure();
  }
  // C5.
  WalkResult walk = body.walk([&](Operation *inner) {
    if (!isa<WeightValueOp, ExpertsOp, GroupedMatmulOp>(inner)) {
      return WalkResult::advance();
    }
    InFlightDiagnostic error =
        emitOpError("expected a region that names no weights");
    error.attachNote(inner->getLoc()) << "this op may name one";
    return WalkResult::interrupt();
  });
  if (walk.wasInterrupted()) {
    return failure();
  }
  // C7.
  if (std::optional<WeightEncodingAttrInterface> encoding = getEncoding()) {
    RankedTensorType stored = encoding->getStoredType();
    if (type.getRank() == 0 || getPartType() != stored) {
      return emitOpError("expected a first dimension and then ")
             << stored << ", which " << *encoding << " stores, but got "
             << type;
    }
  }
  // C3.
  return verifyYields(*this, body, isPerExpert() ? getPartType() : type);
}

/// What holds of one attribute of a source.
static LogicalResult verifySource(SourceOp op, Attribute data) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  // C1.
  if (auto file = dyn_cast<FileAttr>(data)) {
    if (!type.getElementType().isIntOrFloat()) {
      return op.emitOpError("expected integers or floats in a file, but got ")
             << type;
    }
    unsigned width = type.getElementTypeBitWidth();
    std::optional<uint64_t> bits = width == 1 ? 8 : width;
    for (int64_t size : type.getShape()) {
      bits = bits ? llvm::checkedMulUnsigned<uint64_t>(*bits, size) : bits;
    }
    if (!bits || llvm::divideCeil(*bits, 8) != uint64_t(file.getLength())) {
      InFlightDiagnostic error = op.emitOpError("expected a length of ");
      if (bits) {
        error << llvm::divideCeil(*bits, 8);
      } else {
        error << "fewer than 2^61";
      }
      return error << " bytes for " << type << ", but got " << file.getLength();
    }
    return success();
  }
  // C2.
  if (isa<RandomAttr>(data)) {
    if (!isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(
            type.getElementType())) {
      return op.emitOpError(
                 "expected random numbers to be f16, bf16, f32 or f64, but got ")
             << type;
    }
    return success();
  }
  // C3.
  auto elements = dyn_cast<ElementsAttr>(data);
  if (!elements) {
    return op.emitOpError("expected data of experts to be files, random numbers "
                          "or elements, but got ")
           << data;
  }
  if (elements.getShapedType() != type) {
    return op.emitOpError("expected the result to have the data's type ")
           << elements.getShapedType() << ", but got " << type;
  }
  return success();
}

LogicalResult SourceOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  // C4.
  if (!type.hasStaticShape()) {
    return emitOpError("expected a static shape, but got ") << type;
  }
  // C5.
  auto parts = dyn_cast<ArrayAttr>(getData());
  if (!parts) {
    return getExpert() ? emitOpError("expected no index for the data of one "
                                     "tensor")
                       : verifySource(*this, getData());
  }
  if (!getExpert()) {
    return emitOpError("expected an index for data of experts");
  }
  auto weight = dyn_cast<WeightOp>((*this)->getParentOp());
  if (weight && (!weight.isPerExpert() ||
                 getExpert() != weight.getBody().getArgument(0))) {
    return emitOpError("expected the index to be the region's argument");
  }
  int64_t count = weight ? weight.getType().getDimSize(0) : parts.size();
  if (static_cast<int64_t>(parts.size()) != count) {
    return emitOpError("expected data for each of ")
           << count << " experts, but got " << parts.size();
  }
  for (Attribute part : parts) {
    if (failed(verifySource(*this, part))) {
      return failure();
    }
  }
  return success();
}

LogicalResult SlotAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               FlatSymbolRefAttr, int64_t offset) {
  // C1.
  if (offset < 0 || offset % 64 != 0) {
    return emitError() << "expected an offset that is a multiple of 64 and not "
                          "below 0, but got "
                       << offset;
  }
  return success();
}

LogicalResult UnpinOp::verify() {
  // C1.
  for (Operation *op = (*this)->getPrevNode(); op; op = op->getPrevNode()) {
    auto pin = dyn_cast<PinOp>(op);
    if (pin && pin.getPoolAttr() == getPoolAttr()) {
      return success();
    }
    auto unpin = dyn_cast<UnpinOp>(op);
    if (unpin && unpin.getPoolAttr() == getPoolAttr()) {
      break;
    }
  }
  return emitOpError("expected a moe.pin of ")
         << getPoolAttr() << " before it in its block";
}

LogicalResult CountExpertsOp::verify() {
  // C1.
  auto type = cast<RankedTensorType>(getOffsets().getType());
  if (type.isDynamicDim(0) || type.getDimSize(0) < 2) {
    return emitOpError("expected offsets of a static size of at least 2, but "
                       "got ")
           << type;
  }
  return success();
}

LogicalResult PoolOp::verify() {
  // C1.
  int64_t stride = getStride();
  if (stride <= 0 || stride % MOE_PACKAGE_SLOT_ALIGNMENT != 0) {
    return emitOpError("expected a stride that is a positive multiple of ")
           << MOE_PACKAGE_SLOT_ALIGNMENT << ", but got " << stride;
  }
  // C2.
  if (getExperts() <= 0) {
    return emitOpError("expected at least one expert, but got ")
           << getExperts();
  }
  return success();
}
