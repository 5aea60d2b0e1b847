//===- CodegenCPU.h - kernels to code for CPUs ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_PIPELINES_CODEGENCPU_H
#define MOE_PIPELINES_CODEGENCPU_H

#include "moe/Target/CompiledKernels.h"

#include <functional>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class ModuleOp;
class OpPassManager;
class PassManager;
} // namespace mlir

namespace moe {

struct CodegenCPUOptions {
  /// What product kernels are specialised for; everything else is the same at
  /// every level until LLVM.
  Level level = Level::X86_64_V3;
};

/// Kernels on tensors (see moe/Codegen/Kernel.h) to the LLVM dialect, with the
/// kernel table as the module's attribute `moe.kernels`. The module holds
/// kernels and nothing else.
void buildCodegenCPUPipeline(mlir::OpPassManager &manager,
                             const CodegenCPUOptions &options);

/// Adds the interface models and translations that the pipeline and
/// compileKernels() rely on: tiling, bufferisation, value bounds, LLVM IR.
void registerCodegenCPUInterfaces(mlir::DialectRegistry &registry);

/// Registers `moe-codegen-cpu-pipeline`.
void registerCodegenCPUPipeline();

struct CompileKernelsOptions {
  SmallVector<Level> levels = {Level::X86_64_V3, Level::X86_64_V4};
  /// Whether the objects that the images are linked from are kept, too.
  bool keepObjects = false;
  /// Called for each pass manager before it runs, to add instrumentation.
  std::function<void(mlir::PassManager &)> configure;
};

/// Compiles the kernels of `module`, which stays as it is: one LLVM module per
/// kernel and level, on the context's threads. Errors are reported at their
/// kernel; `isBug` becomes false if temporary files are at fault and not the
/// compiler. The same module and options give the same bytes.
FailureOr<CompiledKernels> compileKernels(mlir::ModuleOp module,
                                          const CompileKernelsOptions &options,
                                          bool *isBug = nullptr);

} // namespace moe

#endif // MOE_PIPELINES_CODEGENCPU_H
