//===- AssignPools.cpp - expert weights in slots --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe_rt/contract/package.h"
#include "moe_rt/contract/program.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <tuple>

namespace moe {
#define GEN_PASS_DEF_ASSIGNPOOLSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

/// The weights of a pool: those of one grouping of rows (its offsets), in one
/// encoding (kind and version).
using PoolKey = std::tuple<Value, uint16_t, uint16_t>;

/// The products of one grouping of rows, on weights of one encoding.
struct Layer {
  /// Kernels that read panels of experts, in program order.
  SmallVector<KernelOp> kernels;
  llvm::SmallSetVector<WeightOp, 4> weights;
};

struct AssignPoolsPass
    : public moe::impl::AssignPoolsPassBase<AssignPoolsPass> {
  using Base::Base;
  void runOnOperation() override;

private:
  llvm::MapVector<PoolKey, Layer> findLayers();
  void assign(Value offsets, Layer &layer, SymbolTable &symbols);
};

/// Of a matrix in its slot: one cache line.
constexpr int64_t kMatrixAlignment = 64;

} // namespace

/// The value outside the kernel that one of its arguments stands for.
static Value outsideValue(KernelOp kernel, Value inside) {
  auto argument = dyn_cast_or_null<BlockArgument>(inside);
  if (!argument || argument.getArgNumber() >= kernel.getInputs().size()) {
    return {};
  }
  return kernel.getInputs()[argument.getArgNumber()];
}

llvm::MapVector<PoolKey, Layer> AssignPoolsPass::findLayers() {
  llvm::MapVector<PoolKey, Layer> layers;
  getOperation().walk([&](PanelMatmulOp product) {
    auto kernel = product->getParentOfType<KernelOp>();
    Value offsets = kernel && product.getGroups()
                        ? outsideValue(kernel, product.getGroups())
                        : Value();
    auto read = product.getPanels().getDefiningOp<WeightValueOp>();
    if (!offsets || !read) {
      return;
    }
    auto weight = SymbolTable::lookupNearestSymbolFrom<WeightOp>(
        kernel, read.getWeightAttr());
    PoolKey key(offsets, MOE_ENCODING_PLAIN, 0);
    if (std::optional<WeightEncodingAttrInterface> encoding =
            weight.getEncoding()) {
      key = {offsets, encoding->getEncodingKind(),
             encoding->getEncodingVersion()};
    }
    Layer &layer = layers[key];
    layer.kernels.push_back(kernel);
    layer.weights.insert(weight);
  });
  return layers;
}

void AssignPoolsPass::assign(Value offsets, Layer &layer,
                             SymbolTable &symbols) {
  auto grouping = offsets.getDefiningOp<KernelOp>();
  if (!grouping) {
    return;
  }
  Operation *yield = grouping.getBody().front().getTerminator();
  auto group = yield->getOperand(cast<OpResult>(offsets).getResultNumber())
                   .getDefiningOp<GroupOp>();
  if (!group) {
    return;
  }
  Value ids = outsideValue(grouping, group.getIds());
  if (!ids) {
    return;
  }
  MLIRContext *context = &getContext();
  WeightOp first = layer.weights[0];
  OpBuilder builder(first);
  int64_t size = 0;
  SmallVector<int64_t> places;
  for (WeightOp weight : layer.weights) {
    size = llvm::alignTo(size, kMatrixAlignment);
    places.push_back(size);
    size += weight.getPartType().getNumElements() *
            weight.getPartType().getElementTypeBitWidth() / 8;
  }
  int64_t experts = first.getType().getDimSize(0);
  auto pool = PoolOp::create(
      builder, first.getLoc(), builder.getStringAttr("experts"),
      builder.getI64IntegerAttr(experts),
      builder.getI64IntegerAttr(
          llvm::alignTo(size, MOE_PACKAGE_SLOT_ALIGNMENT)));
  symbols.insert(pool);
  auto symbol = FlatSymbolRefAttr::get(context, pool.getSymName());
  for (auto [weight, place] : llvm::zip_equal(layer.weights, places)) {
    weight->setAttr("moe.slot", SlotAttr::get(context, symbol, place));
  }
  builder.setInsertionPoint(layer.kernels.front());
  PinOp::create(builder, grouping.getLoc(), symbol, ids);
  builder.setInsertionPointAfter(layer.kernels.back());
  UnpinOp::create(builder, grouping.getLoc(), symbol);
}

void AssignPoolsPass::runOnOperation() {
  SymbolTable symbols(getOperation());
  llvm::MapVector<PoolKey, Layer> layers = findLayers();
  // A weight in one layer's slots would not be pinned for another.
  llvm::DenseMap<Operation *, unsigned> readers;
  for (auto &[key, layer] : layers) {
    for (WeightOp weight : layer.weights) {
      ++readers[weight];
    }
  }
  for (auto &[key, layer] : layers) {
    layer.weights.remove_if(
        [&](WeightOp weight) { return readers.lookup(weight) > 1; });
    if (!layer.weights.empty()) {
      assign(std::get<Value>(key), layer, symbols);
    }
  }
}
