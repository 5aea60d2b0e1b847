// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

onnx.weight @w : tensor<64x8xf32> = "m.onnx" offset 0 length 2048
onnx.weight @nk : tensor<8x64xf32> = "m.onnx" offset 2048 length 2048

// Leading dimensions are one, the sum starts at zero.
// CHECK-LABEL: func.func @weight
// CHECK-DAG: %[[W:.*]] = moe.weight_value @w : tensor<64x8xf32>
// CHECK-DAG: %[[X:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]]
// CHECK-DAG: %[[ZERO:.*]] = linalg.fill
// CHECK: linalg.matmul ins(%[[X]], %[[W]] : tensor<?x64xf32>, tensor<64x8xf32>) outs(%[[ZERO]]
// CHECK: tensor.expand_shape
func.func @weight(%x : tensor<?x?x64xf32>) -> tensor<?x?x8xf32> {
  %w = onnx.weight_value @w : tensor<64x8xf32>
  %0 = onnx.node "MatMul" version 13 (%x, %w) : (tensor<?x?x64xf32>, tensor<64x8xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// A transposed weight is another weight, not a transposition in each run.
// CHECK-LABEL: func.func @gemm
// CHECK: %[[T:.*]] = moe.weight_value @nk.t : tensor<64x8xf32>
// CHECK: linalg.matmul ins(%{{.*}}, %[[T]]
// CHECK: linalg.generic
// CHECK: arith.addf
func.func @gemm(%x : tensor<?x64xf32>, %c : tensor<8xf32>) -> tensor<?x8xf32> {
  %w = onnx.weight_value @nk : tensor<8x64xf32>
  %0 = onnx.node "Gemm" version 13 (%x, %w, %c) attributes {transB = 1 : i64} : (tensor<?x64xf32>, tensor<8x64xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// Halves are summed in f32 and rounded once.
// CHECK-LABEL: func.func @batches
// CHECK: linalg.batch_matmul ins(%{{.*}} : tensor<6x4x5xf16>, tensor<6x5x7xf16>) outs(%{{.*}} : tensor<6x4x7xf32>)
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @batches(%a : tensor<2x3x4x5xf16>, %b : tensor<2x3x5x7xf16>) -> tensor<2x3x4x7xf16> {
  %0 = onnx.node "MatMul" version 13 (%a, %b) : (tensor<2x3x4x5xf16>, tensor<2x3x5x7xf16>) -> tensor<2x3x4x7xf16>
  return %0 : tensor<2x3x4x7xf16>
}

// CHECK-LABEL: func.func @depth
// CHECK: cf.assert %{{.*}}, "node (MatMul): the operands' inner dimensions differ"
func.func @depth(%a : tensor<4x?xf32>, %b : tensor<?x7xf32>) -> tensor<4x7xf32> {
  %0 = onnx.node "MatMul" version 13 (%a, %b) : (tensor<4x?xf32>, tensor<?x7xf32>) -> tensor<4x7xf32>
  return %0 : tensor<4x7xf32>
}

// CHECK: moe.weight private @nk.t : tensor<64x8xf32>
