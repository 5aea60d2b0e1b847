//===- Node.cpp - a node that is being lowered ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Node.h"

#include "LoweringUtils.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

RankedTensorType moe::onnx::getLoweredType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  Type element = tensor.getElementType();
  if (auto integer = dyn_cast<IntegerType>(element)) {
    element = IntegerType::get(type.getContext(), integer.getWidth());
  }
  return RankedTensorType::get(tensor.getShape(), element);
}

DenseElementsAttr moe::onnx::getLoweredElements(ElementsAttr value) {
  auto dense = cast<DenseElementsAttr>(value);
  RankedTensorType type = getLoweredType(dense.getType());
  return type == dense.getType()
             ? dense
             : DenseElementsAttr::getFromRawBuffer(type, dense.getRawData());
}

Node::Node(NodeOp op, ValueRange operands, LoweringState &state)
    : op(op), builder(op.getLoc(), op), state(state), operands(operands) {
  for (Type type : op.getOutputs().getTypes()) {
    outputTypes.push_back(isa<RankedTensorType>(type) ? getLoweredType(type)
                                                      : type);
  }
  outputs.resize(outputTypes.size());
}

StringRef Node::getOpType() { return op.getOpType(); }
int64_t Node::getVersion() { return op.getVersion(); }

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

bool Node::hasInput(unsigned index) { return op.hasInput(index); }

RankedTensorType Node::getInputType(unsigned index) {
  return cast<RankedTensorType>(operands[index].getType());
}

static bool isUnsigned(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isUnsignedInteger();
}

bool Node::isUnsignedInput(unsigned index) {
  return isUnsigned(op.getInputs()[index].getType());
}

StringRef Node::getInputDimSymbol(unsigned index, int64_t dim) {
  auto type = cast<RankedTensorType>(op.getInputs()[index].getType());
  auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding());
  return dims ? dims.getSymbols()[dim].getValue() : StringRef();
}

bool Node::areInputDimsEqual(unsigned lhs, int64_t lhsDim, unsigned rhs,
                             int64_t rhsDim) {
  return getDim(operands[lhs], lhsDim) == getDim(operands[rhs], rhsDim);
}

std::optional<SmallVector<int64_t>> Node::getConstantInts(unsigned index) {
  DenseIntElementsAttr elements;
  if (!hasInput(index) ||
      !matchPattern(operands[index], m_Constant(&elements))) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  bool isSigned = !isUnsignedInput(index) &&
                  elements.getElementType().getIntOrFloatBitWidth() > 1;
  for (const APInt &element : elements.getValues<APInt>()) {
    result.push_back(isSigned ? element.getSExtValue()
                              : element.getZExtValue());
  }
  return result;
}

/// The op that lists a tensor's elements, through casts.
static tensor::FromElementsOp getElementList(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>()) {
    value = cast.getSource();
  }
  return value.getDefiningOp<tensor::FromElementsOp>();
}

bool Node::hasScalars(unsigned index) {
  if (!hasInput(index)) {
    return false;
  }
  RankedTensorType type = getInputType(index);
  if (!type.getElementType().isInteger() || !type.hasStaticShape() ||
      type.getNumElements() > kMaxScalars) {
    return false;
  }
  return getElementList(operands[index]) ||
         matchPattern(operands[index], m_Constant());
}

std::optional<SmallVector<Value>> Node::getScalars(unsigned index) {
  if (!hasScalars(index)) {
    return std::nullopt;
  }
  if (tensor::FromElementsOp list = getElementList(operands[index])) {
    return SmallVector<Value>(list.getElements());
  }
  DenseIntElementsAttr elements;
  matchPattern(operands[index], m_Constant(&elements));
  SmallVector<Value> result;
  for (const APInt &element : elements.getValues<APInt>()) {
    result.push_back(arith::ConstantOp::create(
        builder, builder.getIntegerAttr(elements.getElementType(), element)));
  }
  return result;
}

FailureOr<SmallVector<OpFoldResult>> Node::getIndices(unsigned index,
                                                      StringRef name) {
  SmallVector<OpFoldResult> result;
  if (auto constants = getConstantInts(index)) {
    for (int64_t value : *constants) {
      result.push_back(builder.getIndexAttr(value));
    }
    return result;
  }
  RankedTensorType type = getInputType(index);
  if (!type.hasStaticShape() || !type.getElementType().isInteger()) {
    std::string text;
    llvm::raw_string_ostream(text) << type;
    return refuse("input " + name +
                  " must be integers, and how many must be known at compile "
                  "time, but its type is " +
                  text);
  }
  Scalars scalars(builder, isUnsignedInput(index));
  SmallVector<Value> elements;
  if (std::optional<SmallVector<Value>> known = getScalars(index)) {
    elements = *known;
  } else {
    // Read on the host, in row-major order.
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      SmallVector<Value> position(type.getRank());
      int64_t rest = i;
      for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
        position[dim] = scalars.index(rest % type.getDimSize(dim));
        rest /= type.getDimSize(dim);
      }
      elements.push_back(
          tensor::ExtractOp::create(builder, operands[index], position));
    }
  }
  for (Value element : elements) {
    result.push_back(getAsOpFoldResult(scalars.toIndex(element)));
  }
  return result;
}

FailureOr<int64_t> Node::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return refuse("axis " + Twine(axis) + " is outside [" + Twine(-rank) +
                  ", " + Twine(rank - 1) + "]");
  }
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> Node::normalizeAxes(ArrayRef<int64_t> axes,
                                                    int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> normalized = normalizeAxis(axis, rank);
    if (failed(normalized)) {
      return failure();
    }
    if (llvm::is_contained(result, *normalized)) {
      return refuse("axis " + Twine(axis) + " is given twice");
    }
    result.push_back(*normalized);
  }
  llvm::sort(result);
  return result;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

Attribute Node::getAttribute(StringRef name) {
  return op.getNodeAttribute(name);
}

int64_t Node::getInt(StringRef name, int64_t defaultValue) {
  auto attribute = dyn_cast_or_null<IntegerAttr>(getAttribute(name));
  return attribute ? attribute.getInt() : defaultValue;
}

double Node::getFloat(StringRef name, double defaultValue) {
  auto attribute = dyn_cast_or_null<FloatAttr>(getAttribute(name));
  return attribute ? attribute.getValueAsDouble() : defaultValue;
}

StringRef Node::getString(StringRef name, StringRef defaultValue) {
  auto attribute = dyn_cast_or_null<StringAttr>(getAttribute(name));
  return attribute ? attribute.getValue() : defaultValue;
}

std::optional<SmallVector<int64_t>> Node::getInts(StringRef name) {
  if (auto dense = dyn_cast_or_null<DenseI64ArrayAttr>(getAttribute(name))) {
    return SmallVector<int64_t>(dense.asArrayRef());
  }
  auto attribute = dyn_cast_or_null<ArrayAttr>(getAttribute(name));
  if (!attribute) {
    return std::nullopt;
  }
  SmallVector<int64_t> result;
  for (auto element : attribute.getAsRange<IntegerAttr>()) {
    result.push_back(element.getInt());
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

bool Node::needsOutput(unsigned index) {
  return index < outputTypes.size() && !op.getOutputs()[index].use_empty();
}

RankedTensorType Node::getOutputType(unsigned index) {
  return cast<RankedTensorType>(outputTypes[index]);
}

bool Node::isUnsignedOutput(unsigned index) {
  return isUnsigned(op.getOutputs()[index].getType());
}

void Node::setOutput(unsigned index, Value value) {
  RankedTensorType type = getOutputType(index);
  auto computed = cast<RankedTensorType>(value.getType());
  if (computed.getRank() != type.getRank()) {
    (void)refuse("output " + Twine(index) + " has rank " +
                 Twine(computed.getRank()) + ", but the model says " +
                 Twine(type.getRank()));
    return;
  }
  // What the type says of an extent is only as good as the model.
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (computed.getDimSize(dim) != type.getDimSize(dim)) {
      requireExtent(index, dim, getDim(value, dim));
    }
  }
  outputs[index] = castTensor(builder, value, type);
}

void Node::requireExtent(unsigned index, int64_t dim, OpFoldResult extent) {
  RankedTensorType type = getOutputType(index);
  int64_t expected = type.getDimSize(dim);
  std::optional<int64_t> known = getConstantIntValue(extent);
  if (ShapedType::isDynamic(expected) || (known && *known == expected)) {
    return;
  }
  if (known) {
    (void)refuse("dimension " + Twine(dim) + " of output " + Twine(index) +
                 " is " + Twine(*known) + ", but the model says " +
                 Twine(expected));
    return;
  }
  Scalars s(builder);
  check(s.equal(getIndexValue(extent), s.index(expected)),
        "dimension " + Twine(dim) + " of output " + Twine(index) + " is not " +
            Twine(expected) + ", as the model says");
}

void Node::setScalars(unsigned index, ArrayRef<Value> elements) {
  RankedTensorType type = getOutputType(index);
  Scalars scalars(builder, isUnsignedOutput(index));
  SmallVector<Value> values;
  for (Value element : elements) {
    values.push_back(isa<IndexType>(element.getType())
                         ? scalars.fromIndex(element, type.getElementType())
                         : element);
  }
  // An unknown extent is that of a list.
  auto known =
      type.hasStaticShape()
          ? type
          : RankedTensorType::get({static_cast<int64_t>(values.size())},
                                  type.getElementType());
  outputs[index] = castTensor(
      builder, tensor::FromElementsOp::create(builder, known, values), type);
}

SmallVector<OpFoldResult> Node::refineDims(unsigned index,
                                           ArrayRef<OpFoldResult> dims) {
  SmallVector<OpFoldResult> result(dims);
  RankedTensorType type = getOutputType(index);
  if (type.getRank() != static_cast<int64_t>(dims.size())) {
    return result;
  }
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      requireExtent(index, dim, result[dim]);
      result[dim] = builder.getIndexAttr(size);
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Extents, checks, refusals
//===----------------------------------------------------------------------===//

OpFoldResult Node::getDim(Value value, int64_t dim) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(dim)) {
    return builder.getIndexAttr(type.getDimSize(dim));
  }
  StringAttr symbol = findSymbol(value, dim);
  if (!symbol) {
    return findExtent(value, dim);
  }
  std::pair<Region *, StringAttr> key(op->getParentRegion(), symbol);
  if (OpFoldResult known = state.symbolDims.lookup(key)) {
    return known;
  }
  OpFoldResult extent = findExtent(value, dim);
  state.symbolDims[key] = extent;
  return extent;
}

StringAttr Node::findSymbol(Value value, int64_t dim) {
  for (auto [index, operand] : llvm::enumerate(operands)) {
    StringRef symbol =
        operand == value ? getInputDimSymbol(index, dim) : StringRef();
    if (!symbol.empty()) {
      return StringAttr::get(op.getContext(), symbol);
    }
  }
  return {};
}

OpFoldResult Node::findExtent(Value value, int64_t dim) {
  // The size that the tensor was made with, so that equal extents are one
  // value.
  if (auto cast = value.getDefiningOp<tensor::CastOp>()) {
    return getDim(cast.getSource(), dim);
  }
  if (auto empty = value.getDefiningOp<tensor::EmptyOp>()) {
    return empty.getMixedSizes()[dim];
  }
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>()) {
    if (slice.getDroppedDims().none()) {
      return slice.getMixedSizes()[dim];
    }
  }
  if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>()) {
    return expand.getMixedOutputShape()[dim];
  }
  if (auto dps = value.getDefiningOp<DestinationStyleOpInterface>()) {
    return getDim(dps.getTiedOpOperand(cast<OpResult>(value))->get(), dim);
  }
  Value &known = state.dims[{value, dim}];
  if (!known) {
    // Beside the tensor, so that it is there for whoever asks next.
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(value);
    known = builder.createOrFold<tensor::DimOp>(value, dim);
  }
  return known;
}

void Node::noteDims(Value value, ArrayRef<OpFoldResult> dims) {
  auto type = cast<RankedTensorType>(value.getType());
  for (auto [dim, extent] : llvm::enumerate(dims)) {
    auto known = dyn_cast<Value>(extent);
    if (type.isDynamicDim(dim) && known) {
      state.dims.try_emplace({value, static_cast<int64_t>(dim)}, known);
    }
  }
}

SmallVector<OpFoldResult> Node::getDims(Value value) {
  SmallVector<OpFoldResult> result;
  for (int64_t dim = 0,
               rank = cast<RankedTensorType>(value.getType()).getRank();
       dim < rank; ++dim) {
    result.push_back(getDim(value, dim));
  }
  return result;
}

Value Node::getIndexValue(OpFoldResult index) {
  if (auto value = dyn_cast<Value>(index)) {
    return value;
  }
  return arith::ConstantIndexOp::create(
      builder, cast<IntegerAttr>(cast<Attribute>(index)).getInt());
}

Value Node::getDimValue(Value value, int64_t dim) {
  return getIndexValue(getDim(value, dim));
}

void Node::check(Value condition, const Twine &message) {
  if (matchPattern(condition, m_One())) {
    return;
  }
  if (matchPattern(condition, m_Zero())) {
    (void)refuse(message);
    return;
  }
  cf::AssertOp::create(builder, condition, op.describe() + ": " + message.str());
}

LogicalResult Node::refuse(const Twine &reason) {
  state.refused = true;
  return emitError(op.getLoc(), op.describe()) << ": " << reason;
}
