// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-lower-group),canonicalize,cse)' | FileCheck %s

// Clear, count, sum up, place, shift back.
// CHECK-LABEL: func.func private @group(
// CHECK-SAME:    %[[IDS:[^:]*]]: memref<?x8xi32>, %[[O:[^:]*]]: memref<65xi32>, %[[S:[^:]*]]: memref<?xi32>, %[[P:[^:]*]]: memref<?x8xi32>)
// CHECK-DAG:     %[[FLAT:.*]] = memref.collapse_shape %[[IDS]]
// CHECK-DAG:     %[[PLACES:.*]] = memref.collapse_shape %[[P]]
// CHECK:         scf.for
// CHECK:           memref.store %c0_i32, %[[O]]
// CHECK:         scf.for %[[SLOT:.*]] =
// CHECK:           memref.load %[[FLAT]][%[[SLOT]]]
// CHECK:           %[[FILLED:.*]] = arith.cmpi ult, %{{.*}}, %c64
// CHECK:           scf.if %[[FILLED]]
// CHECK:         scf.for {{.*}} iter_args
// CHECK:         scf.for %[[SLOT:.*]] =
// CHECK:           memref.store %{{.*}}, %[[S]]
// CHECK:           memref.store %{{.*}}, %[[PLACES]][%[[SLOT]]]
// CHECK:           memref.store %c-1_i32, %[[PLACES]][%[[SLOT]]]
// CHECK:         scf.for
// CHECK:         memref.store %c0_i32, %[[O]][%c0]
// CHECK-NOT:     moe.
// CHECK:         return
func.func private @group(%ids: memref<?x8xi32>, %o: memref<65xi32>, %s: memref<?xi32>, %p: memref<?x8xi32>)
    attributes {moe.kernel, moe.outs = 3} {
  moe.group %ids : memref<?x8xi32> outs(%o, %s, %p : memref<65xi32>, memref<?xi32>, memref<?x8xi32>)
  return
}

// CHECK-LABEL: func.func private @on_tensors(
// CHECK-NEXT:    moe.group
func.func private @on_tensors(%ids: tensor<?x8xi32>, %o: tensor<65xi32>, %s: tensor<?xi32>, %p: tensor<?x8xi32>)
    -> (tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>) attributes {moe.kernel, moe.outs = 3} {
  %0, %1, %2 = moe.group %ids : tensor<?x8xi32> outs(%o, %s, %p : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>)
  return %0, %1, %2 : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>
}
