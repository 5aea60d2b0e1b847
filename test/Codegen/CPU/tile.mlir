// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-tile),canonicalize,cse)' | FileCheck %s
// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-tile{elements=128 reduction-elements=256}),canonicalize,cse)' | FileCheck %s --check-prefix=SMALL

// Rows are cut so that an item holds some thousand elements.
// CHECK-LABEL: func.func private @rows(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x64xf32>, %[[Y:[^:]*]]: tensor<?x64xf32>, %[[OUT:[^:]*]]: tensor<?x64xf32>)
// CHECK:         %[[N:.*]] = tensor.dim %[[X]]
// CHECK:         %[[R:.*]] = scf.forall (%[[I:.*]]) = (0) to (%[[N]]) step (128) shared_outs(%[[O:.*]] = %[[OUT]])
// CHECK:           %[[M:.*]] = affine.min #{{.*}}(%[[I]])[%[[N]]]
// CHECK:           %[[XS:.*]] = tensor.extract_slice %[[X]][%[[I]], 0] [%[[M]], 64] [1, 1]
// CHECK:           %[[YS:.*]] = tensor.extract_slice %[[Y]][%[[I]], 0] [%[[M]], 64] [1, 1]
// CHECK:           %[[OS:.*]] = tensor.extract_slice %[[O]][%[[I]], 0] [%[[M]], 64] [1, 1]
// CHECK:           %[[V:.*]] = linalg.add ins(%[[XS]], %[[YS]] {{.*}}) outs(%[[OS]]
// CHECK:           tensor.parallel_insert_slice %[[V]] into %[[O]][%[[I]], 0] [%[[M]], 64] [1, 1]
// CHECK:         return %[[R]]
func.func private @rows(%x: tensor<?x64xf32>, %y: tensor<?x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.add ins(%x, %y : tensor<?x64xf32>, tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// The sum is computed with the rows that need it, and nowhere else.
// CHECK-LABEL: func.func private @fused(
// CHECK-NOT:     linalg.
// CHECK:         scf.forall {{.*}} step (64)
// CHECK:           %[[F:.*]] = linalg.fill
// CHECK:           %[[S:.*]] = linalg.reduce {{.*}} outs(%[[F]]
// CHECK:           linalg.generic {{.*}} ins(%{{.*}}, %[[S]] :
// CHECK-NOT:     linalg.{{reduce|fill|generic}}
// CHECK:         return
func.func private @fused(%x: tensor<?x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %r = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty(%r) : tensor<?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<?x64xf32>) outs(%f : tensor<?xf32>) dimensions = [1]
  %0 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %s : tensor<?x64xf32>, tensor<?xf32>) outs(%out : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %v = arith.divf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// A producer that is a result, too, comes out of the same loop.
// CHECK-LABEL: func.func private @kept(
// CHECK-SAME:    %[[M:[^:]*]]: tensor<?xf32>, %[[OUT:[^:]*]]: tensor<?x64xf32>)
// CHECK:         %[[R:.*]]:2 = scf.forall {{.*}} shared_outs(%[[O:.*]] = %[[OUT]], %[[P:.*]] = %[[M]])
// CHECK:           %[[S:.*]] = linalg.reduce
// CHECK:           %[[V:.*]] = linalg.broadcast ins(%[[S]]
// CHECK:           tensor.parallel_insert_slice %[[V]] into %[[O]]
// CHECK:           tensor.parallel_insert_slice %[[S]] into %[[P]]
// CHECK-NOT:     linalg.
// CHECK:         bufferization.materialize_in_destination %[[R]]#1 in %[[M]]
func.func private @kept(%x: tensor<?x64xf32>, %m: tensor<?xf32>, %out: tensor<?x64xf32>) -> (tensor<?xf32>, tensor<?x64xf32>)
    attributes {moe.kernel, moe.outs = 2} {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%m : tensor<?xf32>) -> tensor<?xf32>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<?x64xf32>) outs(%f : tensor<?xf32>) dimensions = [1]
  %0 = linalg.broadcast ins(%s : tensor<?xf32>) outs(%out : tensor<?x64xf32>) dimensions = [1]
  %1 = bufferization.materialize_in_destination %s in %m : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %1, %0 : tensor<?xf32>, tensor<?x64xf32>
}

// Not if tiles along another dimension would each write it.
// CHECK-LABEL: func.func private @kept_by_many(
// CHECK:         scf.forall
// CHECK:           linalg.generic
// CHECK:           tensor.parallel_insert_slice
// CHECK-NOT:     tensor.parallel_insert_slice
// CHECK:         scf.forall
// CHECK:           tensor.parallel_insert_slice
// CHECK-NOT:       tensor.parallel_insert_slice
func.func private @kept_by_many(%x: tensor<?x64xf32>, %m: tensor<?xf32>, %out: tensor<?x65536xf32>) -> (tensor<?xf32>, tensor<?x65536xf32>)
    attributes {moe.kernel, moe.outs = 2} {
  %s = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%m : tensor<?xf32>) {
  ^bb0(%o: f32):
    %e = math.exp %o : f32
    linalg.yield %e : f32
  } -> tensor<?xf32>
  %0 = linalg.broadcast ins(%s : tensor<?xf32>) outs(%out : tensor<?x65536xf32>) dimensions = [1]
  %1 = bufferization.materialize_in_destination %s in %m : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %1, %0 : tensor<?xf32>, tensor<?x65536xf32>
}

// CHECK-LABEL: func.func private @transpose(
// CHECK:         scf.forall {{.*}} step (64, 16)
func.func private @transpose(%x: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.transpose ins(%x : tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) permutation = [1, 0]
  return %0 : tensor<?x?xf32>
}

// What fits one item stays as it is.
// CHECK-LABEL: func.func private @small(
// CHECK-NEXT:    linalg.exp
// CHECK-NEXT:    return
func.func private @small(%x: tensor<4x8xf32>, %out: tensor<4x8xf32>) -> tensor<4x8xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.exp ins(%x : tensor<4x8xf32>) outs(%out : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// So does what has nothing to cut along.
// CHECK-LABEL: func.func private @whole(
// CHECK-NEXT:    linalg.reduce
// CHECK-NEXT:    return
func.func private @whole(%x: tensor<?xf32>, %out: tensor<f32>) -> tensor<f32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.reduce { arith.addf } ins(%x : tensor<?xf32>) outs(%out : tensor<f32>) dimensions = [0]
  return %0 : tensor<f32>
}

// CHECK-LABEL: func.func private @no_kernel(
// CHECK-NEXT:    linalg.exp
// CHECK-NEXT:    return
func.func private @no_kernel(%x: tensor<?x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = linalg.exp ins(%x : tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// SMALL-LABEL: func.func private @rows(
// SMALL:         scf.forall {{.*}} step (2)
// SMALL-LABEL: func.func private @fused(
// SMALL:         scf.forall {{.*}} step (4)
