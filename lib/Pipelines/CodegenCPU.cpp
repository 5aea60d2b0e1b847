//===- CodegenCPU.cpp - the passes from kernels to LLVM -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Pipelines/CodegenCPU.h"

#include "moe/Codegen/Passes.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace moe;

static void addCleanup(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

/// Tensors to memrefs, each kernel by itself and into its destinations.
static void addBufferization(OpPassManager &manager) {
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(options));
  // Every result is its destination by now.
  manager.addPass(bufferization::createDropEquivalentBufferResultsPass());
  addCleanup(manager);
}

static void addConversionToLLVM(OpPassManager &manager) {
  manager.addNestedPass<func::FuncOp>(memref::createFoldMemRefAliasOpsPass());
  manager.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  manager.addPass(arith::createArithExpandOpsPass(expand));
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(LLVM::createLLVMLegalizeForExportPass());
}

void moe::buildCodegenCPUPipeline(OpPassManager &manager,
                                  const CodegenCPUOptions &options) {
  addCleanup(manager);
  // Before tiling, so that reductions compute their elementwise producers
  // themselves and these need no temporary.
  manager.addPass(createFuseElementwisePass());
  manager.addNestedPass<func::FuncOp>(createBindResultsPass());
  manager.addNestedPass<func::FuncOp>(createTilePass());
  addCleanup(manager);
  // What was kept apart for other readers may have one reader in its loop.
  manager.addPass(createFuseElementwisePass());
  // Gives the last operation of an item the slice of the destination, which
  // those before it then share.
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  manager.addNestedPass<func::FuncOp>(createReuseDestinationsPass());
  manager.addNestedPass<func::FuncOp>(createRematerializePass());
  // Fusion folds copies of constants; bufferisation wants every result bound.
  manager.addNestedPass<func::FuncOp>(createBindResultsPass());
  addBufferization(manager);
  // While it can be told which loads come from a tensor.extract.
  manager.addNestedPass<func::FuncOp>(createGuardAccessPass());
  manager.addNestedPass<func::FuncOp>(createLowerCopyPass());
  manager.addNestedPass<func::FuncOp>(createLowerSelectPass());
  manager.addNestedPass<func::FuncOp>(createLowerCombinePass());
  manager.addNestedPass<func::FuncOp>(createLowerGroupPass());
  // On buffers, as its schedule depends on what row counts turn out to be.
  EmitMicrokernelsPassOptions products;
  products.level = getLevelName(options.level).str();
  manager.addPass(createEmitMicrokernelsPass(products));
  manager.addNestedPass<func::FuncOp>(createFixedReductionsPass());
  manager.addNestedPass<func::FuncOp>(createOrderLoopsPass());
  manager.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  addCleanup(manager);
  manager.addNestedPass<func::FuncOp>(createHalfFloatsPass());
  manager.addPass(createBoolBytesPass());
  // Before phases are outlined and loops lost, so that what is constant over a
  // loop is computed outside.
  manager.addPass(createMathPass());
  manager.addNestedPass<func::FuncOp>(createScratchPass());
  manager.addPass(createOutlinePhasesPass());
  addConversionToLLVM(manager);
}

void moe::registerCodegenCPUPipeline() {
  PassPipelineRegistration<>(
      "moe-codegen-cpu-pipeline", "Kernels on tensors to the LLVM dialect",
      [](OpPassManager &manager) { buildCodegenCPUPipeline(manager, {}); });
}
