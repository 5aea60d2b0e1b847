//===- CompileKernels.cpp - kernels to code images ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Codegen/Kernel.h"
#include "moe/Pipelines/CodegenCPU.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Threading.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace moe;

namespace {

/// A kernel at one level.
struct Unit {
  func::FuncOp kernel;
  Level level;
  CompiledKernel entry;
  SmallVector<std::string> symbols;
  std::string object;
};

} // namespace

/// Reads the only entry of the table that the pipeline left on `module`.
static LogicalResult readEntry(ModuleOp module, Unit &unit) {
  auto table = module->getAttrOfType<ArrayAttr>(kernel::kTableAttr);
  if (!table || table.size() != 1) {
    return unit.kernel.emitError("compiled to no kernel table entry");
  }
  auto entry = cast<DictionaryAttr>(table[0]);
  auto getInt = [](DictionaryAttr dict, StringRef name) {
    return cast<IntegerAttr>(dict.get(name)).getInt();
  };
  unit.entry.name = cast<StringAttr>(entry.get("name")).str();
  unit.entry.argumentSlots = getInt(entry, "slots");
  unit.entry.scratchBytes = getInt(entry, "scratch");
  for (Attribute attr : cast<ArrayAttr>(entry.get("phases"))) {
    auto phase = cast<DictionaryAttr>(attr);
    unit.entry.phases.push_back({getInt(phase, "grain")});
    unit.symbols.push_back(cast<StringAttr>(phase.get("symbol")).str());
  }
  return success();
}

static LogicalResult compileUnit(Unit &unit,
                                 const CompileKernelsOptions &options) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(unit.kernel.getLoc());
  module->push_back(unit.kernel.clone());
  PassManager manager(module->getContext(), ModuleOp::getOperationName());
  CodegenCPUOptions pipeline;
  pipeline.level = unit.level;
  buildCodegenCPUPipeline(manager, pipeline);
  // Between passes it would take a fifth of the time; once at the end finds
  // what is wrong, and moe-opt says which pass it was.
  manager.enableVerifier(false);
  if (options.configure) {
    options.configure(manager);
  }
  if (failed(manager.run(*module)) || failed(verify(*module)) ||
      failed(readEntry(*module, unit))) {
    return failure();
  }
  FailureOr<std::string> object =
      emitCode(*module, unit.level, CodeKind::Object);
  if (failed(object)) {
    return failure();
  }
  unit.object = std::move(*object);
  return success();
}

/// Whether both levels agree on everything that the program depends on; the
/// larger scratch serves both.
static LogicalResult merge(CompiledKernel &entry, const Unit &unit) {
  const CompiledKernel &other = unit.entry;
  bool same = entry.argumentSlots == other.argumentSlots &&
              entry.phases.size() == other.phases.size();
  for (size_t i = 0; same && i < entry.phases.size(); ++i) {
    same = entry.phases[i].grain == other.phases[i].grain;
  }
  if (!same) {
    func::FuncOp kernel = unit.kernel;
    return kernel.emitError("has other phases at ") << getLevelName(unit.level);
  }
  entry.scratchBytes = std::max(entry.scratchBytes, other.scratchBytes);
  return success();
}

/// Loads what the passes ask for, since threads must not change the context.
static void loadDialects(MLIRContext *context) {
  PassManager manager(context, ModuleOp::getOperationName());
  buildCodegenCPUPipeline(manager, {});
  DialectRegistry registry;
  manager.getDependentDialects(registry);
  registerCodegenCPUInterfaces(registry);
  context->appendDialectRegistry(registry);
  for (StringRef name : registry.getDialectNames()) {
    context->getOrLoadDialect(name);
  }
}

FailureOr<CompiledKernels>
moe::compileKernels(ModuleOp module, const CompileKernelsOptions &options,
                    bool *isBug) {
  std::vector<Unit> units;
  for (Level level : options.levels) {
    for (auto func : module.getOps<func::FuncOp>()) {
      if (func->hasAttr(kernel::kKernelAttr)) {
        units.push_back({func, level, {}, {}, {}});
      }
    }
  }
  loadDialects(module.getContext());
  if (failed(
          failableParallelForEach(module.getContext(), units, [&](Unit &unit) {
            return compileUnit(unit, options);
          }))) {
    return failure();
  }
  CompiledKernels result;
  size_t count =
      options.levels.empty() ? 0 : units.size() / options.levels.size();
  for (auto [index, level] : llvm::enumerate(options.levels)) {
    SmallVector<std::string> objects;
    SmallVector<std::string> symbols;
    for (size_t i = 0; i < count; ++i) {
      Unit &unit = units[index * count + i];
      if (index == 0) {
        result.kernels.push_back(unit.entry);
      } else if (failed(merge(result.kernels[i], unit))) {
        return failure();
      }
      objects.push_back(std::move(unit.object));
      symbols.append(unit.symbols);
    }
    std::string message;
    FailureOr<std::string> image =
        linkImage(objects, symbols, level, message, isBug);
    FailureOr<std::string> object = std::string();
    if (succeeded(image) && options.keepObjects) {
      object = linkLevel(objects, symbols, level, message, isBug);
    }
    if (failed(image) || failed(object)) {
      return module.emitError("cannot link the code for ")
             << getLevelName(level) << ": " << message;
    }
    result.images.push_back({level, std::move(*image), std::move(*object)});
  }
  return result;
}
