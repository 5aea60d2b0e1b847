// RUN: moe-opt %S/Inputs/layer.mlir --moe-import-pipeline --moe-raise-pipeline --moe-lower-onnx-pipeline --moe-fuse-pipeline --moe-plan-pipeline | FileCheck %s
// RUN: moe-opt %S/Inputs/layer.mlir --moe-import-pipeline --moe-raise-pipeline --moe-lower-onnx-pipeline --moe-fuse-pipeline --moe-plan-pipeline | FileCheck %s --check-prefix=GONE

// Kernels are private functions; products read panels; experts are in a pool
// and pinned around their products.
// CHECK-LABEL: func.func @main(
// CHECK: call @group(
// CHECK: moe.pin @experts
// CHECK: call @panel_matmul
// CHECK: call @panel_matmul
// CHECK: moe.unpin @experts
// CHECK: call @combine(
// CHECK: return
// CHECK: moe.pool @experts {experts = 4 : i64, stride = 12288 : i64}
// CHECK: moe.weight @panels.fc1.gate.fc1.linear : tensor<4x2x32x32xf32> encoding #moe.panels<tensor<32x32xf32>, tensor<32x32xf32>> attributes {moe.slot = #moe.slot<@experts, offset = 0>}
// CHECK: moe.weight @panels.fc2.t : tensor<4x1x32x32xf32> encoding #moe.panels<tensor<32x32xf32>> attributes {moe.slot = #moe.slot<@experts, offset = 8192>}
// CHECK: func.func private @group({{.*}} attributes {moe.kernel, moe.outs = 3 : i64}

// GONE-NOT: moe.kernel ins
// GONE-NOT: moe.grouped_matmul
// GONE-NOT: moe.weight {{.*}}@fc1
// GONE-NOT: moe.weight {{.*}}@fc2
