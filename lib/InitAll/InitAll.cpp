//===- InitAll.cpp - registers everything of ours -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/InitAll.h"
#include "moe/Codegen/Passes.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/Transforms/BufferizableOpInterfaceImpl.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/Transforms/Passes.h"
#include "moe/Pipelines/CodegenCPU.h"
#include "moe/Pipelines/Pipelines.h"

void moe::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<MoEDialect, onnx::ONNXDialect, rt::MoERTDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
  registerCodegenCPUInterfaces(registry);
}

void moe::registerAllPasses() {
  registerCodegenPasses();
  registerConversionPasses();
  registerMoEPasses();
  onnx::registerONNXPasses();
  registerCodegenCPUPipeline();
  registerPhasePipelines();
}
