// RUN: moe-opt %S/Inputs/layer.mlir --moe-import-pipeline | FileCheck %s

// Functions that nothing calls are gone; nodes, the fused one too, and names of
// dimensions are left.
// CHECK-NOT: @unused
// CHECK-LABEL: func.func @main(
// CHECK-SAME: tensor<?x32xf32, #onnx.dims<"N", "">>
// CHECK: onnx.node "MatMul"
// CHECK: onnx.node "MoE" domain "com.microsoft"
// CHECK: onnx.node "Add"
// CHECK: onnx.node "Softmax"
