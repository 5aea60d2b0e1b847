// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-fixed-reductions),canonicalize,cse)' | FileCheck %s

#id = affine_map<(a, b) -> (a, b)>
#row = affine_map<(a, b) -> (a)>
#column = affine_map<(a, b) -> (b)>

// Sixteen lanes, no tail, a tree; the first value of the accumulator is last.
// CHECK-LABEL: func.func @static(
// CHECK-SAME:    %[[X:[^:]*]]: memref<?x64xf32>, %[[S:[^:]*]]: memref<?xf32>)
// CHECK:         %[[ZERO:.*]] = arith.constant dense<-0.000000e+00> : vector<16xf32>
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           %[[LANES:.*]] = scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[A:.*]] = %[[ZERO]])
// CHECK:             %[[V:.*]] = vector.load %[[X]][%[[I]], %[[J]]] : memref<?x64xf32>, vector<16xf32>
// CHECK:             %[[SQUARE:.*]] = arith.mulf %[[V]], %[[V]] : vector<16xf32>
// CHECK:             arith.addf %[[A]], %[[SQUARE]] : vector<16xf32>
// CHECK-NOT:       scf.if
// CHECK:           vector.extract_strided_slice %[[LANES]] {offsets = [0], sizes = [8]
// CHECK:           vector.extract_strided_slice %[[LANES]] {offsets = [8], sizes = [8]
// CHECK:           arith.addf %{{.*}} : vector<8xf32>
// CHECK:           arith.addf %{{.*}} : vector<4xf32>
// CHECK:           arith.addf %{{.*}} : vector<2xf32>
// CHECK:           %[[SUM:.*]] = vector.extract %{{.*}}[0] : f32
// CHECK:           %[[FIRST:.*]] = memref.load %[[S]][%[[I]]]
// CHECK:           %[[ALL:.*]] = arith.addf %[[FIRST]], %[[SUM]] : f32
// CHECK:           memref.store %[[ALL]], %[[S]][%[[I]]]
func.func @static(%x: memref<?x64xf32>, %s: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x64xf32>) outs(%s : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %q = arith.mulf %a, %a : f32
    %v = arith.addf %q, %b : f32
    linalg.yield %v : f32
  }
  return
}

// A tail under a mask, whose other lanes are neutral.
// CHECK-LABEL: func.func @tail(
// CHECK:         %[[LOW:.*]] = arith.constant dense<0xFF800000> : vector<16xf32>
// CHECK:         scf.for
// CHECK:           vector.load
// CHECK:           arith.maximumf
// CHECK:         scf.if
// CHECK:           %[[MASK:.*]] = vector.create_mask
// CHECK:           %[[V:.*]] = vector.maskedload %{{.*}}, %[[MASK]]
// CHECK:           arith.select %[[MASK]], %[[V]], %[[LOW]]
func.func @tail(%x: memref<?xf32>, %s: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<?xf32>) outs(%s : memref<f32>) {
  ^bb0(%a: f32, %b: f32):
    %v = arith.maximumf %b, %a : f32
    linalg.yield %v : f32
  }
  return
}

// What is no arithmetic is done lane by lane.
// CHECK-LABEL: func.func @by_lane(
// CHECK-COUNT-16: memref.load
// CHECK:         vector.from_elements
func.func @by_lane(%x: memref<64xi32>, %t: memref<?xf32>, %s: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<64xi32>) outs(%s : memref<f32>) {
  ^bb0(%a: i32, %b: f32):
    %i = arith.index_cast %a : i32 to index
    %e = memref.load %t[%i] : memref<?xf32>
    %v = arith.addf %b, %e : f32
    linalg.yield %v : f32
  }
  return
}

// Sums of rows are left to moe-order-loops, and combiners of other kinds to
// plain loops.
// CHECK-LABEL: func.func @columns(
// CHECK-NEXT:    linalg.generic
func.func @columns(%x: memref<?x?xf32>, %s: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<?x?xf32>) outs(%s : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %v = arith.addf %a, %b : f32
    linalg.yield %v : f32
  }
  return
}

// CHECK-LABEL: func.func @other_combiner(
// CHECK-NEXT:    linalg.generic
func.func @other_combiner(%x: memref<?x?xf32>, %s: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%s : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %v = arith.divf %b, %a : f32
    linalg.yield %v : f32
  }
  return
}
