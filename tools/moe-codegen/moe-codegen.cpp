//===- moe-codegen.cpp - kernels to code images ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles a module of kernels without a program around them: for tests and
// for looking at code. Writes LEVEL.so and kernels.json into a folder, or the
// optimised LLVM IR or assembly of all kernels to stdout.
//
//===----------------------------------------------------------------------===//

#include "moe/InitAll.h"
#include "moe/Pipelines/CodegenCPU.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace cl = llvm::cl;

static cl::OptionCategory category("moe-codegen options");
static cl::opt<std::string> input(cl::Positional, cl::desc("<kernels.mlir>"),
                                  cl::init("-"), cl::cat(category));
static cl::opt<std::string>
    outputFolder("o", cl::desc("Folder for LEVEL.so and kernels.json"),
                 cl::value_desc("folder"), cl::init("."), cl::cat(category));
static cl::list<std::string>
    levelNames("level", cl::desc("Instruction-set level, repeatable"),
               cl::value_desc("name"), cl::cat(category));

enum class Emit { Images, LLVMIR, Assembly };
static cl::opt<Emit> emitKind(
    "emit", cl::desc("What to write"), cl::init(Emit::Images),
    cl::values(clEnumValN(Emit::Images, "images", "images and kernel table"),
               clEnumValN(Emit::LLVMIR, "llvm", "optimised LLVM IR"),
               clEnumValN(Emit::Assembly, "asm", "assembly")),
    cl::cat(category));

static LogicalResult writeFile(const llvm::Twine &name, llvm::StringRef bytes) {
  llvm::SmallString<128> path(outputFolder);
  llvm::sys::path::append(path, name);
  std::string message;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(path, &message);
  if (!file) {
    llvm::errs() << "error: " << message << "\n";
    return failure();
  }
  file->os() << bytes;
  file->keep();
  return success();
}

static llvm::json::Value toJSON(const moe::CompiledKernel &kernel) {
  llvm::json::Array grains;
  for (const moe::CompiledPhase &phase : kernel.phases) {
    grains.push_back(phase.grain);
  }
  return llvm::json::Object{{"name", kernel.name},
                            {"grains", std::move(grains)},
                            {"slots", kernel.argumentSlots},
                            {"scratch", kernel.scratchBytes}};
}

static LogicalResult writeImages(ModuleOp module,
                                 llvm::ArrayRef<moe::Level> levels) {
  moe::CompileKernelsOptions options;
  options.levels.assign(levels.begin(), levels.end());
  llvm::SmallString<128> folder(outputFolder);
  auto compiled = moe::compileKernels(module, options);
  if (failed(compiled)) {
    return failure();
  }
  outputFolder = folder.str().str();
  if (std::error_code error = llvm::sys::fs::create_directories(folder)) {
    llvm::errs() << "error: cannot create '" << folder
                 << "': " << error.message() << "\n";
    return failure();
  }
  for (const moe::CodeImage &image : compiled->images) {
    if (failed(
            writeFile(moe::getLevelName(image.level) + ".so", image.bytes))) {
      return failure();
    }
  }
  llvm::json::Array table;
  for (const moe::CompiledKernel &kernel : compiled->kernels) {
    table.push_back(toJSON(kernel));
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(table)) << "\n";
  return writeFile("kernels.json", text);
}

static LogicalResult printCode(ModuleOp module, moe::Level level,
                               moe::CodeKind kind) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  moe::CodegenCPUOptions options;
  options.level = level;
  moe::buildCodegenCPUPipeline(manager, options);
  if (failed(manager.run(module))) {
    return failure();
  }
  auto text = moe::emitCode(module, level, kind);
  if (failed(text)) {
    return failure();
  }
  llvm::outs() << *text;
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "moec kernel code generator\n");

  llvm::SmallVector<moe::Level> levels;
  for (const std::string &name : levelNames) {
    auto level = moe::parseLevel(name);
    if (failed(level)) {
      llvm::errs() << "error: unknown level '" << name
                   << "'; known are x86-64-v3 and x86-64-v4\n";
      return 2;
    }
    levels.push_back(*level);
  }
  if (levels.empty()) {
    levels = {moe::Level::X86_64_V3, moe::Level::X86_64_V4};
  }

  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  moe::registerAllDialects(registry);
  MLIRContext context(registry);
  std::string message;
  auto file = openInputFile(input, &message);
  if (!file) {
    llvm::errs() << "error: " << message << "\n";
    return 1;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module) {
    return 1;
  }
  LogicalResult result =
      emitKind == Emit::Images
          ? writeImages(*module, levels)
          : printCode(*module, levels.front(),
                      emitKind == Emit::LLVMIR ? moe::CodeKind::LLVMIR
                                               : moe::CodeKind::Assembly);
  return succeeded(result) ? 0 : 1;
}
