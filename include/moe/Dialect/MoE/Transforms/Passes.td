//===- Passes.td - passes of the moe dialect ---------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INCLUDE_MOE_DIALECT_MOE_TRANSFORMS_PASSES_TD
#define MOE_INCLUDE_MOE_DIALECT_MOE_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// fuse
//===----------------------------------------------------------------------===//

def SplitExpertsPass : Pass<"moe-split-experts"> {
  let summary = "Make a layer of each kind of experts";
  let description = [{
    Rewrites `moe.experts` with several kinds, or with a kind that yields its rows
    or zero. Each other kind becomes a `moe.experts` of its own, at ids counted
    from the kind's first expert that are -1 in the slots of other kinds, and
    gets the operands that its body reads. An element-wise op then takes of each
    slot what its kind has there: the kind's result, the row itself, or zero.

    Before:

    ```
    %y = moe.experts at(%ids) rows(%x) outs(%init)
      experts 0 to 6 weights(@up, @down) {...}, experts 6 to 8 { ^bb0(%e, %xe): moe.yield %xe }
    ```

    After:

    ```
    %local = <%ids where 0 <= %ids < 6, else -1>
    %z = moe.experts at(%local) rows(%x) outs(%init) experts 0 to 6 weights(@up, @down) {...}
    %y = <%z where 0 <= %ids < 6, %x where 6 <= %ids < 8, else 0>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::moe::MoEDialect"
  ];
}

def ExpandExpertsPass : Pass<"moe-expand-experts"> {
  let summary = "Compute experts slot by slot";
  let description = [{
    Every `moe.experts` of one kind becomes a `moe.kernel` with a loop over all
    slots: the body on the one row of a filled slot, zero for an empty one. This
    takes any body, and is what layers run as that `moe-group-experts` left, with
    a remark that says why. Weights are read again for each slot.

    Refuses weights whose widths differ between experts, and several kinds,
    which `moe-split-experts` tells apart.

    Before:

    ```
    %y = moe.experts at(%ids) rows(%x) outs(%init) experts 0 to 8 weights(@w) {...}
    ```

    After:

    ```
    %y = moe.kernel ins(%ids, %x) outs(%empty) {
      scf.forall (%r, %k) in (%R, %K) shared_outs(%o = %out) {
        %filled = <0 <= %ids[%r, %k] < 8>
        %row = scf.if %filled {<the body on %x[%r], with @w of the slot's expert>} else {<0>}
        scf.forall.in_parallel {<%row into %o[%r, %k]>}
      }
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::moe::MoEDialect"
  ];
}

def GroupExpertsPass : Pass<"moe-group-experts"> {
  let summary = "Compute experts as products over rows grouped by expert";
  let description = [{
    Rewrites `moe.experts` whose body is a chain of products with element-wise
    tails (gated or plain, with or without biases) to

        moe.group  ->  one moe.grouped_matmul per stage  ->  moe.combine from

    The body is cut from the yielded value back to the rows: a stage is every
    `linalg.matmul` of the same rows with a weight, and the element-wise generic
    ops up to the next product. These become the scalar epilogue of the stage's
    product. Rows in f16 or bf16 are widened to f32 in front of each product.

    What else reads the experts' results reads them from an element-wise op that
    fetches each slot's from its place.

    Left as it is, with a remark that says why: several kinds of experts,
    per-slot or context operands, more than two products in a stage, bodies with
    other ops, and widths that differ between experts.

    Before:

    ```
    %y = moe.experts at(%ids) rows(%x) outs(%init) experts 0 to 8 weights(@gate, @up, @down) {...}
    %r = moe.combine %y at(%ids) with(%w) outs(%o)
    ```

    After:

    ```
    %g:3 = moe.group %ids outs(...)
    %h = moe.grouped_matmul rows(%x) by(%g#1) div 2 groups(%g#0) weights(@gate, @up) outs(...) {...}
    %z = moe.grouped_matmul rows(%h) groups(%g#0) weights(@down) outs(...) {...}
    %r = moe.combine %z from(%g#2) with(%w) outs(%o)
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::moe::MoEDialect"
  ];
}

def FuseElementwisePass : Pass<"moe-fuse-elementwise"> {
  let summary = "Make one op of chains of element-wise ops";
  let description = [{
    A `linalg.generic` takes in the element-wise producers that only it reads,
    and reshapes between them move out of the way, as in upstream's
    `linalg-fuse-elementwise-ops`; but no body grows beyond `max-scalar-ops`.
    Every step copies the body, so that a chain of n ops would take n * n steps
    without a bound. From a few dozen ops on a loop is bound by what it computes:
    one more pass over memory for every 256 costs nothing that can be measured.

    Before, with `max-scalar-ops=2`:

    ```
    %1 = linalg.generic ins(%x) { exp }
    %2 = linalg.generic ins(%1) { negf }
    %3 = linalg.generic ins(%2) { absf }
    ```

    After:

    ```
    %2 = linalg.generic ins(%x) { exp, negf }
    %3 = linalg.generic ins(%2) { absf }
    ```
  }];
  let options = [
    Option<"maxScalarOps", "max-scalar-ops", "int64_t", "256",
           "Ops in the body of one fused op">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

def FormKernelsPass : Pass<"moe-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "Wrap what runs in one launch in a moe.kernel";
  let description = [{
    After it, every op outside a `moe.kernel` is a view, a size, scalar index
    arithmetic or a host op of the moe dialect; everything that computes on
    tensors is in a kernel. A kernel takes along scalar and splat constants,
    weights, empty tensors and fills; its destinations are `tensor.empty`s of
    its own in front of it.

    A kernel is grown from its last op backwards: a producer joins if all its
    readers are inside, and either both go over the same first dimension, row by
    row (softmax is one kernel), or it is a product with a constant weight and
    what is inside so far is its element-wise tail.

    Tiling computes a value that several members read once for each of them, and
    again for each of their readers: in a lattice where every op reads the two
    before it, that is exponential. So a kernel ends where the ops in the bodies
    of its members, each counted as often as it would be computed for an element,
    would be more than `max-scalar-ops`.

    Refuses functions with control flow between blocks.
  }];
  let options = [
    Option<"maxScalarOps", "max-scalar-ops", "int64_t", "512",
           "Ops that one kernel computes per element">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::moe::MoEDialect"
  ];
}

//===----------------------------------------------------------------------===//
// plan
//===----------------------------------------------------------------------===//

def SliceWeightsPass : Pass<"moe-slice-weights", "::mlir::ModuleOp"> {
  let summary = "Compute of each expert's weights only what it needs";
  let description = [{
    Regions of expert weights may be written as if all experts were computed, and
    one taken at the end. Here `tensor.extract_slice`s of the expert go up through
    what computes the tensor, to its sources: through `linalg` ops with parallel
    loops of whole dimensions, through reshapes that keep experts apart, other
    slices, casts and concatenations. A concatenation of experts that are computed
    alike, each from data of its own, becomes that computation of one
    `moe.source [...] at %e`. `tensor.concat` is gone afterwards: what is left of
    them, in weights of any kind, becomes `linalg` that computes each element in
    the part it lies in, so that no part is a temporary.

    ```mlir
    moe.weight private @w : tensor<2x4x8xf32> {
    ^bb0(%e : index):
      %a = moe.source file<"m.data", offset = 0, length = 128> : tensor<1x4x8xf32>
      %b = moe.source file<"m.data", offset = 128, length = 128> : tensor<1x4x8xf32>
      %all = tensor.concat dim(0) %a, %b : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<2x4x8xf32>
      %one = tensor.extract_slice %all[%e, 0, 0] [1, 4, 8] [1, 1, 1] : tensor<2x4x8xf32> to tensor<4x8xf32>
      moe.yield %one : tensor<4x8xf32>
    }
    ```

    becomes

    ```mlir
    moe.weight private @w : tensor<2x4x8xf32> {
    ^bb0(%e : index):
      %0 = moe.source [file<"m.data", offset = 0, length = 128>, file<"m.data", offset = 128, length = 128>] at %e : tensor<1x4x8xf32>
      %1 = tensor.extract_slice %0[0, 0, 0] [1, 4, 8] [1, 1, 1] : tensor<1x4x8xf32> to tensor<4x8xf32>
      moe.yield %1 : tensor<4x8xf32>
    }
    ```

    Refuses, naming the node, what would compute more than four times an expert's
    elements anew for each expert: a reshape or a reduction that mixes experts.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::moe::MoEDialect"
  ];
}

def DedupWeightsPass : Pass<"moe-dedup-weights", "::mlir::ModuleOp"> {
  let summary = "Pack equal weights once";
  let description = [{
    Of `moe.weight`s that are equal in type and region (same sources, same ops)
    but not in name, the first stays, and what names the others names it: layers
    that share an initializer share what is computed from it. Public weights stay
    as well.

    ```
    moe.weight private @a : T {r}             moe.weight private @a : T {r}
    moe.weight private @b : T {r}     -->
    moe.weight_value @b                       moe.weight_value @a
    ```
  }];
}

def AssignEncodingsPass
    : Pass<"moe-assign-encodings", "::mlir::ModuleOp"> {
  let summary = "Choose the layout of every product's weights";
  let description = [{
    Rewrites `moe.grouped_matmul`, and kernels that are a dense product with a
    constant weight and its element-wise tail, to `moe.panel_matmul`. For each it
    makes a packed weight: the regions of the one or two weights, followed by
    padding, transposing and interleaving into panels; its encoding, a
    `#moe.panels`, says so. Weights that nothing reads any more are erased.

    A `moe.grouped_matmul` of more than two weights, or of weights that f32 does
    not represent, is an error: only `convert-moe-to-linalg` lowers it.

    Dense products with an operand or result that is not f32, with a weight without
    elements, or that are not 2-D, stay `linalg`.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::moe::MoEDialect"
  ];
}

def AssignPoolsPass : Pass<"moe-assign-pools", "::mlir::ModuleOp"> {
  let summary = "Put the weights of each expert into one slot";
  let description = [{
    The packed weights of one encoding that products over the same groups read
    become a `moe.pool`: one slot per expert with all its matrices, so that one read
    fetches an expert. Weights get the attribute `moe.slot`; `moe.pin` with the
    layer's ids stands in front of the first of these kernels and `moe.unpin`
    behind the last. Weights that two layers share stay dense weights.
  }];
  let dependentDialects = ["::moe::MoEDialect"];
}

def OutlineKernelsPass : Pass<"moe-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn kernels into private functions and calls of them";
  let description = [{
    Each `moe.kernel` becomes a call of a private function with the attributes
    `moe.kernel` and `moe.outs`, the number of destinations, which are its last
    arguments. Weights read inside become arguments, so that layers that differ
    in their weights only have equal kernels; one that lies in an expert pool
    has the argument attribute `moe.pool = {offset, stride}`.
  }];
  let dependentDialects = [
    "::mlir::func::FuncDialect", "::moe::MoEDialect"
  ];
}

def OutlineWeightsPass : Pass<"moe-outline-weights", "::mlir::ModuleOp"> {
  let summary = "Turn the regions of weights into kernels";
  let description = [{
    Each `moe.weight` of the module becomes a kernel that computes its value, or
    one expert's part of it, when a package is written. Arguments are the
    sources, the expert's index and the destination. Attributes tell what the
    package writer needs: `moe.sources` has the data of each source, `moe.parts`
    the number of experts (1 for a weight that is no expert's), `moe.slot` the
    place in a pool.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def DedupKernelsPass : Pass<"moe-dedup-kernels", "::mlir::ModuleOp"> {
  let summary = "Compile equal kernels once";
  let description = [{
    Expects kernels outlined to private functions (`moe.kernel`), called with
    `func.call`. Of kernels that are equal in structure (operations, attributes,
    constants, types and argument attributes, but not names or locations) the
    first stays, and the calls of the others go to it. Functions without
    `moe.kernel` are left alone. Kernels that compute the same in different ways
    stay apart, so canonicalisation and CSE come first.

    ```
    %a = call @first(%x, %o)            %a = call @first(%x, %o)
    %b = call @second(%a, %o)    -->    %b = call @first(%a, %o)
    func private @first {exp}           func private @first {exp}
    func private @second {exp}
    ```
  }];
}

#endif // MOE_INCLUDE_MOE_DIALECT_MOE_TRANSFORMS_PASSES_TD
