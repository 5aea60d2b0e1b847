//===- MoEAttrs.td - moe enums, attributes, types ----------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOE_MOEATTRS_TD
#define MOE_DIALECTS_MOE_MOEATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/EnumAttr.td"
include "MoE/MoEDialect.td"
include "MoE/MoEInterfaces.td"

def MoE_NormalizeKind : I32EnumAttr<"NormalizeKind", "how weights are normalised", [
    I32EnumAttrCase<"Sum", 0, "sum">,
    I32EnumAttrCase<"Softmax", 1, "softmax">
  ]> {
  let cppNamespace = "::moe";
  let genSpecializedAttr = 0;
}

def MoE_NormalizeKindAttr : EnumAttr<MoE_Dialect, MoE_NormalizeKind,
                                     "normalize_kind">;

def MoE_FileAttr : MoE_Attr<"File", "file"> {
  let summary = "bytes of a file";
  let description = [{
    `length` bytes of the file `path`, from byte `offset` on. The path is
    relative to the folder that the compiler was given for the model's data.

    The bytes are a tensor in row-major order, little-endian, element after
    element; an `i1` takes a whole byte (0 or 1). Elements narrower than a byte
    are packed from the low bits of each byte on.

    Constraints:
    - C1: `offset` and `length` are not negative.
    - C2: `path` is not empty.
  }];
  let parameters = (ins
    StringRefParameter<"the file's name">:$path,
    "int64_t":$offset,
    "int64_t":$length
  );
  let assemblyFormat = "`<` $path `,` `offset` `=` $offset `,` `length` `=` $length `>`";
  let genVerifyDecl = 1;
}

def MoE_RandomAttr : MoE_Attr<"Random", "random"> {
  let summary = "reproducible pseudo-random numbers";
  let description = [{
    Numbers in [low, high] that depend on the seed and on an element's position
    only: element i in row-major order, counted from 0, is

        z = seed + (i + 1) · 0x9E3779B97F4A7C15                  (mod 2^64)
        z = (z xor (z >> 30)) · 0xBF58476D1CE4E5B9               (mod 2^64)
        z = (z xor (z >> 27)) · 0x94D049BB133111EB               (mod 2^64)
        z = z xor (z >> 31)
        u = (z >> 40) · 2^-24                                    exact in f32
        value = fma(u, high - low, low)                          in f32

    rounded to the element type. `high - low` is computed in f32, too.

    Constraints:
    - C1: `low` and `high` are finite f32 numbers, and `low` is at most `high`.
  }];
  let parameters = (ins
    "uint64_t":$seed,
    "::mlir::FloatAttr":$low,
    "::mlir::FloatAttr":$high
  );
  let assemblyFormat = [{`<` `seed` `=` $seed `,` `low` `=` custom<F32>($low)
                        `,` `high` `=` custom<F32>($high) `>`}];
  let genVerifyDecl = 1;
}

def MoE_PanelsAttr : MoE_Attr<"Panels", "panels", [
    DeclareAttrInterfaceMethods<MoE_WeightEncodingAttrInterface>]> {
  let summary = "f32 matrices cut into panels of columns";
  let description = [{
    The layout that `moe.panel_matmul` reads: n matrices [K, N] as
    [P, K, 32] of f32, where C = 32 / n and P is N / C rounded up. A panel holds C
    columns of each matrix:

        matrix m:  M_m[i, j] = stored[j / C, i, m·C + j mod C]

    Columns from N on are zeros. Matrices of narrower floats are widened. In
    packages this is `MOE_ENCODING_PANELS`, version 0.

    Constraints:
    - C1: there are 1 or 2 matrices.
    - C2: matrices have a static shape of rank 2, the same for all, and elements
      that f32 represents exactly: f16, bf16 or f32.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::RankedTensorType">:$matrices);
  let assemblyFormat = "`<` $matrices `>`";
  let genVerifyDecl = 1;
}

def MoE_SlotAttr : MoE_Attr<"Slot", "slot"> {
  let summary = "a weight's place in a pool of expert slots";
  let description = [{
    Expert e's part of the weight starts `offset` bytes into e's slot of `pool`.

    Constraints:
    - C1: `offset` is a multiple of 64 and not below 0.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$pool, "int64_t":$offset);
  let assemblyFormat = "`<` $pool `,` `offset` `=` $offset `>`";
  let genVerifyDecl = 1;
}

#endif // MOE_DIALECTS_MOE_MOEATTRS_TD
