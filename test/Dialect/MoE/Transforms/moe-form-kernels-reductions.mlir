// RUN: moe-opt %s --moe-form-kernels | FileCheck %s

// A sum over the last dimension and one over the dimension before cannot share
// a kernel where neither has a known size: what is between them would be as
// large as a row.
// CHECK-LABEL: func.func @main(
// CHECK:         moe.kernel
// CHECK:           iterator_types = ["parallel", "parallel", "reduction"]
// CHECK-NEXT:      ^bb0
// CHECK:           moe.yield
// CHECK:         moe.kernel
// CHECK:           iterator_types = ["parallel", "parallel", "parallel"]
// CHECK:           iterator_types = ["parallel", "reduction", "parallel"]
// CHECK:           iterator_types = ["parallel", "parallel", "parallel"]
// CHECK-NOT:     moe.kernel
// CHECK:         return
func.func @main(%x: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %a = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %c = tensor.dim %x, %c2 : tensor<?x?x?xf32>
  %e3 = tensor.empty(%a, %b, %c) : tensor<?x?x?xf32>
  %e2 = tensor.empty(%a, %b) : tensor<?x?xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x?xf32>) -> tensor<?x?xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
     ins(%x : tensor<?x?x?xf32>) outs(%f2 : tensor<?x?xf32>) {
  ^bb0(%p: f32, %q: f32):
    %v = arith.addf %q, %p : f32
    linalg.yield %v : f32
  } -> tensor<?x?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j)>, affine_map<(i, j, k) -> (i, j, k)>], iterator_types = ["parallel", "parallel", "parallel"]}
     ins(%x, %s : tensor<?x?x?xf32>, tensor<?x?xf32>) outs(%e3 : tensor<?x?x?xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %v = arith.divf %p, %q : f32
    linalg.yield %v : f32
  } -> tensor<?x?x?xf32>
  %e2c = tensor.empty(%a, %c) : tensor<?x?xf32>
  %f2c = linalg.fill ins(%zero : f32) outs(%e2c : tensor<?x?xf32>) -> tensor<?x?xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, k)>], iterator_types = ["parallel", "reduction", "parallel"]}
     ins(%y : tensor<?x?x?xf32>) outs(%f2c : tensor<?x?xf32>) {
  ^bb0(%p: f32, %q: f32):
    %v = arith.addf %q, %p : f32
    linalg.yield %v : f32
  } -> tensor<?x?xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (i, j, k)>], iterator_types = ["parallel", "parallel", "parallel"]}
     ins(%y, %t : tensor<?x?x?xf32>, tensor<?x?xf32>) outs(%e3 : tensor<?x?x?xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %v = arith.divf %p, %q : f32
    linalg.yield %v : f32
  } -> tensor<?x?x?xf32>
  return %z : tensor<?x?x?xf32>
}
