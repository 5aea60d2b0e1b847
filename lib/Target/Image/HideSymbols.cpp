//===- HideSymbols.cpp - what an object exports ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HideSymbols.h"

#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ELF/ELFConfig.h"
#include "llvm/ObjCopy/ELF/ELFObjcopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/raw_ostream.h"

using namespace moe;

FailureOr<std::string> moe::hideSymbols(StringRef object, StringRef symbol,
                                        std::string &message) {
  using namespace llvm::objcopy;
  auto run = [&]() -> llvm::Expected<std::string> {
    auto file = llvm::object::ObjectFile::createELFObjectFile(
        llvm::MemoryBufferRef(object, "object"));
    if (!file) {
      return file.takeError();
    }
    CommonConfig config;
    // Of the names of sections and symbols; all are plain text.
    auto add = [](NameMatcher &matcher, StringRef name) {
      return matcher.addMatcher(NameOrPattern::create(name, MatchStyle::Literal,
                                                      /*ErrorCallback=*/{}));
    };
    for (auto [matcher, name] : {std::pair<NameMatcher &, StringRef>(
                                     config.SymbolsToKeepGlobal, symbol),
                                 {config.ToRemove, ".llvm_addrsig"},
                                 {config.ToRemove, ".comment"}}) {
      if (llvm::Error error = add(matcher, name)) {
        return error;
      }
    }
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream stream(bytes);
    if (llvm::Error error = elf::executeObjcopyOnBinary(
            config, ELFConfig(),
            *llvm::cast<llvm::object::ELFObjectFileBase>(file->get()),
            stream)) {
      return error;
    }
    return std::string(bytes.begin(), bytes.end());
  };
  llvm::Expected<std::string> result = run();
  if (!result) {
    message = "cannot hide the object's symbols: " +
              llvm::toString(result.takeError());
    return failure();
  }
  return std::move(*result);
}
