//===- PhaseABI.cpp - argument blocks of phase functions ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PhaseABI.h"
#include "KernelUtils.h"

#include "moe/Dialect/MoE/IR/MoE.h"

#include "moe_rt/contract/environment.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

int64_t moe::kernel::getArgumentSlots(func::FuncOp kernel) {
  int64_t slots = 0;
  for (BlockArgument argument : kernel.getArguments()) {
    if (kernel.getArgAttr(argument.getArgNumber(), kWorkersAttr)) {
      continue;
    }
    ++slots;
    if (kernel.getArgAttr(argument.getArgNumber(), kPoolAttr)) {
      ++slots; // slot_of; the shape of a pool is static
    } else if (auto type = dyn_cast<ShapedType>(argument.getType())) {
      slots += type.getNumDynamicDims();
    }
  }
  return slots;
}

int32_t moe::kernel::getFailureCode(StringRef message) {
  return message == "division by zero" ? MOE_KERNEL_DIVISION_BY_ZERO
                                       : MOE_KERNEL_INDEX_OUT_OF_RANGE;
}

/// The address of slot `slot` of the argument block `slots`.
static Value getSlot(OpBuilder &builder, Location loc, Value slots,
                     int64_t slot) {
  return LLVM::GEPOp::create(
      builder, loc, slots.getType(), builder.getI64Type(), slots,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(slot)});
}

void moe::kernel::storeItems(OpBuilder &builder, Location loc, Value slots,
                             unsigned phase, Value count) {
  LLVM::StoreOp::create(
      builder, loc, count,
      getSlot(builder, loc, slots, MOE_SLOT_FIRST_ITEMS + phase));
}

Value moe::kernel::buildMemRef(OpBuilder &builder, Location loc,
                               MemRefType type, Value pointer,
                               ValueRange sizes) {
  LLVMTypeConverter converter(builder.getContext());
  auto descriptor =
      MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(builder, loc, pointer);
  descriptor.setAlignedPtr(builder, loc, pointer);
  descriptor.setConstantOffset(builder, loc, 0);
  Type i64 = builder.getI64Type();
  SmallVector<Value> extents;
  unsigned nextDynamic = 0;
  for (int64_t extent : type.getShape()) {
    extents.push_back(
        ShapedType::isDynamic(extent)
            ? sizes[nextDynamic++]
            : arith::ConstantIntOp::create(builder, loc, i64, extent));
  }
  Value stride = arith::ConstantIntOp::create(builder, loc, i64, 1);
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    descriptor.setSize(builder, loc, dim, extents[dim]);
    descriptor.setStride(builder, loc, dim, stride);
    stride = arith::MulIOp::create(builder, loc, stride, extents[dim]);
  }
  return UnrealizedConversionCastOp::create(builder, loc, type,
                                            Value(descriptor))
      .getResult(0);
}

/// Bytes to which an element of `type` is aligned.
static int64_t getElementAlignment(Type type) {
  return type.isIndex() ? 8 : llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

void PhaseSignature::addArguments(OpBuilder &builder, func::FuncOp kernel,
                                  Block &block, IRMapping &mapping) {
  auto pointerType = LLVM::LLVMPointerType::get(builder.getContext());
  for (BlockArgument argument : kernel.getArguments()) {
    Location loc = argument.getLoc();
    auto add = [&](Type type, int64_t alignment = 0) -> Value {
      slots.push_back({type, alignment});
      return block.addArgument(type, loc);
    };
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type) {
      mapping.map(argument, add(argument.getType()));
      slots.back().workers =
          !!kernel.getArgAttr(argument.getArgNumber(), kWorkersAttr);
      continue;
    }
    if (auto pool = kernel.getArgAttrOfType<DictionaryAttr>(
            argument.getArgNumber(), kPoolAttr)) {
      addPool(builder, type, pool, argument, block, mapping);
      continue;
    }
    Value pointer =
        add(pointerType, getElementAlignment(type.getElementType()));
    SmallVector<Value> sizes;
    for (size_t dim = 0, e = type.getNumDynamicDims(); dim < e; ++dim) {
      sizes.push_back(add(builder.getI64Type()));
    }
    mapping.map(argument, buildMemRef(builder, loc, type, pointer, sizes));
  }
}

void PhaseSignature::addPool(OpBuilder &builder, MemRefType type,
                             DictionaryAttr attr, BlockArgument argument,
                             Block &block, IRMapping &mapping) {
  Location loc = argument.getLoc();
  auto pointerType = LLVM::LLVMPointerType::get(builder.getContext());
  Pool pool;
  pool.base = block.addArgument(pointerType, loc);
  pool.slotOf = block.addArgument(pointerType, loc);
  slots.push_back({pointerType, kScratchAlignment});
  slots.push_back({pointerType, 4});
  pool.stride = attr.getAs<IntegerAttr>("stride").getInt();
  pool.offset = attr.getAs<IntegerAttr>("offset").getInt();
  pool.buffer = buildMemRef(builder, loc, type, pool.base, {});
  mapping.map(argument, pool.buffer);
  pools.push_back(pool);
}

/// The address of the first element of `buffer`, which is dense.
static Value getPointer(OpBuilder &builder, Location loc, Value buffer) {
  auto type = LLVM::LLVMPointerType::get(builder.getContext());
  // What buildMemRef() made says it without a detour over an integer, which
  // would hide from LLVM what the pointer is based on.
  if (auto cast = buffer.getDefiningOp<UnrealizedConversionCastOp>()) {
    return LLVM::ExtractValueOp::create(builder, loc, cast.getOperand(0),
                                        ArrayRef<int64_t>{1});
  }
  Value address =
      memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, buffer);
  Value integer =
      arith::IndexCastOp::create(builder, loc, builder.getI64Type(), address);
  return LLVM::IntToPtrOp::create(builder, loc, type, integer);
}

LogicalResult PhaseSignature::lowerExpertViews(func::FuncOp body) const {
  SmallVector<ExpertViewOp> views;
  body.walk([&](ExpertViewOp view) { views.push_back(view); });
  OpBuilder builder(body.getContext());
  Type i64 = builder.getI64Type();
  auto pointerType = LLVM::LLVMPointerType::get(builder.getContext());
  for (ExpertViewOp view : views) {
    builder.setInsertionPoint(view);
    Location loc = view.getLoc();
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantIntOp::create(builder, loc, i64, value);
    };
    auto result = cast<MemRefType>(view.getResult().getType());
    Value index =
        arith::IndexCastOp::create(builder, loc, i64, view.getExpert());
    const Pool *pool = llvm::find_if(
        pools, [&](const Pool &p) { return p.buffer == view.getSource(); });
    Value base;
    Value stride;
    if (pool != pools.end()) {
      Value address =
          LLVM::GEPOp::create(builder, loc, pointerType, builder.getI32Type(),
                              pool->slotOf, ArrayRef<LLVM::GEPArg>{index});
      Value slot =
          LLVM::LoadOp::create(builder, loc, builder.getI32Type(), address);
      index = arith::ExtSIOp::create(builder, loc, i64, slot);
      stride = constant(pool->stride);
      base = LLVM::GEPOp::create(
          builder, loc, pointerType, builder.getI8Type(), pool->base,
          ArrayRef<LLVM::GEPArg>{constant(pool->offset)});
    } else {
      base = getPointer(builder, loc, view.getSource());
      stride = constant(result.getNumElements() *
                        getElementAlignment(result.getElementType()));
    }
    Value start = arith::MulIOp::create(builder, loc, index, stride);
    Value pointer =
        LLVM::GEPOp::create(builder, loc, pointerType, builder.getI8Type(),
                            base, ArrayRef<LLVM::GEPArg>{start});
    view.replaceAllUsesWith(buildMemRef(builder, loc, result, pointer, {}));
    view.erase();
  }
  for (const Pool &pool : pools) {
    for (Operation *user : pool.buffer.getUsers()) {
      if (!isa<memref::DimOp>(user)) {
        return user->emitOpError(
            "reads an expert pool in another way than moe.expert_view");
      }
    }
  }
  return success();
}

Value PhaseSignature::addScratch(Block &block, Location loc, int64_t offset,
                                 bool shared) {
  for (const Scratch &part : scratch) {
    if (part.offset == offset && part.shared == shared) {
      return part.pointer;
    }
  }
  auto type = LLVM::LLVMPointerType::get(block.getParent()->getContext());
  Value pointer = block.addArgument(type, loc);
  scratch.push_back({offset, shared, pointer});
  return pointer;
}

void PhaseSignature::finish(func::FuncOp body) const {
  Builder builder(body.getContext());
  Block &block = body.getBody().front();
  body.setFunctionType(builder.getFunctionType(block.getArgumentTypes(),
                                               {builder.getI32Type()}));
  body.setPrivate();
  body->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(body.getContext(), LLVM::Linkage::Internal));
  auto mark = [&](unsigned index, int64_t alignment) {
    body.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(),
                    builder.getUnitAttr());
    body.setArgAttr(index, LLVM::LLVMDialect::getAlignAttrName(),
                    builder.getI64IntegerAttr(alignment));
  };
  for (auto [index, slot] : llvm::enumerate(slots)) {
    if (slot.alignment != 0) {
      mark(index, slot.alignment);
    }
  }
  for (const Scratch &part : scratch) {
    mark(cast<BlockArgument>(part.pointer).getArgNumber(), kScratchAlignment);
  }
}

/// How many workers there may be, as an index.
static Value loadWorkers(OpBuilder &builder, Location loc, Value environment) {
  Value address = LLVM::GEPOp::create(
      builder, loc, environment.getType(), builder.getI8Type(), environment,
      ArrayRef<LLVM::GEPArg>{
          static_cast<int32_t>(offsetof(moe_environment, max_workers))});
  Value workers =
      LLVM::LoadOp::create(builder, loc, builder.getI32Type(), address);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    workers);
}

void PhaseSignature::buildEntry(OpBuilder &builder, func::FuncOp body,
                                StringRef name, bool parallel) const {
  Location loc = body.getLoc();
  OpBuilder::InsertionGuard guard(builder);
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  Type i32 = builder.getI32Type();
  auto entry = func::FuncOp::create(
      builder, loc, name,
      builder.getFunctionType({pointer, i64, i64, i32}, {i32}));
  Block *block = entry.addEntryBlock();
  builder.setInsertionPointToStart(block);
  Value block0 = block->getArgument(0);
  auto load = [&](Type type, int64_t slot) -> Value {
    return LLVM::LoadOp::create(builder, loc, type,
                                getSlot(builder, loc, block0, slot));
  };
  SmallVector<Value> arguments;
  int64_t next = MOE_SLOT_FIRST_ITEMS + phaseCount;
  for (const Slot &slot : slots) {
    if (slot.workers) {
      arguments.push_back(
          loadWorkers(builder, loc, load(pointer, MOE_SLOT_ENVIRONMENT)));
      continue;
    }
    Value value = load(slot.alignment != 0 ? Type(pointer) : i64, next++);
    if (slot.type.isIndex()) {
      value = arith::IndexCastOp::create(builder, loc, slot.type, value);
    } else if (slot.type.isInteger() && slot.type != i64) {
      value = arith::TruncIOp::create(builder, loc, slot.type, value);
    }
    arguments.push_back(value);
  }
  if (parallel) {
    for (unsigned position : {1, 2}) {
      arguments.push_back(arith::IndexCastOp::create(
          builder, loc, builder.getIndexType(), block->getArgument(position)));
    }
  } else {
    arguments.push_back(block0);
  }
  if (!scratch.empty()) {
    Value base = load(pointer, MOE_SLOT_SCRATCH);
    Value stride = load(i64, MOE_SLOT_SCRATCH_STRIDE);
    Value worker =
        arith::ExtSIOp::create(builder, loc, i64, block->getArgument(3));
    Value start = arith::MulIOp::create(builder, loc, worker, stride);
    Type byte = builder.getI8Type();
    Value own = LLVM::GEPOp::create(builder, loc, pointer, byte, base,
                                    ArrayRef<LLVM::GEPArg>{start});
    for (const Scratch &part : scratch) {
      Value offset =
          arith::ConstantIntOp::create(builder, loc, i64, part.offset);
      arguments.push_back(LLVM::GEPOp::create(builder, loc, pointer, byte,
                                              part.shared ? base : own,
                                              ArrayRef<LLVM::GEPArg>{offset}));
    }
  }
  auto call = func::CallOp::create(builder, loc, body, arguments);
  func::ReturnOp::create(builder, loc, call.getResults());
}
