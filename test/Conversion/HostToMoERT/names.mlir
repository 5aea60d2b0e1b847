// RUN: moe-opt %s --convert-host-to-moert | FileCheck %s

// A layer has the name of its node, which may be that of a kernel or the program.
// CHECK-DAG: moert.kernel @group
// CHECK-DAG: moert.layer @group_1 {experts = 4 : i64}
// CHECK-DAG: moert.layer @main_1 {experts = 4 : i64}
// CHECK: moert.program @main {
// CHECK: moert.count_experts @group_1
// CHECK: moert.count_experts @main_1
func.func @main(%ids : tensor<?x2xi32> {onnx.name = "ids"}) -> (tensor<5xi32> {onnx.name = "offsets"}) {
  %0 = tensor.empty() : tensor<5xi32>
  %offsets = call @group(%ids, %0) : (tensor<?x2xi32>, tensor<5xi32>) -> tensor<5xi32>
  moe.count_experts %offsets : tensor<5xi32> loc("group")
  moe.count_experts %offsets : tensor<5xi32> loc("main")
  return %offsets : tensor<5xi32>
}
func.func private @group(%ids : tensor<?x2xi32>, %o : tensor<5xi32>) -> tensor<5xi32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<5xi32>
}
