// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @relu
// CHECK: %[[ZERO:.*]] = arith.constant 0.0
// CHECK: arith.maximumf %{{.*}}, %[[ZERO]] : f32
func.func @relu(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Relu" version 14 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @leaky_relu
// CHECK: %[[LESS:.*]] = arith.cmpf olt, %[[X:.*]], %{{.*}}
// CHECK: %[[ALPHA:.*]] = arith.constant 2.500000e-01
// CHECK: %[[LEAK:.*]] = arith.mulf %[[X]], %[[ALPHA]]
// CHECK: arith.select %[[LESS]], %[[LEAK]], %[[X]]
func.func @leaky_relu(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "LeakyRelu" version 16 (%a) attributes {alpha = 0.25 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// One rounding at the end.
// CHECK-LABEL: func.func @sigmoid
// CHECK: ^bb0(%[[X:.*]]: bf16, %{{.*}}: bf16):
// CHECK-NEXT: %[[WIDE:.*]] = arith.extf %[[X]] : bf16 to f32
// CHECK-NEXT: %[[NEG:.*]] = arith.negf %[[WIDE]]
// CHECK-NEXT: %[[EXP:.*]] = math.exp %[[NEG]]
// CHECK: %[[SUM:.*]] = arith.addf %[[EXP]], %{{.*}}
// CHECK: %[[Q:.*]] = arith.divf %{{.*}}, %[[SUM]]
// CHECK-NEXT: arith.truncf %[[Q]] : f32 to bf16
func.func @sigmoid(%a : tensor<4xbf16>) -> tensor<4xbf16> {
  %0 = onnx.node "Sigmoid" version 13 (%a) : (tensor<4xbf16>) -> tensor<4xbf16>
  return %0 : tensor<4xbf16>
}

// exp does not overflow.
// CHECK-LABEL: func.func @softplus
// CHECK: %[[ABS:.*]] = math.absf %[[X:.*]] : f32
// CHECK: %[[NEG:.*]] = arith.negf %[[ABS]]
// CHECK: math.exp %[[NEG]]
// CHECK: %[[LOG:.*]] = math.log
// CHECK: %[[MAX:.*]] = arith.maximumf %[[X]], %{{.*}}
// CHECK: arith.addf %[[MAX]], %[[LOG]]
func.func @softplus(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Softplus" version 1 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @gelu
// CHECK: math.erf
// CHECK-NOT: math.tanh
// CHECK-LABEL: func.func @gelu_tanh
// CHECK-NOT: math.erf
// CHECK: math.tanh
func.func @gelu(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Gelu" version 20 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @gelu_tanh(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Gelu" version 20 (%a) attributes {approximate = "tanh"} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @quick_gelu
// CHECK: arith.constant 1.702
// CHECK: math.exp
func.func @quick_gelu(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "QuickGelu" domain "com.microsoft" version 1 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @identity
// CHECK-SAME: (%[[A:.*]]: tensor<4xf32>)
// CHECK-NEXT: return %[[A]]
func.func @identity(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Identity" version 16 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
