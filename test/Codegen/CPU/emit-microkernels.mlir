// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-emit-microkernels{level=x86-64-v4},canonicalize,cse)' | FileCheck %s --check-prefixes=CHECK,V4
// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-emit-microkernels{level=x86-64-v3},canonicalize,cse)' | FileCheck %s --check-prefixes=CHECK,V3

// CHECK-LABEL: func.func private @grouped
// CHECK-SAME: %[[X:[^:]*]]: memref<?x9xf32>, %[[SOURCE:[^:]*]]: memref<?xi32>, %[[GROUPS:[^:]*]]: memref<5xi32>,
// CHECK-SAME: %[[W:[^:]*]]: memref<4x3x9x32xf32> {moe.pool = {offset = 0 : i64, stride = 8192 : i64}},
// CHECK-SAME: %[[B:[^:]*]]: memref<4x70xf32>, %[[OUT:[^:]*]]: memref<?x70xf32>, %[[WORKERS:[^:]*]]: index {moe.workers})
// The prologue: how many experts have rows, then the table of their items.
// CHECK: %[[TABLE:.*]] = memref.alloc() : memref<5x4xi32>
// CHECK: scf.for
// CHECK: arith.muli %[[WORKERS]]
// CHECK: %[[ENDS:.*]]:2 = scf.for
// CHECK-COUNT-4: memref.store %{{.*}}, %[[TABLE]]
// CHECK: scf.forall (%[[ITEM:.*]]) in (%[[ENDS]]#1) {
// The item's expert, found in the table; its part of the weights.
// CHECK: scf.for
// CHECK: %[[PART:.*]] = moe.expert_view %[[W]][%[[EXPERT:.*]]] : memref<4x3x9x32xf32> -> memref<3x9x32xf32>
// CHECK: moe.expert_view %[[B]][%[[EXPERT]]] : memref<4x70xf32> -> memref<70xf32>
// Few rows: in place. The last panel is stored through a buffer.
// CHECK: scf.if
// CHECK: scf.index_switch
// CHECK: case 1 {
// CHECK: memref.load %[[SOURCE]]
// CHECK: scf.for %[[PANEL:.*]] =
// CHECK: arith.cmpi eq, %[[PANEL]]
// CHECK: call @moe_micro_m1g_k9_w1_v1_e0
// CHECK: call @moe_micro_m1g_k9_w1_v1_e0
// CHECK: case 6 {
// CHECK-COUNT-6: memref.load %[[SOURCE]]
// CHECK: call @moe_micro_m6g_k9_w1_v1_e0
// CHECK-NOT: case
// Many rows: from a copy with rows 64 bytes further apart.
// CHECK: } else {
// CHECK: memref.alloc() : memref<1600xf32>
// V4: case 7 {
// V4: call @moe_micro_m7p_k9_w1_v1_e0
// V4: case 14 {
// V4: call @moe_micro_m14p_k9_w1_v1_e0
// V4-NOT: case
// V3: case 3 {
// V3: call @moe_micro_m3p_k9_w1_v1_e0
// V3: case 6 {
// V3: call @moe_micro_m6p_k9_w1_v1_e0
// V3-NOT: case
// CHECK: moe.grain = 1
func.func private @grouped(%x : memref<?x9xf32>, %source : memref<?xi32>, %groups : memref<5xi32>,
                           %w : memref<4x3x9x32xf32> {moe.pool = {stride = 8192 : i64, offset = 0 : i64}},
                           %b : memref<4x70xf32>, %out : memref<?x70xf32>) attributes {moe.kernel, moe.outs = 1} {
  moe.panel_matmul 1 rows(%x : memref<?x9xf32>) by(%source : memref<?xi32>) div 2
    groups(%groups : memref<5xi32>) panels(%w : memref<4x3x9x32xf32>)
    vectors(%b : memref<4x70xf32>) outs(%out : memref<?x70xf32>) {
  ^bb0(%a : f32, %v : f32):
    %0 = arith.addf %a, %v : f32
    moe.yield %0 : f32
  }
  return
}

// An equal product has the same kernels; a different epilogue has its own.
// CHECK-LABEL: func.func private @again
// CHECK: call @moe_micro_m1g_k9_w1_v1_e0
// CHECK: call @moe_micro_m1g_k9_w1_v1_e1
func.func private @again(%x : memref<?x9xf32>, %w : memref<1x1x9x32xf32>, %b : memref<1x32xf32>,
                         %out : memref<?x32xf32>, %out2 : memref<?x32xf32>) attributes {moe.kernel, moe.outs = 2} {
  moe.panel_matmul 1 rows(%x : memref<?x9xf32>) panels(%w : memref<1x1x9x32xf32>)
    vectors(%b : memref<1x32xf32>) outs(%out : memref<?x32xf32>) {
  ^bb0(%a : f32, %v : f32):
    %0 = arith.addf %a, %v : f32
    moe.yield %0 : f32
  }
  moe.panel_matmul 1 rows(%x : memref<?x9xf32>) panels(%w : memref<1x1x9x32xf32>)
    vectors(%b : memref<1x32xf32>) outs(%out2 : memref<?x32xf32>) {
  ^bb0(%a : f32, %v : f32):
    %0 = arith.mulf %a, %v : f32
    moe.yield %0 : f32
  }
  return
}

// One kernel is one chain over K = 9: here two iterations of four steps and one
// step, 2 vectors each (v3: 4).
// CHECK-LABEL: func.func private @moe_micro_m1g_k9_w1_v1_e0
// CHECK: scf.for
// V4-COUNT-8: math.fma {{.*}} : vector<16xf32>
// V3-COUNT-16: math.fma {{.*}} : vector<8xf32>
// CHECK-NOT: math.fma
// CHECK: scf.yield
// V4-COUNT-2: math.fma {{.*}} : vector<16xf32>
// V3-COUNT-4: math.fma {{.*}} : vector<8xf32>
// CHECK-NOT: math.fma
// V4-COUNT-2: arith.addf {{.*}} : vector<16xf32>
// V3-COUNT-4: arith.addf {{.*}} : vector<8xf32>
// CHECK-NOT: arith.addf {{.*}} : vector
// CHECK: return

// V4-LABEL: func.func private @moe_micro_m14p_k9_w1_v1_e0
// V4: scf.for
// V4-COUNT-2: memref.prefetch
// V4-COUNT-28: math.fma
// V4-NOT: math.fma
// V4: scf.yield

// With more than two rows a panel is done in two halves on v3, the second of
// which is in L2 by then.
// V3-LABEL: func.func private @moe_micro_m6p_k9_w1_v1_e0
// V3: scf.for
// V3-COUNT-8: memref.prefetch
// V3: scf.yield
// V3: arith.addf {{.*}} : vector<8xf32>
// V3: scf.for
// V3-NOT: memref.prefetch
// V3: return

// K = 600 is two whole chains of 256 steps in a loop, whose sums are added to
// totals that begin with -0, and one chain of 88 steps.
// V4-LABEL: func.func private @moe_micro_m1g_k600_w1_v0_e2
// V4-DAG: %[[NONE:.*]] = arith.constant dense<-0.000000e+00> : vector<16xf32>
// V4-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// V4-DAG: %[[STEPS:.*]] = arith.constant 256 : index
// V4-DAG: %[[WHOLE:.*]] = arith.constant 512 : index
// V4: %[[TOTAL:.*]]:2 = scf.for %[[K:.*]] = %{{.*}} to %[[WHOLE]] step %[[STEPS]] iter_args(%[[A:.*]] = %[[NONE]], %[[B:.*]] = %[[NONE]])
// V4: %[[END:.*]] = arith.addi %[[K]], %[[STEPS]]
// V4: %[[SUM:.*]]:2 = scf.for %{{.*}} = %[[K]] to %[[END]] step %{{.*}} iter_args(%{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]])
// V4-COUNT-8: math.fma
// V4-NOT: math.fma
// V4: scf.yield
// V4-DAG: %[[NEXTA:.*]] = arith.addf %[[A]], %[[SUM]]#0
// V4-DAG: %[[NEXTB:.*]] = arith.addf %[[B]], %[[SUM]]#1
// V4: scf.yield %[[NEXTA]], %[[NEXTB]]
// V4: %[[LAST:.*]]:2 = scf.for {{.*}} iter_args(%{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]])
// V4-COUNT-8: math.fma
// V4-NOT: math.fma
// V4: scf.yield
// V4: arith.addf %[[TOTAL]]#0, %[[LAST]]#0
// V4: arith.addf %[[TOTAL]]#1, %[[LAST]]#1
func.func private @chains(%x : memref<?x600xf32>, %w : memref<1x1x600x32xf32>,
                          %out : memref<?x32xf32>) attributes {moe.kernel, moe.outs = 1} {
  moe.panel_matmul 1 rows(%x : memref<?x600xf32>) panels(%w : memref<1x1x600x32xf32>)
    outs(%out : memref<?x32xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}
