//===- MoERTDialect.td - the moert dialect -----------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOERT_MOERTDIALECT_TD
#define MOE_DIALECTS_MOERT_MOERTDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"

def MoERT_Dialect : Dialect {
  let name = "moert";
  let cppNamespace = "::moe::rt";
  let summary = "programs of the moe runtime";
  let description = [{
    A package's program, as data: one operation per command of
    `moe_rt/contract/program.h`, plus declarations of what the commands name
    (inputs, outputs, buffers, kernels, weights, expert pools, layers).

    Registers are SSA values of type `i64`; a register is written once.
    Arithmetic is signed and 64-bit, and overflow fails the run. Buffers are
    values of type `!moert.buffer`; a temporary lives from `moert.place` to
    `moert.release`. `moec inspect` prints a package's program in this form.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

class MoERT_Op<string mnemonic, list<Trait> traits = []>
    : Op<MoERT_Dialect, mnemonic, traits>;

class MoERT_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<MoERT_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class MoERT_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<MoERT_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

#endif // MOE_DIALECTS_MOERT_MOERTDIALECT_TD
