// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-rematerialize))' | FileCheck %s

#id = affine_map<(a, b) -> (a, b)>
#row = affine_map<(a, b) -> (a)>

// The exponentials of a row of unknown length are computed by both readers.
// CHECK-LABEL: func.func private @unbounded(
// CHECK:         scf.forall
// CHECK:           linalg.generic {{.*}}"parallel", "reduction"]
// CHECK:             math.exp
// CHECK:             arith.addf
// CHECK:           linalg.generic {{.*}}"parallel", "parallel"]
// CHECK:             math.exp
// CHECK:             arith.divf
// CHECK-NOT:       linalg.generic
// CHECK:         return
func.func private @unbounded(%x: tensor<?x?xf16>, %out: tensor<?x?xf16>) -> tensor<?x?xf16>
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r = tensor.dim %x, %c0 : tensor<?x?xf16>
  %n = tensor.dim %x, %c1 : tensor<?x?xf16>
  %0 = scf.forall (%i) in (%r) shared_outs(%o = %out) -> (tensor<?x?xf16>) {
    %xs = tensor.extract_slice %x[%i, 0] [1, %n] [1, 1] : tensor<?x?xf16> to tensor<1x?xf16>
    %os = tensor.extract_slice %o[%i, 0] [1, %n] [1, 1] : tensor<?x?xf16> to tensor<1x?xf16>
    %e = tensor.empty(%n) : tensor<1x?xf32>
    %exp = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%xs : tensor<1x?xf16>) outs(%e : tensor<1x?xf32>) {
    ^bb0(%a: f16, %b: f32):
      %w = arith.extf %a : f16 to f32
      %v = math.exp %w : f32
      linalg.yield %v : f32
    } -> tensor<1x?xf32>
    %e1 = tensor.empty() : tensor<1xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1xf32>) -> tensor<1xf32>
    %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%exp : tensor<1x?xf32>) outs(%f : tensor<1xf32>) {
    ^bb0(%a: f32, %s: f32):
      %v = arith.addf %a, %s : f32
      linalg.yield %v : f32
    } -> tensor<1xf32>
    %res = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%exp, %sum : tensor<1x?xf32>, tensor<1xf32>) outs(%os : tensor<1x?xf16>) {
    ^bb0(%a: f32, %s: f32, %b: f16):
      %d = arith.divf %a, %s : f32
      %v = arith.truncf %d : f32 to f16
      linalg.yield %v : f16
    } -> tensor<1x?xf16>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %res into %o[%i, 0] [1, %n] [1, 1] : tensor<1x?xf16> into tensor<?x?xf16>
    }
  }
  return %0 : tensor<?x?xf16>
}

// A row of known length goes to scratch.
// CHECK-LABEL: func.func private @bounded(
// CHECK-COUNT-1: math.exp
// CHECK-NOT:     math.exp
// CHECK:         return
func.func private @bounded(%x: tensor<?x64xf16>, %out: tensor<?x64xf16>) -> tensor<?x64xf16>
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %r = tensor.dim %x, %c0 : tensor<?x64xf16>
  %0 = scf.forall (%i) in (%r) shared_outs(%o = %out) -> (tensor<?x64xf16>) {
    %xs = tensor.extract_slice %x[%i, 0] [1, 64] [1, 1] : tensor<?x64xf16> to tensor<1x64xf16>
    %os = tensor.extract_slice %o[%i, 0] [1, 64] [1, 1] : tensor<?x64xf16> to tensor<1x64xf16>
    %e = tensor.empty() : tensor<1x64xf32>
    %exp = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%xs : tensor<1x64xf16>) outs(%e : tensor<1x64xf32>) {
    ^bb0(%a: f16, %b: f32):
      %w = arith.extf %a : f16 to f32
      %v = math.exp %w : f32
      linalg.yield %v : f32
    } -> tensor<1x64xf32>
    %res = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%exp : tensor<1x64xf32>) outs(%os : tensor<1x64xf16>) {
    ^bb0(%a: f32, %b: f16):
      %v = arith.truncf %a : f32 to f16
      linalg.yield %v : f16
    } -> tensor<1x64xf16>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %res into %o[%i, 0] [1, 64] [1, 1] : tensor<1x64xf16> into tensor<?x64xf16>
    }
  }
  return %0 : tensor<?x64xf16>
}
