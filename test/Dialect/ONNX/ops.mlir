// RUN: moe-opt %s --verify-roundtrip | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// CHECK: onnx.weight @w : tensor<64x8xf32> = "model.onnx.data" offset 4096 length 2048
onnx.weight @w : tensor<64x8xf32> = "model.onnx.data" offset 4096 length 2048

// CHECK-LABEL: func.func @node_attributes
func.func @node_attributes(%a : tensor<?x64xf32, #onnx.dims<"N", "">>) -> tensor<?x8xf32> {
  %w = onnx.weight_value @w : tensor<64x8xf32>
  // CHECK: onnx.node "MatMul" version 13(%{{.*}}, %{{.*}}) : (tensor<?x64xf32, #onnx.dims<"N", "">>, tensor<64x8xf32>) -> tensor<?x8xf32>
  %0 = onnx.node "MatMul" version 13 (%a, %w) : (tensor<?x64xf32, #onnx.dims<"N", "">>, tensor<64x8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.node "Softmax" version 13(%{{.*}}) attributes {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.node "Softmax" version 13 (%0) attributes {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @node_left_out
func.func @node_left_out(%a : tensor<4xf32>, %b : tensor<f32>) -> tensor<4xf32> {
  // CHECK: onnx.none
  %n = onnx.none
  // CHECK: onnx.node "Clip" version 13(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<4xf32>, none, tensor<f32>) -> tensor<4xf32>
  %0 = onnx.node "Clip" version 13 (%a, %n, %b) : (tensor<4xf32>, none, tensor<f32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @node_domain
func.func @node_domain(%a : tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: onnx.node "QuickGelu" domain "com.microsoft" version 1(%{{.*}})
  %0 = onnx.node "QuickGelu" domain "com.microsoft" version 1 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @node_subgraphs
func.func @node_subgraphs(%c : tensor<i1>, %a : tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: onnx.node "If" version 16(%{{.*}}) subgraphs {
  // CHECK: onnx.yield %{{.*}} : tensor<4xf32>
  %0 = onnx.node "If" version 16 (%c) subgraphs {
    %1 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %1 : tensor<4xf32>
  }, {
    onnx.yield %a : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @constant
func.func @constant() -> (tensor<2xi64>, tensor<2xf32, #onnx.dims<"">>) {
  // CHECK: onnx.constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  %1 = onnx.constant dense<1.0> : tensor<2xf32> : tensor<2xf32, #onnx.dims<"">>
  return %0, %1 : tensor<2xi64>, tensor<2xf32, #onnx.dims<"">>
}
