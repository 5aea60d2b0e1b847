// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-scratch))' | FileCheck %s

// Item loops share their space, behind what all phases see.
// CHECK-LABEL: func.func private @parts(
// CHECK-SAME:    moe.scratch = 448 : i64
// CHECK:         memref.alloc() {moe.scratch = 0 : i64} : memref<10xf32>
// CHECK:         scf.forall
// CHECK:           memref.alloc() {moe.scratch = 64 : i64} : memref<24xf32>
// CHECK:           memref.alloc(%{{.*}}) {moe.scratch = 192 : i64} : memref<?x16xf32>
// CHECK:         scf.forall
// CHECK:           memref.alloc() {moe.scratch = 64 : i64} : memref<i1>
func.func private @parts(%x: memref<?xf32>) attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %0 = memref.alloc() : memref<10xf32>
  scf.forall (%i) = (0) to (%n) step (4) {
    %m = affine.min affine_map<(a)[s] -> (s - a, 4)>(%i)[%n]
    %1 = memref.alloc() : memref<24xf32>
    scf.for %j = %c0 to %m step %n {
      %2 = memref.alloc(%m) : memref<?x16xf32>
    }
  }
  scf.forall (%i) in (%n) {
    %3 = memref.alloc() : memref<i1>
  }
  return
}

// CHECK-LABEL: func.func private @none(
// CHECK-SAME:    moe.scratch = 0 : i64
func.func private @none(%x: memref<?xf32>) attributes {moe.kernel, moe.outs = 1} {
  return
}

// CHECK-LABEL: func.func @no_kernel(
// CHECK-NOT:     moe.scratch
func.func @no_kernel() {
  %0 = memref.alloc() : memref<4xf32>
  return
}
