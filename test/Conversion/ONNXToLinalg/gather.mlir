// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// An index out of range fails the run, and nothing outside is read.
// CHECK-LABEL: func.func @rows
// CHECK: cf.assert %{{.*}}, "node (Gather): an index into a dimension of extent 0"
// CHECK: linalg.generic
// CHECK: cf.assert %{{.*}}, "index out of range"
// CHECK: %[[LOW:.*]] = arith.maxsi
// CHECK: %[[AT:.*]] = arith.minsi %[[LOW]], %{{.*}}
// CHECK: tensor.extract %{{.*}}[%[[AT]], %{{.*}}]
func.func @rows(%x : tensor<?x8xf32>, %i : tensor<?xi64>) -> tensor<?x8xf32> {
  %0 = onnx.node "Gather" version 13 (%x, %i) : (tensor<?x8xf32>, tensor<?xi64>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// Known indices are checked now.
// CHECK-LABEL: func.func @constant
// CHECK-NOT: cf.assert
// CHECK: return
func.func @constant(%x : tensor<4x8xf32>) -> tensor<2x8xf32> {
  %i = onnx.constant dense<[-1, 2]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.node "Gather" version 13 (%x, %i) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// CHECK-LABEL: func.func @one
// CHECK: tensor.extract_slice %{{.*}}[3, 0] [1, 8] [1, 1]
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @one(%x : tensor<4x8xf32>) -> tensor<8xf32> {
  %i = onnx.constant dense<-1> : tensor<i64> : tensor<i64>
  %0 = onnx.node "Gather" version 13 (%x, %i) : (tensor<4x8xf32>, tensor<i64>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @elements
// CHECK: cf.assert %{{.*}}, "node (GatherElements): dimension 0 of the indices is larger than that of the data"
// CHECK: cf.assert %{{.*}}, "index out of range"
func.func @elements(%x : tensor<?x8xf32>, %i : tensor<?x2xi64>) -> tensor<?x2xf32> {
  %0 = onnx.node "GatherElements" version 13 (%x, %i) attributes {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x2xi64>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}
