// RUN: moe-opt %s --convert-host-to-moert --split-input-file | FileCheck %s

// A dense weight is declared once, however often it is read.
// CHECK: moert.kernel @k {arguments = 3 : i64
// CHECK: moert.weight @w : tensor<8xf32>
// CHECK-NOT: moert.weight @w
// CHECK-LABEL: moert.program @dense {
// CHECK: %[[X:.*]] = moert.input
// CHECK: %[[W0:.*]] = moert.weight_ref @w
// CHECK: moert.run @k items(%{{.*}}) arguments(%[[X]], %[[W0]], %[[H:.*]] : !moert.buffer, !moert.buffer, !moert.buffer)
// CHECK: %[[W1:.*]] = moert.weight_ref @w
// CHECK: moert.run @k items(%{{.*}}) arguments(%[[H]], %[[W1]], %{{.*}} : !moert.buffer, !moert.buffer, !moert.buffer)
// CHECK: module @weights {
// CHECK-NEXT: moe.weight @w : tensor<8xf32> {
moe.weight @w : tensor<8xf32> {
  %0 = moe.source dense<1.0> : tensor<8xf32>
  moe.yield %0 : tensor<8xf32>
}
func.func @dense(%x : tensor<8xf32>) -> tensor<8xf32> {
  %w0 = moe.weight_value @w : tensor<8xf32>
  %e0 = tensor.empty() : tensor<8xf32>
  %h = call @k(%x, %w0, %e0) : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %w1 = moe.weight_value @w : tensor<8xf32>
  %e1 = tensor.empty() : tensor<8xf32>
  %r = call @k(%h, %w1, %e1) : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %r : tensor<8xf32>
}
func.func private @k(%x : tensor<8xf32>, %w : tensor<8xf32>, %o : tensor<8xf32>) -> tensor<8xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<8xf32>
}

// -----

// An expert weight is its pool: two slots of a kernel. Layers are named after
// their nodes, and apart where names are equal.
// CHECK: moert.kernel @k {arguments = 5 : i64
// CHECK: moert.layer @router {experts = 4 : i64}
// CHECK: moert.pool @experts {experts = 4 : i64, stride = 4096 : i64}
// CHECK: moert.layer @router_1 {experts = 4 : i64}
// CHECK-NOT: moe.pool
// CHECK-NOT: moert.weight
// CHECK-LABEL: moert.program @pool {
// CHECK: %[[IDS:.*]], %[[N:.*]] = moert.input "input0" : tensor<?x2xi32>
// CHECK: %[[OFFSETS:.*]] = moert.input "input1" : tensor<5xi32>
// CHECK: %[[COUNT:.*]] = moert.compute mul %[[N]], %{{.*}}
// CHECK: moert.count_experts @router %[[OFFSETS]]
// CHECK: moert.pin @experts %[[IDS]], %[[COUNT]]
// CHECK: %[[POOL:.*]] = moert.pool_ref @experts
// CHECK: moert.run @k items(%{{.*}}) arguments(%[[IDS]], %[[N]], %[[POOL]], %{{.*}} : !moert.buffer, i64, !moert.pool, !moert.buffer)
// CHECK: moert.unpin @experts
// CHECK: moert.count_experts @router_1 %[[OFFSETS]]
// CHECK: module @weights {
// CHECK-NEXT: moe.weight @w : tensor<4x8xf32> attributes {moe.slot = #moe.slot<@experts, offset = 64>} {
moe.pool @experts {experts = 4 : i64, stride = 4096 : i64}
moe.weight @w : tensor<4x8xf32> attributes {moe.slot = #moe.slot<@experts, offset = 64>} {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<8xf32>
  moe.yield %0 : tensor<8xf32>
}
func.func @pool(%ids : tensor<?x2xi32>, %offsets : tensor<5xi32>) -> tensor<8xf32> {
  moe.count_experts %offsets : tensor<5xi32> loc("router")
  moe.pin @experts %ids : tensor<?x2xi32>
  %w = moe.weight_value @w : tensor<4x8xf32>
  %e = tensor.empty() : tensor<8xf32>
  %r = call @k(%ids, %w, %e) : (tensor<?x2xi32>, tensor<4x8xf32>, tensor<8xf32>) -> tensor<8xf32>
  moe.unpin @experts
  moe.count_experts %offsets : tensor<5xi32> loc("router")
  return %r : tensor<8xf32>
}
func.func private @k(%ids : tensor<?x2xi32>, %w : tensor<4x8xf32> {moe.pool = {offset = 64 : i64, stride = 4096 : i64}}, %o : tensor<8xf32>) -> tensor<8xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<8xf32>
}
