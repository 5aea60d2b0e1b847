// RUN: moe-opt %s --moe-dedup-kernels | FileCheck %s

// CHECK-LABEL: func.func @host(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[O:.*]]: tensor<4xf32>)
// CHECK: %[[A:.*]] = call @first(%[[X]], %[[O]])
// CHECK: %[[B:.*]] = call @first(%[[A]], %[[O]])
// CHECK: %[[C:.*]] = call @other_body(%[[B]], %[[O]])
// CHECK: %[[D:.*]] = call @other_pool(%[[C]], %[[O]])
// CHECK: %[[E:.*]] = call @third(%[[D]], %[[O]])
// CHECK: return %[[E]]
func.func @host(%x : tensor<4xf32>, %o : tensor<4xf32>) -> tensor<4xf32> {
  %a = call @first(%x, %o) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = call @second(%a, %o) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %c = call @other_body(%b, %o) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = call @other_pool(%c, %o) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %e = call @third(%d, %o) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %e : tensor<4xf32>
}
// CHECK: func.func private @first(
func.func private @first(%x : tensor<4xf32>, %o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%o : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// Names of values and locations are no difference.
// CHECK-NOT: @second
func.func private @second(%y : tensor<4xf32> loc("named"), %p : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %1 = linalg.exp ins(%y : tensor<4xf32>) outs(%p : tensor<4xf32>) -> tensor<4xf32> loc("node")
  return %1 : tensor<4xf32>
}
// CHECK: func.func private @other_body(
func.func private @other_body(%x : tensor<4xf32>, %o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %0 = linalg.log ins(%x : tensor<4xf32>) outs(%o : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// The place of a weight in its slot is one.
// CHECK: func.func private @other_pool(
func.func private @other_pool(%x : tensor<4xf32> {moe.pool = {offset = 64 : i64, stride = 4096 : i64}}, %o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%o : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// CHECK: func.func private @third(
func.func private @third(%x : tensor<4xf32> {moe.pool = {offset = 128 : i64, stride = 4096 : i64}}, %o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %0 = linalg.exp ins(%x : tensor<4xf32>) outs(%o : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// A function that is no kernel is left alone, whatever it equals.
// CHECK: func.func private @no_kernel(
// CHECK: func.func private @no_kernel_either(
func.func private @no_kernel(%x : tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func private @no_kernel_either(%x : tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// Constants count, however they are printed.
// RUN: moe-opt %s --moe-dedup-kernels --mlir-elide-elementsattrs-if-larger=2 | FileCheck %s --check-prefix=ELIDED
// ELIDED: func.func private @one_to_four(
// ELIDED: func.func private @five_to_eight(
func.func private @one_to_four(%o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = linalg.copy ins(%c : tensor<4xf32>) outs(%o : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @five_to_eight(%o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %c = arith.constant dense<[5.0, 6.0, 7.0, 8.0]> : tensor<4xf32>
  %0 = linalg.copy ins(%c : tensor<4xf32>) outs(%o : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
