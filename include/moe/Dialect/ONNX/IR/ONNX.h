//===- ONNX.h - the onnx dialect --------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_IR_ONNX_H
#define MOE_DIALECT_ONNX_IR_ONNX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

// clang-format off: the generated parts build on one another.
#include "moe/Dialect/ONNX/IR/ONNXDialect.h.inc"
#include "moe/Dialect/ONNX/IR/ONNXEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/ONNX/IR/ONNXAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/ONNX/IR/ONNXTypes.h.inc"

#define GET_OP_CLASSES
#include "moe/Dialect/ONNX/IR/ONNXOps.h.inc"
// clang-format on

#endif // MOE_DIALECT_ONNX_IR_ONNX_H
