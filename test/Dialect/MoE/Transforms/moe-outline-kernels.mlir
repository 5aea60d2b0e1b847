// RUN: moe-opt %s --moe-outline-kernels --split-input-file | FileCheck %s

// A kernel is a function named after the op that matters in it. Destinations
// are its last arguments; the weights that it reads stand between inputs and
// destinations, and one that lies in a pool says where.
// CHECK-LABEL: func.func @host(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[F:.*]]: tensor<5xi32>, %[[O:.*]]: tensor<?x32xf32>)
// CHECK: %[[W:.*]] = moe.weight_value @w : tensor<4x1x8x32xf32>
// CHECK: %[[B:.*]] = moe.weight_value @b : tensor<4x32xf32>
// CHECK: %[[R:.*]] = call @panel_matmul(%[[X]], %[[F]], %[[W]], %[[B]], %[[O]])
// CHECK-NOT: moe.kernel ins
// CHECK: return %[[R]]
// CHECK: func.func private @panel_matmul(%[[KX:.*]]: tensor<?x8xf32>, %[[KF:.*]]: tensor<5xi32>, %[[KW:.*]]: tensor<4x1x8x32xf32> {moe.pool = {offset = 64 : i64, stride = 4096 : i64}}, %[[KB:.*]]: tensor<4x32xf32>, %[[KO:.*]]: tensor<?x32xf32>) -> tensor<?x32xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
// CHECK-NEXT: %[[P:.*]] = moe.panel_matmul 1 rows(%[[KX]] : tensor<?x8xf32>) groups(%[[KF]] : tensor<5xi32>) panels(%[[KW]] : tensor<4x1x8x32xf32>) vectors(%[[KB]] : tensor<4x32xf32>) outs(%[[KO]] : tensor<?x32xf32>)
// CHECK: return %[[P]]
moe.pool @experts {experts = 4 : i64, stride = 4096 : i64}
moe.weight @w : tensor<4x1x8x32xf32> attributes {moe.slot = #moe.slot<@experts, offset = 64>} {
^bb0(%e : index):
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<1x8x32xf32>
  moe.yield %0 : tensor<1x8x32xf32>
}
moe.weight @b : tensor<4x32xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<32xf32>
  moe.yield %0 : tensor<32xf32>
}
func.func @host(%x : tensor<?x8xf32>, %f : tensor<5xi32>, %o : tensor<?x32xf32>) -> tensor<?x32xf32> {
  %r = moe.kernel ins(%x, %f : tensor<?x8xf32>, tensor<5xi32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %kf : tensor<5xi32>, %ko : tensor<?x32xf32>):
    %w = moe.weight_value @w : tensor<4x1x8x32xf32>
    %b = moe.weight_value @b : tensor<4x32xf32>
    %0 = moe.panel_matmul 1 rows(%kx : tensor<?x8xf32>) groups(%kf : tensor<5xi32>) panels(%w : tensor<4x1x8x32xf32>) vectors(%b : tensor<4x32xf32>) outs(%ko : tensor<?x32xf32>) {
    ^bb1(%v : f32, %c : f32):
      %s = arith.addf %v, %c : f32
      moe.yield %s : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  return %r : tensor<?x32xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>

// Names: the last op that computes; a fill alone has none. Equal names are kept
// apart. Two destinations are two.
// CHECK-LABEL: func.func @names(
// CHECK: call @elementwise(
// CHECK: call @elementwise_0(
// CHECK: call @kernel(
// CHECK: %{{.*}}:2 = call @add(
// CHECK: func.func private @elementwise(
// CHECK: func.func private @elementwise_0(
// CHECK: func.func private @kernel(%{{.*}}: tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64}
// CHECK: func.func private @add({{.*}}) -> (tensor<4xf32>, tensor<4xf32>) attributes {moe.kernel, moe.outs = 2 : i64}
func.func @names(%x : tensor<4xf32>, %o : tensor<4xf32>, %p : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = moe.kernel ins(%x : tensor<4xf32>) outs(%o : tensor<4xf32>) {
  ^bb0(%i : tensor<4xf32>, %t : tensor<4xf32>):
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%i : tensor<4xf32>) outs(%t : tensor<4xf32>) {
    ^bb1(%u : f32, %v : f32):
      %1 = arith.negf %u : f32
      linalg.yield %1 : f32
    } -> tensor<4xf32>
    moe.yield %0 : tensor<4xf32>
  }
  %b = moe.kernel ins(%x : tensor<4xf32>) outs(%o : tensor<4xf32>) {
  ^bb0(%i : tensor<4xf32>, %t : tensor<4xf32>):
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%i : tensor<4xf32>) outs(%t : tensor<4xf32>) {
    ^bb1(%u : f32, %v : f32):
      %1 = math.exp %u : f32
      linalg.yield %1 : f32
    } -> tensor<4xf32>
    moe.yield %0 : tensor<4xf32>
  }
  %c = moe.kernel outs(%o : tensor<4xf32>) {
  ^bb0(%t : tensor<4xf32>):
    %zero = arith.constant 0.0 : f32
    %0 = linalg.fill ins(%zero : f32) outs(%t : tensor<4xf32>) -> tensor<4xf32>
    moe.yield %0 : tensor<4xf32>
  }
  %d:2 = moe.kernel ins(%x : tensor<4xf32>) outs(%o, %p : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%i : tensor<4xf32>, %t : tensor<4xf32>, %u : tensor<4xf32>):
    %0 = linalg.exp ins(%i : tensor<4xf32>) outs(%t : tensor<4xf32>) -> tensor<4xf32>
    %1 = linalg.add ins(%i, %0 : tensor<4xf32>, tensor<4xf32>) outs(%u : tensor<4xf32>) -> tensor<4xf32>
    moe.yield %0, %1 : tensor<4xf32>, tensor<4xf32>
  }
  return %a, %b, %c, %d#0, %d#1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// Without kernels nothing changes.
// CHECK-LABEL: func.func @none(
// CHECK-NEXT: return
// CHECK-NOT: func.func
func.func @none(%x : tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
