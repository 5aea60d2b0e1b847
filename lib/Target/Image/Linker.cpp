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

/// What to do about temporary files.
static constexpr const char kNextStep[] =
    "set TMPDIR to a folder that has room and can be written";

namespace {

/// A folder that goes away with everything in it.
class TemporaryFolder {
public:
  /// On failure `message` says why and what to do.
  explicit TemporaryFolder(std::string &message) {
    std::error_code error = llvm::sys::fs::createUniqueDirectory("moec", path);
    if (error) {
      path.clear();
      llvm::SmallString<128> parent;
      llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, parent);
      message = ("cannot create a folder for temporary files in '" + parent +
                 "': " + error.message() + "; " + kNextStep)
                    .str();
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

  /// On failure `message` says why and what to do.
  bool write(const std::string &file, StringRef bytes,
             std::string &message) const {
    std::error_code error;
    llvm::raw_fd_ostream stream(file, error);
    if (!error) {
      stream << bytes;
      stream.close();
      error = stream.error();
      stream.clear_error();
    }
    if (error) {
      message = "cannot write the temporary file '" + file +
                "': " + error.message() + "; " + kNextStep;
    }
    return !error;
  }

private:
  llvm::SmallString<128> path;
};

} // namespace

FailureOr<std::string> moe::runLinker(ArrayRef<LinkerInput> inputs,
                                      ArrayRef<const char *> flags,
                                      std::string &message, bool *isBug) {
  auto blameFiles = [&] {
    if (isBug) {
      *isBug = false;
    }
    return failure();
  };
  TemporaryFolder folder(message);
  if (!folder.isValid()) {
    return blameFiles();
  }
  std::string output = folder.getFile("linked");
  SmallVector<const char *> arguments = {"ld.lld", "--threads=1", "-o",
                                         output.c_str()};
  arguments.append(flags.begin(), flags.end());
  std::vector<std::string> files;
  files.reserve(inputs.size());
  for (const LinkerInput &input : inputs) {
    files.push_back(folder.getFile(input.name));
    if (!folder.write(files.back(), input.bytes, message)) {
      return blameFiles();
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
    // It names its output only where that cannot be written.
    if (StringRef(text).contains(output)) {
      message += std::string("; ") + kNextStep;
      return blameFiles();
    }
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
