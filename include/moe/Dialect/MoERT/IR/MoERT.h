//===- MoERT.h - the moert dialect ------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOERT_IR_MOERT_H
#define MOE_DIALECT_MOERT_IR_MOERT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

// clang-format off: the generated parts build on one another.
#include "moe/Dialect/MoERT/IR/MoERTDialect.h.inc"
#include "moe/Dialect/MoERT/IR/MoERTEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/MoERT/IR/MoERTAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/MoERT/IR/MoERTTypes.h.inc"

#define GET_OP_CLASSES
#include "moe/Dialect/MoERT/IR/MoERTOps.h.inc"
// clang-format on

#endif // MOE_DIALECT_MOERT_IR_MOERT_H
