//===- MoEInterfaces.cpp - interfaces of the moe operations ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Destination style, result types and shapes, memory effects, symbol uses.
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moe;

//===----------------------------------------------------------------------===//
// Destination style
//===----------------------------------------------------------------------===//

/// The results of an op are the tensors among its destinations.
static LogicalResult inferFrom(ValueRange inits, SmallVectorImpl<Type> &types) {
  for (Value init : inits) {
    if (isa<TensorType>(init.getType())) {
      types.push_back(init.getType());
    }
  }
  return success();
}

/// A result has the shape of its destination.
static LogicalResult reifyFrom(OpBuilder &builder, Operation *op,
                               ValueRange inits,
                               ReifiedRankedShapedTypeDims &shapes) {
  for (Value init : inits.take_front(op->getNumResults())) {
    shapes.push_back(tensor::getMixedSizes(builder, op->getLoc(), init));
  }
  return success();
}

/// Reads of buffer operands and writes of buffer destinations.
static void bufferEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<BaseMemRefType>(operand.get().getType())) {
      continue;
    }
    if (op.isDpsInit(&operand)) {
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
    } else {
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    }
  }
}

#define MOE_DESTINATION_OP(OP, INITS)                                          \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *, std::optional<Location>, ValueRange operands,             \
      DictionaryAttr attributes, OpaqueProperties properties,                  \
      RegionRange regions, SmallVectorImpl<Type> &types) {                     \
    Adaptor adaptor(operands, attributes, properties, regions);                \
    return inferFrom(adaptor.INITS(), types);                                  \
  }                                                                            \
  LogicalResult OP::reifyResultShapes(OpBuilder &builder,                      \
                                      ReifiedRankedShapedTypeDims &shapes) {   \
    return reifyFrom(builder, getOperation(), INITS(), shapes);                \
  }
#define MOE_BUFFER_OP(OP, INITS)                                               \
  MOE_DESTINATION_OP(OP, INITS)                                                \
  void OP::getEffects(                                                         \
      SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>      \
          &effects) {                                                          \
    bufferEffects(cast<DestinationStyleOpInterface>(getOperation()), effects); \
  }

MOE_BUFFER_OP(TopKOp, getInit)
MOE_BUFFER_OP(TakeOp, getInit)
MOE_BUFFER_OP(NormalizeOp, getInit)
MOE_BUFFER_OP(CombineOp, getInit)
MOE_BUFFER_OP(PanelMatmulOp, getInit)
MOE_DESTINATION_OP(ExpertsOp, getInits)
MOE_DESTINATION_OP(GroupedMatmulOp, getInit)
MOE_DESTINATION_OP(KernelOp, getInits)

#undef MOE_BUFFER_OP
#undef MOE_DESTINATION_OP

LogicalResult GroupOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                        ValueRange operands, DictionaryAttr,
                                        OpaqueProperties, RegionRange,
                                        SmallVectorImpl<Type> &types) {
  return inferFrom(operands.take_back(3), types);
}

LogicalResult GroupOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  return reifyFrom(builder, *this, getOperands().take_back(3), shapes);
}

void GroupOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  bufferEffects(cast<DestinationStyleOpInterface>(getOperation()), effects);
}

//===----------------------------------------------------------------------===//
// Symbol uses
//===----------------------------------------------------------------------===//

/// The weight that `op` names, or an error.
static WeightOp lookupWeight(Operation *op, SymbolTableCollection &tables,
                             FlatSymbolRefAttr name) {
  auto weight = tables.lookupNearestSymbolFrom<WeightOp>(op, name);
  if (!weight) {
    op->emitOpError("expected ") << name << " to name a moe.weight";
  }
  return weight;
}

static LogicalResult verifyUse(Operation *op, SymbolTableCollection &tables,
                               ArrayAttr names, ArrayAttr types) {
  for (auto [name, type] :
       llvm::zip(names.getAsRange<FlatSymbolRefAttr>(), types)) {
    WeightOp weight = lookupWeight(op, tables, name);
    if (!weight) {
      return failure();
    }
    if (weight.getType() != cast<TypeAttr>(type).getValue()) {
      InFlightDiagnostic error = op->emitOpError("expected weight ")
                                 << name << " to have its declared type "
                                 << weight.getType() << ", but got " << type;
      error.attachNote(weight.getLoc()) << "declared here";
      return error;
    }
    if (!weight.isPerExpert()) {
      InFlightDiagnostic error = op->emitOpError("expected weight ")
                                 << name << " to have a part for each expert";
      error.attachNote(weight.getLoc()) << "its region has no argument";
      return error;
    }
  }
  return success();
}

// C6.
LogicalResult ExpertsOp::verifySymbolUses(SymbolTableCollection &tables) {
  for (auto [names, types] : llvm::zip(getWeights(), getWeightTypes())) {
    if (failed(verifyUse(*this, tables, cast<ArrayAttr>(names),
                         cast<ArrayAttr>(types)))) {
      return failure();
    }
  }
  return success();
}

// C8.
LogicalResult GroupedMatmulOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (failed(verifyUse(*this, tables, getWeights(), getWeightTypes()))) {
    return failure();
  }
  return verifyUse(*this, tables, getVectors(), getVectorTypes());
}

LogicalResult WeightValueOp::verifySymbolUses(SymbolTableCollection &tables) {
  // C1.
  WeightOp weight = lookupWeight(*this, tables, getWeightAttr());
  if (!weight) {
    return failure();
  }
  // C3.
  if (getExpert() && !weight.isPerExpert()) {
    return emitOpError("expected no index, as ")
           << getWeightAttr() << " has no part for each expert";
  }
  // C2, C3.
  RankedTensorType expected =
      getExpert() ? weight.getPartType() : weight.getType();
  if (getResult().getType() != expected) {
    return emitOpError("expected a result of type ")
           << expected << ", as " << getWeightAttr() << " is declared, but got "
           << getResult().getType();
  }
  if (!getExpert() && !expected.hasStaticShape()) {
    return emitOpError("expected an index, as the parts of ")
           << getWeightAttr() << " differ in shape";
  }
  return success();
}

// C1.
LogicalResult PinOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (tables.lookupNearestSymbolFrom<PoolOp>(*this, getPoolAttr())) {
    return success();
  }
  return emitOpError("expected ") << getPoolAttr() << " to name a moe.pool";
}

/// The pool of that name around a weight: a moe.pool, or a moert.pool once the
/// host is a program and the weights are in a module of their own.
static Operation *findPool(Operation *weight, SymbolTableCollection &tables,
                           FlatSymbolRefAttr name) {
  Operation *scope = SymbolTable::getNearestSymbolTable(weight);
  while (scope) {
    Operation *found = tables.lookupSymbolIn(scope, name);
    if (found && found->getName().stripDialect() == "pool") {
      return found;
    }
    Operation *parent = scope->getParentOp();
    scope = parent ? SymbolTable::getNearestSymbolTable(parent) : nullptr;
  }
  return nullptr;
}

// C6.
LogicalResult WeightOp::verifySymbolUses(SymbolTableCollection &tables) {
  Attribute place = (*this)->getAttr("moe.slot");
  if (!place) {
    return success();
  }
  auto slot = dyn_cast<SlotAttr>(place);
  if (!slot) {
    return emitOpError("expected moe.slot to be a #moe.slot, but got ")
           << place;
  }
  Operation *pool = findPool(*this, tables, slot.getPool());
  if (!pool) {
    return emitOpError("expected ") << slot.getPool() << " to name a pool";
  }
  RankedTensorType type = getType();
  int64_t slots = pool->getAttrOfType<IntegerAttr>("experts").getInt();
  if (!isPerExpert() || type.getDimSize(0) != slots) {
    return emitOpError("expected ")
           << slots << " experts, as " << slot.getPool() << " has, but got "
           << (isPerExpert() ? type.getDimSize(0) : 0);
  }
  if (!type.hasStaticShape()) {
    return emitOpError("expected parts of static shape in a slot, but got ")
           << type;
  }
  int64_t stride = pool->getAttrOfType<IntegerAttr>("stride").getInt();
  RankedTensorType part = getPartType();
  int64_t end =
      slot.getOffset() +
      part.getNumElements() *
          static_cast<int64_t>(
              llvm::divideCeil(part.getElementTypeBitWidth(), 8));
  if (end > stride) {
    return emitOpError("expected parts inside slots of ")
           << stride << " bytes, but they end at byte " << end;
  }
  return success();
}
