// RUN: moe-opt %s --convert-moe-to-linalg | FileCheck %s

// Files are not read by a conversion.
// CHECK-NOT: moe.weight
// CHECK-LABEL: @file(
// CHECK: %[[ALL:.*]] = moe.source file<"w.bin", offset = 64, length = 128> : tensor<4x8xf32>
// CHECK: return %[[ALL]]
func.func @file() -> tensor<4x8xf32> {
  %0 = moe.weight_value @w : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
moe.weight private @w : tensor<4x8xf32> {
  %0 = moe.source file<"w.bin", offset = 64, length = 128> : tensor<4x8xf32>
  moe.yield %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @part(
// CHECK-SAME: %[[E:.*]]: index)
// CHECK: linalg.generic
// CHECK: %[[SLICE:.*]] = tensor.extract_slice %{{.*}}[%[[E]], 0] [1, 8] [1, 1]
// CHECK: return %[[SLICE]]
func.func @part(%e : index) -> tensor<8xbf16> {
  %0 = moe.weight_value @p[%e] : tensor<8xbf16>
  return %0 : tensor<8xbf16>
}
moe.weight private @p : tensor<4x8xbf16> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = 0.0, high = 1.0> : tensor<4x8xbf16>
  %1 = tensor.extract_slice %0[%e, 0] [1, 8] [1, 1] : tensor<4x8xbf16> to tensor<8xbf16>
  moe.yield %1 : tensor<8xbf16>
}

// CHECK-LABEL: @stacked(
// CHECK-SAME: %[[E:.*]]: index)
// CHECK: %[[ALL:.*]] = scf.index_switch %[[E]] -> tensor<8xf32>
// CHECK: case 0 {
// CHECK: moe.source file<"w.bin", offset = 0, length = 32> : tensor<8xf32>
// CHECK: case 1 {
// CHECK: arith.constant dense<1.000000e+00>
// CHECK: default {
// CHECK: moe.source file<"w.bin", offset = 32, length = 32> : tensor<8xf32>
// CHECK: return %[[ALL]]
func.func @stacked(%e : index) -> tensor<8xf32> {
  %0 = moe.weight_value @s[%e] : tensor<8xf32>
  return %0 : tensor<8xf32>
}
moe.weight private @s : tensor<3x8xf32> {
^bb0(%e : index):
  %0 = moe.source [file<"w.bin", offset = 0, length = 32>, dense<1.0> : tensor<8xf32>, file<"w.bin", offset = 32, length = 32>] at %e : tensor<8xf32>
  moe.yield %0 : tensor<8xf32>
}
