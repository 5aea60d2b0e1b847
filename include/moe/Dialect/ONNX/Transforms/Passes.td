//===- Passes.td - passes of the onnx dialect --------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INCLUDE_MOE_DIALECT_ONNX_TRANSFORMS_PASSES_TD
#define MOE_INCLUDE_MOE_DIALECT_ONNX_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def InferPass : Pass<"onnx-infer", "::mlir::ModuleOp"> {
  let summary = "infer types and small integers of onnx nodes";
  let description = [{
    Goes over the nodes in order. What operands say of a node's results refines
    the results' types: sizes, and symbols or expressions over symbols for those
    that vary (`#onnx.dims`). Elements of small integer tensors are followed
    as far as they are known, through Shape, Gather, Concat, Slice,
    arithmetic, Cast, Where and so on; a node all of whose elements are known
    becomes an `onnx.constant`. Types of functions follow those of the values
    they return. Values that ops of other dialects read keep their types.

    A graph has no cycles, so one walk reaches the fixed point.

    Fails, with a message at each node, where a node contradicts the operator's
    rules or the types it has.

    ```mlir
    func.func @f(%x : tensor<?x64xf32, #onnx.dims<"N", "">>, %s : tensor<2xi64>) -> tensor<?x?xf32> {
      %0 = onnx.node "Shape" version 15 (%x) : (tensor<?x64xf32, #onnx.dims<"N", "">>) -> tensor<2xi64>
      %1 = onnx.node "Reshape" version 14 (%x, %0) : (tensor<?x64xf32, #onnx.dims<"N", "">>, tensor<2xi64>) -> tensor<?x?xf32>
      return %1 : tensor<?x?xf32>
    }
    ```
    gives %1, and the function's result, the type `tensor<?x64xf32,
    #onnx.dims<"N", "">>`.
  }];
  let dependentDialects = ["::moe::onnx::ONNXDialect"];
}

#endif // MOE_INCLUDE_MOE_DIALECT_ONNX_TRANSFORMS_PASSES_TD
