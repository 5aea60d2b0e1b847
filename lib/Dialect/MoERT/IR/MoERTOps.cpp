//===- MoERTOps.cpp - moert verifiers and builders ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoERT/IR/MoERT.h"

#include "moe_rt/contract/package.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moe::rt;

static ParseResult parsePlainI64(OpAsmParser &parser, IntegerAttr &value) {
  int64_t number;
  if (parser.parseInteger(number)) {
    return failure();
  }
  value = parser.getBuilder().getI64IntegerAttr(number);
  return success();
}

static void printPlainI64(OpAsmPrinter &printer, Operation *,
                          IntegerAttr value) {
  printer << value.getInt();
}

#define GET_OP_CLASSES
#include "moe/Dialect/MoERT/IR/MoERTOps.cpp.inc"

/// A border tensor: ranked, with as many names as dimensions where it has any.
static LogicalResult verifyBorderTensor(Operation *op, Type type,
                                        std::optional<ArrayAttr> names,
                                        size_t dimRegisters) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor) {
    return op->emitOpError("expected a ranked tensor type, but got ") << type;
  }
  if (dimRegisters != static_cast<size_t>(tensor.getNumDynamicDims())) {
    return op->emitOpError("expected one register per dynamic dimension (")
           << tensor.getNumDynamicDims() << "), but got " << dimRegisters;
  }
  if (names && names->size() != static_cast<size_t>(tensor.getRank())) {
    return op->emitOpError("expected one name per dimension (")
           << tensor.getRank() << "), but got " << names->size();
  }
  return success();
}

LogicalResult InputOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location>, ValueRange,
    DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
    SmallVectorImpl<Type> &results) {
  InputOp::Adaptor adaptor(ValueRange{}, attributes, properties, regions);
  results.push_back(BufferType::get(context));
  if (auto tensor = dyn_cast<RankedTensorType>(adaptor.getType())) {
    results.append(tensor.getNumDynamicDims(), IntegerType::get(context, 64));
  }
  return success();
}

LogicalResult InputOp::verify() {
  return verifyBorderTensor(*this, getType(), getDimNames(), getDims().size());
}

LogicalResult OutputOp::verify() {
  if (!getBuffer().getDefiningOp<BufferOp>()) {
    return emitOpError("expected a buffer of moert.buffer");
  }
  return verifyBorderTensor(*this, getType(), getDimNames(), getDims().size());
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

LogicalResult ProgramOp::verify() {
  for (Block &block : getBody()) {
    if (block.getNumArguments() != 0) {
      return emitOpError("expected blocks without arguments");
    }
    if (block.empty() || !block.back().hasTrait<OpTrait::IsTerminator>()) {
      return emitOpError("expected each block to end with moert.branch, "
                         "moert.jump or moert.end");
    }
  }
  return success();
}

LogicalResult KernelOp::verify() {
  if (getGrains().empty()) {
    return emitOpError("expected at least one phase");
  }
  for (int64_t grain : getGrains()) {
    if (grain < 1) {
      return emitOpError("expected grains of at least 1, but got ") << grain;
    }
  }
  if (getArguments() > UINT32_MAX) {
    return emitOpError("expected 0 to 4294967295 arguments, but got ")
           << static_cast<int64_t>(getArguments());
  }
  if (getScratch() % 64 != 0 || getScratch() > INT64_MAX) {
    return emitOpError("expected scratch to be a multiple of 64, but got ")
           << static_cast<int64_t>(getScratch());
  }
  return success();
}

/// Whether elements of this type lie in memory as they are.
static bool isStorable(Type type) {
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type,
             IndexType>(type) ||
         (isa<IntegerType>(type) &&
          llvm::is_contained({1, 8, 16, 32, 64}, type.getIntOrFloatBitWidth()));
}

LogicalResult WeightOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() || !isStorable(type.getElementType())) {
    return emitOpError("expected a tensor type of static shape whose elements "
                       "a package can hold, but got ")
           << getType();
  }
  if (getValue() && getValue()->getShapedType() != type) {
    return emitOpError("expected a value of the declared type ")
           << type << ", but got " << getValue()->getShapedType();
  }
  return success();
}

/// The number of a pool's or layer's experts; ids and offsets are int32.
static LogicalResult verifyExperts(Operation *op, int64_t experts,
                                   int64_t most) {
  if (experts < 1 || experts > most) {
    return op->emitOpError("expected 1 to ")
           << most << " experts, but got " << experts;
  }
  return success();
}

LogicalResult PoolOp::verify() {
  // An I64Attr's getter is unsigned.
  int64_t stride = getStride();
  if (stride <= 0 || stride % MOE_PACKAGE_SLOT_ALIGNMENT != 0) {
    return emitOpError("expected a stride that is a positive multiple of ")
           << MOE_PACKAGE_SLOT_ALIGNMENT << ", but got " << stride;
  }
  return verifyExperts(*this, getExperts(), INT32_MAX);
}

LogicalResult LayerOp::verify() {
  return verifyExperts(*this, getExperts(), INT32_MAX - 1);
}

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

/// Finds what `name` declares, or says that it is no `T`.
template <typename T>
static T lookUp(Operation *op, SymbolTableCollection &tables,
                FlatSymbolRefAttr name) {
  auto found = tables.lookupNearestSymbolFrom<T>(op, name);
  if (!found) {
    op->emitOpError("expected ")
        << name << " to name a " << T::getOperationName();
  }
  return found;
}

LogicalResult WeightRefOp::verifySymbolUses(SymbolTableCollection &tables) {
  return success(lookUp<WeightOp>(*this, tables, getWeightAttr()) != nullptr);
}

LogicalResult PoolRefOp::verifySymbolUses(SymbolTableCollection &tables) {
  return success(lookUp<PoolOp>(*this, tables, getPoolAttr()) != nullptr);
}

LogicalResult PinOp::verifySymbolUses(SymbolTableCollection &tables) {
  return success(lookUp<PoolOp>(*this, tables, getPoolAttr()) != nullptr);
}

LogicalResult UnpinOp::verifySymbolUses(SymbolTableCollection &tables) {
  return success(lookUp<PoolOp>(*this, tables, getPoolAttr()) != nullptr);
}

LogicalResult CountExpertsOp::verifySymbolUses(SymbolTableCollection &tables) {
  return success(lookUp<LayerOp>(*this, tables, getLayerAttr()) != nullptr);
}

LogicalResult RunOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto kernel = lookUp<KernelOp>(*this, tables, getKernelAttr());
  if (!kernel) {
    return failure();
  }
  if (getItems().empty() || getItems().size() > kernel.getGrains().size()) {
    return emitOpError("expected item counts for the first phases of ")
           << getKernelAttr() << " (1 to " << kernel.getGrains().size()
           << "), but got " << getItems().size();
  }
  int64_t slots = 0;
  for (Value argument : getArguments()) {
    slots += isa<PoolType>(argument.getType()) ? 2 : 1;
  }
  if (slots != static_cast<int64_t>(kernel.getArguments())) {
    return emitOpError("expected ")
           << kernel.getArguments() << " argument slots for "
           << getKernelAttr() << ", but got " << slots;
  }
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &tables) {
  return success(lookUp<KernelOp>(*this, tables, getKernelAttr()) != nullptr);
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

/// The type of an element that LOAD and STORE move.
static LogicalResult verifyElementType(Operation *op, Type type) {
  if (isStorable(type) && !isa<FloatType>(type)) {
    return success();
  }
  return op->emitOpError("expected an integer type of 1, 8, 16, 32 or 64 bits, "
                         "but got ")
         << type;
}

/// What a command writes to, through views.
static LogicalResult verifyWritten(Operation *op, Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewOp>()) {
    buffer = view.getSource();
  }
  if (buffer.getDefiningOp<BufferOp>()) {
    return success();
  }
  return op->emitOpError("writes to an input or a weight, which are read-only");
}

LogicalResult LoadOp::verify() { return verifyElementType(*this, getType()); }

LogicalResult StoreOp::verify() {
  return failure(failed(verifyElementType(*this, getType())) ||
                 failed(verifyWritten(*this, getBuffer())));
}

LogicalResult CopyOp::verify() {
  return verifyWritten(*this, getDestination());
}

LogicalResult PlaceOp::verify() {
  if (!getBuffer().getDefiningOp<BufferOp>()) {
    return emitOpError("expected a buffer of moert.buffer");
  }
  return success();
}

LogicalResult ReleaseOp::verify() {
  if (!getBuffer().getDefiningOp<BufferOp>()) {
    return emitOpError("expected a buffer of moert.buffer");
  }
  return success();
}

LogicalResult LaunchOp::verify() {
  if (getGrid().size() != 3 || getBlock().size() != 3 ||
      getCluster().size() != 3) {
    return emitOpError("expected three entries in grid, block and cluster");
  }
  for (int32_t extent : llvm::concat<const int32_t>(getBlock(), getCluster())) {
    if (extent < 1) {
      return emitOpError(
                 "expected extents of block and cluster of at least 1, but got ")
             << extent;
    }
  }
  return success();
}
