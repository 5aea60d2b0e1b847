// RUN: moe-opt %S/Inputs/layer.mlir --moe-import-pipeline --moe-raise-pipeline --moe-lower-onnx-pipeline | FileCheck %s

// Nothing of the onnx dialect is left but names at the border. Products are
// linalg in the host and in the bodies of experts, which are still one op.
// CHECK-NOT: onnx.node
// CHECK-NOT: onnx.weight
// CHECK-NOT: #onnx.dims
// CHECK-LABEL: func.func @main(
// CHECK-SAME: tensor<?x32xf32> {onnx.dim_names = ["N", ""], onnx.name = "rows"}) -> (tensor<?x32xf32> {onnx.dim_names = ["N", ""], onnx.name = "result"}) {
// CHECK-NOT: onnx.
// CHECK: linalg.matmul
// CHECK: moe.experts
// CHECK: linalg.matmul
// CHECK: moe.yield
// CHECK: moe.combine
// CHECK-NOT: onnx.
