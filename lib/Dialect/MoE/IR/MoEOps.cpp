//===- MoEOps.cpp - moe operations and their verifiers --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comments name the constraints of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "MoEAssembly.h"
#include "MoEVerify.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moe;

#define GET_OP_CLASSES
#include "moe/Dialect/MoE/IR/MoEOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Selecting
//===----------------------------------------------------------------------===//

LogicalResult TopKOp::verify() {
  Type scores = getScores().getType(), ids = getInit().getType();
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  // C1.
  if (failed(sameDim(*this, {"ids", ids, 0}, {"scores", scores, 0}))) {
    return failure();
  }
  // C2.
  int64_t k = Dim{"", ids, 1}.size(), experts = Dim{"", scores, 1}.size();
  if (!ShapedType::isDynamic(k) && !ShapedType::isDynamic(experts) &&
      k > experts) {
    return emitOpError("expected at most as many slots as experts, ")
           << experts << ", but got " << k;
  }
  return success();
}

LogicalResult TakeOp::verify() {
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  // C1.
  Type table = getTable().getType();
  if (cast<ShapedType>(table).getRank() == 2 &&
      failed(sameDim(*this, {"table", table, 0},
                     {"ids", getIds().getType(), 0}))) {
    return failure();
  }
  // C2.
  if (failed(sameDims(*this, "outs", getInit(), "ids", getIds(), 2))) {
    return failure();
  }
  // C3.
  return sameElementType(*this, "outs", getInit(), "table", getTable());
}

LogicalResult NormalizeOp::verify() {
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  // C1.
  if (failed(sameDims(*this, "ids", getIds(), "weights", getWeights(), 2))) {
    return failure();
  }
  // C2.
  if (failed(sameDims(*this, "outs", getInit(), "weights", getWeights(), 2)) ||
      failed(
          sameElementType(*this, "outs", getInit(), "weights", getWeights()))) {
    return failure();
  }
  // C3.
  const APFloat &eps = getEps();
  if (!eps.isFinite() || (eps.isNegative() && !eps.isZero())) {
    return emitOpError("expected eps to be finite and not negative, but got ")
           << getEpsAttr();
  }
  if (getKind() == NormalizeKind::Softmax && !eps.isZero()) {
    return emitOpError("expected no eps with softmax, but got ")
           << getEpsAttr();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Experts and their combination
//===----------------------------------------------------------------------===//

SmallVector<FlatSymbolRefAttr> ExpertsOp::getKindWeights(unsigned kind) {
  return llvm::to_vector(
      cast<ArrayAttr>(getWeights()[kind]).getAsRange<FlatSymbolRefAttr>());
}

SmallVector<RankedTensorType> ExpertsOp::getKindWeightTypes(unsigned kind) {
  return llvm::map_to_vector(
      cast<ArrayAttr>(getWeightTypes()[kind]), [](Attribute type) {
        return cast<RankedTensorType>(cast<TypeAttr>(type).getValue());
      });
}

/// `?` in place of the first `drop` dimensions of `type`.
static RankedTensorType rowsOf(Type type, unsigned drop) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape{ShapedType::kDynamic};
  llvm::append_range(shape, tensor.getShape().drop_front(drop));
  return RankedTensorType::get(shape, tensor.getElementType());
}

SmallVector<Type> ExpertsOp::getArgumentTypes(MLIRContext *context,
                                              ValueRange rows, ValueRange slots,
                                              ValueRange contexts,
                                              ArrayAttr weightTypes) {
  SmallVector<Type> types{IndexType::get(context)};
  for (Value row : rows) {
    types.push_back(rowsOf(row.getType(), 1));
  }
  for (Value slot : slots) {
    types.push_back(rowsOf(slot.getType(), 2));
  }
  llvm::append_range(types, contexts.getTypes());
  for (Attribute attr : weightTypes) {
    auto type = cast<RankedTensorType>(cast<TypeAttr>(attr).getValue());
    types.push_back(RankedTensorType::get(type.getShape().drop_front(),
                                          type.getElementType()));
  }
  return types;
}

/// C1, and what the accessors above rely on.
static LogicalResult verifyKinds(ExpertsOp op) {
  ArrayRef<int64_t> bounds = op.getBounds();
  size_t kinds = op.getBodies().size();
  if (kinds == 0 || bounds.size() != kinds + 1) {
    return op.emitOpError("expected at least one region and one bound more "
                          "than regions, but got ")
           << kinds << " regions and " << bounds.size() << " bounds";
  }
  if (bounds.front() != 0) {
    return op.emitOpError("expected the first bound to be 0, but got ")
           << bounds.front();
  }
  for (size_t i = 0; i < kinds; ++i) {
    if (bounds[i] >= bounds[i + 1]) {
      return op.emitOpError("expected ascending bounds, but ")
             << bounds[i] << " is followed by " << bounds[i + 1];
    }
  }
  if (op.getWeights().size() != kinds || op.getWeightTypes().size() != kinds) {
    return op.emitOpError(
               "expected a list of weights and one of types for each of ")
           << kinds << " regions, but got " << op.getWeights().size() << " and "
           << op.getWeightTypes().size();
  }
  for (auto [i, names, types] :
       llvm::enumerate(op.getWeights(), op.getWeightTypes())) {
    if (cast<ArrayAttr>(names).size() != cast<ArrayAttr>(types).size()) {
      return op.emitOpError("expected a type for each weight of region #") << i;
    }
    for (Attribute attr : cast<ArrayAttr>(types)) {
      auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(attr).getValue());
      int64_t experts = bounds[i + 1] - bounds[i];
      // C3.
      if (!type || type.getRank() == 0 || type.getDimSize(0) != experts) {
        return op.emitOpError("expected weights of region #")
               << i << " to have " << experts << " parts, but got " << attr;
      }
    }
  }
  return success();
}

/// C2.
static LogicalResult verifyExpertsOperands(ExpertsOp op) {
  auto check = [&](StringRef name, OperandRange values,
                   int64_t dims) -> LogicalResult {
    for (Value value : values) {
      if (cast<ShapedType>(value.getType()).getRank() < dims) {
        return op.emitOpError("expected ")
               << name << " to have rank " << dims << " or more, but got "
               << value.getType();
      }
      if (failed(sameDims(op, name, value, "ids", op.getIds(), dims))) {
        return failure();
      }
    }
    return success();
  };
  if (failed(check("rows", op.getRows(), 1)) ||
      failed(check("slots", op.getSlots(), 2))) {
    return failure();
  }
  return check("outs", op.getInits(), 2);
}

LogicalResult ExpertsOp::verify() {
  if (failed(verifyKinds(*this)) || failed(verifyExpertsOperands(*this))) {
    return failure();
  }
  SmallVector<Type> yields = llvm::map_to_vector(
      getInits(), [](Value init) -> Type { return rowsOf(init.getType(), 2); });
  for (auto [i, body] : llvm::enumerate(getBodies())) {
    // C4, C5.
    if (failed(verifyArguments(
            *this, body,
            getArgumentTypes(getContext(), getRows(), getSlots(), getContexts(),
                             cast<ArrayAttr>(getWeightTypes()[i])))) ||
        failed(verifyYields(*this, body, yields))) {
      return failure();
    }
  }
  return success();
}

LogicalResult CombineOp::verify() {
  // C1.
  if (bool(getIds()) == bool(getPosition())) {
    return emitOpError("expected either 'at' or 'from'");
  }
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  bool grouped = bool(getPosition());
  Value slots = grouped ? getPosition() : getIds();
  StringRef slotsName = grouped ? "position" : "ids";
  auto yType = cast<ShapedType>(getY().getType()),
       outType = cast<ShapedType>(getInit().getType());
  int64_t leading = grouped ? 1 : 2;
  if (yType.getRank() < leading) {
    return emitOpError("expected y to have rank ")
           << leading << " or more, but got " << yType;
  }
  // C2.
  if (!grouped && failed(sameDims(*this, slotsName, slots, "y", getY(), 2))) {
    return failure();
  }
  // C3.
  if (getWeights() &&
      failed(sameDims(*this, "weights", getWeights(), slotsName, slots, 2))) {
    return failure();
  }
  // C4.
  if (outType.getRank() != yType.getRank() - leading + 1) {
    return emitOpError("expected outs to have rank ")
           << yType.getRank() - leading + 1 << ", but got " << outType;
  }
  if (failed(sameDims(*this, "outs", getInit(), slotsName, slots, 1))) {
    return failure();
  }
  for (int64_t i = 1; i < outType.getRank(); ++i) {
    if (failed(sameDim(*this, {"outs", outType, i},
                       {"y", yType, i + leading - 1}))) {
      return failure();
    }
  }
  return sameElementType(*this, "outs", getInit(), "y", getY());
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LogicalResult KernelOp::verify() {
  // C1.
  if (failed(verifyArguments(*this, getBody(), getOperandTypes()))) {
    return failure();
  }
  // C2.
  return verifyYields(*this, getBody(), getInits().getTypes());
}
