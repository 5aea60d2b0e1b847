//===- EmitCode.cpp - LLVM dialect to objects -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Image.h"

#include "TargetMachine.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace moe;

/// Largest frame of one function, in bytes.
static constexpr unsigned kStackLimit = 48 * 1024;

namespace {

/// Collects the errors of LLVM's back end, and frames over the limit.
struct Diagnostics : llvm::DiagnosticHandler {
  explicit Diagnostics(std::string &errors) : errors(errors) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() == llvm::DS_Error ||
        info.getKind() == llvm::DK_StackSize) {
      llvm::raw_string_ostream stream(errors);
      llvm::DiagnosticPrinterRawOStream printer(stream);
      stream << (errors.empty() ? "" : "; ");
      info.print(printer);
    }
    return true;
  }

  std::string &errors;
};

} // namespace

/// What every function of an image has: the level's features, frame pointers,
/// unwind tables, and nothing that a caller outside could see.
static void setAttributes(llvm::Module &module,
                          const llvm::TargetMachine &machine, Level level) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration()) {
      continue;
    }
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("frame-pointer", "all");
    function.addFnAttr("warn-stack-size", std::to_string(kStackLimit));
    function.addFnAttr("prefer-vector-width",
                       level == Level::X86_64_V4 ? "512" : "256");
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.setUWTableKind(llvm::UWTableKind::Async);
    if (!function.hasLocalLinkage()) {
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
      function.setDSOLocal(true);
    }
  }
}

/// The functions of C that LLVM may call on its own: those of the helper
/// archive.
static llvm::TargetLibraryInfoImpl getLibraryInfo(const llvm::Module &module) {
  llvm::TargetLibraryInfoImpl info(module.getTargetTriple());
  info.disableAllFunctions();
  info.setAvailable(llvm::LibFunc_memcpy);
  info.setAvailable(llvm::LibFunc_memmove);
  info.setAvailable(llvm::LibFunc_memset);
  return info;
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  tuning.LoopInterleaving = true;
  tuning.LoopUnrolling = true;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  functions.registerPass(
      [&] { return llvm::TargetLibraryAnalysis(getLibraryInfo(module)); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  // O3 takes up to a fifth longer, as it unrolls whole products over a short K,
  // and its code was no faster (layers of 7 to 512 rows, the digits model).
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

FailureOr<std::string> moe::emitCode(ModuleOp module, Level level,
                                     CodeKind kind) {
  std::string errors;
  llvm::LLVMContext context;
  context.setDiagnosticHandler(std::make_unique<Diagnostics>(errors));
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(module, context, "kernels");
  if (!translated) {
    return module.emitError("cannot be translated to LLVM IR");
  }
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(level);
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setDataLayout(machine->createDataLayout());
  translated->setPICLevel(llvm::PICLevel::BigPIC);
  setAttributes(*translated, *machine, level);
  optimise(*translated, *machine);

  if (kind == CodeKind::LLVMIR) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    translated->print(stream, nullptr);
    return text;
  }
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager emitter;
  emitter.add(
      new llvm::TargetLibraryInfoWrapperPass(getLibraryInfo(*translated)));
  if (machine->addPassesToEmitFile(emitter, stream, nullptr,
                                   kind == CodeKind::Assembly
                                       ? llvm::CodeGenFileType::AssemblyFile
                                       : llvm::CodeGenFileType::ObjectFile)) {
    return module.emitError("the target cannot emit this kind of file");
  }
  emitter.run(*translated);
  if (!errors.empty()) {
    return module.emitError("code generation failed: ") << errors;
  }
  return std::string(bytes.begin(), bytes.end());
}
