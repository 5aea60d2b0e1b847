//===- ONNXDialect.td - the onnx dialect -------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_ONNX_ONNXDIALECT_TD
#define MOE_DIALECTS_ONNX_ONNXDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"

def ONNX_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::moe::onnx";
  let summary = "ONNX graphs as they were imported";
  let description = [{
    The `onnx` dialect carries an imported ONNX graph: one operation per node,
    with node names kept as locations and weights as symbols, until every
    node is raised or lowered.

    A graph is a `func.func` whose arguments and results have the discardable
    attribute `onnx.name`. Names of nodes are locations. Integers are signless
    where ONNX's type is signed, `ui8` and so on where it is not; bool is `i1`.
    What is known of a tensor's symbolic dimensions is the encoding
    `#onnx.dims`.
  }];
  let useDefaultAttributePrinterParser = 1;
}

class ONNX_Op<string mnemonic, list<Trait> traits = []>
    : Op<ONNX_Dialect, mnemonic, traits>;

class ONNX_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<ONNX_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class ONNX_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<ONNX_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

#endif // MOE_DIALECTS_ONNX_ONNXDIALECT_TD
