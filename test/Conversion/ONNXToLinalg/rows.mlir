// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @softmax
// CHECK: iterator_types = ["parallel", "reduction"]
// CHECK: arith.maximumf
// CHECK: iterator_types = ["parallel", "parallel"]
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: iterator_types = ["parallel", "reduction"]
// CHECK: arith.addf
// CHECK: arith.divf
func.func @softmax(%x : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.node "Softmax" version 13 (%x) attributes {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// Before version 13 all dimensions from the axis on are one row.
// CHECK-LABEL: func.func @softmax_flattened
// CHECK: iterator_types = ["parallel", "reduction", "reduction"]
// CHECK: arith.maximumf
func.func @softmax_flattened(%x : tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = onnx.node "Softmax" version 11 (%x) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @layer_norm
// CHECK: math.sqrt
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @layer_norm(%x : tensor<?x8xf32>, %s : tensor<8xf32>, %b : tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.node "LayerNormalization" version 17 (%x, %s, %b) : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @mean
// CHECK: arith.addf
// CHECK: arith.divf
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]]
func.func @mean(%x : tensor<?x8xf32>) -> tensor<?x1xf32> {
  %a = onnx.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "ReduceMean" version 18 (%x, %a) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  return %0 : tensor<?x1xf32>
}

// Best first, ties to the lower index, as moe.top_k.
// CHECK-LABEL: func.func @top_k
// CHECK: %[[IDS:.*]] = moe.top_k %{{.*}} : tensor<?x8xf32> outs(%{{.*}} : tensor<?x2xi32>)
// CHECK: moe.take %{{.*}} at %[[IDS]]
// CHECK: arith.extsi
func.func @top_k(%x : tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi64>) {
  %k = onnx.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %0:2 = onnx.node "TopK" version 11 (%x, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  return %0#0, %0#1 : tensor<?x2xf32>, tensor<?x2xi64>
}

// CHECK-LABEL: func.func @smallest
// CHECK-NOT: moe.top_k
// CHECK: linalg.generic
func.func @smallest(%x : tensor<8xi64>) -> tensor<2xi64> {
  %k = onnx.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %0:2 = onnx.node "TopK" version 11 (%x, %k) attributes {largest = 0 : i64} : (tensor<8xi64>, tensor<1xi64>) -> (tensor<2xi64>, tensor<2xi64>)
  return %0#1 : tensor<2xi64>
}

// A running sum is carried along the axis and written at each step.
// CHECK-LABEL: func.func @cumsum
// CHECK: %{{.*}}:2 = linalg.generic {{.*}} iterator_types = ["reduction", "parallel"]
// CHECK: %[[SUM:.*]] = arith.addi
// CHECK: linalg.yield %[[SUM]], %[[SUM]]
func.func @cumsum(%x : tensor<?x8xi32>) -> tensor<?x8xi32> {
  %a = onnx.constant dense<0> : tensor<i64> : tensor<i64>
  %0 = onnx.node "CumSum" version 14 (%x, %a) : (tensor<?x8xi32>, tensor<i64>) -> tensor<?x8xi32>
  return %0 : tensor<?x8xi32>
}

// CHECK-LABEL: func.func @arg_max
// CHECK: iterator_types = ["parallel", "reduction"]
func.func @arg_max(%x : tensor<?x8xf32>) -> tensor<?xi64> {
  %0 = onnx.node "ArgMax" version 13 (%x) attributes {axis = 1 : i64, keepdims = 0 : i64} : (tensor<?x8xf32>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
