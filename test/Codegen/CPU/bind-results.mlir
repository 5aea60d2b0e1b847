// RUN: moe-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(moe-bind-results))' | FileCheck %s

// CHECK-LABEL: func.func private @computed(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?xf32> {bufferization.writable = false},
// CHECK-SAME:    %[[OUT:[^:]*]]: tensor<?xf32> {bufferization.writable = true})
// CHECK:         %[[R:.*]] = linalg.exp
// CHECK:         %[[B:.*]] = bufferization.materialize_in_destination %[[R]] in %[[OUT]]
// CHECK:         return %[[B]]
func.func private @computed(%x: tensor<?xf32>, %out: tensor<?xf32>) -> tensor<?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %0 = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func private @forwarded(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?xf32> {bufferization.writable = false},
// CHECK-SAME:    %[[OUT:[^:]*]]: tensor<?xf32> {bufferization.writable = true})
// CHECK:         %[[R:.*]] = linalg.copy ins(%[[X]] : tensor<?xf32>) outs(%[[OUT]] : tensor<?xf32>)
// CHECK:         return %[[R]]
func.func private @forwarded(%x: tensor<?xf32>, %out: tensor<?xf32>) -> tensor<?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  return %x : tensor<?xf32>
}

// -----

// A value that is two results is written once and copied.
// CHECK-LABEL: func.func private @twice(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32>
// CHECK-SAME:    %[[A:[^:]*]]: tensor<4xf32> {bufferization.writable = true},
// CHECK-SAME:    %[[B:[^:]*]]: tensor<4xf32> {bufferization.writable = true})
// CHECK:         %[[R:.*]] = linalg.exp
// CHECK:         %[[FIRST:.*]] = bufferization.materialize_in_destination %[[R]] in %[[A]]
// CHECK:         %[[SECOND:.*]] = linalg.copy ins(%[[FIRST]] : tensor<4xf32>) outs(%[[B]] : tensor<4xf32>)
// CHECK:         return %[[FIRST]], %[[SECOND]]
func.func private @twice(%x: tensor<4xf32>, %a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    attributes {moe.kernel, moe.outs = 2} {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %0, %0 : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func private @bound(
// CHECK-NOT:     materialize
// CHECK-NOT:     copy
// CHECK:         return
func.func private @bound(%x: tensor<4xf32>, %out: tensor<4xf32>) -> tensor<4xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = scf.forall (%i) in (4) shared_outs(%o = %out) -> (tensor<4xf32>) {
    %e = tensor.extract_slice %x[%i] [1] [1] : tensor<4xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %e into %o[%i] [1] [1] : tensor<1xf32> into tensor<4xf32>
    }
  }
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func private @no_kernel(
// CHECK-NEXT:    return %{{.*}} : tensor<4xf32>
func.func private @no_kernel(%x: tensor<4xf32>, %out: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func private @on_memrefs(
// CHECK-NEXT:    return
func.func private @on_memrefs(%x: memref<4xf32>) attributes {moe.kernel, moe.outs = 1} {
  return
}
