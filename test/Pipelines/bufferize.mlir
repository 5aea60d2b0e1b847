// RUN: moe-opt %S/Inputs/layer.mlir --moe-import-pipeline --moe-raise-pipeline --moe-lower-onnx-pipeline --moe-fuse-pipeline --moe-plan-pipeline --moe-bufferize-pipeline | FileCheck %s

// The host is a program of commands; kernels and the functions that compute
// weights are in modules of their own. No op of the host is left.
// CHECK: moert.kernel @group
// CHECK: moert.weight @panels.router : tensor<1x1x32x32xf32> {encoding = #moert.encoding<panels, version = 0>}
// CHECK: moert.layer @layer {experts = 4 : i64}
// CHECK: moert.pool @experts {encoding = #moert.encoding<panels, version = 0>, experts = 4 : i64, stride = 12288 : i64}
// CHECK-LABEL: moert.program @main {
// CHECK-NOT: tensor.
// CHECK-NOT: arith.
// CHECK-NOT: call @
// CHECK: moert.input "rows" names ["N", ""] : tensor<?x32xf32>
// CHECK: moert.run @group
// CHECK: moert.count_experts @layer
// CHECK: moert.pin @experts
// CHECK: moert.run @panel_matmul
// CHECK: moert.unpin @experts
// CHECK: moert.output "result" %{{.*}} names ["N", ""] : tensor<?x32xf32>
// CHECK: moert.end
// CHECK: module @kernels {
// CHECK: func.func private @{{.*}} attributes {moe.kernel
// CHECK: module @weights {
// CHECK-NOT: moe.weight {{.*}}@
// CHECK: func.func private @panels.fc1.gate.fc1.linear({{.*}} moe.parts = 4 : i64, moe.slot = #moe.slot<@experts, offset = 0>
