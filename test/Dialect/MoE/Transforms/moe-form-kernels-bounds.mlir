// RUN: moe-opt %s --moe-form-kernels --split-input-file | FileCheck %s
// RUN: moe-opt %s --moe-form-kernels=max-scalar-ops=4 --split-input-file | FileCheck %s --check-prefix=FOUR

#id = affine_map<(d0) -> (d0)>

// Every op reads the two before it. Tiling would compute the ops, from the last
// one up, 1, 1, 2, 3 and 5 times, so that a kernel of four holds three of them.
// CHECK-LABEL: func.func @lattice
// CHECK-COUNT-1: moe.kernel
// CHECK-NOT: moe.kernel
// CHECK: return
// FOUR-LABEL: func.func @lattice
// FOUR: moe.kernel
// FOUR: arith.subf
// FOUR: moe.kernel
// FOUR: arith.mulf
// FOUR: moe.kernel
// FOUR: arith.addf
// FOUR: arith.maximumf
// FOUR: arith.minimumf
// FOUR: moe.yield
// FOUR-NOT: moe.kernel
// FOUR: return
func.func @lattice(%x : tensor<8xf32>, %y : tensor<8xf32>) -> tensor<8xf32> {
  %o = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %y : tensor<8xf32>, tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32, %c : f32):
    %v = arith.subf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%y, %0 : tensor<8xf32>, tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32, %c : f32):
    %v = arith.mulf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%0, %1 : tensor<8xf32>, tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32, %c : f32):
    %v = arith.addf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%1, %2 : tensor<8xf32>, tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32, %c : f32):
    %v = arith.maximumf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %4 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%2, %3 : tensor<8xf32>, tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32, %c : f32):
    %v = arith.minimumf %a, %b : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  return %4 : tensor<8xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>

// However little they compute: a kernel has at most 16 loops.
// CHECK-LABEL: func.func @members
// CHECK: moe.kernel
// CHECK-COUNT-2: linalg.generic
// CHECK: moe.yield
// CHECK: moe.kernel
// CHECK-COUNT-16: linalg.generic
// CHECK: moe.yield
// CHECK-NOT: moe.kernel
// CHECK: return
func.func @members(%x : tensor<8xf32>) -> tensor<8xf32> {
  %o = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%1 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%2 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %4 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%3 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %5 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%4 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %6 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%5 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %7 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%6 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %8 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%7 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %9 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%8 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %10 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%9 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %11 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%10 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %12 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%11 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %13 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%12 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %14 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%13 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %15 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%14 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %16 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%15 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  %17 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%16 : tensor<8xf32>) outs(%o : tensor<8xf32>) {
  ^bb0(%a : f32, %b : f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<8xf32>
  return %17 : tensor<8xf32>
}
