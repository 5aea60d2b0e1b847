// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// Outside the range the nearest end, NaN gives 0.
// CHECK-LABEL: func.func @float_to_i32
// CHECK: ^bb0(%[[X:.*]]: f32, %{{.*}}: i32):
// CHECK-DAG: %[[LOW:.*]] = arith.constant -2147483648 : i32
// CHECK-DAG: %[[HIGH:.*]] = arith.constant 2147483647 : i32
// CHECK: %[[IN:.*]] = arith.fptosi %[[X]]
// CHECK: %[[A:.*]] = arith.select %{{.*}}, %[[HIGH]], %[[IN]]
// CHECK: %[[B:.*]] = arith.select %{{.*}}, %[[LOW]], %[[A]]
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[X]], %[[X]]
// CHECK: arith.select %[[NAN]], %{{.*}}, %[[B]]
func.func @float_to_i32(%a : tensor<4xf32>) -> tensor<4xi32> {
  %0 = onnx.node "Cast" version 13 (%a) attributes {to = 6 : i64} : (tensor<4xf32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// CHECK-LABEL: func.func @half_to_u8
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: arith.fptoui %{{.*}} : f32 to i8
func.func @half_to_u8(%a : tensor<4xf16>) -> tensor<4xui8> {
  %0 = onnx.node "Cast" version 13 (%a) attributes {to = 2 : i64} : (tensor<4xf16>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// NaN is true.
// CHECK-LABEL: func.func @float_to_bool
// CHECK: arith.cmpf une
func.func @float_to_bool(%a : tensor<4xf32>) -> tensor<4xi1> {
  %0 = onnx.node "Cast" version 13 (%a) attributes {to = 9 : i64} : (tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// CHECK-LABEL: func.func @bool_to_float
// CHECK: arith.uitofp %{{.*}} : i1 to f32
func.func @bool_to_float(%a : tensor<4xi1>) -> tensor<4xf32> {
  %0 = onnx.node "Cast" version 13 (%a) attributes {to = 1 : i64} : (tensor<4xi1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @unsigned_to_i64
// CHECK: arith.extui %{{.*}} : i8 to i64
func.func @unsigned_to_i64(%a : tensor<4xui8>) -> tensor<4xi64> {
  %0 = onnx.node "Cast" version 13 (%a) attributes {to = 7 : i64} : (tensor<4xui8>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// CHECK-LABEL: func.func @half_to_brain
// CHECK: %[[WIDE:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK: arith.truncf %[[WIDE]] : f32 to bf16
func.func @half_to_brain(%a : tensor<4xf16>, %like : tensor<1xbf16>) -> tensor<4xbf16> {
  %0 = onnx.node "CastLike" version 15 (%a, %like) : (tensor<4xf16>, tensor<1xbf16>) -> tensor<4xbf16>
  return %0 : tensor<4xbf16>
}

// The same bits under another type.
// CHECK-LABEL: func.func @same
// CHECK-SAME: (%[[A:.*]]: tensor<4xf32>)
// CHECK-NEXT: return %[[A]]
func.func @same(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Cast" version 13 (%a) attributes {to = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
