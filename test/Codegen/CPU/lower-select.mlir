// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-lower-select),canonicalize,cse)' | FileCheck %s

// Neighbours on the same ids share a loop over rows, which is a phase.
// CHECK-LABEL: func.func private @route(
// CHECK-SAME:    %[[S:[^:]*]]: memref<?x64xf32>, %[[IDS:[^:]*]]: memref<?x8xi32>, %[[W:[^:]*]]: memref<?x8xf32>)
// CHECK:         %[[ROWS:.*]] = memref.dim %[[IDS]], %c0
// CHECK:         scf.forall (%[[I:.*]]) = (0) to (%[[ROWS]]) step (16)
// CHECK:           scf.for %[[ROW:.*]] = %[[I]] to
// CHECK:             scf.for %[[E:.*]] = {{.*}} iter_args(%[[COUNT:.*]] = %c0, %[[WORST:.*]] = %{{.*}}) -> (index, i32)
// CHECK:               memref.load %[[S]][%[[ROW]], %[[E]]]
// CHECK:               arith.cmpi slt, %[[COUNT]]
// CHECK:               arith.cmpi sgt, %{{.*}}, %[[WORST]]
// CHECK:               scf.while
// CHECK:               memref.store %{{.*}}, %[[IDS]]
// CHECK:             scf.for %[[K:.*]] =
// CHECK:               memref.load %[[S]]
// CHECK:               memref.store %{{.*}}, %[[W]][%[[ROW]], %[[K]]]
// CHECK:             arith.divf
// CHECK-NOT:     scf.forall
// CHECK-NOT:     moe.
// CHECK:         return
func.func private @route(%s: memref<?x64xf32>, %ids: memref<?x8xi32>, %w: memref<?x8xf32>)
    attributes {moe.kernel, moe.outs = 2} {
  moe.top_k %s : memref<?x64xf32> outs(%ids : memref<?x8xi32>)
  moe.take %s at %ids : memref<?x64xf32>, memref<?x8xi32> outs(%w : memref<?x8xf32>)
  moe.normalize sum %w over %ids : memref<?x8xf32>, memref<?x8xi32> outs(%w : memref<?x8xf32>)
  return
}

// Other ids, another loop.
// CHECK-LABEL: func.func private @apart(
// CHECK-COUNT-2: scf.forall
func.func private @apart(%t: memref<64xf32>, %a: memref<?x8xi32>, %b: memref<?x8xi32>, %x: memref<?x8xf32>, %y: memref<?x8xf32>)
    attributes {moe.kernel, moe.outs = 2} {
  moe.take %t at %a : memref<64xf32>, memref<?x8xi32> outs(%x : memref<?x8xf32>)
  moe.take %t at %b : memref<64xf32>, memref<?x8xi32> outs(%y : memref<?x8xf32>)
  return
}

// Outside of kernels the rows are a plain loop.
// CHECK-LABEL: func.func @no_kernel(
// CHECK-NOT:     scf.forall
// CHECK:         scf.for
// CHECK:         math.exp
func.func @no_kernel(%w: memref<?x8xf32>, %ids: memref<?x8xi32>, %o: memref<?x8xf32>) {
  moe.normalize softmax %w over %ids : memref<?x8xf32>, memref<?x8xi32> outs(%o : memref<?x8xf32>)
  return
}

// CHECK-LABEL: func.func private @on_tensors(
// CHECK-NEXT:    moe.top_k
func.func private @on_tensors(%s: tensor<?x64xf32>, %ids: tensor<?x8xi32>) -> tensor<?x8xi32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = moe.top_k %s : tensor<?x64xf32> outs(%ids : tensor<?x8xi32>)
  return %0 : tensor<?x8xi32>
}

// An op inside of another's region runs when that region does, and no other.
// CHECK-LABEL: func.func @in_a_branch(
// CHECK:         scf.for
// CHECK:         scf.if %{{[^>]*}} {
// CHECK-NEXT:      scf.for
func.func @in_a_branch(%c: i1, %t: memref<64xf32>, %u: memref<64xf32>, %ids: memref<?x8xi32>, %x: memref<?x8xf32>, %y: memref<?x8xf32>) {
  moe.take %t at %ids : memref<64xf32>, memref<?x8xi32> outs(%x : memref<?x8xf32>)
  scf.if %c {
    moe.take %u at %ids : memref<64xf32>, memref<?x8xi32> outs(%y : memref<?x8xf32>)
  }
  return
}
