//===- MoEDialect.td - the moe dialect ---------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOE_MOEDIALECT_TD
#define MOE_DIALECTS_MOE_MOEDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"

def MoE_Dialect : Dialect {
  let name = "moe";
  let cppNamespace = "::moe";
  let summary = "mixture-of-experts layers";
  let description = [{
    The `moe` dialect describes mixture-of-experts layers: selecting experts,
    editing and normalising what was selected, running the experts on the
    selected rows only, and combining their results.

    A **row** is what is routed: a token, but also a sequence, an image or a
    head; dimensions after a row operand's first are the row's own. R is the
    number of rows, K the number of slots of a row, E the number of experts.
    R, K and every dimension of a row may be dynamic, and R = 0 is legal
    everywhere.

    **Ids** are a tensor `[R, K]` of `i32`: which expert each slot of each row
    goes to. An id that is not in [0, E) is an *empty slot*; ops of this dialect
    write -1 there. Ids of one row need not differ and need not be ordered. Ids
    may come from anywhere, so every op that reads memory by an id checks it;
    `moe.normalize` and `moe.combine` do not know E, and look at the sign only.

    **Destinations.** Every op that computes a tensor names one in `outs`, which
    gives the result its shape (K of a selection, for example). Its contents
    are never read, and except where an op says otherwise all of it is
    written. An op with a form on memrefs writes its destinations there and
    has no results; a destination then overlaps no other operand. Dimensions
    that must be equal are compared by the verifier where both are static;
    where they differ at run time the behaviour is undefined.

    **Arithmetic.** Operands of type f16, bf16 and f32 are converted to f32,
    f64 stays f64; this is the op's *arithmetic type*. Every operation written
    in a formula rounds once to that type (to nearest, ties to even), the
    result is rounded once more to its own element type. `fma(a, b, c)` is
    a·b + c rounded once. Infinities and NaN follow IEEE 754; which NaN results
    is not defined. Subnormal numbers are kept.
  }];
  // What canonicalisation creates.
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
}

class MoE_Op<string mnemonic, list<Trait> traits = []>
    : Op<MoE_Dialect, mnemonic, traits>;

class MoE_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<MoE_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class MoE_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<MoE_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

#endif // MOE_DIALECTS_MOE_MOEDIALECT_TD
