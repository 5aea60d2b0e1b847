// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-guard-access))' | FileCheck %s

#id = affine_map<(a, b) -> (a, b)>
#row = affine_map<(a, b) -> (a)>

// CHECK-LABEL: func.func private @gather(
// CHECK-SAME:    %[[X:[^:]*]]: memref<?x?xf32>
// CHECK:         ^bb0(%[[E:.*]]: i64, %{{.*}}: f32):
// CHECK:           %[[I:.*]] = arith.index_cast %[[E]]
// CHECK:           %[[J:.*]] = linalg.index 1
// CHECK:           %[[N:.*]] = memref.dim %[[X]], %c0
// CHECK:           %[[INSIDE:.*]] = arith.cmpi ult, %[[I]], %[[N]]
// CHECK:           cf.assert %[[INSIDE]], "index out of range"
// CHECK:           %[[V:.*]] = scf.if %[[INSIDE]] -> (f32) {
// CHECK:             memref.load %[[X]][%[[I]], %[[J]]]
// CHECK:           } else {
// CHECK:             arith.constant 0.0
// CHECK:           linalg.yield %[[V]]
func.func private @gather(%x: memref<?x?xf32>, %i: memref<?xi64>, %o: memref<?x?xf32>)
    attributes {moe.kernel, moe.outs = 1} {
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%i : memref<?xi64>) outs(%o : memref<?x?xf32>) {
  ^bb0(%e: i64, %b: f32):
    %p = arith.index_cast %e : i64 to index
    %j = linalg.index 1 : index
    %v = memref.load %x[%p, %j] : memref<?x?xf32>
    linalg.yield %v : f32
  }
  return
}

// An index read from memory inside is one from data, too.
// CHECK-LABEL: func.func private @indirect(
// CHECK:         memref.load
// CHECK:         cf.assert
// CHECK:         memref.load
func.func private @indirect(%x: memref<?xf32>, %i: memref<?xi64>, %o: memref<?xf32>)
    attributes {moe.kernel, moe.outs = 1} {
  linalg.generic {indexing_maps = [affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      outs(%o : memref<?xf32>) {
  ^bb0(%b: f32):
    %j = linalg.index 0 : index
    %e = memref.load %i[%j] : memref<?xi64>
    %p = arith.index_cast %e : i64 to index
    %v = memref.load %x[%p] : memref<?xf32>
    linalg.yield %v : f32
  }
  return
}

// Loops and what surrounds the operation are trusted.
// CHECK-LABEL: func.func private @shifted(
// CHECK-NOT:     cf.assert
// CHECK:         return
func.func private @shifted(%x: memref<?xf32>, %n: index, %o: memref<?xf32>)
    attributes {moe.kernel, moe.outs = 1} {
  linalg.generic {indexing_maps = [affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      outs(%o : memref<?xf32>) {
  ^bb0(%b: f32):
    %j = linalg.index 0 : index
    %k = arith.addi %j, %n : index
    %v = memref.load %x[%k] : memref<?xf32>
    linalg.yield %v : f32
  }
  return
}
