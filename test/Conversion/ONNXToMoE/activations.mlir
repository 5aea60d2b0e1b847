// RUN: moe-opt %s --moe-expand-fused-moe --split-input-file | FileCheck %s

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

// The activation that is not named is relu; ids and weights come from the
// softmax over all experts.
// CHECK-LABEL: func.func @relu(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[R:.*]]: tensor<?x4xf32>)
// CHECK: %[[ROWS:.*]] = tensor.dim %[[X]]
// CHECK: %[[ROUTED:.*]] = tensor.dim %[[R]]
// CHECK: %[[EQUAL:.*]] = arith.cmpi eq, %[[ROWS]], %[[ROUTED]]
// CHECK: cf.assert %[[EQUAL]], "node 'layer' (MoE): the router logits have another number of rows than the input"
// CHECK: %[[SCORES:.*]] = onnx.node "Softmax" version 13(%[[R]]) attributes {axis = -1 : i64}
// CHECK: %[[IDS:.*]] = moe.top_k %[[SCORES]] : tensor<?x4xf32> outs(%{{.*}} : tensor<?x2xi32>)
// CHECK: %[[PICKED:.*]] = moe.take %[[SCORES]] at %[[IDS]]
// CHECK-NOT: moe.normalize
// CHECK: %[[SLOTS:.*]] = moe.experts at(%[[IDS]] : tensor<?x2xi32>) rows(%[[X]] : tensor<?x8xf32>)
// CHECK-NEXT: experts 0 to 4 weights(@fc1.t : tensor<4x8x16xf32>, @fc2.t : tensor<4x16x8xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[XE:.*]]: tensor<?x8xf32>, %[[W1:.*]]: tensor<8x16xf32>, %[[W2:.*]]: tensor<16x8xf32>):
// CHECK-NEXT: %[[UP:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[W1]])
// CHECK-NEXT: %[[ACT:.*]] = onnx.node "Relu" version 14(%[[UP]])
// CHECK-NEXT: %[[DOWN:.*]] = onnx.node "MatMul" version 13(%[[ACT]], %[[W2]])
// CHECK-NEXT: moe.yield %[[DOWN]]
// CHECK: %[[SUM:.*]] = moe.combine %[[SLOTS]] : tensor<?x2x8xf32> at(%[[IDS]] : tensor<?x2xi32>) with(%[[PICKED]] : tensor<?x2xf32>)
// CHECK: %[[OUT:.*]] = onnx.node "Identity" version 13(%[[SUM]])
// CHECK: return %[[OUT]]
// CHECK-NOT: onnx.node "MoE"
func.func @relu(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 2 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32> loc("layer")
  return %0 : tensor<?x8xf32>
}

// One expert's matrix is taken from the file and transposed to [K, N].
// CHECK-LABEL: moe.weight private @fc1.t : tensor<4x8x16xf32> {
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-NEXT: %[[ALL:.*]] = moe.source file<"m.data", offset = 0, length = 2048> : tensor<4x16x8xf32>
// CHECK-NEXT: %[[NK:.*]] = tensor.extract_slice %[[ALL]][%[[E]], 0, 0] [1, 16, 8] [1, 1, 1]
// CHECK: %[[KN:.*]] = linalg.generic {{.*}} ins(%[[NK]] : tensor<16x8xf32>) outs(%{{.*}} : tensor<8x16xf32>)
// CHECK: moe.yield %[[KN]] : tensor<8x16xf32>
// CHECK-LABEL: moe.weight private @fc2.t : tensor<4x16x8xf32> {
// CHECK: moe.source file<"m.data", offset = 2048, length = 2048> : tensor<4x8x16xf32>

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

// CHECK-LABEL: func.func @gelu(
// CHECK: %[[UP:.*]] = onnx.node "MatMul"
// CHECK-NEXT: %[[ACT:.*]] = onnx.node "Gelu" version 20(%[[UP]]) attributes {approximate = "tanh"}
// CHECK-NEXT: onnx.node "MatMul" version 13(%[[ACT]], %{{.*}})
func.func @gelu(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "gelu"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @silu(
// CHECK: %[[UP:.*]] = onnx.node "MatMul"
// CHECK-NEXT: %[[SIG:.*]] = onnx.node "Sigmoid" version 13(%[[UP]])
// CHECK-NEXT: %[[ACT:.*]] = onnx.node "Mul" version 14(%[[UP]], %[[SIG]])
// CHECK-NEXT: onnx.node "MatMul" version 13(%[[ACT]], %{{.*}})
func.func @silu(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "silu"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @identity(
// CHECK: %[[UP:.*]] = onnx.node "MatMul"
// CHECK-NEXT: onnx.node "MatMul" version 13(%[[UP]], %{{.*}})
func.func @identity(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {activation_type = "identity"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// With a third weight every activation is gated by its product.
// CHECK-LABEL: func.func @silu_gated(
// CHECK: experts 0 to 4 weights(@fc1.t{{.*}} : tensor<4x8x16xf32>, @fc1.linear : tensor<4x8x16xf32>, @fc2.t{{.*}} : tensor<4x16x8xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[XE:.*]]: tensor<?x8xf32>, %[[W1:.*]]: tensor<8x16xf32>, %[[W3:.*]]: tensor<8x16xf32>, %[[W2:.*]]: tensor<16x8xf32>):
// CHECK-NEXT: %[[GATE:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[W1]])
// CHECK-NEXT: %[[LINEAR:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[W3]])
// CHECK-NEXT: %[[SIG:.*]] = onnx.node "Sigmoid" version 13(%[[GATE]])
// CHECK-NEXT: %[[ACT:.*]] = onnx.node "Mul" version 14(%[[GATE]], %[[SIG]])
// CHECK-NEXT: %[[H:.*]] = onnx.node "Mul" version 14(%[[ACT]], %[[LINEAR]])
// CHECK-NEXT: onnx.node "MatMul" version 13(%[[H]], %[[W2]])
func.func @silu_gated(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2, %none, %fc1) attributes {activation_type = "silu"} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>, none, tensor<4x16x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// Biases of all three products.
// CHECK-LABEL: func.func @biases(
// CHECK: experts 0 to 4 weights({{.*}} : tensor<4x8x16xf32>, {{.*}} : tensor<4x8x16xf32>, {{.*}} : tensor<4x16x8xf32>, @constant.t : tensor<4x16xf32>, @constant.linear : tensor<4x16xf32>, @constant.t{{.*}} : tensor<4x8xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[XE:.*]]: tensor<?x8xf32>, %[[W1:.*]]: tensor<8x16xf32>, %[[W3:.*]]: tensor<8x16xf32>, %[[W2:.*]]: tensor<16x8xf32>, %[[B1:.*]]: tensor<16xf32>, %[[B3:.*]]: tensor<16xf32>, %[[B2:.*]]: tensor<8xf32>):
// CHECK-NEXT: %[[P1:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[W1]])
// CHECK-NEXT: %[[GATE:.*]] = onnx.node "Add" version 14(%[[P1]], %[[B1]])
// CHECK-NEXT: %[[P3:.*]] = onnx.node "MatMul" version 13(%[[XE]], %[[W3]])
// CHECK-NEXT: %[[LINEAR:.*]] = onnx.node "Add" version 14(%[[P3]], %[[B3]])
// CHECK-NEXT: %[[ACT:.*]] = onnx.node "Relu" version 14(%[[GATE]])
// CHECK-NEXT: %[[H:.*]] = onnx.node "Mul" version 14(%[[ACT]], %[[LINEAR]])
// CHECK-NEXT: %[[P2:.*]] = onnx.node "MatMul" version 13(%[[H]], %[[W2]])
// CHECK-NEXT: %[[DOWN:.*]] = onnx.node "Add" version 14(%[[P2]], %[[B2]])
// CHECK-NEXT: moe.yield %[[DOWN]]
func.func @biases(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %b1 = onnx.constant dense<1.0> : tensor<4x16xf32> : tensor<4x16xf32>
  %b2 = onnx.constant dense<2.0> : tensor<4x8xf32> : tensor<4x8xf32>
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %b1, %fc2, %b2, %fc1, %b1) attributes {} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x16xf32>, tensor<4x8x16xf32>, tensor<4x8xf32>, tensor<4x16x8xf32>, tensor<4x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
