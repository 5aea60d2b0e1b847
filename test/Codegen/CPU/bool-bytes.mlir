// RUN: moe-opt %s --moe-bool-bytes | FileCheck %s

// CHECK-LABEL: func.func private @booleans(
// CHECK-SAME:    %[[X:[^:]*]]: memref<?xi8>, %[[Y:[^:]*]]: memref<?xi8>)
// CHECK:         %[[T:.*]] = memref.alloc() : memref<4xi8>
// CHECK:         %[[V:.*]] = memref.subview %[[X]]{{.*}} : memref<?xi8> to memref<4xi8, strided<[1], offset: 1>>
// CHECK:         %[[BYTE:.*]] = memref.load %[[V]]
// CHECK:         %[[ZERO:.*]] = arith.constant 0 : i8
// CHECK:         %[[BOOL:.*]] = arith.cmpi ne, %[[BYTE]], %[[ZERO]] : i8
// CHECK:         %[[STORED:.*]] = arith.extui %[[BOOL]] : i1 to i8
// CHECK:         memref.store %[[STORED]], %[[T]]
// CHECK:         %[[BYTES:.*]] = vector.load %[[Y]]{{.*}} : memref<?xi8>, vector<16xi8>
// CHECK:         arith.cmpi ne, %[[BYTES]], %{{.*}} : vector<16xi8>
func.func private @booleans(%x: memref<?xi1>, %y: memref<?xi1>) attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %t = memref.alloc() : memref<4xi1>
  %v = memref.subview %x[1] [4] [1] : memref<?xi1> to memref<4xi1, strided<[1], offset: 1>>
  %b = memref.load %v[%c0] : memref<4xi1, strided<[1], offset: 1>>
  memref.store %b, %t[%c0] : memref<4xi1>
  %w = vector.load %y[%c0] : memref<?xi1>, vector<16xi1>
  return
}

// CHECK-LABEL: func.func private @no_booleans(
// CHECK-SAME:    memref<?xf32>
// CHECK-NOT:     arith.cmpi
// CHECK:         return
func.func private @no_booleans(%x: memref<?xf32>) attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%c0] : memref<?xf32>
  memref.store %v, %x[%c0] : memref<?xf32>
  return
}

// CHECK-LABEL: func.func @no_kernel(
// CHECK-SAME:    memref<?xi1>
func.func @no_kernel(%x: memref<?xi1>) {
  return
}

// Constants, too.
// CHECK: memref.global "private" constant @mask : memref<3xi8> = dense<[1, 0, 1]>
// CHECK-LABEL: func.func @global
// CHECK: %[[MASK:.*]] = memref.get_global @mask : memref<3xi8>
// CHECK: memref.load %[[MASK]]
memref.global "private" constant @mask : memref<3xi1> = dense<[true, false, true]>
func.func @global(%i: index, %y: memref<3xi1>) attributes {moe.kernel} {
  %0 = memref.get_global @mask : memref<3xi1>
  %1 = memref.load %0[%i] : memref<3xi1>
  memref.store %1, %y[%i] : memref<3xi1>
  return
}
