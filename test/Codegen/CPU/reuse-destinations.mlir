// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-reuse-destinations))' | FileCheck %s

#id = affine_map<(a, b) -> (a, b)>
#turned = affine_map<(a, b) -> (b, a)>

// A chain of temporaries ends in the destination.
// CHECK-LABEL: func.func private @chain(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x?xf32>, %[[OUT:[^:]*]]: tensor<?x?xf32>)
// CHECK:         %[[A:.*]] = linalg.exp ins(%[[X]] : {{.*}}) outs(%[[OUT]] :
// CHECK:         %[[S:.*]] = linalg.reduce { arith.addf } ins(%[[A]] :
// CHECK:         %[[B:.*]] = linalg.sqrt ins(%[[A]] : {{.*}}) outs(%[[A]] :
// CHECK:         linalg.negf ins(%[[B]] : {{.*}}) outs(%[[B]] :
func.func private @chain(%x: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>)
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %e = tensor.empty(%r, %n) : tensor<?x?xf32>
  %e1 = tensor.empty(%r) : tensor<?xf32>
  %a = linalg.exp ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %s = linalg.reduce { arith.addf } ins(%a : tensor<?x?xf32>) outs(%e1 : tensor<?xf32>) dimensions = [1]
  %b = linalg.sqrt ins(%a : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.negf ins(%b : tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0, %s : tensor<?x?xf32>, tensor<?xf32>
}

// Not where the temporary is read afterwards,
// CHECK-LABEL: func.func private @read_later(
// CHECK:         %[[E:.*]] = tensor.empty
// CHECK:         linalg.exp ins(%{{.*}} : {{.*}}) outs(%[[E]] :
func.func private @read_later(%x: tensor<4x4xf32>, %out: tensor<4x4xf32>, %s: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4xf32>)
    attributes {moe.kernel, moe.outs = 2} {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.exp ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.negf ins(%a : tensor<4x4xf32>) outs(%out : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.reduce { arith.addf } ins(%a : tensor<4x4xf32>) outs(%s : tensor<4xf32>) dimensions = [1]
  return %0, %1 : tensor<4x4xf32>, tensor<4xf32>
}

// nor where it is read elsewhere than it is overwritten,
// CHECK-LABEL: func.func private @crossing(
// CHECK:         %[[E:.*]] = tensor.empty
// CHECK:         linalg.exp ins(%{{.*}} : {{.*}}) outs(%[[E]] :
func.func private @crossing(%x: tensor<4x4xf32>, %out: tensor<4x4xf32>) -> tensor<4x4xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.exp ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.generic {indexing_maps = [#id, #turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%out : tensor<4x4xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %v = arith.addf %p, %q : f32
    linalg.yield %v : f32
  } -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// nor where types differ, nor where the destination's contents are needed.
// CHECK-LABEL: func.func private @other_type(
// CHECK:         %[[E:.*]] = tensor.empty
// CHECK:         linalg.exp ins(%{{.*}} : {{.*}}) outs(%[[E]] :
func.func private @other_type(%x: tensor<4x4xf32>, %out: tensor<4x4xf16>) -> tensor<4x4xf16>
    attributes {moe.kernel, moe.outs = 1} {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.exp ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<4x4xf32>) outs(%out : tensor<4x4xf16>) {
  ^bb0(%p: f32, %o: f16):
    %v = arith.truncf %p : f32 to f16
    linalg.yield %v : f16
  } -> tensor<4x4xf16>
  return %0 : tensor<4x4xf16>
}

// CHECK-LABEL: func.func private @accumulates(
// CHECK:         %[[E:.*]] = tensor.empty
// CHECK:         linalg.exp ins(%{{.*}} : {{.*}}) outs(%[[E]] :
func.func private @accumulates(%x: tensor<4x4xf32>, %out: tensor<4x4xf32>) -> tensor<4x4xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %e = tensor.empty() : tensor<4x4xf32>
  %a = linalg.exp ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<4x4xf32>) outs(%out : tensor<4x4xf32>) {
  ^bb0(%p: f32, %o: f32):
    %v = arith.addf %p, %o : f32
    linalg.yield %v : f32
  } -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
