// RUN: moe-opt %s --moe-expand-experts | FileCheck %s

moe.weight @w : tensor<2x4xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// The body runs on the row of each filled slot, with its expert's weights.
// CHECK-LABEL: func.func @slots(
// CHECK-SAME: %[[IDS:.*]]: tensor<?x2xi32>, %[[X:.*]]: tensor<?x4xf32>, %[[Z:.*]]: tensor<?x2x4xf32>, %[[C:.*]]: tensor<4xf32>, %[[INIT:.*]]: tensor<?x2x4xf32>)
// CHECK: %[[EMPTY:.*]] = tensor.empty(%{{.*}}) : tensor<?x2x4xf32>
// CHECK: %[[Y:.*]] = moe.kernel ins(%[[IDS]], %[[X]], %[[Z]], %[[C]] : {{.*}}) outs(%[[EMPTY]] : tensor<?x2x4xf32>) {
// CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<?x2xi32>, %[[XK:.*]]: tensor<?x4xf32>, %[[ZK:.*]]: tensor<?x2x4xf32>, %[[CK:.*]]: tensor<4xf32>, %[[OUT:.*]]: tensor<?x2x4xf32>):
// CHECK: %[[W:.*]] = moe.weight_value @w : tensor<2x4xf32>
// CHECK: scf.forall (%[[R:.*]], %[[K:.*]]) in (%{{.*}}, 2) shared_outs(%[[O:.*]] = %[[OUT]])
// CHECK: %[[ID:.*]] = tensor.extract %[[I]][%[[R]], %[[K]]]
// CHECK: %[[E:.*]] = arith.index_cast %[[ID]]
// CHECK: %[[FILLED:.*]] = arith.cmpi ult, %[[E]], %c2
// CHECK: %[[ROW:.*]] = scf.if %[[FILLED]] -> (tensor<1x4xf32>) {
// CHECK: tensor.extract_slice %[[XK]][%[[R]], 0] [1, 4] [1, 1] : tensor<?x4xf32> to tensor<1x4xf32>
// CHECK: tensor.extract_slice %[[ZK]][%[[R]], %[[K]], 0] [1, 1, 4] [1, 1, 1] : tensor<?x2x4xf32> to tensor<1x4xf32>
// CHECK: tensor.extract_slice %[[W]][%[[E]], 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<4xf32>
// CHECK: linalg.generic
// CHECK: } else {
// CHECK: linalg.fill
// CHECK: tensor.parallel_insert_slice %[[ROW]] into %[[O]][%[[R]], %[[K]], 0] [1, 1, 4] [1, 1, 1]
// CHECK-NOT: moe.experts
// CHECK: return %[[Y]]
func.func @slots(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %z : tensor<?x2x4xf32>, %c : tensor<4xf32>, %init : tensor<?x2x4xf32>) -> tensor<?x2x4xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x4xf32>) slots(%z : tensor<?x2x4xf32>) context(%c : tensor<4xf32>) outs(%init : tensor<?x2x4xf32>)
  experts 0 to 2 weights(@w : tensor<2x4xf32>) {
  ^bb0(%e : index, %xe : tensor<?x4xf32>, %ze : tensor<?x4xf32>, %ce : tensor<4xf32>, %wt : tensor<4xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x4xf32>
    %e0 = tensor.empty(%n) : tensor<?x4xf32>
    %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%xe, %ze, %ce, %wt : tensor<?x4xf32>, tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e0 : tensor<?x4xf32>) {
    ^bb0(%a : f32, %b : f32, %d : f32, %g : f32, %o : f32):
      %t = math.fma %a, %b, %d : f32
      %u = arith.mulf %t, %g : f32
      linalg.yield %u : f32
    } -> tensor<?x4xf32>
    moe.yield %r : tensor<?x4xf32>
  }
  return %y : tensor<?x2x4xf32>
}
