//===- OutlinePhases.cpp - kernels to phase functions ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Per phase there are two functions: the body, whose pointer arguments are
// marked as not aliasing, and the entry, which reads the argument block and
// calls it. Values that several phases need are computed in each of them.
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "PhaseABI.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace moe {
#define GEN_PASS_DEF_OUTLINEPHASESPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

namespace {

/// Top-level operations that run between two barriers.
struct Phase {
  /// The item loop of a parallel phase; null for a serial one.
  scf::ForallOp loop;
  /// What a serial phase executes, in order.
  SmallVector<Operation *> ops;
  int64_t grain = 1;
};

/// Builds the functions of one kernel.
class Outliner {
public:
  Outliner(func::FuncOp kernel, ModuleOp module)
      : kernel(kernel), module(module), builder(kernel) {}

  /// Creates the functions before the kernel and returns its table entry.
  FailureOr<DictionaryAttr> run();

private:
  bool canRecompute(Operation *op) const;
  void splitPhases();
  FailureOr<func::FuncOp> buildBody(unsigned index, PhaseSignature &signature);
  LogicalResult buildSerial(unsigned index, Block *block, Value slots);
  LogicalResult buildParallel(Phase &phase, Value begin, Value end);
  /// Makes every value that `op` uses available in the function being built.
  LogicalResult require(Operation *op);
  LogicalResult requireValue(Value value, Operation *user);
  FailureOr<Value> buildCount(scf::ForallOp loop);
  void replaceAllocs(func::FuncOp body, PhaseSignature &signature);

  func::FuncOp kernel;
  ModuleOp module;
  OpBuilder builder;
  SmallVector<Phase> phases;
  IRMapping mapping;
};

struct OutlinePhasesPass
    : public moe::impl::OutlinePhasesPassBase<OutlinePhasesPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Attribute> table;
    for (auto func :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (!isKernel(func)) {
        continue;
      }
      FailureOr<DictionaryAttr> entry = Outliner(func, module).run();
      if (failed(entry)) {
        return signalPassFailure();
      }
      table.push_back(*entry);
      func.erase();
    }
    module->setAttr(kTableAttr, ArrayAttr::get(&getContext(), table));
  }
};

} // namespace

/// Whether `value` is or views an argument that the kernel never writes.
static bool isReadOnly(Value value, func::FuncOp kernel) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>()) {
    value = view.getViewSource();
  }
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &kernel.getBody().front()) {
    return false;
  }
  FailureOr<SmallVector<BlockArgument>> outs = getDestinations(kernel);
  return succeeded(outs) && !llvm::is_contained(*outs, argument);
}

bool Outliner::canRecompute(Operation *op) const {
  if (isa<memref::AllocOp>(op) || isMemoryEffectFree(op)) {
    return true;
  }
  auto load = dyn_cast<memref::LoadOp>(op);
  return load && isReadOnly(load.getMemRef(), kernel);
}

void Outliner::splitPhases() {
  phases.emplace_back();
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (auto loop = dyn_cast<scf::ForallOp>(op)) {
      Phase &phase = phases.emplace_back();
      phase.loop = loop;
      if (auto grain = loop->getAttrOfType<IntegerAttr>(kGrainAttr)) {
        phase.grain = std::max<int64_t>(1, grain.getInt());
      }
    } else if (!canRecompute(&op)) {
      if (phases.back().loop) {
        phases.emplace_back();
      }
      phases.back().ops.push_back(&op);
    }
  }
}

LogicalResult Outliner::requireValue(Value value, Operation *user) {
  if (mapping.contains(value)) {
    return success();
  }
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &kernel.getBody().front() || !canRecompute(op)) {
    InFlightDiagnostic diag = user->emitOpError(
        "uses a value of another phase that cannot be computed again");
    diag.attachNote(value.getLoc()) << "the value is computed here";
    return diag;
  }
  if (failed(require(op))) {
    return failure();
  }
  builder.clone(*op, mapping);
  return success();
}

LogicalResult Outliner::require(Operation *op) {
  for (Value operand : op->getOperands()) {
    if (failed(requireValue(operand, op))) {
      return failure();
    }
  }
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured) {
    if (failed(requireValue(value, op))) {
      return failure();
    }
  }
  return success();
}

/// The number of iterations of each dimension, as index values.
static SmallVector<Value> buildTrips(OpBuilder &builder, scf::ForallOp loop,
                                     const IRMapping &mapping) {
  Location loc = loop.getLoc();
  OpBuilder::InsertionGuard guard(builder);
  auto materialize = [&](OpFoldResult value) -> Value {
    if (auto attr = dyn_cast<Attribute>(value)) {
      return arith::ConstantIndexOp::create(builder, loc,
                                            cast<IntegerAttr>(attr).getInt());
    }
    return mapping.lookup(cast<Value>(value));
  };
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  SmallVector<Value> trips;
  for (auto [lower, upper, step] :
       llvm::zip_equal(loop.getMixedLowerBound(), loop.getMixedUpperBound(),
                       loop.getMixedStep())) {
    Value length = arith::SubIOp::create(builder, loc, materialize(upper),
                                         materialize(lower));
    Value trip =
        arith::CeilDivSIOp::create(builder, loc, length, materialize(step));
    trips.push_back(arith::MaxSIOp::create(builder, loc, trip, zero));
  }
  return trips;
}

/// The items of `loop` as an i64.
FailureOr<Value> Outliner::buildCount(scf::ForallOp loop) {
  Location loc = loop.getLoc();
  for (Value operand : loop->getOperands()) {
    if (failed(requireValue(operand, loop))) {
      return failure();
    }
  }
  Value count = arith::ConstantIndexOp::create(builder, loc, 1);
  for (Value trip : buildTrips(builder, loop, mapping)) {
    count = arith::MulIOp::create(builder, loc, count, trip);
  }
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), count)
      .getResult();
}

LogicalResult Outliner::buildSerial(unsigned index, Block *block, Value slots) {
  builder.setInsertionPointToEnd(block);
  for (Operation *op : phases[index].ops) {
    if (failed(require(op))) {
      return failure();
    }
    builder.clone(*op, mapping);
  }
  Location loc = kernel.getLoc();
  auto store = [&](unsigned phase, Value count) {
    storeItems(builder, loc, slots, phase, count);
  };
  // Serial phases have one item, which the first phase says; the items of a
  // parallel one are said by the last serial one before it.
  for (unsigned other = index + 1; other < phases.size(); ++other) {
    Phase &phase = phases[other];
    if (!phase.loop) {
      if (index == 0) {
        store(other, arith::ConstantIntOp::create(builder, loc,
                                                  builder.getI64Type(), 1));
        continue;
      }
      break;
    }
    unsigned serial = other;
    while (phases[serial].loop) {
      --serial;
    }
    if (serial != index) {
      continue;
    }
    FailureOr<Value> count = buildCount(phase.loop);
    if (failed(count)) {
      return failure();
    }
    store(other, *count);
  }
  return success();
}

LogicalResult Outliner::buildParallel(Phase &phase, Value begin, Value end) {
  scf::ForallOp loop = phase.loop;
  Location loc = loop.getLoc();
  // How far the first dimension goes only the phase before need know, which
  // has written the number of items.
  auto bound = dyn_cast<Value>(loop.getMixedUpperBound().front());
  if (bound && bound.hasOneUse()) {
    mapping.map(bound, arith::ConstantIndexOp::create(builder, loc, 0));
  }
  if (failed(require(loop))) {
    return failure();
  }
  SmallVector<Value> trips = buildTrips(builder, loop, mapping);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto items = scf::ForOp::create(builder, loc, begin, end, one);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(items.getBody());
  // Row-major: the last dimension varies fastest.
  Value rest = items.getInductionVar();
  SmallVector<Value> positions(trips.size());
  for (int64_t dim = trips.size() - 1; dim > 0; --dim) {
    positions[dim] = arith::RemUIOp::create(builder, loc, rest, trips[dim]);
    rest = arith::DivUIOp::create(builder, loc, rest, trips[dim]);
  }
  if (!positions.empty()) {
    positions[0] = rest;
  }
  auto lookup = [&](OpFoldResult value) -> Value {
    if (auto attr = dyn_cast<Attribute>(value)) {
      return arith::ConstantIndexOp::create(builder, loc,
                                            cast<IntegerAttr>(attr).getInt());
    }
    return mapping.lookup(cast<Value>(value));
  };
  for (auto [iv, position, lower, step] :
       llvm::zip_equal(loop.getInductionVars(), positions,
                       loop.getMixedLowerBound(), loop.getMixedStep())) {
    Value scaled = arith::MulIOp::create(builder, loc, position, lookup(step));
    mapping.map(iv, arith::AddIOp::create(builder, loc, scaled, lookup(lower)));
  }
  for (Operation &op : loop.getBody()->without_terminator()) {
    builder.clone(op, mapping);
  }
  return success();
}

/// Temporaries become memrefs over pointer arguments of `body`.
void Outliner::replaceAllocs(func::FuncOp body, PhaseSignature &signature) {
  SmallVector<memref::AllocOp> allocs;
  body.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
  for (memref::AllocOp alloc : allocs) {
    int64_t offset = alloc->getAttrOfType<IntegerAttr>(kScratchAttr).getInt();
    Value pointer = signature.addScratch(body.getBody().front(), alloc.getLoc(),
                                         offset, alloc->hasAttr("moe.shared"));
    builder.setInsertionPoint(alloc);
    SmallVector<Value> sizes;
    for (Value size : alloc.getDynamicSizes()) {
      sizes.push_back(arith::IndexCastOp::create(builder, alloc.getLoc(),
                                                 builder.getI64Type(), size));
    }
    alloc.replaceAllUsesWith(
        buildMemRef(builder, alloc.getLoc(), alloc.getType(), pointer, sizes));
    alloc.erase();
  }
}

/// Turns each cf.assert of `body` into a failure code that it returns in the
/// end; until then it goes on, so that loops keep one exit.
static Value lowerAsserts(OpBuilder &builder, func::FuncOp body) {
  SmallVector<cf::AssertOp> asserts;
  body.walk([&](cf::AssertOp op) { asserts.push_back(op); });
  Location loc = body.getLoc();
  Type i32 = builder.getI32Type();
  Block &block = body.getBody().front();
  if (asserts.empty()) {
    builder.setInsertionPointToEnd(&block);
    return arith::ConstantIntOp::create(builder, loc, i32, 0);
  }
  builder.setInsertionPointToStart(&block);
  auto type = MemRefType::get({}, i32);
  Value code = memref::AllocaOp::create(builder, loc, type);
  Value zero = arith::ConstantIntOp::create(builder, loc, i32, 0);
  memref::StoreOp::create(builder, loc, zero, code);
  for (cf::AssertOp op : asserts) {
    builder.setInsertionPoint(op);
    Value failure = arith::ConstantIntOp::create(builder, op.getLoc(), i32,
                                                 getFailureCode(op.getMsg()));
    Value pass = arith::ConstantIntOp::create(builder, op.getLoc(), i32, 0);
    Value now = arith::SelectOp::create(builder, op.getLoc(), op.getArg(), pass,
                                        failure);
    Value before = memref::LoadOp::create(builder, op.getLoc(), code);
    Value worst = arith::MaxUIOp::create(builder, op.getLoc(), before, now);
    memref::StoreOp::create(builder, op.getLoc(), worst, code);
    op.erase();
  }
  builder.setInsertionPointToEnd(&block);
  return memref::LoadOp::create(builder, loc, code);
}

FailureOr<func::FuncOp> Outliner::buildBody(unsigned index,
                                            PhaseSignature &signature) {
  Phase &phase = phases[index];
  Location loc = kernel.getLoc();
  builder.setInsertionPoint(kernel);
  auto body = func::FuncOp::create(
      builder, loc, (kernel.getName() + ".body" + Twine(index)).str(),
      builder.getFunctionType({}, {}));
  Block *block = body.addEntryBlock();
  builder.setInsertionPointToStart(block);
  mapping.clear();
  signature.addArguments(builder, kernel, *block, mapping);
  if (phase.loop) {
    Value begin = block->addArgument(builder.getIndexType(), loc);
    Value end = block->addArgument(builder.getIndexType(), loc);
    if (failed(buildParallel(phase, begin, end))) {
      return failure();
    }
  } else {
    auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
    Value slots = block->addArgument(pointer, loc);
    if (failed(buildSerial(index, block, slots))) {
      return failure();
    }
  }
  if (failed(signature.lowerExpertViews(body))) {
    return failure();
  }
  replaceAllocs(body, signature);
  Value code = lowerAsserts(builder, body);
  func::ReturnOp::create(builder, loc, code);
  signature.finish(body);
  return body;
}

FailureOr<DictionaryAttr> Outliner::run() {
  if (!kernel.getBody().hasOneBlock() || kernel.getNumResults() != 0) {
    return kernel.emitOpError("is a kernel, but not one bufferised block");
  }
  auto scratch = kernel->getAttrOfType<IntegerAttr>(kScratchAttr);
  if (!scratch) {
    return kernel.emitOpError("is a kernel whose scratch is not placed");
  }
  kernel.walk([&](memref::AllocOp alloc) {
    if (!alloc->getParentOfType<scf::ForallOp>()) {
      alloc->setAttr("moe.shared", builder.getUnitAttr());
    }
  });
  splitPhases();
  SmallVector<Attribute> table;
  for (auto [index, phase] : llvm::enumerate(phases)) {
    PhaseSignature signature(phases.size());
    FailureOr<func::FuncOp> body = buildBody(index, signature);
    if (failed(body)) {
      return failure();
    }
    std::string name = (kernel.getName() + ".phase" + Twine(index)).str();
    builder.setInsertionPoint(kernel);
    signature.buildEntry(builder, *body, name, /*parallel=*/!!phase.loop);
    table.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("symbol", builder.getStringAttr(name)),
         builder.getNamedAttr("grain",
                              builder.getI64IntegerAttr(phase.grain))}));
  }
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("name", builder.getStringAttr(kernel.getName())),
       builder.getNamedAttr("phases", builder.getArrayAttr(table)),
       builder.getNamedAttr(
           "slots", builder.getI64IntegerAttr(getArgumentSlots(kernel))),
       builder.getNamedAttr("scratch", scratch)});
}
