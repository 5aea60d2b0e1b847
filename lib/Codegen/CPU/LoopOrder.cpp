//===- LoopOrder.cpp - in which order a linalg op loops -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopOrder.h"

using namespace mlir;
using namespace moe;
using namespace moe::kernel;

bool moe::kernel::isContiguousIn(linalg::LinalgOp op, OpOperand &operand,
                                 unsigned loop) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (map.getNumResults() == 0) {
    return false;
  }
  for (AffineExpr result : map.getResults().drop_back()) {
    if (result.isFunctionOfDim(loop)) {
      return false;
    }
  }
  AffineExpr last = map.getResults().back();
  AffineExpr dim = getAffineDimExpr(loop, op.getContext());
  AffineExpr step = simplifyAffineExpr(last.replace(dim, dim + 1) - last,
                                       map.getNumDims(), 0);
  auto constant = dyn_cast<AffineConstantExpr>(step);
  return constant && constant.getValue() == 1;
}

static bool dependsOn(linalg::LinalgOp op, OpOperand &operand, unsigned loop) {
  return op.getMatchingIndexingMap(&operand).isFunctionOfDim(loop);
}

/// The loop that walks along the last dimension of the first destination; none
/// for an op that only checks.
static std::optional<unsigned> getDestinationLoop(linalg::LinalgOp op) {
  if (op.getNumDpsInits() == 0) {
    return std::nullopt;
  }
  OpOperand *init = op.getDpsInitOperand(0);
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (isContiguousIn(op, *init, loop)) {
      return loop;
    }
  }
  return std::nullopt;
}

/// The reduction along which most inputs lie side by side; the last one of
/// them.
static std::optional<unsigned> getLaneLoop(linalg::LinalgOp op) {
  std::optional<unsigned> best;
  int most = 0;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (op.getIteratorTypesArray()[loop] != utils::IteratorType::reduction) {
      continue;
    }
    int count = 0;
    for (OpOperand *input : op.getDpsInputOperands()) {
      count += isContiguousIn(op, *input, loop);
    }
    if (count > 0 && count >= most) {
      most = count;
      best = loop;
    }
  }
  return best;
}

/// Whether all inputs are as well placed for an innermost loop over the
/// destination's last dimension: each is read in order, or once for all.
static bool suits(linalg::LinalgOp op, unsigned loop) {
  bool any = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    bool contiguous = isContiguousIn(op, *input, loop);
    if (dependsOn(op, *input, loop) && !contiguous) {
      return false;
    }
    any |= contiguous;
  }
  return any;
}

LoopOrder moe::kernel::chooseLoopOrder(linalg::LinalgOp op) {
  LoopOrder order;
  std::optional<unsigned> destination = getDestinationLoop(op);
  std::optional<unsigned> innermost = destination;
  if (op.getNumReductionLoops() > 0 &&
      !(destination && suits(op, *destination))) {
    std::optional<unsigned> lanes = getLaneLoop(op);
    if (lanes) {
      innermost = lanes;
      order.reducesInnermost = true;
    } else if (!innermost) {
      // Nothing lies side by side: the last reduction, whose accumulator can
      // stay in a register.
      innermost = op.getNumLoops() - 1;
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
        if (op.getIteratorTypesArray()[loop] ==
            utils::IteratorType::reduction) {
          innermost = loop;
        }
      }
      order.reducesInnermost = true;
    }
  }
  for (auto wanted :
       {utils::IteratorType::parallel, utils::IteratorType::reduction}) {
    for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
      if (type == wanted && innermost != loop) {
        order.loops.push_back(loop);
      }
    }
  }
  if (innermost) {
    order.loops.push_back(*innermost);
  }
  return order;
}
