// RUN: moe-opt %s --convert-moe-to-linalg | FileCheck %s --implicit-check-not=moe. --check-prefixes=CHECK,INLINE
// RUN: moe-opt %s --convert-moe-to-linalg="keep-weights" | FileCheck %s --check-prefixes=CHECK,KEEP

// The numbers are checked by test/Integration/CPU/experts.mlir.

// KEEP: moe.weight private @gate
moe.weight private @gate : tensor<8x64x128xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.5> : tensor<64x128xf32>
  moe.yield %0 : tensor<64x128xf32>
}
// KEEP: moe.weight private @ragged
moe.weight private @ragged : tensor<2x?xf32> {
^bb0(%e : index):
  %v = arith.constant 1.0 : f32
  %0 = tensor.splat %v[%e] : tensor<?xf32>
  moe.yield %0 : tensor<?xf32>
}

// The body becomes part of a loop over the experts, and of a test whether there
// are rows at all.
// CHECK-LABEL: @experts(
// CHECK: scf.for %[[E:[a-z0-9_]+]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args
// CHECK: %[[SOME:.*]] = arith.cmpi ne
// CHECK: scf.if %[[SOME]]
// CHECK: %[[PART:.*]] = arith.subi %[[E]]
// INLINE: arith.constant dense<5.000000e-01> : tensor<64x128xf32>
// KEEP: %[[ALL:.*]] = moe.weight_value @gate : tensor<8x64x128xf32>
// KEEP: tensor.extract_slice %[[ALL]][%[[PART]], 0, 0] [1, 64, 128] [1, 1, 1]
// CHECK: linalg.matmul
// CHECK: scf.for
// CHECK: %[[PART2:.*]] = arith.subi
// INLINE: tensor.splat %{{.*}}[%[[PART2]]] : tensor<?xf32>
// KEEP: moe.weight_value @ragged[%[[PART2]]] : tensor<?xf32>
func.func @experts(%ids : tensor<?x2xi32>, %x : tensor<?x64xf32>, %o : tensor<?x2x128xf32>) -> tensor<?x2x128xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x64xf32>) outs(%o : tensor<?x2x128xf32>)
  experts 0 to 8 weights(@gate : tensor<8x64x128xf32>) {
  ^bb0(%e : index, %xe : tensor<?x64xf32>, %w : tensor<64x128xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x64xf32>
    %empty = tensor.empty(%n) : tensor<?x128xf32>
    %h = linalg.matmul ins(%xe, %w : tensor<?x64xf32>, tensor<64x128xf32>) outs(%empty : tensor<?x128xf32>) -> tensor<?x128xf32>
    moe.yield %h : tensor<?x128xf32>
  }, experts 8 to 10 weights(@ragged : tensor<2x?xf32>) {
  ^bb0(%e : index, %xe : tensor<?x64xf32>, %w : tensor<?xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x64xf32>
    %m = tensor.dim %w, %c0 : tensor<?xf32>
    %i = arith.index_cast %m : index to i32
    %f = arith.sitofp %i : i32 to f32
    %h = tensor.splat %f[%n] : tensor<?x128xf32>
    moe.yield %h : tensor<?x128xf32>
  }
  return %y : tensor<?x2x128xf32>
}

// A body may hold moe ops itself: a router within an expert.
// CHECK-LABEL: @nested(
func.func @nested(%ids : tensor<?x1xi32>, %x : tensor<?x4xf32>, %o : tensor<?x1x2xi32>) -> tensor<?x1x2xi32> {
  %y = moe.experts at(%ids : tensor<?x1xi32>) rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x1x2xi32>)
  experts 0 to 2 {
  ^bb0(%e : index, %xe : tensor<?x4xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x4xf32>
    %empty = tensor.empty(%n) : tensor<?x2xi32>
    %inner = moe.top_k %xe : tensor<?x4xf32> outs(%empty : tensor<?x2xi32>)
    moe.yield %inner : tensor<?x2xi32>
  }
  return %y : tensor<?x1x2xi32>
}
