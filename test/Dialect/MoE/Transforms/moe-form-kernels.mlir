// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-form-kernels))' --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A chain that goes over the same rows is one kernel: here a sum over each row,
// with its fill, and what divides by it. Constants and fills go along.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>)
// CHECK: %[[N:.*]] = tensor.dim %[[X]]
// CHECK: %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?x8xf32>
// CHECK: %[[K:.*]] = moe.kernel ins(%[[X]], {{.*}} : tensor<?x8xf32>, index) outs(%[[E]] : tensor<?x8xf32>) {
// CHECK: linalg.fill
// CHECK: linalg.generic {{.*}}"reduction"
// CHECK: %[[D:.*]] = linalg.generic {{.*}}["parallel", "parallel"]
// CHECK: moe.yield %[[D]]
// CHECK-NOT: moe.kernel
// CHECK: return %[[K]]
func.func @rows(%x : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e0 = tensor.empty(%n) : tensor<?xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?xf32>) -> tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x8xf32>) outs(%f0 : tensor<?xf32>) {
  ^bb0(%a : f32, %o : f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %e1 = tensor.empty(%n) : tensor<?x8xf32>
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %s : tensor<?x8xf32>, tensor<?xf32>) outs(%e1 : tensor<?x8xf32>) {
  ^bb0(%a : f32, %b : f32, %o : f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#swap = affine_map<(d0, d1) -> (d1, d0)>

// The reader takes columns of what the producer makes by rows.
// CHECK-LABEL: func.func @not_rows(
// CHECK: %[[A:.*]] = moe.kernel
// CHECK: math.exp
// CHECK: moe.kernel ins(%[[A]] : tensor<8x8xf32>)
// CHECK: arith.negf
func.func @not_rows(%x : tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = tensor.empty() : tensor<8x8xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%i : f32, %o : f32):
    %0 = math.exp %i : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  %b = linalg.generic {indexing_maps = [#swap, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%i : f32, %o : f32):
    %0 = arith.negf %i : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  return %b : tensor<8x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A producer that is read outside, too, stays a kernel of its own, and the two
// kernels do not share the empty tensor that both wrote to.
// CHECK-LABEL: func.func @two_readers(
// CHECK: %[[E0:.*]] = tensor.empty() : tensor<8x8xf32>
// CHECK: %[[A:.*]] = moe.kernel ins(%{{.*}} : tensor<8x8xf32>) outs(%[[E:.*]] : tensor<8x8xf32>)
// CHECK-NOT: outs(%[[E]] :
// CHECK: %[[B:.*]] = moe.kernel ins(%[[A]] : tensor<8x8xf32>) outs(%{{.*}} : tensor<8x8xf32>)
// CHECK: return %[[A]], %[[B]]
func.func @two_readers(%x : tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %e = tensor.empty() : tensor<8x8xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%i : f32, %o : f32):
    %0 = math.exp %i : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%i : f32, %o : f32):
    %0 = arith.negf %i : f32
    linalg.yield %0 : f32
  } -> tensor<8x8xf32>
  return %a, %b : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<8x4xf32> {
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x4xf32>
  moe.yield %0 : tensor<8x4xf32>
}

// A product with a weight and its tail; the weight is read inside.
// CHECK-LABEL: func.func @product(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>)
// CHECK: moe.kernel ins(%[[X]], {{.*}} : tensor<?x8xf32>, index)
// CHECK: %[[W:.*]] = moe.weight_value @w
// CHECK: %[[P:.*]] = linalg.matmul ins(%{{.*}}, %[[W]]
// CHECK: linalg.generic {{.*}} ins(%[[P]]
// CHECK: moe.yield
// CHECK-NOT: moe.kernel
func.func @product(%x : tensor<?x8xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %w = moe.weight_value @w : tensor<8x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%i : f32, %o : f32):
    %0 = arith.maximumf %i, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// A product of two values computed in the run takes no tail along.
// CHECK-LABEL: func.func @product_of_values(
// CHECK: %[[P:.*]] = moe.kernel
// CHECK: linalg.matmul
// CHECK: moe.kernel ins(%[[P]]
// CHECK: linalg.generic
func.func @product_of_values(%x : tensor<?x8xf32>, %w : tensor<8x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%i : f32, %o : f32):
    %0 = arith.maximumf %i, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// -----

// Each op of the moe dialect is a kernel, except those of the host.
// CHECK-LABEL: func.func @moe_ops(
// CHECK: %[[IDS:.*]] = moe.kernel
// CHECK: moe.top_k
// CHECK: %[[G:.*]]:3 = moe.kernel ins(%[[IDS]] : tensor<4x2xi32>)
// CHECK: moe.group
// CHECK: moe.yield
// CHECK-NEXT: }
// CHECK-NEXT: moe.count_experts %[[G]]#0
// CHECK-NEXT: return %[[G]]#1, %[[G]]#2
func.func @moe_ops(%s : tensor<4x8xf32>) -> (tensor<8xi32>, tensor<4x2xi32>) {
  %e = tensor.empty() : tensor<4x2xi32>
  %o = tensor.empty() : tensor<9xi32>
  %p = tensor.empty() : tensor<8xi32>
  %q = tensor.empty() : tensor<4x2xi32>
  %ids = moe.top_k %s : tensor<4x8xf32> outs(%e : tensor<4x2xi32>)
  %g:3 = moe.group %ids : tensor<4x2xi32> outs(%o, %p, %q : tensor<9xi32>, tensor<8xi32>, tensor<4x2xi32>)
  moe.count_experts %g#0 : tensor<9xi32>
  return %g#1, %g#2 : tensor<8xi32>, tensor<4x2xi32>
}

// -----

// Views, sizes and arithmetic on them stay on the host: so does a slice that is
// a run of bytes, and no other one.
// CHECK-LABEL: func.func @slices(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[Y:.*]]: tensor<1x4x8xf32>)
// CHECK-NOT: moe.kernel
// CHECK: %[[ROWS:.*]] = tensor.extract_slice %[[X]][1, 0] [2, 8] [1, 1]
// CHECK: %[[PART:.*]] = tensor.extract_slice %[[X]][1, 2] [1, 3] [1, 1]
// CHECK: %[[COLUMNS:.*]] = moe.kernel
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [4, 2] [1, 1]
// CHECK: %[[INNER:.*]] = moe.kernel
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0] [1, 4, 2] [1, 1, 1]
// CHECK: %[[STRIDED:.*]] = moe.kernel
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [2, 8] [2, 1]
// CHECK: return %[[ROWS]], %[[PART]], %[[COLUMNS]], %[[INNER]], %[[STRIDED]]
func.func @slices(%x : tensor<4x8xf32>, %y : tensor<1x4x8xf32>) -> (tensor<2x8xf32>, tensor<1x3xf32>, tensor<4x2xf32>, tensor<1x4x2xf32>, tensor<2x8xf32>) {
  %a = tensor.extract_slice %x[1, 0] [2, 8] [1, 1] : tensor<4x8xf32> to tensor<2x8xf32>
  %b = tensor.extract_slice %x[1, 2] [1, 3] [1, 1] : tensor<4x8xf32> to tensor<1x3xf32>
  %c = tensor.extract_slice %x[0, 0] [4, 2] [1, 1] : tensor<4x8xf32> to tensor<4x2xf32>
  %d = tensor.extract_slice %y[0, 0, 0] [1, 4, 2] [1, 1, 1] : tensor<1x4x8xf32> to tensor<1x4x2xf32>
  %e = tensor.extract_slice %x[0, 0] [2, 8] [2, 1] : tensor<4x8xf32> to tensor<2x8xf32>
  return %a, %b, %c, %d, %e : tensor<2x8xf32>, tensor<1x3xf32>, tensor<4x2xf32>, tensor<1x4x2xf32>, tensor<2x8xf32>
}

// CHECK-LABEL: func.func @host(
// CHECK-NOT: moe.kernel
// CHECK: return
func.func @host(%x : tensor<?x4xf32>, %y : tensor<?x4xf32>, %i : tensor<2xi64>) -> tensor<?x2x2xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %m = tensor.dim %y, %c0 : tensor<?x4xf32>
  %eq = arith.cmpi eq, %n, %m : index
  cf.assert %eq, "rows differ"
  %k = tensor.extract %i[%c0] : tensor<2xi64>
  %l = arith.addi %k, %k : i64
  %t = tensor.from_elements %l : tensor<1xi64>
  %r = tensor.expand_shape %x [[0], [1, 2]] output_shape [%n, 2, 2] : tensor<?x4xf32> into tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}

// A fill that is a result has no kernel to go along with.
// CHECK-LABEL: func.func @fill_result(
// CHECK: %[[K:.*]] = moe.kernel
// CHECK: linalg.fill
// CHECK: return %[[K]]
func.func @fill_result() -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %f : tensor<4xf32>
}

// What is computed in place of an input is copied to a destination.
// CHECK-LABEL: func.func @in_place(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4xf32>
// CHECK: moe.kernel ins({{.*}}) outs(%[[E]] : tensor<4xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<4xf32>, %{{.*}}: tensor<4xf32>, %[[OUT:.*]]: tensor<4xf32>):
// CHECK: %[[SUM:.*]] = linalg.add
// CHECK: %[[COPY:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<4xf32>) outs(%[[OUT]] : tensor<4xf32>)
// CHECK: moe.yield %[[COPY]]
func.func @in_place(%x : tensor<4xf32>, %y : tensor<4xf32>) -> tensor<4xf32> {
  %r = linalg.add ins(%x, %y : tensor<4xf32>, tensor<4xf32>) outs(%y : tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// A splat gets a destination as a fill, and what is no element-wise reader
// reads the fill as a value: a group cannot compute it piece by piece.
// CHECK-LABEL: func.func @splat(
// CHECK: %[[K:.*]] = moe.kernel
// CHECK: linalg.fill
// CHECK: moe.kernel ins(%[[K]], 
// CHECK: moe.group
// CHECK-NOT: tensor.splat
// CHECK: return
func.func @splat(%n : index, %o : tensor<2xi32>, %s : tensor<?xi32>, %p : tensor<?x1xi32>) -> tensor<2xi32> {
  %zero = arith.constant 0 : i32
  %ids = tensor.splat %zero[%n] : tensor<?x1xi32>
  %g:3 = moe.group %ids : tensor<?x1xi32> outs(%o, %s, %p : tensor<2xi32>, tensor<?xi32>, tensor<?x1xi32>)
  return %g#0 : tensor<2xi32>
}

// The host holds constants: no kernel copies one, the sum reads it.
// CHECK-LABEL: func.func @constant(
// CHECK: %[[C:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK: moe.kernel ins(%{{.*}}, %[[C]] : tensor<2xf32>, tensor<2xf32>)
// CHECK-NOT: moe.kernel
// CHECK: return
func.func @constant(%x : tensor<2xf32>) -> tensor<2xf32> {
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %r = linalg.add ins(%x, %c : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// A fill goes along though the sizes of the kernel's destination are asked of
// it.
// CHECK-LABEL: func.func @sizes_of_a_fill(
// CHECK:         moe.kernel
// CHECK:           linalg.fill
// CHECK:           linalg.generic
func.func @sizes_of_a_fill(%x : tensor<?x?x?xf32>, %empty : tensor<?x?xf32>, %m : index, %n : index) -> tensor<1x?x?xf32> {
  %zero = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %init = tensor.expand_shape %empty [[0, 1], [2]] output_shape [1, %m, %n] : tensor<?x?xf32> into tensor<1x?x?xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%init : tensor<1x?x?xf32>) -> tensor<1x?x?xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(r, i, j, k) -> (r, j, k)>, affine_map<(r, i, j, k) -> (i, j, k)>],
      iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%x : tensor<?x?x?xf32>) outs(%fill : tensor<1x?x?xf32>) {
  ^bb0(%in : f32, %out : f32):
    %s = arith.addf %out, %in : f32
    linalg.yield %s : f32
  } -> tensor<1x?x?xf32>
  return %sum : tensor<1x?x?xf32>
}
