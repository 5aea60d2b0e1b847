//===- Registry.h - the lowering half of the op table -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_REGISTRY_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_REGISTRY_H

#include "Node.h"

#include "llvm/ADT/StringMap.h"

namespace moe::onnx {

/// How each operator is lowered, by domain and name. A lowering looks at the
/// node's version itself where versions differ.
class Registry {
public:
  /// The registry with every family.
  static const Registry &get();

  /// Null if there is no lowering. The default domain is "".
  LoweringFunction lookup(llvm::StringRef domain, llvm::StringRef opType) const;

  void add(llvm::StringRef opType, LoweringFunction function) {
    add("", opType, function);
  }
  void add(llvm::StringRef domain, llvm::StringRef opType,
           LoweringFunction function);

  /// Every (domain, name).
  llvm::SmallVector<std::pair<std::string, std::string>> getKeys() const;

private:
  llvm::StringMap<llvm::StringMap<LoweringFunction>> functions;
};

// One per family, each in a file of its own.
void registerActivationLowerings(Registry &registry);
void registerArithmeticLowerings(Registry &registry);
void registerCastLowerings(Registry &registry);
void registerComparisonLowerings(Registry &registry);
void registerConstructionLowerings(Registry &registry);
void registerFillingLowerings(Registry &registry);
void registerFillingLowerings(Registry &registry);
void registerGatherLowerings(Registry &registry);
void registerNormalizationLowerings(Registry &registry);
void registerProductLowerings(Registry &registry);
void registerReductionLowerings(Registry &registry);
void registerReshapeLowerings(Registry &registry);
void registerSelectionLowerings(Registry &registry);
void registerSlicingLowerings(Registry &registry);
void registerSoftmaxLowerings(Registry &registry);

} // namespace moe::onnx

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_REGISTRY_H
