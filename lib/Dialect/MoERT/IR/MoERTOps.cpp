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
  return verifyBorderTensor(*this, getType(), getDimNames(), getDims().size());
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
  if (getScratch() % 64 != 0) {
    return emitOpError("expected scratch to be a multiple of 64, but got ")
           << getScratch();
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
  return success();
}

LogicalResult RunOp::verify() {
  auto kernel =
      SymbolTable::lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel) {
    return emitOpError("names kernel ")
           << getKernelAttr() << ", which is not declared";
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

LogicalResult LaunchOp::verify() {
  if (getGrid().size() != 3 || getBlock().size() != 3 ||
      getCluster().size() != 3) {
    return emitOpError("expected three entries in grid, block and cluster");
  }
  return success();
}
