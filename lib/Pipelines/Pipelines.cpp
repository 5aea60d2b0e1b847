//===- Pipelines.cpp - every pass of the phases, in order -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Pipelines/Pipelines.h"

#include "VerifyPhase.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"
#include "moe/Dialect/ONNX/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace moe;

namespace {

struct PhaseInfo {
  Phase phase;
  StringRef name;
  StringRef summary;
  void (*build)(OpPassManager &);
};

} // namespace

static constexpr Phase kPhases[] = {
    Phase::Import, Phase::Raise,     Phase::LowerONNX, Phase::Fuse,
    Phase::Plan,   Phase::Bufferize, Phase::Codegen,   Phase::Package};

static const PhaseInfo &info(Phase phase) {
  static const PhaseInfo table[] = {
      {Phase::Import, "import", "one onnx op per node, types inferred",
       buildImportPipeline},
      {Phase::Raise, "raise", "MoE layers are moe ops", buildRaisePipeline},
      {Phase::LowerONNX, "lower-onnx", "no onnx op is left",
       buildLowerONNXPipeline},
      {Phase::Fuse, "fuse", "everything that computes is in a moe.kernel",
       buildFusePipeline},
      {Phase::Plan, "plan", "layouts are chosen, kernels are functions",
       buildPlanPipeline},
      {Phase::Bufferize, "bufferize", "the host function is a moert.program",
       buildBufferizePipeline},
      {Phase::Codegen, "codegen", "kernels are machine code", nullptr},
      {Phase::Package, "package", "the package is written", nullptr}};
  return table[static_cast<int>(phase)];
}

StringRef moe::getPhaseName(Phase phase) { return info(phase).name; }
StringRef moe::getPhaseSummary(Phase phase) { return info(phase).summary; }
ArrayRef<Phase> moe::getPhases() { return kPhases; }

std::optional<Phase> moe::parsePhase(StringRef name) {
  for (Phase phase : kPhases) {
    if (getPhaseName(phase) == name) {
      return phase;
    }
  }
  return std::nullopt;
}

static void addCleanup(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void moe::buildImportPipeline(OpPassManager &manager) {
  // A model comes with the types that the importer inferred; a .mlir file need
  // not. What of the graph is known becomes constants.
  manager.addPass(onnx::createInferPass());
  addCleanup(manager);
  // Weights that no node reads, or only nodes without use.
  manager.addPass(createSymbolDCEPass());
}

void moe::buildRaisePipeline(OpPassManager &manager) {
  // Experts take their weights from what is computed of initializers alone.
  manager.addPass(createHoistWeightsPass());
  manager.addPass(createExpandFusedMoEPass());
  // Types of the nodes that the expansion made.
  manager.addPass(onnx::createInferPass());
  addCleanup(manager);
  // The stacked weights that experts were taken from are read no more.
  manager.addPass(createSymbolDCEPass());
}

void moe::buildLowerONNXPipeline(OpPassManager &manager) {
  manager.addPass(createConvertONNXToLinalgPass());
  manager.addNestedPass<func::FuncOp>(
      memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(manager);
  // Extents and offsets are constants now.
  manager.addPass(createSliceWeightsPass());
  addCleanup(manager);
  manager.addPass(createDedupWeightsPass());
}

void moe::buildFusePipeline(OpPassManager &manager) {
  // Kinds are grouped one by one.
  manager.addNestedPass<func::FuncOp>(createSplitExpertsPass());
  // Bodies of experts and chains on the host alike: one generic op for each
  // chain of element-wise ones.
  manager.addNestedPass<func::FuncOp>(createFuseElementwisePass());
  manager.addNestedPass<func::FuncOp>(createGroupExpertsPass());
  // What could not be grouped, whatever it is.
  manager.addNestedPass<func::FuncOp>(createExpandExpertsPass());
  // Sizes that fusion left as sizes of values it removed.
  manager.addNestedPass<func::FuncOp>(
      memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(manager);
  manager.addNestedPass<func::FuncOp>(createFormKernelsPass());
  // Fills and empty tensors that kernels took along.
  addCleanup(manager);
}

void moe::buildPlanPipeline(OpPassManager &manager) {
  manager.addPass(createAssignEncodingsPass());
  manager.addPass(createAssignPoolsPass());
  manager.addPass(createOutlineKernelsPass());
  // Kernels that differ in the order of their constants only.
  addCleanup(manager);
  manager.addPass(createDedupKernelsPass());
}

void moe::buildBufferizePipeline(OpPassManager &manager) {
  manager.addPass(createLowerAffinePass());
  addCleanup(manager);
  manager.addPass(createConvertHostToMoERTPass());
  addCleanup(manager);
  OpPassManager &nested = manager.nest<ModuleOp>();
  nested.addPass(createOutlineWeightsPass());
  // Transposing, slicing and packing of a weight become one loop nest.
  OpPassManager &kernels = nested.nest<func::FuncOp>();
  kernels.addPass(createLinalgGeneralizeNamedOpsPass());
  kernels.addPass(createFuseElementwisePass());
}

void moe::buildPhasePipeline(Phase phase, OpPassManager &manager) {
  if (info(phase).build) {
    info(phase).build(manager);
    manager.addPass(createVerifyPhasePass(phase));
  }
}

void moe::registerPhasePipelines() {
  registerVerifyPhasePasses();
  for (Phase phase : kPhases) {
    if (!info(phase).build) {
      continue;
    }
    // The registry keeps copies of name and summary.
    registerPassPipeline(
        "moe-" + getPhaseName(phase).str() + "-pipeline",
        getPhaseSummary(phase),
        [phase](OpPassManager &manager, StringRef options,
                function_ref<LogicalResult(const Twine &)> errorHandler)
            -> LogicalResult {
          if (!options.empty()) {
            return errorHandler("takes no options");
          }
          buildPhasePipeline(phase, manager);
          return success();
        },
        [](function_ref<void(const detail::PassOptions &)>) {});
  }
}
