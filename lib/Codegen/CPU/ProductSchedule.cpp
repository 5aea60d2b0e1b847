//===- ProductSchedule.cpp - cuts a product into items --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table of a product is memref<(E + 1) x 4 x i32>. Row 0 begins with the
// number of experts that have rows; the rows after it are these experts, in
// ascending order: first item, expert, panels per item, row blocks. An expert's
// items are its row blocks, and in each block its panels.
//
// An item is a long contiguous piece of an expert's weights: that is what
// memory streams best, and it makes the copy of an item's rows small beside its
// arithmetic. The last experts are cut finer, so that the workers end together.
//
//===----------------------------------------------------------------------===//

#include "Product.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;

namespace {

enum Column { FirstItem, Expert, PanelsPerItem, Blocks, NumColumns };

/// The items that each worker should find at least.
constexpr int64_t kItemsPerWorker = 4;
/// The parts that an expert's panels are cut into at least, while memory is what
/// they wait for.
constexpr int64_t kMinParts = 2;
/// With this many rows they wait for arithmetic, and each part more would copy
/// the rows once more.
constexpr int64_t kMinRowsOfOnePart = 32;
/// From this many experts on the last two are cut finer.
constexpr int64_t kMinExpertsToTaper = 4;
/// The most bytes of packed rows. Up to half a MiB they share L2 with a panel;
/// where rows are so long that they do not, more of them from L3 cost less than
/// reading panels for fewer.
constexpr int64_t kBlockBytes = 2 * 1024 * 1024;
constexpr int64_t kMaxBlockRows = 64;
constexpr int64_t kMinBlockRows = 14;
/// The bytes of weights below which an item is too short.
constexpr int64_t kMinItemBytes = 32 * 1024;

} // namespace

int64_t Product::getBlockRows() const {
  int64_t rowBytes = getPackedRowStride(kernel.k) * 4;
  return std::clamp(kBlockBytes / rowBytes, kMinBlockRows, kMaxBlockRows);
}

int64_t Product::getMinPanels() const {
  int64_t panelBytes = std::max<int64_t>(1, kernel.k * MOE_PANEL_COLUMNS * 4);
  return std::clamp<int64_t>(llvm::divideCeil(kMinItemBytes, panelBytes), 1,
                             std::max<int64_t>(1, panels));
}

Value ProductSchedule::getFirstRow(ProductBuilder &b, Value expert) const {
  Value groups = PanelMatmulOp(product.op).getGroups();
  return groups ? b.loadIndex(groups, expert) : b.index(0);
}

Value ProductSchedule::getRows(ProductBuilder &b, Value expert) const {
  PanelMatmulOp op = product.op;
  if (!op.getGroups()) {
    return b.createOrFold<memref::DimOp>(b.loc, op.getInit(), 0);
  }
  return b.sub(b.loadIndex(op.getGroups(), b.add(expert, 1)),
               b.loadIndex(op.getGroups(), expert));
}

Value ProductSchedule::getBlocks(ProductBuilder &b, Value rows) const {
  Value blocks = b.ceilDiv(rows, product.getBlockRows());
  if (product.experts > 1) {
    return blocks;
  }
  // Panels alone may be too few items for one expert.
  int64_t parts = llvm::divideCeil(product.panels, product.getMinPanels());
  Value wanted = b.ceilDiv(b.mul(product.workers, kItemsPerWorker),
                           std::max<int64_t>(1, parts));
  Value most = b.ceilDiv(rows, kMinBlockRows);
  return b.max(blocks, b.min(most, wanted));
}

ProductSchedule::Totals ProductSchedule::emitTotals(ProductBuilder &b) const {
  Value zero = b.index(0);
  Value one = b.index(1);
  SmallVector<Value> totals =
      b.loop(zero, b.index(product.experts), 1, {zero, zero},
             [&](Value expert, ValueRange carried) -> SmallVector<Value> {
               Value rows = getRows(b, expert);
               Value active = b.select(b.equal(rows, zero), zero, one);
               return {b.add(carried[0], active),
                       b.add(carried[1], getBlocks(b, rows))};
             });
  Value wanted = b.mul(product.workers, kItemsPerWorker);
  return {totals[0], b.ceilDiv(wanted, b.max(totals[1], one))};
}

/// Writes table row `entry`; its items begin at `first` and end at `end`.
void ProductSchedule::emitEntry(ProductBuilder &b, const Totals &totals,
                                Value expert, Value entry, Value first,
                                Value rows, Value &end) const {
  Value left = b.sub(totals.active, entry);
  Value finer =
      b.select(b.equal(left, b.index(1)), b.index(4),
               b.select(b.equal(left, b.index(2)), b.index(2), b.index(1)));
  finer = b.select(b.less(totals.active, b.index(kMinExpertsToTaper)),
                   b.index(1), finer);
  Value panels = b.index(product.panels);
  Value least = b.select(b.less(rows, b.index(kMinRowsOfOnePart)),
                         b.index(kMinParts), b.index(1));
  Value parts = b.mul(b.max(least, totals.parts), finer);
  Value perItem =
      b.max(b.ceilDiv(panels, parts), b.index(product.getMinPanels()));
  Value blocks = getBlocks(b, rows);
  Value tableRow = b.add(entry, 1);
  Value values[NumColumns] = {first, expert, perItem, blocks};
  for (auto [column, value] : llvm::enumerate(values)) {
    b.storeIndex(value, table, {tableRow, b.index(column)});
  }
  end = b.add(first, b.mul(b.ceilDiv(panels, perItem), blocks));
}

ProductSchedule::ProductSchedule(ProductBuilder &b, const Product &product)
    : product(product) {
  table = b.temporary({product.experts + 1, NumColumns}, b.getI32Type());
  Totals totals = emitTotals(b);
  Value zero = b.index(0);
  b.storeIndex(totals.active, table, {zero, zero});
  SmallVector<Value> ends = b.loop(
      zero, b.index(product.experts), 1, {zero, zero},
      [&](Value expert, ValueRange carried) -> SmallVector<Value> {
        Value rows = getRows(b, expert);
        Value empty = b.equal(rows, zero);
        auto branch = scf::IfOp::create(
            b, b.loc, TypeRange{b.getIndexType(), b.getIndexType()}, empty,
            /*withElseRegion=*/true);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(branch.thenBlock());
        scf::YieldOp::create(b, b.loc, carried);
        b.setInsertionPointToStart(branch.elseBlock());
        Value end;
        emitEntry(b, totals, expert, carried[0], carried[1], rows, end);
        scf::YieldOp::create(b, b.loc, ValueRange{b.add(carried[0], 1), end});
        return {branch.getResult(0), branch.getResult(1)};
      });
  items = ends[1];
}

ProductItem ProductSchedule::getItem(ProductBuilder &b, Value item) const {
  // The last entry that begins at or before the item.
  Value zero = b.index(0);
  Value entry = zero;
  if (product.experts > 1) {
    Value active = b.loadIndex(table, {zero, zero});
    Value last = b.sub(active, b.index(1));
    int64_t steps = llvm::Log2_64_Ceil(product.experts);
    Value largest = b.index(int64_t(1) << steps);
    entry =
        b.loop(b.index(1), b.index(steps + 1), 1, zero,
               [&](Value i, ValueRange carried) -> SmallVector<Value> {
                 Value step = arith::ShRUIOp::create(b, b.loc, largest, i);
                 Value next = b.add(carried[0], step);
                 Value first = b.loadIndex(
                     table, {b.add(b.min(next, last), 1), b.index(FirstItem)});
                 Value isBefore = b.logicalAnd(b.less(next, active),
                                               b.lessEqual(first, item));
                 return {b.select(isBefore, next, carried[0])};
               })[0];
  }
  Value values[NumColumns];
  Value tableRow = b.add(entry, 1);
  for (int64_t column = 0; column < NumColumns; ++column) {
    values[column] = b.loadIndex(table, {tableRow, b.index(column)});
  }
  Value expert = values[Expert];
  Value perItem = values[PanelsPerItem];
  Value panels = b.index(product.panels);
  Value local = b.sub(item, values[FirstItem]);
  Value parts = b.ceilDiv(panels, perItem);
  Value block = b.div(local, parts);
  Value rows = getRows(b, expert);
  Value begin = b.div(b.mul(rows, block), values[Blocks]);
  Value end = b.div(b.mul(rows, b.add(block, 1)), values[Blocks]);
  Value firstPanel = b.mul(b.rem(local, parts), perItem);
  return {expert, b.add(getFirstRow(b, expert), begin), b.sub(end, begin),
          firstPanel, b.min(b.add(firstPanel, perItem), panels)};
}
