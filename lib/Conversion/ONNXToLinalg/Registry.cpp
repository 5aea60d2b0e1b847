//===- Registry.cpp - the lowering half of the op table -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Registry.h"

using namespace moe::onnx;

const Registry &Registry::get() {
  static const Registry registry = [] {
    Registry result;
    registerActivationLowerings(result);
    registerArithmeticLowerings(result);
    registerCastLowerings(result);
    registerComparisonLowerings(result);
    registerConstructionLowerings(result);
    registerFillingLowerings(result);
    registerGatherLowerings(result);
    registerNormalizationLowerings(result);
    registerProductLowerings(result);
    registerReductionLowerings(result);
    registerReshapeLowerings(result);
    registerSelectionLowerings(result);
    registerSlicingLowerings(result);
    registerSoftmaxLowerings(result);
    return result;
  }();
  return registry;
}

LoweringFunction Registry::lookup(llvm::StringRef domain,
                                  llvm::StringRef opType) const {
  auto family = functions.find(domain);
  return family == functions.end() ? nullptr : family->second.lookup(opType);
}

void Registry::add(llvm::StringRef domain, llvm::StringRef opType,
                   LoweringFunction function) {
  functions[domain][opType] = function;
}

llvm::SmallVector<std::pair<std::string, std::string>>
Registry::getKeys() const {
  llvm::SmallVector<std::pair<std::string, std::string>> keys;
  for (const auto &family : functions) {
    for (const auto &entry : family.second) {
      keys.emplace_back(family.first().str(), entry.first().str());
    }
  }
  llvm::sort(keys);
  return keys;
}
