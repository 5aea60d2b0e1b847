//===- FormKernels.cpp - what one launch computes -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "ProductStage.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Support/Tensors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

namespace moe {
#define GEN_PASS_DEF_FORMKERNELSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

/// The ops of one kernel, in program order. The last one is its root.
using Cluster = SmallVector<Operation *>;

struct FormKernelsPass
    : public moe::impl::FormKernelsPassBase<FormKernelsPass> {
  using Base::Base;
  void runOnOperation() override;
};

/// Builds one `moe.kernel` from a cluster.
class KernelBuilder {
public:
  explicit KernelBuilder(const Cluster &cluster)
      : cluster(cluster), inCluster(cluster.begin(), cluster.end()) {}

  LogicalResult build();

private:
  void collectResults();
  LogicalResult addDestination(OpBuilder &builder, Value result);
  void collectInputs(Operation *op);

  const Cluster &cluster;
  llvm::SmallPtrSet<Operation *, 8> inCluster;
  /// Results that are read outside, their destinations, and the destination's
  /// root `tensor.empty` where it has one.
  SmallVector<Value> results;
  SmallVector<Value> destinations;
  llvm::DenseMap<Value, unsigned> destinationOf;
  llvm::SmallSetVector<Value, 8> inputs;
};

} // namespace

//===----------------------------------------------------------------------===//
// Which ops run where
//===----------------------------------------------------------------------===//

/// Ops that stay on the host: views, sizes, scalars.
static bool isHostOp(Operation *op) {
  if (op->hasTrait<OpTrait::IsTerminator>() ||
      isa<CountExpertsOp, KernelOp, arith::ConstantOp>(op)) {
    return true;
  }
  if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
          tensor::ReshapeOp, tensor::DimOp, tensor::EmptyOp,
          tensor::FromElementsOp>(op)) {
    auto list = dyn_cast<tensor::FromElementsOp>(op);
    return !list || list.getType().getElementType().isIntOrIndex();
  }
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    return extract.getType().isIntOrIndex();
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    return isContiguousSlice(slice.getSourceType().getShape(),
                             slice.getMixedOffsets(), slice.getMixedSizes(),
                             slice.getMixedStrides());
  }
  // Everything else on scalars; fills go to whoever they initialise.
  return llvm::none_of(op->getResultTypes(),
                       [](Type type) { return isa<RankedTensorType>(type); }) &&
         op->getNumRegions() == 0 &&
         llvm::none_of(op->getResultTypes(),
                       [](Type type) { return isa<FloatType>(type); });
}

/// Whether a fill is a value of its own: on the host, or where something reads
/// it that a kernel does not compute piece by piece with it.
static bool isReadAsValue(linalg::FillOp fill) {
  return llvm::any_of(fill->getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    auto dps = dyn_cast<DestinationStyleOpInterface>(user);
    // Sizes are not values; destinations made for kernels ask for some.
    return !isa<linalg::LinalgOp, tensor::DimOp>(user) &&
           !(dps && dps.isDpsInit(&use));
  });
}

/// Ops that a kernel takes along instead of reading their result: scalar and
/// splat constants, fills, empty tensors and weights.
static bool isTakenAlong(Operation *op) {
  if (!op) {
    return false;
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    return !isa<RankedTensorType>(constant.getType()) ||
           isa<SplatElementsAttr>(constant.getValue());
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    return !isReadAsValue(fill);
  }
  return isa<tensor::EmptyOp, WeightValueOp>(op);
}

//===----------------------------------------------------------------------===//
// Clusters
//===----------------------------------------------------------------------===//

/// The map from an op's loops to the elements of the operand or result it has
/// in common with its neighbour starts with loop 0 at dimension 0.
static bool isRowAligned(AffineMap map) {
  return map.getNumResults() > 0 && map.getNumDims() > 0 &&
         map.getResult(0) == getAffineDimExpr(0, map.getContext());
}

static bool startsParallel(linalg::LinalgOp op) {
  return op.getNumLoops() > 0 &&
         op.getIteratorTypesArray().front() == utils::IteratorType::parallel;
}

/// Whether a reduction reads `operand` again for each step of some parallel
/// loop, as a product does: it had better be there as a whole.
static bool isReadAgain(linalg::LinalgOp op, OpOperand &operand) {
  if (op.getNumReductionLoops() == 0) {
    return false;
  }
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<unsigned> loops;
  op.getParallelDims(loops);
  return llvm::any_of(
      loops, [&](unsigned loop) { return !map.isFunctionOfDim(loop); });
}

/// Whether `producer` may be computed row by row inside the kernel of
/// `consumer`: both go over the same first dimension, and every row of the
/// consumer reads that row of the producer only.
static bool canJoin(linalg::LinalgOp producer, linalg::LinalgOp consumer) {
  if (!startsParallel(producer) || !startsParallel(consumer) ||
      linalg::isaContractionOpInterface(producer) ||
      linalg::isaContractionOpInterface(consumer)) {
    return false;
  }
  for (OpOperand &init : producer.getDpsInitsMutable()) {
    if (!isRowAligned(producer.getMatchingIndexingMap(&init))) {
      return false;
    }
  }
  for (OpOperand &operand : consumer->getOpOperands()) {
    if (operand.get().getDefiningOp() == producer.getOperation() &&
        (consumer.isDpsInit(&operand) || isReadAgain(consumer, operand) ||
         !isRowAligned(consumer.getMatchingIndexingMap(&operand)))) {
      return false;
    }
  }
  // Reads through tensor.extract have no map.
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(consumer->getRegions(), captured);
  return llvm::none_of(captured, [&](Value value) {
    return value.getDefiningOp() == producer.getOperation();
  });
}

/// Whether what is inside so far is the element-wise tail of `product`.
static bool isTailOf(Operation *product, ArrayRef<Operation *> members) {
  auto isWeight = [](Value value) {
    auto read = value.getDefiningOp<WeightValueOp>();
    return read && !read.getExpert();
  };
  if (!isWeightProduct(product, isWeight)) {
    return false;
  }
  return llvm::all_of(members, [&](Operation *member) {
    if (isa<linalg::MatmulOp>(member)) {
      return isWeightProduct(member, isWeight) &&
             member->getOperand(0) == product->getOperand(0);
    }
    auto generic = dyn_cast<linalg::GenericOp>(member);
    return generic && isElementwiseOnMatrix(generic) &&
           llvm::all_of(generic.getDpsInputs(), [&](Value input) {
             auto type = dyn_cast<RankedTensorType>(input.getType());
             Operation *def = input.getDefiningOp();
             return !type || type.getRank() < 2 || def == product ||
                    llvm::is_contained(members, def) ||
                    isWeightProduct(def, isWeight);
           });
  });
}

/// Whether a piece of `producer`'s result may be of any size where `consumer`
/// reduces it: a loop of unknown extent is not cut.
static bool hasUnboundedPieces(linalg::LinalgOp producer,
                               linalg::LinalgOp consumer) {
  SmallVector<int64_t> extents = consumer.getStaticLoopRanges();
  SmallVector<unsigned> reduced;
  consumer.getReductionDims(reduced);
  return llvm::any_of(consumer->getOpOperands(), [&](OpOperand &operand) {
    return operand.get().getDefiningOp() == producer.getOperation() &&
           llvm::any_of(reduced, [&](unsigned loop) {
             return ShapedType::isDynamic(extents[loop]) &&
                    consumer.getMatchingIndexingMap(&operand).isFunctionOfDim(
                        loop);
           });
  });
}

/// Whether `producer` can be computed in the place of what `root` computes.
static bool fitsInPlace(linalg::LinalgOp producer, Operation *root) {
  auto elementwise = cast<linalg::LinalgOp>(root);
  return elementwise.getNumReductionLoops() == 0 &&
         llvm::equal(producer->getResultTypes(), root->getResultTypes());
}

/// Whether all reductions of a kernel with `producer` can be computed piece by
/// piece: those over other dimensions leave intermediate values as large as a
/// row, which must then have a known size, as kernels do not allocate.
static bool fitsReductions(linalg::LinalgOp producer,
                           ArrayRef<Operation *> members) {
  auto isBounded = [](Operation *op) {
    return llvm::all_of(op->getResultTypes(), [](Type type) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      return !tensor || tensor.getRank() == 0 ||
             !ShapedType::isDynamicShape(tensor.getShape().drop_front());
    });
  };
  if (producer.getNumReductionLoops() == 0 || isBounded(producer)) {
    return true;
  }
  return llvm::all_of(members, [&](Operation *member) {
    auto other = dyn_cast<linalg::LinalgOp>(member);
    return !other || other.getNumReductionLoops() == 0 ||
           other.getIteratorTypesArray() == producer.getIteratorTypesArray();
  });
}

/// Reductions in one kernel: each is a loop with a fixed order, and what is
/// between them stays in scratch.
static constexpr unsigned kMaxReductions = 4;

/// Members of one kernel: each is a loop, and LLVM's analyses of a function take
/// time that grows faster than its loops.
static constexpr unsigned kMaxMembers = 16;

namespace {

/// A kernel that grows from its root backwards: a producer whose every reader
/// is already inside joins.
class ClusterGrower {
public:
  ClusterGrower(Operation *root, int64_t maxScalarOps,
                llvm::SmallPtrSetImpl<Operation *> &taken)
      : root(root), maxScalarOps(maxScalarOps), taken(taken) {}

  Cluster grow();

private:
  void add(Operation *op, int64_t times);
  bool tryAdd(linalg::LinalgOp producer);
  bool fits(linalg::LinalgOp producer) const;
  int64_t countScalarOps(Operation *op, int64_t times) const;
  int64_t countTimes(Operation *op) const;

  Operation *root;
  int64_t maxScalarOps;
  llvm::SmallPtrSetImpl<Operation *> &taken;
  llvm::SmallSetVector<Operation *, 8> members;
  /// How often tiling computes a member: once for each read of its readers.
  llvm::DenseMap<Operation *, int64_t> timesOf;
  int64_t scalarOps = 0;
  unsigned reductions = 0;
};

} // namespace

int64_t ClusterGrower::countTimes(Operation *op) const {
  int64_t times = 0;
  for (Operation *user : op->getUsers()) {
    times += timesOf.lookup(user);
  }
  return times;
}

int64_t ClusterGrower::countScalarOps(Operation *op, int64_t times) const {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp ? times * static_cast<int64_t>(llvm::range_size(
                                linalgOp.getBlock()->without_terminator()))
                  : 0;
}

void ClusterGrower::add(Operation *op, int64_t times) {
  members.insert(op);
  taken.insert(op);
  timesOf[op] = times;
  scalarOps += countScalarOps(op, times);
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  reductions += linalgOp && linalgOp.getNumReductionLoops() != 0;
}

bool ClusterGrower::fits(linalg::LinalgOp producer) const {
  bool isTail = isTailOf(producer, members.getArrayRef());
  return llvm::all_of(producer->getUsers(),
                      [&](Operation *user) {
                        auto consumer = dyn_cast<linalg::LinalgOp>(user);
                        return members.contains(user) && consumer &&
                               (isTail ||
                                (canJoin(producer, consumer) &&
                                 (!hasUnboundedPieces(producer, consumer) ||
                                  fitsInPlace(producer, root))));
                      }) &&
         (isTail || fitsReductions(producer, members.getArrayRef()));
}

bool ClusterGrower::tryAdd(linalg::LinalgOp producer) {
  if (!producer || taken.contains(producer) || isTakenAlong(producer) ||
      producer->getBlock() != root->getBlock() || !fits(producer)) {
    return false;
  }
  int64_t times = countTimes(producer);
  bool isOneTooMany =
      members.size() == kMaxMembers ||
      (producer.getNumReductionLoops() != 0 && reductions == kMaxReductions) ||
      scalarOps + countScalarOps(producer, times) > maxScalarOps;
  if (isOneTooMany) {
    return false;
  }
  add(producer, times);
  return true;
}

Cluster ClusterGrower::grow() {
  add(root, 1);
  bool grown = isa<linalg::LinalgOp>(root);
  while (grown) {
    grown = false;
    for (unsigned i = 0; i < members.size(); ++i) {
      for (Value operand : members[i]->getOperands()) {
        grown |= tryAdd(operand.getDefiningOp<linalg::LinalgOp>());
      }
    }
  }
  Cluster cluster(members.begin(), members.end());
  llvm::sort(cluster, [](Operation *lhs, Operation *rhs) {
    return lhs->isBeforeInBlock(rhs);
  });
  return cluster;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

void KernelBuilder::collectResults() {
  for (Operation *op : cluster) {
    for (Value result : op->getResults()) {
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inCluster.contains(
                user->getBlock()->getParent() == op->getParentRegion()
                    ? user
                    : op->getBlock()->findAncestorOpInBlock(*user));
          })) {
        results.push_back(result);
      }
    }
  }
}

/// The sizes of an op's result, as values in front of the kernel.
static FailureOr<Value> createDestination(OpBuilder &builder, Value result) {
  auto type = cast<RankedTensorType>(result.getType());
  Location loc = result.getLoc();
  if (type.hasStaticShape()) {
    return Value(tensor::EmptyOp::create(builder, loc, type.getShape(),
                                         type.getElementType()));
  }
  Operation *op = result.getDefiningOp();
  Value shaped;
  if (auto dps = dyn_cast<DestinationStyleOpInterface>(op)) {
    shaped = dps.getTiedOpOperand(cast<OpResult>(result))->get();
  }
  ReifiedRankedShapedTypeDims shapes;
  SmallVector<OpFoldResult> sizes;
  if (shaped) {
    sizes = tensor::getMixedSizes(builder, loc, shaped);
  } else if (succeeded(reifyResultShapes(builder, op, shapes))) {
    sizes = shapes[cast<OpResult>(result).getResultNumber()];
  } else {
    return op->emitOpError("has a result whose size is not known on the host");
  }
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  if (empty.getType() != type) {
    empty = tensor::CastOp::create(builder, loc, type, empty);
  }
  return empty;
}

/// The destination of a result: the empty tensor behind it, or a new one.
LogicalResult KernelBuilder::addDestination(OpBuilder &builder, Value result) {
  Value init = result;
  while (Operation *op = init.getDefiningOp()) {
    if (inCluster.contains(op) || isa<linalg::FillOp>(op)) {
      auto dps = dyn_cast<DestinationStyleOpInterface>(op);
      if (!dps) {
        break;
      }
      init = dps.getTiedOpOperand(cast<OpResult>(init))->get();
      continue;
    }
    if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
      if (!destinationOf.contains(empty.getResult())) {
        destinationOf[empty.getResult()] = destinations.size();
        destinations.push_back(empty.getResult());
        return success();
      }
    }
    break;
  }
  FailureOr<Value> destination = createDestination(builder, result);
  if (failed(destination)) {
    return failure();
  }
  destinations.push_back(*destination);
  return success();
}

/// Every value that an op and its regions read from outside.
static llvm::SetVector<Value> usedValues(Operation *op) {
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  return used;
}

void KernelBuilder::collectInputs(Operation *op) {
  for (Value value : usedValues(op)) {
    Operation *def = value.getDefiningOp();
    if (destinationOf.contains(value) || (def && inCluster.contains(def))) {
      continue;
    }
    if (isTakenAlong(def)) {
      collectInputs(def);
    } else {
      inputs.insert(value);
    }
  }
}

/// Copies an op into a kernel's body, with what it takes along.
static void cloneInto(OpBuilder &builder, IRMapping &mapping, Operation *op) {
  for (Value value : usedValues(op)) {
    if (!mapping.contains(value) && isTakenAlong(value.getDefiningOp())) {
      cloneInto(builder, mapping, value.getDefiningOp());
    }
  }
  builder.clone(*op, mapping);
}

/// Element by element, so that it is tiled like everything else.
static Value copyTo(OpBuilder &builder, Location loc, Value source,
                    Value destination) {
  unsigned rank = cast<RankedTensorType>(destination.getType()).getRank();
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(rank, builder.getContext());
  return linalg::GenericOp::create(
             builder, loc, destination.getType(), source, destination,
             ArrayRef<AffineMap>{identity, identity},
             SmallVector<utils::IteratorType>(rank,
                                              utils::IteratorType::parallel),
             [](OpBuilder &nested, Location at, ValueRange arguments) {
               linalg::YieldOp::create(nested, at, arguments[0]);
             })
      .getResult(0);
}

LogicalResult KernelBuilder::build() {
  Operation *root = cluster.back();
  OpBuilder builder(root);
  collectResults();
  for (Value result : results) {
    if (failed(addDestination(builder, result))) {
      return failure();
    }
  }
  llvm::for_each(cluster, [&](Operation *op) { collectInputs(op); });
  Location loc = root->getLoc();
  auto kernel =
      KernelOp::create(builder, loc, TypeRange(ValueRange(destinations)),
                       inputs.getArrayRef(), destinations);
  IRMapping mapping;
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&kernel.getBody());
  for (Value input : inputs) {
    mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
  }
  SmallVector<Value> destinationArguments;
  for (Value destination : destinations) {
    Value argument =
        body->addArgument(destination.getType(), destination.getLoc());
    destinationArguments.push_back(argument);
    if (destinationOf.contains(destination)) {
      mapping.map(destination, argument);
    }
  }
  for (Operation *op : cluster) {
    cloneInto(builder, mapping, op);
  }
  SmallVector<Value> yielded;
  for (auto [index, result] : llvm::enumerate(results)) {
    Value value = mapping.lookup(result);
    // A result in a destination of its own is written there: what is computed
    // in place of something else is copied.
    if (!destinationOf.contains(destinations[index])) {
      value = copyTo(builder, loc, value, destinationArguments[index]);
    }
    yielded.push_back(value);
  }
  YieldOp::create(builder, loc, yielded);
  for (auto [result, replacement] :
       llvm::zip_equal(results, kernel.getResults())) {
    result.replaceAllUsesExcept(replacement, kernel);
  }
  for (Operation *op : llvm::reverse(cluster)) {
    op->dropAllUses();
    op->erase();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Makes fills of splats: these have a destination.
static void fillSplats(Block &block) {
  for (auto splat :
       llvm::make_early_inc_range(block.getOps<tensor::SplatOp>())) {
    OpBuilder builder(splat);
    Location loc = splat.getLoc();
    Value empty = tensor::EmptyOp::create(builder, loc, splat.getType(),
                                          splat.getDynamicSizes());
    auto fill = linalg::FillOp::create(builder, loc, splat.getInput(), empty);
    splat->replaceAllUsesWith(fill);
    splat->erase();
  }
}

/// Copies constants and weights that are results: an output is a buffer.
static void copyReturned(Block &block) {
  OpBuilder builder(block.getTerminator());
  for (OpOperand &operand : block.getTerminator()->getOpOperands()) {
    Value value = operand.get();
    while (Operation *op = value.getDefiningOp()) {
      if (!isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
               tensor::ExtractSliceOp>(op)) {
        break;
      }
      value = op->getOperand(0);
    }
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || !isa_and_nonnull<arith::ConstantOp, WeightValueOp>(
                     value.getDefiningOp())) {
      continue;
    }
    Location loc = value.getLoc();
    Value empty = tensor::EmptyOp::create(
        builder, loc, tensor::getMixedSizes(builder, loc, operand.get()),
        type.getElementType());
    SplatElementsAttr splat;
    if (matchPattern(value, m_Constant(&splat))) {
      Value scalar = arith::ConstantOp::create(
          builder, loc, cast<TypedAttr>(splat.getSplatValue<Attribute>()));
      operand.set(
          linalg::FillOp::create(builder, loc, scalar, empty).getResult(0));
    } else {
      operand.set(copyTo(builder, loc, operand.get(), empty));
    }
  }
}

/// Erases what nobody reads. Checks in the body of an op keep it alive though
/// fusion has taken them along.
static void eraseUnread(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    if (linalgOp && linalgOp.hasPureTensorSemantics() && op.use_empty()) {
      op.erase();
    }
  }
}

/// Gives every op empty tensors and fills of its own, so that no two kernels
/// share a destination.
static void separateDestinations(Block &block) {
  OpBuilder builder(block.getParentOp());
  // From the end, so that the copy of a fill gets an empty tensor of its own.
  for (Operation *op = &block.back(); op; op = op->getPrevNode()) {
    auto dps = dyn_cast<DestinationStyleOpInterface>(op);
    if (!dps) {
      continue;
    }
    for (OpOperand &init : dps.getDpsInitsMutable()) {
      Operation *def = init.get().getDefiningOp();
      if (isa_and_nonnull<linalg::FillOp, tensor::EmptyOp>(def) &&
          !init.get().hasOneUse()) {
        builder.setInsertionPointAfter(def);
        init.set(builder.clone(*def)->getResult(0));
      }
    }
  }
}

void FormKernelsPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (!function.getBody().hasOneBlock()) {
    function.emitOpError("expected a straight-line function");
    return signalPassFailure();
  }
  eraseUnread(function.getBody().front());
  fillSplats(function.getBody().front());
  copyReturned(function.getBody().front());
  separateDestinations(function.getBody().front());
  llvm::SmallPtrSet<Operation *, 32> taken;
  SmallVector<Cluster> clusters;
  for (Operation &op : llvm::reverse(function.getBody().front())) {
    if (isHostOp(&op) || taken.contains(&op) || isTakenAlong(&op)) {
      continue;
    }
    clusters.push_back(ClusterGrower(&op, maxScalarOps, taken).grow());
  }
  for (const Cluster &cluster : llvm::reverse(clusters)) {
    if (failed(KernelBuilder(cluster).build())) {
      return signalPassFailure();
    }
  }
}
