// A router, a gated MoE layer with a bias, a residual and a softmax, as the
// importer writes them, and a function that nothing calls.
func.func private @unused() {
  return
}
onnx.weight @router : tensor<32x4xf32> = "layer.data" offset 0 length 512
onnx.weight @fc1 : tensor<4x64x32xf32> = "layer.data" offset 512 length 32768
onnx.weight @fc2 : tensor<4x32x32xf32> = "layer.data" offset 33280 length 16384
func.func @main(%x : tensor<?x32xf32, #onnx.dims<"N", "">> {onnx.name = "rows"}) -> (tensor<?x32xf32, #onnx.dims<"N", "">> {onnx.name = "result"}) {
  %none = onnx.none
  %router = onnx.weight_value @router : tensor<32x4xf32>
  %fc1 = onnx.weight_value @fc1 : tensor<4x64x32xf32>
  %fc2 = onnx.weight_value @fc2 : tensor<4x32x32xf32>
  %b2 = onnx.constant dense<0.5> : tensor<4x32xf32> : tensor<4x32xf32>
  %r = onnx.node "MatMul" version 13 (%x, %router) : (tensor<?x32xf32, #onnx.dims<"N", "">>, tensor<32x4xf32>) -> tensor<?x4xf32, #onnx.dims<"N", "">> loc("router")
  %y = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %fc1, %none, %fc2, %b2) attributes {k = 2 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64} : (tensor<?x32xf32, #onnx.dims<"N", "">>, tensor<?x4xf32, #onnx.dims<"N", "">>, tensor<4x64x32xf32>, none, tensor<4x32x32xf32>, tensor<4x32xf32>) -> tensor<?x32xf32, #onnx.dims<"N", "">> loc("layer")
  %z = onnx.node "Add" version 14 (%x, %y) : (tensor<?x32xf32, #onnx.dims<"N", "">>, tensor<?x32xf32, #onnx.dims<"N", "">>) -> tensor<?x32xf32, #onnx.dims<"N", "">> loc("residual")
  %s = onnx.node "Softmax" version 13 (%z) attributes {axis = -1 : i64} : (tensor<?x32xf32, #onnx.dims<"N", "">>) -> tensor<?x32xf32, #onnx.dims<"N", "">> loc("softmax")
  return %s : tensor<?x32xf32, #onnx.dims<"N", "">>
}
