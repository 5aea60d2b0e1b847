// RUN: moe-opt %s --moe-assign-pools --split-input-file | FileCheck %s

// All matrices that products over one grouping read lie in one slot, each on a
// cache line of its own (65 * 32 floats end at 8320, which is one already), and
// the slot ends on a page. Experts are pinned around the products.
// CHECK: moe.pool @experts {experts = 4 : i64, stride = 12288 : i64}
// CHECK: moe.weight @a : tensor<4x1x65x32xf32> attributes {moe.slot = #moe.slot<@experts, offset = 0>}
// CHECK: moe.weight @b : tensor<4x1x8x32xf32> attributes {moe.slot = #moe.slot<@experts, offset = 8320>}
moe.weight @a : tensor<4x1x65x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<1x65x32xf32>
  moe.yield %0 : tensor<1x65x32xf32>
}
moe.weight @b : tensor<4x1x8x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<1x8x32xf32>
  moe.yield %0 : tensor<1x8x32xf32>
}

// CHECK-LABEL: func.func @layer(
// CHECK-SAME: %[[IDS:[a-z0-9]*]]: tensor<?x1xi32>, %{{.*}}: tensor<?x65xf32>
// CHECK: moe.group
// CHECK: moe.pin @experts %[[IDS]] : tensor<?x1xi32>
// CHECK-NEXT: moe.kernel
// CHECK: moe.panel_matmul
// CHECK-NOT: moe.unpin
// CHECK: moe.panel_matmul
// CHECK: moe.unpin @experts{{ |$}}
// CHECK-NEXT: return
func.func @layer(%ids : tensor<?x1xi32>, %x : tensor<?x65xf32>, %y : tensor<?x8xf32>, %o : tensor<5xi32>, %s : tensor<?xi32>, %p : tensor<?x1xi32>, %z : tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %g:3 = moe.kernel ins(%ids : tensor<?x1xi32>) outs(%o, %s, %p : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>) {
  ^bb0(%i : tensor<?x1xi32>, %a0 : tensor<5xi32>, %a1 : tensor<?xi32>, %a2 : tensor<?x1xi32>):
    %0:3 = moe.group %i : tensor<?x1xi32> outs(%a0, %a1, %a2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>)
    moe.yield %0#0, %0#1, %0#2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>
  }
  %h = moe.kernel ins(%x, %g#0 : tensor<?x65xf32>, tensor<5xi32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x65xf32>, %f : tensor<5xi32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @a : tensor<4x1x65x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x65xf32>) groups(%f : tensor<5xi32>) panels(%w : tensor<4x1x65x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  %d = moe.kernel ins(%y, %g#0 : tensor<?x8xf32>, tensor<5xi32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x8xf32>, %f : tensor<5xi32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @b : tensor<4x1x8x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x8xf32>) groups(%f : tensor<5xi32>) panels(%w : tensor<4x1x8x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  return %h, %d : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

// A weight that two layers read is in no slot: it would have to be pinned for
// both.
// CHECK-NOT: moe.pool
// CHECK-NOT: moe.slot
moe.weight @w : tensor<4x1x8x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<1x8x32xf32>
  moe.yield %0 : tensor<1x8x32xf32>
}
// CHECK-LABEL: func.func @shared(
// CHECK-NOT: moe.pin
// CHECK: return
func.func @shared(%ids : tensor<?x1xi32>, %y : tensor<?x8xf32>, %o : tensor<5xi32>, %s : tensor<?xi32>, %p : tensor<?x1xi32>, %z : tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %g:3 = moe.kernel ins(%ids : tensor<?x1xi32>) outs(%o, %s, %p : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>) {
  ^bb0(%i : tensor<?x1xi32>, %a0 : tensor<5xi32>, %a1 : tensor<?xi32>, %a2 : tensor<?x1xi32>):
    %0:3 = moe.group %i : tensor<?x1xi32> outs(%a0, %a1, %a2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>)
    moe.yield %0#0, %0#1, %0#2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>
  }
  %k:3 = moe.kernel ins(%g#2 : tensor<?x1xi32>) outs(%o, %s, %p : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>) {
  ^bb0(%i : tensor<?x1xi32>, %a0 : tensor<5xi32>, %a1 : tensor<?xi32>, %a2 : tensor<?x1xi32>):
    %0:3 = moe.group %i : tensor<?x1xi32> outs(%a0, %a1, %a2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>)
    moe.yield %0#0, %0#1, %0#2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>
  }
  %h = moe.kernel ins(%y, %g#0 : tensor<?x8xf32>, tensor<5xi32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x8xf32>, %f : tensor<5xi32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @w : tensor<4x1x8x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x8xf32>) groups(%f : tensor<5xi32>) panels(%w : tensor<4x1x8x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  %d = moe.kernel ins(%y, %k#0 : tensor<?x8xf32>, tensor<5xi32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x8xf32>, %f : tensor<5xi32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @w : tensor<4x1x8x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x8xf32>) groups(%f : tensor<5xi32>) panels(%w : tensor<4x1x8x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  return %h, %d : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

// Dense products have no experts, and offsets that no group makes no ids.
// CHECK-NOT: moe.pool
// CHECK-NOT: moe.slot
// CHECK-NOT: moe.pin
// CHECK-LABEL: func.func @no_groups(
moe.weight @dense : tensor<1x1x8x32xf32> {
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<1x1x8x32xf32>
  moe.yield %0 : tensor<1x1x8x32xf32>
}
moe.weight @w : tensor<4x1x8x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<1x8x32xf32>
  moe.yield %0 : tensor<1x8x32xf32>
}
func.func @no_groups(%y : tensor<?x8xf32>, %o : tensor<5xi32>, %z : tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %h = moe.kernel ins(%y : tensor<?x8xf32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x8xf32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @dense : tensor<1x1x8x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x8xf32>) panels(%w : tensor<1x1x8x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  %d = moe.kernel ins(%y, %o : tensor<?x8xf32>, tensor<5xi32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x8xf32>, %f : tensor<5xi32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @w : tensor<4x1x8x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x8xf32>) groups(%f : tensor<5xi32>) panels(%w : tensor<4x1x8x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  return %h, %d : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

// Weights in different encodings lie in different pools, each pinned.
// CHECK: moe.pool @experts {experts = 4 : i64, stride = 8192 : i64}
// CHECK: moe.weight @a : tensor<4x1x33x32xf32> encoding #moe.panels<tensor<33x32xf32>> attributes {moe.slot = #moe.slot<@experts, offset = 0>}
// CHECK: moe.pool @experts_0 {experts = 4 : i64, stride = 4096 : i64}
// CHECK: moe.weight @b : tensor<4x1x8x32xf32> attributes {moe.slot = #moe.slot<@experts_0, offset = 0>}
moe.weight @a : tensor<4x1x33x32xf32> encoding #moe.panels<tensor<33x32xf32>> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<1x33x32xf32>
  moe.yield %0 : tensor<1x33x32xf32>
}
moe.weight @b : tensor<4x1x8x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<1x8x32xf32>
  moe.yield %0 : tensor<1x8x32xf32>
}
// CHECK-LABEL: func.func @encodings(
// CHECK: moe.pin @experts{{ |$}}
// CHECK: moe.unpin @experts{{ |$}}
// CHECK: moe.pin @experts_0
// CHECK: moe.unpin @experts_0
func.func @encodings(%ids : tensor<?x1xi32>, %x : tensor<?x33xf32>, %y : tensor<?x8xf32>, %o : tensor<5xi32>, %s : tensor<?xi32>, %p : tensor<?x1xi32>, %z : tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %g:3 = moe.kernel ins(%ids : tensor<?x1xi32>) outs(%o, %s, %p : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>) {
  ^bb0(%i : tensor<?x1xi32>, %a0 : tensor<5xi32>, %a1 : tensor<?xi32>, %a2 : tensor<?x1xi32>):
    %0:3 = moe.group %i : tensor<?x1xi32> outs(%a0, %a1, %a2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>)
    moe.yield %0#0, %0#1, %0#2 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>
  }
  %h = moe.kernel ins(%x, %g#0 : tensor<?x33xf32>, tensor<5xi32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x33xf32>, %f : tensor<5xi32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @a : tensor<4x1x33x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x33xf32>) groups(%f : tensor<5xi32>) panels(%w : tensor<4x1x33x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  %d = moe.kernel ins(%y, %g#0 : tensor<?x8xf32>, tensor<5xi32>) outs(%z : tensor<?x32xf32>) {
  ^bb0(%r : tensor<?x8xf32>, %f : tensor<5xi32>, %t : tensor<?x32xf32>):
    %w = moe.weight_value @b : tensor<4x1x8x32xf32>
    %0 = moe.panel_matmul 1 rows(%r : tensor<?x8xf32>) groups(%f : tensor<5xi32>) panels(%w : tensor<4x1x8x32xf32>) outs(%t : tensor<?x32xf32>) {
    ^bb1(%v : f32):
      moe.yield %v : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  return %h, %d : tensor<?x32xf32>, tensor<?x32xf32>
}
