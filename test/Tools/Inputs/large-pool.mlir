// Experts of 1 MiB each.
func.func @main(%x : tensor<?x256xf32>, %r : tensor<?x4xf32>) -> tensor<?x256xf32> {
  %none = onnx.none
  %fc1 = onnx.constant dense<0.01> : tensor<4x512x256xf32> : tensor<4x512x256xf32>
  %fc2 = onnx.constant dense<0.01> : tensor<4x256x512xf32> : tensor<4x256x512xf32>
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2) attributes {k = 1 : i64} : (tensor<?x256xf32>, tensor<?x4xf32>, tensor<4x512x256xf32>, none, tensor<4x256x512xf32>) -> tensor<?x256xf32>
  return %0 : tensor<?x256xf32>
}
