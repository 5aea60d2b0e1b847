// RUN: moe-opt %s --moe-dedup-weights | FileCheck %s

// Equal regions over the same data, whatever the names.
// CHECK: moe.weight private @first : tensor<2x4xf32>
// CHECK-NOT: @second
moe.weight private @first : tensor<2x4xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 32> : tensor<2x4xf32>
  %one = tensor.extract_slice %all[%e, 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<4xf32>
  moe.yield %one : tensor<4xf32>
}
moe.weight private @second : tensor<2x4xf32> {
^bb0(%expert : index):
  %0 = moe.source file<"m", offset = 0, length = 32> : tensor<2x4xf32>
  %1 = tensor.extract_slice %0[%expert, 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<4xf32>
  moe.yield %1 : tensor<4xf32>
}
// Other bytes, another file, another slice, no expert.
// CHECK: moe.weight private @bytes
moe.weight private @bytes : tensor<2x4xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 32, length = 32> : tensor<2x4xf32>
  %one = tensor.extract_slice %all[%e, 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<4xf32>
  moe.yield %one : tensor<4xf32>
}
// CHECK: moe.weight private @file
moe.weight private @file : tensor<2x4xf32> {
^bb0(%e : index):
  %all = moe.source file<"n", offset = 0, length = 32> : tensor<2x4xf32>
  %one = tensor.extract_slice %all[%e, 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<4xf32>
  moe.yield %one : tensor<4xf32>
}
// CHECK: moe.weight private @slice
moe.weight private @slice : tensor<2x4xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 32> : tensor<4x2xf32>
  %part = tensor.extract_slice %all[0, %e] [4, 1] [1, 1] : tensor<4x2xf32> to tensor<4xf32>
  moe.yield %part : tensor<4xf32>
}
// CHECK: moe.weight private @whole
moe.weight private @whole : tensor<2x4xf32> {
  %all = moe.source file<"m", offset = 0, length = 32> : tensor<2x4xf32>
  moe.yield %all : tensor<2x4xf32>
}
// A public one may be asked for by its name.
// CHECK: moe.weight @named
moe.weight @named : tensor<2x4xf32> {
  %all = moe.source file<"m", offset = 0, length = 32> : tensor<2x4xf32>
  moe.yield %all : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @read(
// CHECK: moe.weight_value @first[%{{.*}}]
// CHECK: moe.experts
// CHECK-NEXT: experts 0 to 2 weights(@first : tensor<2x4xf32>)
func.func @read(%e : index, %ids : tensor<?x1xi32>, %x : tensor<?x4xf32>, %init : tensor<?x1x4xf32>) -> (tensor<4xf32>, tensor<?x1x4xf32>) {
  %0 = moe.weight_value @second[%e] : tensor<4xf32>
  %1 = moe.experts at(%ids : tensor<?x1xi32>) rows(%x : tensor<?x4xf32>) outs(%init : tensor<?x1x4xf32>)
    experts 0 to 2 weights(@second : tensor<2x4xf32>) {
  ^bb0(%i : index, %r : tensor<?x4xf32>, %w : tensor<4xf32>):
    moe.yield %r : tensor<?x4xf32>
  }
  return %0, %1 : tensor<4xf32>, tensor<?x1x4xf32>
}
