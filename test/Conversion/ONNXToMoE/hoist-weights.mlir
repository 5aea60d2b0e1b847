// RUN: moe-opt %s --moe-hoist-weights --split-input-file | FileCheck %s

onnx.weight @w : tensor<64x32xf16> = "m.data" offset 0 length 4096

// The chain moves as a whole, and what reads it reads a weight.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[X:.*]]: tensor<?x32xf32>)
// CHECK: %[[W:.*]] = moe.weight_value @w_0 : tensor<32x64xf32>
// CHECK: onnx.node "MatMul" version 13(%[[X]], %[[W]])
func.func @chain(%x : tensor<?x32xf32>) -> tensor<?x64xf32> {
  %w = onnx.weight_value @w : tensor<64x32xf16>
  %0 = onnx.node "Cast" version 13 (%w) attributes {to = 1 : i64} : (tensor<64x32xf16>) -> tensor<64x32xf32>
  %1 = onnx.node "Transpose" version 13 (%0) attributes {perm = [1, 0]} : (tensor<64x32xf32>) -> tensor<32x64xf32>
  %2 = onnx.node "MatMul" version 13 (%x, %1) : (tensor<?x32xf32>, tensor<32x64xf32>) -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// CHECK-LABEL: moe.weight private @w_0 : tensor<32x64xf32> {
// CHECK-NEXT: %[[ALL:.*]] = moe.source file<"m.data", offset = 0, length = 4096> : tensor<64x32xf16>
// CHECK-NEXT: %[[CAST:.*]] = onnx.node "Cast" version 13(%[[ALL]]) attributes {to = 1 : i64}
// CHECK-NEXT: %[[T:.*]] = onnx.node "Transpose" version 13(%[[CAST]])
// CHECK-NEXT: moe.yield %[[T]] : tensor<32x64xf32>

// -----

onnx.weight @w : tensor<8x32xf32> = "m.data" offset 0 length 1024

// Each part that is read is a weight; integers stay constants, and say what the
// operator does.
// CHECK-LABEL: func.func @parts(
// CHECK-DAG: %[[A:.*]] = moe.weight_value @w_0 : tensor<2x32xf32>
// CHECK-DAG: %[[B:.*]] = moe.weight_value @w_1 : tensor<6x32xf32>
// CHECK: return %[[A]], %[[B]]
func.func @parts() -> (tensor<2x32xf32>, tensor<6x32xf32>) {
  %w = onnx.weight_value @w : tensor<8x32xf32>
  %parts = onnx.constant dense<[2, 6]> : tensor<2xi64> : tensor<2xi64>
  %0:2 = onnx.node "Split" version 13 (%w, %parts) attributes {axis = 0 : i64} : (tensor<8x32xf32>, tensor<2xi64>) -> (tensor<2x32xf32>, tensor<6x32xf32>)
  return %0#0, %0#1 : tensor<2x32xf32>, tensor<6x32xf32>
}

// CHECK-LABEL: moe.weight private @w_0 : tensor<2x32xf32> {
// CHECK-NEXT: %[[ALL:.*]] = moe.source file
// CHECK-NEXT: %[[PARTS:.*]] = onnx.constant dense<[2, 6]>
// CHECK-NEXT: %[[SPLIT:.*]]:2 = onnx.node "Split" version 13(%[[ALL]], %[[PARTS]])
// CHECK-NEXT: moe.yield %[[SPLIT]]#0
// CHECK-LABEL: moe.weight private @w_1
// CHECK: moe.yield %{{.*}}#1 : tensor<6x32xf32>

// -----

// Weights of experts are moved whatever their size, and whatever they are made
// of.
// CHECK-LABEL: func.func @experts(
// CHECK: %[[FC1:.*]] = moe.weight_value @constant : tensor<2x4x8xf32>
// CHECK: %[[FC2:.*]] = onnx.constant
// CHECK: onnx.node "MoE" domain "com.microsoft" version 1(%{{.*}}, %{{.*}}, %[[FC1]], %{{.*}}, %[[FC2]])
// CHECK-LABEL: moe.weight private @constant : tensor<2x4x8xf32> {
// CHECK-NEXT: %[[VALUE:.*]] = moe.source dense<5.000000e-01> : tensor<f32>
// CHECK-NEXT: %[[SHAPE:.*]] = onnx.constant dense<[2, 4, 8]>
// CHECK-NEXT: %[[ALL:.*]] = onnx.node "Expand" version 13(%[[VALUE]], %[[SHAPE]])
// CHECK-NEXT: moe.yield %[[ALL]]
func.func @experts(%x : tensor<?x8xf32>, %r : tensor<?x2xf32>) -> tensor<?x8xf32> {
  %value = onnx.constant dense<0.5> : tensor<f32> : tensor<f32>
  %shape = onnx.constant dense<[2, 4, 8]> : tensor<3xi64> : tensor<3xi64>
  %fc1 = onnx.node "Expand" version 13 (%value, %shape) : (tensor<f32>, tensor<3xi64>) -> tensor<2x4x8xf32>
  %none = onnx.none
  %fc2 = onnx.constant dense<0.25> : tensor<2x8x4xf32> : tensor<2x8x4xf32>
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) : (tensor<?x8xf32>, tensor<?x2xf32>, tensor<2x4x8xf32>, none, tensor<2x8x4xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @w : tensor<64x32xf32> = "m.data" offset 0 length 8192
onnx.weight @row : tensor<1x32xf32> = "m.data" offset 8192 length 128

// What stays: a result that is larger than its sources, small constants, a
// product, conditions, unknown shapes, and what depends on an input.
// CHECK-LABEL: func.func @stay(
// CHECK-NOT: moe.weight
func.func @stay(%x : tensor<?x32xf32>, %n : tensor<2xi64>) -> (tensor<4096x32xf32>, tensor<2x2xf32>, tensor<64x64xf32>, tensor<64x32xi1>, tensor<?x?xf32>, tensor<?x32xf32>) {
  %w = onnx.weight_value @w : tensor<64x32xf32>
  %row = onnx.weight_value @row : tensor<1x32xf32>
  %shape = onnx.constant dense<[4096, 32]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.node "Expand" version 13 (%row, %shape) : (tensor<1x32xf32>, tensor<2xi64>) -> tensor<4096x32xf32>
  %c = onnx.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %1 = onnx.node "Transpose" version 13 (%c) attributes {perm = [1, 0]} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = onnx.node "Gemm" version 13 (%w, %w) attributes {transB = 1 : i64} : (tensor<64x32xf32>, tensor<64x32xf32>) -> tensor<64x64xf32>
  %3 = onnx.node "Greater" version 13 (%w, %row) : (tensor<64x32xf32>, tensor<1x32xf32>) -> tensor<64x32xi1>
  %4 = onnx.node "Reshape" version 14 (%w, %n) : (tensor<64x32xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  %5 = onnx.node "Add" version 14 (%x, %row) : (tensor<?x32xf32>, tensor<1x32xf32>) -> tensor<?x32xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<4096x32xf32>, tensor<2x2xf32>, tensor<64x64xf32>, tensor<64x32xi1>, tensor<?x?xf32>, tensor<?x32xf32>
}

// -----

onnx.weight @w : tensor<64x32xf32> = "m.data" offset 0 length 8192

// Of two values as large as their source one is stored, and the other computed
// from it in the program; what a product reads is packed, and so stored anyway.
// CHECK-LABEL: func.func @budget(
// CHECK: %[[W:.*]] = onnx.weight_value @w
// CHECK: %[[A:.*]] = onnx.node "Neg" version 13(%[[W]])
// CHECK: %[[B:.*]] = moe.weight_value @w_0 : tensor<64x32xf32>
// CHECK: %[[C:.*]] = moe.weight_value @w_1 : tensor<32x64xf32>
// CHECK: onnx.node "MatMul" version 13(%{{.*}}, %[[C]])
// CHECK: return %[[A]], %[[B]]
func.func @budget(%x : tensor<?x32xf32>) -> (tensor<64x32xf32>, tensor<64x32xf32>, tensor<?x64xf32>) {
  %w = onnx.weight_value @w : tensor<64x32xf32>
  %0 = onnx.node "Neg" version 13 (%w) : (tensor<64x32xf32>) -> tensor<64x32xf32>
  %1 = onnx.node "Abs" version 13 (%w) : (tensor<64x32xf32>) -> tensor<64x32xf32>
  %2 = onnx.node "Transpose" version 13 (%w) attributes {perm = [1, 0]} : (tensor<64x32xf32>) -> tensor<32x64xf32>
  %3 = onnx.node "MatMul" version 13 (%x, %2) : (tensor<?x32xf32>, tensor<32x64xf32>) -> tensor<?x64xf32>
  return %0, %1, %3 : tensor<64x32xf32>, tensor<64x32xf32>, tensor<?x64xf32>
}

// -----

onnx.weight @w : tensor<64x32xf32> = "m.data" offset 0 length 8192

// A node is copied to four weights at most: of the five rows that are cut out of
// one chain, the first is cut out in the program.
// CHECK-LABEL: func.func @copies(
// CHECK: %[[N:.*]] = onnx.node "Neg"
// CHECK: %[[A:.*]] = onnx.node "Slice" version 13(%[[N]],
// CHECK-COUNT-4: moe.weight_value
// CHECK-NOT: moe.weight_value
// CHECK: return %[[A]]
func.func @copies() -> (tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>) {
  %w = onnx.weight_value @w : tensor<64x32xf32>
  %0 = onnx.node "Neg" version 13 (%w) : (tensor<64x32xf32>) -> tensor<64x32xf32>
  %c0 = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %c1 = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %c2 = onnx.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %c3 = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %c4 = onnx.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %c5 = onnx.constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %1 = onnx.node "Slice" version 13 (%0, %c0, %c1, %c0) : (tensor<64x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x32xf32>
  %2 = onnx.node "Slice" version 13 (%0, %c1, %c2, %c0) : (tensor<64x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x32xf32>
  %3 = onnx.node "Slice" version 13 (%0, %c2, %c3, %c0) : (tensor<64x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x32xf32>
  %4 = onnx.node "Slice" version 13 (%0, %c3, %c4, %c0) : (tensor<64x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x32xf32>
  %5 = onnx.node "Slice" version 13 (%0, %c4, %c5, %c0) : (tensor<64x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x32xf32>
  return %1, %2, %3, %4, %5 : tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>, tensor<1x32xf32>
}

// -----

onnx.weight @w : tensor<64x32xi32> = "m.data" offset 0 length 8192
onnx.weight @v : tensor<64x32xi32> = "m.data" offset 8192 length 8192

// What may end a run stays: a divisor that may be 0, an index out of range. A
// divisor and indices that are known to be valid do not.
// CHECK-LABEL: func.func @failing(
// CHECK: onnx.node "Div" version 14(
// CHECK-NOT: onnx.node "Div"
// CHECK: onnx.node "Gather"
// CHECK-NOT: onnx.node "Gather"
// CHECK-DAG: moe.weight_value @w_0
// CHECK-DAG: moe.weight_value @v_1
// CHECK: return
func.func @failing() -> (tensor<64x32xi32>, tensor<1x32xi32>, tensor<64x32xi32>, tensor<1x32xi32>) {
  %w = onnx.weight_value @w : tensor<64x32xi32>
  %v = onnx.weight_value @v : tensor<64x32xi32>
  %two = onnx.constant dense<2> : tensor<i32> : tensor<i32>
  %last = onnx.constant dense<-64> : tensor<1xi64> : tensor<1xi64>
  %outside = onnx.constant dense<64> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Div" version 14 (%w, %v) : (tensor<64x32xi32>, tensor<64x32xi32>) -> tensor<64x32xi32>
  %1 = onnx.node "Gather" version 13 (%w, %outside) : (tensor<64x32xi32>, tensor<1xi64>) -> tensor<1x32xi32>
  %2 = onnx.node "Div" version 14 (%w, %two) : (tensor<64x32xi32>, tensor<i32>) -> tensor<64x32xi32>
  %3 = onnx.node "Gather" version 13 (%v, %last) : (tensor<64x32xi32>, tensor<1xi64>) -> tensor<1x32xi32>
  return %0, %1, %2, %3 : tensor<64x32xi32>, tensor<1x32xi32>, tensor<64x32xi32>, tensor<1x32xi32>
}
