func.func @main(%x : tensor<?x8xf32>, %r : tensor<?x4xf32>) -> tensor<?x8xf32> {
  %none = onnx.none
  %fc1 = onnx.constant dense<1.0> : tensor<4x16x8xf32> : tensor<4x16x8xf32>
  %fc2 = onnx.constant dense<1.0> : tensor<4x8x16xf32> : tensor<4x8x16xf32>
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 9 : i64} : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, none, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
