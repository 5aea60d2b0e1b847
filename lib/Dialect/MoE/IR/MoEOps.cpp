//===- MoEOps.cpp - moe verifiers and builders ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comments name the constraints of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "MoEAssembly.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;

#define GET_OP_CLASSES
#include "moe/Dialect/MoE/IR/MoEOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

/// A dimension of an operand, under the name that messages give it.
namespace {
struct Dim {
  StringRef name;
  Type type;
  int64_t index;

  int64_t size() const { return cast<ShapedType>(type).getDimSize(index); }
};
} // namespace

/// An error if both dimensions are static and differ.
static LogicalResult sameDim(Operation *op, Dim dim, Dim other) {
  if (dim.size() == other.size() || ShapedType::isDynamic(dim.size()) ||
      ShapedType::isDynamic(other.size())) {
    return success();
  }
  return op->emitOpError("expected ")
         << dim.name << " dim " << dim.index << " to equal " << other.name
         << " dim " << other.index << ", " << other.size() << ", but got "
         << dim.size();
}

static LogicalResult sameDims(Operation *op, StringRef name, Value value,
                              StringRef otherName, Value other, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (failed(sameDim(op, {name, value.getType(), i},
                       {otherName, other.getType(), i}))) {
      return failure();
    }
  }
  return success();
}

static LogicalResult sameElementType(Operation *op, StringRef name, Value value,
                                     StringRef otherName, Value other) {
  Type type = getElementTypeOrSelf(value),
       otherType = getElementTypeOrSelf(other);
  if (type == otherType) {
    return success();
  }
  return op->emitOpError("expected ")
         << name << " to have the element type of " << otherName << ", "
         << otherType << ", but got " << type;
}

/// An op works on tensors or on memrefs, not on both.
static LogicalResult verifyOneKind(DestinationStyleOpInterface op) {
  if (op.hasPureTensorSemantics() || op.hasPureBufferSemantics()) {
    return success();
  }
  return op->emitOpError("expected all tensors or all memrefs");
}

static LogicalResult verifyYields(Operation *op, Region &region,
                                  TypeRange expected) {
  Operation *yield = region.front().getTerminator();
  if (yield->getNumOperands() != expected.size()) {
    return yield->emitOpError("expected ")
           << expected.size() << " values to be yielded, but got "
           << yield->getNumOperands();
  }
  for (auto [i, type, want] :
       llvm::enumerate(yield->getOperandTypes(), expected)) {
    if (type != want) {
      return yield->emitOpError("expected value #")
             << i << " to have type " << want << ", but got " << type;
    }
  }
  return success();
}

static LogicalResult verifyArguments(Operation *op, Region &region,
                                     TypeRange expected) {
  if (region.getNumArguments() != expected.size()) {
    return op->emitOpError("expected region #")
           << region.getRegionNumber() << " to have " << expected.size()
           << " arguments, but got " << region.getNumArguments();
  }
  for (auto [i, type, want] :
       llvm::enumerate(region.getArgumentTypes(), expected)) {
    if (type != want) {
      return op->emitOpError("expected region #")
             << region.getRegionNumber() << " argument #" << i
             << " to have type " << want << ", but got " << type;
    }
  }
  return success();
}

static LogicalResult verifyPure(Operation *op, Region &region) {
  for (Operation &inner : region.front()) {
    if (!isMemoryEffectFree(&inner)) {
      InFlightDiagnostic error =
          op->emitOpError("expected ops without memory effects");
      error.attachNote(inner.getLoc()) << "this one may have some";
      return error;
    }
  }
  return success();
}

FloatType moe::getArithmeticType(Type element) {
  return isa<Float64Type>(element) ? cast<FloatType>(element)
                                   : Float32Type::get(element.getContext());
}

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
  // C3.
  return verifyYields(*this, body, isPerExpert() ? getPartType() : type);
}

LogicalResult SourceOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  // C4.
  if (!type.hasStaticShape()) {
    return emitOpError("expected a static shape, but got ") << type;
  }
  // C1.
  if (auto file = dyn_cast<FileAttr>(getData())) {
    if (!type.getElementType().isIntOrFloat()) {
      return emitOpError("expected integers or floats in a file, but got ")
             << type;
    }
    unsigned width = type.getElementTypeBitWidth();
    std::optional<uint64_t> bits = width == 1 ? 8 : width;
    for (int64_t size : type.getShape()) {
      bits = bits ? llvm::checkedMulUnsigned<uint64_t>(*bits, size) : bits;
    }
    if (!bits || llvm::divideCeil(*bits, 8) != uint64_t(file.getLength())) {
      InFlightDiagnostic error = emitOpError("expected a length of ");
      if (bits) {
        error << llvm::divideCeil(*bits, 8);
      } else {
        error << "fewer than 2^61";
      }
      return error << " bytes for " << type << ", but got " << file.getLength();
    }
  }
  // C2.
  if (isa<RandomAttr>(getData()) &&
      !isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(
          type.getElementType())) {
    return emitOpError(
               "expected random numbers to be f16, bf16, f32 or f64, but got ")
           << type;
  }
  // C3.
  auto elements = dyn_cast<ElementsAttr>(getData());
  if (elements && elements.getShapedType() != type) {
    return emitOpError("expected the result to have the data's type ")
           << elements.getShapedType() << ", but got " << type;
  }
  return success();
}

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
// Grouped form
//===----------------------------------------------------------------------===//

LogicalResult GroupOp::verify() {
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  auto ids = cast<ShapedType>(getIds().getType());
  // C1.
  if (failed(
          sameDims(*this, "position", getPositionInit(), "ids", getIds(), 2))) {
    return failure();
  }
  // C2.
  int64_t places = cast<ShapedType>(getSourceInit().getType()).getDimSize(0);
  if (ids.hasStaticShape() && !ShapedType::isDynamic(places) &&
      places != ids.getNumElements()) {
    return emitOpError("expected source to have one element for each slot, ")
           << ids.getNumElements() << ", but got " << places;
  }
  // C3.
  if (cast<ShapedType>(getOffsetsInit().getType()).getDimSize(0) == 0) {
    return emitOpError(
        "expected offsets to have at least one element, but got 0");
  }
  return success();
}

FloatType GroupedMatmulOp::getAccumulatorType() {
  return getArithmeticType(getElementTypeOrSelf(getRows()));
}

FloatType PanelMatmulOp::getAccumulatorType() {
  return getArithmeticType(getElementTypeOrSelf(getRows()));
}

/// The checks that both products share: div, rows of the destination, region.
template <typename OpTy>
static LogicalResult verifyProduct(OpTy op, unsigned accumulators,
                                   TypeRange vectorElements) {
  int64_t div = op.getDiv();
  if (div < 1) {
    return op.emitOpError("expected div to be positive, but got ") << div;
  }
  if (div != 1 && !op.getSource()) {
    return op.emitOpError("expected div to be 1 without 'by', but got ") << div;
  }
  Value places = op.getSource() ? op.getSource() : op.getRows();
  if (failed(
          sameDim(op, {"outs", op.getInit().getType(), 0},
                  {op.getSource() ? "source" : "rows", places.getType(), 0}))) {
    return failure();
  }
  SmallVector<Type> arguments(accumulators, op.getAccumulatorType());
  llvm::append_range(arguments, vectorElements);
  Region &region = op.getEpilogue();
  if (failed(verifyArguments(op, region, arguments)) ||
      failed(verifyPure(op, region))) {
    return failure();
  }
  return verifyYields(op, region, getElementTypeOrSelf(op.getInit()));
}

LogicalResult GroupedMatmulOp::verify() {
  // C1.
  if (getWeights().empty() || getWeights().size() != getWeightTypes().size() ||
      getVectors().size() != getVectorTypes().size()) {
    return emitOpError(
        "expected at least one weight, and a type for each weight and vector");
  }
  auto first = dyn_cast<RankedTensorType>(
      cast<TypeAttr>(getWeightTypes()[0]).getValue());
  for (Attribute attr : getWeightTypes()) {
    auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(attr).getValue());
    if (!type || type.getRank() != 3 || !type.hasStaticShape() ||
        !isa<FloatType>(type.getElementType()) ||
        type.getShape() != first.getShape()) {
      return emitOpError("expected weights to be [E, K, N] of float with one "
                         "static shape, but got ")
             << attr;
    }
  }
  // C2.
  int64_t offsets = cast<ShapedType>(getGroups().getType()).getDimSize(0);
  if (!ShapedType::isDynamic(offsets) && offsets != first.getDimSize(0) + 1) {
    return emitOpError("expected one offset more than experts, ")
           << first.getDimSize(0) + 1 << ", but got " << offsets;
  }
  if (failed(sameDim(*this, {"rows", getRows().getType(), 1},
                     {"weights", first, 1}))) {
    return failure();
  }
  // C3.
  SmallVector<Type> elements;
  for (Attribute attr : getVectorTypes()) {
    auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(attr).getValue());
    if (!type || !isa<FloatType>(type.getElementType()) ||
        type.getShape() !=
            ArrayRef<int64_t>{first.getDimSize(0), first.getDimSize(2)}) {
      return emitOpError("expected vectors to be [")
             << first.getDimSize(0) << ", " << first.getDimSize(2)
             << "] of float, but got " << attr;
    }
    elements.push_back(type.getElementType());
  }
  // C4.
  if (failed(sameDim(*this, {"outs", getInit().getType(), 1},
                     {"weights", first, 2}))) {
    return failure();
  }
  // C4 to C7.
  return verifyProduct(*this, getWeights().size(), elements);
}

LogicalResult PanelMatmulOp::verify() {
  if (failed(verifyOneKind(*this))) {
    return failure();
  }
  auto panels = cast<ShapedType>(getPanels().getType());
  int64_t width = panels.getDimSize(3);
  // C1.
  if (getWeights() != 1 && getWeights() != 2) {
    return emitOpError("expected 1 or 2 weights, but got ")
           << int64_t(getWeights());
  }
  if (ShapedType::isDynamic(width) || width == 0 || width % getWeights() != 0) {
    return emitOpError("expected a static panel width that ")
           << getWeights() << " divides, but got " << Type(panels);
  }
  // C2.
  if (failed(sameDim(*this, {"rows", getRows().getType(), 1},
                     {"panels", panels, 2}))) {
    return failure();
  }
  // C3.
  int64_t columns = cast<ShapedType>(getInit().getType()).getDimSize(1);
  int64_t perPanel = width / getWeights();
  if (!ShapedType::isDynamic(columns) && !panels.isDynamicDim(1) &&
      panels.getDimSize(1) != int64_t(llvm::divideCeil(columns, perPanel))) {
    return emitOpError("expected ")
           << llvm::divideCeil(columns, perPanel) << " panels for " << columns
           << " columns, but got " << panels.getDimSize(1);
  }
  // C4.
  int64_t experts = 1;
  if (getGroups()) {
    int64_t offsets = cast<ShapedType>(getGroups().getType()).getDimSize(0);
    experts = ShapedType::isDynamic(offsets) ? offsets : offsets - 1;
  }
  if (!ShapedType::isDynamic(experts) && !panels.isDynamicDim(0) &&
      panels.getDimSize(0) != experts) {
    return emitOpError("expected panels of ")
           << experts << " experts, but got " << panels.getDimSize(0);
  }
  // C5.
  SmallVector<Type> elements;
  for (Value vector : getVectors()) {
    if (failed(sameDim(*this, {"vectors", vector.getType(), 0},
                       {"panels", panels, 0})) ||
        failed(sameDim(*this, {"vectors", vector.getType(), 1},
                       {"outs", getInit().getType(), 1}))) {
      return failure();
    }
    elements.push_back(getElementTypeOrSelf(vector));
  }
  // C6 to C9.
  return verifyProduct(*this, getWeights(), elements);
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

LogicalResult PoolOp::verify() {
  // C1.
  int64_t stride = getStride();
  if (stride <= 0 || stride % 4096 != 0) {
    return emitOpError("expected a stride that is a positive multiple of 4096, "
                       "but got ")
           << stride;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// ExpertViewOp
//===----------------------------------------------------------------------===//

LogicalResult ExpertViewOp::verify() {
  auto source = cast<MemRefType>(getSource().getType());
  auto result = cast<MemRefType>(getResult().getType());
  // C1.
  if (!source.getLayout().isIdentity() || !result.getLayout().isIdentity()) {
    return emitOpError("expected dense row-major buffers, but got ")
           << source << " and " << result;
  }
  // C2.
  if (source.getRank() == 0 ||
      ShapedType::isDynamicShape(source.getShape().drop_front())) {
    return emitOpError("expected a source that is static but for its first "
                       "dimension, but got ")
           << source;
  }
  auto wanted =
      MemRefType::get(source.getShape().drop_front(), source.getElementType(),
                      AffineMap(), source.getMemorySpace());
  if (result != wanted) {
    return emitOpError("expected the result to be ")
           << wanted << ", the source without its first dimension, but got "
           << result;
  }
  return success();
}
