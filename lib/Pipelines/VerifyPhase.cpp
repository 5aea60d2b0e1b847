//===- VerifyPhase.cpp - the border of each phase -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyPhase.h"

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Dialect/ONNX/IR/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace moe;

namespace {

/// Larger constants are weights and never stand in the IR.
constexpr uint64_t kMaxAttributeBytes = 64 << 10;

class VerifyPhasePass
    : public PassWrapper<VerifyPhasePass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VerifyPhasePass)

  explicit VerifyPhasePass(Phase phase)
      : phase(phase), argument(("moe-verify-" + getPhaseName(phase)).str()) {}
  VerifyPhasePass(const VerifyPhasePass &other)
      : PassWrapper(other), phase(other.phase), argument(other.argument) {}

  StringRef getArgument() const override { return argument; }
  StringRef getDescription() const override {
    return "Check what a phase leaves, see docs/pipelines.md";
  }
  void runOnOperation() override;

private:
  LogicalResult checkAlways(Operation *op);
  LogicalResult check(Operation *op);
  InFlightDiagnostic misplaced(Operation *op) {
    return op->emitOpError("is left after phase '") << getPhaseName(phase)
                                                    << "'";
  }

  Phase phase;
  std::string argument;
};

} // namespace

LogicalResult VerifyPhasePass::checkAlways(Operation *op) {
  if (isa<UnrealizedConversionCastOp>(op)) {
    return misplaced(op);
  }
  for (NamedAttribute attribute : op->getAttrs()) {
    auto dense = dyn_cast<DenseElementsAttr>(attribute.getValue());
    if (dense && !dense.isSplat() &&
        dense.getRawData().size() > kMaxAttributeBytes) {
      return op->emitOpError("holds a constant of ")
             << dense.getRawData().size() << " bytes after phase '"
             << getPhaseName(phase) << "'";
    }
  }
  return success();
}

/// Whether an op of the host function computes on tensors itself.
static bool computesOnHost(Operation *op) {
  return isa<linalg::LinalgOp>(op) && op->getParentOfType<func::FuncOp>() &&
         !op->getParentOfType<KernelOp>() &&
         !op->getParentOfType<func::FuncOp>()->hasAttr("moe.kernel");
}

LogicalResult VerifyPhasePass::check(Operation *op) {
  Dialect *dialect = op->getDialect();
  bool isONNX = isa_and_nonnull<onnx::ONNXDialect>(dialect);
  bool isMoE = isa_and_nonnull<MoEDialect>(dialect);
  switch (phase) {
  case Phase::Import:
    return success(isONNX || isa<ModuleOp>(op) ||
                   isa_and_nonnull<func::FuncDialect>(dialect));
  case Phase::Raise:
    if (auto node = dyn_cast<onnx::NodeOp>(op)) {
      return success(node.getDomain() != "com.microsoft" ||
                     node.getOpType() != "MoE");
    }
    return success();
  case Phase::LowerONNX:
    return success(!isONNX &&
                   llvm::none_of(op->getResultTypes(), [](Type type) {
                     return isa<UnrankedTensorType>(type);
                   }));
  case Phase::Fuse:
    return success(!isONNX && !computesOnHost(op));
  case Phase::Plan:
    return success(!isONNX && !computesOnHost(op) &&
                   !isa<KernelOp, GroupedMatmulOp>(op));
  case Phase::Bufferize:
    // Kernels and weights stand in modules of their own.
    if (op->getParentOp() == getOperation()) {
      return success(isa<ModuleOp>(op) ||
                     isa_and_nonnull<moe::rt::MoERTDialect>(dialect));
    }
    return success(!isONNX && !(isMoE && isa<WeightOp, WeightValueOp>(op)));
  case Phase::Codegen:
  case Phase::Package:
    return success();
  }
  return success();
}

void VerifyPhasePass::runOnOperation() {
  // A .mlir file enters wherever its author wants: import has nothing to say
  // about a module without onnx ops.
  if (phase == Phase::Import) {
    bool hasNodes = false;
    getOperation().walk([&](onnx::NodeOp) { hasNodes = true; });
    if (!hasNodes) {
      return;
    }
  }
  WalkResult walk = getOperation().walk([&](Operation *op) {
    if (op == getOperation()) {
      return WalkResult::advance();
    }
    if (failed(checkAlways(op))) {
      return WalkResult::interrupt();
    }
    if (failed(check(op))) {
      misplaced(op);
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  if (walk.wasInterrupted()) {
    signalPassFailure();
  }
}

std::unique_ptr<Pass> moe::createVerifyPhasePass(Phase phase) {
  return std::make_unique<VerifyPhasePass>(phase);
}

void moe::registerVerifyPhasePasses() {
  for (Phase phase : getPhases()) {
    if (phase < Phase::Codegen) {
      registerPass([phase] { return createVerifyPhasePass(phase); });
    }
  }
}
