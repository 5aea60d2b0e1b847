// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @greater
// CHECK: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %{{.*}}: i1):
// CHECK: arith.cmpf olt, %[[B]], %[[A]]
func.func @greater(%a : tensor<4xf32>, %b : tensor<4xf32>) -> tensor<4xi1> {
  %0 = onnx.node "Greater" version 13 (%a, %b) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// CHECK-LABEL: func.func @less_unsigned
// CHECK: arith.cmpi ult
func.func @less_unsigned(%a : tensor<4xui32>, %b : tensor<4xui32>) -> tensor<4xi1> {
  %0 = onnx.node "Less" version 13 (%a, %b) : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// CHECK-LABEL: func.func @equal_bool
// CHECK: arith.cmpi eq, %{{.*}}, %{{.*}} : i1
func.func @equal_bool(%a : tensor<4xi1>, %b : tensor<4xi1>) -> tensor<4xi1> {
  %0 = onnx.node "Equal" version 13 (%a, %b) : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// CHECK-LABEL: func.func @logic
// CHECK: arith.xori %{{.*}}, %{{.*}} : i1
// CHECK: %[[TRUE:.*]] = arith.constant true
// CHECK: arith.xori %{{.*}}, %[[TRUE]]
func.func @logic(%a : tensor<4xi1>, %b : tensor<4xi1>) -> tensor<4xi1> {
  %0 = onnx.node "Xor" version 7 (%a, %b) : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  %1 = onnx.node "Not" version 1 (%0) : (tensor<4xi1>) -> tensor<4xi1>
  return %1 : tensor<4xi1>
}

// CHECK-LABEL: func.func @is_nan
// CHECK: arith.cmpf uno
func.func @is_nan(%a : tensor<4xf32>) -> tensor<4xi1> {
  %0 = onnx.node "IsNaN" version 13 (%a) : (tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// CHECK-LABEL: func.func @is_negative_inf
// CHECK: %[[INF:.*]] = arith.constant 0xFF800000 : f32
// CHECK: arith.cmpf oeq, %{{.*}}, %[[INF]]
// CHECK-NOT: arith.cmpf
// CHECK: return
func.func @is_negative_inf(%a : tensor<4xf32>) -> tensor<4xi1> {
  %0 = onnx.node "IsInf" version 20 (%a) attributes {detect_positive = 0 : i64} : (tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// Moves bits: nothing is converted.
// CHECK-LABEL: func.func @where
// CHECK: ^bb0(%[[C:.*]]: i1, %[[A:.*]]: f16, %[[B:.*]]: f16, %{{.*}}: f16):
// CHECK-NEXT: arith.select %[[C]], %[[A]], %[[B]] : f16
// CHECK-NEXT: linalg.yield
func.func @where(%c : tensor<4x1xi1>, %a : tensor<4x3xf16>, %b : tensor<f16>) -> tensor<4x3xf16> {
  %0 = onnx.node "Where" version 16 (%c, %a, %b) : (tensor<4x1xi1>, tensor<4x3xf16>, tensor<f16>) -> tensor<4x3xf16>
  return %0 : tensor<4x3xf16>
}
