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
#include "moe/Support/Tensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
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
  /// Shown by --mlir-timing.
  StringRef getName() const override { return argument; }
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

/// Whether an op of the host function computes on tensors itself.
static bool computesOnHost(Operation *op) {
  if (!isa<linalg::LinalgOp>(op) &&
      !(isa<DestinationStyleOpInterface>(op) &&
        isa_and_nonnull<MoEDialect>(op->getDialect()))) {
    return false;
  }
  auto function = op->getParentOfType<func::FuncOp>();
  return function && !function->hasAttr("moe.kernel") && !isa<KernelOp>(op) &&
         !op->getParentOfType<KernelOp>();
}

/// A program takes and returns tensors and nothing else.
static LogicalResult checkEntry(func::FuncOp function) {
  if (!function.isPublic() || function->hasAttr("moe.kernel")) {
    return success();
  }
  auto check = [&](TypeRange types, StringRef what) -> LogicalResult {
    for (auto [index, type] : llvm::enumerate(types)) {
      if (!isa<RankedTensorType>(type)) {
        return function.emitOpError(what)
               << " #" << index << " must be a ranked tensor, but is " << type
               << "; a public function is a program, make others private";
      }
    }
    return success();
  };
  return failure(failed(check(function.getArgumentTypes(), "argument")) ||
                 failed(check(function.getResultTypes(), "result")));
}

LogicalResult VerifyPhasePass::checkAlways(Operation *op) {
  if (isa<UnrealizedConversionCastOp>(op)) {
    return misplaced(op);
  }
  auto function = dyn_cast<func::FuncOp>(op);
  if (function && phase >= Phase::LowerONNX && failed(checkEntry(function))) {
    return failure();
  }
  for (Type type : op->getResultTypes()) {
    if (!isAddressable(type)) {
      return op->emitOpError("has a result of type ")
             << type << " after phase '" << getPhaseName(phase)
             << "', which is too large";
    }
  }
  uint64_t largest = 0;
  AttrTypeWalker walker;
  walker.addWalk([&](DenseElementsAttr dense) {
    if (!dense.isSplat()) {
      largest = std::max<uint64_t>(largest, dense.getRawData().size());
    }
  });
  walker.addWalk([&](DenseArrayAttr array) {
    largest = std::max<uint64_t>(largest, array.getRawData().size());
  });
  walker.addWalk([&](DenseResourceElementsAttr resource) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob()) {
      largest = std::max<uint64_t>(largest, blob->getData().size());
    }
  });
  walker.walk(op->getAttrDictionary());
  if (largest > kMaxAttributeBytes) {
    return op->emitOpError("holds a constant of ")
           << largest << " bytes after phase '" << getPhaseName(phase)
           << "'; at most " << kMaxAttributeBytes << " may stand in the IR";
  }
  return success();
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
