//===- OpTableTest.cpp - the schema half of the op table ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/OpTable.h"

#include "moe/Dialect/ONNX/Inference.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace moe::onnx;

TEST(OpTableTest, TheLatestVersionThatTheModelKnowsApplies) {
  EXPECT_EQ(findSchema("", "Squeeze", 7)->since, 1);
  EXPECT_EQ(findSchema("", "Squeeze", 12)->since, 11);
  EXPECT_EQ(findSchema("", "Squeeze", 13)->since, 13);
  EXPECT_EQ(findSchema("", "Squeeze", kLastOpset)->since, 25);
  EXPECT_EQ(findSchema("", "Gelu", 19), nullptr);
  EXPECT_EQ(findSchema("", "Gelu", 20)->since, 20);
  EXPECT_EQ(findSchema("", "Conv", kLastOpset), nullptr);
  EXPECT_EQ(findSchema("com.microsoft", "MoE", 1)->since, 1);
  EXPECT_EQ(findSchema("", "MoE", 1), nullptr);
}

TEST(OpTableTest, ParametersAreParsed) {
  const OpSchema *clip = findSchema("", "Clip", 13);
  ASSERT_EQ(clip->inputs.size(), 3u);
  EXPECT_EQ(clip->inputs[1].name, "min");
  EXPECT_EQ(clip->inputs[1].type, "T");
  EXPECT_TRUE(clip->inputs[1].optional);
  EXPECT_EQ(clip->minInputs, 1);
  EXPECT_EQ(clip->maxInputs, 3);
  const OpSchema *concat = findSchema("", "Concat", 13);
  EXPECT_EQ(concat->minInputs, 1);
  EXPECT_EQ(concat->maxInputs, -1);
  EXPECT_EQ(concat->getInput(100).name, "inputs");
  // MoE's optional inputs lie between those that are not.
  const OpSchema *moe = findSchema("com.microsoft", "MoE", 1);
  EXPECT_EQ(moe->minInputs, 5);
  EXPECT_EQ(moe->maxInputs, 8);
}

TEST(OpTableTest, Defaults) {
  mlir::MLIRContext context;
  mlir::Builder b(&context);
  const OpSchema *elu = findSchema("", "Elu", 6);
  EXPECT_TRUE(elu->findAttribute("alpha")->isDefault(b.getF32FloatAttr(1)));
  EXPECT_FALSE(elu->findAttribute("alpha")->isDefault(b.getF32FloatAttr(2)));
  EXPECT_FALSE(elu->findAttribute("alpha")->isDefault(b.getI64IntegerAttr(1)));
  const OpSchema *cast = findSchema("", "Cast", 24);
  EXPECT_TRUE(
      cast->findAttribute("round_mode")->isDefault(b.getStringAttr("up")));
  EXPECT_FALSE(
      cast->findAttribute("round_mode")->isDefault(b.getStringAttr("down")));
  EXPECT_TRUE(
      cast->findAttribute("saturate")->isDefault(b.getI64IntegerAttr(1)));
  // Left out, this one means what no value means.
  EXPECT_FALSE(cast->findAttribute("to")->isDefault(b.getI64IntegerAttr(0)));
  EXPECT_EQ(findSchema("", "Cast", 13)->findAttribute("saturate"), nullptr);
  EXPECT_NE(findAnyAttribute("", "Cast", "saturate"), nullptr);
  EXPECT_EQ(findAnyAttribute("", "Cast", "other"), nullptr);
}

// Constant alone needs no rule: it becomes an onnx.constant on import.
TEST(OpTableTest, EveryOperatorHasARuleAndTypes) {
  for (const auto &[domain, name] : getOpTableKeys()) {
    EXPECT_EQ(hasInference(domain, name), name != "Constant")
        << domain << ":" << name;
    for (int64_t version : getOpVersions(domain, name)) {
      const OpSchema *schema = findSchema(domain, name, version);
      ASSERT_NE(schema, nullptr);
      EXPECT_EQ(schema->since, version);
      for (const auto *list : {&schema->inputs, &schema->outputs}) {
        for (const ParameterSpec &parameter : *list) {
          EXPECT_FALSE(supportedTypes(domain, name, parameter.type).empty())
              << domain << ":" << name << "-" << version << " "
              << parameter.type.str();
        }
      }
    }
  }
}
