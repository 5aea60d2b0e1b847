//===- MoEAssembly.h - custom directives of the syntax ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_IR_MOEASSEMBLY_H
#define MOE_LIB_DIALECT_MOE_IR_MOEASSEMBLY_H

#include "moe/Dialect/MoE/IR/MoE.h"

#include <optional>

namespace moe {

/// A number of type f32, without its type.
mlir::ParseResult parseF32(mlir::AsmParser &parser, mlir::FloatAttr &value);
void printF32(mlir::AsmPrinter &printer, mlir::FloatAttr value);

/// `private`, `nested`, `public` or nothing.
mlir::ParseResult parseVisibility(mlir::OpAsmParser &parser,
                                  mlir::StringAttr &visibility);
void printVisibility(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                     mlir::StringAttr visibility);

/// `weights(@a : type, ...)`, then perhaps `vectors(@b : type, ...)`.
mlir::ParseResult parseProductWeights(mlir::OpAsmParser &parser,
                                      mlir::ArrayAttr &weights,
                                      mlir::ArrayAttr &weightTypes,
                                      mlir::ArrayAttr &vectors,
                                      mlir::ArrayAttr &vectorTypes);
void printProductWeights(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                         mlir::ArrayAttr weights, mlir::ArrayAttr weightTypes,
                         mlir::ArrayAttr vectors, mlir::ArrayAttr vectorTypes);

/// An attribute, and the result's type unless the attribute has it; or a list
/// of attributes with an index.
mlir::ParseResult parseSourceData(
    mlir::OpAsmParser &parser, mlir::Attribute &data,
    std::optional<mlir::OpAsmParser::UnresolvedOperand> &expert,
    mlir::Type &type);
void printSourceData(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                     mlir::Attribute data, mlir::Value expert,
                     mlir::Type type);

} // namespace moe

#endif // MOE_LIB_DIALECT_MOE_IR_MOEASSEMBLY_H
