// RUN: moe-opt %s --inline | FileCheck %s

func.func private @route(%s : tensor<?x64xf32>, %o : tensor<?x8xi32>) -> tensor<?x8xi32> {
  %0 = moe.top_k %s : tensor<?x64xf32> outs(%o : tensor<?x8xi32>)
  return %0 : tensor<?x8xi32>
}
func.func private @twice(%x : tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = linalg.add ins(%x, %x : tensor<?x4xf32>, tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// Ops go where their function is called, and functions into bodies of experts.
// CHECK-LABEL: @layer(
// CHECK-NOT: call
// CHECK: %[[IDS:.*]] = moe.top_k
// CHECK: moe.experts at(%[[IDS]]
// CHECK: %[[Y:.*]] = linalg.add
// CHECK-NEXT: moe.yield %[[Y]]
func.func @layer(%s : tensor<?x64xf32>, %x : tensor<?x4xf32>, %i : tensor<?x8xi32>, %o : tensor<?x8x4xf32>) -> tensor<?x8x4xf32> {
  %ids = call @route(%s, %i) : (tensor<?x64xf32>, tensor<?x8xi32>) -> tensor<?x8xi32>
  %y = moe.experts at(%ids : tensor<?x8xi32>) rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x8x4xf32>)
  experts 0 to 64 {
  ^bb0(%e : index, %xe : tensor<?x4xf32>):
    %0 = func.call @twice(%xe) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    moe.yield %0 : tensor<?x4xf32>
  }
  return %y : tensor<?x8x4xf32>
}
