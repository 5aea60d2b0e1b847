//===- MoEToLinalg.cpp - moe ops as plain loops ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass, weights, and ops on memrefs.
//
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace moe {
#define GEN_PASS_DEF_CONVERTMOETOLINALGPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace moe

using namespace mlir;
using namespace moe;

//===----------------------------------------------------------------------===//
// moe.source
//===----------------------------------------------------------------------===//

/// z = (z xor (z >> shift)) * factor
static Value mix(Loops &b, Value z, int64_t shift, uint64_t factor) {
  Type i64 = z.getType();
  Value high = arith::ShRUIOp::create(b, z, b.integer(i64, shift));
  Value mixed = arith::XOrIOp::create(b, z, high);
  return factor == 1
             ? mixed
             : arith::MulIOp::create(b, mixed, b.integer(i64, int64_t(factor)));
}

/// Random number i, as the attribute defines it.
static Value randomNumber(Loops &b, RandomAttr random, Value i) {
  Type i64 = b.getI64Type(), f32 = b.getF32Type();
  auto constant = [&](const APFloat &value) -> Value {
    return arith::ConstantOp::create(b, b.getFloatAttr(f32, value));
  };
  Value next = arith::AddIOp::create(b, i, b.integer(i64, 1));
  Value z = arith::MulIOp::create(b, next,
                                  b.integer(i64, int64_t(0x9E3779B97F4A7C15)));
  z = arith::AddIOp::create(b, z, b.integer(i64, int64_t(random.getSeed())));
  z = mix(b, z, 30, 0xBF58476D1CE4E5B9);
  z = mix(b, z, 27, 0x94D049BB133111EB);
  z = mix(b, z, 31, 1);
  Value bits = arith::ShRUIOp::create(b, z, b.integer(i64, 40));
  Value u = arith::MulFOp::create(b, arith::UIToFPOp::create(b, f32, bits),
                                  constant(APFloat(0x1p-24F)));
  APFloat width = random.getHigh().getValue();
  width.subtract(random.getLow().getValue(), APFloat::rmNearestTiesToEven);
  return math::FmaOp::create(b, u, constant(width),
                             constant(random.getLow().getValue()));
}

/// A source of experts as a choice among sources of one tensor each.
static void choosePart(SourceOp op, ArrayAttr parts,
                       PatternRewriter &rewriter) {
  auto cases = llvm::to_vector(
      llvm::seq<int64_t>(0, static_cast<int64_t>(parts.size()) - 1));
  Type type = op.getResult().getType();
  auto choice = scf::IndexSwitchOp::create(
      rewriter, op.getLoc(), type, op.getExpert(), cases, cases.size());
  for (auto [index, region] : llvm::enumerate(choice->getRegions())) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.createBlock(&region);
    // The first region is the default one: the last expert.
    Attribute data = index == 0 ? *std::prev(parts.end()) : parts[index - 1];
    Value source = SourceOp::create(rewriter, op.getLoc(), type, data);
    scf::YieldOp::create(rewriter, op.getLoc(), source);
  }
  rewriter.replaceOp(op, choice);
}

namespace {
struct LowerSource : OpRewritePattern<SourceOp> {
  using OpRewritePattern::OpRewritePattern;
  // Sources of experts become sources of one tensor.
  void initialize() { setHasBoundedRewriteRecursion(); }
  LogicalResult matchAndRewrite(SourceOp op,
                                PatternRewriter &rewriter) const override {
    if (auto parts = dyn_cast<ArrayAttr>(op.getData())) {
      choosePart(op, parts, rewriter);
      return success();
    }
    if (auto elements = dyn_cast<ElementsAttr>(op.getData())) {
      rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, elements);
      return success();
    }
    auto random = dyn_cast<RandomAttr>(op.getData());
    if (!random) {
      return rewriter.notifyMatchFailure(op, "reads a file");
    }
    Loops b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value empty =
        tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
    auto body = [&](OpBuilder &builder, Location loc, ValueRange) {
      Loops in(loc, builder);
      Value i = in.index(0);
      for (int64_t d = 0; d < type.getRank(); ++d) {
        i = arith::MulIOp::create(in, i, in.index(type.getDimSize(d)));
        i = arith::AddIOp::create(in, i, linalg::IndexOp::create(in, d));
      }
      Value number = randomNumber(
          in, random, arith::IndexCastOp::create(in, in.getI64Type(), i));
      linalg::YieldOp::create(in, in.convert(number, type.getElementType()));
    };
    SmallVector<utils::IteratorType> parallel(type.getRank(),
                                              utils::IteratorType::parallel);
    rewriter.replaceOp(op, linalg::GenericOp::create(
                               b, TypeRange(type), ValueRange(), empty,
                               rewriter.getMultiDimIdentityMap(type.getRank()),
                               parallel, body)
                               .getResults());
    return success();
  }
};

struct LowerWeightValue : OpRewritePattern<WeightValueOp> {
  LowerWeightValue(MLIRContext *context, const WeightAccess &weights)
      : OpRewritePattern(context), weights(weights) {}
  LogicalResult matchAndRewrite(WeightValueOp op,
                                PatternRewriter &rewriter) const override {
    Loops b(op.getLoc(), rewriter);
    rewriter.replaceOp(
        op, op.getExpert()
                ? weights.part(b, op, op.getWeightAttr(), op.getExpert())
                : weights.whole(b, op, op.getWeightAttr()));
    return success();
  }
  WeightAccess weights;
};

/// Pins, counts and pools have no influence on results.
template <typename OpTy>
struct Erase : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Ops on memrefs
//===----------------------------------------------------------------------===//

/// Makes an op on memrefs one on tensors whose results go to its destinations.
static void liftToTensors(DestinationStyleOpInterface op,
                          RewriterBase &rewriter) {
  rewriter.setInsertionPoint(op);
  DenseMap<Value, Value> tensors;
  SmallVector<Value> operands;
  SmallVector<Type> types;
  for (OpOperand &operand : op->getOpOperands()) {
    Value buffer = operand.get();
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type) {
      operands.push_back(buffer);
      continue;
    }
    Value &tensor = tensors[buffer];
    if (!tensor) {
      auto tensorType =
          RankedTensorType::get(type.getShape(), type.getElementType());
      tensor = bufferization::ToTensorOp::create(
          rewriter, op.getLoc(), tensorType, buffer, /*restrict=*/true,
          /*writable=*/op.isDpsInit(&operand));
    }
    operands.push_back(tensor);
    if (op.isDpsInit(&operand)) {
      types.push_back(tensor.getType());
    }
  }
  Operation *lifted = mlir::clone(rewriter, op.getOperation(), types, operands);
  for (auto [result, init] :
       llvm::zip(lifted->getResults(), op.getDpsInits())) {
    bufferization::MaterializeInDestinationOp::create(
        rewriter, op.getLoc(), /*result=*/Type(), result, init,
        /*restrict=*/true, /*writable=*/true);
  }
  rewriter.eraseOp(op);
}

namespace {
struct ConvertMoEToLinalgPass
    : moe::impl::ConvertMoEToLinalgPassBase<ConvertMoEToLinalgPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<DestinationStyleOpInterface> buffered;
    getOperation().walk([&](DestinationStyleOpInterface op) {
      if (isa<MoEDialect>(op->getDialect()) && op.hasPureBufferSemantics()) {
        buffered.push_back(op);
      }
    });
    IRRewriter rewriter(&getContext());
    for (DestinationStyleOpInterface op : buffered) {
      liftToTensors(op, rewriter);
    }

    SymbolTableCollection tables;
    RewritePatternSet patterns(&getContext());
    populateMoEToLinalgPatterns(patterns, tables, keepWeights);

    ConversionTarget target(getContext());
    target.addIllegalDialect<MoEDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addLegalOp<WeightOp, ExpertViewOp>();
    target.markOpRecursivelyLegal<WeightOp>();
    target.addDynamicallyLegalOp<SourceOp>(
        [](SourceOp op) { return isa<FileAttr>(op.getData()); });
    if (keepWeights) {
      target.addLegalOp<WeightValueOp>();
    }
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns)))) {
      signalPassFailure();
      return;
    }
    if (!keepWeights) {
      getOperation().walk([](WeightOp weight) { weight.erase(); });
    }
  }
};
} // namespace

void moe::populateMoEToLinalgPatterns(RewritePatternSet &patterns,
                                      SymbolTableCollection &tables,
                                      bool keepWeights) {
  WeightAccess weights{tables, keepWeights};
  patterns.add<LowerSource, Erase<PoolOp>, Erase<PinOp>, Erase<UnpinOp>,
               Erase<CountExpertsOp>>(patterns.getContext());
  patterns.add<LowerWeightValue>(patterns.getContext(), weights);
  populateSelectPatterns(patterns);
  populateExpertsPatterns(patterns, weights);
  populateProductPatterns(patterns, weights);
}
