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
