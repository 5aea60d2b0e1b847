// RUN: moe-opt %s --moe-slice-weights --verify-diagnostics

// Every second element is an expert's: a reshape keeps no expert apart.
moe.weight private @mixed : tensor<8x4xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 128> : tensor<4x8xf32>
  %empty = tensor.empty() : tensor<4x8xf32>
  // expected-error @unknown {{weights of experts cannot be computed one expert at a time: node 'double' mixes experts or their order, and its result of 'tensor<4x8xf32>' would be computed anew for each of 8 experts; store what it computes as an initializer}}
  %doubled = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%all : tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) {
  ^bb0(%x : f32, %o : f32):
    %y = arith.addf %x, %x : f32
    linalg.yield %y : f32
  } -> tensor<4x8xf32> loc("double")
  %flat = tensor.collapse_shape %doubled [[0, 1]] : tensor<4x8xf32> into tensor<32xf32>
  %turned = tensor.expand_shape %flat [[0, 1]] output_shape [4, 8] : tensor<32xf32> into tensor<4x8xf32>
  %one = tensor.extract_slice %turned[0, %e] [4, 1] [1, 1] : tensor<4x8xf32> to tensor<4xf32>
  moe.yield %one : tensor<4xf32>
}
