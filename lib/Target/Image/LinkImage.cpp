//===- LinkImage.cpp - objects to a code image ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Image.h"

#include "Builtins.h"
#include "DataObjects.h"
#include "HideSymbols.h"
#include "Linker.h"

#include "moe_rt/contract/environment.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

using namespace moe;

/// Everything that code of one level consists of.
static SmallVector<LinkerInput> collectInputs(ArrayRef<std::string> objects,
                                              StringRef table) {
  SmallVector<LinkerInput> inputs = {{"phases.o", table}};
  for (auto [index, object] : llvm::enumerate(objects)) {
    inputs.push_back({"kernel" + std::to_string(index) + ".o", object});
  }
  inputs.push_back({"builtins.o", getBuiltinsObject()});
  return inputs;
}

FailureOr<std::string> moe::linkImage(ArrayRef<std::string> objects,
                                      ArrayRef<std::string> phases, Level level,
                                      std::string &message, bool *isBug) {
  std::string table = emitPhaseTable(phases, level, MOE_IMAGE_PHASES_SYMBOL);
  FailureOr<std::string> image =
      runLinker(collectInputs(objects, table),
                {"-shared", "-z", "defs", "-z", "separate-loadable-segments",
                 "-z", "max-page-size=65536", "-z", "now", "-z", "noexecstack",
                 "--build-id=none", "--gc-sections", "--no-undefined"},
                message, isBug);
  if (failed(image) || failed(checkImage(*image, message))) {
    return failure();
  }
  return image;
}

FailureOr<std::string> moe::linkLevel(ArrayRef<std::string> objects,
                                      ArrayRef<std::string> phases, Level level,
                                      std::string &message, bool *isBug) {
  std::string symbol = getPhasesSymbol(level);
  std::string table = emitPhaseTable(phases, level, symbol);
  // With --gc-sections unwind tables would go, too; the user's linker may drop
  // what no kernel calls.
  FailureOr<std::string> linked =
      runLinker(collectInputs(objects, table), {"-r"}, message, isBug);
  if (failed(linked)) {
    return failure();
  }
  return hideSymbols(*linked, symbol, message);
}

FailureOr<std::string> moe::linkObject(ArrayRef<LinkedLevel> levels,
                                       StringRef symbol, std::string &message,
                                       bool *isBug) {
  std::string code = emitLinkedCode(levels, symbol);
  SmallVector<LinkerInput> inputs = {{"code.o", code}};
  for (const LinkedLevel &level : levels) {
    inputs.push_back({getLevelName(level.level).str() + ".o", level.object});
  }
  FailureOr<std::string> linked = runLinker(inputs, {"-r"}, message, isBug);
  if (failed(linked)) {
    return failure();
  }
  FailureOr<std::string> object = hideSymbols(*linked, symbol, message);
  if (failed(object) || failed(checkObject(*object, symbol, message))) {
    return failure();
  }
  return object;
}
