//===- MoERTAttrs.td - moert enums, attributes, types ------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOERT_MOERTATTRS_TD
#define MOE_DIALECTS_MOERT_MOERTATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "MoERT/MoERTDialect.td"

/// The values are the command codes of moe_rt/contract/program.h.
def MoERT_ComputeKind : I32EnumAttr<
    "ComputeKind", "register arithmetic",
    [I32EnumAttrCase<"Add", 2, "add">, I32EnumAttrCase<"Sub", 3, "sub">,
     I32EnumAttrCase<"Mul", 4, "mul">,
     I32EnumAttrCase<"FloorDiv", 5, "floordiv">,
     I32EnumAttrCase<"CeilDiv", 6, "ceildiv">,
     I32EnumAttrCase<"TruncDiv", 7, "truncdiv">,
     I32EnumAttrCase<"TruncRem", 8, "truncrem">,
     I32EnumAttrCase<"Min", 9, "min">, I32EnumAttrCase<"Max", 10, "max">,
     I32EnumAttrCase<"Eq", 11, "eq">, I32EnumAttrCase<"Ne", 12, "ne">,
     I32EnumAttrCase<"Lt", 13, "lt">, I32EnumAttrCase<"Le", 14, "le">,
     I32EnumAttrCase<"And", 15, "and">, I32EnumAttrCase<"Or", 16, "or">,
     I32EnumAttrCase<"Xor", 17, "xor">]> {
  let cppNamespace = "::moe::rt";
}

/// The values are those of `enum moe_weight_encoding` of
/// moe_rt/contract/program.h.
def MoERT_EncodingKind : I32EnumAttr<
    "EncodingKind", "how stored bytes stand for the elements of a weight",
    [I32EnumAttrCase<"Plain", 0, "plain">,
     I32EnumAttrCase<"Panels", 1, "panels">]> {
  let cppNamespace = "::moe::rt";
  let genSpecializedAttr = 0;
}

def MoERT_EncodingAttr : MoERT_Attr<"Encoding", "encoding"> {
  let summary = "the encoding of a weight or of a pool's matrices";
  let description = [{
    Its kind and the version of the kind. Where there is none, elements lie in
    row-major order (`plain`, version 0).
  }];
  let parameters = (ins EnumParameter<MoERT_EncodingKind>:$kind,
                        "uint16_t":$version);
  let assemblyFormat = "`<` $kind `,` `version` `=` $version `>`";
}

def MoERT_BufferType : MoERT_Type<"Buffer", "buffer"> {
  let summary = "a run of bytes that commands read and write";
  let description = [{
    An input, an output, a temporary of the arena, a weight, or a view that
    starts some bytes into one of these.
  }];
}

def MoERT_PoolType : MoERT_Type<"Pool", "pool"> {
  let summary = "a pool of expert slots";
  let description = [{
    Passed to a kernel as two arguments: the pool's base address and the table
    that maps an expert to its slot.
  }];
}

#endif // MOE_DIALECTS_MOERT_MOERTATTRS_TD
