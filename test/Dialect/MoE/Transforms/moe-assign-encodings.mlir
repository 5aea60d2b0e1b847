// RUN: moe-opt %s --moe-assign-encodings --split-input-file | FileCheck %s

// Two weights: a panel holds 16 columns of the first and the same 16 of the
// second. What nothing reads any more is gone.
// CHECK-NOT: moe.weight @gate
// CHECK-NOT: moe.weight @up
// CHECK-LABEL: moe.weight @panels.gate.up : tensor<4x2x8x32xf32> encoding #moe.panels<tensor<8x32xf32>, tensor<8x32xf32>> {
// CHECK: %[[G:.*]] = moe.source random<seed = 1
// CHECK: %[[U:.*]] = moe.source random<seed = 2
// CHECK: %[[GP:.*]] = tensor.expand_shape %[[G]] {{.*}} output_shape [8, 2, 16]
// CHECK: %[[UP:.*]] = tensor.expand_shape %[[U]] {{.*}} output_shape [8, 2, 16]
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[GP]], %[[UP]] : tensor<8x2x16xf32>, tensor<8x2x16xf32>) outs(%{{.*}} : tensor<2x8x2x16xf32>)
// CHECK: %[[R:.*]] = tensor.collapse_shape %[[P]]
// CHECK: moe.yield %[[R]] : tensor<2x8x32xf32>
moe.weight @gate : tensor<4x8x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
moe.weight @up : tensor<4x8x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
// CHECK: moe.weight @bias : tensor<4x32xf32>
moe.weight @bias : tensor<4x32xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<32xf32>
  moe.yield %0 : tensor<32xf32>
}
// CHECK-LABEL: func.func @grouped(
// CHECK: ^bb0(%[[X:.*]]: tensor<?x8xf32>, %[[S:.*]]: tensor<?xi32>, %[[F:.*]]: tensor<5xi32>, %[[O:.*]]: tensor<?x32xf32>):
// CHECK-DAG: %[[B:.*]] = moe.weight_value @bias : tensor<4x32xf32>
// CHECK-DAG: %[[W:.*]] = moe.weight_value @panels.gate.up : tensor<4x2x8x32xf32>
// CHECK: %[[P:.*]] = moe.panel_matmul 2 rows(%[[X]] : tensor<?x8xf32>) by(%[[S]] : tensor<?xi32>) div 2 groups(%[[F]] : tensor<5xi32>) panels(%[[W]] : tensor<4x2x8x32xf32>) vectors(%[[B]] : tensor<4x32xf32>) outs(%[[O]] : tensor<?x32xf32>) {
// CHECK-NEXT: ^bb0(%[[GATE:.*]]: f32, %[[UP:.*]]: f32, %[[BIAS:.*]]: f32):
// CHECK-NEXT: %[[MUL:.*]] = arith.mulf %[[GATE]], %[[UP]]
// CHECK-NEXT: %[[ADD:.*]] = arith.addf %[[MUL]], %[[BIAS]]
// CHECK-NEXT: moe.yield %[[ADD]]
// CHECK: moe.yield %[[P]]
func.func @grouped(%x : tensor<?x8xf32>, %s : tensor<?xi32>, %f : tensor<5xi32>, %o : tensor<?x32xf32>) -> tensor<?x32xf32> {
  %r = moe.kernel ins(%x, %s, %f : tensor<?x8xf32>, tensor<?xi32>, tensor<5xi32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %ks : tensor<?xi32>, %kf : tensor<5xi32>, %ko : tensor<?x32xf32>):
    %0 = moe.grouped_matmul rows(%kx : tensor<?x8xf32>) by(%ks : tensor<?xi32>) div 2 groups(%kf : tensor<5xi32>) weights(@gate : tensor<4x8x32xf32>, @up : tensor<4x8x32xf32>) vectors(@bias : tensor<4x32xf32>) outs(%ko : tensor<?x32xf32>) {
    ^bb1(%g : f32, %u : f32, %b : f32):
      %m = arith.mulf %g, %u : f32
      %a = arith.addf %m, %b : f32
      moe.yield %a : f32
    }
    moe.yield %0 : tensor<?x32xf32>
  }
  return %r : tensor<?x32xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#col = affine_map<(d0, d1) -> (d1)>

// One dense weight with 40 columns: two panels of 32, padded with zeros; a bias
// is a matrix of one row.
// CHECK-LABEL: moe.weight @panels.w : tensor<1x2x8x32xf32> encoding #moe.panels<tensor<8x40xf32>> {
// CHECK: %[[SRC:.*]] = moe.source random<seed = 1
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[PAD:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<8x64xf32>) {
// CHECK: %[[COLUMN:.*]] = linalg.index 1 : index
// CHECK: %[[LAST:.*]] = arith.constant 39 : index
// CHECK: %[[INSIDE:.*]] = arith.cmpi ule, %[[COLUMN]], %[[LAST]]
// CHECK: %[[AT:.*]] = arith.minui %[[COLUMN]], %[[LAST]]
// CHECK: %[[READ:.*]] = tensor.extract %[[SRC]][%{{.*}}, %[[AT]]]
// CHECK: arith.select %[[INSIDE]], %[[READ]], %[[ZERO]]
// CHECK: tensor.expand_shape %[[PAD]] {{.*}} output_shape [8, 2, 32]
// CHECK: moe.yield %{{.*}} : tensor<1x2x8x32xf32>
moe.weight @w : tensor<8x40xf32> {
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x40xf32>
  moe.yield %0 : tensor<8x40xf32>
}
moe.weight @b : tensor<40xf32> {
  %0 = moe.source dense<1.0> : tensor<40xf32>
  moe.yield %0 : tensor<40xf32>
}
// CHECK-LABEL: func.func @dense(
// CHECK: ^bb0(%[[X:.*]]: tensor<?x8xf32>, %[[O:.*]]: tensor<?x40xf32>):
// CHECK-NOT: linalg.
// CHECK: %[[B:.*]] = moe.weight_value @b : tensor<40xf32>
// CHECK: %[[V:.*]] = tensor.expand_shape %[[B]] {{.*}} output_shape [1, 40]
// CHECK: %[[W:.*]] = moe.weight_value @panels.w : tensor<1x2x8x32xf32>
// CHECK: %[[P:.*]] = moe.panel_matmul 1 rows(%[[X]] : tensor<?x8xf32>) panels(%[[W]] : tensor<1x2x8x32xf32>) vectors(%[[V]] : tensor<1x40xf32>) outs(%[[O]] : tensor<?x40xf32>) {
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32, %[[BIAS:.*]]: f32):
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[ACC]], %[[BIAS]]
// CHECK-NEXT: moe.yield %[[SUM]]
func.func @dense(%x : tensor<?x8xf32>, %o : tensor<?x40xf32>) -> tensor<?x40xf32> {
  %r = moe.kernel ins(%x : tensor<?x8xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %ko : tensor<?x40xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %w = moe.weight_value @w : tensor<8x40xf32>
    %b = moe.weight_value @b : tensor<40xf32>
    %n = tensor.dim %kx, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<?x40xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x40xf32>) -> tensor<?x40xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf32>, tensor<8x40xf32>) outs(%f : tensor<?x40xf32>) -> tensor<?x40xf32>
    %s = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %b : tensor<?x40xf32>, tensor<40xf32>) outs(%ko : tensor<?x40xf32>) {
    ^bb1(%u : f32, %v : f32, %t : f32):
      %a = arith.addf %u, %v : f32
      linalg.yield %a : f32
    } -> tensor<?x40xf32>
    moe.yield %s : tensor<?x40xf32>
  }
  return %r : tensor<?x40xf32>
}

// -----

// Two products with one weight read one packed weight.
// CHECK-COUNT-1: moe.weight @panels
// CHECK-NOT: moe.weight @
moe.weight @w : tensor<8x32xf32> {
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
// CHECK-LABEL: func.func @shared(
// CHECK: moe.weight_value @[[W:.*]] :
// CHECK: moe.weight_value @[[W]] :
func.func @shared(%x : tensor<?x8xf32>, %y : tensor<?x8xf32>, %o : tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %r = moe.kernel ins(%x : tensor<?x8xf32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %ko : tensor<?x32xf32>):
    %zero = arith.constant 0.0 : f32
    %w = moe.weight_value @w : tensor<8x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%ko : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    moe.yield %p : tensor<?x32xf32>
  }
  %s = moe.kernel ins(%y : tensor<?x8xf32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %ko : tensor<?x32xf32>):
    %zero = arith.constant 0.0 : f32
    %w = moe.weight_value @w : tensor<8x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%ko : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    moe.yield %p : tensor<?x32xf32>
  }
  return %r, %s : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

// Rows that are not f32, weights that the run computes, and an accumulator that
// does not start at zero stay what they are.
// CHECK: moe.weight @w
// CHECK: moe.weight @h
// CHECK-NOT: moe.weight @panels
moe.weight @w : tensor<8x32xf32> {
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
moe.weight @h : tensor<8x32xf16> {
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x32xf16>
  moe.yield %0 : tensor<8x32xf16>
}
// CHECK-LABEL: func.func @f16_rows(
// CHECK: linalg.matmul
// CHECK-NOT: moe.panel_matmul
func.func @f16_rows(%x : tensor<?x8xf16>, %o : tensor<?x32xf32>) -> tensor<?x32xf32> {
  %r = moe.kernel ins(%x : tensor<?x8xf16>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf16>, %ko : tensor<?x32xf32>):
    %zero = arith.constant 0.0 : f32
    %w = moe.weight_value @h : tensor<8x32xf16>
    %f = linalg.fill ins(%zero : f32) outs(%ko : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf16>, tensor<8x32xf16>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    moe.yield %p : tensor<?x32xf32>
  }
  return %r : tensor<?x32xf32>
}
// CHECK-LABEL: func.func @computed_weight(
// CHECK: linalg.matmul
// CHECK-NOT: moe.panel_matmul
func.func @computed_weight(%x : tensor<?x8xf32>, %w : tensor<8x32xf32>, %o : tensor<?x32xf32>) -> tensor<?x32xf32> {
  %r = moe.kernel ins(%x, %w : tensor<?x8xf32>, tensor<8x32xf32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %kw : tensor<8x32xf32>, %ko : tensor<?x32xf32>):
    %zero = arith.constant 0.0 : f32
    %f = linalg.fill ins(%zero : f32) outs(%ko : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %kw : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    moe.yield %p : tensor<?x32xf32>
  }
  return %r : tensor<?x32xf32>
}
// CHECK-LABEL: func.func @accumulator(
// CHECK: linalg.matmul
// CHECK-NOT: moe.panel_matmul
func.func @accumulator(%x : tensor<?x8xf32>, %o : tensor<?x32xf32>) -> tensor<?x32xf32> {
  %r = moe.kernel ins(%x : tensor<?x8xf32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %ko : tensor<?x32xf32>):
    %one = arith.constant 1.0 : f32
    %w = moe.weight_value @w : tensor<8x32xf32>
    %f = linalg.fill ins(%one : f32) outs(%ko : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    moe.yield %p : tensor<?x32xf32>
  }
  return %r : tensor<?x32xf32>
}
// Panels are computed with in f32 and stored as such.
// CHECK-LABEL: func.func @narrow_result(
// CHECK: linalg.matmul
// CHECK-NOT: moe.panel_matmul
func.func @narrow_result(%x : tensor<?x8xf32>, %t : tensor<?x32xf32>, %o : tensor<?x32xf16>) -> tensor<?x32xf16> {
  %r = moe.kernel ins(%x, %t : tensor<?x8xf32>, tensor<?x32xf32>) outs(%o : tensor<?x32xf16>) {
  ^bb0(%kx : tensor<?x8xf32>, %kt : tensor<?x32xf32>, %ko : tensor<?x32xf16>):
    %zero = arith.constant 0.0 : f32
    %w = moe.weight_value @w : tensor<8x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%kt : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    %n = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<?x32xf32>) outs(%ko : tensor<?x32xf16>) {
    ^bb0(%in : f32, %out : f16):
      %h = arith.truncf %in : f32 to f16
      linalg.yield %h : f16
    } -> tensor<?x32xf16>
    moe.yield %n : tensor<?x32xf16>
  }
  return %r : tensor<?x32xf16>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Names that are the same when they are joined stand for different weights.
// CHECK: moe.weight @panels.x.y.z : tensor<1x2x8x32xf32> encoding
// CHECK: moe.source dense<1.000000e+00>
// CHECK: moe.source dense<2.000000e+00>
// CHECK: moe.weight @panels.x.y.z_0 : tensor<1x2x8x32xf32> encoding
// CHECK: moe.source dense<3.000000e+00>
// CHECK: moe.source dense<4.000000e+00>
moe.weight @x : tensor<8x32xf32> {
  %0 = moe.source dense<1.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
moe.weight @y.z : tensor<8x32xf32> {
  %0 = moe.source dense<2.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
moe.weight @x.y : tensor<8x32xf32> {
  %0 = moe.source dense<3.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
moe.weight @z : tensor<8x32xf32> {
  %0 = moe.source dense<4.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
// CHECK-LABEL: func.func @dots(
// CHECK: moe.weight_value @panels.x.y.z :
// CHECK: moe.weight_value @panels.x.y.z_0 :
func.func @dots(%x : tensor<?x8xf32>, %o : tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %r = moe.kernel ins(%x : tensor<?x8xf32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %ko : tensor<?x32xf32>):
    %zero = arith.constant 0.0 : f32
    %w = moe.weight_value @x : tensor<8x32xf32>
    %v = moe.weight_value @y.z : tensor<8x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%ko : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    %q = linalg.matmul ins(%kx, %v : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    %m = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %q : tensor<?x32xf32>, tensor<?x32xf32>) outs(%ko : tensor<?x32xf32>) {
    ^bb1(%i : f32, %j : f32, %l : f32):
      %n = arith.mulf %i, %j : f32
      linalg.yield %n : f32
    } -> tensor<?x32xf32>
    moe.yield %m : tensor<?x32xf32>
  }
  %s = moe.kernel ins(%x : tensor<?x8xf32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%kx : tensor<?x8xf32>, %ko : tensor<?x32xf32>):
    %zero = arith.constant 0.0 : f32
    %w = moe.weight_value @x.y : tensor<8x32xf32>
    %v = moe.weight_value @z : tensor<8x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%ko : tensor<?x32xf32>) -> tensor<?x32xf32>
    %p = linalg.matmul ins(%kx, %w : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    %q = linalg.matmul ins(%kx, %v : tensor<?x8xf32>, tensor<8x32xf32>) outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    %m = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %q : tensor<?x32xf32>, tensor<?x32xf32>) outs(%ko : tensor<?x32xf32>) {
    ^bb1(%i : f32, %j : f32, %l : f32):
      %n = arith.mulf %i, %j : f32
      linalg.yield %n : f32
    } -> tensor<?x32xf32>
    moe.yield %m : tensor<?x32xf32>
  }
  return %r, %s : tensor<?x32xf32>, tensor<?x32xf32>
}
