//===- MoEInterfaces.td - moe interfaces -------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOE_MOEINTERFACES_TD
#define MOE_DIALECTS_MOE_MOEINTERFACES_TD

include "mlir/IR/OpBase.td"

def MoE_SelectionOpInterface : OpInterface<"SelectionOpInterface"> {
  let cppNamespace = "::moe";
  let description = [{
    An op that turns scores into ids. Whoever reads or rewrites routes asks this
    interface instead of naming the ops that select.
  }];
  let methods = [
    InterfaceMethod<"The scores `[R, E]` that are selected from.",
      "::mlir::Value", "getSelectionScores">,
    InterfaceMethod<"The destination of the ids `[R, K]`.",
      "::mlir::Value", "getSelectionInit">,
    InterfaceMethod<[{
        Whether the ids of a row depend on other rows of the batch. Where they
        do, rows can't be cut into pieces that are routed by themselves.
      }], "bool", "dependsOnBatch", (ins), "", "return false;">
  ];
}

def MoE_WeightEncodingAttrInterface : AttrInterface<"WeightEncodingAttrInterface"> {
  let cppNamespace = "::moe";
  let description = [{
    How the stored elements of a weight stand for matrices. `moe.weight` carries
    such an attribute where its elements are not simply those of one tensor; the
    type of a weight is the stored one.
  }];
  let methods = [
    InterfaceMethod<[{
        Its kind, an `enum moe_weight_encoding` of moe_rt/contract/program.h. All
        weights of a pool have the same kind and version.
      }], "uint16_t", "getEncodingKind">,
    InterfaceMethod<"The version of the kind, counted from 0.",
      "uint16_t", "getEncodingVersion">,
    InterfaceMethod<"The types of the matrices that one part stands for.",
      "::llvm::ArrayRef<::mlir::RankedTensorType>", "getMatrices">,
    InterfaceMethod<"The type of one part as it is stored.",
      "::mlir::RankedTensorType", "getStoredType">
  ];
}

#endif // MOE_DIALECTS_MOE_MOEINTERFACES_TD
