// RUN: moe-opt %s --moe-expand-fused-moe --split-input-file | FileCheck %s

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

// CHECK-LABEL: func.func @normalize(
// CHECK: %[[IDS:.*]] = moe.top_k
// CHECK: %[[PICKED:.*]] = moe.take %{{.*}} at %[[IDS]]
// CHECK: %[[W:.*]] = moe.normalize sum %[[PICKED]] over %[[IDS]] : tensor<?x3xf32>, tensor<?x3xi32>
// CHECK: moe.combine %{{.*}} at(%[[IDS]] : tensor<?x3xi32>) with(%[[W]] : tensor<?x3xf32>)
func.func @normalize(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 3 : i64, normalize_routing_weights = 1 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// Each pick of the mixer has a softmax of its own over the logits near it; the
// second one leaves the first pick out.
// CHECK-LABEL: func.func @sparse_mixer(
// CHECK-SAME: %[[R:[a-z0-9]*]]: tensor<?x4xf32>) -> tensor<?x8xf32>
// CHECK: %[[LOWEST:.*]] = onnx.constant dense<0xFF800000>
// CHECK: %[[BEST1:.*]] = onnx.node "ReduceMax" version 13(%[[R]]) attributes {axes = [1], keepdims = 1 : i64}
// CHECK: %[[ABS1:.*]] = onnx.node "Abs" version 13(%[[R]])
// CHECK: %[[SCALE1:.*]] = onnx.node "Max" version 13(%[[ABS1]], %[[BEST1]])
// CHECK: %[[C1:.*]] = onnx.constant dense<2.000000e-02>
// CHECK: %[[BOUND1:.*]] = onnx.node "Mul" version 14(%[[SCALE1]], %[[C1]])
// CHECK: %[[GAP1:.*]] = onnx.node "Sub" version 14(%[[BEST1]], %[[R]])
// CHECK: %[[FAR1:.*]] = onnx.node "Greater" version 13(%[[GAP1]], %[[BOUND1]])
// CHECK: %[[NEAR1:.*]] = onnx.node "Where" version 16(%[[FAR1]], %[[LOWEST]], %[[R]])
// CHECK: %[[S1:.*]] = onnx.node "Softmax" version 13(%[[NEAR1]]) attributes {axis = -1 : i64}
// CHECK: %[[ID1:.*]] = moe.top_k %[[R]] : tensor<?x4xf32> outs(%{{.*}} : tensor<?x1xi32>)
// CHECK: %[[W1:.*]] = moe.take %[[S1]] at %[[ID1]]
// CHECK: %[[ALL:.*]] = onnx.constant dense<{{\[\[}}0, 1, 2, 3]]> : tensor<1x4xi32>
// CHECK: %[[TAKEN:.*]] = onnx.node "Equal" version 13(%[[ID1]], %[[ALL]])
// CHECK: %[[REST:.*]] = onnx.node "Where" version 16(%[[TAKEN]], %[[LOWEST]], %[[R]])
// CHECK: %[[BEST2:.*]] = onnx.node "ReduceMax" version 13(%[[REST]])
// CHECK: %[[SCALE2:.*]] = onnx.node "Max" version 13(%{{.*}}, %[[BEST2]])
// CHECK: %[[BOUND2:.*]] = onnx.node "Mul" version 14(%[[SCALE2]], %{{.*}})
// CHECK: %[[GAP2:.*]] = onnx.node "Sub" version 14(%[[BEST2]], %[[R]])
// CHECK: %[[FAR2:.*]] = onnx.node "Greater" version 13(%[[GAP2]], %[[BOUND2]])
// CHECK: %[[OUT2:.*]] = onnx.node "Or" version 7(%[[FAR2]], %[[TAKEN]])
// CHECK: %[[NEAR2:.*]] = onnx.node "Where" version 16(%[[OUT2]], %[[LOWEST]], %[[R]])
// CHECK: %[[S2:.*]] = onnx.node "Softmax" version 13(%[[NEAR2]])
// CHECK: %[[ID2:.*]] = moe.top_k %[[REST]] : tensor<?x4xf32> outs(%{{.*}} : tensor<?x1xi32>)
// CHECK: %[[W2:.*]] = moe.take %[[S2]] at %[[ID2]]
// CHECK: %[[IDS:.*]] = onnx.node "Concat" version 13(%[[ID1]], %[[ID2]]) attributes {axis = 1 : i64}
// CHECK: %[[W:.*]] = onnx.node "Concat" version 13(%[[W1]], %[[W2]]) attributes {axis = 1 : i64}
// CHECK-NOT: moe.normalize
// CHECK: moe.experts at(%[[IDS]] : tensor<?x2xi32>)
// CHECK: moe.combine %{{.*}} at(%[[IDS]] : tensor<?x2xi32>) with(%[[W]] : tensor<?x2xf32>)
func.func @sparse_mixer(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 2 : i64, use_sparse_mixer = 1 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// Names of dimensions are not carried into the layer.
// CHECK-LABEL: func.func @symbolic(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32, #onnx.dims<"N", "">>, %[[R:.*]]: tensor<?x4xf32, #onnx.dims<"N", "">>)
// CHECK: %[[ROWS:.*]] = onnx.node "Identity" version 13(%[[X]]) : (tensor<?x8xf32, #onnx.dims<"N", "">>) -> tensor<?x8xf32>
// CHECK: %[[LOGITS:.*]] = onnx.node "Identity" version 13(%[[R]]) : (tensor<?x4xf32, #onnx.dims<"N", "">>) -> tensor<?x4xf32>
// CHECK: onnx.node "Softmax" version 13(%[[LOGITS]])
// CHECK: moe.experts at(%{{.*}}) rows(%[[ROWS]] : tensor<?x8xf32>)
// CHECK: %[[SUM:.*]] = moe.combine
// CHECK: onnx.node "Identity" version 13(%[[SUM]]) : (tensor<?x8xf32>) -> tensor<?x8xf32, #onnx.dims<"N", "">>
func.func @symbolic(%x : tensor<?x8xf32, #onnx.dims<"N", "">>, %r : tensor<?x4xf32, #onnx.dims<"N", "">>) -> tensor<?x8xf32, #onnx.dims<"N", "">> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 2 : i64} : (tensor<?x8xf32, #onnx.dims<"N", "">>, tensor<?x4xf32, #onnx.dims<"N", "">>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32, #onnx.dims<"N", "">>
  return %0 : tensor<?x8xf32, #onnx.dims<"N", "">>
}

// Rows with two leading dimensions are flattened, and given back in the shape
// that the input has in that run.
// CHECK-LABEL: func.func @three_dimensions(
// CHECK-SAME: %[[X:.*]]: tensor<?x?x8xf32>, %[[R:.*]]: tensor<?x4xf32>)
// CHECK: %[[ROWS:.*]] = onnx.node "Flatten" version 13(%[[X]]) attributes {axis = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
// CHECK: moe.experts at(%{{.*}}) rows(%[[ROWS]] : tensor<?x8xf32>)
// CHECK: %[[SUM:.*]] = moe.combine
// CHECK: %[[SHAPE:.*]] = onnx.node "Shape" version 13(%[[X]])
// CHECK: %[[OUT:.*]] = onnx.node "Reshape" version 14(%[[SUM]], %[[SHAPE]]) attributes {allowzero = 1 : i64}
// CHECK: return %[[OUT]] : tensor<?x?x8xf32>
func.func @three_dimensions(%x : tensor<?x?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x?x8xf32> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf32>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) : (tensor<?x?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// -----

onnx.weight @fc1 : tensor<4x16x8xf16> = "m.data" offset 0 length 1024
onnx.weight @fc2 : tensor<4x8x16xf16> = "m.data" offset 1024 length 1024

// f16 is computed in f32 and rounded once.
// CHECK-LABEL: func.func @f16(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf16>, %[[R:.*]]: tensor<?x4xf16>)
// CHECK: %[[ROWS:.*]] = onnx.node "Cast" version 13(%[[X]]) attributes {to = 1 : i64} : (tensor<?x8xf16>) -> tensor<?x8xf32>
// CHECK: %[[LOGITS:.*]] = onnx.node "Cast" version 13(%[[R]]) attributes {to = 1 : i64} : (tensor<?x4xf16>) -> tensor<?x4xf32>
// CHECK: onnx.node "Softmax" version 13(%[[LOGITS]])
// CHECK: %[[SLOTS:.*]] = moe.experts at(%{{.*}}) rows(%[[ROWS]] : tensor<?x8xf32>)
// CHECK-NEXT: experts 0 to 4 weights(@fc1.t : tensor<4x8x16xf32>, @fc2.t : tensor<4x16x8xf32>) {
// CHECK: %[[SUM:.*]] = moe.combine %[[SLOTS]]
// CHECK: %[[ROUNDED:.*]] = onnx.node "CastLike" version 15(%[[SUM]], %[[X]]) : (tensor<?x8xf32>, tensor<?x8xf16>) -> tensor<?x8xf16>
// CHECK: onnx.node "Identity" version 13(%[[ROUNDED]])
func.func @f16(%x : tensor<?x8xf16>, %r : tensor<?x4xf16>) -> tensor<?x8xf16> {
  %fc1 = onnx.weight_value @fc1 : tensor<4x16x8xf16>
  %fc2 = onnx.weight_value @fc2 : tensor<4x8x16xf16>
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) : (tensor<?x8xf16>, tensor<?x4xf16>, tensor<4x16x8xf16>, none, tensor<4x8x16xf16>) -> tensor<?x8xf16>
  return %0 : tensor<?x8xf16>
}

// CHECK-LABEL: moe.weight private @fc1.t : tensor<4x8x16xf32> {
// CHECK: moe.source file<"m.data", offset = 0, length = 1024> : tensor<4x16x8xf16>
// CHECK: linalg.generic
// CHECK-NEXT: ^bb0(%[[IN:.*]]: f16, %{{.*}}: f32):
// CHECK-NEXT: %[[WIDE:.*]] = arith.extf %[[IN]] : f16 to f32
// CHECK-NEXT: linalg.yield %[[WIDE]] : f32

// -----

onnx.weight @fc1 : tensor<4x16x8xf32> = "m.data" offset 0 length 2048
onnx.weight @fc2 : tensor<4x8x16xf32> = "m.data" offset 2048 length 2048

// Other nodes of that domain, and a MoE of another one, are left alone.
// CHECK-LABEL: func.func @others(
// CHECK-NEXT: onnx.node "QuickGelu" domain "com.microsoft"
// CHECK-NEXT: onnx.node "MoE" domain "org.example"
// CHECK-NEXT: return
func.func @others(%x : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.node "QuickGelu" domain "com.microsoft" version 1 (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.node "MoE" domain "org.example" version 1 (%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
