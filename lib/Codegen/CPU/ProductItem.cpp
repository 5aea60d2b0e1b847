//===- ProductItem.cpp - rows of one expert times some of its panels ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Product.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;

/// How far ahead the panels are prefetched where there is arithmetic to hide
/// the prefetches behind: 8 KiB.
static constexpr int64_t kPrefetchAhead = 2048;
/// Rows from which on they are. With fewer, prefetches and loads compete for
/// the same miss buffers and the hardware's streams are faster alone.
static constexpr int64_t kMinRowsToPrefetch = 8;
/// Elements of the vectors that rows are copied with.
static constexpr int64_t kCopyLanes = 16;

namespace {

class ItemEmitter {
public:
  ItemEmitter(ProductBuilder &b, const Product &product,
              const ProductItem &item, MicroKernelEmitter &kernels)
      : b(b), product(product), op(product.op), spec(product.kernel),
        item(item), kernels(kernels), shape(kernels.getShape()) {}

  LogicalResult emit() {
    x = flatten(op.getRows());
    out = flatten(op.getInit());
    weights = getPart(op.getPanels());
    for (Value vector : op.getVectors()) {
      vectors.push_back(getPart(vector));
    }
    if (product.getTail()) {
      int64_t rows = std::max(shape.maxRows, shape.maxGatheredRows);
      tailOut =
          flatten(b.temporary({rows * spec.getColumns()}, b.getF32Type()));
      if (!vectors.empty()) {
        tailVectors =
            b.temporary({spec.vectors * spec.getColumns()}, b.getF32Type());
        fillTailVectors();
      }
    }
    LogicalResult result = success();
    b.ifElse(
        b.lessEqual(item.rows, b.index(shape.maxGatheredRows)),
        [&] { result = emitGathered(); },
        [&] {
          if (succeeded(result)) {
            result = emitPacked();
          }
        });
    return result;
  }

private:
  /// A memref<?xf32> over a whole buffer.
  Value flatten(Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    Value flat = buffer;
    if (type.getRank() > 1) {
      ReassociationIndices all =
          llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
      flat = memref::CollapseShapeOp::create(
          b, b.loc, buffer, ArrayRef<ReassociationIndices>(all));
    }
    auto flatType = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
    if (flat.getType() == flatType) {
      return flat;
    }
    return memref::CastOp::create(b, b.loc, flatType, flat);
  }

  /// The expert's part of an operand [E, ...].
  Value getPart(Value operand) {
    auto type = cast<MemRefType>(operand.getType());
    auto partType =
        MemRefType::get(type.getShape().drop_front(), type.getElementType());
    Value part = ExpertViewOp::create(b, b.loc, partType, operand, item.expert);
    return flatten(part);
  }

  /// Where the row of x for row `row` of the item begins.
  Value getSourceAt(Value row) {
    Value place = b.add(item.firstRow, row);
    if (op.getSource()) {
      place = b.loadIndex(op.getSource(), place);
      place = b.div(place, b.index(op.getDiv()));
    }
    return b.mul(place, spec.k);
  }

  /// Copies of the vectors' last columns, as kernels read them by the panel.
  void fillTailVectors() {
    int64_t columns = spec.getColumns();
    b.ifElse(b.equal(item.endPanel, b.index(product.panels)), [&] {
      Value zero = arith::ConstantOp::create(b, b.loc, b.getF32FloatAttr(0));
      for (auto [number, part] : llvm::enumerate(vectors)) {
        Value vector = part;
        Value base = b.index(number * columns);
        for (int64_t i = product.getTail(); i < columns; ++i) {
          b.store(zero, tailVectors, b.add(base, i));
        }
        Value from = b.index(product.n - product.getTail());
        b.loop(b.index(0), b.index(product.getTail()), [&](Value column) {
          b.store(b.load(vector, b.add(from, column)), tailVectors,
                  b.add(base, column));
        });
      }
    });
  }

  /// Calls the kernel for `rows` rows, the first of them `row`; `positions` are
  /// where its rows of x lie.
  LogicalResult emitCall(int64_t rows, Value row, Value panel, Value from,
                         ValueRange positions, Value ahead) {
    FailureOr<func::FuncOp> kernel = kernels.get(spec, rows, !ahead);
    if (failed(kernel)) {
      return failure();
    }
    SmallVector<Value> arguments = {from};
    llvm::append_range(arguments, positions);
    arguments.push_back(weights);
    arguments.push_back(b.mul(panel, spec.k * MOE_PANEL_COLUMNS));
    if (ahead) {
      arguments.push_back(ahead);
    }
    if (!product.getTail()) {
      emitWholeCall(*kernel, arguments, row, panel);
      return success();
    }
    b.ifElse(
        b.equal(panel, b.index(product.panels - 1)),
        [&] { emitTailCall(*kernel, arguments, rows, row); },
        [&] { emitWholeCall(*kernel, arguments, row, panel); });
    return success();
  }

  Value getOutAt(Value row, Value column) {
    return b.add(b.mul(b.add(item.firstRow, row), product.n), column);
  }

  void emitWholeCall(func::FuncOp kernel, SmallVector<Value> arguments,
                     Value row, Value panel) {
    Value column = b.mul(panel, spec.getColumns());
    arguments.append({out, getOutAt(row, column), b.index(product.n)});
    for (Value vector : vectors) {
      arguments.append({vector, column});
    }
    func::CallOp::create(b, b.loc, kernel, arguments);
  }

  /// Through a buffer, from which only the columns that exist are taken.
  void emitTailCall(func::FuncOp kernel, SmallVector<Value> arguments,
                    int64_t rows, Value row) {
    int64_t columns = spec.getColumns();
    int64_t tail = product.getTail();
    arguments.append({tailOut, b.index(0), b.index(columns)});
    if (!vectors.empty()) {
      Value flat = flatten(tailVectors);
      for (size_t i = 0; i < vectors.size(); ++i) {
        arguments.append({flat, b.index(i * columns)});
      }
    }
    func::CallOp::create(b, b.loc, kernel, arguments);
    b.loop(b.index(0), b.index(rows), [&](Value i) {
      Value from = b.mul(i, columns);
      Value to = getOutAt(b.add(row, i), b.index(product.n - tail));
      b.loop(b.index(0), b.index(tail), [&](Value column) {
        b.store(b.load(tailOut, b.add(from, column)), out, b.add(to, column));
      });
    });
  }

  /// A switch over how many rows, from `least` to `most`.
  LogicalResult emitSwitch(Value rows, int64_t least, int64_t most,
                           function_ref<LogicalResult(int64_t)> body) {
    SmallVector<int64_t> cases =
        llvm::to_vector(llvm::seq_inclusive(least, most));
    auto op = scf::IndexSwitchOp::create(b, b.loc, TypeRange(), rows, cases,
                                         cases.size());
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&op.getDefaultRegion());
    scf::YieldOp::create(b, b.loc);
    for (auto [rowCount, region] :
         llvm::zip_equal(cases, op.getCaseRegions())) {
      b.createBlock(&region);
      if (failed(body(rowCount))) {
        return failure();
      }
      scf::YieldOp::create(b, b.loc);
    }
    return success();
  }

  /// Few rows: one tile, rows of x in place.
  LogicalResult emitGathered() {
    return emitSwitch(item.rows, 1, shape.maxGatheredRows, [&](int64_t rows) {
      SmallVector<Value> positions;
      for (int64_t i = 0; i < rows; ++i) {
        positions.push_back(getSourceAt(b.index(i)));
      }
      LogicalResult result = success();
      b.loop(item.firstPanel, item.endPanel, [&](Value panel) {
        result = emitCall(rows, b.index(0), panel, x, positions, Value());
      });
      return result;
    });
  }

  /// Many rows: a packed copy of them, and tiles of sizes that differ by at
  /// most one, so that none is padded.
  LogicalResult emitPacked() {
    Value copy = b.temporary(
        {product.getBlockRows() * getPackedRowStride(spec.k)}, b.getF32Type());
    Value packed = flatten(copy);
    b.loop(b.index(0), item.rows, [&](Value row) {
      emitCopy(getSourceAt(row), packed,
               b.mul(row, getPackedRowStride(spec.k)));
    });
    Value tiles = b.ceilDiv(item.rows, shape.maxRows);
    Value least = b.div(item.rows, tiles);
    Value larger = b.rem(item.rows, tiles);
    // The fewest rows of a tile when just too many for a smaller number.
    int64_t smallest =
        (shape.maxGatheredRows + 1) /
        llvm::divideCeil(shape.maxGatheredRows + 1, shape.maxRows);
    LogicalResult result = success();
    b.loop(item.firstPanel, item.endPanel, [&](Value panel) {
      Value distance = getPrefetchDistance(panel);
      b.loop(b.index(0), tiles, [&](Value tile) {
        Value row = b.add(b.mul(tile, least), b.min(tile, larger));
        Value rows = b.select(b.less(tile, larger), b.add(least, 1), least);
        Value ahead = b.select(b.equal(tile, b.index(0)), distance, b.index(0));
        Value position = b.mul(row, getPackedRowStride(spec.k));
        result = emitSwitch(rows, smallest, shape.maxRows, [&](int64_t count) {
          return emitCall(count, row, panel, packed, position, ahead);
        });
      });
    });
    return result;
  }

  /// Never beyond the expert's part of the weights.
  Value getPrefetchDistance(Value panel) {
    int64_t panelElements = spec.k * MOE_PANEL_COLUMNS;
    if (panelElements == 0) {
      return b.index(0);
    }
    int64_t last =
        product.panels - llvm::divideCeil(kPrefetchAhead, panelElements);
    if (last <= 0) {
      return b.index(0);
    }
    Value wanted =
        b.logicalAnd(b.less(panel, b.index(last)),
                     b.lessEqual(b.index(kMinRowsToPrefetch), item.rows));
    return b.select(wanted, b.index(kPrefetchAhead), b.index(0));
  }

  void emitCopy(Value from, Value packed, Value to) {
    int64_t whole = spec.k - spec.k % kCopyLanes;
    if (whole > 0) {
      auto type = VectorType::get({kCopyLanes}, b.getF32Type());
      b.loop(b.index(0), b.index(whole), kCopyLanes, {},
             [&](Value k, ValueRange) -> SmallVector<Value> {
               Value value =
                   vector::LoadOp::create(b, b.loc, type, x, b.add(from, k));
               vector::StoreOp::create(b, b.loc, value, packed, b.add(to, k));
               return {};
             });
    }
    b.loop(b.index(whole), b.index(spec.k), [&](Value k) {
      b.store(b.load(x, b.add(from, k)), packed, b.add(to, k));
    });
  }

  ProductBuilder &b;
  const Product &product;
  PanelMatmulOp op;
  const MicroKernelSpec &spec;
  const ProductItem &item;
  MicroKernelEmitter &kernels;
  const RegisterShape &shape;
  Value x, out, tailOut, tailVectors;
  /// The expert's parts.
  Value weights;
  SmallVector<Value> vectors;
};

} // namespace

LogicalResult moe::emitProductItem(ProductBuilder &b, const Product &product,
                                   const ProductItem &item,
                                   MicroKernelEmitter &kernels) {
  return ItemEmitter(b, product, item, kernels).emit();
}
