//===- Operators.h - lists the operators of ONNX that compile ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEC_OPERATORS_H
#define MOE_TOOLS_MOEC_OPERATORS_H

namespace moec {

/// Prints the table of operators to stdout as Markdown: docs/onnx-support.md is
/// what it prints.
void printOperators();

} // namespace moec

#endif // MOE_TOOLS_MOEC_OPERATORS_H
