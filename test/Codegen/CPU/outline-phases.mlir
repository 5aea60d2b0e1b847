// RUN: moe-opt %s --moe-outline-phases --canonicalize --cse | FileCheck %s

// CHECK: module attributes {moe.kernels = [
// CHECK-SAME: {name = "two", phases = [{grain = 1 : i64, symbol = "two.phase0"}, {grain = 3 : i64, symbol = "two.phase1"}, {grain = 1 : i64, symbol = "two.phase2"}], scratch = 64 : i64, slots = 6 : i64}
// CHECK-SAME: {name = "pool", phases = [{grain = 1 : i64, symbol = "pool.phase0"}], scratch = 0 : i64, slots = 4 : i64}

// The first phase does what stands first and says what the others have to do.
// CHECK-LABEL: func.func private @two.body0(
// CHECK-SAME:    %[[X:[^:]*]]: !llvm.ptr {llvm.align = 4 : i64, llvm.noalias}, %[[N:[^:]*]]: i64, %[[K:[^:]*]]: index, %[[Y:[^:]*]]: !llvm.ptr {llvm.align = 4 : i64, llvm.noalias}, %{{.*}}: i64, %{{.*}}: i64, %[[SLOTS:[^:]*]]: !llvm.ptr)
// CHECK-SAME:    attributes {llvm.linkage = #llvm.linkage<internal>}
// CHECK:         memref.store
// CHECK:         %[[P1:.*]] = llvm.getelementptr %[[SLOTS]][4]
// CHECK:         llvm.store %{{.*}}, %[[P1]] : i64
// CHECK:         %[[P2:.*]] = llvm.getelementptr %[[SLOTS]][5]
// CHECK:         llvm.store %{{.*}}, %[[P2]] : i64

// An item is a place in a grid; a failed check is a code.
// CHECK-LABEL: func.func private @two.body1(
// CHECK-SAME:    %[[BEGIN:[^:]*]]: index, %[[END:[^:]*]]: index, %[[T:[^:]*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}) -> i32
// CHECK:         %[[CODE:.*]] = memref.alloca() : memref<i32>
// CHECK:         scf.for %[[ITEM:.*]] = %[[BEGIN]] to %[[END]]
// CHECK:           arith.remui %[[ITEM]]
// CHECK:           arith.divui %[[ITEM]]
// CHECK:           arith.maxui
// CHECK:         %[[RESULT:.*]] = memref.load %[[CODE]][]
// CHECK:         return %[[RESULT]]

// The entry takes the argument block apart; worker 3's scratch is its own.
// CHECK-LABEL: func.func @two.phase1(
// CHECK-SAME:    %[[ARG:[^:]*]]: !llvm.ptr, %[[B:[^:]*]]: i64, %[[E:[^:]*]]: i64, %[[WORKER:[^:]*]]: i32) -> i32
// CHECK:         llvm.getelementptr %[[ARG]][6]
// CHECK:         %[[BASEP:.*]] = llvm.getelementptr %[[ARG]][1]
// CHECK:         %[[BASE:.*]] = llvm.load %[[BASEP]]
// CHECK:         %[[STRIDEP:.*]] = llvm.getelementptr %[[ARG]][2]
// CHECK:         %[[STRIDE:.*]] = llvm.load %[[STRIDEP]]
// CHECK:         %[[W:.*]] = arith.extsi %[[WORKER]]
// CHECK:         %[[OWN:.*]] = arith.muli %[[W]], %[[STRIDE]]
// CHECK:         llvm.getelementptr %[[BASE]][%[[OWN]]]
// CHECK:         call @two.body1

// CHECK-LABEL: func.func private @two.body2(
// CHECK:         scf.for
func.func private @two(%x: memref<?xf32>, %k: index, %y: memref<?x?xf32>)
    attributes {moe.kernel, moe.outs = 1, moe.scratch = 64 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %m = memref.dim %y, %c1 : memref<?x?xf32>
  %v = memref.load %x[%k] : memref<?xf32>
  memref.store %v, %y[%c0, %c0] : memref<?x?xf32>
  scf.forall (%i, %j) = (0, 0) to (%n, %m) step (2, 4) {
    %t = memref.alloc() {moe.scratch = 0 : i64} : memref<4xf32>
    %good = arith.cmpi ne, %i, %j : index
    cf.assert %good, "division by zero"
    memref.store %v, %t[%c0] : memref<4xf32>
    %w = memref.load %t[%c0] : memref<4xf32>
    memref.store %w, %y[%i, %j] : memref<?x?xf32>
  } {moe.grain = 3 : i64}
  scf.forall (%i) in (%n) {
    memref.store %v, %y[%i, %c0] : memref<?x?xf32>
  }
  return
}

// An expert of a pool lies where the table of slots says.
// CHECK-LABEL: func.func private @pool.body0(
// CHECK-SAME:    %[[BASE:[^:]*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %[[SLOT_OF:[^:]*]]: !llvm.ptr {llvm.align = 4 : i64, llvm.noalias}, %[[E:[^:]*]]: index
// CHECK:         %[[I:.*]] = arith.index_cast %[[E]] : index to i64
// CHECK:         %[[AT:.*]] = llvm.getelementptr %[[SLOT_OF]][%[[I]]] {{.*}} i32
// CHECK:         %[[SLOT:.*]] = llvm.load %[[AT]] : !llvm.ptr -> i32
// CHECK:         %[[WIDE:.*]] = arith.extsi %[[SLOT]]
// CHECK:         %[[START:.*]] = llvm.getelementptr %[[BASE]][64] {{.*}} i8
// CHECK:         %[[OFFSET:.*]] = arith.muli %[[WIDE]], %c4096_i64
// CHECK:         llvm.getelementptr %[[START]][%[[OFFSET]]] {{.*}} i8
func.func private @pool(%w: memref<4x8xf32> {moe.pool = {offset = 64, stride = 4096}}, %e: index, %y: memref<8xf32>)
    attributes {moe.kernel, moe.outs = 1, moe.scratch = 0 : i64} {
  %c0 = arith.constant 0 : index
  %p = moe.expert_view %w[%e] : memref<4x8xf32> -> memref<8xf32>
  %v = memref.load %p[%c0] : memref<8xf32>
  memref.store %v, %y[%c0] : memref<8xf32>
  return
}
