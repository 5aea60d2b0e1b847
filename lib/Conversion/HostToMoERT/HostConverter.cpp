//===- HostConverter.cpp - registers, buffers, control of one program -----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostConverter.h"

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace moe;
using rt::ComputeKind;

HostConverter::HostConverter(func::FuncOp host, OpBuilder &builder)
    : host(host), builder(builder) {}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

// Arithmetic on input shapes is collected in front of all other commands: an
// output's extents are then known before its buffer is placed, and the memory
// that a run needs before it starts.
bool HostConverter::enterShapePrefix(ValueRange operands) {
  bool known = llvm::all_of(
      operands, [&](Value operand) { return prefixValues.contains(operand); });
  if (known) {
    builder.setInsertionPointAfter(prefixEnd);
  } else {
    builder.setInsertionPointToEnd(body);
  }
  return known;
}

void HostConverter::leaveShapePrefix(bool entered, ValueRange results) {
  if (entered) {
    prefixEnd = &*std::prev(builder.getInsertionPoint());
    prefixValues.insert(results.begin(), results.end());
  }
  builder.setInsertionPointToEnd(body);
}

Value HostConverter::constant(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    bool entered = enterShapePrefix({});
    known = rt::ConstOp::create(builder, host.getLoc(), builder.getI64Type(),
                                builder.getI64IntegerAttr(value));
    leaveShapePrefix(entered, known);
  }
  return known;
}

Value HostConverter::compute(Location loc, ComputeKind kind, Value lhs,
                             Value rhs) {
  bool entered = enterShapePrefix({lhs, rhs});
  Value result = rt::ComputeOp::create(builder, loc, builder.getI64Type(), kind,
                                       lhs, rhs);
  leaveShapePrefix(entered, result);
  return result;
}

HostDim HostConverter::dimOf(OpFoldResult size) {
  HostDim dim;
  if (auto attribute = dyn_cast<Attribute>(size)) {
    dim.size = cast<IntegerAttr>(attribute).getInt();
  } else {
    dim.reg = getRegister(cast<Value>(size));
  }
  return dim;
}

Value HostConverter::dimRegister(const HostDim &dim) {
  return dim.isStatic() ? constant(dim.size) : dim.reg;
}

Value HostConverter::multiply(Location loc, Value lhs, Value rhs) {
  auto lhsConst = lhs.getDefiningOp<rt::ConstOp>();
  auto rhsConst = rhs.getDefiningOp<rt::ConstOp>();
  if (lhsConst && rhsConst) {
    int64_t product;
    if (!llvm::MulOverflow(static_cast<int64_t>(lhsConst.getValue()),
                           static_cast<int64_t>(rhsConst.getValue()),
                           product)) {
      return constant(product);
    }
  }
  if (lhsConst && lhsConst.getValue() == 1) {
    return rhs;
  }
  if (rhsConst && rhsConst.getValue() == 1) {
    return lhs;
  }
  return compute(loc, ComputeKind::Mul, lhs, rhs);
}

static int64_t elementBytes(Type type) {
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

Value HostConverter::byteSize(Location loc, ArrayRef<HostDim> dims,
                              Type elementType) {
  Value bytes = constant(elementBytes(elementType));
  for (const HostDim &dim : dims) {
    bytes = multiply(loc, bytes, dimRegister(dim));
  }
  return bytes;
}

Value HostConverter::linearIndex(Location loc, ArrayRef<HostDim> dims,
                                 ValueRange indices) {
  Value linear = constant(0);
  for (auto [dim, index] : llvm::zip_equal(dims, indices)) {
    auto isZero = [](Value value) {
      auto op = value.getDefiningOp<rt::ConstOp>();
      return op && op.getValue() == 0;
    };
    if (!isZero(linear)) {
      linear = multiply(loc, linear, dimRegister(dim));
    }
    Value reg = getRegister(index);
    linear = isZero(linear) ? reg
                            : compute(loc, ComputeKind::Add, linear, reg);
  }
  return linear;
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

void HostConverter::place(Location loc, Value buffer, ArrayRef<HostDim> dims,
                          Type elementType) {
  if (!buffer.getDefiningOp<rt::BufferOp>() ||
      !placed.insert(buffer).second) {
    return;
  }
  Value bytes = byteSize(loc, dims, elementType);
  rt::PlaceOp::create(builder, loc, buffer, bytes);
}

FailureOr<HostTensor> HostConverter::materialize(Value tensor) {
  auto known = tensors.find(tensor);
  if (known == tensors.end()) {
    return emitError(tensor.getLoc(), "no buffer is known for this tensor");
  }
  HostTensor &entry = known->second;
  auto type = cast<RankedTensorType>(tensor.getType());
  Location loc = tensor.getLoc();
  auto elements = elementLists.find(tensor);
  bool isNew = !entry.buffer;
  if (isNew) {
    entry.buffer =
        rt::BufferOp::create(builder, loc, rt::BufferType::get(host.getContext()));
  }
  place(loc, entry.buffer, entry.dims, type.getElementType());
  if (isNew && elements != elementLists.end()) {
    for (auto [index, reg] : llvm::enumerate(elements->second)) {
      rt::StoreOp::create(builder, loc, reg, entry.buffer, constant(index),
                          TypeAttr::get(type.getElementType()));
    }
  }
  return entry;
}

static Value rootBuffer(Value buffer) {
  while (auto view = buffer.getDefiningOp<rt::ViewOp>()) {
    buffer = view.getSource();
  }
  return buffer;
}

void HostConverter::releaseAfterLastUse() {
  llvm::DenseSet<Value> released;
  SmallVector<Operation *> commands;
  for (Operation &op : *body) {
    commands.push_back(&op);
  }
  for (Operation *op : llvm::reverse(commands)) {
    if (isa<rt::ViewOp, rt::OutputOp>(op)) {
      continue;
    }
    builder.setInsertionPointAfter(op);
    for (Value operand : op->getOperands()) {
      if (!isa<rt::BufferType>(operand.getType())) {
        continue;
      }
      Value root = rootBuffer(operand);
      if (root.getDefiningOp<rt::BufferOp>() && !outputs.contains(root) &&
          released.insert(root).second) {
        rt::ReleaseOp::create(builder, op->getLoc(), root);
      }
    }
  }
  builder.setInsertionPointToEnd(body);
}

//===----------------------------------------------------------------------===//
// Border
//===----------------------------------------------------------------------===//

/// The type of a tensor at the border: its signedness is in `onnx.element_type`
/// once `lower-onnx` has dropped it from the type.
static Type borderType(RankedTensorType type, DictionaryAttr attributes) {
  Type element = type.getElementType();
  if (auto attribute = dyn_cast_or_null<TypeAttr>(
          attributes ? attributes.get("onnx.element_type") : Attribute())) {
    element = attribute.getValue();
  }
  return RankedTensorType::get(type.getShape(), element);
}

static ArrayAttr dimNames(DictionaryAttr attributes) {
  return attributes ? attributes.getAs<ArrayAttr>("onnx.dim_names")
                    : ArrayAttr();
}

static StringAttr borderName(OpBuilder &builder, DictionaryAttr attributes,
                             StringRef fallback, unsigned index) {
  if (auto name = attributes ? attributes.getAs<StringAttr>("onnx.name")
                             : StringAttr()) {
    return name;
  }
  return builder.getStringAttr(fallback + Twine(index));
}

LogicalResult HostConverter::convertInputs() {
  for (BlockArgument argument : host.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type) {
      return emitError(argument.getLoc(),
                       "expected ranked tensor inputs, but got ")
             << argument.getType();
    }
    DictionaryAttr attributes = host.getArgAttrDict(argument.getArgNumber());
    SmallVector<Type> results{rt::BufferType::get(host.getContext())};
    results.append(type.getNumDynamicDims(), builder.getI64Type());
    auto input = rt::InputOp::create(
        builder, argument.getLoc(), results,
        borderName(builder, attributes, "input", argument.getArgNumber()),
        TypeAttr::get(borderType(type, attributes)), dimNames(attributes));
    prefixEnd = input;
    prefixValues.insert(input.getDims().begin(), input.getDims().end());
    HostTensor tensor{input.getBuffer(), {}};
    unsigned next = 0;
    for (int64_t size : type.getShape()) {
      HostDim dim;
      if (ShapedType::isDynamic(size)) {
        dim.reg = input.getDims()[next++];
      } else {
        dim.size = size;
      }
      tensor.dims.push_back(dim);
    }
    tensors[argument] = tensor;
  }
  return success();
}

LogicalResult HostConverter::emitOutput(Location loc, unsigned index,
                                        Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  FailureOr<HostTensor> tensor = materialize(value);
  if (failed(tensor)) {
    return failure();
  }
  SmallVector<Value> dims;
  for (auto [dim, size] : llvm::zip_equal(tensor->dims, type.getShape())) {
    if (ShapedType::isDynamic(size)) {
      dims.push_back(dimRegister(dim));
    }
  }
  // A temporary becomes the output itself, once, and if its extents are known
  // where it is placed; all else is copied.
  Value buffer = tensor->buffer;
  bool inPlace = buffer.getDefiningOp<rt::BufferOp>() &&
                 !outputs.contains(buffer) && llvm::all_of(dims, [&](Value dim) {
                   return prefixValues.contains(dim);
                 });
  if (!inPlace) {
    Value copy = rt::BufferOp::create(builder, loc,
                                      rt::BufferType::get(host.getContext()));
    Value bytes = byteSize(loc, tensor->dims, type.getElementType());
    rt::PlaceOp::create(builder, loc, copy, bytes);
    rt::CopyOp::create(builder, loc, buffer, copy, bytes);
    buffer = copy;
  }
  outputs.insert(buffer);
  DictionaryAttr attributes = host.getResultAttrDict(index);
  rt::OutputOp::create(builder, loc,
                       borderName(builder, attributes, "output", index), buffer,
                       dims, TypeAttr::get(borderType(type, attributes)),
                       dimNames(attributes));
  return success();
}

LogicalResult HostConverter::convertReturn(func::ReturnOp op) {
  for (auto [index, value] : llvm::enumerate(op.getOperands())) {
    if (failed(emitOutput(op.getLoc(), index, value))) {
      return failure();
    }
  }
  releaseAfterLastUse();
  rt::EndOp::create(builder, op.getLoc());
  return success();
}

//===----------------------------------------------------------------------===//
// Walk
//===----------------------------------------------------------------------===//

LogicalResult HostConverter::convert(StringRef programName) {
  program = rt::ProgramOp::create(builder, host.getLoc(),
                                  builder.getStringAttr(programName));
  OpBuilder::InsertionGuard guard(builder);
  body = builder.createBlock(&program.getBody());
  if (!host.getBody().hasOneBlock()) {
    return host.emitOpError("expected a straight-line host function");
  }
  // An anchor for the prefix where there is no input; erased at the end.
  prefixEnd = rt::ConstOp::create(builder, host.getLoc(), builder.getI64Type(),
                                  builder.getI64IntegerAttr(0));
  Operation *anchor = prefixEnd;
  if (failed(convertInputs())) {
    return failure();
  }
  for (Operation &op : host.getBody().front()) {
    if (failed(convertOp(&op))) {
      return failure();
    }
  }
  anchor->erase();
  return success();
}

LogicalResult HostConverter::convertOp(Operation *op) {
  if (auto returnOp = dyn_cast<func::ReturnOp>(op)) {
    return convertReturn(returnOp);
  }
  if (auto call = dyn_cast<func::CallOp>(op)) {
    return convertCall(call);
  }
  if (auto constantOp = dyn_cast<arith::ConstantOp>(op)) {
    return convertConstant(constantOp);
  }
  if (isa<arith::ArithDialect>(op->getDialect())) {
    return convertArith(op);
  }
  if (isa<tensor::TensorDialect>(op->getDialect())) {
    return convertView(op);
  }
  if (auto check = dyn_cast<cf::AssertOp>(op)) {
    Value condition = getRegister(check.getArg());
    bool entered = enterShapePrefix(condition);
    rt::CheckOp::create(builder, op->getLoc(), condition, check.getMsgAttr(),
                        ValueRange{});
    leaveShapePrefix(entered, {});
    return success();
  }
  if (isa<MoEDialect>(op->getDialect())) {
    return convertMoE(op);
  }
  return op->emitOpError("has no place on the host after bufferize");
}
