//===- Compile.cpp - a model to a package ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compile.h"

#include "moe/Codegen/Kernel.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Import/ONNX.h"
#include "moe/InitAll.h"
#include "moe/Pipelines/CodegenCPU.h"
#include "moe/Support/ModelFiles.h"
#include "moe/Support/Quote.h"
#include "moe/Target/Package.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Support/Timing.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace moe;
using namespace moec;

namespace {

/// One compilation.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options)
      : options(options), context(registry(), MLIRContext::Threading::ENABLED),
        files(llvm::sys::path::parent_path(options.input)) {
    if (!options.externalDataRoot.empty()) {
      files.allowLinksInside(options.externalDataRoot);
    }
    // An op's text beside an error helps nobody who exported a model.
    context.printOpOnDiagnostic(false);
    if (StringRef(options.input).ends_with(".mlir")) {
      sourceHandler.emplace(sourceMgr, &context, llvm::errs());
    } else {
      context.getDiagEngine().registerHandler(
          [this](Diagnostic &diagnostic) { print(diagnostic); });
    }
    timing.setEnabled(options.timing);
    root = timing.getRootScope();
  }

  int run();

private:
  static DialectRegistry registry() {
    DialectRegistry result;
    mlir::registerAllDialects(result);
    mlir::registerAllExtensions(result);
    moe::registerAllDialects(result);
    return result;
  }
  void print(Diagnostic &diagnostic);
  int import();
  int importIR();
  int checkFolders();
  int checkOutput();
  int runPhase(Phase phase);
  int codegen();
  int package();
  int object();
  int dump(Phase phase);
  int writeModule();
  void configure(PassManager &manager, TimingScope &scope);
  int internalError(StringRef phase);
  /// The exit code where the reason was printed already.
  int failIn(StringRef phase, bool isBug) {
    return isBug ? internalError(phase) : int(Failed);
  }

  const CompileOptions &options;
  MLIRContext context;
  llvm::SourceMgr sourceMgr;
  /// For .mlir input: shows the line.
  std::optional<SourceMgrDiagnosticHandler> sourceHandler;
  DefaultTimingManager timing;
  TimingScope root;
  OwningOpRef<ModuleOp> module;
  /// The last phase that is done; of .onnx and hand-written IR there is none.
  std::optional<Phase> done;
  /// The same ones from import to package.
  ModelFiles files;
  std::string sourceGraph;
  CompiledKernels kernels, weightKernels;
};

} // namespace

static int fail(const Twine &message) {
  llvm::errs() << "moec: error: " << message << '\n';
  return Failed;
}

/// Errors about an ONNX file name the file; what is wrong in it is in the text.
void Compilation::print(Diagnostic &diagnostic) {
  auto line = [&](const Diagnostic &part) {
    StringRef kind =
        part.getSeverity() == DiagnosticSeverity::Error     ? "error"
        : part.getSeverity() == DiagnosticSeverity::Warning ? "warning"
        : part.getSeverity() == DiagnosticSeverity::Remark  ? "remark"
                                                            : "note";
    llvm::errs() << "moec: " << kind << ": " << options.input << ": "
                 << part.str() << '\n';
  };
  line(diagnostic);
  llvm::for_each(diagnostic.getNotes(), line);
}

int Compilation::internalError(StringRef phase) {
  llvm::errs()
      << "moec: internal compiler error in phase '" << phase
      << "': this is a bug of moec, not of the model; please report "
         "it with the model or with the IR that --dump-ir-dir writes\n";
  return Internal;
}

void Compilation::configure(PassManager &manager, TimingScope &scope) {
  manager.enableTiming(scope);
  if (!options.reproducer.empty()) {
    manager.enableCrashReproducerGeneration(options.reproducer);
  }
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

/// What in `module` only a phase makes after which passes before it refuse the
/// IR, and that phase.
static std::optional<std::pair<Phase, StringRef>>
findMadeByPhase(ModuleOp module) {
  for (Operation &op : *module.getBody()) {
    if (isa<moe::rt::ProgramOp>(op)) {
      return {{Phase::Bufferize, "a moert.program"}};
    }
    if (isa<func::FuncOp>(op) && op.hasAttr(kernel::kKernelAttr)) {
      return {{Phase::Plan, "a function that is a moe.kernel"}};
    }
  }
  return std::nullopt;
}

/// IR that a phase left says so, and the next phase goes on from there.
int Compilation::importIR() {
  std::string message;
  auto file = openInputFile(options.input, &message);
  if (!file) {
    return fail(message);
  }
  sourceMgr.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  module = parseSourceFile<ModuleOp>(sourceMgr, &context);
  if (!module) {
    return Failed;
  }
  if (auto name = (*module)->getAttrOfType<StringAttr>(kPhaseAttr)) {
    done = parsePhase(name.getValue());
    if (!done) {
      return fail("'" + options.input + "' names an unknown phase, '" +
                  name.getValue() + "', in its attribute " + kPhaseAttr);
    }
    if (*done >= Phase::Codegen) {
      return fail("'" + options.input + "' is IR after phase '" +
                  name.getValue() +
                  "', whose machine code is not in the IR; compile the IR of "
                  "an earlier phase");
    }
    if (options.compileTo < *done) {
      return fail("'" + options.input + "' is IR after phase '" +
                  name.getValue() +
                  "' already; --compile-to names an earlier "
                  "one");
    }
  }
  auto made = findMadeByPhase(*module);
  if (made && (!done || *done < made->first)) {
    StringRef phase = getPhaseName(made->first);
    return fail(
        "'" + options.input + "' has " + made->second + ", which phase '" +
        phase +
        "' makes; if it is the IR after that phase, its module needs the "
        "attribute " +
        kPhaseAttr + " = \"" + phase + "\"");
  }
  return Success;
}

int Compilation::import() {
  StringRef input = options.input;
  TimingScope scope = root.nest("import");
  if (input.ends_with(".mlir")) {
    return importIR();
  }
  ImportOptions import;
  import.files = &files;
  import.sourceGraph = &sourceGraph;
  module = importONNX(input, import, &context);
  return module ? Success : Failed;
}

int Compilation::runPhase(Phase phase) {
  TimingScope scope = root.nest(getPhaseName(phase));
  PassManager manager(&context, ModuleOp::getOperationName());
  configure(manager, scope);
  buildPhasePipeline(phase, manager);
  if (failed(manager.run(*module))) {
    // What a model may do wrong is found by the end of lower-onnx.
    return phase <= Phase::LowerONNX ? Failed
                                     : internalError(getPhaseName(phase));
  }
  return Success;
}

/// The kernel table goes to the declarations that the program names.
static LogicalResult attachKernels(ModuleOp module,
                                   const CompiledKernels &kernels) {
  Builder builder(module.getContext());
  Operation *last = nullptr;
  for (const CompiledKernel &kernel : kernels.kernels) {
    auto declared = module.lookupSymbol<moe::rt::KernelOp>(kernel.name);
    if (!declared ||
        static_cast<int64_t>(declared.getArguments()) != kernel.argumentSlots) {
      return module.emitError("kernel '")
             << kernel.name << "' does not match its declaration";
    }
    SmallVector<int64_t> grains;
    for (const CompiledPhase &phase : kernel.phases) {
      grains.push_back(phase.grain);
    }
    declared.setGrains(grains);
    declared.setScratch(kernel.scratchBytes);
    // Phases are numbered in the order of the table.
    if (last) {
      declared->moveAfter(last);
    }
    last = declared;
  }
  return success();
}

int Compilation::codegen() {
  TimingScope scope = root.nest("codegen");
  CompileKernelsOptions code;
  code.levels = options.levels;
  code.keepObjects = options.emitObject;
  code.configure = [&](PassManager &manager) { configure(manager, scope); };
  bool isBug = true;
  auto compileNested = [&](StringRef name, CompiledKernels &result) {
    auto nested = module->lookupSymbol<ModuleOp>(name);
    if (!nested || nested.getBody()->empty()) {
      return success();
    }
    FailureOr<CompiledKernels> compiled = compileKernels(nested, code, &isBug);
    if (succeeded(compiled)) {
      result = std::move(*compiled);
    }
    return LogicalResult(compiled);
  };
  if (failed(compileNested("kernels", kernels))) {
    return failIn("codegen", isBug);
  }
  if (failed(attachKernels(*module, kernels))) {
    return internalError("codegen");
  }
  if (options.emitObject) {
    return Success;
  }
  // Weights are computed here and must not depend on the machine.
  code.levels = {Level::X86_64_V3};
  if (failed(compileNested("weights", weightKernels))) {
    return failIn("codegen", isBug);
  }
  return Success;
}

int Compilation::package() {
  TimingScope scope = root.nest("package");
  PackageContents contents;
  contents.kernels = &kernels;
  contents.weightKernels = &weightKernels;
  contents.files = &files;
  contents.sourceGraph = sourceGraph;
  contents.metadata = {
      {"compiler", "moec " MOE_VERSION},
      {"source", llvm::sys::path::filename(options.input).str()}};
  bool isBug = false;
  if (failed(writePackage(*module, contents, options.output, isBug))) {
    return failIn("package", isBug);
  }
  return Success;
}

/// Writes a file whole or not at all.
static std::error_code writeFile(StringRef path, StringRef bytes) {
  llvm::SmallString<128> pattern(llvm::sys::path::parent_path(path));
  llvm::sys::path::append(pattern, ".moe-%%%%%%%%.tmp");
  auto file = llvm::sys::fs::TempFile::create(pattern);
  if (!file) {
    return llvm::errorToErrorCode(file.takeError());
  }
  std::error_code error;
  {
    llvm::raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
    stream << bytes;
    stream.flush();
    error = stream.error();
    stream.clear_error();
  }
  if (error) {
    llvm::consumeError(file->discard());
    return error;
  }
  return llvm::errorToErrorCode(file->keep(path));
}

int Compilation::object() {
  TimingScope scope = root.nest("object");
  if (kernels.images.empty()) {
    return fail("'" + options.input +
                "' needs no kernels, so there is no code to link; its package "
                "runs without");
  }
  std::string message;
  bool isBug = true;
  FailureOr<std::string> bytes =
      linkCode(kernels, options.symbol, message, &isBug);
  if (failed(bytes)) {
    module->emitError("cannot link the object: ") << message;
    return failIn("package", isBug);
  }
  if (std::error_code error = writeFile(options.output, *bytes)) {
    return fail("cannot write " + quote(options.output) + ": " +
                error.message());
  }
  return Success;
}

//===----------------------------------------------------------------------===//
// IR files
//===----------------------------------------------------------------------===//

/// Keeps a file that was written in full.
static int keep(llvm::ToolOutputFile &file, StringRef path) {
  // Errors of stdout are main()'s.
  if (&file.os() != &llvm::outs()) {
    file.os().flush();
    if (std::error_code error = file.os().error()) {
      file.os().clear_error();
      return fail("cannot write '" + path + "': " + error.message());
    }
  }
  file.keep();
  return Success;
}

int Compilation::dump(Phase phase) {
  if (options.dumpDirectory.empty()) {
    return Success;
  }
  if (std::error_code error =
          llvm::sys::fs::create_directories(options.dumpDirectory)) {
    return fail("cannot create the folder '" + options.dumpDirectory +
                "': " + error.message());
  }
  llvm::SmallString<128> path(options.dumpDirectory);
  llvm::sys::path::append(path, std::to_string(static_cast<int>(phase)) + "-" +
                                    getPhaseName(phase).str() + ".mlir");
  std::string message;
  auto file = openOutputFile(path, &message);
  if (!file) {
    return fail(message);
  }
  module->print(file->os(), OpPrintingFlags().enableDebugInfo());
  return keep(*file, path);
}

int Compilation::writeModule() {
  std::string message;
  auto file =
      openOutputFile(options.output.empty() ? "-" : options.output, &message);
  if (!file) {
    return fail(message);
  }
  module->print(file->os(), OpPrintingFlags().enableDebugInfo());
  file->os() << '\n';
  return keep(*file, options.output);
}

/// What can be seen of the output before there is anything to write.
int Compilation::checkOutput() {
  const std::string &output = options.output;
  if (files.contains(output) ||
      llvm::sys::fs::equivalent(options.input, output)) {
    return fail("cannot write " + quote(output) +
                ": the model reads it; name another file");
  }
  std::string obstacle = options.compileTo == Phase::Package
                             ? findObstacle(output)
                             : std::string();
  return obstacle.empty() ? Success : fail(obstacle);
}

/// A folder that is not there would be found, if at all, as a link that leads
/// nowhere.
int Compilation::checkFolders() {
  const std::string &root = options.externalDataRoot;
  llvm::sys::fs::file_status status;
  std::error_code error = llvm::sys::fs::status(root, status);
  if (root.empty() || (!error && llvm::sys::fs::is_directory(status))) {
    return Success;
  }
  return fail("cannot follow links into " + quote(root) +
              " (--external-data-root): " +
              (error ? error.message() : "it is no folder"));
}

int Compilation::run() {
  if (int code = checkFolders()) {
    return code;
  }
  if (int code = import()) {
    return code;
  }
  if (int code = checkOutput()) {
    return code;
  }
  for (Phase phase : getPhases()) {
    if (phase == Phase::Package) {
      return options.emitObject ? object() : package();
    }
    int code = Success;
    if (!done || phase > *done) {
      code = phase == Phase::Codegen ? codegen() : runPhase(phase);
      if (code == Success) {
        (*module)->setAttr(kPhaseAttr,
                           StringAttr::get(&context, getPhaseName(phase)));
        code = dump(phase);
      }
    }
    if (code != Success) {
      return code;
    }
    if (phase == options.compileTo) {
      return writeModule();
    }
  }
  return Success;
}

int moec::compile(const CompileOptions &options) {
  return Compilation(options).run();
}
