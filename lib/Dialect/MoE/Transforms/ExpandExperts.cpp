//===- ExpandExperts.cpp - experts slot by slot ---------------------------===//
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
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace moe {
#define GEN_PASS_DEF_EXPANDEXPERTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct ExpandExpertsPass
    : public moe::impl::ExpandExpertsPassBase<ExpandExpertsPass> {
  using Base::Base;
  void runOnOperation() override;
};

/// Builds the kernel of one layer.
class Expander {
public:
  explicit Expander(ExpertsOp op) : op(op), loc(op.getLoc()), builder(op) {}
  LogicalResult expand();

private:
  Value entry(Value tensor, ValueRange at, RankedTensorType part);
  SmallVector<Value> computeSlot(KernelOp kernel, Value expert, ValueRange at);
  void buildLoop(KernelOp kernel);

  ExpertsOp op;
  Location loc;
  OpBuilder builder;
  /// Whole weights, as values of the kernel.
  SmallVector<Value> weights;
};

} // namespace

/// tensor[at, ...] as a tensor of type `part`, which has `at`'s dimensions
/// dropped, or one of them kept as a dimension of 1.
Value Expander::entry(Value tensor, ValueRange at, RankedTensorType part) {
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<OpFoldResult> whole = tensor::getMixedSizes(builder, loc, tensor);
  for (unsigned dim = 0; dim < whole.size(); ++dim) {
    bool inside = dim < at.size();
    offsets.push_back(inside ? OpFoldResult(at[dim])
                             : OpFoldResult(builder.getIndexAttr(0)));
    sizes.push_back(inside ? OpFoldResult(builder.getIndexAttr(1))
                           : whole[dim]);
  }
  SmallVector<OpFoldResult> strides(whole.size(), builder.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(builder, loc, part, tensor, offsets,
                                        sizes, strides);
}

/// The type of one row of a body's argument or result [?, D...].
static RankedTensorType oneRow(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[0] = 1;
  return RankedTensorType::get(shape, tensor.getElementType());
}

/// The constant that a scalar is. It is not passed to a kernel, which knows
/// integers only.
static Operation *getScalarConstant(Value value) {
  Operation *op = value.getDefiningOp();
  bool scalar = op && !isa<ShapedType>(value.getType());
  return scalar && op->hasTrait<OpTrait::ConstantLike>() ? op : nullptr;
}

/// The body on the one row of slot `at`; what it yields.
SmallVector<Value> Expander::computeSlot(KernelOp kernel, Value expert,
                                         ValueRange at) {
  Block &body = op.getBodies()[0].front();
  IRMapping mapping;
  mapping.map(body.getArgument(0), expert);
  Block &outer = kernel.getBody().front();
  // The kernel's first argument is the ids, the body's the expert.
  unsigned input = 1, next = 1;
  auto mapRow = [&](ValueRange place) {
    BlockArgument argument = body.getArgument(next++);
    Value row =
        entry(outer.getArgument(input++), place, oneRow(argument.getType()));
    mapping.map(argument,
                tensor::CastOp::create(builder, loc, argument.getType(), row));
  };
  for (unsigned i = 0; i < op.getRows().size(); ++i) {
    mapRow(at.take_front(1));
  }
  for (unsigned i = 0; i < op.getSlots().size(); ++i) {
    mapRow(at);
  }
  for (Value context : op.getContexts()) {
    Operation *constant = getScalarConstant(context);
    mapping.map(body.getArgument(next++),
                constant ? builder.clone(*constant)->getResult(0)
                         : Value(outer.getArgument(input++)));
  }
  for (Value weight : weights) {
    BlockArgument argument = body.getArgument(next++);
    mapping.map(argument, entry(weight, expert,
                                cast<RankedTensorType>(argument.getType())));
  }
  for (Operation &inner : body.without_terminator()) {
    builder.clone(inner, mapping);
  }
  SmallVector<Value> results;
  for (Value yielded : body.getTerminator()->getOperands()) {
    Value value = mapping.lookupOrDefault(yielded);
    results.push_back(
        tensor::CastOp::create(builder, loc, oneRow(yielded.getType()), value));
  }
  return results;
}

void Expander::buildLoop(KernelOp kernel) {
  Block *block = &kernel.getBody().front();
  builder.setInsertionPointToEnd(block);
  for (auto [name, type] :
       llvm::zip_equal(op.getKindWeights(0), op.getKindWeightTypes(0))) {
    weights.push_back(WeightValueOp::create(builder, loc, type, name, Value()));
  }
  Value ids = block->getArgument(0);
  unsigned inputs = kernel.getInputs().size();
  SmallVector<Value> destinations(block->getArguments().drop_front(inputs));
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, loc, ids);
  auto loop = scf::ForallOp::create(builder, loc, extents, destinations,
                                    /*mapping=*/std::nullopt);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(loop.getTerminator());
    SmallVector<Value> at = loop.getInductionVars();
    Value id = tensor::ExtractOp::create(builder, loc, ids, at);
    Value expert =
        arith::IndexCastOp::create(builder, loc, builder.getIndexType(), id);
    Value experts =
        arith::ConstantIndexOp::create(builder, loc, op.getNumExperts());
    // A negative index is a large unsigned number.
    Value filled = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, expert, experts);
    SmallVector<Type> types;
    for (Value yielded :
         op.getBodies()[0].front().getTerminator()->getOperands()) {
      types.push_back(oneRow(yielded.getType()));
    }
    auto branch = scf::IfOp::create(builder, loc, types, filled,
                                    /*addThenBlock=*/true,
                                    /*addElseBlock=*/true);
    builder.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(builder, loc, computeSlot(kernel, expert, at));
    builder.setInsertionPointToStart(branch.elseBlock());
    SmallVector<Value> zeros;
    for (auto [type, out] : llvm::zip_equal(types, loop.getRegionIterArgs())) {
      auto tensor = cast<RankedTensorType>(type);
      SmallVector<OpFoldResult> sizes =
          tensor::getMixedSizes(builder, loc, out);
      sizes.erase(sizes.begin());
      sizes[0] = builder.getIndexAttr(1);
      Value zero = arith::ConstantOp::create(
          builder, loc, builder.getZeroAttr(tensor.getElementType()));
      Value empty =
          tensor::EmptyOp::create(builder, loc, sizes, tensor.getElementType());
      zeros.push_back(
          linalg::FillOp::create(builder, loc, zero, empty).getResult(0));
    }
    scf::YieldOp::create(builder, loc, zeros);
    builder.setInsertionPointAfter(branch);
    SmallVector<SmallVector<OpFoldResult>> sizes;
    for (Value out : loop.getRegionIterArgs()) {
      sizes.push_back(tensor::getMixedSizes(builder, loc, out));
    }
    builder.setInsertionPointToEnd(loop.getTerminator().getBody());
    for (auto [value, out, size] : llvm::zip_equal(
             branch.getResults(), loop.getRegionIterArgs(), sizes)) {
      SmallVector<OpFoldResult> offsets(size.size(), builder.getIndexAttr(0));
      SmallVector<OpFoldResult> strides(size.size(), builder.getIndexAttr(1));
      for (unsigned dim = 0; dim < 2; ++dim) {
        offsets[dim] = at[dim];
        size[dim] = builder.getIndexAttr(1);
      }
      tensor::ParallelInsertSliceOp::create(builder, loc, value, out, offsets,
                                            size, strides);
    }
  }
  builder.setInsertionPointAfter(loop);
  YieldOp::create(builder, loc, loop.getResults());
}

LogicalResult Expander::expand() {
  if (op.getBodies().size() != 1) {
    return op.emitOpError("has several kinds of experts, which "
                          "moe-split-experts tells apart first");
  }
  for (RankedTensorType type : op.getKindWeightTypes(0)) {
    if (!type.hasStaticShape()) {
      return op.emitOpError("has a weight of type ")
             << type << "; experts whose widths differ are not supported yet";
    }
  }
  SmallVector<Value> inputs{op.getIds()};
  llvm::append_range(inputs, op.getRows());
  llvm::append_range(inputs, op.getSlots());
  llvm::copy_if(op.getContexts(), std::back_inserter(inputs),
                [](Value context) { return !getScalarConstant(context); });
  SmallVector<Value> destinations;
  for (Value init : op.getInits()) {
    destinations.push_back(createEmptyLike(builder, loc, init));
  }
  auto kernel = KernelOp::create(
      builder, loc, TypeRange(ValueRange(destinations)), inputs, destinations);
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&kernel.getBody());
    for (Value operand : kernel->getOperands()) {
      block->addArgument(operand.getType(), loc);
    }
    buildLoop(kernel);
  }
  op->replaceAllUsesWith(kernel);
  op->erase();
  return success();
}

void ExpandExpertsPass::runOnOperation() {
  SmallVector<ExpertsOp> layers;
  getOperation()->walk([&](ExpertsOp op) { layers.push_back(op); });
  for (ExpertsOp op : layers) {
    if (failed(Expander(op).expand())) {
      return signalPassFailure();
    }
  }
}
