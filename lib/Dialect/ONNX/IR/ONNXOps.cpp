//===- ONNXOps.cpp - onnx verifiers and builders --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/IR/ONNX.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moe::onnx;

#define GET_OP_CLASSES
#include "moe/Dialect/ONNX/IR/ONNXOps.cpp.inc"
