// RUN: moe-opt %S/Inputs/layer.mlir --moe-import-pipeline --moe-raise-pipeline --moe-lower-onnx-pipeline --moe-fuse-pipeline | FileCheck %s

// Experts are products over grouped rows: gate and up in one, down in another.
// All that computes is in a kernel; a softmax with what it reads is one.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: moe.experts
// CHECK-NOT: {{^}}    %{{[^ ]*}} = linalg.
// CHECK: moe.kernel
// CHECK: moe.group
// CHECK: moe.count_experts
// CHECK: moe.kernel
// CHECK: moe.grouped_matmul {{.*}} weights(@fc1.gate : tensor<4x32x32xf32>, @fc1.linear : tensor<4x32x32xf32>)
// CHECK: moe.kernel
// CHECK: moe.grouped_matmul {{.*}} weights(@fc2.t : tensor<4x32x32xf32>) vectors(@constant.t : tensor<4x32xf32>)
// CHECK: moe.kernel
// CHECK: moe.combine
// CHECK: %[[LAST:.*]] = moe.kernel
// CHECK-NOT: moe.kernel
// CHECK: return %[[LAST]]
