//===- ONNXOps.cpp - onnx verifiers and builders --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/IR/ONNX.h"

#include "moe/Dialect/ONNX/OpTable.h"
#include "moe/Support/Quote.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace moe::onnx;

/// A plain integer, as `version 13` has it.
static ParseResult parseVersion(OpAsmParser &parser, IntegerAttr &value) {
  int64_t number;
  if (parser.parseInteger(number)) {
    return failure();
  }
  value = parser.getBuilder().getI64IntegerAttr(number);
  return success();
}

static void printVersion(OpAsmPrinter &printer, Operation *,
                         IntegerAttr value) {
  printer << value.getInt();
}

#define GET_OP_CLASSES
#include "moe/Dialect/ONNX/IR/ONNXOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

LogicalResult
DimsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                         function_ref<InFlightDiagnostic()> emitError) const {
  if (getSymbols().size() != shape.size()) {
    return emitError() << "expected one symbol per dimension (" << shape.size()
                       << "), but got " << getSymbols().size();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// NodeOp
//===----------------------------------------------------------------------===//

bool NodeOp::hasInput(unsigned index) {
  return index < getInputs().size() &&
         !isa<NoneType>(getInputs()[index].getType());
}

std::string NodeOp::describe() {
  std::string name;
  if (auto loc = getLoc()->findInstanceOf<NameLoc>()) {
    name = " " + quote(loc.getName());
  }
  return "node" + name + " (" + getOpType().str() + ")";
}

void NodeOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  static const llvm::StringSet<> random = {
      "Bernoulli",        "Dropout",       "Multinomial",      "RandomNormal",
      "RandomNormalLike", "RandomUniform", "RandomUniformLike"};
  // What a subgraph does is not looked into.
  if (getNumRegions() != 0 ||
      (getDomain().empty() && random.contains(getOpType()))) {
    effects.emplace_back(MemoryEffects::Read::get());
    effects.emplace_back(MemoryEffects::Write::get());
  }
}

LogicalResult NodeOp::verify() {
  // C1.
  if (getOpType().empty()) {
    return emitOpError("expected an operator's name");
  }
  if (static_cast<int64_t>(getVersion()) <= 0) {
    return emitOpError("expected a positive version, but got ")
           << static_cast<int64_t>(getVersion());
  }
  // C2.
  for (Type type : llvm::concat<const Type>(getInputs().getTypes(),
                                            getOutputs().getTypes())) {
    if (!isa<TensorType, NoneType>(type)) {
      return emitOpError("expected tensors or none, but got ") << type;
    }
  }
  // C3.
  const OpSchema *schema =
      findSchema(getDomain(), getOpType(), static_cast<int64_t>(getVersion()));
  if (!schema) {
    return success();
  }
  SmallVector<bool> given;
  for (Type type : getInputs().getTypes()) {
    given.push_back(!isa<NoneType>(type));
  }
  std::string error =
      checkNode(*schema, given, getNumResults(), getNodeAttributes());
  return error.empty() ? success() : LogicalResult(emitOpError(error));
}

//===----------------------------------------------------------------------===//
// Constants and weights
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) {
  // With an encoding the type is not the value's.
  return getType() == getValue().getType() ? OpFoldResult(getValue())
                                           : OpFoldResult();
}

LogicalResult ConstantOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  auto value = getValue().getShapedType();
  if (value.getShape() != type.getShape() ||
      value.getElementType() != type.getElementType()) {
    return emitOpError("expected a value of the result's shape and element "
                       "type ")
           << type << ", but got " << value;
  }
  return success();
}

LogicalResult WeightOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  // C2.
  if (static_cast<int64_t>(getOffset()) < 0) {
    return emitOpError("expected an offset that is not negative, but got ")
           << static_cast<int64_t>(getOffset());
  }
  // C1.
  if (!type.hasStaticShape() || !type.getElementType().isIntOrFloat()) {
    return emitOpError("expected a static shape of numbers, but got ") << type;
  }
  std::optional<int64_t> bits =
      std::max<int64_t>(8, type.getElementTypeBitWidth());
  for (int64_t size : type.getShape()) {
    bits = bits ? llvm::checkedMul(*bits, size) : bits;
  }
  if (!bits || *bits / 8 != static_cast<int64_t>(getLength())) {
    return emitOpError("expected as many bytes as ")
           << type << " has, but got " << getLength();
  }
  return success();
}

LogicalResult WeightValueOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto weight =
      tables.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight) {
    return emitOpError("names ") << getWeightAttr() << ", which is no weight";
  }
  auto type = cast<RankedTensorType>(getType());
  auto declared = cast<RankedTensorType>(weight.getType());
  if (type.getShape() != declared.getShape() ||
      type.getElementType() != declared.getElementType()) {
    return emitOpError("expected the type of ")
           << getWeightAttr() << ", " << declared << ", but got " << type;
  }
  return success();
}
