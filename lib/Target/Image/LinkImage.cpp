//===- LinkImage.cpp - objects to a code image ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Image.h"

#include "Builtins.h"
#include "TargetMachine.h"

#include "moe_rt/contract/environment.h"

#include "lld/Common/Driver.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace moe;

namespace {

/// A folder that goes away with everything in it.
class TemporaryFolder {
public:
  TemporaryFolder() {
    if (llvm::sys::fs::createUniqueDirectory("moec", path)) {
      path.clear();
    }
  }
  ~TemporaryFolder() {
    if (isValid()) {
      llvm::sys::fs::remove_directories(path);
    }
  }

  bool isValid() const { return !path.empty(); }

  std::string getFile(const Twine &name) const {
    SmallVector<char> file(path.begin(), path.end());
    llvm::sys::path::append(file, name);
    return std::string(file.begin(), file.end());
  }

  bool write(const std::string &file, StringRef bytes) const {
    std::error_code error;
    llvm::raw_fd_ostream stream(file, error);
    if (error) {
      return false;
    }
    stream << bytes;
    stream.close();
    bool good = !stream.has_error();
    stream.clear_error();
    return good;
  }

private:
  llvm::SmallString<128> path;
};

} // namespace

/// An object that holds the exported array of phases.
static std::string emitPhaseTable(ArrayRef<std::string> phases, Level level) {
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(level);
  llvm::LLVMContext context;
  llvm::Module module("phases", context);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  module.setPICLevel(llvm::PICLevel::BigPIC);
  auto *pointer = llvm::PointerType::get(context, 0);
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  SmallVector<llvm::Constant *> functions;
  for (const std::string &name : phases) {
    auto *function = llvm::cast<llvm::Function>(
        module.getOrInsertFunction(name, type).getCallee());
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    functions.push_back(function);
  }
  auto *array = llvm::ArrayType::get(pointer, functions.size());
  new llvm::GlobalVariable(
      module, array, /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage,
      llvm::ConstantArray::get(array, functions), MOE_IMAGE_PHASES_SYMBOL);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager emitter;
  machine->addPassesToEmitFile(emitter, stream, nullptr,
                               llvm::CodeGenFileType::ObjectFile);
  emitter.run(module);
  return std::string(bytes.begin(), bytes.end());
}

/// Runs the linker; its state is global, so one at a time.
static LogicalResult runLinker(ArrayRef<std::string> files,
                               const std::string &output,
                               std::string &message) {
  SmallVector<const char *> arguments = {"ld.lld",
                                         "-shared",
                                         "-z",
                                         "defs",
                                         "-z",
                                         "separate-loadable-segments",
                                         "-z",
                                         "max-page-size=65536",
                                         "-z",
                                         "now",
                                         "-z",
                                         "noexecstack",
                                         "--build-id=none",
                                         "--gc-sections",
                                         "--no-undefined",
                                         "--threads=1",
                                         "-o",
                                         output.c_str()};
  for (const std::string &file : files) {
    arguments.push_back(file.c_str());
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  lld::Result result =
      lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0) {
    message = "the linker failed: " + StringRef(text).trim().str();
    return failure();
  }
  return success();
}

FailureOr<std::string> moe::linkImage(ArrayRef<std::string> objects,
                                      ArrayRef<std::string> phases, Level level,
                                      std::string &message) {
  TemporaryFolder folder;
  if (!folder.isValid()) {
    message = "cannot create a temporary folder";
    return failure();
  }
  SmallVector<std::string> files;
  auto add = [&](const Twine &name, StringRef bytes) {
    files.push_back(folder.getFile(name));
    return folder.write(files.back(), bytes);
  };
  bool written = add("phases.o", emitPhaseTable(phases, level));
  for (auto [index, object] : llvm::enumerate(objects)) {
    written &= add("kernel" + Twine(index) + ".o", object);
  }
  written &= add("builtins.o", getBuiltinsObject());
  if (!written) {
    message = "cannot write to the temporary folder";
    return failure();
  }
  std::string output = folder.getFile("image");
  if (failed(runLinker(files, output, message))) {
    return failure();
  }
  auto buffer = llvm::MemoryBuffer::getFile(output, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer) {
    message = "cannot read the linked image: " + buffer.getError().message();
    return failure();
  }
  std::string image = (*buffer)->getBuffer().str();
  if (failed(checkImage(image, message))) {
    return failure();
  }
  return image;
}
