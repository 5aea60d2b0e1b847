//===- MoERTOps.td - moert operations ----------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOERT_MOERTOPS_TD
#define MOE_DIALECTS_MOERT_MOERTOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "MoERT/MoERTAttrs.td"
include "MoERT/MoERTDialect.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def MoERT_ProgramOp : MoERT_Op<"program",
    [IsolatedFromAbove, Symbol, NoTerminator]> {
  let summary = "a program: declarations and commands";
  let description = [{
    The commands run in order from the first block. What they name (`kernel`,
    `weight`, `pool`, `layer`) is declared beside the program; those and
    `input`, `output`, `buffer` and the references are no commands but fill
    the program's tables, in the order in which they stand. Each block ends with
    `moert.branch`, `moert.jump` or `moert.end` and has no arguments.

    ```mlir
    moert.kernel @add {arguments = 4 : i64, grains = array<i64: 1, 64>, scratch = 0 : i64}
    moert.program @main {
      %x, %n = moert.input "x" : tensor<?x4xf32>
      %y = moert.buffer
      %c16 = moert.const 16
      %bytes = moert.compute mul %n, %c16
      moert.place %y, %bytes
      %c1 = moert.const 1
      %c0 = moert.const 0
      moert.run @add items(%c1, %c0) arguments(%x, %n, %y, %n : !moert.buffer, i64, !moert.buffer, i64)
      moert.output "y" %y dims(%n) : tensor<?x4xf32>
      moert.end
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region AnyRegion:$body);
  let assemblyFormat = "$sym_name $body attr-dict";
  let hasVerifier = 1;
}

/// Names something that is declared beside the program.
defvar MoERT_SymbolUser = DeclareOpInterfaceMethods<SymbolUserOpInterface>;
def MoERT_Argument : AnyTypeOf<[I64, MoERT_BufferType, MoERT_PoolType]>;

class MoERT_Symbol<string mnemonic> : MoERT_Op<mnemonic, [Symbol]>;
class MoERT_Declaration<string mnemonic, list<Trait> traits = []>
    : MoERT_Op<mnemonic, [HasParent<"ProgramOp">] # traits>;
class MoERT_Command<string mnemonic, list<Trait> traits = []>
    : MoERT_Op<mnemonic, [HasParent<"ProgramOp">] # traits>;

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

def MoERT_KernelOp : MoERT_Symbol<"kernel"> {
  let summary = "a native kernel of the package's code images";
  let description = [{
    `grains` has one entry per phase: how many items make a claim worth its
    cost. `arguments` counts the argument slots after the item counts.
    `scratch` is in bytes per worker, a multiple of 64.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$grains,
                       I64Attr:$arguments, I64Attr:$scratch);
  let assemblyFormat = "$sym_name attr-dict";
  let hasVerifier = 1;
}

def MoERT_WeightOp : MoERT_Symbol<"weight"> {
  let summary = "an entry of the package's weight table";
  let description = [{
    A dense weight or a constant, of the given static type, stored in the
    package. `constant` places it with the small constants, which are checked
    when the package is opened; `value` holds its elements until then.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type,
                       OptionalAttr<ElementsAttr>:$value, UnitAttr:$constant,
                       OptionalAttr<MoERT_EncodingAttr>:$encoding);
  let assemblyFormat = "$sym_name `:` $type (`=` $value^)? attr-dict";
  let hasVerifier = 1;
}

def MoERT_PoolOp : MoERT_Symbol<"pool"> {
  let summary = "a pool of expert slots";
  let description = [{
    `experts` slots of `stride` bytes, a multiple of 4096. A slot holds all
    matrices of one expert, all in one encoding.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$experts,
                       I64Attr:$stride, OptionalAttr<MoERT_EncodingAttr>:$encoding);
  let assemblyFormat = "$sym_name attr-dict";
  let hasVerifier = 1;
}

def MoERT_LayerOp : MoERT_Symbol<"layer"> {
  let summary = "a routed layer, for expert statistics";
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$experts);
  let assemblyFormat = "$sym_name attr-dict";
  let hasVerifier = 1;
}

def MoERT_InputOp : MoERT_Declaration<"input",
    [DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "a named input";
  let description = [{
    Yields the caller's buffer and one register per dynamic dimension. Input
    dimensions with the same non-empty name are equal in every run; the runtime
    refuses other inputs.
  }];
  let arguments = (ins StrAttr:$name, TypeAttr:$type,
                       OptionalAttr<StrArrayAttr>:$dim_names);
  let results = (outs MoERT_BufferType:$buffer, Variadic<I64>:$dims);
  let assemblyFormat = "$name (`names` $dim_names^)? `:` $type attr-dict";
  let hasVerifier = 1;
}

def MoERT_OutputOp : MoERT_Declaration<"output", []> {
  let summary = "a named output";
  let description = [{
    The buffer holds the output when the program ends; `dims` has one register
    per dynamic dimension, written before the buffer is placed.
  }];
  let arguments = (ins StrAttr:$name, MoERT_BufferType:$buffer,
                       Variadic<I64>:$dims, TypeAttr:$type,
                       OptionalAttr<StrArrayAttr>:$dim_names);
  let assemblyFormat = [{
    $name $buffer (`dims` `(` $dims^ `)`)? (`names` $dim_names^)? `:` $type
    attr-dict
  }];
  let hasVerifier = 1;
}

def MoERT_BufferOp : MoERT_Declaration<"buffer", []> {
  let summary = "a temporary, or an output if an output names it";
  let results = (outs MoERT_BufferType:$buffer);
  let assemblyFormat = "attr-dict";
}

def MoERT_WeightRefOp : MoERT_Declaration<"weight_ref", [Pure, MoERT_SymbolUser]> {
  let summary = "a weight's bytes";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs MoERT_BufferType:$buffer);
  let assemblyFormat = "$weight attr-dict";
}

def MoERT_PoolRefOp : MoERT_Declaration<"pool_ref", [Pure, MoERT_SymbolUser]> {
  let summary = "an expert pool as a kernel argument";
  let arguments = (ins FlatSymbolRefAttr:$pool);
  let results = (outs MoERT_PoolType:$value);
  let assemblyFormat = "$pool attr-dict";
}

def MoERT_ViewOp : MoERT_Declaration<"view", [Pure]> {
  let summary = "a buffer from a byte offset on";
  let arguments = (ins MoERT_BufferType:$source, I64:$offset);
  let results = (outs MoERT_BufferType:$buffer);
  let assemblyFormat = "$source `at` $offset attr-dict";
}

//===----------------------------------------------------------------------===//
// Register commands
//===----------------------------------------------------------------------===//

def MoERT_ConstOp : MoERT_Command<"const", [Pure]> {
  let summary = "a constant";
  let arguments = (ins I64Attr:$value);
  let results = (outs I64:$result);
  let assemblyFormat = "custom<PlainI64>($value) attr-dict";
}

def MoERT_ComputeOp : MoERT_Command<"compute", [Pure]> {
  let summary = "register arithmetic";
  let description = [{
    Comparisons yield 0 or 1. Overflow and division by zero fail the run.
  }];
  let arguments = (ins MoERT_ComputeKind:$kind, I64:$lhs, I64:$rhs);
  let results = (outs I64:$result);
  let assemblyFormat = "$kind $lhs `,` $rhs attr-dict";
}

def MoERT_SelectOp : MoERT_Command<"select", [Pure]> {
  let summary = "the second operand if the first is not zero, else the third";
  let arguments = (ins I64:$condition, I64:$true_value, I64:$false_value);
  let results = (outs I64:$result);
  let assemblyFormat = "$condition `,` $true_value `,` $false_value attr-dict";
}

def MoERT_LoadOp : MoERT_Command<"load", []> {
  let summary = "an integer element of a buffer";
  let description = [{
    The index counts elements; one outside the buffer fails the run.
  }];
  let arguments = (ins MoERT_BufferType:$buffer, I64:$index, TypeAttr:$type);
  let results = (outs I64:$result);
  let assemblyFormat = "$buffer `[` $index `]` `:` $type attr-dict";
  let hasVerifier = 1;
}

def MoERT_StoreOp : MoERT_Command<"store", []> {
  let summary = "writes an integer element of a buffer";
  let arguments = (ins I64:$value, MoERT_BufferType:$buffer, I64:$index,
                       TypeAttr:$type);
  let assemblyFormat = "$value `,` $buffer `[` $index `]` `:` $type attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Buffer and kernel commands
//===----------------------------------------------------------------------===//

def MoERT_PlaceOp : MoERT_Command<"place", []> {
  let summary = "gives a temporary or an output its bytes";
  let arguments = (ins MoERT_BufferType:$buffer, I64:$bytes);
  let assemblyFormat = "$buffer `,` $bytes attr-dict";
  let hasVerifier = 1;
}

def MoERT_ReleaseOp : MoERT_Command<"release", []> {
  let summary = "ends a temporary";
  let arguments = (ins MoERT_BufferType:$buffer);
  let assemblyFormat = "$buffer attr-dict";
  let hasVerifier = 1;
}

def MoERT_CopyOp : MoERT_Command<"copy", []> {
  let summary = "copies bytes";
  let arguments = (ins MoERT_BufferType:$source,
                       MoERT_BufferType:$destination, I64:$bytes);
  let assemblyFormat = "$source `to` $destination `,` $bytes attr-dict";
  let hasVerifier = 1;
}

def MoERT_RunOp : MoERT_Command<"run",
    [AttrSizedOperandSegments, MoERT_SymbolUser]> {
  let summary = "runs a kernel's phases in parallel";
  let description = [{
    `items` has the item counts of the first phases; the others start with none.
    An earlier phase of the same kernel may overwrite the count of a later
    one.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<I64>:$items,
                       Variadic<MoERT_Argument>:$arguments);
  let assemblyFormat = [{
    $kernel `items` `(` $items `)` (`arguments` `(` $arguments^ `:`
    type($arguments) `)`)? attr-dict
  }];
}

def MoERT_LaunchOp : MoERT_Command<"launch",
    [AttrSizedOperandSegments, MoERT_SymbolUser]> {
  let summary = "launches a device kernel on a queue";
  let description = [{
    `grid` has three registers, in blocks; `block` and `cluster` are in threads
    and blocks; `shared` is in bytes.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<I64>:$grid,
                       Variadic<MoERT_Argument>:$arguments,
                       DenseI32ArrayAttr:$block, DenseI32ArrayAttr:$cluster,
                       I32Attr:$shared, I32Attr:$queue, UnitAttr:$cooperative,
                       UnitAttr:$programmatic);
  let assemblyFormat = [{
    $kernel `grid` `(` $grid `)` (`arguments` `(` $arguments^ `:`
    type($arguments) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

def MoERT_CheckOp : MoERT_Command<"check", []> {
  let summary = "fails the run if a register is zero";
  let description = [{
    `{0}`, `{1}`, ... in the message stand for the values' decimal text.
  }];
  let arguments = (ins I64:$condition, StrAttr:$message, Variadic<I64>:$values);
  let assemblyFormat = [{
    $condition `,` $message (`values` `(` $values^ `)`)? attr-dict
  }];
}

def MoERT_PinOp : MoERT_Command<"pin", [MoERT_SymbolUser]> {
  let summary = "makes the experts of a list of ids resident";
  let description = [{
    `ids` holds `count` int32 ids; negative ones are ignored. A fully resident
    pool does nothing but check the bytes of an expert on its first use.
  }];
  let arguments = (ins FlatSymbolRefAttr:$pool, MoERT_BufferType:$ids,
                       I64:$count);
  let assemblyFormat = "$pool $ids `,` $count attr-dict";
}

def MoERT_UnpinOp : MoERT_Command<"unpin", [MoERT_SymbolUser]> {
  let summary = "ends the matching pin";
  let arguments = (ins FlatSymbolRefAttr:$pool);
  let assemblyFormat = "$pool attr-dict";
}

def MoERT_CountExpertsOp : MoERT_Command<"count_experts", [MoERT_SymbolUser]> {
  let summary = "adds a run's rows per expert to the layer's statistics";
  let description = [{
    `offsets` holds int32 offsets [experts + 1]; they are read only while
    statistics are on.
  }];
  let arguments = (ins FlatSymbolRefAttr:$layer, MoERT_BufferType:$offsets);
  let assemblyFormat = "$layer $offsets attr-dict";
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

def MoERT_BranchOp : MoERT_Command<"branch", [Terminator]> {
  let summary = "continues at one of two places";
  let arguments = (ins I64:$condition);
  let successors = (successor AnySuccessor:$true_dest,
                              AnySuccessor:$false_dest);
  let assemblyFormat = "$condition `,` $true_dest `,` $false_dest attr-dict";
}

def MoERT_JumpOp : MoERT_Command<"jump", [Terminator]> {
  let summary = "continues elsewhere";
  let successors = (successor AnySuccessor:$dest);
  let assemblyFormat = "$dest attr-dict";
}

def MoERT_EndOp : MoERT_Command<"end", [Terminator]> {
  let summary = "ends the program";
  let assemblyFormat = "attr-dict";
}

#endif // MOE_DIALECTS_MOERT_MOERTOPS_TD
