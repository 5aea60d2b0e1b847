//===- Passes.td - passes between dialects -----------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INCLUDE_MOE_CONVERSION_PASSES_TD
#define MOE_INCLUDE_MOE_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertHostToMoERTPass
    : Pass<"convert-host-to-moert", "::mlir::ModuleOp"> {
  let summary = "Convert the host function to a program of commands";
  let description = [{
    Takes the module after `moe-outline-kernels`: the public function is the
    host, private functions with the attribute `moe.kernel` are kernels. The
    host is straight-line: calls of kernels, index arithmetic, `tensor.dim`,
    `tensor.empty`, views (casts, collapsed and expanded shapes, contiguous
    slices), small integer tensors made of registers, `cf.assert`, and the
    host ops of the moe dialect.

    The result is a `moert.program` with the host's name, one `moert.kernel` per
    called kernel, and `moert.weight`, `moert.pool`, `moert.layer` declarations.
    Kernel functions move, as they are, into a nested module `@kernels`, and
    `moe.weight`s into a nested module `@weights`, where `moe-codegen` and the
    package writer find them. Each `tensor.empty` becomes a buffer that is
    placed before its first use and released after its last; arithmetic on
    input shapes comes before all other commands. Nothing is copied except an
    output that is also an input, a weight, a part of a buffer or another
    output.

    Refuses, with a diagnostic at the op, anything that has no place on the
    host: products, loops, element-wise ops, floating-point scalars.
  }];
  let dependentDialects = ["::moe::rt::MoERTDialect"];
}

#endif // MOE_INCLUDE_MOE_CONVERSION_PASSES_TD
