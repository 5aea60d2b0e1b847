// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-lower-copy))' | FileCheck %s

// CHECK-LABEL: func.func @copy(
// CHECK-SAME:    %[[X:[^:]*]]: memref<?x4xf32>, %[[Y:[^:]*]]: memref<?x4xf32, strided<[8, 1]>>)
// CHECK-NEXT:    linalg.copy ins(%[[X]] : {{.*}}) outs(%[[Y]] :
// CHECK-NEXT:    return
func.func @copy(%x: memref<?x4xf32>, %y: memref<?x4xf32, strided<[8, 1]>>) {
  memref.copy %x, %y : memref<?x4xf32> to memref<?x4xf32, strided<[8, 1]>>
  return
}

// CHECK-LABEL: func.func @none(
// CHECK-NEXT:    linalg.exp
func.func @none(%x: memref<4xf32>) {
  linalg.exp ins(%x : memref<4xf32>) outs(%x : memref<4xf32>)
  return
}
