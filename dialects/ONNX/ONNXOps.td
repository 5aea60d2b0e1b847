//===- ONNXOps.td - onnx operations ------------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_ONNX_ONNXOPS_TD
#define MOE_DIALECTS_ONNX_ONNXOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "ONNX/ONNXAttrs.td"
include "ONNX/ONNXDialect.td"

def ONNX_NodeOp : ONNX_Op<"node", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a node of the graph";
  let description = [{
    Operator `op_type` of `domain` (empty: ONNX's own), as of `version`: the
    version of the operator set in which the operator last changed, no later
    than the one the model imports. Attributes are kept as they are in the
    file, without defaults. An input that is left out is an `onnx.none`.
    Regions are subgraphs, one per graph attribute, in the order of their
    names; they end in `onnx.yield`.

    Nodes that draw random numbers have effects, so that equal ones are not
    merged.

    Constraints:
    - C1: `op_type` is not empty, and `version` is positive.
    - C2: operands and results are ranked or unranked tensors, or none.
    - C3: of an operator that is supported, the numbers of inputs and outputs,
      the inputs that are left out and the attributes are what `version` allows.

    ```mlir
    func.func @f(%a : tensor<?x64xf32>, %b : tensor<64x8xf32>) -> tensor<?x8xf32> {
      %0 = onnx.node "MatMul" version 13 (%a, %b) : (tensor<?x64xf32>, tensor<64x8xf32>) -> tensor<?x8xf32>
      %1 = onnx.node "Softmax" version 13 (%0) attributes {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
      return %1 : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$op_type,
                       DefaultValuedAttr<StrAttr, "\"\"">:$domain,
                       I64Attr:$version,
                       Variadic<AnyType>:$inputs,
                       DefaultValuedAttr<DictionaryAttr, "{}">:$node_attributes);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<AnyRegion>:$subgraphs);
  let assemblyFormat = [{
    $op_type (`domain` $domain^)? `version` custom<Version>($version)
    `(` $inputs `)` (`attributes` $node_attributes^)?
    (`subgraphs` $subgraphs^)? attr-dict `:` functional-type($inputs, $outputs)
  }];
  let extraClassDeclaration = [{
    /// The attribute of that name, or null.
    ::mlir::Attribute getNodeAttribute(::llvm::StringRef name) {
      return getNodeAttributes().get(name);
    }
    /// Whether input `index` is there and not left out.
    bool hasInput(unsigned index);
    /// `node 'fc1' (Gemm)`, for messages.
    std::string describe();
  }];
  let hasVerifier = 1;
}

def ONNX_NoneOp : ONNX_Op<"none", [Pure]> {
  let summary = "an input that is left out";
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
}

def ONNX_ConstantOp : ONNX_Op<"constant", [Pure, ConstantLike]> {
  let summary = "a small tensor";
  let description = [{
    Tensors of up to 1,024 elements, and integer, bool and scalar ones of up to
    64 KiB. Larger ones are weights. The result may carry `#onnx.dims`, which the
    value does not.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_WeightOp : ONNX_Op<"weight", [Symbol]> {
  let summary = "a tensor that stays in its file";
  let description = [{
    `length` bytes of `file`, from byte `offset` on, are the elements of a tensor
    of the given type in row-major order, little-endian. `file` is relative to
    the model's folder.

    Constraints:
    - C1: the type is static, and `length` is the size of its elements.
    - C2: `offset` is not negative.

    ```mlir
    onnx.weight @w : tensor<64x8xf32> = "model.onnx.data" offset 4096 length 2048
    func.func @f() -> tensor<64x8xf32> {
      %0 = onnx.weight_value @w : tensor<64x8xf32>
      return %0 : tensor<64x8xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       TypeAttrOf<AnyRankedTensor>:$type, StrAttr:$file, I64Attr:$offset, I64Attr:$length);
  let assemblyFormat = [{
    ($sym_visibility^)? $sym_name `:` $type `=` $file `offset` custom<Version>($offset) `length`
    custom<Version>($length) attr-dict
  }];
  let hasVerifier = 1;
}

def ONNX_WeightValueOp : ONNX_Op<"weight_value", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a weight as a tensor";
  let description = [{
    Constraints:
    - C1: the symbol names an `onnx.weight` of the result's type.
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def ONNX_YieldOp : ONNX_Op<"yield", [
    Pure, ReturnLike, Terminator, HasParent<"NodeOp">]> {
  let summary = "ends a subgraph";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "build($_builder, $_state, ::mlir::ValueRange());">];
}

#endif // MOE_DIALECTS_ONNX_ONNXOPS_TD
