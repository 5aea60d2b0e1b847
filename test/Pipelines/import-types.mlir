// RUN: moe-opt %s --moe-import-pipeline | FileCheck %s

// A file need not say what its nodes compute; sizes that are known are
// constants.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: -> tensor<?x2x32xf32, #onnx.dims<"N", "", "">>
// CHECK: %[[SHAPE:.*]] = onnx.constant dense<[0, 2, 32]> : tensor<3xi64>
// CHECK: onnx.node "Reshape" version 14(%{{.*}}, %[[SHAPE]])
// CHECK-SAME: -> tensor<?x2x32xf32, #onnx.dims<"N", "", "">>
func.func @main(%x : tensor<?x64xf32, #onnx.dims<"N", "">>) -> tensor<*xf32> {
  %0 = onnx.constant dense<[0, 2]> : tensor<2xi64> : tensor<2xi64>
  %1 = onnx.constant dense<32> : tensor<1xi64> : tensor<1xi64>
  %2 = onnx.node "Concat" version 13 (%0, %1) attributes {axis = 0} : (tensor<2xi64>, tensor<1xi64>) -> tensor<*xi64>
  %3 = onnx.node "Reshape" version 14 (%x, %2) : (tensor<?x64xf32, #onnx.dims<"N", "">>, tensor<*xi64>) -> tensor<*xf32>
  return %3 : tensor<*xf32>
}
