//===- ONNXDialect.cpp - the onnx dialect ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/IR/ONNX.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moe::onnx;

#include "moe/Dialect/ONNX/IR/ONNXDialect.cpp.inc"
#include "moe/Dialect/ONNX/IR/ONNXEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/ONNX/IR/ONNXAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/ONNX/IR/ONNXTypes.cpp.inc"

void ONNXDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "moe/Dialect/ONNX/IR/ONNXAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "moe/Dialect/ONNX/IR/ONNXTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "moe/Dialect/ONNX/IR/ONNXOps.cpp.inc"
      >();
}
