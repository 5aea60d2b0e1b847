// RUN: moe-opt %s --moe-outline-weights --split-input-file | FileCheck %s

// Arguments: sources, index of the expert, destination.
// CHECK-NOT: moe.weight
// CHECK-LABEL: func.func private @w(
// CHECK-SAME: %[[S0:.*]]: tensor<4x8x2xf32>, %[[S1:.*]]: tensor<4x8x2xf32>, %[[E:.*]]: index, %{{.*}}: tensor<8x2xf32>) -> tensor<8x2xf32> attributes
// CHECK-SAME: moe.kernel, moe.outs = 1 : i64, moe.parts = 4 : i64, moe.slot = #moe.slot<@experts, offset = 64>, moe.sources = [#moe.file<"a.data", offset = 0, length = 256>, #moe.file<"b.data", offset = 256, length = 256>]
// CHECK: %[[A:.*]] = tensor.extract_slice %[[S0]][%[[E]], 0, 0] [1, 8, 2] [1, 1, 1]
// CHECK: %[[B:.*]] = tensor.extract_slice %[[S1]][%[[E]], 0, 0] [1, 8, 2] [1, 1, 1]
// CHECK: %[[R:.*]] = linalg.add ins(%[[A]], %[[B]]
// CHECK: return %[[R]]
moe.pool @experts {experts = 4 : i64, stride = 4096 : i64}
moe.weight @w : tensor<4x8x2xf32> attributes {moe.slot = #moe.slot<@experts, offset = 64>} {
^bb0(%e : index):
  %0 = moe.source file<"a.data", offset = 0, length = 256> : tensor<4x8x2xf32>
  %1 = moe.source file<"b.data", offset = 256, length = 256> : tensor<4x8x2xf32>
  %2 = tensor.extract_slice %0[%e, 0, 0] [1, 8, 2] [1, 1, 1] : tensor<4x8x2xf32> to tensor<8x2xf32>
  %3 = tensor.extract_slice %1[%e, 0, 0] [1, 8, 2] [1, 1, 1] : tensor<4x8x2xf32> to tensor<8x2xf32>
  %4 = tensor.empty() : tensor<8x2xf32>
  %5 = linalg.add ins(%2, %3 : tensor<8x2xf32>, tensor<8x2xf32>) outs(%4 : tensor<8x2xf32>) -> tensor<8x2xf32>
  moe.yield %5 : tensor<8x2xf32>
}

// -----

// A dense weight is one part; it has an index, too. No pool, no slot.
// CHECK-LABEL: func.func private @dense(
// CHECK-SAME: %[[S:.*]]: tensor<8xf32>, %{{.*}}: index, %{{.*}}: tensor<8xf32>) -> tensor<8xf32> attributes {moe.kernel, moe.outs = 1 : i64, moe.parts = 1 : i64, moe.sources = [#moe.file<"a.data", offset = 0, length = 32>]} {
// CHECK-NEXT: return %[[S]]
moe.weight @dense : tensor<8xf32> {
  %0 = moe.source file<"a.data", offset = 0, length = 32> : tensor<8xf32>
  moe.yield %0 : tensor<8xf32>
}

// -----

// The same bytes in another shape are written as they are computed.
// CHECK-LABEL: func.func private @view(
// CHECK-SAME: %[[S:.*]]: tensor<8xf32>, %{{.*}}: index, %{{.*}}: tensor<8xf32>) -> tensor<8xf32>
// CHECK-NOT: tensor.expand_shape
// CHECK-NOT: tensor.collapse_shape
// CHECK: %[[N:.*]] = linalg.negf
// CHECK-NEXT: return %[[N]] : tensor<8xf32>
moe.weight @view : tensor<1x8xf32> {
  %0 = moe.source file<"a.data", offset = 0, length = 32> : tensor<8xf32>
  %1 = tensor.empty() : tensor<8xf32>
  %2 = linalg.negf ins(%0 : tensor<8xf32>) outs(%1 : tensor<8xf32>) -> tensor<8xf32>
  %3 = tensor.expand_shape %2 [[0, 1]] output_shape [2, 4] : tensor<8xf32> into tensor<2x4xf32>
  %4 = tensor.collapse_shape %3 [[0, 1]] : tensor<2x4xf32> into tensor<8xf32>
  %5 = tensor.expand_shape %4 [[0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  moe.yield %5 : tensor<1x8xf32>
}

// -----

// Functions stay what they are.
// CHECK-LABEL: func.func @host(
// CHECK-NEXT: return
func.func @host(%x : tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
