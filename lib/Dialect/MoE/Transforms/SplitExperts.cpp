//===- SplitExperts.cpp - layers of several kinds of experts --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "Destinations.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace moe {
#define GEN_PASS_DEF_SPLITEXPERTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct SplitExpertsPass
    : public moe::impl::SplitExpertsPassBase<SplitExpertsPass> {
  using Base::Base;
  void runOnOperation() override;
};

/// What the slots of one kind have in one result.
struct Part {
  int64_t first, last;
  /// None if it is zero.
  Value value;
  /// Whether `value` has a dimension for the slots, or one for rows only.
  bool perSlot = true;
};

/// Rewrites one layer.
class Splitter {
public:
  explicit Splitter(ExpertsOp op) : op(op), builder(op) {}
  void split();

private:
  std::optional<Part> matchTrivial(unsigned kind, unsigned result);
  Value localIds(int64_t first, int64_t last);
  ExpertsOp createKind(unsigned kind);
  Value select(unsigned result, ArrayRef<Part> parts);

  ExpertsOp op;
  OpBuilder builder;
};

} // namespace

/// Whether all elements are +0.
static bool isZero(Value value) {
  Attribute constant;
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    value = fill.getInputs()[0];
  } else if (auto splat = value.getDefiningOp<tensor::SplatOp>()) {
    value = splat.getInput();
  }
  if (!matchPattern(value, m_Constant(&constant))) {
    return false;
  }
  if (auto elements = dyn_cast<SplatElementsAttr>(constant)) {
    constant = elements.getSplatValue<Attribute>();
  }
  if (auto number = dyn_cast<FloatAttr>(constant)) {
    return number.getValue().isPosZero();
  }
  auto integer = dyn_cast<IntegerAttr>(constant);
  return integer && integer.getValue().isZero();
}

/// A body that yields its rows, or zero, needs no expert.
std::optional<Part> Splitter::matchTrivial(unsigned kind, unsigned result) {
  Block &body = op.getBodies()[kind].front();
  Value yielded = body.getTerminator()->getOperand(result);
  Part part{op.getBounds()[kind], op.getBounds()[kind + 1], Value()};
  if (isZero(yielded)) {
    return part;
  }
  auto argument = dyn_cast<BlockArgument>(yielded);
  if (!argument || argument.getArgNumber() == 0) {
    return std::nullopt;
  }
  unsigned index = argument.getArgNumber() - 1;
  if (index < op.getRows().size()) {
    part.value = op.getRows()[index];
    part.perSlot = false;
    return part;
  }
  index -= op.getRows().size();
  if (index < op.getSlots().size()) {
    part.value = op.getSlots()[index];
    return part;
  }
  return std::nullopt;
}

static Value inRange(OpBuilder &b, Location loc, Value id, int64_t first,
                     int64_t last) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
  };
  Value above = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, id,
                                      constant(first));
  Value below = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, id,
                                      constant(last));
  return arith::AndIOp::create(b, loc, above, below);
}

/// The ids of one kind, counted from its first; -1 for all others.
Value Splitter::localIds(int64_t first, int64_t last) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getIds().getType());
  Value empty = createEmptyLike(builder, loc, op.getIds());
  AffineMap identity = builder.getMultiDimIdentityMap(2);
  return linalg::GenericOp::create(
             builder, loc, type, op.getIds(), empty,
             ArrayRef<AffineMap>{identity, identity},
             SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
             [&](OpBuilder &b, Location at, ValueRange arguments) {
               Value inside = inRange(b, at, arguments[0], first, last);
               Value start =
                   arith::ConstantOp::create(b, at, b.getI32IntegerAttr(first));
               Value local = arith::SubIOp::create(b, at, arguments[0], start);
               Value none =
                   arith::ConstantOp::create(b, at, b.getI32IntegerAttr(-1));
               Value id = arith::SelectOp::create(b, at, inside, local, none);
               linalg::YieldOp::create(b, at, id);
             })
      .getResult(0);
}

/// A layer of its own with the experts of one kind and what its body reads.
ExpertsOp Splitter::createKind(unsigned kind) {
  Location loc = op.getLoc();
  int64_t first = op.getBounds()[kind], last = op.getBounds()[kind + 1];
  Block &body = op.getBodies()[kind].front();
  unsigned next = 1;
  SmallVector<BlockArgument> kept;
  auto used = [&](ValueRange operands) {
    SmallVector<Value> result;
    for (Value operand : operands) {
      BlockArgument argument = body.getArgument(next++);
      if (!argument.use_empty()) {
        result.push_back(operand);
        kept.push_back(argument);
      }
    }
    return result;
  };
  SmallVector<Value> rows = used(op.getRows());
  SmallVector<Value> slots = used(op.getSlots());
  SmallVector<Value> contexts = used(op.getContexts());
  SmallVector<WeightOp> weights;
  for (FlatSymbolRefAttr name : op.getKindWeights(kind)) {
    weights.push_back(SymbolTable::lookupNearestSymbolFrom<WeightOp>(op, name));
    kept.push_back(body.getArgument(next++));
  }
  Value ids = op.getBodies().size() == 1 ? op.getIds() : localIds(first, last);
  SmallVector<int64_t> bounds{0, last - first};
  SmallVector<ArrayRef<WeightOp>> lists{weights};
  auto single = ExpertsOp::create(builder, loc, ids, rows, slots, contexts,
                                  op.getInits(), bounds, lists);
  OpBuilder::InsertionGuard guard(builder);
  Block &copy = single.getBodies()[0].front();
  builder.setInsertionPointToEnd(&copy);
  IRMapping mapping;
  Value expert = copy.getArgument(0);
  if (first != 0 && !body.getArgument(0).use_empty()) {
    Value start = arith::ConstantIndexOp::create(builder, loc, first);
    expert = arith::AddIOp::create(builder, loc, expert, start);
  }
  mapping.map(body.getArgument(0), expert);
  for (auto [argument, place] :
       llvm::zip_equal(kept, copy.getArguments().drop_front())) {
    mapping.map(argument, place);
  }
  for (Operation &inner : body) {
    builder.clone(inner, mapping);
  }
  return single;
}

/// Of each slot what its kind has there.
Value Splitter::select(unsigned result, ArrayRef<Part> parts) {
  Location loc = op.getLoc();
  Value init = op.getInits()[result];
  auto type = cast<RankedTensorType>(init.getType());
  unsigned rank = type.getRank();
  MLIRContext *context = op.getContext();
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineExpr> rowDims{getAffineDimExpr(0, context)};
  for (unsigned dim = 2; dim < rank; ++dim) {
    rowDims.push_back(getAffineDimExpr(dim, context));
  }
  SmallVector<Value> inputs{op.getIds()};
  SmallVector<AffineMap> maps{AffineMap::get(
      rank, 0, {getAffineDimExpr(0, context), getAffineDimExpr(1, context)},
      context)};
  for (const Part &part : parts) {
    if (part.value) {
      inputs.push_back(part.value);
      maps.push_back(part.perSlot ? identity
                                  : AffineMap::get(rank, 0, rowDims, context));
    }
  }
  maps.push_back(identity);
  Value empty = createEmptyLike(builder, loc, init);
  return linalg::GenericOp::create(
             builder, loc, type, inputs, empty, maps,
             SmallVector<utils::IteratorType>(rank,
                                              utils::IteratorType::parallel),
             [&](OpBuilder &b, Location at, ValueRange arguments) {
               Value chosen = arith::ConstantOp::create(
                   b, at, b.getZeroAttr(type.getElementType()));
               unsigned next = 1;
               for (const Part &part : parts) {
                 if (part.value) {
                   Value inside =
                       inRange(b, at, arguments[0], part.first, part.last);
                   chosen = arith::SelectOp::create(b, at, inside,
                                                    arguments[next++], chosen);
                 }
               }
               linalg::YieldOp::create(b, at, chosen);
             })
      .getResult(0);
}

void Splitter::split() {
  unsigned kinds = op.getBodies().size(), results = op.getNumResults();
  SmallVector<SmallVector<std::optional<Part>>> parts(kinds);
  bool trivial = false;
  for (unsigned kind = 0; kind < kinds; ++kind) {
    for (unsigned result = 0; result < results; ++result) {
      parts[kind].push_back(matchTrivial(kind, result));
      trivial |= parts[kind].back().has_value();
    }
  }
  if (kinds == 1 && !trivial) {
    return;
  }
  SmallVector<SmallVector<Part>> byResult(results);
  for (unsigned kind = 0; kind < kinds; ++kind) {
    ExpertsOp single;
    if (!llvm::all_of(parts[kind], [](auto &part) { return bool(part); })) {
      single = createKind(kind);
    }
    for (unsigned result = 0; result < results; ++result) {
      byResult[result].push_back(parts[kind][result]
                                     ? *parts[kind][result]
                                     : Part{op.getBounds()[kind],
                                            op.getBounds()[kind + 1],
                                            single.getResult(result)});
    }
  }
  SmallVector<Value> values;
  for (unsigned result = 0; result < results; ++result) {
    values.push_back(select(result, byResult[result]));
  }
  op->replaceAllUsesWith(values);
  op->erase();
}

void SplitExpertsPass::runOnOperation() {
  SmallVector<ExpertsOp> layers;
  getOperation()->walk([&](ExpertsOp op) { layers.push_back(op); });
  for (ExpertsOp op : layers) {
    Splitter(op).split();
  }
}
