// RUN: moe-opt %s --moe-split-experts | FileCheck %s

moe.weight @w : tensor<3x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// Experts 2 to 4 are products; each kind gets what its body reads, and the
// expert's id where it asks for it. Experts 0 and 1 are their rows, expert 5 is
// zero.
// CHECK-LABEL: func.func @kinds(
// CHECK-SAME: %[[IDS:.*]]: tensor<?x2xi32>, %[[X:.*]]: tensor<?x8xf32>, %[[Z:.*]]: tensor<?x2x8xf32>, %[[INIT:.*]]: tensor<?x2x8xf32>)
// CHECK: %[[LOCAL:.*]] = linalg.generic {{.*}} ins(%[[IDS]] : tensor<?x2xi32>)
// CHECK-NEXT: ^bb0(%[[ID:.*]]: i32, %{{.*}}: i32):
// CHECK-DAG: %[[FROM:.*]] = arith.cmpi sge, %[[ID]], %c2{{.*}}
// CHECK-DAG: %[[TO:.*]] = arith.cmpi slt, %[[ID]], %c5{{.*}}
// CHECK: %[[IN:.*]] = arith.andi %[[FROM]], %[[TO]]
// CHECK: %[[SUB:.*]] = arith.subi %[[ID]], %c2{{.*}}
// CHECK: %[[SEL:.*]] = arith.select %[[IN]], %[[SUB]], %c-1{{.*}}
// CHECK: linalg.yield %[[SEL]]
// CHECK: %[[Y:.*]] = moe.experts at(%[[LOCAL]] : tensor<?x2xi32>) rows(%[[X]] : tensor<?x8xf32>) outs(%[[INIT]] : tensor<?x2x8xf32>)
// CHECK-NEXT: experts 0 to 3 weights(@w : tensor<3x8x8xf32>) {
// CHECK-NEXT: ^bb0(%[[E:.*]]: index, %{{.*}}: tensor<?x8xf32>, %{{.*}}: tensor<8x8xf32>):
// CHECK-NEXT: %[[TWO:.*]] = arith.constant 2 : index
// CHECK-NEXT: %[[EXPERT:.*]] = arith.addi %[[E]], %[[TWO]]
// CHECK: arith.index_cast %[[EXPERT]]
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[IDS]], %[[X]], %[[Y]] : tensor<?x2xi32>, tensor<?x8xf32>, tensor<?x2x8xf32>)
// CHECK-NEXT: ^bb0(%[[ID:.*]]: i32, %[[ROW:.*]]: f32, %[[PRODUCT:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[A:.*]] = arith.select %{{.*}}, %[[ROW]], %cst{{.*}}
// CHECK: %[[B:.*]] = arith.select %{{.*}}, %[[PRODUCT]], %[[A]]
// CHECK: linalg.yield %[[B]]
// CHECK: return %[[R]]
func.func @kinds(%ids : tensor<?x2xi32>, %x : tensor<?x8xf32>, %z : tensor<?x2x8xf32>, %init : tensor<?x2x8xf32>) -> tensor<?x2x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) slots(%z : tensor<?x2x8xf32>) outs(%init : tensor<?x2x8xf32>)
  experts 0 to 2 {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %ze : tensor<?x8xf32>):
    moe.yield %xe : tensor<?x8xf32>
  },
  experts 2 to 5 weights(@w : tensor<3x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %ze : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %i = arith.index_cast %e : index to i32
    %start = arith.sitofp %i : i32 to f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%start : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  },
  experts 5 to 6 {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %ze : tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %f0 : tensor<?x8xf32>
  }
  return %y : tensor<?x2x8xf32>
}

// One kind with something to compute stays as it is.
// CHECK-LABEL: func.func @one(
// CHECK-NOT: linalg.generic
// CHECK: %[[Y:.*]] = moe.experts
// CHECK: return %[[Y]]
func.func @one(%ids : tensor<?x2xi32>, %x : tensor<?x8xf32>, %init : tensor<?x2x8xf32>) -> tensor<?x2x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%init : tensor<?x2x8xf32>)
  experts 0 to 2 {
  ^bb0(%e : index, %xe : tensor<?x8xf32>):
    %r = math.exp %xe : tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  return %y : tensor<?x2x8xf32>
}
