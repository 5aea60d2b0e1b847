// RUN: moe-opt %S/Inputs/layer.mlir --moe-import-pipeline --moe-raise-pipeline | FileCheck %s

// No fused node is left; the layer is routing, experts and combine, and bodies
// of experts hold onnx nodes. Other nodes stay.
// CHECK-NOT: onnx.node "MoE"
// CHECK-LABEL: func.func @main(
// CHECK: onnx.node "MatMul"
// CHECK: moe.top_k
// CHECK: moe.experts
// CHECK: onnx.node "MatMul"
// CHECK: moe.yield
// CHECK: moe.combine
// CHECK: onnx.node "Add"
// CHECK: onnx.node "Softmax"
// CHECK: moe.weight private @fc1.gate
// CHECK-NOT: onnx.node "MoE"
