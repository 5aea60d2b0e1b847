// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// A run of elements is a view; bounds outside are clamped.
// CHECK-LABEL: func.func @rows
// CHECK: tensor.extract_slice %{{.*}}[4, 0] [6, 4] [1, 1]
// CHECK-NOT: linalg.generic
func.func @rows(%x : tensor<10x4xf32>) -> tensor<6x4xf32> {
  %s = onnx.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %e = onnx.constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Slice" version 13 (%x, %s, %e) : (tensor<10x4xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x4xf32>
  return %0 : tensor<6x4xf32>
}

// Everything else is copied.
// CHECK-LABEL: func.func @backwards
// CHECK-NOT: tensor.extract_slice
// CHECK: linalg.generic
// CHECK: tensor.extract
func.func @backwards(%x : tensor<10x4xf32>) -> tensor<10x2xf32> {
  %s = onnx.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %e = onnx.constant dense<-9> : tensor<1xi64> : tensor<1xi64>
  %a = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %t = onnx.constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Slice" version 13 (%x, %s, %e, %a, %t) : (tensor<10x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<10x2xf32>
  return %0 : tensor<10x2xf32>
}

// CHECK-LABEL: func.func @run_time_steps
// CHECK: cf.assert %{{.*}}, "node (Slice): a step of the slice is 0"
func.func @run_time_steps(%x : tensor<?xf32>, %s : tensor<1xi64>, %t : tensor<1xi64>) -> tensor<?xf32> {
  %a = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Slice" version 13 (%x, %s, %s, %a, %t) : (tensor<?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// Since version 18 the last part may be smaller.
// CHECK-LABEL: func.func @split
// CHECK: tensor.extract_slice %{{.*}}[0] [3] [1]
// CHECK: tensor.extract_slice %{{.*}}[3] [2] [1]
func.func @split(%x : tensor<5xf32>) -> (tensor<3xf32>, tensor<2xf32>) {
  %0:2 = onnx.node "Split" version 18 (%x) attributes {num_outputs = 2 : i64} : (tensor<5xf32>) -> (tensor<3xf32>, tensor<2xf32>)
  return %0#0, %0#1 : tensor<3xf32>, tensor<2xf32>
}

// One kernel; the part is found by halving, and an empty one is left out.
// CHECK-LABEL: func.func @concat
// CHECK-COUNT-1: linalg.generic
// CHECK: arith.cmpi slt, %{{.*}}, %c1
// CHECK: scf.if
// CHECK-COUNT-2: tensor.extract
// CHECK-NOT: tensor.extract
// CHECK: return
func.func @concat(%a : tensor<4x1xf32>, %b : tensor<4x0xf32>, %c : tensor<4x2xf32>) -> tensor<4x3xf32> {
  %0 = onnx.node "Concat" version 13 (%a, %b, %c) attributes {axis = -1 : i64} : (tensor<4x1xf32>, tensor<4x0xf32>, tensor<4x2xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @pad
// CHECK: scf.if
// CHECK: tensor.extract
// CHECK: else
func.func @pad(%x : tensor<?xf32>) -> tensor<?xf32> {
  %p = onnx.constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.node "Pad" version 21 (%x, %p) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @expand
// CHECK-NOT: tensor.extract
// CHECK: return
func.func @expand(%x : tensor<1x4xf32>) -> tensor<3x4xf32> {
  %s = onnx.constant dense<[3, 1]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.node "Expand" version 13 (%x, %s) : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
