//===- HostOps.cpp - host operations to commands --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostConverter.h"

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moe;
using rt::ComputeKind;

LogicalResult HostConverter::convertConstant(arith::ConstantOp op) {
  Attribute value = op.getValue();
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    const APInt &bits = integer.getValue();
    registers[op.getResult()] = constant(
        bits.getBitWidth() == 1 ? static_cast<int64_t>(bits.getZExtValue())
                                : bits.getSExtValue());
    return success();
  }
  auto elements = dyn_cast<ElementsAttr>(value);
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!elements || !type) {
    return op.emitOpError("has no place on the host after bufferize");
  }
  HostTensor tensor;
  for (int64_t size : type.getShape()) {
    tensor.dims.push_back(HostDim{size, Value()});
  }
  std::string name = "constant" + std::to_string(constantCount++);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(program);
    rt::WeightOp::create(builder, op.getLoc(), builder.getStringAttr(name),
                         TypeAttr::get(type), elements,
                         /*constant=*/builder.getUnitAttr(),
                         rt::EncodingAttr());
  }
  tensor.buffer = rt::WeightRefOp::create(
      builder, op.getLoc(), rt::BufferType::get(op.getContext()),
      FlatSymbolRefAttr::get(op.getContext(), name));
  tensors[op.getResult()] = tensor;
  return success();
}

static std::optional<ComputeKind> computeKind(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<ComputeKind>>(op)
      .Case([](arith::AddIOp) { return ComputeKind::Add; })
      .Case([](arith::SubIOp) { return ComputeKind::Sub; })
      .Case([](arith::MulIOp) { return ComputeKind::Mul; })
      .Case([](arith::FloorDivSIOp) { return ComputeKind::FloorDiv; })
      .Case([](arith::CeilDivSIOp) { return ComputeKind::CeilDiv; })
      .Case([](arith::DivSIOp) { return ComputeKind::TruncDiv; })
      .Case([](arith::RemSIOp) { return ComputeKind::TruncRem; })
      .Case([](arith::MinSIOp) { return ComputeKind::Min; })
      .Case([](arith::MaxSIOp) { return ComputeKind::Max; })
      .Case([](arith::AndIOp) { return ComputeKind::And; })
      .Case([](arith::OrIOp) { return ComputeKind::Or; })
      .Case([](arith::XOrIOp) { return ComputeKind::Xor; })
      .Default([](Operation *) { return std::nullopt; });
}

LogicalResult HostConverter::convertArith(Operation *op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    Value reg = getRegister(operand);
    if (!reg) {
      return op->emitOpError("has no place on the host after bufferize");
    }
    operands.push_back(reg);
  }
  Value &result = registers[op->getResult(0)];
  if (std::optional<ComputeKind> kind = computeKind(op)) {
    result = compute(op->getLoc(), *kind, operands[0], operands[1]);
    return success();
  }
  // Registers are 64-bit: widening changes nothing, and narrowing is for
  // shapes, which fit.
  if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp>(
          op)) {
    result = operands[0];
    return success();
  }
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    using P = arith::CmpIPredicate;
    Value lhs = operands[0], rhs = operands[1];
    switch (compare.getPredicate()) {
    case P::eq:
      result = compute(op->getLoc(), ComputeKind::Eq, lhs, rhs);
      return success();
    case P::ne:
      result = compute(op->getLoc(), ComputeKind::Ne, lhs, rhs);
      return success();
    case P::slt:
      result = compute(op->getLoc(), ComputeKind::Lt, lhs, rhs);
      return success();
    case P::sle:
      result = compute(op->getLoc(), ComputeKind::Le, lhs, rhs);
      return success();
    case P::sgt:
      result = compute(op->getLoc(), ComputeKind::Lt, rhs, lhs);
      return success();
    case P::sge:
      result = compute(op->getLoc(), ComputeKind::Le, rhs, lhs);
      return success();
    default:
      return op->emitOpError("compares unsigned numbers on the host");
    }
  }
  if (isa<arith::SelectOp>(op)) {
    bool entered = enterShapePrefix(operands);
    result = rt::SelectOp::create(builder, op->getLoc(), builder.getI64Type(),
                                  operands[0], operands[1], operands[2]);
    leaveShapePrefix(entered, result);
    return success();
  }
  return op->emitOpError("has no place on the host after bufferize");
}

LogicalResult HostConverter::convertExtract(tensor::ExtractOp op) {
  Value source = op.getTensor();
  HostTensor &tensor = tensors[source];
  auto elements = elementLists.find(source);
  if (elements != elementLists.end()) {
    std::optional<int64_t> index = 0;
    for (auto [dim, operand] : llvm::zip_equal(tensor.dims, op.getIndices())) {
      std::optional<int64_t> position = getConstantIntValue(operand);
      index = index && position
                  ? std::optional<int64_t>(*index * dim.size + *position)
                  : std::nullopt;
    }
    if (index && *index >= 0 &&
        *index < static_cast<int64_t>(elements->second.size())) {
      registers[op.getResult()] = elements->second[*index];
      return success();
    }
  }
  Type type = op.getType();
  if (!isa<IntegerType, IndexType>(type)) {
    return op.emitOpError("reads a floating-point element on the host");
  }
  FailureOr<HostTensor> bytes = materialize(source);
  if (failed(bytes)) {
    return failure();
  }
  Value index = linearIndex(op.getLoc(), bytes->dims, op.getIndices());
  registers[op.getResult()] =
      rt::LoadOp::create(builder, op.getLoc(), builder.getI64Type(),
                         bytes->buffer, index, TypeAttr::get(type));
  return success();
}

// Contiguous slices only: every dimension behind the first one with an extent
// other than 1 is whole.
LogicalResult HostConverter::convertExtractSlice(tensor::ExtractSliceOp op) {
  FailureOr<HostTensor> source = materialize(op.getSource());
  if (failed(source)) {
    return failure();
  }
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  Location loc = op.getLoc();
  Value offset;
  bool seen = false;
  for (unsigned i = 0, e = offsets.size(); i != e; ++i) {
    bool whole =
        isConstantIntValue(offsets[i], 0) &&
        (source->dims[i].isStatic()
             ? isConstantIntValue(sizes[i], source->dims[i].size)
             : dimOf(sizes[i]).reg == source->dims[i].reg);
    bool single = isConstantIntValue(sizes[i], 1);
    if (!isConstantIntValue(op.getMixedStrides()[i], 1) ||
        (seen && !whole)) {
      return op.emitOpError("is not contiguous and has no kernel");
    }
    seen |= !single;
    Value position = dimRegister(dimOf(offsets[i]));
    offset = offset ? compute(loc, ComputeKind::Add,
                              multiply(loc, offset,
                                       dimRegister(source->dims[i])),
                              position)
                    : position;
  }
  HostTensor result{source->buffer, {}};
  if (offset) {
    int64_t bytes = llvm::divideCeil(
        op.getSourceType().getElementTypeBitWidth(), 8);
    result.buffer = rt::ViewOp::create(
        builder, loc, rt::BufferType::get(op.getContext()), source->buffer,
        multiply(loc, offset, constant(bytes)));
  }
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (auto [i, size] : llvm::enumerate(sizes)) {
    if (!dropped[i]) {
      result.dims.push_back(dimOf(size));
    }
  }
  tensors[op.getResult()] = result;
  return success();
}

LogicalResult HostConverter::convertDim(tensor::DimOp op) {
  std::optional<int64_t> index = op.getConstantIndex();
  if (!index) {
    return op.emitOpError("asks for a dimension chosen at run time");
  }
  registers[op.getResult()] = dimRegister(tensors[op.getSource()].dims[*index]);
  return success();
}

LogicalResult HostConverter::convertFromElements(tensor::FromElementsOp op) {
  HostTensor tensor;
  for (int64_t size : op.getType().getShape()) {
    tensor.dims.push_back(HostDim{size, Value()});
  }
  SmallVector<Value> elements;
  for (Value element : op.getElements()) {
    elements.push_back(getRegister(element));
    if (!elements.back()) {
      return op.emitOpError("has no place on the host after bufferize");
    }
  }
  tensors[op.getResult()] = tensor;
  elementLists[op.getResult()] = elements;
  return success();
}

/// The same bytes with other dimensions, or another type.
LogicalResult HostConverter::convertReshape(Operation *op) {
  FailureOr<HostTensor> source = materialize(op->getOperand(0));
  if (failed(source)) {
    return failure();
  }
  HostTensor result{source->buffer, {}};
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    for (const ReassociationIndices &group :
         collapse.getReassociationIndices()) {
      Value product = constant(1);
      for (int64_t index : group) {
        product =
            multiply(op->getLoc(), product, dimRegister(source->dims[index]));
      }
      result.dims.push_back(HostDim{ShapedType::kDynamic, product});
    }
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    for (OpFoldResult size : expand.getMixedOutputShape()) {
      result.dims.push_back(dimOf(size));
    }
  } else if (auto reshape = dyn_cast<tensor::ReshapeOp>(op)) {
    auto elements = elementLists.find(reshape.getShape());
    if (elements == elementLists.end()) {
      return op->emitOpError("takes its shape from a buffer");
    }
    for (Value size : elements->second) {
      result.dims.push_back(HostDim{ShapedType::kDynamic, size});
    }
  } else {
    result.dims = source->dims;
  }
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  for (auto [dim, size] : llvm::zip_equal(result.dims, type.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      dim = HostDim{size, Value()};
    }
  }
  tensors[op->getResult(0)] = result;
  return success();
}

LogicalResult HostConverter::convertView(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](tensor::DimOp dim) { return convertDim(dim); })
      .Case([&](tensor::ExtractOp extract) { return convertExtract(extract); })
      .Case([&](tensor::ExtractSliceOp slice) {
        return convertExtractSlice(slice);
      })
      .Case([&](tensor::EmptyOp empty) {
        HostTensor tensor;
        for (OpFoldResult size : empty.getMixedSizes()) {
          tensor.dims.push_back(dimOf(size));
        }
        tensors[empty.getResult()] = tensor;
        return success();
      })
      .Case([&](tensor::FromElementsOp list) {
        return convertFromElements(list);
      })
      .Case<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
            tensor::ReshapeOp>([&](Operation *view) {
        return convertReshape(view);
      })
      .Default([](Operation *other) {
        return other->emitOpError("has no place on the host after bufferize");
      });
}

LogicalResult HostConverter::convertCall(func::CallOp op) {
  auto kernel =
      SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, op.getCalleeAttr());
  if (!kernel || !kernel->hasAttr("moe.kernel")) {
    return op.emitOpError("calls a function that is no kernel");
  }
  if (!llvm::is_contained(kernels, kernel)) {
    kernels.push_back(kernel);
  }
  SmallVector<Value> arguments;
  SmallVector<Value> tensorOperands;
  SmallVector<HostTensor> written;
  for (auto [index, operand] : llvm::enumerate(op.getOperands())) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type) {
      arguments.push_back(getRegister(operand));
      continue;
    }
    if (Value pool = pools.lookup(operand)) {
      arguments.push_back(pool);
      continue;
    }
    bool isDestination = index + op.getNumResults() >= op.getNumOperands();
    FailureOr<HostTensor> tensor =
        isDestination ? newDestination(operand) : materialize(operand);
    if (failed(tensor)) {
      return failure();
    }
    if (isDestination) {
      written.push_back(*tensor);
    }
    arguments.push_back(tensor->buffer);
    for (auto [dim, size] : llvm::zip_equal(tensor->dims, type.getShape())) {
      if (ShapedType::isDynamic(size)) {
        arguments.push_back(dimRegister(dim));
      }
    }
  }
  rt::RunOp::create(builder, op.getLoc(), op.getCalleeAttr(),
                    ValueRange{constant(1)}, arguments);
  for (auto [result, tensor] : llvm::zip_equal(op.getResults(), written)) {
    tensors[result] = tensor;
  }
  return success();
}

// Equal empty tensors may have become one value: every call gets bytes of its
// own.
FailureOr<HostTensor> HostConverter::newDestination(Value operand) {
  Value empty = operand;
  while (auto cast = empty.getDefiningOp<tensor::CastOp>()) {
    empty = cast.getSource();
  }
  if (!empty.getDefiningOp<tensor::EmptyOp>()) {
    return emitError(operand.getLoc(),
                     "expected a kernel's destination to be an empty tensor");
  }
  HostTensor tensor = tensors[operand];
  tensor.buffer = rt::BufferOp::create(builder, operand.getLoc(),
                                       rt::BufferType::get(host.getContext()));
  place(operand.getLoc(), tensor.buffer, tensor.dims,
        cast<RankedTensorType>(operand.getType()).getElementType());
  return tensor;
}

//===----------------------------------------------------------------------===//
// moe ops
//===----------------------------------------------------------------------===//

/// Declares something beside the program, once for each name.
template <typename CreateFn>
static void declareOnce(OpBuilder &builder, rt::ProgramOp program,
                        llvm::StringSet<> &declared, StringRef name,
                        CreateFn create) {
  if (declared.insert(name).second) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(program);
    create();
  }
}

static rt::EncodingAttr encodingOf(WeightOp weight) {
  std::optional<WeightEncodingAttrInterface> encoding = weight.getEncoding();
  if (!encoding) {
    return {};
  }
  auto kind = static_cast<rt::EncodingKind>(encoding->getEncodingKind());
  return rt::EncodingAttr::get(weight.getContext(), kind,
                               encoding->getEncodingVersion());
}

LogicalResult HostConverter::convertWeight(WeightValueOp op) {
  MLIRContext *context = op.getContext();
  Location loc = op.getLoc();
  auto weight =
      SymbolTable::lookupNearestSymbolFrom<WeightOp>(op, op.getWeightAttr());
  if (!weight) {
    return op.emitOpError("names no weight");
  }
  if (auto slot = weight->getAttrOfType<SlotAttr>("moe.slot")) {
    StringRef name = slot.getPool().getValue();
    auto pool = SymbolTable::lookupNearestSymbolFrom<PoolOp>(op, slot.getPool());
    declareOnce(builder, program, declared, name, [&] {
      rt::PoolOp::create(builder, pool.getLoc(), builder.getStringAttr(name),
                         pool.getExpertsAttr(), pool.getStrideAttr(),
                         encodingOf(weight));
    });
    pools[op.getResult()] = rt::PoolRefOp::create(
        builder, loc, rt::PoolType::get(context),
        FlatSymbolRefAttr::get(context, name));
    return success();
  }
  StringRef name = weight.getSymName();
  declareOnce(builder, program, declared, name, [&] {
    rt::WeightOp::create(builder, weight.getLoc(), builder.getStringAttr(name),
                         TypeAttr::get(weight.getType()), ElementsAttr(),
                         /*constant=*/UnitAttr(), encodingOf(weight));
  });
  HostTensor tensor;
  for (int64_t size : weight.getType().getShape()) {
    tensor.dims.push_back(HostDim{size, Value()});
  }
  tensor.buffer =
      rt::WeightRefOp::create(builder, loc, rt::BufferType::get(context),
                              FlatSymbolRefAttr::get(context, name));
  tensors[op.getResult()] = tensor;
  return success();
}

LogicalResult HostConverter::convertPin(PinOp op) {
  FailureOr<HostTensor> ids = materialize(op.getIds());
  if (failed(ids)) {
    return failure();
  }
  Value count = multiply(op.getLoc(), dimRegister(ids->dims[0]),
                         dimRegister(ids->dims[1]));
  rt::PinOp::create(builder, op.getLoc(), op.getPoolAttr(), ids->buffer, count);
  return success();
}

/// The name of the layer that an op belongs to: of the node it came from.
static std::string layerName(Location loc) {
  std::string name;
  loc->walk([&](Location inner) {
    if (auto named = dyn_cast<NameLoc>(inner)) {
      name = named.getName().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return name.empty() ? "layer" : name;
}

LogicalResult HostConverter::convertCountExperts(CountExpertsOp op) {
  FailureOr<HostTensor> offsets = materialize(op.getOffsets());
  if (failed(offsets)) {
    return failure();
  }
  std::string base = layerName(op.getLoc()), name = base;
  // Node names are free: one may be that of a function, a weight or a kernel.
  auto isTaken = [&] {
    return declared.contains(name) ||
           SymbolTable::lookupNearestSymbolFrom(
               program, builder.getStringAttr(name)) != nullptr;
  };
  for (unsigned i = 1; isTaken(); ++i) {
    name = base + "_" + std::to_string(i);
  }
  int64_t experts =
      cast<RankedTensorType>(op.getOffsets().getType()).getDimSize(0) - 1;
  declareOnce(builder, program, declared, name, [&] {
    rt::LayerOp::create(builder, op.getLoc(), builder.getStringAttr(name),
                        builder.getI64IntegerAttr(experts));
  });
  rt::CountExpertsOp::create(builder, op.getLoc(),
                             FlatSymbolRefAttr::get(op.getContext(), name),
                             offsets->buffer);
  return success();
}

LogicalResult HostConverter::convertMoE(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](WeightValueOp weight) { return convertWeight(weight); })
      .Case([&](PinOp pin) { return convertPin(pin); })
      .Case([&](UnpinOp unpin) {
        rt::UnpinOp::create(builder, op->getLoc(), unpin.getPoolAttr());
        return success();
      })
      .Case([&](CountExpertsOp count) { return convertCountExperts(count); })
      .Default([](Operation *other) {
        return other->emitOpError("has no place on the host after bufferize");
      });
}
