// RUN: moe-opt %s --onnx-infer | FileCheck %s

//===----------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @broadcast_static
// CHECK-SAME: -> tensor<4x3x5xf32>
func.func @broadcast_static(%a : tensor<3x1xf32>, %b : tensor<4x1x5xf32>) -> tensor<?x?x?xf32> {
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<3x1xf32>, tensor<4x1x5xf32>) -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}

// Where one size is known and not 1, the other is that or 1.
// CHECK-LABEL: func.func @broadcast_symbols
// CHECK-SAME: -> (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<?x8xf32>)
func.func @broadcast_symbols(%a : tensor<?x1xf32, #onnx.dims<"N", "">>, %b : tensor<?x8xf32, #onnx.dims<"N", "">>,
                             %c : tensor<?x?xf32, #onnx.dims<"M", "K">>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %0 = onnx.node "Mul" version 14 (%a, %b) : (tensor<?x1xf32, #onnx.dims<"N", "">>, tensor<?x8xf32, #onnx.dims<"N", "">>) -> tensor<?x?xf32>
  %1 = onnx.node "Mul" version 14 (%b, %c) : (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<?x?xf32, #onnx.dims<"M", "K">>) -> tensor<?x?xf32>
  return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func.func @comparison
// CHECK-SAME: -> tensor<2x3xi1>
func.func @comparison(%a : tensor<2x3xf16>, %b : tensor<f16>) -> tensor<?x?xi1> {
  %0 = onnx.node "Less" version 13 (%a, %b) : (tensor<2x3xf16>, tensor<f16>) -> tensor<?x?xi1>
  return %0 : tensor<?x?xi1>
}

//===----------------------------------------------------------------------===//
// Sizes as values
//===----------------------------------------------------------------------===//

// What exporters write to merge two dimensions.
// CHECK-LABEL: func.func @merge
// CHECK-SAME: -> tensor<?x64xf32, #onnx.dims<"N*S", "">>
func.func @merge(%x : tensor<?x?x64xf32, #onnx.dims<"N", "S", "">>) -> tensor<?x?xf32> {
  %zero = onnx.constant dense<0> : tensor<i64> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64> : tensor<i64>
  %axis = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %last = onnx.constant dense<64> : tensor<1xi64> : tensor<1xi64>
  %shape = onnx.node "Shape" version 15 (%x) : (tensor<?x?x64xf32, #onnx.dims<"N", "S", "">>) -> tensor<3xi64>
  %n = onnx.node "Gather" version 13 (%shape, %zero) : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %s = onnx.node "Gather" version 13 (%shape, %one) : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %ns = onnx.node "Mul" version 14 (%n, %s) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %ns1 = onnx.node "Unsqueeze" version 13 (%ns, %axis) : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %to = onnx.node "Concat" version 13 (%ns1, %last) attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %0 = onnx.node "Reshape" version 14 (%x, %to) : (tensor<?x?x64xf32, #onnx.dims<"N", "S", "">>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @reshape_rest
// CHECK-SAME: -> (tensor<?x8x8xf32, #onnx.dims<"N", "", "">>, tensor<?x2xf32, #onnx.dims<"32*N", "">>, tensor<?x?xf32, #onnx.dims<"N", "">>)
func.func @reshape_rest(%x : tensor<?x64xf32, #onnx.dims<"N", "">>, %y : tensor<?x?xf32, #onnx.dims<"N", "">>) -> (tensor<?x?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  %a = onnx.constant dense<[-1, 8, 8]> : tensor<3xi64> : tensor<3xi64>
  %b = onnx.constant dense<[-1, 2]> : tensor<2xi64> : tensor<2xi64>
  %c = onnx.constant dense<[0, -1]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.node "Reshape" version 14 (%x, %a) : (tensor<?x64xf32, #onnx.dims<"N", "">>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %1 = onnx.node "Reshape" version 14 (%x, %b) : (tensor<?x64xf32, #onnx.dims<"N", "">>, tensor<2xi64>) -> tensor<?x?xf32>
  %2 = onnx.node "Reshape" version 14 (%y, %c) : (tensor<?x?xf32, #onnx.dims<"N", "">>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0, %1, %2 : tensor<?x?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}

// A size that may be 0 in a run then stands for the input's: nothing is claimed.
// CHECK-LABEL: func.func @reshape_maybe_zero
// CHECK-SAME: -> tensor<?x?xf32>
func.func @reshape_maybe_zero(%x : tensor<4x?xf32, #onnx.dims<"", "N">>, %n : tensor<?xf32, #onnx.dims<"N">>) -> tensor<?x?xf32> {
  %rest = onnx.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %shape = onnx.node "Shape" version 15 (%n) : (tensor<?xf32, #onnx.dims<"N">>) -> tensor<1xi64>
  %to = onnx.node "Concat" version 13 (%shape, %rest) attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %0 = onnx.node "Reshape" version 14 (%x, %to) : (tensor<4x?xf32, #onnx.dims<"", "N">>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @slice
// CHECK-SAME: -> (tensor<?x4xf32, #onnx.dims<"N", "">>, tensor<?x3xf32, #onnx.dims<"N", "">>)
func.func @slice(%x : tensor<?x8xf32, #onnx.dims<"N", "">>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %zero = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %six = onnx.constant dense<6> : tensor<1xi64> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %back = onnx.constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %end = onnx.constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Slice" version 13 (%x, %zero, %end, %one, %two) : (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  %1 = onnx.node "Slice" version 13 (%x, %six, %zero, %one, %back) : (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func.func @split
// CHECK-SAME: -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x1xf32>)
func.func @split(%x : tensor<2x7xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  %0:3 = onnx.node "Split" version 18 (%x) attributes {axis = 1 : i64, num_outputs = 3 : i64} : (tensor<2x7xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func.func @concat
// CHECK-SAME: -> tensor<?x8xf32, #onnx.dims<"N+2", "">>
func.func @concat(%a : tensor<?x8xf32, #onnx.dims<"N", "">>, %b : tensor<2x?xf32>) -> tensor<?x?xf32> {
  %0 = onnx.node "Concat" version 13 (%a, %b) attributes {axis = 0 : i64} : (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<2x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @range_expand
// CHECK-SAME: -> tensor<?x?xi64, #onnx.dims<"N", "N">>
func.func @range_expand(%x : tensor<?xf32, #onnx.dims<"N">>) -> tensor<?x?xi64> {
  %zero = onnx.constant dense<0> : tensor<i64> : tensor<i64>
  %one = onnx.constant dense<1> : tensor<i64> : tensor<i64>
  %n = onnx.node "Size" version 13 (%x) : (tensor<?xf32, #onnx.dims<"N">>) -> tensor<i64>
  %range = onnx.node "Range" version 11 (%zero, %n, %one) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %axis = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %n1 = onnx.node "Unsqueeze" version 13 (%n, %axis) : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %to = onnx.node "Concat" version 13 (%n1, %n1) attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %0 = onnx.node "Expand" version 13 (%range, %to) : (tensor<?xi64>, tensor<2xi64>) -> tensor<?x?xi64>
  return %0 : tensor<?x?xi64>
}

// Equal sizes are decided before the run.
// CHECK-LABEL: func.func @where
// CHECK-SAME: -> tensor<?x3xf32, #onnx.dims<"N", "">>
func.func @where(%x : tensor<?xf32, #onnx.dims<"N">>) -> tensor<?x?xf32> {
  %given = onnx.constant dense<[-1, 3]> : tensor<2xi64> : tensor<2xi64>
  %other = onnx.constant dense<-1> : tensor<2xi64> : tensor<2xi64>
  %ones = onnx.constant dense<1> : tensor<2xi64> : tensor<2xi64>
  %axes = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %column = onnx.node "Unsqueeze" version 13 (%x, %axes) : (tensor<?xf32, #onnx.dims<"N">>, tensor<1xi64>) -> tensor<?x1xf32>
  %is = onnx.node "Equal" version 13 (%given, %other) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi1>
  %to = onnx.node "Where" version 9 (%is, %ones, %given) : (tensor<2xi1>, tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %0 = onnx.node "Expand" version 13 (%column, %to) : (tensor<?x1xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// 32-bit numbers may wrap: only what is known is followed through them.
// CHECK-LABEL: func.func @narrow
// CHECK-SAME: -> (tensor<?xf32>, tensor<4xf32>)
func.func @narrow(%x : tensor<?xf32, #onnx.dims<"N">>, %y : tensor<4xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %a = onnx.node "Shape" version 15 (%x) : (tensor<?xf32, #onnx.dims<"N">>) -> tensor<1xi64>
  %a32 = onnx.node "Cast" version 13 (%a) attributes {to = 6 : i64} : (tensor<1xi64>) -> tensor<1xi32>
  %a64 = onnx.node "Cast" version 13 (%a32) attributes {to = 7 : i64} : (tensor<1xi32>) -> tensor<1xi64>
  %0 = onnx.node "ConstantOfShape" version 9 (%a64) : (tensor<1xi64>) -> tensor<?xf32>
  %b = onnx.node "Shape" version 15 (%y) : (tensor<4xf32>) -> tensor<1xi64>
  %b32 = onnx.node "Cast" version 13 (%b) attributes {to = 6 : i64} : (tensor<1xi64>) -> tensor<1xi32>
  %b64 = onnx.node "Cast" version 13 (%b32) attributes {to = 7 : i64} : (tensor<1xi32>) -> tensor<1xi64>
  %1 = onnx.node "ConstantOfShape" version 9 (%b64) : (tensor<1xi64>) -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: func.func @known_values
func.func @known_values(%x : tensor<3x4xf32>) -> (tensor<2xi64>, tensor<i1>) {
  // CHECK-DAG: %[[SHAPE:.+]] = onnx.constant dense<[3, 4]> : tensor<2xi64>
  // CHECK-DAG: %[[FLAG:.+]] = onnx.constant dense<true> : tensor<i1>
  // CHECK: return %[[SHAPE]], %[[FLAG]]
  %0 = onnx.node "Shape" version 15 (%x) : (tensor<3x4xf32>) -> tensor<2xi64>
  %n = onnx.node "Size" version 13 (%x) : (tensor<3x4xf32>) -> tensor<i64>
  %m = onnx.constant dense<13> : tensor<i64> : tensor<i64>
  %1 = onnx.node "Less" version 13 (%n, %m) : (tensor<i64>, tensor<i64>) -> tensor<i1>
  return %0, %1 : tensor<2xi64>, tensor<i1>
}

//===----------------------------------------------------------------------===//
// Products, reductions, selections
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @products
// CHECK-SAME: -> (tensor<?x5x7xf32, #onnx.dims<"B", "", "">>, tensor<?x3xf32, #onnx.dims<"N", "">>, tensor<f32>)
func.func @products(%a : tensor<?x5x6xf32, #onnx.dims<"B", "", "">>, %b : tensor<6x7xf32>, %c : tensor<4x?xf32, #onnx.dims<"", "N">>,
                    %d : tensor<3x4xf32>, %v : tensor<6xf32>) -> (tensor<?x?x?xf32>, tensor<?x?xf32>, tensor<f32>) {
  %0 = onnx.node "MatMul" version 13 (%a, %b) : (tensor<?x5x6xf32, #onnx.dims<"B", "", "">>, tensor<6x7xf32>) -> tensor<?x?x?xf32>
  %1 = onnx.node "Gemm" version 13 (%c, %d) attributes {transA = 1 : i64, transB = 1 : i64} : (tensor<4x?xf32, #onnx.dims<"", "N">>, tensor<3x4xf32>) -> tensor<?x?xf32>
  %2 = onnx.node "MatMul" version 13 (%v, %v) : (tensor<6xf32>, tensor<6xf32>) -> tensor<f32>
  return %0, %1, %2 : tensor<?x?x?xf32>, tensor<?x?xf32>, tensor<f32>
}

// CHECK-LABEL: func.func @reductions
// CHECK-SAME: -> (tensor<?x1xf32, #onnx.dims<"N", "">>, tensor<f32>, tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<?xi64, #onnx.dims<"N">>)
func.func @reductions(%x : tensor<?x8xf32, #onnx.dims<"N", "">>) -> (tensor<?x?xf32>, tensor<f32>, tensor<?x?xf32>, tensor<?xi64>) {
  %axes = onnx.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "ReduceSum" version 13 (%x, %axes) : (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<1xi64>) -> tensor<?x?xf32>
  %1 = onnx.node "ReduceMean" version 13 (%x) attributes {keepdims = 0 : i64} : (tensor<?x8xf32, #onnx.dims<"N", "">>) -> tensor<f32>
  %2 = onnx.node "ReduceMax" version 18 (%x) attributes {noop_with_empty_axes = 1 : i64} : (tensor<?x8xf32, #onnx.dims<"N", "">>) -> tensor<?x?xf32>
  %3 = onnx.node "ArgMax" version 13 (%x) attributes {axis = 1 : i64, keepdims = 0 : i64} : (tensor<?x8xf32, #onnx.dims<"N", "">>) -> tensor<?xi64>
  return %0, %1, %2, %3 : tensor<?x?xf32>, tensor<f32>, tensor<?x?xf32>, tensor<?xi64>
}

// CHECK-LABEL: func.func @selections
// CHECK-SAME: -> (tensor<?x2xf32, #onnx.dims<"N", "">>, tensor<?x2xi64, #onnx.dims<"N", "">>, tensor<?x2x8xi32, #onnx.dims<"N", "", "">>)
func.func @selections(%x : tensor<?x8xf32, #onnx.dims<"N", "">>) -> (tensor<?x?xf32>, tensor<?x?xi64>, tensor<?x?x?xi32>) {
  %k = onnx.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %depth = onnx.constant dense<8> : tensor<i64> : tensor<i64>
  %flags = onnx.constant dense<[0, 1]> : tensor<2xi32> : tensor<2xi32>
  %0:2 = onnx.node "TopK" version 11 (%x, %k) : (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
  %1 = onnx.node "OneHot" version 11 (%0#1, %depth, %flags) : (tensor<?x?xi64>, tensor<i64>, tensor<2xi32>) -> tensor<?x?x?xi32>
  return %0#0, %0#1, %1 : tensor<?x?xf32>, tensor<?x?xi64>, tensor<?x?x?xi32>
}

// CHECK-LABEL: func.func @norms
// CHECK-SAME: -> (tensor<?x8xf16, #onnx.dims<"N", "">>, tensor<?x1xf32, #onnx.dims<"N", "">>, tensor<?x8xf32, #onnx.dims<"N", "">>)
func.func @norms(%x : tensor<?x8xf16, #onnx.dims<"N", "">>, %s : tensor<8xf16>, %t : tensor<8xf32>) -> (tensor<?x?xf16>, tensor<?x?xf32>, tensor<?x?xf32>) {
  %0:2 = onnx.node "LayerNormalization" version 17 (%x, %s) : (tensor<?x8xf16, #onnx.dims<"N", "">>, tensor<8xf16>) -> (tensor<?x?xf16>, tensor<?x?xf32>)
  %1 = onnx.node "RMSNormalization" version 23 (%x, %t) : (tensor<?x8xf16, #onnx.dims<"N", "">>, tensor<8xf32>) -> tensor<?x?xf32>
  return %0#0, %0#1, %1 : tensor<?x?xf16>, tensor<?x?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func.func @moe
// CHECK-SAME: -> tensor<?x?x16xf32, #onnx.dims<"B", "S", "">>
func.func @moe(%x : tensor<?x?x16xf32, #onnx.dims<"B", "S", "">>, %r : tensor<?x4xf32>, %w1 : tensor<4x64x16xf32>, %w2 : tensor<4x16x32xf32>) -> tensor<?x?x?xf32> {
  %n = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {activation_type = "swiglu", k = 2 : i64, swiglu_fusion = 1 : i64}
    : (tensor<?x?x16xf32, #onnx.dims<"B", "S", "">>, tensor<?x4xf32>, tensor<4x64x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}

//===----------------------------------------------------------------------===//
// What stays
//===----------------------------------------------------------------------===//

// What is known already is not forgotten, and operators that are unknown are
// left alone.
// CHECK-LABEL: func.func @keeps
// CHECK-SAME: -> (tensor<4xf32>, tensor<?xf32>)
func.func @keeps(%x : tensor<?xf32>) -> (tensor<4xf32>, tensor<?xf32>) {
  %0 = onnx.node "Neg" version 13 (%x) : (tensor<?xf32>) -> tensor<4xf32>
  %1 = onnx.node "Mystery" version 1 (%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %0, %1 : tensor<4xf32>, tensor<?xf32>
}

// CHECK-LABEL: func.func @read_by_others
func.func @read_by_others(%x : tensor<4xf32>) -> tensor<?xf32> {
  // CHECK: onnx.node "Neg" version 13(%{{.*}}) : (tensor<4xf32>) -> tensor<?xf32>
  %0 = onnx.node "Neg" version 13 (%x) : (tensor<4xf32>) -> tensor<?xf32>
  %1 = arith.negf %0 : tensor<?xf32>
  return %1 : tensor<?xf32>
}
