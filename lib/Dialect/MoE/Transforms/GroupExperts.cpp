//===- GroupExperts.cpp - experts as products over grouped rows -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "Destinations.h"
#include "ProductStage.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace moe {
#define GEN_PASS_DEF_GROUPEXPERTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

/// Cuts a body into stages, in order of execution; on failure `reason` says why
/// it cannot be cut.
static FailureOr<SmallVector<ProductStage>>
cutBody(Block &body, unsigned firstWeight, std::string &reason) {
  auto isWeight = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == &body &&
           argument.getArgNumber() >= firstWeight;
  };
  SmallVector<ProductStage> stages;
  Value target = body.getTerminator()->getOperand(0);
  do {
    FailureOr<ProductStage> stage =
        matchStage(target, isWeight, isWeight, reason);
    if (failed(stage)) {
      return failure();
    }
    if (stage->products.size() > 2) {
      reason = "a stage has more than two products";
      return failure();
    }
    stages.push_back(*stage);
    target = stage->lhs;
  } while (target != body.getArgument(1));
  std::reverse(stages.begin(), stages.end());
  return stages;
}

namespace {

struct GroupExpertsPass
    : public moe::impl::GroupExpertsPassBase<GroupExpertsPass> {
  using Base::Base;
  void runOnOperation() override;

private:
  bool group(ExpertsOp experts, std::string &reason);
};

/// What all stages of a layer share.
struct Grouping {
  Value offsets, source, position;
  Value places;
  int64_t slots;
};

} // namespace

/// A value before casts, which change what is known of its shape only.
static Value skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>()) {
    value = cast.getSource();
  }
  return value;
}

/// The form this pass takes; else the reason why not.
static bool isSupported(ExpertsOp op, std::string &reason) {
  if (op.getBodies().size() != 1) {
    reason = "the layer has several kinds of experts";
  } else if (op.getRows().size() != 1 || !op.getSlots().empty() ||
             !op.getContexts().empty() || op.getInits().size() != 1) {
    reason = "the layer has more operands or results than one tensor of rows";
  } else if (cast<RankedTensorType>(op.getRows()[0].getType()).getRank() != 2 ||
             cast<RankedTensorType>(op.getInits()[0].getType()).getRank() !=
                 3) {
    reason = "rows are not vectors";
  } else if (cast<RankedTensorType>(op.getIds().getType()).isDynamicDim(1)) {
    reason = "the number of slots is not static";
  } else if (llvm::any_of(op.getKindWeightTypes(0), [](RankedTensorType type) {
               return !type.hasStaticShape();
             })) {
    reason = "experts differ in width";
  } else {
    return true;
  }
  return false;
}

static Value emptyTensor(OpBuilder &builder, Location loc, Value rows,
                         int64_t width, Type element) {
  return tensor::EmptyOp::create(
      builder, loc, ArrayRef<OpFoldResult>{rows, builder.getIndexAttr(width)},
      element);
}

static Grouping createGroup(OpBuilder &builder, ExpertsOp op) {
  Location loc = op.getLoc();
  Value ids = op.getIds();
  auto idsType = cast<RankedTensorType>(ids.getType());
  Type i32 = builder.getI32Type();
  Grouping result;
  result.slots = idsType.getDimSize(1);
  Value rows = builder.createOrFold<tensor::DimOp>(loc, ids, 0);
  result.places = builder.createOrFold<arith::MulIOp>(
      loc, rows,
      arith::ConstantIndexOp::create(builder, loc, result.slots).getResult());
  Value offsets = tensor::EmptyOp::create(
      builder, loc, ArrayRef<int64_t>{op.getNumExperts() + 1}, i32);
  Value source = tensor::EmptyOp::create(
      builder, loc, ArrayRef<OpFoldResult>{result.places}, i32);
  Value position = tensor::EmptyOp::create(
      builder, loc,
      ArrayRef<OpFoldResult>{rows, builder.getIndexAttr(result.slots)}, i32);
  if (position.getType() != idsType) {
    position = tensor::CastOp::create(builder, loc, idsType, position);
  }
  auto group = GroupOp::create(
      builder, loc,
      TypeRange{offsets.getType(), source.getType(), position.getType()}, ids,
      offsets, source, position);
  result.offsets = group.getOffsets();
  result.source = group.getSource();
  result.position = group.getPosition();
  return result;
}

/// Symbols and types of body arguments that are weights.
static void weightLists(OpBuilder &builder, ExpertsOp op, ValueRange arguments,
                        unsigned firstWeight, ArrayAttr &symbols,
                        ArrayAttr &types) {
  SmallVector<FlatSymbolRefAttr> all = op.getKindWeights(0);
  SmallVector<RankedTensorType> allTypes = op.getKindWeightTypes(0);
  SmallVector<Attribute> names, typeAttrs;
  for (Value argument : arguments) {
    unsigned index = cast<BlockArgument>(argument).getArgNumber() - firstWeight;
    names.push_back(all[index]);
    typeAttrs.push_back(TypeAttr::get(allTypes[index]));
  }
  symbols = builder.getArrayAttr(names);
  types = builder.getArrayAttr(typeAttrs);
}

/// Rows in f32: what products accumulate in.
static Value widenRows(OpBuilder &builder, Location loc, Value rows) {
  auto type = cast<RankedTensorType>(rows.getType());
  if (type.getElementType().isF32()) {
    return rows;
  }
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, rows),
      builder.getF32Type());
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(type.getRank(), builder.getContext());
  return linalg::GenericOp::create(
             builder, loc, init.getType(), rows, init,
             ArrayRef<AffineMap>{identity, identity},
             SmallVector<utils::IteratorType>(type.getRank(),
                                              utils::IteratorType::parallel),
             [](OpBuilder &nested, Location nestedLoc, ValueRange arguments) {
               Value wide = arith::ExtFOp::create(
                   nested, nestedLoc, nested.getF32Type(), arguments[0]);
               linalg::YieldOp::create(nested, nestedLoc, wide);
             })
      .getResult(0);
}

static Value createProduct(OpBuilder &builder, ExpertsOp op,
                           const ProductStage &stage, Value rows, bool first,
                           const Grouping &grouping, unsigned firstWeight) {
  Location loc = op.getLoc();
  auto target = cast<RankedTensorType>(stage.target.getType());
  rows = widenRows(builder, loc, rows);
  Value init = emptyTensor(builder, loc, grouping.places, target.getDimSize(1),
                           target.getElementType());
  SmallVector<Value> weights;
  for (Operation *product : stage.products) {
    weights.push_back(cast<linalg::MatmulOp>(product).getInputs()[1]);
  }
  ArrayAttr weightNames, weightTypes, vectorNames, vectorTypes;
  weightLists(builder, op, weights, firstWeight, weightNames, weightTypes);
  weightLists(builder, op, stage.vectors.getArrayRef(), firstWeight,
              vectorNames, vectorTypes);
  auto product = GroupedMatmulOp::create(
      builder, loc, TypeRange{init.getType()}, rows,
      first ? grouping.source : Value(), grouping.offsets, init,
      builder.getI64IntegerAttr(first ? grouping.slots : 1), weightNames,
      weightTypes, vectorNames, vectorTypes);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&product.getEpilogue());
  for (Operation *inner : stage.products) {
    block->addArgument(
        cast<RankedTensorType>(inner->getResult(0).getType()).getElementType(),
        loc);
  }
  for (Value vector : stage.vectors) {
    block->addArgument(
        cast<RankedTensorType>(vector.getType()).getElementType(), loc);
  }
  YieldOp::create(builder, loc, buildEpilogue(builder, stage, *block));
  return product.getResult();
}

/// Whether `user` can gather the results of `op` itself.
static bool isCombineOf(Operation *user, ExpertsOp op) {
  auto combine = dyn_cast<CombineOp>(user);
  return combine && skipCasts(combine.getIds()) == skipCasts(op.getIds()) &&
         combine.getY() == op.getResult(0);
}

/// Grouped results in the order of slots, with zeros in empty ones.
static Value createUngrouped(OpBuilder &builder, ExpertsOp op, Value rows,
                             Value position) {
  Location loc = op.getLoc();
  Value init = op.getInits()[0];
  auto type = cast<RankedTensorType>(init.getType());
  AffineMap identity = builder.getMultiDimIdentityMap(3);
  return linalg::GenericOp::create(
             builder, loc, type, position, createEmptyLike(builder, loc, init),
             ArrayRef<AffineMap>{identity.dropResult(2), identity},
             SmallVector<utils::IteratorType>(3, utils::IteratorType::parallel),
             [&](OpBuilder &b, Location at, ValueRange arguments) {
               Value none =
                   arith::ConstantOp::create(b, at, b.getI32IntegerAttr(0));
               Value filled = arith::CmpIOp::create(
                   b, at, arith::CmpIPredicate::sge, arguments[0], none);
               Value place = arith::IndexCastOp::create(
                   b, at, b.getIndexType(),
                   arith::MaxSIOp::create(b, at, arguments[0], none));
               Value column = linalg::IndexOp::create(b, at, 2);
               Value value = tensor::ExtractOp::create(
                   b, at, rows, ValueRange{place, column});
               Value zero = arith::ConstantOp::create(
                   b, at, b.getZeroAttr(type.getElementType()));
               Value result =
                   arith::SelectOp::create(b, at, filled, value, zero);
               linalg::YieldOp::create(b, at, result);
             })
      .getResult(0);
}

/// Whether the products are what grouped products compute: sums in f32 of what
/// f32 represents.
static bool accumulateInF32(ArrayRef<ProductStage> stages,
                            std::string &reason) {
  auto isNarrow = [](Value value) {
    return isa<Float16Type, BFloat16Type, Float32Type>(
        getElementTypeOrSelf(value));
  };
  for (const ProductStage &stage : stages) {
    for (Operation *op : stage.products) {
      auto product = cast<linalg::MatmulOp>(op);
      if (!getElementTypeOrSelf(product->getResult(0)).isF32() ||
          !llvm::all_of(product.getInputs(), isNarrow)) {
        llvm::raw_string_ostream(reason)
            << "a product of "
            << getElementTypeOrSelf(product.getInputs()[0]) << " and "
            << getElementTypeOrSelf(product.getInputs()[1])
            << " accumulates in "
            << getElementTypeOrSelf(product->getResult(0))
            << ", and a grouped one of at most f32 in f32";
        return false;
      }
    }
  }
  return true;
}

bool GroupExpertsPass::group(ExpertsOp experts, std::string &reason) {
  if (!isSupported(experts, reason)) {
    return false;
  }
  // %e and the rows come before the weights.
  constexpr unsigned firstWeight = 2;
  Block &body = experts.getBodies()[0].front();
  FailureOr<SmallVector<ProductStage>> stages =
      cutBody(body, firstWeight, reason);
  if (failed(stages) || !accumulateInF32(*stages, reason)) {
    return false;
  }
  OpBuilder builder(experts);
  Grouping grouping = createGroup(builder, experts);
  CountExpertsOp::create(builder, experts.getLoc(), grouping.offsets);
  Value rows = experts.getRows()[0];
  for (auto [index, stage] : llvm::enumerate(*stages)) {
    rows = createProduct(builder, experts, stage, rows, index == 0, grouping,
                         firstWeight);
  }
  for (Operation *user :
       llvm::make_early_inc_range(experts.getResult(0).getUsers())) {
    if (!isCombineOf(user, experts)) {
      continue;
    }
    auto combine = cast<CombineOp>(user);
    builder.setInsertionPoint(combine);
    auto grouped = CombineOp::create(
        builder, combine.getLoc(), combine->getResultTypes(), rows, Value(),
        grouping.position, combine.getWeights(), combine.getInit());
    combine->replaceAllUsesWith(grouped);
    combine->erase();
  }
  if (!experts->use_empty()) {
    builder.setInsertionPoint(experts);
    experts.getResult(0).replaceAllUsesWith(
        createUngrouped(builder, experts, rows, grouping.position));
  }
  experts->erase();
  return true;
}

void GroupExpertsPass::runOnOperation() {
  SmallVector<ExpertsOp> layers;
  getOperation()->walk([&](ExpertsOp op) { layers.push_back(op); });
  for (ExpertsOp op : layers) {
    Location loc = op.getLoc();
    std::string reason;
    if (group(op, reason)) {
      remark::passed(loc, remark::RemarkOpts::name("experts-grouped")
                              .category("moe-group-experts"))
          << "experts run as products over grouped rows";
    } else {
      remark::missed(loc, remark::RemarkOpts::name("experts-not-grouped")
                              .category("moe-group-experts"))
          << "experts run one by one: " + reason;
    }
  }
}
