//===- FixedReductions.cpp - reductions in lanes and a tree ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element i goes to lane i mod 16; a lane combines its elements in ascending
// order, the lanes are combined by halves, and the accumulator's first value
// comes last. The order depends on nothing but the extent.
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "LoopOrder.h"
#include "RowLoops.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace moe {
#define GEN_PASS_DEF_FIXEDREDUCTIONSPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

static constexpr int64_t kLanes = 16;

namespace {

/// One result of a reduction.
struct Reduction {
  /// What the accumulator is combined with; a value of the body.
  Value mapped;
  Operation *combiner;
  /// Neutral element of the combiner.
  TypedAttr identity;
};

struct FixedReductionsPass
    : public moe::impl::FixedReductionsPassBase<FixedReductionsPass> {
  void runOnOperation() override;
};

/// Emits the loops of one operation.
class ReductionBuilder {
public:
  ReductionBuilder(linalg::LinalgOp op, ArrayRef<unsigned> order,
                   ArrayRef<Reduction> reductions, OpBuilder &builder)
      : op(op), order(order), reductions(reductions), b(builder),
        loc(op.getLoc()), body(op.getBlock()), lane(order.back()),
        ivs(op.getNumLoops()) {}

  void build();

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  void buildParallel(unsigned depth);
  SmallVector<Value> buildOuter(unsigned depth, ValueRange accumulators);
  SmallVector<Value> buildLanes(ValueRange accumulators);
  SmallVector<Value> buildTail(Value begin, Value end, ValueRange accumulators);
  void finish(ValueRange accumulators);

  bool canVectorize();
  SmallVector<Value> mapIndices(OpOperand &operand);
  Value loadScalar(OpOperand &operand);
  Value broadcast(Value scalar);
  Value loadVector(OpOperand &operand, Value mask, Value last);
  /// The mapped values of lanes from the current position on. In a tail `mask`
  /// says which lanes exist, and `last` is the last position.
  SmallVector<Value> evaluate(Value mask, Value last);
  SmallVector<Value> evaluateVector(Value mask, Value last);
  SmallVector<Value> evaluateScalar();
  Value combine(const Reduction &reduction, Value left, Value right);

  linalg::LinalgOp op;
  ArrayRef<unsigned> order;
  ArrayRef<Reduction> reductions;
  OpBuilder &b;
  Location loc;
  Block *body;
  unsigned lane;
  SmallVector<Value> ivs;
  SmallVector<Value> extents;
  bool vectorized = false;
};

} // namespace

//===----------------------------------------------------------------------===//
// What is reduced
//===----------------------------------------------------------------------===//

/// The neutral element of a combiner, or null if it is not one of ours.
static TypedAttr getIdentity(Operation *combiner) {
  Builder b(combiner->getContext());
  Type type = combiner->getResult(0).getType();
  auto floating = [&](double value) -> TypedAttr {
    return b.getFloatAttr(type, value);
  };
  auto integer = [&](APInt value) -> TypedAttr {
    return b.getIntegerAttr(type, value);
  };
  if (isa<arith::AddFOp>(combiner)) {
    return floating(-0.0);
  }
  if (isa<arith::MulFOp>(combiner)) {
    return floating(1.0);
  }
  if (isa<arith::MaximumFOp>(combiner)) {
    return floating(-std::numeric_limits<double>::infinity());
  }
  if (isa<arith::MinimumFOp>(combiner)) {
    return floating(std::numeric_limits<double>::infinity());
  }
  if (isa<arith::MaxNumFOp, arith::MinNumFOp>(combiner)) {
    return floating(std::numeric_limits<double>::quiet_NaN());
  }
  if (!type.isInteger()) {
    return nullptr;
  }
  unsigned width = type.getIntOrFloatBitWidth();
  if (isa<arith::AddIOp, arith::OrIOp, arith::XOrIOp, arith::MaxUIOp>(
          combiner)) {
    return integer(APInt::getZero(width));
  }
  if (isa<arith::MulIOp>(combiner)) {
    return integer(APInt(width, 1));
  }
  if (isa<arith::AndIOp, arith::MinUIOp>(combiner)) {
    return integer(APInt::getAllOnes(width));
  }
  if (isa<arith::MaxSIOp>(combiner)) {
    return integer(APInt::getSignedMinValue(width));
  }
  if (isa<arith::MinSIOp>(combiner)) {
    return integer(APInt::getSignedMaxValue(width));
  }
  return nullptr;
}

/// The reductions of all results of `op`; empty if one is of another kind.
static SmallVector<Reduction> matchReductions(linalg::LinalgOp op) {
  SmallVector<Reduction> reductions;
  ArrayRef<BlockArgument> outputs = op.getRegionOutputArgs();
  for (unsigned i = 0; i < op.getNumDpsInits(); ++i) {
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(i));
    for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
      if (type == utils::IteratorType::reduction && map.isFunctionOfDim(loop)) {
        return {};
      }
    }
    SmallVector<Operation *, 1> combiners;
    Value mapped = matchReduction(outputs, i, combiners);
    if (!mapped || combiners.size() != 1) {
      return {};
    }
    TypedAttr identity = getIdentity(combiners[0]);
    if (!identity || !outputs[i].hasOneUse() ||
        !combiners[0]->getResult(0).hasOneUse()) {
      return {};
    }
    reductions.push_back({mapped, combiners[0], identity});
  }
  return reductions;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void ReductionBuilder::build() {
  for (Range range : op.createLoopRanges(b, loc)) {
    extents.push_back(getValueOrCreateConstantIndexOp(b, loc, range.size));
  }
  vectorized = canVectorize();
  buildParallel(0);
}

void ReductionBuilder::buildParallel(unsigned depth) {
  unsigned loop = order[depth];
  if (op.getIteratorTypesArray()[loop] == utils::IteratorType::parallel) {
    buildLoop(b, loc, index(0), extents[loop], [&](Value iv) {
      ivs[loop] = iv;
      buildParallel(depth + 1);
    });
    return;
  }
  SmallVector<Value> accumulators;
  for (const Reduction &reduction : reductions) {
    auto type = VectorType::get({kLanes}, reduction.identity.getType());
    accumulators.push_back(arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, Attribute(reduction.identity))));
  }
  finish(buildOuter(depth, accumulators));
}

SmallVector<Value> ReductionBuilder::buildOuter(unsigned depth,
                                                ValueRange accumulators) {
  unsigned loop = order[depth];
  if (loop == lane) {
    return buildLanes(accumulators);
  }
  return buildCarryingLoop(b, loc, index(0), extents[loop], 1, accumulators,
                           [&](Value iv, ValueRange carried) {
                             ivs[loop] = iv;
                             return buildOuter(depth + 1, carried);
                           });
}

SmallVector<Value> ReductionBuilder::buildLanes(ValueRange accumulators) {
  Value extent = extents[lane];
  std::optional<int64_t> known = getConstantIntValue(extent);
  Value lanes = index(kLanes);
  Value whole =
      known ? index(*known / kLanes * kLanes)
            : arith::MulIOp::create(
                  b, loc, arith::DivUIOp::create(b, loc, extent, lanes), lanes)
                  .getResult();
  SmallVector<Value> sums = buildCarryingLoop(
      b, loc, index(0), whole, kLanes, accumulators,
      [&](Value iv, ValueRange carried) {
        ivs[lane] = iv;
        SmallVector<Value> next;
        for (auto [reduction, sum, value] :
             llvm::zip_equal(reductions, carried, evaluate(nullptr, nullptr))) {
          next.push_back(combine(reduction, sum, value));
        }
        return next;
      });
  if (known && *known % kLanes == 0) {
    return sums;
  }
  Value hasTail =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, whole, extent);
  auto tail = scf::IfOp::create(
      b, loc, hasTail,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, loc, buildTail(whole, extent, sums));
      },
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, sums); });
  return SmallVector<Value>(tail.getResults());
}

SmallVector<Value> ReductionBuilder::buildTail(Value begin, Value end,
                                               ValueRange accumulators) {
  Value count = arith::SubIOp::create(b, loc, end, begin);
  Value mask = vector::CreateMaskOp::create(
      b, loc, VectorType::get({kLanes}, b.getI1Type()), count);
  Value last = arith::SubIOp::create(b, loc, end, index(1));
  ivs[lane] = begin;
  SmallVector<Value> next;
  for (auto [reduction, sum, value] :
       llvm::zip_equal(reductions, accumulators, evaluate(mask, last))) {
    auto type = cast<VectorType>(sum.getType());
    Value identity = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(type, Attribute(reduction.identity)));
    Value kept = arith::SelectOp::create(b, loc, mask, value, identity);
    next.push_back(combine(reduction, sum, kept));
  }
  return next;
}

/// The tree over the lanes, and the store.
void ReductionBuilder::finish(ValueRange accumulators) {
  for (auto [i, reduction, lanes] : llvm::enumerate(reductions, accumulators)) {
    Value sum = lanes;
    for (int64_t width = kLanes / 2; width >= 1; width /= 2) {
      auto half = [&](int64_t offset) -> Value {
        return vector::ExtractStridedSliceOp::create(
            b, loc, sum, ArrayRef<int64_t>{offset}, ArrayRef<int64_t>{width},
            ArrayRef<int64_t>{1});
      };
      sum = combine(reduction, half(0), half(width));
    }
    Value total = vector::ExtractOp::create(b, loc, sum, 0);
    OpOperand *init = op.getDpsInitOperand(i);
    Value first = loadScalar(*init);
    memref::StoreOp::create(b, loc, combine(reduction, first, total),
                            init->get(), mapIndices(*init));
  }
}

Value ReductionBuilder::combine(const Reduction &reduction, Value left,
                                Value right) {
  // The accumulator may be either operand; these ops commute.
  OperationState state(loc, reduction.combiner->getName(), {left, right},
                       {left.getType()}, reduction.combiner->getAttrs());
  return b.create(state)->getResult(0);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Ops of the body that work on vectors as they do on scalars.
static bool isElementwise(Operation &nested) {
  return isa<linalg::IndexOp>(nested) ||
         nested.hasTrait<OpTrait::ConstantLike>() ||
         OpTrait::hasElementwiseMappableTraits(&nested);
}

bool ReductionBuilder::canVectorize() {
  return llvm::all_of(body->without_terminator(), isElementwise);
}

SmallVector<Value> ReductionBuilder::mapIndices(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<Value> indices;
  SmallVector<OpFoldResult> positions;
  for (Value iv : ivs) {
    positions.push_back(iv ? OpFoldResult(iv)
                           : OpFoldResult(b.getIndexAttr(0)));
  }
  for (AffineExpr expr : map.getResults()) {
    OpFoldResult result = affine::makeComposedFoldedAffineApply(
        b, loc, AffineMap::get(map.getNumDims(), 0, expr), positions);
    indices.push_back(getValueOrCreateConstantIndexOp(b, loc, result));
  }
  return indices;
}

Value ReductionBuilder::loadScalar(OpOperand &operand) {
  if (!isa<MemRefType>(operand.get().getType())) {
    return operand.get();
  }
  return memref::LoadOp::create(b, loc, operand.get(), mapIndices(operand));
}

Value ReductionBuilder::broadcast(Value scalar) {
  if (isa<VectorType>(scalar.getType())) {
    return scalar;
  }
  return vector::BroadcastOp::create(
      b, loc, VectorType::get({kLanes}, scalar.getType()), scalar);
}

Value ReductionBuilder::loadVector(OpOperand &operand, Value mask, Value last) {
  auto memref = dyn_cast<MemRefType>(operand.get().getType());
  if (!memref || !op.getMatchingIndexingMap(&operand).isFunctionOfDim(lane)) {
    return broadcast(loadScalar(operand));
  }
  Type element = memref.getElementType();
  auto type = VectorType::get({kLanes}, element);
  bool wideElement =
      element.isIntOrFloat() && element.getIntOrFloatBitWidth() >= 32;
  bool contiguous =
      isContiguousIn(op, operand, lane) && memref.isLastDimUnitStride();
  if (contiguous && !mask) {
    return vector::LoadOp::create(b, loc, type, operand.get(),
                                  mapIndices(operand));
  }
  if (contiguous && wideElement) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, loc, type, operand.get(),
                                        mapIndices(operand), mask, zero);
  }
  // Lane by lane; lanes past the end read the last element.
  SmallVector<Value> elements;
  Value begin = ivs[lane];
  for (int64_t i = 0; i < kLanes; ++i) {
    ivs[lane] = arith::AddIOp::create(b, loc, begin, index(i));
    if (last) {
      ivs[lane] = arith::MinSIOp::create(b, loc, ivs[lane], last);
    }
    elements.push_back(loadScalar(operand));
  }
  ivs[lane] = begin;
  return vector::FromElementsOp::create(b, loc, type, elements);
}

SmallVector<Value> ReductionBuilder::evaluateScalar() {
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands()) {
    mapping.map(op.getMatchingBlockArgument(input), loadScalar(*input));
  }
  for (Operation &nested : body->without_terminator()) {
    if (auto position = dyn_cast<linalg::IndexOp>(nested)) {
      mapping.map(position.getResult(), ivs[position.getDim()]);
    } else if (llvm::none_of(reductions, [&](const Reduction &reduction) {
                 return reduction.combiner == &nested;
               })) {
      b.clone(nested, mapping);
    }
  }
  SmallVector<Value> values;
  for (const Reduction &reduction : reductions) {
    values.push_back(mapping.lookupOrDefault(reduction.mapped));
  }
  return values;
}

SmallVector<Value> ReductionBuilder::evaluateVector(Value mask, Value last) {
  IRMapping mapping;
  for (OpOperand *input : op.getDpsInputOperands()) {
    mapping.map(op.getMatchingBlockArgument(input),
                loadVector(*input, mask, last));
  }
  for (Operation &nested : body->without_terminator()) {
    if (auto position = dyn_cast<linalg::IndexOp>(nested)) {
      Value value = broadcast(ivs[position.getDim()]);
      if (position.getDim() == lane) {
        Value step = vector::StepOp::create(
            b, loc, VectorType::get({kLanes}, b.getIndexType()));
        value = arith::AddIOp::create(b, loc, value, step);
      }
      mapping.map(position.getResult(), value);
      continue;
    }
    if (llvm::any_of(reductions, [&](const Reduction &reduction) {
          return reduction.combiner == &nested;
        })) {
      continue;
    }
    if (nested.hasTrait<OpTrait::ConstantLike>()) {
      mapping.map(nested.getResult(0),
                  broadcast(b.clone(nested)->getResult(0)));
      continue;
    }
    SmallVector<Value> operands;
    for (Value operand : nested.getOperands()) {
      operands.push_back(broadcast(mapping.lookupOrDefault(operand)));
    }
    SmallVector<Type> types;
    for (Type type : nested.getResultTypes()) {
      types.push_back(VectorType::get({kLanes}, type));
    }
    OperationState state(loc, nested.getName(), operands, types,
                         nested.getAttrs());
    mapping.map(nested.getResults(), b.create(state)->getResults());
  }
  SmallVector<Value> values;
  for (const Reduction &reduction : reductions) {
    values.push_back(broadcast(mapping.lookupOrDefault(reduction.mapped)));
  }
  return values;
}

SmallVector<Value> ReductionBuilder::evaluate(Value mask, Value last) {
  if (vectorized) {
    return evaluateVector(mask, last);
  }
  SmallVector<SmallVector<Value>> lanes(reductions.size());
  Value begin = ivs[lane];
  for (int64_t i = 0; i < kLanes; ++i) {
    ivs[lane] = arith::AddIOp::create(b, loc, begin, index(i));
    if (last) {
      ivs[lane] = arith::MinSIOp::create(b, loc, ivs[lane], last);
    }
    for (auto [elements, value] : llvm::zip_equal(lanes, evaluateScalar())) {
      elements.push_back(value);
    }
  }
  ivs[lane] = begin;
  SmallVector<Value> values;
  for (ArrayRef<Value> elements : lanes) {
    values.push_back(vector::FromElementsOp::create(
        b, loc, VectorType::get({kLanes}, elements[0].getType()), elements));
  }
  return values;
}

void FixedReductionsPass::runOnOperation() {
  SmallVector<linalg::LinalgOp> ops;
  getOperation()->walk([&](linalg::LinalgOp op) {
    if (op.hasPureBufferSemantics() && op.getNumReductionLoops() > 0) {
      ops.push_back(op);
    }
  });
  for (linalg::LinalgOp op : ops) {
    LoopOrder order = chooseLoopOrder(op);
    SmallVector<Reduction> reductions;
    if (order.reducesInnermost) {
      reductions = matchReductions(op);
    }
    if (reductions.empty()) {
      continue;
    }
    OpBuilder builder(op);
    ReductionBuilder(op, order.loops, reductions, builder).build();
    op->erase();
  }
}
