//===- InlineReads.cpp - elements computed where they are read ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightSlices.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

#include <map>
#include <vector>

using namespace mlir;
using namespace moe;

namespace {

/// What one read may copy. A tensor beyond it stays a temporary: where values
/// are read twice, what is copied would double with each.
constexpr int64_t kMaxCopiedOps = 256;

/// Computes elements in the body of the op that reads them.
class ElementReader {
public:
  ElementReader(OpBuilder &builder, Location loc)
      : builder(builder), loc(loc) {}

  /// The element at `indices`, made once.
  Value read(Value tensor, ArrayRef<Value> indices);

private:
  Value readNew(Value tensor, ArrayRef<Value> indices);
  Value readGeneric(linalg::GenericOp op, ArrayRef<Value> indices);
  Value readExpand(tensor::ExpandShapeOp op, ArrayRef<Value> indices);
  Value readCollapse(tensor::CollapseShapeOp op, ArrayRef<Value> indices);
  Value readSlice(tensor::ExtractSliceOp op, ArrayRef<Value> indices);

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  template <typename OpTy>
  Value make(Value lhs, Value rhs) {
    return builder.createOrFold<OpTy>(loc, lhs, rhs);
  }

  OpBuilder &builder;
  Location loc;
  int64_t copiedOps = 0;
  /// By the tensor, then the indices.
  std::map<std::vector<const void *>, Value> known;
};

} // namespace

static int64_t countOps(linalg::GenericOp op) {
  int64_t count = 0;
  op.getBody()->walk([&](Operation *) { ++count; });
  return count;
}

/// Whether elements of a generic depend on elements at known places only, so
/// that computing one where it is read costs no more.
static bool isElementwise(linalg::GenericOp op) {
  auto isPlace = [](AffineMap map) {
    return llvm::all_of(map.getResults(), [](AffineExpr expr) {
      return isa<AffineDimExpr, AffineConstantExpr>(expr);
    });
  };
  return op->getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         op.getIndexingMapsArray().back().isPermutation() &&
         llvm::all_of(op.getIndexingMapsArray(), isPlace) &&
         op.getRegionOutputArgs()[0].use_empty();
}

Value ElementReader::readGeneric(linalg::GenericOp op,
                                 ArrayRef<Value> indices) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Value> loops(op.getNumLoops());
  for (auto [expr, index] : llvm::zip_equal(maps.back().getResults(), indices)) {
    loops[cast<AffineDimExpr>(expr).getPosition()] = index;
  }
  IRMapping mapping;
  for (auto [operand, map, argument] :
       llvm::zip(op.getDpsInputs(), maps, op.getRegionInputArgs())) {
    if (argument.use_empty()) {
      continue;
    }
    if (!isa<RankedTensorType>(operand.getType())) {
      mapping.map(argument, operand);
      continue;
    }
    SmallVector<Value> places;
    for (AffineExpr expr : map.getResults()) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      places.push_back(loop ? loops[loop.getPosition()]
                            : constant(cast<AffineConstantExpr>(expr)
                                           .getValue()));
    }
    mapping.map(argument, read(operand, places));
  }
  Block &body = *op.getBlock();
  for (Operation &inner : body.without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      mapping.map(index.getResult(), loops[index.getDim()]);
      continue;
    }
    Operation *copied = builder.clone(inner, mapping);
    copied->walk([&](linalg::IndexOp index) {
      index.replaceAllUsesWith(loops[index.getDim()]);
      index.erase();
    });
  }
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

Value ElementReader::readExpand(tensor::ExpandShapeOp op,
                                ArrayRef<Value> indices) {
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  SmallVector<Value> places;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    Value place = constant(0);
    for (int64_t dim : group) {
      place = make<arith::AddIOp>(
          make<arith::MulIOp>(place, constant(shape[dim])), indices[dim]);
    }
    places.push_back(place);
  }
  return read(op.getSrc(), places);
}

Value ElementReader::readCollapse(tensor::CollapseShapeOp op,
                                  ArrayRef<Value> indices) {
  ArrayRef<int64_t> shape = op.getSrcType().getShape();
  // Dimensions in no group are those of a single element.
  SmallVector<Value> places(shape.size());
  for (auto [group, index] :
       llvm::zip_equal(op.getReassociationIndices(), indices)) {
    Value rest = index;
    for (int64_t dim : llvm::reverse(group)) {
      Value extent = constant(shape[dim]);
      places[dim] = dim == group.front() ? rest
                                         : make<arith::RemUIOp>(rest, extent);
      rest = dim == group.front() ? rest : make<arith::DivUIOp>(rest, extent);
    }
  }
  for (Value &place : places) {
    place = place ? place : constant(0);
  }
  return read(op.getSrc(), places);
}

Value ElementReader::readSlice(tensor::ExtractSliceOp op,
                               ArrayRef<Value> indices) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<Value> places;
  unsigned next = 0;
  for (auto [dim, offset, stride] :
       llvm::enumerate(op.getMixedOffsets(), op.getMixedStrides())) {
    Value place = getValueOrCreateConstantIndexOp(builder, loc, offset);
    if (!dropped.test(dim)) {
      Value step = getValueOrCreateConstantIndexOp(builder, loc, stride);
      place = make<arith::AddIOp>(
          make<arith::MulIOp>(indices[next++], step), place);
    }
    places.push_back(place);
  }
  return read(op.getSource(), places);
}

Value ElementReader::read(Value tensor, ArrayRef<Value> indices) {
  std::vector<const void *> key{tensor.getAsOpaquePointer()};
  for (Value index : indices) {
    key.push_back(index.getAsOpaquePointer());
  }
  auto place = known.find(key);
  if (place != known.end()) {
    return place->second;
  }
  Value result = readNew(tensor, indices);
  known.emplace(std::move(key), result);
  return result;
}

Value ElementReader::readNew(Value tensor, ArrayRef<Value> indices) {
  Operation *op = tensor.getDefiningOp();
  if (auto generic = dyn_cast_if_present<linalg::GenericOp>(op);
      generic && isElementwise(generic)) {
    int64_t count = countOps(generic);
    if (copiedOps + count <= kMaxCopiedOps) {
      copiedOps += count;
      return readGeneric(generic, indices);
    }
  }
  if (auto expand = dyn_cast_if_present<tensor::ExpandShapeOp>(op)) {
    return readExpand(expand, indices);
  }
  if (auto collapse = dyn_cast_if_present<tensor::CollapseShapeOp>(op)) {
    return readCollapse(collapse, indices);
  }
  if (auto slice = dyn_cast_if_present<tensor::ExtractSliceOp>(op)) {
    return readSlice(slice, indices);
  }
  return tensor::ExtractOp::create(builder, loc, tensor, indices);
}

/// Whether behind views there is something that would be computed as a whole.
static bool isComputed(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      return isElementwise(generic);
    }
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
             tensor::ExtractSliceOp>(op)) {
      return false;
    }
    tensor = op->getOperand(0);
  }
  return false;
}

void moe::inlineReads(Block &body) {
  SmallVector<tensor::ExtractOp> reads;
  for (auto generic : body.getOps<linalg::GenericOp>()) {
    generic.walk([&](tensor::ExtractOp read) { reads.push_back(read); });
  }
  // In order, so that what is copied reads sources already.
  for (tensor::ExtractOp op : reads) {
    if (isComputed(op.getTensor())) {
      OpBuilder builder(op);
      SmallVector<Value> indices(op.getIndices());
      op.replaceAllUsesWith(
          ElementReader(builder, op.getLoc()).read(op.getTensor(), indices));
      op.erase();
    }
  }
}
