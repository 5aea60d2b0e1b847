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
    The `moert` dialect is the program that a package holds: one operation per
    command of the runtime.
  }];
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
