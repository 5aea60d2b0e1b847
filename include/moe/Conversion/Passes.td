//===- Passes.td - passes between dialects -----------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INCLUDE_MOE_CONVERSION_PASSES_TD
#define MOE_INCLUDE_MOE_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def HoistWeightsPass : Pass<"moe-hoist-weights", "::mlir::ModuleOp"> {
  let summary = "Compute at compile time what depends on weights only";
  let description = [{
    Nodes that compute from initializers only, and of these the last ones, move
    into the region of a `moe.weight`, which is evaluated when the package is
    written. Sources are `moe.source`s, integers stay constants.

    Moved are values that read an `onnx.weight`, and whatever is an expert weight
    of `com.microsoft.MoE`. The right-hand side of a product, which is packed
    anyway, has no more elements than the weights it is computed from; other
    values have no more together. A node is copied to at most 4 weights, those
    of experts not counted. Nodes without known shapes, with effects or subgraphs,
    with several rows as a condition of one another (`TopK`, `CumSum`), products,
    and what may end a run (an index or a divisor that is not known to be valid)
    stay where they are.

    ```mlir
    onnx.weight @w : tensor<64x32xf16> = "m.data" offset 0 length 4096
    func.func @main(%x : tensor<?x64xf32>) -> tensor<?x32xf32> {
      %w = onnx.weight_value @w : tensor<64x32xf16>
      %0 = onnx.node "Cast" version 13 (%w) attributes {to = 1 : i64} : (tensor<64x32xf16>) -> tensor<64x32xf32>
      %1 = onnx.node "MatMul" version 13 (%x, %0) : (tensor<?x64xf32>, tensor<64x32xf32>) -> tensor<?x32xf32>
      return %1 : tensor<?x32xf32>
    }
    ```

    becomes

    ```mlir
    moe.weight private @w : tensor<64x32xf32> {
      %0 = moe.source file<"m.data", offset = 0, length = 4096> : tensor<64x32xf16>
      %1 = onnx.node "Cast" version 13 (%0) attributes {to = 1 : i64} : (tensor<64x32xf16>) -> tensor<64x32xf32>
      moe.yield %1 : tensor<64x32xf32>
    }
    func.func @main(%x : tensor<?x64xf32>) -> tensor<?x32xf32> {
      %0 = moe.weight_value @w : tensor<64x32xf32>
      %1 = onnx.node "MatMul" version 13 (%x, %0) : (tensor<?x64xf32>, tensor<64x32xf32>) -> tensor<?x32xf32>
      return %1 : tensor<?x32xf32>
    }
    ```
  }];
  let dependentDialects = ["::moe::MoEDialect", "::moe::onnx::ONNXDialect"];
}

def ExpandFusedMoEPass : Pass<"moe-expand-fused-moe", "::mlir::ModuleOp"> {
  let summary = "Expand com.microsoft.MoE into routing, experts and combine";
  let description = [{
    A `com.microsoft.MoE` node becomes ordinary nodes
    for the score (softmax over all experts, or the two masked ones of the
    sparse mixer), `moe.top_k`, `moe.take`, `moe.normalize` if the node asks for
    it, `moe.experts` and `moe.combine`. All of the layer computes in f32 and is
    rounded to the node's type at the end. Expert weights become `moe.weight`s in
    f32: gate and linear features of a fused swiglu weight are taken apart, and
    matrices transposed to [K, N].

    Where implementations of the operator disagree: ties go to the lower expert;
    no route is dropped, whatever its weight; a row with a NaN logit is NaN.

    Refuses, naming the node: unknown activations, swiglu without a linear part
    or with two, a bias of a product that is not there, a limit that is not
    positive, the sparse mixer with k other than 2, k that is no number of
    experts, and weights that are computed at run time.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::moe::MoEDialect", "::moe::onnx::ONNXDialect"
  ];
}

def ConvertONNXToLinalgPass
    : Pass<"convert-onnx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower onnx ops to linalg on tensors";
  let description = [{
    Lowers every onnx op by the registry of lowerings, which has one entry per
    row of the op table. Types lose their encodings and signedness; the border
    keeps them as attributes `onnx.dim_names` and `onnx.element_type`.

    Everything that computes becomes `linalg` on tensors; reshapes become views;
    integer tensors that are computed from shapes become scalars on the host.
    `onnx.weight` becomes `moe.weight`; transposed and small constant operands
    of products become weights of their own. Extents that must be equal and are
    not known to be are compared in each run (`cf.assert`).

    Refuses, naming the node, what a lowering cannot do: axes or floating-point
    limits that are not known at compile time, unknown operators.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect", "::moe::MoEDialect"
  ];
}

def ConvertHostToMoERTPass
    : Pass<"convert-host-to-moert", "::mlir::ModuleOp"> {
  let summary = "Convert the host function to a program of commands";
  let description = [{
    Takes the module after `moe-outline-kernels`: the public function is the
    host, private functions with the attribute `moe.kernel` are kernels. The
    host is straight-line: calls of kernels, index arithmetic, `tensor.dim`,
    `tensor.empty`, views (casts, collapsed and expanded shapes, contiguous
    slices), small integer tensors made of registers, `cf.assert`, and the
    host ops of the moe dialect.

    The result is a `moert.program` with the host's name, one `moert.kernel` per
    called kernel, and `moert.weight`, `moert.pool`, `moert.layer` declarations.
    Kernel functions move, as they are, into a nested module `@kernels`, and
    `moe.weight`s into a nested module `@weights`, where `moe-codegen` and the
    package writer find them. Each `tensor.empty` becomes a buffer that is
    placed before its first use and released after its last; arithmetic on
    input shapes comes before all other commands. Nothing is copied except an
    output that is also an input, a weight, a part of a buffer or another
    output.

    Refuses, with a diagnostic at the op, anything that has no place on the
    host: products, loops, element-wise ops, floating-point scalars.
  }];
  let dependentDialects = ["::moe::rt::MoERTDialect"];
}

//===----------------------------------------------------------------------===//
// MoEToLinalg
//===----------------------------------------------------------------------===//

def ConvertMoEToLinalgPass : Pass<"convert-moe-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower moe ops to plain loops: slow, and obviously right";
  let description = [{
    Replaces every `moe` op by loops on tensors that follow its description
    step by step, and weights by their regions, copied to where they are read.
    It is the reference that fast kernels are compared with, so it accepts
    every legal op and does nothing clever: an expert looks at all slots, a
    product is three loops. Not on the default path for that reason.

    - Ops on memrefs are lowered, too.
    - `moe.kernel` becomes what its region computes; `moe.pool`, `moe.pin`,
      `moe.unpin` and `moe.count_experts` go.
    - `moe.source file<...>` stays as it is: a conversion reads no files. With
      `keep-weights` the weights stay, and are read by `moe.weight_value`.
    - `moe.expert_view`, which only code generation makes, stays as it is.
    - What bodies of experts hold beside `moe` ops stays as it is.

    Before:

    ```mlir
    func.func @take(%t : tensor<?x64xf32>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf32>) -> tensor<?x8xf32> {
      %0 = moe.take %t at %ids : tensor<?x64xf32>, tensor<?x8xi32> outs(%o : tensor<?x8xf32>)
      return %0 : tensor<?x8xf32>
    }
    ```

    After, in short:

    ```
    for r, k:  id = ids[r, k];  o[r, k] = id < 64 (unsigned) ? t[r, id] : 0.0
    ```
  }];
  let options = [
    Option<"keepWeights", "keep-weights", "bool", /*default=*/"false",
           "leave weights as symbols that moe.weight_value reads">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // MOE_INCLUDE_MOE_CONVERSION_PASSES_TD
