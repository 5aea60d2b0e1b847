// RUN: moe-opt %s --moe-fuse-elementwise --split-input-file | FileCheck %s
// RUN: moe-opt %s --moe-fuse-elementwise=max-scalar-ops=2 --split-input-file | FileCheck %s --check-prefix=TWO

#id = affine_map<(d0) -> (d0)>

// A chain is one op, up to the bound.
// CHECK-LABEL: func.func @chain
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.negf
// CHECK-NEXT: math.absf
// CHECK-NEXT: linalg.yield
// CHECK-NOT: linalg.generic
// CHECK: return
// TWO-LABEL: func.func @chain
// TWO: %[[FIRST:.*]] = linalg.generic
// TWO: math.exp
// TWO-NEXT: arith.negf
// TWO-NEXT: linalg.yield
// TWO: linalg.generic {{.*}} ins(%[[FIRST]] : tensor<?xf32>)
// TWO: math.absf
// TWO-NEXT: linalg.yield
// TWO-NOT: linalg.generic
// TWO: return
func.func @chain(%x : tensor<?xf32>, %o : tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = arith.negf %a : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%1 : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.absf %a : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %2 : tensor<?xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>

// A large producer stays out if a small one would be left alone for it.
// CHECK-LABEL: func.func @small_first
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
// TWO-LABEL: func.func @small_first
// TWO: %[[LARGE:.*]] = linalg.generic
// TWO: math.exp
// TWO-NEXT: arith.negf
// TWO-NEXT: linalg.yield
// TWO: linalg.generic {{.*}} ins(%[[LARGE]], %{{.*}} : tensor<?xf32>, tensor<?xf32>)
// TWO: math.absf
// TWO-NEXT: arith.addf
// TWO-NEXT: linalg.yield
// TWO-NOT: linalg.generic
// TWO: return
func.func @small_first(%x : tensor<?xf32>, %y : tensor<?xf32>, %o : tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    %w = arith.negf %v : f32
    linalg.yield %w : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%y : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.absf %a : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%0, %1 : tensor<?xf32>, tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32, %c : f32):
    %v = arith.addf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %2 : tensor<?xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>

// What two ops read is computed once.
// CHECK-LABEL: func.func @two_readers
// CHECK-COUNT-3: linalg.generic
func.func @two_readers(%x : tensor<?xf32>, %o : tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = arith.negf %a : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<?xf32>) outs(%o : tensor<?xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.absf %a : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %1, %2 : tensor<?xf32>, tensor<?xf32>
}

// -----

// Does not fire: a product of matrices stays one, whatever shape its rows and its
// result are given.
// CHECK-LABEL: func.func @product
// CHECK: %[[ROWS:.*]] = tensor.collapse_shape
// CHECK: %[[P:.*]] = linalg.matmul ins(%[[ROWS]], %{{.*}} : tensor<?x8xf32>, tensor<8x4xf32>)
// CHECK: tensor.expand_shape %[[P]]
func.func @product(%x : tensor<?x2x8xf32>, %w : tensor<8x4xf32>, %o : tensor<?x4xf32>, %n : index) -> tensor<?x2x4xf32> {
  %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x2x8xf32> into tensor<?x8xf32>
  %p = linalg.matmul ins(%rows, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%o : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = tensor.expand_shape %p [[0, 1], [2]] output_shape [%n, 2, 4] : tensor<?x4xf32> into tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}
