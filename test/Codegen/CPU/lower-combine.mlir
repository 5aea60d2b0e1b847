// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-lower-combine),canonicalize,cse)' | FileCheck %s

// Blocks of 64, then of 16, then single elements; each keeps its sums over the
// slots.
// CHECK-LABEL: func.func private @gather(
// CHECK-SAME:    %[[Y:[^:]*]]: memref<?x100xf16>, %[[P:[^:]*]]: memref<?x8xi32>, %[[W:[^:]*]]: memref<?x8xf32>, %[[OUT:[^:]*]]: memref<?x100xf16>)
// CHECK-DAG:     %[[YS:.*]] = memref.collapse_shape %[[Y]]
// CHECK-DAG:     %[[OUTS:.*]] = memref.collapse_shape %[[OUT]]
// CHECK:         scf.forall
// CHECK:           scf.for %[[ROW:.*]] =
// CHECK:               scf.for %[[K:[a-z0-9]*]] = {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK:                 memref.load %[[P]][%[[ROW]], %[[K]]]
// CHECK:                 scf.if
// CHECK:                   vector.load %[[YS]]
// CHECK:                   arith.extf
// CHECK:                   math.fma
// CHECK-COUNT-4:       vector.store %{{.*}}, %[[OUTS]]
// CHECK:             scf.for %[[J:.*]] = %c64 to %c96 step %c16
// CHECK:               scf.for {{.*}} -> (vector<16xf32>)
// CHECK:             scf.for %[[J:.*]] = %c96 to %c100 step %c1
// CHECK:               scf.for {{.*}} -> (f32)
// CHECK-NOT:     moe.
// CHECK:         return
func.func private @gather(%y: memref<?x100xf16>, %p: memref<?x8xi32>, %w: memref<?x8xf32>, %o: memref<?x100xf16>)
    attributes {moe.kernel, moe.outs = 1} {
  moe.combine %y : memref<?x100xf16> from(%p : memref<?x8xi32>) with(%w : memref<?x8xf32>) outs(%o : memref<?x100xf16>)
  return
}

// Without weights it adds.
// CHECK-LABEL: func.func private @sum(
// CHECK-NOT:     math.fma
// CHECK:         arith.addf %{{.*}} : vector<8xf64>
func.func private @sum(%y: memref<?x8x64xf64>, %i: memref<?x8xi32>, %o: memref<?x64xf64>)
    attributes {moe.kernel, moe.outs = 1} {
  moe.combine %y : memref<?x8x64xf64> at(%i : memref<?x8xi32>) outs(%o : memref<?x64xf64>)
  return
}

// CHECK-LABEL: func.func private @on_tensors(
// CHECK-NEXT:    moe.combine
func.func private @on_tensors(%y: tensor<?x8x64xf32>, %i: tensor<?x8xi32>, %o: tensor<?x64xf32>) -> tensor<?x64xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = moe.combine %y : tensor<?x8x64xf32> at(%i : tensor<?x8xi32>) outs(%o : tensor<?x64xf32>)
  return %0 : tensor<?x64xf32>
}
