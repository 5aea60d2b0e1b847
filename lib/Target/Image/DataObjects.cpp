//===- DataObjects.cpp - objects that hold tables -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataObjects.h"

#include "TargetMachine.h"

#include "moe_rt/contract/environment.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <cstddef>

using namespace moe;

namespace {

/// A module of constants for x86-64.
class DataModule {
public:
  explicit DataModule(Level level)
      : machine(createTargetMachine(level)), module("tables", context) {
    module.setTargetTriple(machine->getTargetTriple());
    module.setDataLayout(machine->createDataLayout());
    module.setPICLevel(llvm::PICLevel::BigPIC);
  }

  llvm::Constant *add(llvm::Constant *value, const Twine &symbol,
                      bool exported) {
    return new llvm::GlobalVariable(
        module, value->getType(), /*isConstant=*/true,
        exported ? llvm::GlobalValue::ExternalLinkage
                 : llvm::GlobalValue::PrivateLinkage,
        value, symbol);
  }

  /// Something of another object of this link.
  llvm::Constant *declare(StringRef name, bool function) {
    llvm::GlobalObject *declared;
    if (function) {
      auto *type = llvm::FunctionType::get(builder().getVoidTy(), false);
      declared = llvm::cast<llvm::Function>(
          module.getOrInsertFunction(name, type).getCallee());
    } else {
      declared = new llvm::GlobalVariable(module, builder().getPtrTy(),
                                          /*isConstant=*/true,
                                          llvm::GlobalValue::ExternalLinkage,
                                          /*Initializer=*/nullptr, name);
    }
    declared->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return declared;
  }

  llvm::IRBuilder<> builder() { return llvm::IRBuilder<>(context); }

  std::string emit() {
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream stream(bytes);
    llvm::legacy::PassManager emitter;
    machine->addPassesToEmitFile(emitter, stream, nullptr,
                                 llvm::CodeGenFileType::ObjectFile);
    emitter.run(module);
    return std::string(bytes.begin(), bytes.end());
  }

private:
  std::unique_ptr<llvm::TargetMachine> machine;
  llvm::LLVMContext context;
  llvm::Module module;
};

} // namespace

std::string moe::emitPhaseTable(ArrayRef<std::string> phases, Level level,
                                StringRef symbol) {
  DataModule module(level);
  SmallVector<llvm::Constant *> functions;
  for (const std::string &name : phases) {
    functions.push_back(module.declare(name, /*function=*/true));
  }
  auto *type =
      llvm::ArrayType::get(module.builder().getPtrTy(), functions.size());
  module.add(llvm::ConstantArray::get(type, functions), symbol,
             /*exported=*/true);
  return module.emit();
}

std::string moe::getPhasesSymbol(Level level) {
  return ("phases." + getLevelName(level)).str();
}

std::string moe::emitLinkedCode(ArrayRef<LinkedLevel> levels,
                                StringRef symbol) {
  DataModule module(Level::X86_64_V3);
  llvm::IRBuilder<> builder = module.builder();
  llvm::LLVMContext &context = builder.getContext();
  SmallVector<llvm::Constant *> elements;
  for (const LinkedLevel &level : levels) {
    llvm::Constant *fields[] = {
        builder.getInt32(static_cast<uint32_t>(level.level)),
        builder.getInt32(level.phaseCount),
        module.declare(getPhasesSymbol(level.level), /*function=*/false),
        llvm::ConstantDataArray::get(context, ArrayRef(level.identity))};
    elements.push_back(llvm::ConstantStruct::getAnon(fields));
  }
  static_assert(offsetof(moe_linked_level, phase_count) == 4 &&
                offsetof(moe_linked_level, phases) == 8 &&
                offsetof(moe_linked_level, identity) == 16 &&
                sizeof(moe_linked_level) == 48);
  auto *type =
      llvm::ArrayType::get(elements.front()->getType(), elements.size());
  llvm::Constant *code[] = {builder.getInt64(sizeof(moe_linked_code)),
                            builder.getInt64(sizeof(moe_linked_level)),
                            builder.getInt64(elements.size()),
                            module.add(llvm::ConstantArray::get(type, elements),
                                       "levels",
                                       /*exported=*/false)};
  static_assert(offsetof(moe_linked_code, level_size) == 8 &&
                offsetof(moe_linked_code, level_count) == 16 &&
                offsetof(moe_linked_code, levels) == 24 &&
                sizeof(moe_linked_code) == 32);
  module.add(llvm::ConstantStruct::getAnon(code), symbol, /*exported=*/true);
  return module.emit();
}
