// RUN: moe-opt %s --canonicalize="test-convergence" --split-input-file | FileCheck %s

// CHECK-LABEL: @top_k_limit_drops(
// CHECK: moe.top_k %{{.*}} : tensor<?x64xf32> outs(%{{.*}} : tensor<?x8xi32>)
func.func @top_k_limit_drops(%s : tensor<?x64xf32>, %o : tensor<?x8xi32>) -> tensor<?x8xi32> {
  %k = arith.constant 8 : index
  %0 = moe.top_k %s : tensor<?x64xf32> limit(%k) outs(%o : tensor<?x8xi32>)
  return %0 : tensor<?x8xi32>
}

// -----

// CHECK-LABEL: @top_k_limit_stays(
// CHECK: limit(%{{.*}})
// CHECK: limit(%{{.*}})
// CHECK: limit(%{{.*}})
func.func @top_k_limit_stays(%s : tensor<?x64xf32>, %o : tensor<?x8xi32>, %d : tensor<?x?xi32>) -> (tensor<?x8xi32>, tensor<?x8xi32>, tensor<?x?xi32>) {
  %k = arith.constant 7 : index
  %minus = arith.constant -1 : index
  %0 = moe.top_k %s : tensor<?x64xf32> limit(%k) outs(%o : tensor<?x8xi32>)
  %1 = moe.top_k %s : tensor<?x64xf32> limit(%minus) outs(%o : tensor<?x8xi32>)
  %2 = moe.top_k %s : tensor<?x64xf32> limit(%k) outs(%d : tensor<?x?xi32>)
  return %0, %1, %2 : tensor<?x8xi32>, tensor<?x8xi32>, tensor<?x?xi32>
}

// -----

// One expert: no selection is left, and what is read of it is the score itself.
// CHECK-LABEL: @one_expert(
// CHECK-SAME: %[[S:.*]]: tensor<?x1xf32>, %[[O:.*]]: tensor<?x1xi32>,
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[O]]
// CHECK: %[[IDS:.*]] = tensor.splat %[[ZERO]][%[[R]]] : tensor<?x1xi32>
// CHECK: return %[[IDS]], %[[S]]
func.func @one_expert(%s : tensor<?x1xf32>, %o : tensor<?x1xi32>, %p : tensor<?x1xf32>) -> (tensor<?x1xi32>, tensor<?x1xf32>) {
  %ids = moe.top_k %s : tensor<?x1xf32> outs(%o : tensor<?x1xi32>)
  %w = moe.take %s at %ids : tensor<?x1xf32>, tensor<?x1xi32> outs(%p : tensor<?x1xf32>)
  return %ids, %w : tensor<?x1xi32>, tensor<?x1xf32>
}

// -----

// CHECK-LABEL: @one_expert_static(
// CHECK-SAME: %[[S:.*]]: tensor<4x1xf32>,
// CHECK: %[[IDS:.*]] = arith.constant dense<0> : tensor<4x1xi32>
// CHECK: return %[[IDS]], %[[S]]
func.func @one_expert_static(%s : tensor<4x1xf32>, %o : tensor<4x1xi32>, %p : tensor<4x1xf32>) -> (tensor<4x1xi32>, tensor<4x1xf32>) {
  %ids = moe.top_k %s : tensor<4x1xf32> outs(%o : tensor<4x1xi32>)
  %w = moe.take %s at %ids : tensor<4x1xf32>, tensor<4x1xi32> outs(%p : tensor<4x1xf32>)
  return %ids, %w : tensor<4x1xi32>, tensor<4x1xf32>
}

// -----

// With two slots the second is empty; with a limit both may be.
// CHECK-LABEL: @one_expert_stays(
// CHECK: moe.top_k
// CHECK: moe.top_k
func.func @one_expert_stays(%s : tensor<?x1xf32>, %o : tensor<?x?xi32>, %p : tensor<?x1xi32>, %k : index) -> (tensor<?x?xi32>, tensor<?x1xi32>) {
  %0 = moe.top_k %s : tensor<?x1xf32> outs(%o : tensor<?x?xi32>)
  %1 = moe.top_k %s : tensor<?x1xf32> limit(%k) outs(%p : tensor<?x1xi32>)
  return %0, %1 : tensor<?x?xi32>, tensor<?x1xi32>
}

// -----

// An id other than 0 gives 0, not the table's entry.
// CHECK-LABEL: @take_stays(
// CHECK: moe.take
// CHECK: moe.take
func.func @take_stays(%t : tensor<4x1xf32>, %ids : tensor<4x1xi32>, %o : tensor<4x1xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  %empty = arith.constant dense<-1> : tensor<4x1xi32>
  %0 = moe.take %t at %empty : tensor<4x1xf32>, tensor<4x1xi32> outs(%o : tensor<4x1xf32>)
  %1 = moe.take %t at %ids : tensor<4x1xf32>, tensor<4x1xi32> outs(%o : tensor<4x1xf32>)
  return %0, %1 : tensor<4x1xf32>, tensor<4x1xf32>
}

// -----

// CHECK-LABEL: @combine_unit_weights(
// CHECK: moe.combine %{{.*}} : tensor<4x2x8xf32> at(%{{.*}} : tensor<4x2xi32>) outs(
// CHECK: moe.combine %{{.*}} : tensor<?x8xf32> from(%{{.*}} : tensor<?x2xi32>) outs(
func.func @combine_unit_weights(%y : tensor<4x2x8xf32>, %ids : tensor<4x2xi32>, %o : tensor<4x8xf32>,
                                %g : tensor<?x8xf32>, %p : tensor<?x2xi32>, %q : tensor<?x8xf32>, %r : index) -> (tensor<4x8xf32>, tensor<?x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<4x2xf32>
  %0 = moe.combine %y : tensor<4x2x8xf32> at(%ids : tensor<4x2xi32>) with(%one : tensor<4x2xf32>) outs(%o : tensor<4x8xf32>)
  %c = arith.constant 1.0 : f16
  %ones = tensor.splat %c[%r] : tensor<?x2xf16>
  %1 = moe.combine %g : tensor<?x8xf32> from(%p : tensor<?x2xi32>) with(%ones : tensor<?x2xf16>) outs(%q : tensor<?x8xf32>)
  return %0, %1 : tensor<4x8xf32>, tensor<?x8xf32>
}

// -----

// A sum of one product is not the product: -0 would become +0.
// CHECK-LABEL: @combine_stays(
// CHECK: moe.combine
// CHECK-SAME: with(
// CHECK: moe.combine
func.func @combine_stays(%y : tensor<4x1x8xf32>, %ids : tensor<4x1xi32>, %o : tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %two = arith.constant dense<2.0> : tensor<4x1xf32>
  %0 = moe.combine %y : tensor<4x1x8xf32> at(%ids : tensor<4x1xi32>) with(%two : tensor<4x1xf32>) outs(%o : tensor<4x8xf32>)
  %1 = moe.combine %y : tensor<4x1x8xf32> at(%ids : tensor<4x1xi32>) outs(%o : tensor<4x8xf32>)
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Neither kind of normalisation twice is exact: the sums differ from 1.
// CHECK-LABEL: @normalize_stays(
// CHECK-COUNT-2: moe.normalize
func.func @normalize_stays(%w : tensor<?x2xf32>, %ids : tensor<?x2xi32>, %o : tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = moe.normalize sum %w over %ids : tensor<?x2xf32>, tensor<?x2xi32> outs(%o : tensor<?x2xf32>)
  %1 = moe.normalize sum %0 over %ids : tensor<?x2xf32>, tensor<?x2xi32> outs(%o : tensor<?x2xf32>)
  return %1 : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: @dead(
// CHECK-NEXT: return
func.func @dead(%s : tensor<?x64xf32>, %ids : tensor<?x8xi32>, %o : tensor<65xi32>, %t : tensor<?xi32>, %p : tensor<?x8xi32>, %x : tensor<?x8xf32>, %y : tensor<?x8xf32>) {
  %0 = moe.top_k %s : tensor<?x64xf32> outs(%p : tensor<?x8xi32>)
  %1:3 = moe.group %ids : tensor<?x8xi32> outs(%o, %t, %p : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>)
  %2 = moe.kernel ins(%x, %ids : tensor<?x8xf32>, tensor<?x8xi32>) outs(%y : tensor<?x8xf32>) {
  ^bb0(%a : tensor<?x8xf32>, %i : tensor<?x8xi32>, %b : tensor<?x8xf32>):
    %3 = moe.take %a at %i : tensor<?x8xf32>, tensor<?x8xi32> outs(%b : tensor<?x8xf32>)
    moe.yield %3 : tensor<?x8xf32>
  }
  return
}

// -----

// A buffer that is written is no dead code.
// CHECK-LABEL: @buffers_stay(
// CHECK: moe.top_k
func.func @buffers_stay(%s : memref<?x64xf32>, %o : memref<?x8xi32>) {
  moe.top_k %s : memref<?x64xf32> outs(%o : memref<?x8xi32>)
  return
}

// -----

moe.weight private @a : tensor<2x8xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<8xf32>
  moe.yield %0 : tensor<8xf32>
}
// What no body reads goes: the first rows, the second slots, a context, and @a
// of the second kind.
// CHECK-LABEL: @experts_unused(
// CHECK-SAME: %[[IDS:.*]]: tensor<?x2xi32>, %{{.*}}: tensor<?x8xf32>, %[[X1:.*]]: tensor<?x8xf32>, %[[Z0:.*]]: tensor<?x2x8xf32>, %{{.*}}: tensor<?x2xf32>, %{{.*}}: f32, %[[C1:.*]]: tensor<8xf32>,
// CHECK: moe.experts at(%[[IDS]] : tensor<?x2xi32>) rows(%[[X1]] : tensor<?x8xf32>) slots(%[[Z0]] : tensor<?x2x8xf32>) context(%[[C1]] : tensor<8xf32>) outs(
// CHECK-NEXT: experts 0 to 2 weights(@a : tensor<2x8xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: tensor<?x8xf32>, %[[Z:.*]]: tensor<?x8xf32>, %[[C:.*]]: tensor<8xf32>, %[[A:.*]]: tensor<8xf32>):
// CHECK-NEXT: %[[H:.*]] = linalg.generic
// CHECK-SAME: ins(%[[C]], %[[A]] :
// CHECK-SAME: outs(%[[Z]] :
// CHECK: experts 2 to 4 {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[X:.*]]: tensor<?x8xf32>, %{{.*}}: tensor<?x8xf32>, %{{.*}}: tensor<8xf32>):
// CHECK-NEXT: moe.yield %[[X]]
func.func @experts_unused(%ids : tensor<?x2xi32>, %x0 : tensor<?x8xf32>, %x1 : tensor<?x8xf32>, %z0 : tensor<?x2x8xf32>, %z1 : tensor<?x2xf32>,
                          %c0 : f32, %c1 : tensor<8xf32>, %o : tensor<?x2x8xf32>) -> tensor<?x2x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x0, %x1 : tensor<?x8xf32>, tensor<?x8xf32>) slots(%z0, %z1 : tensor<?x2x8xf32>, tensor<?x2xf32>)
    context(%c0, %c1 : f32, tensor<8xf32>) outs(%o : tensor<?x2x8xf32>)
  experts 0 to 2 weights(@a : tensor<2x8xf32>) {
  ^bb0(%e : index, %a : tensor<?x8xf32>, %b : tensor<?x8xf32>, %z : tensor<?x8xf32>, %zz : tensor<?xf32>, %c : f32, %d : tensor<8xf32>, %w : tensor<8xf32>):
    %h = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%d, %w : tensor<8xf32>, tensor<8xf32>) outs(%z : tensor<?x8xf32>) {
    ^bb1(%p : f32, %q : f32, %r : f32):
      %s = arith.mulf %p, %q : f32
      %t = arith.addf %s, %r : f32
      linalg.yield %t : f32
    } -> tensor<?x8xf32>
    moe.yield %h : tensor<?x8xf32>
  }, experts 2 to 4 weights(@a : tensor<2x8xf32>) {
  ^bb0(%e : index, %a : tensor<?x8xf32>, %b : tensor<?x8xf32>, %z : tensor<?x8xf32>, %zz : tensor<?xf32>, %c : f32, %d : tensor<8xf32>, %w : tensor<8xf32>):
    moe.yield %b : tensor<?x8xf32>
  }
  return %y : tensor<?x2x8xf32>
}

// -----

// CHECK-LABEL: @kernel_inputs(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %{{.*}}: tensor<?x8xf32>,
// CHECK: moe.kernel ins(%[[X]] : tensor<?x8xf32>) outs(
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x8xf32>, %[[B:.*]]: tensor<?x8xf32>):
// CHECK-NEXT: linalg.add ins(%[[A]], %[[A]] : {{.*}}) outs(%[[B]] :
func.func @kernel_inputs(%x : tensor<?x8xf32>, %y : tensor<?x8xf32>, %o : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = moe.kernel ins(%x, %y, %x : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) outs(%o : tensor<?x8xf32>) {
  ^bb0(%a : tensor<?x8xf32>, %b : tensor<?x8xf32>, %c : tensor<?x8xf32>, %d : tensor<?x8xf32>):
    %1 = linalg.add ins(%a, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%d : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

// A cast is not looked through where a region's arguments would not follow.
// CHECK-LABEL: @kernel_cast(
// CHECK: moe.kernel ins(%{{.*}} : tensor<?x8xf32>) outs(%{{.*}} : tensor<?x8xf32>)
func.func @kernel_cast(%x : tensor<4x8xf32>, %o : tensor<4x8xf32>) -> tensor<?x8xf32> {
  %a = tensor.cast %x : tensor<4x8xf32> to tensor<?x8xf32>
  %b = tensor.cast %o : tensor<4x8xf32> to tensor<?x8xf32>
  %0 = moe.kernel ins(%a : tensor<?x8xf32>) outs(%b : tensor<?x8xf32>) {
  ^bb0(%c : tensor<?x8xf32>, %d : tensor<?x8xf32>):
    %1 = linalg.exp ins(%c : tensor<?x8xf32>) outs(%d : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @experts_cast(
// CHECK: moe.experts at(%{{.*}} : tensor<?x2xi32>) rows(%{{.*}} : tensor<?x?xf32>)
func.func @experts_cast(%ids : tensor<?x2xi32>, %x : tensor<?x8xf32>, %o : tensor<?x2x8xf32>) -> tensor<?x2x?xf32> {
  %a = tensor.cast %x : tensor<?x8xf32> to tensor<?x?xf32>
  %b = tensor.cast %o : tensor<?x2x8xf32> to tensor<?x2x?xf32>
  %0 = moe.experts at(%ids : tensor<?x2xi32>) rows(%a : tensor<?x?xf32>) outs(%b : tensor<?x2x?xf32>)
  experts 0 to 2 {
  ^bb0(%e : index, %c : tensor<?x?xf32>):
    moe.yield %c : tensor<?x?xf32>
  }
  return %0 : tensor<?x2x?xf32>
}
