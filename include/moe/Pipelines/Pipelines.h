//===- Pipelines.h - the phases of the compiler -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_PIPELINES_PIPELINES_H
#define MOE_PIPELINES_PIPELINES_H

#include "moe/Support/LLVM.h"

#include "llvm/ADT/StringRef.h"

#include <optional>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace moe {

/// The compiler's phases, in order. Each has one pipeline, except the first,
/// which reads the model, and the last two, which write code and the package.
enum class Phase {
  Import,    ///< one onnx op per node, types inferred
  Raise,     ///< MoE layers are moe ops
  LowerONNX, ///< no onnx op is left
  Fuse,      ///< everything that computes is in a moe.kernel
  Plan,      ///< layouts chosen, kernels are functions
  Bufferize, ///< the host function is a moert.program
  Codegen,   ///< kernels are machine code
  Package    ///< bytes
};

/// "import", "raise", "lower-onnx", ...
StringRef getPhaseName(Phase phase);
/// The phase with that name.
std::optional<Phase> parsePhase(StringRef name);
/// What the phase leaves, in one line; for --help.
StringRef getPhaseSummary(Phase phase);
/// All phases, in order.
ArrayRef<Phase> getPhases();

/// The attribute of a module that names the last phase it went through. moec
/// goes on from there when it reads the IR again.
inline constexpr llvm::StringLiteral kPhaseAttr = "moe.phase";

/// After the importer: normalises what it made.
void buildImportPipeline(mlir::OpPassManager &manager);
void buildRaisePipeline(mlir::OpPassManager &manager);
void buildLowerONNXPipeline(mlir::OpPassManager &manager);
void buildFusePipeline(mlir::OpPassManager &manager);
void buildPlanPipeline(mlir::OpPassManager &manager);
void buildBufferizePipeline(mlir::OpPassManager &manager);

/// The pipeline of a phase between import and bufferize.
void buildPhasePipeline(Phase phase, mlir::OpPassManager &manager);

/// Registers `moe-<phase>-pipeline` for each phase that has one.
void registerPhasePipelines();

} // namespace moe

#endif // MOE_PIPELINES_PIPELINES_H
