// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// Rows stay rows: only what is cut is regrouped.
// CHECK-LABEL: func.func @heads
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 4, 16]
func.func @heads(%x : tensor<?x?x64xf32, #onnx.dims<"B", "S", "">>) -> tensor<?x?x4x16xf32> {
  %s = onnx.constant dense<[0, 0, 4, 16]> : tensor<4xi64> : tensor<4xi64>
  %0 = onnx.node "Reshape" version 14 (%x, %s) : (tensor<?x?x64xf32, #onnx.dims<"B", "S", "">>, tensor<4xi64>) -> tensor<?x?x4x16xf32>
  return %0 : tensor<?x?x4x16xf32>
}

// CHECK-LABEL: func.func @infer
// CHECK-NOT: cf.assert
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]]
func.func @infer(%x : tensor<?x?x64xf32, #onnx.dims<"B", "S", "">>) -> tensor<?x64xf32> {
  %s = onnx.constant dense<[-1, 64]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.node "Reshape" version 14 (%x, %s) : (tensor<?x?x64xf32, #onnx.dims<"B", "S", "">>, tensor<2xi64>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// What is not proven is checked.
// CHECK-LABEL: func.func @by_shape
// CHECK: cf.assert %{{.*}}, "node 'r' (Reshape): the input's elements do not fill the requested shape"
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2]]
func.func @by_shape(%x : tensor<?x64xf32>, %y : tensor<?x?x64xf32>) -> tensor<?x?x64xf32> {
  %s = onnx.node "Shape" version 19 (%y) : (tensor<?x?x64xf32>) -> tensor<3xi64>
  %0 = onnx.node "Reshape" version 14 (%x, %s) : (tensor<?x64xf32>, tensor<3xi64>) -> tensor<?x?x64xf32> loc("r")
  return %0 : tensor<?x?x64xf32>
}

// Shape arithmetic is gone: the extents swap places without a check.
// CHECK-LABEL: func.func @swap
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf32>)
// CHECK-DAG: %[[C:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[X]], %c0
// CHECK-NOT: cf.assert
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [%[[C]], %[[R]]]
func.func @swap(%x : tensor<?x?xf32>) -> tensor<?x?xf32> {
  %s = onnx.node "Shape" version 19 (%x) : (tensor<?x?xf32>) -> tensor<2xi64>
  %i = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %j = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %a = onnx.node "Gather" version 13 (%s, %i) : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %b = onnx.node "Gather" version 13 (%s, %j) : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %c = onnx.node "Concat" version 13 (%a, %b) attributes {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %0 = onnx.node "Reshape" version 14 (%x, %c) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// A shape that only the run knows is read on the host.
// CHECK-LABEL: func.func @run_time
// CHECK-SAME: %[[S:[^:]*]]: tensor<2xi64>
// CHECK-COUNT-2: tensor.extract %[[S]]
// CHECK: cf.assert %{{.*}}, "node (Reshape): more than one requested extent is -1"
func.func @run_time(%x : tensor<?x?xf32>, %s : tensor<2xi64>) -> tensor<?x?xf32> {
  %0 = onnx.node "Reshape" version 14 (%x, %s) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @squeeze
// CHECK: cf.assert %{{.*}}, "node 'q' (Squeeze): dimension 2 to squeeze is not 1"
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1, 2]]
func.func @squeeze(%x : tensor<1x?x?xf32>) -> tensor<?xf32> {
  %a = onnx.constant dense<[0, -1]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.node "Squeeze" version 13 (%x, %a) : (tensor<1x?x?xf32>, tensor<2xi64>) -> tensor<?xf32> loc("q")
  return %0 : tensor<?xf32>
}

// Axes are attributes before version 13.
// CHECK-LABEL: func.func @unsqueeze_attribute
// CHECK: tensor.expand_shape %{{.*}} output_shape [1, %{{.*}}, 3, 1]
func.func @unsqueeze_attribute(%x : tensor<?x3xf32>) -> tensor<1x?x3x1xf32> {
  %0 = onnx.node "Unsqueeze" version 11 (%x) attributes {axes = [0, -1]} : (tensor<?x3xf32>) -> tensor<1x?x3x1xf32>
  return %0 : tensor<1x?x3x1xf32>
}

// CHECK-LABEL: func.func @flatten
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]]
func.func @flatten(%x : tensor<?x2x3xf32>) -> tensor<?x6xf32> {
  %0 = onnx.node "Flatten" version 13 (%x) : (tensor<?x2x3xf32>) -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// CHECK-LABEL: func.func @transpose
// CHECK: linalg.generic
// CHECK-LABEL: func.func @transpose_unit
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @transpose(%x : tensor<?x3x4xf32>) -> tensor<4x?x3xf32> {
  %0 = onnx.node "Transpose" version 13 (%x) attributes {perm = [2, 0, 1]} : (tensor<?x3x4xf32>) -> tensor<4x?x3xf32>
  return %0 : tensor<4x?x3xf32>
}
func.func @transpose_unit(%x : tensor<?x1x4xf32>) -> tensor<1x?x4xf32> {
  %0 = onnx.node "Transpose" version 13 (%x) attributes {perm = [1, 0, 2]} : (tensor<?x1x4xf32>) -> tensor<1x?x4xf32>
  return %0 : tensor<1x?x4xf32>
}
