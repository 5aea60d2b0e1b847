//===- Scratch.cpp - places a kernel's temporaries ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"

#include "moe/Codegen/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

namespace moe {
#define GEN_PASS_DEF_SCRATCHPASS
#include "moe/Codegen/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

namespace {

struct ScratchPass : public moe::impl::ScratchPassBase<ScratchPass> {
  void runOnOperation() override;
};

} // namespace

/// The outermost item loop around `op`, or null.
static scf::ForallOp getItemLoop(Operation *op) {
  scf::ForallOp outermost;
  while ((op = op->getParentOfType<scf::ForallOp>())) {
    outermost = cast<scf::ForallOp>(op);
  }
  return outermost;
}

/// The most bytes that `alloc` can ask for, rounded up to whole lines.
static FailureOr<int64_t> getBytesBound(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  Type element = type.getElementType();
  std::optional<int64_t> bytes =
      element.isIndex() ? 8
                        : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  unsigned nextDynamic = 0;
  for (int64_t extent : type.getShape()) {
    if (ShapedType::isDynamic(extent)) {
      Value size = alloc.getDynamicSizes()[nextDynamic++];
      FailureOr<int64_t> bound = ValueBoundsConstraintSet::computeConstantBound(
          presburger::BoundType::UB, {size}, /*stopCondition=*/nullptr,
          /*closedUB=*/true);
      if (failed(bound)) {
        return alloc.emitOpError("is a temporary of a kernel, but its size has "
                                 "no constant bound");
      }
      extent = std::max<int64_t>(0, *bound);
    }
    bytes = llvm::checkedMul(*bytes, extent);
    if (!bytes) {
      return alloc.emitOpError("is a temporary of a kernel, but its size "
                               "overflows");
    }
  }
  if (*bytes > (int64_t(1) << 30)) {
    return alloc.emitOpError("is a temporary of a kernel, but takes ")
           << *bytes << " bytes, more than the 1 GiB that a worker may have";
  }
  return llvm::alignTo(*bytes, kernel::kScratchAlignment);
}

void ScratchPass::runOnOperation() {
  func::FuncOp func = getOperation();
  if (!kernel::isKernel(func)) {
    return;
  }
  Builder builder(func);
  int64_t shared = 0;
  SmallVector<std::pair<memref::AllocOp, int64_t>> inLoops;
  bool failedAny = false;
  func.walk([&](memref::AllocOp alloc) {
    FailureOr<int64_t> bytes = getBytesBound(alloc);
    if (failed(bytes)) {
      failedAny = true;
    } else if (getItemLoop(alloc)) {
      inLoops.emplace_back(alloc, *bytes);
    } else {
      alloc->setAttr(kernel::kScratchAttr, builder.getI64IntegerAttr(shared));
      shared += *bytes;
    }
  });
  if (failedAny) {
    return signalPassFailure();
  }
  int64_t total = shared;
  DenseMap<Operation *, int64_t> ends;
  for (auto [alloc, bytes] : inLoops) {
    Operation *loop = getItemLoop(alloc);
    int64_t &end = ends.try_emplace(loop, shared).first->second;
    alloc->setAttr(kernel::kScratchAttr, builder.getI64IntegerAttr(end));
    end += bytes;
    total = std::max(total, end);
  }
  func->setAttr(kernel::kScratchAttr, builder.getI64IntegerAttr(total));
}
