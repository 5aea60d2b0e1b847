//===- DedupWeights.cpp - equal weights as one ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Passes.h"

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Support/Equivalence.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"

namespace moe {
#define GEN_PASS_DEF_DEDUPWEIGHTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct DedupWeightsPass
    : public moe::impl::DedupWeightsPassBase<DedupWeightsPass> {
  using Base::Base;
  void runOnOperation() override;
};

} // namespace

/// Everything but names and visibility.
static NamedAttrList getOtherAttributes(WeightOp weight) {
  NamedAttrList attributes(weight->getAttrDictionary());
  attributes.erase(weight.getSymNameAttrName());
  attributes.erase(weight.getSymVisibilityAttrName());
  return attributes;
}

static bool areEqual(WeightOp a, WeightOp b) {
  return getOtherAttributes(a) == getOtherAttributes(b) &&
         OperationEquivalence::isRegionEquivalentTo(
             &a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

void DedupWeightsPass::runOnOperation() {
  llvm::DenseMap<size_t, SmallVector<WeightOp, 1>> byHash;
  llvm::DenseMap<Attribute, Attribute> replaced;
  for (auto weight :
       llvm::make_early_inc_range(getOperation().getOps<WeightOp>())) {
    auto &candidates = byHash[llvm::hash_combine(
        weight.getType(), hashStructure(weight.getBody()))];
    auto equal = llvm::find_if(candidates, [&](WeightOp candidate) {
      return areEqual(candidate, weight);
    });
    if (equal == candidates.end()) {
      candidates.push_back(weight);
    } else if (SymbolTable::getSymbolVisibility(weight) ==
               SymbolTable::Visibility::Private) {
      replaced[FlatSymbolRefAttr::get(weight.getSymNameAttr())] =
          FlatSymbolRefAttr::get(equal->getSymNameAttr());
      weight.erase();
    }
  }
  if (replaced.empty()) {
    return;
  }
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](FlatSymbolRefAttr symbol) -> Attribute {
    Attribute other = replaced.lookup(symbol);
    return other ? other : symbol;
  });
  replacer.recursivelyReplaceElementsIn(getOperation());
}
