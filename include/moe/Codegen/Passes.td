//===- Passes.td - passes on kernels -----------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INCLUDE_MOE_CODEGEN_PASSES_TD
#define MOE_INCLUDE_MOE_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def BindResultsPass : Pass<"moe-bind-results", "mlir::func::FuncOp"> {
  let summary = "Tie the results of a kernel to its destinations";
  let description = [{
    Input: kernels on tensors. Each result becomes a
    `bufferization.materialize_in_destination` into the destination it stands
    for, so that bufferisation computes it in place, or a `linalg.copy` if no
    operation with a destination computes it; and every other tensor argument is
    marked as not writable. Refuses kernels
    whose results and destinations differ in number or type. Functions that are
    no kernels stay as they are.

    ```mlir
    func.func private @k(%x: tensor<?xf32>, %out: tensor<?xf32>) -> tensor<?xf32>
        attributes {moe.kernel, moe.outs = 1} {
      return %x : tensor<?xf32>
    }
    ```

    becomes

    ```mlir
    func.func private @k(%x: tensor<?xf32> {bufferization.writable = false},
                         %out: tensor<?xf32> {bufferization.writable = true})
        -> tensor<?xf32> attributes {moe.kernel, moe.outs = 1} {
      %0 = linalg.copy ins(%x : tensor<?xf32>) outs(%out : tensor<?xf32>) -> tensor<?xf32>
      return %0 : tensor<?xf32>
    }
    ```
  }];
  let dependentDialects = [
    "mlir::bufferization::BufferizationDialect", "mlir::linalg::LinalgDialect"
  ];
}

def TilePass : Pass<"moe-tile", "mlir::func::FuncOp"> {
  let summary = "Cut kernels on tensors into items and fuse producers";
  let description = [{
    Input: kernels on tensors. From the last linalg operation up, each one that
    is not fused yet becomes an `scf.forall` over tiles of the parallel
    dimensions in which no fused reduction would be computed twice, with its
    producers inside. Tiles are chosen from static extents, so that an item
    holds about `elements` elements (`reduction-elements` where rows are
    reduced, as they are read several times). Operations without such a
    dimension, and those that fit one item, stay outside any loop and run
    serially.

    ```
    %0 = linalg.generic {...} ins(%x : tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) ...
    // becomes
    %0 = scf.forall (%i) = (0) to (%rows) step (128) shared_outs(%o = %out) -> (tensor<?x64xf32>) {
      %n = affine.min affine_map<(d0)[s0] -> (-d0 + s0, 128)>(%i)[%rows]
      %1 = tensor.extract_slice %x[%i, 0] [%n, 64] [1, 1] ...
      ...
    }
    ```
  }];
  let options = [
    Option<"elements", "elements", "int64_t", "8192",
           "Elements of an item of an elementwise kernel">,
    Option<"reductionElements", "reduction-elements", "int64_t", "4096",
           "Elements of an item of a kernel with row reductions">
  ];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::scf::SCFDialect",
    "mlir::tensor::TensorDialect"
  ];
}

def ReuseDestinationsPass : Pass<"moe-reuse-destinations", "mlir::func::FuncOp"> {
  let summary = "Compute elementwise temporaries in place of the result";
  let description = [{
    Input: kernels on tensors, tiled. Where an elementwise operation reads a
    temporary of its result's type element by element and nobody reads it later,
    the temporary takes the operation's destination and the operation
    overwrites it. The last of a chain gives its destination to all of it. So a
    softmax or a normalisation needs no row of scratch, whose size may be
    unknown.

    ```
    %t = linalg.generic ... outs(%empty) ...   // exp(x - max)
    %s = linalg.generic ... ins(%t) ...        // its sum
    %y = linalg.generic ... ins(%t, %s) outs(%out) ...
    // becomes
    %t = linalg.generic ... outs(%out) ...
    %s = linalg.generic ... ins(%t) ...
    %y = linalg.generic ... ins(%t, %s) outs(%t) ...
    ```
  }];
}

def RematerializePass : Pass<"moe-rematerialize", "mlir::func::FuncOp"> {
  let summary = "Compute temporaries of unknown size where they are read";
  let description = [{
    Input: kernels on tensors, tiled. An elementwise temporary whose size has no
    constant bound, and that moe-reuse-destinations found no
    place for, is fused into each of its readers, even if there are several.
    Temporaries with a bound go to scratch, and stay.
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect"];
}

def FixedReductionsPass : Pass<"moe-fixed-reductions", "mlir::func::FuncOp"> {
  let summary = "Lower reductions along memory to lanes and a fixed tree";
  let description = [{
    Input: linalg operations on memrefs. Handles those whose reduced elements lie
    side by side (see moe-order-loops for the others) and whose combiners are
    known: sums, products, minima, maxima, and, or, xor. Element i goes to lane
    i mod 16, lanes combine in ascending order, then by halves, and last with
    the accumulator's first value: an order that depends on the extent alone,
    and that LLVM keeps. What is reduced is computed on vectors, or lane by lane
    if it does more than arithmetic.

    ```
    linalg.generic {iterator_types = ["parallel", "reduction"]} ins(%x : memref<?x64xf32>) outs(%s : memref<?xf32>) ...
    // becomes
    scf.for %i ... {
      %lanes = scf.for %j = 0 to 64 step 16 iter_args(%a = identity) -> (vector<16xf32>) ...
      tree over %lanes
    }
    ```
  }];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
    "mlir::vector::VectorDialect"
  ];
}

def OrderLoopsPass : Pass<"moe-order-loops", "mlir::func::FuncOp"> {
  let summary = "Reorder the loops of linalg operations along their memory";
  let description = [{
    Input: linalg operations on memrefs. Makes the loop along the last dimension
    of the destination innermost, reductions around it, other parallel loops
    outermost, so that LLVM finds neighbouring iterations at neighbouring
    addresses: a sum over the first dimension, or a product, adds rows. An
    element's reduction keeps its ascending order.

    ```
    linalg.matmul ins(%a, %b) outs(%c)     // loops m, n, k
    // becomes
    linalg.generic {...}                   // loops m, k, n
    ```
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect"];
}

def LowerSelectPass : Pass<"moe-lower-select", "mlir::func::FuncOp"> {
  let summary = "Lower selection and weighing on memrefs to row loops";
  let description = [{
    Lowers `moe.top_k`, `moe.take` and `moe.normalize` on memrefs; the forms on
    tensors stay. A top-k keeps the best ids of its row in order and inserts each
    score that beats the last of them, so that ties stay with the lower id.
    Neighbours on the same ids share one loop over rows; at the top level of a
    kernel that is an `scf.forall`, whose items are some rows.

    ```
    moe.top_k %s : memref<?x64xf32> outs(%ids : memref<?x8xi32>)
    moe.take %s at %ids : memref<?x64xf32>, memref<?x8xi32> outs(%w : memref<?x8xf32>)
    // becomes
    scf.forall (%i) = (0) to (%rows) step (16) {
      scf.for %row = ... { loops over scores and slots }
    }
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::math::MathDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"
  ];
}

def LowerCombinePass : Pass<"moe-lower-combine", "mlir::func::FuncOp"> {
  let summary = "Lower moe.combine on memrefs to vector loops";
  let description = [{
    Each row is computed in blocks of 64 elements, then 16, then 1 (of f64 half
    as many), with the block's accumulators carried over the slots in order.
    Combines on tensors stay.
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::math::MathDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
    "mlir::vector::VectorDialect"
  ];
}

def LowerGroupPass : Pass<"moe-lower-group", "mlir::func::FuncOp"> {
  let summary = "Lower moe.group on memrefs to a counting sort";
  let description = [{
    Counts the slots of each expert in the offsets, sums them up and places the
    slots in order, on one worker. Groups on tensors stay.
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
    "mlir::scf::SCFDialect"
  ];
}

def MathPass : Pass<"moe-math", "mlir::ModuleOp"> {
  let summary = "Expand transcendental functions to arithmetic";
  let description = [{
    Replaces the ops of the math dialect that have no instruction by arithmetic,
    the same for scalars and vectors of any width. f16 and bf16 are computed in
    f32 and rounded once. Errors in units in the last place, over all arguments:
    of f32, exp, exp2 1.1; tanh, erf 2; all others, which are computed in f64, 1.
    Of f64, exp and log 1; log1p, log2, log10 2; expm1, tanh 4; other functions
    of f64 are refused. Infinities, NaN, subnormal numbers and signed zeros
    behave as IEEE 754 recommends. Arguments of sin, cos and tan may be of any
    size; their reduction reads a table, which becomes a global of the module.

    ```
    %0 = math.exp %x : vector<16xf32>
    // becomes fma, shifts and selects on vector<16xf32> and vector<16xi32>
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::math::MathDialect",
    "mlir::memref::MemRefDialect", "mlir::vector::VectorDialect"
  ];
}

def LowerCopyPass : Pass<"moe-lower-copy", "mlir::func::FuncOp"> {
  let summary = "Write copies of memrefs as linalg.copy";
  let description = [{
    Each `memref.copy` becomes a `linalg.copy`, which is lowered to loops as other
    operations are; the upstream lowering calls a function that images do not
    have.
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect"];
}

def GuardAccessPass : Pass<"moe-guard-access", "mlir::func::FuncOp"> {
  let summary = "Check indices that come from data";
  let description = [{
    Input: bufferised kernels with linalg operations. A `memref.load` in a body
    whose index is computed from elements of tensors (what a gather makes) is
    done only where the index is inside; elsewhere the value is 0 and a
    `cf.assert` fails the run with "index out of range". Indices that are
    computed from loops and extents alone stay unchecked.

    ```
    %v = memref.load %table[%i] : memref<?xf32>     // %i from data
    // becomes
    cf.assert %inside, "index out of range"
    %v = scf.if %inside -> (f32) { memref.load ... } else { 0.0 }
    ```
  }];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"
  ];
}

def BoolBytesPass : Pass<"moe-bool-bytes", "mlir::ModuleOp"> {
  let summary = "Keep booleans in memory as bytes";
  let description = [{
    Input: bufferised kernels lowered to loops. Buffers of i1, constants
    among them, become buffers of i8 that hold 0 or 1; loads compare with 0, stores
    extend. LLVM would take i1 in
    memory for bits of unknown neighbours and not vectorise.

    ```
    %0 = memref.load %b[%i] : memref<?xi1>
    // becomes
    %1 = memref.load %b[%i] : memref<?xi8>
    %0 = arith.cmpi ne, %1, %c0_i8 : i8
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

def HalfFloatsPass : Pass<"moe-half-floats", "mlir::func::FuncOp"> {
  let summary = "Compute f16 and bf16 in f32";
  let description = [{
    Arithmetic on f16 and bf16 becomes arithmetic on f32 between an `arith.extf`
    and an `arith.truncf`, so that each operation still rounds to its type; for
    sums, products, quotients and roots that is the same as rounding once.
    Integers are converted through f64.

    ```
    %0 = arith.addf %a, %b : bf16
    // becomes
    %1 = arith.extf %a : bf16 to f32
    %2 = arith.extf %b : bf16 to f32
    %3 = arith.addf %1, %2 : f32
    %0 = arith.truncf %3 : f32 to bf16
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

def ScratchPass : Pass<"moe-scratch", "mlir::func::FuncOp"> {
  let summary = "Place a kernel's temporaries in scratch";
  let description = [{
    Input: bufferised kernels. Each `memref.alloc` gets the attribute
    `moe.scratch` with its offset in scratch and the function one with the bytes
    that a worker needs. Temporaries inside an item loop belong to the worker
    that runs it; loops share their space, as they never run together. One
    outside any item loop lies in worker 0's block, where every phase finds it.
    A temporary without a constant bound on its size is refused.

    ```
    scf.forall (%i) in (8) {
      %0 = memref.alloc() : memref<24xf32>
    // becomes
    scf.forall (%i) in (8) {
      %0 = memref.alloc() {moe.scratch = 0 : i64} : memref<24xf32>
    // in a function with moe.scratch = 128 : i64
    ```
  }];
}

def OutlinePhasesPass : Pass<"moe-outline-phases", "mlir::ModuleOp"> {
  let summary = "Turn kernels into phase functions and the kernel table";
  let description = [{
    Input: bufferised kernels with scratch placed. Each top-level `scf.forall`
    becomes a phase function over a range of its items, numbered row-major;
    what has effects between them becomes a phase with one item. The first
    phase computes the number of items of the later ones. For each phase there
    is a function `(ptr arg, i64 begin, i64 end, i32 worker) -> i32` as the
    kernel environment asks for, which reads the argument block and calls the
    body with pointers that do not alias. The module gets the attribute
    `moe.kernels`, one entry per kernel in order. Kernel functions are gone
    afterwards.
  }];
  let dependentDialects = [
    "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
    "mlir::func::FuncDialect", "mlir::LLVM::LLVMDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"
  ];
}

def EmitMicrokernelsPass : Pass<"moe-emit-microkernels", "mlir::ModuleOp"> {
  let summary = "Turn products on packed weights into items and micro-kernels";
  let description = [{
    Input: bufferised kernels. Each `moe.panel_matmul` on f32 with panels of 32
    columns becomes a prologue that cuts it into items, by the rows that each
    expert has and the workers there are, and an `scf.forall` over them. An
    item is a range of one expert's panels times up to 64 of its rows; it calls
    micro-kernels, private functions that the pass adds to the module, one for
    each number of rows. With few rows these read the rows of x in place, with
    more from a packed copy in the worker's scratch. Whatever the item, each
    result is the sum, in ascending order, of chains of 256 fmas in ascending
    order over K, so that its bits depend on its own row only.

    The function gets an index argument with `moe.workers`. Refused are operands
    that are not contiguous buffers, dynamic extents other than rows, other
    element types, panels of another width, and epilogues with operations that
    have no form on vectors.

    ```
    moe.panel_matmul 1 rows(%x : memref<?x64xf32>) panels(%w : memref<1x2x64x32xf32>) outs(%out : memref<?x64xf32>) {...}
    // becomes
    %items = scf.for ...
    scf.forall (%item) in (%items) {
      %firstPanel, %endPanel, %firstRow, %rows = ...
      scf.if %fewRows {
        scf.index_switch %rows
        case 1 {
          scf.for %panel = %firstPanel to %endPanel ...
            func.call @moe_micro_m1g_k64_w1_v0_e0(...)
    ```
  }];
  let options = [
    Option<"level", "level", "std::string", "\"x86-64-v3\"",
           "Instruction-set level: x86-64-v3 or x86-64-v4">
  ];
  let dependentDialects = [
    "mlir::arith::ArithDialect", "mlir::func::FuncDialect",
    "mlir::LLVM::LLVMDialect", "mlir::math::MathDialect",
    "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
    "mlir::vector::VectorDialect"
  ];
}

#endif // MOE_INCLUDE_MOE_CODEGEN_PASSES_TD
