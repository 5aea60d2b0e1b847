//===- Tile.cpp - cuts kernels on tensors into items ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Works from the last operation up: each root is tiled into an scf.forall over
// the dimensions in which its fused producers need nothing computed twice, and
// its producers are pulled in. What stays untiled (no parallel dimension, or
// so small that it is one item) runs serially.
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "LoopOrder.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

#include <set>
#include <utility>
#include <vector>

namespace moe {
#define GEN_PASS_DEF_TILEPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

/// What an extent that is not known is taken for.
static constexpr int64_t kAssumedExtent = 64;

/// Elements of a row that are worth reading by themselves.
static constexpr int64_t kShortestRowPiece = 512;

/// Blocks of a transposition: elements along the rows written and read.
static constexpr int64_t kCrossingWrite = 16;
static constexpr int64_t kCrossingRead = 64;

/// Producers that one loop may compute. What is fused is computed for each use,
/// twice as often at each step up where there are two. The kernels of a model are
/// bounded before (moe-form-kernels); those of weights are not.
static constexpr int64_t kMaxFused = 1024;

namespace {

/// The dimensions of `root` in which it can be cut without computing any part
/// of a fused reduction twice.
class TileableDims {
public:
  explicit TileableDims(linalg::LinalgOp root)
      : dims(root.getNumLoops()), reduces(root.getNumReductionLoops() > 0) {
    SmallVector<int> identity;
    for (auto [index, type] : llvm::enumerate(root.getIteratorTypesArray())) {
      identity.push_back(index);
      dims[index] = type == utils::IteratorType::parallel;
    }
    visitProducers(root, identity);
  }

  const BitVector &get() const { return dims; }
  /// Whether every part of `result` belongs to one tile, if the root is cut
  /// along `cut`.
  bool isPartitioned(OpResult result, const BitVector &cut) const {
    auto it = coveredBy.find(result);
    if (it == coveredBy.end()) {
      return false;
    }
    BitVector missing = cut;
    missing.reset(it->second);
    return missing.none();
  }
  bool hasReduction() const { return reduces; }

private:
  /// `rootDims` gives for each loop of `op` the root's dimension, or -1.
  void visitProducers(linalg::LinalgOp op, ArrayRef<int> rootDims) {
    // Once for each way it is cut, not for each path that leads to it.
    if (!visited.emplace(op.getOperation(), rootDims.vec()).second) {
      return;
    }
    for (OpOperand &operand : op->getOpOperands()) {
      auto producer = operand.get().getDefiningOp<linalg::LinalgOp>();
      if (producer && producer->getBlock() == op->getBlock()) {
        visitProducer(producer, op.getMatchingIndexingMap(&operand),
                      cast<OpResult>(operand.get()), rootDims);
      }
    }
  }

  void visitProducer(linalg::LinalgOp producer, AffineMap use, OpResult result,
                     ArrayRef<int> consumerDims) {
    AffineMap def = producer.getIndexingMapMatchingResult(result);
    SmallVector<int> producerDims(producer.getNumLoops(), -1);
    BitVector covered(dims.size());
    for (auto [useExpr, defExpr] :
         llvm::zip_equal(use.getResults(), def.getResults())) {
      auto useDim = dyn_cast<AffineDimExpr>(useExpr);
      auto defDim = dyn_cast<AffineDimExpr>(defExpr);
      if (useDim && defDim && consumerDims[useDim.getPosition()] >= 0) {
        int dim = consumerDims[useDim.getPosition()];
        producerDims[defDim.getPosition()] = dim;
        covered.set(dim);
      }
    }
    if (producer.getNumReductionLoops() > 0) {
      reduces = true;
      dims &= covered;
    }
    auto [it, isNew] = coveredBy.try_emplace(result, covered);
    if (!isNew) {
      it->second &= covered;
    }
    visitProducers(producer, producerDims);
  }

  BitVector dims;
  bool reduces;
  std::set<std::pair<Operation *, std::vector<int>>> visited;
  /// Of each producer's result, the root's dimensions that cut it.
  llvm::DenseMap<Value, BitVector> coveredBy;
};

/// The roots that are still there. Tiling one may erase others, and an address
/// may be used again: only the rewriter knows.
struct Roots : RewriterBase::Listener {
  void notifyOperationErased(Operation *op) override { alive.erase(op); }

  DenseSet<Operation *> alive;
};

struct TilePass : public moe::impl::TilePassBase<TilePass> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (!kernel::isKernel(func)) {
      return;
    }
    IRRewriter rewriter(func);
    SmallVector<linalg::LinalgOp> roots;
    for (auto op : func.getBody().front().getOps<linalg::LinalgOp>()) {
      if (op.hasPureTensorSemantics()) {
        roots.push_back(op);
      }
    }
    Roots listener;
    listener.alive.insert_range(roots);
    rewriter.setListener(&listener);
    for (linalg::LinalgOp root : llvm::reverse(roots)) {
      if (listener.alive.contains(root)) {
        tileRoot(rewriter, root);
      }
    }
  }

  SmallVector<int64_t> chooseTileSizes(linalg::LinalgOp root,
                                       const TileableDims &tileable) const;
  void tileRoot(IRRewriter &rewriter, linalg::LinalgOp root) const;
};

/// The loop along which an operand that does not follow the destination lies
/// side by side: a transposition.
static std::optional<unsigned> getCrossingLoop(linalg::LinalgOp root,
                                               unsigned innermost) {
  for (OpOperand *input : root.getDpsInputOperands()) {
    if (kernel::isContiguousIn(root, *input, innermost) ||
        !root.getMatchingIndexingMap(input).isFunctionOfDim(innermost)) {
      continue;
    }
    for (unsigned loop = 0; loop < root.getNumLoops(); ++loop) {
      if (kernel::isContiguousIn(root, *input, loop)) {
        return loop;
      }
    }
  }
  return std::nullopt;
}

/// One size per loop of `root`, 0 where it is not cut; empty if it is not cut
/// at all.
SmallVector<int64_t>
TilePass::chooseTileSizes(linalg::LinalgOp root,
                          const TileableDims &tileable) const {
  SmallVector<int64_t> extents = root.getStaticLoopRanges();
  // An op that only checks, as fusion leaves it where nobody reads its result,
  // writes nothing that could be cut.
  if (llvm::is_contained(extents, 0) || root.getNumDpsInits() == 0) {
    return {};
  }
  const BitVector &dims = tileable.get();
  auto isDynamic = [&](unsigned dim) {
    return ShapedType::isDynamic(extents[dim]);
  };
  int64_t remaining = tileable.hasReduction() ? reductionElements : elements;
  for (unsigned dim = 0; dim < extents.size(); ++dim) {
    if (!dims[dim]) {
      int64_t whole = isDynamic(dim) ? kAssumedExtent : extents[dim];
      remaining = std::max<int64_t>(1, remaining / std::max<int64_t>(1, whole));
    }
  }
  SmallVector<int64_t> sizes(extents.size(), 0);
  kernel::LoopOrder order = kernel::chooseLoopOrder(root);
  unsigned innermost = order.loops.empty() ? 0 : order.loops.back();
  bool cut = false;
  for (int64_t dim = extents.size() - 1; dim >= 0; --dim) {
    if (!dims[dim]) {
      continue;
    }
    int64_t size = remaining;
    if (innermost == dim && root.getNumReductionLoops() > 0) {
      // Rows are added up: short pieces of them would waste the memory.
      size = std::max<int64_t>(size, kShortestRowPiece);
    }
    if (!isDynamic(dim) && extents[dim] <= size) {
      remaining =
          std::max<int64_t>(1, remaining / std::max<int64_t>(1, extents[dim]));
      continue;
    }
    // An unknown extent may be short, so that some more of the next dimension
    // goes into an item.
    bool share = isDynamic(dim) && dims.find_first() < dim && size >= 64;
    sizes[dim] =
        llvm::bit_floor(static_cast<uint64_t>(share ? size / 8 : size));
    remaining = share ? 8 : 1;
    cut = true;
  }
  // A transposition is cut both ways, so that the lines it reads stay in the
  // cache until all of them is used.
  if (std::optional<unsigned> crossing = getCrossingLoop(root, innermost)) {
    for (auto [dim, size] : {std::pair(innermost, kCrossingWrite),
                             std::pair(*crossing, kCrossingRead)}) {
      if (dims[dim] && (isDynamic(dim) || extents[dim] > size)) {
        sizes[dim] = size;
        cut = true;
      }
    }
  }
  return cut ? sizes : SmallVector<int64_t>();
}

/// Erases `op` and then the producers that only it kept alive.
static void eraseDead(IRRewriter &rewriter, Operation *op) {
  llvm::SetVector<Operation *> candidates;
  candidates.insert(op);
  while (!candidates.empty()) {
    Operation *next = candidates.pop_back_val();
    // The checks in a body are done by the tiled operation.
    if (!isOpTriviallyDead(next) &&
        !(isa<linalg::LinalgOp>(next) && next->use_empty())) {
      continue;
    }
    for (Value operand : next->getOperands()) {
      if (Operation *producer = operand.getDefiningOp()) {
        candidates.insert(producer);
      }
    }
    rewriter.eraseOp(next);
  }
}

/// Makes tensor.dim of results read the destinations, which keep no operation
/// alive.
static void resolveDims(IRRewriter &rewriter, Block *block) {
  for (auto op : block->getOps<linalg::LinalgOp>()) {
    for (OpResult result : op->getResults()) {
      Value init = op.getTiedOpOperand(result)->get();
      for (Operation *user : llvm::make_early_inc_range(result.getUsers())) {
        if (auto dim = dyn_cast<tensor::DimOp>(user)) {
          rewriter.modifyOpInPlace(
              dim, [&] { dim.getSourceMutable().assign(init); });
        }
      }
    }
  }
}

/// Whether something else than a linalg op, which may be fused, reads `value`.
static bool isNeededOutside(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return !isa<linalg::LinalgOp, tensor::ExtractSliceOp, tensor::DimOp>(user);
  });
}

void TilePass::tileRoot(IRRewriter &rewriter, linalg::LinalgOp root) const {
  if (isOpTriviallyDead(root)) {
    eraseDead(rewriter, root);
    return;
  }
  TileableDims tileable(root);
  SmallVector<int64_t> sizes = chooseTileSizes(root, tileable);
  if (sizes.empty()) {
    return;
  }
  scf::SCFTileAndFuseOptions options;
  options.tilingOptions.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  options.tilingOptions.setTileSizes(
      getAsIndexOpFoldResult(rewriter.getContext(), sizes));
  BitVector cut(sizes.size());
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    cut[dim] = size != 0;
  }
  // A producer that is a result, too, is computed here once and for all.
  int64_t fused = 0;
  options.setFusionControlFn(
      [&](tensor::ExtractSliceOp, OpResult producer, bool isDestination)
          -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
        if (producer.getDefiningOp<linalg::LinalgOp>() &&
            ++fused > kMaxFused) {
          return std::nullopt;
        }
        scf::SCFTileAndFuseOptions::ControlFnResult result;
        result.yieldProducerReplacement = !isDestination &&
                                          isNeededOutside(producer) &&
                                          tileable.isPartitioned(producer, cut);
        return result;
      });
  rewriter.setInsertionPoint(root);
  FailureOr<scf::SCFTileAndFuseResult> tiled =
      scf::tileConsumerAndFuseProducersUsingSCF(
          rewriter, cast<TilingInterface>(root.getOperation()), options);
  assert(succeeded(tiled) && "linalg operations can be tiled");
  resolveDims(rewriter, root->getBlock());
  Operation *loop = tiled->loops.front();
  for (auto [before, after] : tiled->replacements) {
    rewriter.replaceUsesWithIf(before, after, [&](OpOperand &use) {
      Operation *user =
          loop->getBlock()->findAncestorOpInBlock(*use.getOwner());
      return user && user != loop && loop->isBeforeInBlock(user);
    });
  }
  eraseDead(rewriter, root);
}

} // namespace
