// RUN: moe-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --drop-equivalent-buffer-results --canonicalize \
// RUN: | FileCheck %s --implicit-check-not=memref.alloc --implicit-check-not=memref.copy

// Results land in the destinations: nothing is allocated or copied but where
// a line says so.

// CHECK-LABEL: @top_k(
// CHECK-SAME: %[[S:.*]]: memref<?x64xf32>, %[[K:.*]]: index, %[[O:.*]]: memref<?x8xi32>)
// CHECK: moe.top_k %[[S]] : memref<?x64xf32> limit(%[[K]]) outs(%[[O]] : memref<?x8xi32>)
func.func @top_k(%s : tensor<?x64xf32>, %k : index, %o : tensor<?x8xi32>) -> tensor<?x8xi32> {
  %0 = moe.top_k %s : tensor<?x64xf32> limit(%k) outs(%o : tensor<?x8xi32>)
  return %0 : tensor<?x8xi32>
}

// CHECK-LABEL: @take(
// CHECK-SAME: %[[T:.*]]: memref<?x64xf32>, %[[I:.*]]: memref<?x8xi32>, %[[O:.*]]: memref<?x8xf32>)
// CHECK: moe.take %[[T]] at %[[I]] : memref<?x64xf32>, memref<?x8xi32> outs(%[[O]] : memref<?x8xf32>)
func.func @take(%t : tensor<?x64xf32>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = moe.take %t at %ids : tensor<?x64xf32>, tensor<?x8xi32> outs(%o : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @normalize(
// CHECK-SAME: %[[W:.*]]: memref<?x8xf32>, %[[I:.*]]: memref<?x8xi32>, %[[O:.*]]: memref<?x8xf32>)
// CHECK: moe.normalize softmax %[[W]] over %[[I]] : memref<?x8xf32>, memref<?x8xi32> outs(%[[O]] : memref<?x8xf32>)
func.func @normalize(%w : tensor<?x8xf32>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = moe.normalize softmax %w over %ids : tensor<?x8xf32>, tensor<?x8xi32> outs(%o : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @combine(
// CHECK-SAME: %[[Y:.*]]: memref<?x64xf32>, %[[P:.*]]: memref<?x8xi32>, %[[W:.*]]: memref<?x8xf32>, %[[O:.*]]: memref<?x64xf32>)
// CHECK: moe.combine %[[Y]] : memref<?x64xf32> from(%[[P]] : memref<?x8xi32>) with(%[[W]] : memref<?x8xf32>) outs(%[[O]] : memref<?x64xf32>)
func.func @combine(%y : tensor<?x64xf32>, %p : tensor<?x8xi32>, %w : tensor<?x8xf32>, %o : tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = moe.combine %y : tensor<?x64xf32> from(%p : tensor<?x8xi32>) with(%w : tensor<?x8xf32>) outs(%o : tensor<?x64xf32>)
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: @group(
// CHECK-SAME: %[[I:.*]]: memref<?x8xi32>, %[[O:.*]]: memref<65xi32>, %[[S:.*]]: memref<?xi32>, %[[P:.*]]: memref<?x8xi32>)
// CHECK: moe.group %[[I]] : memref<?x8xi32> outs(%[[O]], %[[S]], %[[P]] : memref<65xi32>, memref<?xi32>, memref<?x8xi32>)
func.func @group(%ids : tensor<?x8xi32>, %o : tensor<65xi32>, %s : tensor<?xi32>, %p : tensor<?x8xi32>) -> (tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>) {
  %0:3 = moe.group %ids : tensor<?x8xi32> outs(%o, %s, %p : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>)
  return %0#0, %0#1, %0#2 : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>
}

// CHECK-LABEL: @panel_matmul(
// CHECK-SAME: %[[X:.*]]: memref<?x64xf32>, %[[S:.*]]: memref<?xi32>, %[[G:.*]]: memref<9xi32>, %[[W:.*]]: memref<8x8x64x32xf32>, %[[B:.*]]: memref<8x128xf32>, %[[O:.*]]: memref<?x128xf32>)
// CHECK: moe.panel_matmul 2 rows(%[[X]] : memref<?x64xf32>) by(%[[S]] : memref<?xi32>) div 8 groups(%[[G]] : memref<9xi32>)
// CHECK-SAME: panels(%[[W]] : memref<8x8x64x32xf32>) vectors(%[[B]] : memref<8x128xf32>) outs(%[[O]] : memref<?x128xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: moe.yield %{{.*}} : f32
func.func @panel_matmul(%x : tensor<?x64xf32>, %source : tensor<?xi32>, %offsets : tensor<9xi32>, %w : tensor<8x8x64x32xf32>, %b : tensor<8x128xf32>, %o : tensor<?x128xf32>) -> tensor<?x128xf32> {
  %0 = moe.panel_matmul 2 rows(%x : tensor<?x64xf32>) by(%source : tensor<?xi32>) div 8 groups(%offsets : tensor<9xi32>)
    panels(%w : tensor<8x8x64x32xf32>) vectors(%b : tensor<8x128xf32>) outs(%o : tensor<?x128xf32>) {
  ^bb0(%g : f32, %u : f32, %v : f32):
    %m = arith.mulf %g, %u : f32
    moe.yield %m : f32
  }
  return %0 : tensor<?x128xf32>
}

// What reads and writes one buffer stays apart unless it can't.
// CHECK-LABEL: @normalize_in_place(
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: moe.normalize sum %[[W:.*]] over %{{.*}} outs(%[[A]] : memref<?x8xf32>)
func.func @normalize_in_place(%w : tensor<?x8xf32>, %ids : tensor<?x8xi32>) -> tensor<?x8xf32> {
  %0 = moe.normalize sum %w over %ids : tensor<?x8xf32>, tensor<?x8xi32> outs(%w : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}
