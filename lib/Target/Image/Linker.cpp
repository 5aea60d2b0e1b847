//===- Linker.cpp - runs the linker on bytes ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Linker.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

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

FailureOr<std::string> moe::runLinker(ArrayRef<LinkerInput> inputs,
                                      ArrayRef<const char *> flags,
                                      std::string &message) {
  TemporaryFolder folder;
  if (!folder.isValid()) {
    message = "cannot create a temporary folder";
    return failure();
  }
  std::string output = folder.getFile("linked");
  SmallVector<const char *> arguments = {"ld.lld", "--threads=1", "-o",
                                         output.c_str()};
  arguments.append(flags.begin(), flags.end());
  std::vector<std::string> files;
  files.reserve(inputs.size());
  for (const LinkerInput &input : inputs) {
    files.push_back(folder.getFile(input.name));
    if (!folder.write(files.back(), input.bytes)) {
      message = "cannot write to the temporary folder";
      return failure();
    }
    arguments.push_back(files.back().c_str());
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
  auto buffer = llvm::MemoryBuffer::getFile(output, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer) {
    message = "cannot read what was linked: " + buffer.getError().message();
    return failure();
  }
  return (*buffer)->getBuffer().str();
}
