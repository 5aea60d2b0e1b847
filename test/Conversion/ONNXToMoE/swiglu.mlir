// RUN: moe-opt %s --moe-expand-fused-moe --split-input-file | FileCheck %s

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048
onnx.weight @fc3 : tensor<4x16x8xf32> = "m.data" offset 4096 length 2048

// Not fused: the linear part is the third weight. Without a limit nothing is
// clipped; alpha = 1 and beta = 0 take no op.
// CHECK-LABEL: func.func @not_fused(
// CHECK: experts 0 to 4 weights(@fc1.t : tensor<4x8x16xf32>, @fc3.linear : tensor<4x8x16xf32>, @fc2.t : tensor<4x16x8xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[XE:.*]]: tensor<?x8xf32>, %[[W1:.*]]: tensor<8x16xf32>, %[[W3:.*]]: tensor<8x16xf32>, %[[W2:.*]]: tensor<16x8xf32>):
// CHECK-NEXT: %[[GATE:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[W1]])
// CHECK-NEXT: %[[LINEAR:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[W3]])
// CHECK-NEXT: %[[SIG:.*]] = onnx.node "Sigmoid" version 13(%[[GATE]])
// CHECK-NEXT: %[[SWISH:.*]] = onnx.node "Mul" version 14(%[[GATE]], %[[SIG]])
// CHECK-NEXT: %[[H:.*]] = onnx.node "Mul" version 14(%[[SWISH]], %[[LINEAR]])
// CHECK-NEXT: onnx.node "MatMul" version 13(%[[H]], %[[W2]])
func.func @not_fused(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %fc3 = onnx.weight_value @fc3 : tensor<4x16x8xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2, %none, %fc3) attributes {activation_type = "swiglu"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>, none, tensor<4x16x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x32x8xf32> = "m.data" offset 0 length 4096
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 4096 length 2048

// Interleaved: even features are the gate, odd ones the linear part, in the
// weight and in its bias. Limit, alpha and beta are constants of the body.
// CHECK-LABEL: func.func @interleaved(
// CHECK: experts 0 to 4 weights(@fc1.gate : tensor<4x8x16xf32>, @fc1.linear : tensor<4x8x16xf32>, @fc2.t : tensor<4x16x8xf32>, @constant.gate : tensor<4x16xf32>, @constant.linear : tensor<4x16xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[XE:.*]]: tensor<?x8xf32>, %[[WG:.*]]: tensor<8x16xf32>, %[[WL:.*]]: tensor<8x16xf32>, %[[W2:.*]]: tensor<16x8xf32>, %[[BG:.*]]: tensor<16xf32>, %[[BL:.*]]: tensor<16xf32>):
// CHECK-NEXT: %[[PG:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[WG]])
// CHECK-NEXT: %[[GATE:.*]] = onnx.node "Add" version 14(%[[PG]], %[[BG]])
// CHECK-NEXT: %[[PL:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[WL]])
// CHECK-NEXT: %[[LINEAR:.*]] = onnx.node "Add" version 14(%[[PL]], %[[BL]])
// CHECK-NEXT: %[[HIGH:.*]] = onnx.constant dense<7.000000e+00>
// CHECK-NEXT: %[[G:.*]] = onnx.node "Min" version 13(%[[GATE]], %[[HIGH]])
// CHECK-NEXT: %[[MINUS:.*]] = onnx.constant dense<-7.000000e+00>
// CHECK-NEXT: %[[PLUS:.*]] = onnx.constant dense<7.000000e+00>
// CHECK-NEXT: %[[L:.*]] = onnx.node "Clip" version 13(%[[LINEAR]], %[[MINUS]], %[[PLUS]])
// CHECK-NEXT: %[[ALPHA:.*]] = onnx.constant dense<1.500000e+00>
// CHECK-NEXT: %[[SCALED:.*]] = onnx.node "Mul" version 14(%[[G]], %[[ALPHA]])
// CHECK-NEXT: %[[SIG:.*]] = onnx.node "Sigmoid" version 13(%[[SCALED]])
// CHECK-NEXT: %[[SWISH:.*]] = onnx.node "Mul" version 14(%[[G]], %[[SIG]])
// CHECK-NEXT: %[[BETA:.*]] = onnx.constant dense<1.000000e+00>
// CHECK-NEXT: %[[SHIFTED:.*]] = onnx.node "Add" version 14(%[[L]], %[[BETA]])
// CHECK-NEXT: %[[H:.*]] = onnx.node "Mul" version 14(%[[SWISH]], %[[SHIFTED]])
// CHECK-NEXT: onnx.node "MatMul" version 13(%[[H]], %[[W2]])
func.func @interleaved(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x32x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %b1 = onnx.constant dense<1.0> : tensor<4x32xf32> : tensor<4x32xf32>
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %b1, %fc2) attributes {activation_type = "swiglu", swiglu_fusion = 1 : i64, swiglu_limit = 7.0 : f32, activation_alpha = 1.5 : f32, activation_beta = 1.0 : f32} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x32x8xf32>, tensor<4x32xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: moe.weight private @fc1.gate : tensor<4x8x16xf32> {
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0, 0] [1, 16, 8] [1, 2, 1] : tensor<4x32x8xf32> to tensor<16x8xf32>
// CHECK-LABEL: moe.weight private @constant.gate : tensor<4x16xf32> {
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0] [1, 16] [1, 2]
// CHECK-LABEL: moe.weight private @fc1.linear : tensor<4x8x16xf32> {
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 1, 0] [1, 16, 8] [1, 2, 1] : tensor<4x32x8xf32> to tensor<16x8xf32>
// CHECK-LABEL: moe.weight private @constant.linear : tensor<4x16xf32> {
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 1] [1, 16] [1, 2]

// -----

onnx.weight @fc1 : tensor<4x32x8xf32> = "m.data" offset 0 length 4096
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 4096 length 2048

// One after the other: the gate is the first half of the features.
// CHECK-LABEL: func.func @halves(
// CHECK: experts 0 to 4 weights(@fc1.gate : tensor<4x8x16xf32>, @fc1.linear : tensor<4x8x16xf32>, @fc2.t : tensor<4x16x8xf32>) {
func.func @halves(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x32x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "swiglu", swiglu_fusion = 2 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x32x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: moe.weight private @fc1.gate : tensor<4x8x16xf32> {
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 0, 0] [1, 16, 8] [1, 1, 1] : tensor<4x32x8xf32> to tensor<16x8xf32>
// CHECK-LABEL: moe.weight private @fc1.linear : tensor<4x8x16xf32> {
// CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, 16, 0] [1, 16, 8] [1, 1, 1] : tensor<4x32x8xf32> to tensor<16x8xf32>
