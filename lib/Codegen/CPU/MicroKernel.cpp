//===- MicroKernel.cpp - emits register-tiled products of one panel -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MicroKernel.h"
#include "ProductBuilder.h"

#include "moe/Dialect/MoE/IR/Accumulation.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moe;

FailureOr<RegisterShape> RegisterShape::get(StringRef level) {
  // 28 accumulators, 2 vectors of the panel and 2 of rows are 32 registers.
  if (level == "x86-64-v4") {
    return RegisterShape{16, 14, 14, 6};
  }
  // Of 16 registers, 6 rows x 2 vectors take 12 and 2 rows x 4 vectors 8; 3 x 4
  // spill.
  if (level == "x86-64-v3") {
    return RegisterShape{8, 6, 2, 6};
  }
  return failure();
}

/// Steps over K per iteration of the main loop. With many rows a single step
/// hides the loop's own instructions, and with 14 the scheduler spills once it
/// can load the next step's panel early.
static int64_t getUnroll(int64_t accumulators) {
  return accumulators <= 12 ? 4 : 1;
}

namespace {

/// Emits the body of one micro-kernel.
class KernelBody {
public:
  KernelBody(const ProductBuilder &builder, const MicroKernelSpec &spec,
             const RegisterShape &shape, int64_t rows, bool gathered,
             Block::BlockArgListType arguments)
      : b(builder), spec(spec), shape(shape), rows(rows),
        passes(rows <= shape.maxRowsOfWholePanel ? 1 : 2),
        unroll(getUnroll(rows * MOE_PANEL_COLUMNS / passes / shape.lanes)),
        gathered(gathered),
        type(VectorType::get({shape.lanes}, b.getF32Type())) {
    const BlockArgument *next = arguments.begin();
    x = *next++;
    for (int64_t i = 0; i < (gathered ? rows : 1); ++i) {
      rowAt.push_back(*next++);
    }
    panels = *next++;
    panelAt = *next++;
    if (!gathered) {
      ahead = *next++;
    }
    out = *next++;
    outAt = *next++;
    outStride = *next++;
    while (next != arguments.end()) {
      Value vector = *next++;
      vectors.push_back({vector, *next++});
    }
  }

  LogicalResult emit() {
    int64_t width = spec.getColumns() / passes;
    for (int64_t pass = 0; pass < passes; ++pass) {
      SmallVector<Value> sums = accumulate(pass * width, width);
      if (isPlain()) {
        storeSums(sums, pass * width, width);
      } else if (failed(emitEpilogue(sums, pass * width, width))) {
        return failure();
      }
    }
    return success();
  }

private:
  /// Whether the results are the accumulators of the only weight.
  bool isPlain() const {
    Block &block = spec.epilogue->front();
    return spec.weights == 1 && llvm::hasSingleElement(block) &&
           block.back().getOperand(0) == block.getArgument(0);
  }

  /// The sums over K for `width` columns of results from `first` on: row by
  /// row, in each row weight by weight.
  SmallVector<Value> accumulate(int64_t first, int64_t width) {
    SmallVector<int64_t> columns;
    for (int64_t weight = 0; weight < spec.weights; ++weight) {
      for (int64_t i = 0; i < width; i += shape.lanes) {
        columns.push_back(weight * spec.getColumns() + first + i);
      }
    }
    bool prefetch = ahead && first == 0;
    if (spec.k <= kChainLength) {
      return emitChain(b.index(0), spec.k, columns, prefetch);
    }
    // From -0, so that the first addition leaves the first chain's sum as it is.
    auto none = b.getFloatAttr(b.getF32Type(), -0.0);
    Value start = arith::ConstantOp::create(
        b, b.loc, DenseElementsAttr::get(type, none.getValue()));
    SmallVector<Value> totals(rows * columns.size(), start);
    int64_t whole = spec.k - spec.k % kChainLength;
    totals = b.loop(b.index(0), b.index(whole), kChainLength, totals,
                    [&](Value k, ValueRange carried) {
                      return addSums(carried, emitChain(k, kChainLength,
                                                        columns, prefetch));
                    });
    if (whole < spec.k) {
      totals = addSums(totals, emitChain(b.index(whole), spec.k - whole,
                                         columns, prefetch));
    }
    return totals;
  }

  SmallVector<Value> addSums(ValueRange totals, ValueRange sums) {
    SmallVector<Value> result;
    for (auto [total, sum] : llvm::zip_equal(totals, sums)) {
      result.push_back(arith::AddFOp::create(b, b.loc, total, sum));
    }
    return result;
  }

  /// The sums over `length` steps from `begin` on: one chain of fma each.
  SmallVector<Value> emitChain(Value begin, int64_t length,
                               ArrayRef<int64_t> columns, bool prefetch) {
    Value zero = arith::ConstantOp::create(b, b.loc, b.getZeroAttr(type));
    SmallVector<Value> sums(rows * columns.size(), zero);
    int64_t whole = length - length % unroll;
    if (whole > 0) {
      sums = b.loop(begin, b.add(begin, whole), unroll, sums,
                    [&](Value k, ValueRange carried) {
                      SmallVector<Value> next(carried);
                      for (int64_t i = 0; i < unroll; ++i) {
                        step(k, i, columns, prefetch, next);
                      }
                      return next;
                    });
    }
    for (int64_t i = whole; i < length; ++i) {
      step(b.add(begin, i), 0, columns, prefetch, sums);
    }
    return sums;
  }

  /// One step over K, at k + offset, for these columns of the panel.
  void step(Value k, int64_t offset, ArrayRef<int64_t> columns, bool prefetch,
            MutableArrayRef<Value> sums) {
    Value line = b.add(panelAt, b.mul(k, MOE_PANEL_COLUMNS));
    SmallVector<Value> weights;
    for (int64_t column : columns) {
      Value at = b.add(line, offset * MOE_PANEL_COLUMNS + column);
      weights.push_back(vector::LoadOp::create(b, b.loc, type, panels, at));
    }
    if (prefetch) {
      // Both cache lines of the step, into L2.
      for (int64_t column = 0; column < MOE_PANEL_COLUMNS; column += 16) {
        Value at = b.add(b.add(line, offset * MOE_PANEL_COLUMNS + column), ahead);
        memref::PrefetchOp::create(b, b.loc, panels, at, /*isWrite=*/false,
                                   /*localityHint=*/2, /*isDataCache=*/true);
      }
    }
    Value *sum = sums.begin();
    for (int64_t row = 0; row < rows; ++row) {
      int64_t packed = gathered ? 0 : row * getPackedRowStride(spec.k);
      Value at = b.add(b.add(rowAt[gathered ? row : 0], k), offset + packed);
      Value element =
          vector::BroadcastOp::create(b, b.loc, type, b.load(x, at));
      for (Value weight : weights) {
        // Not vector.fma: LLVM may split what that becomes.
        *sum = math::FmaOp::create(b, b.loc, element, weight, *sum);
        ++sum;
      }
    }
  }

  void storeSums(ArrayRef<Value> sums, int64_t first, int64_t width) {
    for (int64_t row = 0; row < rows; ++row) {
      Value at = b.add(outAt, b.mul(outStride, b.index(row)));
      for (int64_t i = 0; i < width; i += shape.lanes) {
        vector::StoreOp::create(b, b.loc, sums.front(), out,
                                b.add(at, first + i));
        sums = sums.drop_front();
      }
    }
  }

  /// Through a tile of the sums, so that the epilogue is in the code once and
  /// not once per row.
  LogicalResult emitEpilogue(ArrayRef<Value> sums, int64_t first,
                             int64_t width) {
    auto tileType = MemRefType::get(
        {static_cast<int64_t>(sums.size()) * shape.lanes}, b.getF32Type());
    Value tile =
        memref::AllocaOp::create(b, b.loc, tileType, b.getI64IntegerAttr(64));
    for (auto [number, sum] : llvm::enumerate(sums)) {
      vector::StoreOp::create(b, b.loc, sum, tile,
                              b.index(number * shape.lanes));
    }
    SmallVector<Value> elements;
    for (int64_t i = 0; i < width; i += shape.lanes) {
      for (auto [vector, at] : vectors) {
        elements.push_back(vector::LoadOp::create(b, b.loc, type, vector,
                                                  b.add(at, first + i)));
      }
    }
    LogicalResult result = success();
    b.loop(b.index(0), b.index(rows), [&](Value row) {
      Value tileRow = b.mul(row, width * spec.weights);
      Value outRow = b.add(outAt, b.mul(outStride, row));
      ArrayRef<Value> rest = elements;
      for (int64_t i = 0; i < width && succeeded(result); i += shape.lanes) {
        SmallVector<Value> inputs;
        for (int64_t weight = 0; weight < spec.weights; ++weight) {
          Value at = b.add(tileRow, weight * width + i);
          inputs.push_back(vector::LoadOp::create(b, b.loc, type, tile, at));
        }
        llvm::append_range(inputs, rest.take_front(vectors.size()));
        rest = rest.drop_front(vectors.size());
        FailureOr<Value> value = widenEpilogue(inputs);
        result = failed(value) ? failure() : success();
        if (succeeded(value)) {
          vector::StoreOp::create(b, b.loc, *value, out,
                                  b.add(outRow, first + i));
        }
      }
    });
    return result;
  }

  /// The scalar epilogue on vectors.
  FailureOr<Value> widenEpilogue(ValueRange inputs) {
    Block &block = spec.epilogue->front();
    IRMapping mapping;
    mapping.map(block.getArguments(), inputs);
    for (Operation &op : block.without_terminator()) {
      Attribute constant;
      if (matchPattern(&op, m_Constant(&constant))) {
        auto wide = DenseElementsAttr::get(
            VectorType::get({shape.lanes}, op.getResult(0).getType()),
            constant);
        mapping.map(op.getResult(0),
                    arith::ConstantOp::create(b, op.getLoc(), wide));
        continue;
      }
      if (!OpTrait::hasElementwiseMappableTraits(&op)) {
        return op.emitOpError("has no form on vectors, so it cannot be in the "
                              "epilogue of a product");
      }
      Operation *wide = b.clone(op, mapping);
      for (OpResult result : wide->getResults()) {
        result.setType(VectorType::get({shape.lanes}, result.getType()));
      }
    }
    return mapping.lookup(block.getTerminator()->getOperand(0));
  }

  ProductBuilder b;
  const MicroKernelSpec &spec;
  const RegisterShape &shape;
  int64_t rows;
  /// Parts of the panel's columns that are done one after the other.
  int64_t passes;
  int64_t unroll;
  bool gathered;
  VectorType type;
  Value x, panels, panelAt, ahead, out, outAt, outStride;
  SmallVector<Value> rowAt;
  SmallVector<std::pair<Value, Value>> vectors;
};

} // namespace

unsigned MicroKernelEmitter::getEpilogueId(Region *epilogue) {
  for (auto [id, other] : llvm::enumerate(epilogues)) {
    if (OperationEquivalence::isRegionEquivalentTo(
            epilogue, other, OperationEquivalence::IgnoreLocations)) {
      return id;
    }
  }
  epilogues.push_back(epilogue);
  return epilogues.size() - 1;
}

FailureOr<func::FuncOp> MicroKernelEmitter::get(const MicroKernelSpec &spec,
                                                int64_t rows, bool gathered) {
  std::string name =
      (Twine("moe_micro_m") + Twine(rows) + (gathered ? "g" : "p") + "_k" +
       Twine(spec.k) + "_w" + Twine(spec.weights) + "_v" + Twine(spec.vectors) +
       "_e" + Twine(getEpilogueId(spec.epilogue)))
          .str();
  func::FuncOp &kernel = kernels[name];
  if (kernel) {
    return kernel;
  }
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Type index = builder.getIndexType();
  Type buffer = MemRefType::get({ShapedType::kDynamic}, builder.getF32Type());
  SmallVector<Type> types(1, buffer);
  types.append(gathered ? rows : 1, index);
  types.append({buffer, index});
  if (!gathered) {
    types.push_back(index);
  }
  types.append({buffer, index, index});
  for (int64_t i = 0; i < spec.vectors; ++i) {
    types.append({buffer, index});
  }
  Location loc = spec.epilogue->getLoc();
  kernel = func::FuncOp::create(builder, loc, name,
                                builder.getFunctionType(types, {}));
  kernel.setPrivate();
  // Inlined into the loops over tiles, kernels would share their registers.
  kernel->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(module.getContext(), LLVM::Linkage::Internal));
  kernel->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  Block *entry = kernel.addEntryBlock();
  ProductBuilder inside(OpBuilder::atBlockEnd(entry), loc);
  auto end = func::ReturnOp::create(inside, loc);
  inside.setInsertionPoint(end);
  KernelBody body(inside, spec, shape, rows, gathered, entry->getArguments());
  if (failed(body.emit())) {
    return failure();
  }
  return kernel;
}
