//===- MoEBuildersTest.cpp - building moe ops from C++ --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace moe;

namespace {

constexpr int64_t dynamic = ShapedType::kDynamic;

/// A module with a function whose arguments a test asks for.
class MoEBuilders : public ::testing::Test {
protected:
  MoEBuilders() : builder(&context) {
    context.loadDialect<MoEDialect, func::FuncDialect>();
    module = ModuleOp::create(builder, builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
  }

  RankedTensorType floats(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, builder.getF32Type());
  }
  RankedTensorType ints(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, builder.getI32Type());
  }

  ValueRange startFunction(TypeRange arguments) {
    auto func =
        func::FuncOp::create(builder, builder.getUnknownLoc(), "f",
                             builder.getFunctionType(arguments, TypeRange()));
    Block *block = func.addEntryBlock();
    builder.setInsertionPointToEnd(block);
    return block->getArguments();
  }

  bool verifies() {
    func::ReturnOp::create(builder, builder.getUnknownLoc());
    return succeeded(verify(*module));
  }

  WeightOp addWeight(StringRef name, ArrayRef<int64_t> shape) {
    RankedTensorType part = floats(shape.drop_front());
    return WeightOp::create(
        builder, builder.getUnknownLoc(), name, floats(shape),
        /*perExpert=*/true, [&](OpBuilder &b, Location loc, Value expert) {
          EXPECT_TRUE(expert.getType().isIndex());
          auto data = DenseElementsAttr::get(part, 0.5F);
          return SourceOp::create(b, loc, part, data).getResult();
        });
  }

  MLIRContext context;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
};

TEST_F(MoEBuilders, Weights) {
  WeightOp expert = addWeight("a", {8, 4, 6});
  EXPECT_TRUE(expert.isPerExpert());
  EXPECT_EQ(expert.getPartType(), floats({4, 6}));
  EXPECT_TRUE(expert.isPrivate());
  auto dense = WeightOp::create(
      builder, builder.getUnknownLoc(), "b", floats({4}), /*perExpert=*/false,
      [&](OpBuilder &b, Location loc, Value expert) {
        EXPECT_FALSE(expert);
        auto data = DenseElementsAttr::get(floats({4}), 0.5F);
        return SourceOp::create(b, loc, floats({4}), data).getResult();
      });
  EXPECT_FALSE(dense.isPerExpert());
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(MoEBuilders, ExpertsOfTwoKinds) {
  WeightOp a = addWeight("a", {8, 4, 6}), b = addWeight("b", {8, 6});
  ValueRange args = startFunction(
      {ints({dynamic, 2}), floats({dynamic, 4}), floats({dynamic, 2, 3}),
       builder.getF32Type(), floats({dynamic, 2, 4})});
  auto experts = ExpertsOp::create(builder, builder.getUnknownLoc(), args[0],
                                   args[1], args[2], args[3], args[4],
                                   /*bounds=*/{0, 8, 9}, {{a, b}, {}});
  EXPECT_EQ(experts.getNumExperts(), 9);
  ASSERT_EQ(experts.getBodies().size(), 2U);
  EXPECT_EQ(experts.getBodies()[0].getNumArguments(), 6U);
  EXPECT_EQ(experts.getBodies()[0].getArgument(4).getType(), floats({4, 6}));
  EXPECT_EQ(experts.getBodies()[1].getNumArguments(), 4U);
  EXPECT_EQ(experts.getBodies()[1].getArgument(2).getType(),
            floats({dynamic, 3}));
  EXPECT_EQ(experts.getKindWeights(0)[1].getValue(), "b");
  EXPECT_EQ(experts.getKindWeightTypes(0)[0], floats({8, 4, 6}));
  for (Region &body : experts.getBodies()) {
    OpBuilder inner = OpBuilder::atBlockEnd(&body.front());
    YieldOp::create(inner, builder.getUnknownLoc(), body.getArgument(1));
  }
  ASSERT_EQ(experts.getResults().size(), 1U);
  EXPECT_EQ(experts.getResults()[0].getType(), floats({dynamic, 2, 4}));
  EXPECT_TRUE(verifies());
}

TEST_F(MoEBuilders, Products) {
  WeightOp a = addWeight("a", {8, 4, 6}), v = addWeight("v", {8, 6});
  ValueRange args = startFunction({floats({dynamic, 4}), ints({dynamic}),
                                   ints({9}), floats({dynamic, 6}),
                                   floats({8, 1, 4, 32}), floats({8, 6})});
  auto sum = [](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    return arith::AddFOp::create(b, loc, scalars.front(), scalars.back());
  };
  auto grouped = GroupedMatmulOp::create(builder, builder.getUnknownLoc(),
                                         args[0], args[1], args[2], args[3],
                                         /*div=*/2, {a, a}, v, sum);
  EXPECT_EQ(grouped.getEpilogue().getNumArguments(), 3U);
  EXPECT_EQ(grouped.getResult().getType(), floats({dynamic, 6}));
  auto panel = PanelMatmulOp::create(builder, builder.getUnknownLoc(),
                                     /*weights=*/2, args[0], args[1], args[2],
                                     args[4], args[5], args[3], /*div=*/2, sum);
  EXPECT_EQ(panel.getEpilogue().getNumArguments(), 3U);
  EXPECT_EQ(panel.getGroups(), args[2]);
  EXPECT_TRUE(panel.getAccumulatorType().isF32());
  EXPECT_TRUE(verifies());
}

TEST_F(MoEBuilders, DenseProduct) {
  ValueRange args = startFunction(
      {floats({dynamic, 4}), floats({1, 1, 4, 32}), floats({dynamic, 32})});
  auto panel = PanelMatmulOp::create(
      builder, builder.getUnknownLoc(), /*weights=*/1, args[0], Value(),
      Value(), args[1], ValueRange(), args[2], /*div=*/1,
      [](OpBuilder &, Location, ValueRange scalars) { return scalars[0]; });
  EXPECT_FALSE(panel.getSource());
  EXPECT_FALSE(panel.getGroups());
  EXPECT_TRUE(verifies());
}

TEST_F(MoEBuilders, KernelAndSelection) {
  ValueRange args = startFunction({floats({dynamic, 8}), ints({dynamic, 2})});
  Location loc = builder.getUnknownLoc();
  TopKOp topK;
  auto kernel = KernelOp::create(
      builder, loc, args[0], args[1],
      [&](OpBuilder &b, Location loc, ValueRange in) -> SmallVector<Value> {
        topK = TopKOp::create(b, loc, in[0], /*limit=*/Value(), in[1]);
        return {topK.getResult()};
      });
  EXPECT_EQ(kernel.getResults()[0].getType(), args[1].getType());
  auto selection = cast<SelectionOpInterface>(topK.getOperation());
  EXPECT_EQ(selection.getSelectionScores(), kernel.getBody().getArgument(0));
  EXPECT_EQ(selection.getSelectionInit(), kernel.getBody().getArgument(1));
  EXPECT_FALSE(selection.dependsOnBatch());
  EXPECT_TRUE(verifies());
}

TEST_F(MoEBuilders, ShapesComeFromDestinations) {
  ValueRange args = startFunction(
      {ints({dynamic, 2}), ints({9}), ints({dynamic}), ints({dynamic, 2})});
  auto group = GroupOp::create(builder, builder.getUnknownLoc(), args[0],
                               args[1], args[2], args[3]);
  ReifiedRankedShapedTypeDims shapes;
  ASSERT_TRUE(succeeded(reifyResultShapes(builder, group, shapes)));
  ASSERT_EQ(shapes.size(), 3U);
  EXPECT_EQ(getConstantIntValue(shapes[0][0]), 9);
  auto dim = cast<Value>(shapes[2][0]).getDefiningOp<tensor::DimOp>();
  ASSERT_TRUE(dim);
  EXPECT_EQ(dim.getSource(), args[3]);
  EXPECT_EQ(getConstantIntValue(shapes[2][1]), 2);
  EXPECT_TRUE(verifies());
}

TEST(MoEArithmetic, Types) {
  MLIRContext context;
  EXPECT_TRUE(getArithmeticType(Float16Type::get(&context)).isF32());
  EXPECT_TRUE(getArithmeticType(BFloat16Type::get(&context)).isF32());
  EXPECT_TRUE(getArithmeticType(Float32Type::get(&context)).isF32());
  EXPECT_TRUE(getArithmeticType(Float64Type::get(&context)).isF64());
}

} // namespace
