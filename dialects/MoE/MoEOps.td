//===- MoEOps.td - moe operations --------------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOE_MOEOPS_TD
#define MOE_DIALECTS_MOE_MOEOPS_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "MoE/MoEAttrs.td"
include "MoE/MoEDialect.td"
include "MoE/MoEInterfaces.td"

//===----------------------------------------------------------------------===//
// Types and base classes
//===----------------------------------------------------------------------===//

def MoE_Float : AnyTypeOf<[F16, BF16, F32, F64], "f16, bf16, f32 or f64">;
def MoE_Element : AnyTypeOf<[F16, BF16, F32, F64, AnySignlessInteger],
                            "f16, bf16, f32, f64 or signless integer">;

class MoE_ShapedOf<Type element, list<int> ranks, string summary>
    : AnyTypeOf<[TensorRankOf<[element], ranks>, MemRefRankOf<[element], ranks>],
                summary>;

def MoE_Ids : MoE_ShapedOf<I32, [2], "tensor or memref [R, K] of i32">;
def MoE_Positions : MoE_ShapedOf<I32, [2], "tensor or memref [R, K] of i32">;
def MoE_Offsets : MoE_ShapedOf<I32, [1], "tensor or memref [E + 1] of i32">;
def MoE_Sources : MoE_ShapedOf<I32, [1], "tensor or memref [P] of i32">;
def MoE_Scores : MoE_ShapedOf<MoE_Float, [2], "tensor or memref [R, E] of float">;
def MoE_SlotWeights : MoE_ShapedOf<MoE_Float, [2], "tensor or memref [R, K] of float">;
def MoE_Table : MoE_ShapedOf<MoE_Element, [1, 2], "tensor or memref [E] or [R, E] of float or integer">;
def MoE_SlotValues : MoE_ShapedOf<MoE_Element, [2], "tensor or memref [R, K] of float or integer">;
def MoE_Matrix : MoE_ShapedOf<MoE_Float, [2], "tensor or memref [rows, width] of float">;
def MoE_Panels : MoE_ShapedOf<MoE_Float, [4], "tensor or memref [E, P, K, W] of float">;
def MoE_FloatBuffer : AnyTypeOf<[RankedTensorOf<[MoE_Float]>, MemRefOf<[MoE_Float]>],
                                "tensor or memref of float">;

/// An op with destinations. Results are the tensors among them.
class MoE_DestinationOp<string mnemonic, list<Trait> traits = []>
    : MoE_Op<mnemonic, traits # [
        DeclareOpInterfaceMethods<InferTypeOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>]> {
  let hasVerifier = 1;
}

/// One that has a form on memrefs, too: reads its operands, writes its
/// destinations.
class MoE_BufferOp<string mnemonic, list<Trait> traits = []>
    : MoE_DestinationOp<mnemonic, traits # [
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]>;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

def MoE_WeightOp : MoE_Op<"weight", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>, IsolatedFromAbove,
    RecursiveMemoryEffects, SingleBlock, Symbol]> {
  let summary = "a weight, and how its value is computed";
  let description = [{
    Declares a weight of type `T` and gives its value as a region of pure tensor
    ops over `moe.source`s. The region is evaluated when a package is written,
    never when a model runs.

    - With a block argument `%e : index` the weight belongs to experts: T's first
      dimension is their number E, the region is a function of the expert's
      index, and what it yields for e is `value[e, ...]`. Experts are evaluated
      one by one, so their part should read only what it needs
      (`tensor.extract_slice` of a source).
    - Without one the region yields the whole value.

    Of an expert weight every dimension but the first may be dynamic: `?` is a
    width that differs between experts. Only `moe.experts` reads such a weight.

    Stacking, transposing, slicing, dequantising, folding scales in, and packing
    are all done by this region.

    `encoding` says how the elements stand for matrices where they are not simply
    those of T: what packed a weight puts it there, and what reads packed weights
    knows them by it.

    Constraints:
    - C1: the type is a ranked tensor with a static first dimension; without a
      block argument all dimensions are static.
    - C2: the region has no argument, or one of type `index`.
    - C3: the region yields one value: of type T, or of T without its first
      dimension if there is an argument.
    - C4: ops of the region have no memory effects.
    - C5: ops of the region name no weights, so that a value depends on sources
      alone. Where weights are built on one another, regions are copied.
    - C6: an attribute `moe.slot` is a `#moe.slot` that names a pool with a slot
      for each expert, and the parts, of static shape, lie inside the slots.
    - C7: with an encoding T without its first dimension is the type that the
      encoding stores.

    Example:

    ```mlir
    // Stored as [N, K], read by experts as [K, N].
    moe.weight @up : tensor<8x64x128xf32> {
    ^bb0(%e : index):
      %all = moe.source file<"model.onnx.data", offset = 4096, length = 262144> : tensor<8x128x64xf32>
      %nk = tensor.extract_slice %all[%e, 0, 0] [1, 128, 64] [1, 1, 1] : tensor<8x128x64xf32> to tensor<128x64xf32>
      %empty = tensor.empty() : tensor<64x128xf32>
      %kn = linalg.transpose ins(%nk : tensor<128x64xf32>) outs(%empty : tensor<64x128xf32>) permutation = [1, 0]
      moe.yield %kn : tensor<64x128xf32>
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    OptionalAttr<StrAttr>:$sym_visibility,
    TypeAttrOf<AnyRankedTensor>:$type,
    OptionalAttr<MoE_WeightEncodingAttrInterface>:$encoding
  );
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `` custom<Visibility>($sym_visibility) $sym_name `:` $type
    (`encoding` $encoding^)? attr-dict-with-keyword $body
  }];
  let builders = [
    // `body` gets the expert's index, or nothing if the weight is no expert's,
    // and returns what is yielded. The weight is private.
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::RankedTensorType":$type,
                   "bool":$perExpert,
                   "::llvm::function_ref<::mlir::Value(::mlir::OpBuilder &, "
                   "::mlir::Location, ::mlir::Value)>":$body)>
  ];
  let extraClassDeclaration = [{
    /// Whether the region is a function of an expert's index.
    bool isPerExpert() { return getBody().getNumArguments() == 1; }
    /// The type of one expert's part: T without its first dimension.
    ::mlir::RankedTensorType getPartType();
  }];
  let hasVerifier = 1;
}

def MoE_SourceOp : MoE_Op<"source", [Pure]> {
  let summary = "a tensor that a file, a seed or the program holds";
  let description = [{
    The leaf of a weight's region. `data` is one of

    - `#moe.file`: a tensor stored in a file,
    - `#moe.random`: pseudo-random numbers,
    - a dense attribute: a splat or small literal data,
    - with `at %e`, an array of these: one for each expert, each of the result's
      type. The value is that of expert %e.

    Reading a slice of a source touches only the bytes of that slice.

    Constraints:
    - C1: of a file, `length` is the number of bytes that the result's elements
      take: one byte for each i1, else bits rounded up to whole bytes.
    - C2: of random numbers, the element type is f16, bf16, f32 or f64.
    - C3: a dense attribute has the result's type.
    - C4: the result's shape is static.
    - C5: data of experts have an index, others have none. Where they stand in a
      `moe.weight`, its region's argument is the index, and there is one for each
      of its experts.

    Example:

    ```mlir
    %0 = moe.source file<"experts.bin", offset = 0, length = 1024> : tensor<16x16xf32>
    %1 = moe.source random<seed = 7, low = -1.0, high = 1.0> : tensor<8x64x64xf32>
    %2 = moe.source dense<0.0> : tensor<8x64xf32>
    ```

    ```mlir
    moe.weight @up : tensor<2x4x4xf32> {
    ^bb0(%e : index):
      %0 = moe.source [file<"0.bin", offset = 0, length = 64>, file<"1.bin", offset = 0, length = 64>] at %e : tensor<4x4xf32>
      moe.yield %0 : tensor<4x4xf32>
    }
    ```
  }];
  let arguments = (ins
    AnyAttrOf<[MoE_FileAttr, MoE_RandomAttr, ElementsAttr, ArrayAttr]>:$data,
    Optional<Index>:$expert
  );
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat =
      "custom<SourceData>($data, $expert, type($result)) attr-dict";
  let builders = [
    OpBuilder<(ins "::mlir::Type":$type, "::mlir::Attribute":$data), [{
      build($_builder, $_state, type, data, ::mlir::Value());
    }]>
  ];
  let hasVerifier = 1;
}

def MoE_WeightValueOp : MoE_Op<"weight_value", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a weight's value as a tensor";
  let description = [{
    The value of the weight `weight`, or with an expert's index the part of that
    expert. An index outside [0, E) is undefined behaviour: the op is for bodies
    whose index is known to be in range.

    Constraints:
    - C1: the symbol names a `moe.weight`.
    - C2: without index the result has the weight's type, which is static.
    - C3: with index the weight is an expert weight, and the result has its type
      without the first dimension.

    Example:

    ```mlir
    moe.weight @scale : tensor<8xf32> {
      %0 = moe.source dense<1.0> : tensor<8xf32>
      moe.yield %0 : tensor<8xf32>
    }
    func.func @scales() -> tensor<8xf32> {
      %0 = moe.weight_value @scale : tensor<8xf32>
      return %0 : tensor<8xf32>
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight, Optional<Index>:$expert);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$weight (`[` $expert^ `]`)? attr-dict `:` type($result)";
}

def MoE_YieldOp : MoE_Op<"yield", [
    Pure, ReturnLike, Terminator,
    ParentOneOf<["WeightOp", "ExpertsOp", "GroupedMatmulOp", "PanelMatmulOp", "KernelOp"]>]> {
  let summary = "what a region of a moe op computes";
  let description = [{
    Ends a region of `moe.weight`, `moe.experts`, `moe.grouped_matmul`,
    `moe.panel_matmul` or `moe.kernel`; each says what it yields.
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "build($_builder, $_state, ::mlir::ValueRange());">];
}

//===----------------------------------------------------------------------===//
// Selecting
//===----------------------------------------------------------------------===//

def MoE_TopKOp : MoE_BufferOp<"top_k", [MoE_SelectionOpInterface]> {
  let summary = "the ids of each row's best scores";
  let description = [{
    For scores `s` of shape [R, E] the ids of the K best scores of each row, best
    first. K is the destination's second dimension.

        ids[r, j] = the expert at place j of the experts 0..E-1 in this order:
                    a before b  if  s[r, a] is better than s[r, b],
                                or neither is better and a < b
        ids[r, j] = -1 for j ≥ limit and for j ≥ E

    - *Better*: NaN is better than any number, whatever its sign and payload, so
      that a NaN is selected, not hidden; numbers compare by value: +inf is best
      of them, -inf worst, -0 equals +0. Equal scores, and two NaN, go to the
      lower id.
    - -inf is selected like any other score if nothing better is left.
    - `limit` (default K) is a run-time k that applies to all rows; below 0 it
      counts as 0.
    - K = E sorts all experts; E = 1 gives 0.
    - Ids of a row differ from one another. A row depends on no other row.

    Constraints:
    - C1: ids have as many rows as scores.
    - C2: K is at most E, where both are static.

    Example:

    ```mlir
    func.func @select(%scores : tensor<?x64xf32>, %init : tensor<?x8xi32>) -> tensor<?x8xi32> {
      %ids = moe.top_k %scores : tensor<?x64xf32> outs(%init : tensor<?x8xi32>)
      return %ids : tensor<?x8xi32>
    }
    ```
  }];
  let arguments = (ins MoE_Scores:$scores, Optional<Index>:$limit, MoE_Ids:$init);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $scores `:` type($scores) (`limit` `(` $limit^ `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::mlir::Value getSelectionScores() { return getScores(); }
    ::mlir::Value getSelectionInit() { return getInit(); }
  }];
  let hasCanonicalizer = 1;
}

def MoE_TakeOp : MoE_BufferOp<"take"> {
  let summary = "a table's entries at ids";
  let description = [{
        result[r, k] = table[r, ids[r, k]]    for a table [R, E]
        result[r, k] = table[ids[r, k]]       for a table [E]
        result[r, k] = 0                      for an empty slot

    The entry is copied bit by bit.

    Constraints:
    - C1: a table [R, E] has as many rows as ids.
    - C2: the destination has the shape of ids.
    - C3: the destination has the table's element type.

    Example:

    ```mlir
    func.func @take(%p : tensor<?x64xf32>, %ids : tensor<?x8xi32>, %init : tensor<?x8xf32>) -> tensor<?x8xf32> {
      %w = moe.take %p at %ids : tensor<?x64xf32>, tensor<?x8xi32> outs(%init : tensor<?x8xf32>)
      return %w : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins MoE_Table:$table, MoE_Ids:$ids, MoE_SlotValues:$init);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $table `at` $ids `:` type($table) `,` type($ids)
    `outs` `(` $init `:` type($init) `)` attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
  let hasCanonicalizer = 1;
}

def MoE_NormalizeOp : MoE_BufferOp<"normalize"> {
  let summary = "weights normalised over the filled slots of each row";
  let description = [{
    Let F(r) be the slots of row r whose id is not negative. Of an empty slot the
    weight is not looked at and the result is +0. For slots k in F(r):

        sum:      s = 0; for k in F(r), ascending: s = s + w[r, k]
                  d = s + eps
                  result[r, k] = w[r, k] / d        if d ≠ 0
                  result[r, k] = +0                 if d = 0

        softmax:  m = the largest w[r, k], k in F(r); NaN if one of them is NaN
                  t[k] = exp(w[r, k] - m)
                  s = 0; for k in F(r), ascending: s = s + t[k]
                  result[r, k] = t[k] / s

    - A NaN in a filled slot makes all filled slots of its row NaN. An infinity
      does so, too, where the formula says (inf/inf, inf - inf): softmax of a row
      with a +inf, or whose filled slots are all -inf, is NaN. An entry -inf
      beside finite ones gives +0 exactly.
    - exp is the exponential with an error of at most 2 units in the last place
      of the arithmetic type; exp(0) = 1, exp(-inf) = 0.
    - A row with no filled slot gives zeros.

    The ids are looked at only for their sign: this op does not know E.

    Constraints:
    - C1: ids have the shape of the weights.
    - C2: the destination has the type of the weights.
    - C3: `eps` is finite, not negative, and 0 for softmax.

    Example:

    ```mlir
    func.func @normalize(%w : tensor<?x8xf32>, %ids : tensor<?x8xi32>, %init : tensor<?x8xf32>) -> tensor<?x8xf32> {
      %n = moe.normalize sum %w over %ids eps 1.0e-20 : tensor<?x8xf32>, tensor<?x8xi32> outs(%init : tensor<?x8xf32>)
      return %n : tensor<?x8xf32>
    }
    ```
  }];
  let arguments = (ins
    MoE_NormalizeKindAttr:$kind,
    MoE_SlotWeights:$weights,
    MoE_Ids:$ids,
    DefaultValuedAttr<F64Attr, "0.0">:$eps,
    MoE_SlotWeights:$init
  );
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `` $kind $weights `over` $ids (`eps` $eps^)? `:` type($weights) `,` type($ids)
    `outs` `(` $init `:` type($init) `)` attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

//===----------------------------------------------------------------------===//
// Experts and their combination
//===----------------------------------------------------------------------===//

def MoE_ExpertsOp : MoE_DestinationOp<"experts", [
    AttrSizedOperandSegments, IsolatedFromAbove, RecursiveMemoryEffects,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "each slot's expert on its row";
  let description = [{
    E experts come in kinds. Kind i has the experts `bounds[i]` to
    `bounds[i + 1] - 1` and one region, the *body*, which is a function of

    1. `%e : index`, the expert's id,
    2. of each row operand `x` [R, D...]: `tensor<?xD...>`, rows of x,
    3. of each per-slot operand `z` [R, K, D...]: `tensor<?xD...>`, entries of z,
    4. each context operand as it is,
    5. of each weight of the kind: the part of expert e. Part j of a weight is
       that of the kind's j-th expert, so %e is weight index + bounds[i].

    The first dimension of 2 and 3 is the same number n ≥ 0 of (row, slot) pairs
    whose id is e. The body yields one `tensor<?xD...>` of n rows for each
    destination. With row(i), slot(i) the i-th of these pairs:

        body's row operand [i, ...]  = x[row(i), ...]
        body's slot operand [i, ...] = z[row(i), slot(i), ...]
        result[row(i), slot(i), ...] = what the body yields [i, ...]
        result[r, k, ...]            = +0 where slot (r, k) is empty

    - **Bodies are row-wise**: row i of what is yielded depends on row i of the row
      and slot operands, on context, on weights and on e, and not on n. So rows
      may be cut, grouped and ordered in any way; the order of the pairs is
      not defined. The verifier does not prove this.
    - A row with the same id in two slots is computed for each.
    - Whether a body runs for an expert without rows, or with n = 0, makes no
      difference. An expert that no id names has no influence, whatever its
      weights are.
    - A body may be the identity (yield its rows), zero or a constant; then
      there are no weights. Weights of a kind may have dynamic dimensions, which
      are then the widths of that very expert.

    Constraints:
    - C1: `bounds` starts at 0, ascends strictly, and has one entry more than
      there are regions; there is at least one region.
    - C2: row operands have as many rows as ids, per-slot operands and
      destinations as many rows and slots.
    - C3: a weight's first dimension is the number of experts of its kind.
    - C4: a region's arguments are those listed above.
    - C5: a region yields one value for each destination, of the destination's
      type with its first two dimensions replaced by one that is dynamic.
    - C6: each weight names a `moe.weight` of the printed type that has a
      part for each expert.

    Example:

    ```mlir
    moe.weight @up : tensor<8x64x128xf32> {
    ^bb0(%e : index):
      %0 = moe.source dense<0.5> : tensor<64x128xf32>
      moe.yield %0 : tensor<64x128xf32>
    }
    func.func @layer(%ids : tensor<?x2xi32>, %x : tensor<?x64xf32>, %init : tensor<?x2x128xf32>) -> tensor<?x2x128xf32> {
      %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x64xf32>) outs(%init : tensor<?x2x128xf32>)
      experts 0 to 8 weights(@up : tensor<8x64x128xf32>) {
      ^bb0(%e : index, %xe : tensor<?x64xf32>, %w : tensor<64x128xf32>):
        %c0 = arith.constant 0 : index
        %n = tensor.dim %xe, %c0 : tensor<?x64xf32>
        %zero = arith.constant 0.0 : f32
        %empty = tensor.empty(%n) : tensor<?x128xf32>
        %acc = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x128xf32>) -> tensor<?x128xf32>
        %h = linalg.matmul ins(%xe, %w : tensor<?x64xf32>, tensor<64x128xf32>) outs(%acc : tensor<?x128xf32>) -> tensor<?x128xf32>
        moe.yield %h : tensor<?x128xf32>
      }
      return %y : tensor<?x2x128xf32>
    }
    ```
  }];
  let arguments = (ins
    MoE_Ids:$ids,
    Variadic<AnyRankedTensor>:$rows,
    Variadic<AnyRankedTensor>:$slots,
    Variadic<AnyType>:$contexts,
    Variadic<AnyRankedTensor>:$inits,
    DenseI64ArrayAttr:$bounds,
    TypedArrayAttrBase<FlatSymbolRefArrayAttr, "lists of weights">:$weights,
    TypedArrayAttrBase<TypeArrayAttr, "lists of their types">:$weight_types
  );
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  let hasCustomAssemblyFormat = 1;
  let hasCanonicalizer = 1;
  let builders = [
    // One region for each list of weights, with its arguments and without ops.
    OpBuilder<(ins "::mlir::Value":$ids, "::mlir::ValueRange":$rows,
                   "::mlir::ValueRange":$slots, "::mlir::ValueRange":$contexts,
                   "::mlir::ValueRange":$inits, "::llvm::ArrayRef<int64_t>":$bounds,
                   "::llvm::ArrayRef<::llvm::ArrayRef<WeightOp>>":$weights)>
  ];
  let extraClassDeclaration = [{
    // Not DestinationStyleOpInterface: upstream patterns replace operands of such
    // ops by ones of another type, which the regions' arguments would not follow.

    /// E.
    int64_t getNumExperts() { return getBounds().back(); }
    /// The symbols of the weights that region `kind` gets, and their types.
    ::llvm::SmallVector<::mlir::FlatSymbolRefAttr> getKindWeights(unsigned kind);
    ::llvm::SmallVector<::mlir::RankedTensorType> getKindWeightTypes(unsigned kind);
    /// The types that the arguments of a region with those operands and weights
    /// must have.
    static ::llvm::SmallVector<::mlir::Type>
    getArgumentTypes(::mlir::MLIRContext *context, ::mlir::ValueRange rows,
                     ::mlir::ValueRange slots, ::mlir::ValueRange contexts,
                     ::mlir::ArrayAttr weightTypes);
  }];
}

def MoE_CombineOp : MoE_BufferOp<"combine", [AttrSizedOperandSegments]> {
  let summary = "weighted sum of the slots of each row";
  let description = [{
    Two forms. `at(ids)`: y is [R, K, D...], slot (r, k) is filled if its id is not
    negative, and y(r, k) = y[r, k, ...]. `from(position)`: y is grouped, [P, D...],
    slot (r, k) is filled if 0 ≤ position[r, k] < P, and
    y(r, k) = y[position[r, k], ...] (see `moe.group`).

        a = +0
        for the filled slots k of row r, ascending:  a = fma(w[r, k], y(r, k), a)
        result[r, ...] = a

    in the arithmetic type of y, and rounded once. Without weights every w is 1,
    so each step is an exact sum, rounded.

    - A row without filled slot is exactly +0. What y and w hold at empty
      slots is not looked at.
    - A weight of 0 multiplies like any other: 0 · inf and 0 · NaN are NaN.
    - `moe.experts` gives +0 at an id that is no expert's, of which this op does
      not know. A compiler that sees both may take such a slot as empty; the
      result is another only where the slot's weight is NaN or infinite.
    - With K = 1 this is w · y, except that -0 becomes +0.
    - w is converted to the arithmetic type of y (from f64 by rounding).

    Constraints:
    - C1: there is exactly one of `at` and `from`.
    - C2: ids, or position, have the shape [R, K] of y's first two dimensions (`at`).
    - C3: weights have the shape of ids or of position.
    - C4: the destination is [R, D...] of y's element type.

    Example:

    ```mlir
    func.func @combine(%y : tensor<?x8x64xf32>, %ids : tensor<?x8xi32>, %w : tensor<?x8xf32>, %init : tensor<?x64xf32>) -> tensor<?x64xf32> {
      %0 = moe.combine %y : tensor<?x8x64xf32> at(%ids : tensor<?x8xi32>) with(%w : tensor<?x8xf32>) outs(%init : tensor<?x64xf32>)
      return %0 : tensor<?x64xf32>
    }
    func.func @gather(%y : tensor<?x64xf32>, %position : tensor<?x8xi32>, %w : tensor<?x8xf32>, %init : tensor<?x64xf32>) -> tensor<?x64xf32> {
      %0 = moe.combine %y : tensor<?x64xf32> from(%position : tensor<?x8xi32>) with(%w : tensor<?x8xf32>) outs(%init : tensor<?x64xf32>)
      return %0 : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins
    MoE_FloatBuffer:$y,
    Optional<MoE_Ids>:$ids,
    Optional<MoE_Positions>:$position,
    Optional<MoE_SlotWeights>:$weights,
    MoE_FloatBuffer:$init
  );
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $y `:` type($y) (`at` `(` $ids^ `:` type($ids) `)`)?
    (`from` `(` $position^ `:` type($position) `)`)?
    (`with` `(` $weights^ `:` type($weights) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Grouped form
//===----------------------------------------------------------------------===//

def MoE_GroupOp : MoE_BufferOp<"group"> {
  let summary = "slots ordered by expert";
  let description = [{
    Orders the filled slots of ids [R, K] by expert, and within an expert by
    flattened slot r·K + k. E is the size of `offsets` less one.

        count(e)          = the number of slots with id e
        offsets[e]        = count(0) + ... + count(e - 1),  0 ≤ e ≤ E
        source[p]         = r·K + k of the slot at place p of that order
        source[p]           is undefined for offsets[E] ≤ p < R·K
        position[r, k]    = p where source[p] = r·K + k
        position[r, k]    = -1 for an empty slot

    So expert e has the places offsets[e] to offsets[e + 1] - 1, and a place's row
    is source / K. An id outside [0, E) is an empty slot. R·K is at most
    2^31 - 1. An expert without slots has an empty range; with R = 0 all
    offsets are 0.

    Keys may be anything that is a small i32: an expert, or an expert and a
    variant in one number.

    Constraints:
    - C1: `position` has the shape of ids.
    - C2: `source` has R·K elements.
    - C3: `offsets` has at least one element.

    Example:

    ```mlir
    func.func @group(%ids : tensor<?x8xi32>, %o : tensor<65xi32>, %s : tensor<?xi32>, %p : tensor<?x8xi32>) -> (tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>) {
      %offsets, %source, %position = moe.group %ids : tensor<?x8xi32> outs(%o, %s, %p : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>)
      return %offsets, %source, %position : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>
    }
    ```
  }];
  let arguments = (ins
    MoE_Ids:$ids,
    MoE_Offsets:$offsets_init,
    MoE_Sources:$source_init,
    MoE_Positions:$position_init
  );
  let results = (outs
    Variadic<AnyRankedTensor>:$results
  );
  let assemblyFormat = [{
    $ids `:` type($ids) `outs` `(` $offsets_init `,` $source_init `,` $position_init `:`
    type($offsets_init) `,` type($source_init) `,` type($position_init) `)` attr-dict
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return ::mlir::MutableOperandRange(*this, 1, 3);
    }
    ::mlir::Value getOffsets() { return getResults()[0]; }
    ::mlir::Value getSource() { return getResults()[1]; }
    ::mlir::Value getPosition() { return getResults()[2]; }
  }];
}

def MoE_GroupedMatmulOp : MoE_DestinationOp<"grouped_matmul", [
    DestinationStyleOpInterface, IsolatedFromAbove, RecursiveMemoryEffects,
    SingleBlock,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "rows in groups, each group times its expert's weights";
  let description = [{
    The product of experts in grouped form. `groups` are offsets [E + 1] of a
    `moe.group`, and place p belongs to expert e with
    offsets[e] ≤ p < offsets[e + 1]. Its row of x [M, K] is

        row(p) = source[p] / div     with `by(source) div`
        row(p) = p                   without

    For each weight W [E, K, N], in the arithmetic type of x:

        for c = 0..C-1:  s_c = +0; for i = 256·c..min(K, 256·(c+1)) - 1, ascending:
                             s_c = fma(x[row(p), i], W[e, i, j], s_c)
        a = s_0; for c = 1..C-1:  a = a + s_c

    with C = max(1, K / 256 rounded up): chains of 256 steps, whose sums are added
    in ascending order, because one long chain loses accuracy.

    result[p, j] is what the region yields for the accumulators of all weights,
    followed by `vector[e, j]` of all vectors [E, N] (biases, scales). It is a
    scalar function without memory effects. In places from offsets[E] on the
    result is undefined.

    - The order of accumulation is as written, whatever the number of rows:
      a row's bits do not depend on its neighbours.
    - An expert without rows, and M = 0, cost nothing; with K = 0 accumulators
      are +0.
    - `groups` and `source` must be what one `moe.group` returns, for
      R·K places and for rows x that reach R·K / div. This is a precondition:
      other values are undefined behaviour.

    Constraints:
    - C1: there is a weight; all weights are [E, K, N] with one static shape.
    - C2: E is the number of offsets less one, K the width of x.
    - C3: vectors are [E, N].
    - C4: the destination has the width N; with `by` it has as many rows as
      source has elements, otherwise as many as x.
    - C5: `div` is positive, and 1 without `by`.
    - C6: the region's arguments are one scalar of the arithmetic type for each
      weight, then one of the vector's element type for each vector.
    - C7: the region yields one value of the destination's element type, and its
      ops have no memory effects.
    - C8: each symbol names a `moe.weight` of the printed type that has a part
      for each expert.

    Example:

    ```mlir
    moe.weight @gate : tensor<64x32x128xf32> {
    ^bb0(%e : index):
      %0 = moe.source dense<0.5> : tensor<32x128xf32>
      moe.yield %0 : tensor<32x128xf32>
    }
    moe.weight @up : tensor<64x32x128xf32> {
    ^bb0(%e : index):
      %0 = moe.source dense<0.5> : tensor<32x128xf32>
      moe.yield %0 : tensor<32x128xf32>
    }
    func.func @gate_up(%x : tensor<?x32xf32>, %source : tensor<?xi32>, %offsets : tensor<65xi32>, %init : tensor<?x128xf32>) -> tensor<?x128xf32> {
      %h = moe.grouped_matmul rows(%x : tensor<?x32xf32>) by(%source : tensor<?xi32>) div 8
        groups(%offsets : tensor<65xi32>)
        weights(@gate : tensor<64x32x128xf32>, @up : tensor<64x32x128xf32>)
        outs(%init : tensor<?x128xf32>) {
      ^bb0(%g : f32, %u : f32):
        %0 = arith.mulf %g, %u : f32
        moe.yield %0 : f32
      }
      return %h : tensor<?x128xf32>
    }
    ```
  }];
  let arguments = (ins
    TensorRankOf<[MoE_Float], [2]>:$rows,
    Optional<TensorRankOf<[I32], [1]>>:$source,
    TensorRankOf<[I32], [1]>:$groups,
    TensorRankOf<[MoE_Float], [2]>:$init,
    DefaultValuedAttr<I64Attr, "1">:$div,
    FlatSymbolRefArrayAttr:$weights,
    TypeArrayAttr:$weight_types,
    FlatSymbolRefArrayAttr:$vectors,
    TypeArrayAttr:$vector_types
  );
  let results = (outs Optional<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `rows` `(` $rows `:` type($rows) `)`
    (`by` `(` $source^ `:` type($source) `)` `div` $div)?
    `groups` `(` $groups `:` type($groups) `)`
    custom<ProductWeights>($weights, $weight_types, $vectors, $vector_types)
    `outs` `(` $init `:` type($init) `)` attr-dict-with-keyword $epilogue
  }];
  let builders = [
    // `epilogue` gets the region's arguments and returns what is yielded.
    OpBuilder<(ins "::mlir::Value":$rows, "::mlir::Value":$source,
                   "::mlir::Value":$groups, "::mlir::Value":$init, "int64_t":$div,
                   "::llvm::ArrayRef<WeightOp>":$weights,
                   "::llvm::ArrayRef<WeightOp>":$vectors,
                   "::llvm::function_ref<::mlir::Value(::mlir::OpBuilder &, "
                   "::mlir::Location, ::mlir::ValueRange)>":$epilogue)>
  ];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    /// The type of the accumulators.
    ::mlir::FloatType getAccumulatorType();
  }];
}

def MoE_PanelMatmulOp : MoE_BufferOp<"panel_matmul", [
    AttrSizedOperandSegments, IsolatedFromAbove, SingleBlock]> {
  let summary = "moe.grouped_matmul on packed weights";
  let description = [{
    `moe.grouped_matmul` after the layout of its weights is chosen: what the
    product emitter takes. Panels are [E, P, K, W]. With `weights` = n
    (1 or 2) a panel holds C = W / n columns of each of n matrices:

        matrix m, [E, K, N]:  M_m[e, i, j] = panels[e, j / C, i, m·C + j mod C]

    N is the destination's width; columns from N on only pad the last panel, and
    what they hold is not looked at. Everything else is as there: one
    accumulator for each matrix, the sum of chains of 256 fmas in ascending i, in
    the arithmetic type of the rows; then the region, on the accumulators and on
    `vector[e, j]` of each vector [E, N]. In places from offsets[E] on the result is
    undefined.

    Without `groups` this is a dense product: E = 1 and place p is row p, for all
    rows of x (or all elements of source).

    Constraints:
    - C1: `weights` is 1 or 2, and divides W.
    - C2: K is the width of x.
    - C3: P is N / C rounded up.
    - C4: E is the number of offsets less one, or 1 without groups.
    - C5: vectors are [E, N].
    - C6: with `by` the destination has as many rows as source has elements,
      otherwise as many as x.
    - C7: `div` is positive, and 1 without `by`.
    - C8: the region's arguments are `weights` scalars of the arithmetic type,
      then one of the vector's element type for each vector.
    - C9: the region yields one value of the destination's element type, and its
      ops have no memory effects.

    Example:

    ```mlir
    func.func @gate_up(%x : tensor<?x32xf32>, %source : tensor<?xi32>, %offsets : tensor<65xi32>,
                       %w : tensor<64x8x32x32xf32>, %init : tensor<?x128xf32>) -> tensor<?x128xf32> {
      %h = moe.panel_matmul 2 rows(%x : tensor<?x32xf32>) by(%source : tensor<?xi32>) div 8
        groups(%offsets : tensor<65xi32>) panels(%w : tensor<64x8x32x32xf32>)
        outs(%init : tensor<?x128xf32>) {
      ^bb0(%g : f32, %u : f32):
        %0 = arith.mulf %g, %u : f32
        moe.yield %0 : f32
      }
      return %h : tensor<?x128xf32>
    }
    ```
  }];
  let arguments = (ins
    I64Attr:$weights,
    MoE_Matrix:$rows,
    Optional<MoE_Sources>:$source,
    Optional<MoE_Offsets>:$groups,
    MoE_Panels:$panels,
    Variadic<MoE_Matrix>:$vectors,
    MoE_Matrix:$init,
    DefaultValuedAttr<I64Attr, "1">:$div
  );
  let results = (outs Optional<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    $weights `rows` `(` $rows `:` type($rows) `)`
    (`by` `(` $source^ `:` type($source) `)` `div` $div)?
    (`groups` `(` $groups^ `:` type($groups) `)`)?
    `panels` `(` $panels `:` type($panels) `)`
    (`vectors` `(` $vectors^ `:` type($vectors) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict-with-keyword $epilogue
  }];
  let builders = [
    // `epilogue` gets the region's arguments and returns what is yielded.
    OpBuilder<(ins "int64_t":$weights, "::mlir::Value":$rows, "::mlir::Value":$source,
                   "::mlir::Value":$groups, "::mlir::Value":$panels,
                   "::mlir::ValueRange":$vectors, "::mlir::Value":$init, "int64_t":$div,
                   "::llvm::function_ref<::mlir::Value(::mlir::OpBuilder &, "
                   "::mlir::Location, ::mlir::ValueRange)>":$epilogue)>
  ];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    /// The type of the accumulators.
    ::mlir::FloatType getAccumulatorType();
  }];
}

def MoE_ExpertViewOp : MoE_Op<"expert_view", [NoMemoryEffect]> {
  let summary = "an expert's part of a buffer of experts";
  let description = [{
    For a buffer w [E, D...] of a kernel, the part w[e, ...] as a buffer of its
    own. Where w is an expert pool, expert e lies in the slot that the pool's
    table names for it, and this is the only way to reach it; elsewhere the parts
    lie one after the other. The index must be in [0, E): others are undefined
    behaviour, so the op is not moved over a check.

    Constraints:
    - C1: source and result are dense and row-major (identity layout).
    - C2: the source's shape is static but for the first dimension, and the
      result's is it without the first dimension.

    Example:

    ```mlir
    func.func @part(%w : memref<64x8x32x32xf32>, %e : index) -> memref<8x32x32xf32> {
      %0 = moe.expert_view %w[%e] : memref<64x8x32x32xf32> -> memref<8x32x32xf32>
      return %0 : memref<8x32x32xf32>
    }
    ```
  }];
  let arguments = (ins AnyStridedMemRef:$source, Index:$expert);
  let results = (outs AnyStridedMemRef:$result);
  let assemblyFormat = "$source `[` $expert `]` attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def MoE_KernelOp : MoE_DestinationOp<"kernel", [
    AttrSizedOperandSegments, IsolatedFromAbove, RecursiveMemoryEffects, SingleBlock]> {
  let summary = "what one launch computes";
  let description = [{
    The ops of its region become one kernel: one launch, possibly in several
    phases. The region is a function of the inputs and of the destinations, and
    yields the destinations' new values: ops of the region write them, or they
    are replaced as a whole. Weights are named inside by their symbols.
    The op has no meaning of its own: its results are the yielded values.

    Constraints:
    - C1: the region's arguments have the types of the inputs, then of the
      destinations.
    - C2: the region yields one value of the destination's type for each
      destination.

    Example:

    ```mlir
    func.func @route(%scores : tensor<?x64xf32>, %init : tensor<?x8xi32>) -> tensor<?x8xi32> {
      %ids = moe.kernel ins(%scores : tensor<?x64xf32>) outs(%init : tensor<?x8xi32>) {
      ^bb0(%s : tensor<?x64xf32>, %o : tensor<?x8xi32>):
        %0 = moe.top_k %s : tensor<?x64xf32> outs(%o : tensor<?x8xi32>)
        moe.yield %0 : tensor<?x8xi32>
      }
      return %ids : tensor<?x8xi32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$inputs, Variadic<AnyRankedTensor>:$inits);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    (`outs` `(` $inits^ `:` type($inits) `)`)? attr-dict-with-keyword $body
  }];
  let builders = [
    // `body` gets the region's arguments and returns what is yielded.
    OpBuilder<(ins "::mlir::ValueRange":$inputs, "::mlir::ValueRange":$inits,
                   "::llvm::function_ref<::llvm::SmallVector<::mlir::Value>("
                   "::mlir::OpBuilder &, ::mlir::Location, ::mlir::ValueRange)>":$body)>
  ];
  // Not DestinationStyleOpInterface, for the reason given at moe.experts.
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

def MoE_PoolOp : MoE_Op<"pool", [Symbol]> {
  let summary = "a pool of expert slots";
  let description = [{
    The packed weights of the experts of one layer, all matrices of an expert
    together: `experts` slots of `stride` bytes. A weight that lies in the pool
    names it with the attribute `moe.slot = #moe.slot<@pool, offset>`: expert e's
    part starts `offset` bytes into e's slot.

    Constraints:
    - C1: the stride is a positive multiple of 4096.
    - C2: there is at least one expert.

    Example:

    ```mlir
    moe.pool @layer0 {experts = 8 : i64, stride = 8192 : i64}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$experts,
                       I64Attr:$stride);
  let assemblyFormat = "$sym_name attr-dict";
  let hasVerifier = 1;
}

def MoE_PinOp : MoE_Op<"pin", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "makes the experts that ids name resident";
  let description = [{
    Stands in front of the kernels that read the pool's slots; `moe.unpin` stands
    behind them. Ids below 0 are ignored.

    Constraints:
    - C1: the symbol names a `moe.pool`.

    Example:

    ```mlir
    moe.pool @layer0 {experts = 8 : i64, stride = 8192 : i64}
    func.func @f(%ids : tensor<?x2xi32>) {
      moe.pin @layer0 %ids : tensor<?x2xi32>
      moe.unpin @layer0
      return
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$pool, TensorRankOf<[I32], [2]>:$ids);
  let assemblyFormat = "$pool $ids attr-dict `:` type($ids)";
}

def MoE_UnpinOp : MoE_Op<"unpin", []> {
  let summary = "ends the matching pin";
  let description = [{
    The slots that the pool's `moe.pin` made resident may be reused from here on.

    Constraints:
    - C1: a `moe.pin` of the same pool stands before it in its block, and no other
      `moe.unpin` of the pool in between.
  }];
  let arguments = (ins FlatSymbolRefAttr:$pool);
  let assemblyFormat = "$pool attr-dict";
  let hasVerifier = 1;
}

def MoE_CountExpertsOp : MoE_Op<"count_experts", []> {
  let summary = "reports how many rows each expert gets";
  let description = [{
    `offsets` [E + 1] are those of a `moe.group`; a runtime that keeps expert
    statistics adds them to those of the layer, which is named by the op's
    location. Has no influence on results.

    Constraints:
    - C1: `offsets` has a static size of at least 2.

    Example:

    ```mlir
    func.func @f(%offsets : tensor<9xi32>) {
      moe.count_experts %offsets : tensor<9xi32>
      return
    }
    ```
  }];
  let arguments = (ins TensorRankOf<[I32], [1]>:$offsets);
  let assemblyFormat = "$offsets attr-dict `:` type($offsets)";
  let hasVerifier = 1;
}

#endif // MOE_DIALECTS_MOE_MOEOPS_TD
