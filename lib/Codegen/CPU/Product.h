//===- Product.h - the loops around micro-kernels ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_PRODUCT_H
#define MOE_LIB_CODEGEN_CPU_PRODUCT_H

#include "MicroKernel.h"
#include "ProductBuilder.h"

#include "moe/Dialect/MoE/IR/MoE.h"

namespace moe {

/// A moe.panel_matmul on buffers, taken apart.
struct Product {
  PanelMatmulOp op;
  MicroKernelSpec kernel;
  int64_t experts;
  int64_t panels;
  /// Width of a row of results.
  int64_t n;
  /// How many workers there may be: an index.
  mlir::Value workers;

  /// Columns of the last panel that are results, where not all are; else 0.
  int64_t getTail() const { return n % kernel.getColumns(); }
  /// The most rows of an item.
  int64_t getBlockRows() const;
  /// Panels below which an item would not be worth claiming.
  int64_t getMinPanels() const;
};

/// What one item works on: rows [firstRow, firstRow + rows) of the results,
/// all of one expert, times panels [firstPanel, endPanel). All are indices.
struct ProductItem {
  mlir::Value expert, firstRow, rows, firstPanel, endPanel;
};

/// How a product is cut into items. The prologue decides it per expert from the
/// row counts and leaves a table for all workers.
class ProductSchedule {
public:
  /// Emits the prologue.
  ProductSchedule(ProductBuilder &b, const Product &product);

  /// The number of items: an index.
  mlir::Value getItemCount() const { return items; }
  /// Emits the look-up of item number `item`.
  ProductItem getItem(ProductBuilder &b, mlir::Value item) const;

private:
  struct Totals {
    /// The experts that have rows, and the parts that the panels of each must be
    /// cut into for every worker to find enough items.
    mlir::Value active, parts;
  };
  /// The first row of the results that belongs to `expert`.
  mlir::Value getFirstRow(ProductBuilder &b, mlir::Value expert) const;
  mlir::Value getRows(ProductBuilder &b, mlir::Value expert) const;
  mlir::Value getBlocks(ProductBuilder &b, mlir::Value rows) const;
  Totals emitTotals(ProductBuilder &b) const;
  void emitEntry(ProductBuilder &b, const Totals &totals, mlir::Value expert,
                 mlir::Value entry, mlir::Value first, mlir::Value rows,
                 mlir::Value &end) const;

  const Product &product;
  mlir::Value table;
  mlir::Value items;
};

/// Emits the work of one item at the builder's place.
LogicalResult emitProductItem(ProductBuilder &b, const Product &product,
                              const ProductItem &item,
                              MicroKernelEmitter &kernels);

} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_PRODUCT_H
