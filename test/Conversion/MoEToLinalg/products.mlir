// RUN: moe-opt %s --convert-moe-to-linalg | FileCheck %s --implicit-check-not=moe.

// The numbers are checked by test/Integration/CPU/experts.mlir.

moe.weight private @up : tensor<8x64x128xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<64x128xf32>
  moe.yield %0 : tensor<64x128xf32>
}

// CHECK-LABEL: @grouped_matmul(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf16>, %[[S:.*]]: tensor<?xi32>, %[[G:.*]]: tensor<9xi32>,
// CHECK: scf.for
// CHECK: tensor.extract %[[G]]
// CHECK: tensor.extract %[[G]]
// CHECK: arith.divui
// Chains of 256 steps from +0, added to a total from -0.
// CHECK: arith.ceildivui
// CHECK: %[[NONE:.*]] = arith.constant -0.000000e+00 : f32
// CHECK: %[[RESULT:.*]] = scf.for %{{.*}} iter_args(%[[TOTAL:.*]] = %[[NONE]]) -> (f32)
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[CHAIN:.*]] = scf.for %{{.*}} iter_args(%[[SUM:.*]] = %[[ZERO]]) -> (f32)
// CHECK: %[[F:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK: math.fma %[[F]], %{{.*}}, %[[SUM]] : f32
// CHECK: arith.addf %[[TOTAL]], %[[CHAIN]] : f32
// CHECK: arith.negf %[[RESULT]]
func.func @grouped_matmul(%x : tensor<?x64xf16>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x128xf32>) -> tensor<?x128xf32> {
  %0 = moe.grouped_matmul rows(%x : tensor<?x64xf16>) by(%s : tensor<?xi32>) div 8 groups(%g : tensor<9xi32>)
    weights(@up : tensor<8x64x128xf32>) outs(%o : tensor<?x128xf32>) {
  ^bb0(%a : f32):
    %n = arith.negf %a : f32
    moe.yield %n : f32
  }
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: @dense(
// CHECK: arith.divui
// CHECK: arith.remui
// CHECK: math.fma
func.func @dense(%x : tensor<?x64xf32>, %w : tensor<1x4x64x32xf32>, %o : tensor<?x128xf32>) -> tensor<?x128xf32> {
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x64xf32>) panels(%w : tensor<1x4x64x32xf32>) outs(%o : tensor<?x128xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: @kernel(
func.func @kernel(%x : tensor<?x64xf32>, %o : tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = moe.kernel ins(%x : tensor<?x64xf32>) outs(%o : tensor<?x64xf32>) {
  ^bb0(%a : tensor<?x64xf32>, %b : tensor<?x64xf32>):
    // CHECK: linalg.exp
    %1 = linalg.exp ins(%a : tensor<?x64xf32>) outs(%b : tensor<?x64xf32>) -> tensor<?x64xf32>
    moe.yield %1 : tensor<?x64xf32>
  }
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: @host(
// CHECK-NEXT: return
moe.pool @pool {experts = 8 : i64, stride = 8192 : i64}
func.func @host(%ids : tensor<?x2xi32>, %offsets : tensor<9xi32>) {
  moe.pin @pool %ids : tensor<?x2xi32>
  moe.count_experts %offsets : tensor<9xi32>
  moe.unpin @pool
  return
}
