//===- Cast.cpp - Cast and CastLike ---------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoweringUtils.h"
#include "Registry.h"

using namespace mlir;
using namespace moe::onnx;

/// The type to cast to is the output's, as inference took it from the node.
static LogicalResult lowerCast(Node &node) {
  Type type = node.getOutputElementType(0);
  if (!isa<FloatType, IntegerType>(type)) {
    return node.refuse("no cast to this type");
  }
  bool fromUnsigned = node.isUnsignedInput(0);
  bool toUnsigned = node.isUnsignedOutput(0);
  if (type == node.getInputElementType(0) && fromUnsigned == toUnsigned) {
    if (std::optional<SmallVector<Value>> scalars = node.getScalars(0)) {
      node.setScalars(0, *scalars);
    } else {
      node.setOutput(0, node.getInput(0));
    }
    return success();
  }
  return lowerElementwise(
      node, {0}, /*widen=*/false,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        return Scalars(b, fromUnsigned).cast(args[0], type, toUnsigned);
      });
}

void moe::onnx::registerCastLowerings(Registry &registry) {
  registry.add("Cast", lowerCast);
  registry.add("CastLike", lowerCast);
}
