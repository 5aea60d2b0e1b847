// RUN: moe-opt %s --verify-roundtrip | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// CHECK: moert.kernel @add {arguments = 4 : i64, grains = array<i64: 1, 64>, scratch = 128 : i64}
moert.kernel @add {arguments = 4 : i64, grains = array<i64: 1, 64>, scratch = 128 : i64}
// CHECK: moert.weight @w : tensor<4x8xf32> {constant}
moert.weight @w : tensor<4x8xf32> {constant}
// CHECK: moert.weight @packed : tensor<1x2x8x32xf32> {encoding = #moert.encoding<panels, version = 0>}
moert.weight @packed : tensor<1x2x8x32xf32> {encoding = #moert.encoding<panels, version = 0>}
// CHECK: moert.pool @experts {encoding = #moert.encoding<panels, version = 0>, experts = 8 : i64, stride = 8192 : i64}
moert.pool @experts {encoding = #moert.encoding<panels, version = 0>, experts = 8 : i64, stride = 8192 : i64}
moert.layer @moe0 {experts = 8 : i64}

// CHECK-LABEL: moert.program @straight_line
moert.program @straight_line {
  // CHECK: %[[X:.*]], %[[N:.*]] = moert.input "x" names ["N", ""] : tensor<?x4xf32>
  %x, %n = moert.input "x" names ["N", ""] : tensor<?x4xf32>
  %w = moert.weight_ref @w
  %p = moert.pool_ref @experts
  %y = moert.buffer
  // CHECK: moert.const 16
  %c16 = moert.const 16
  // CHECK: moert.compute mul %[[N]], %{{.*}}
  %bytes = moert.compute mul %n, %c16
  %ok = moert.compute le %n, %c16
  // CHECK: moert.check %{{.*}}, "at most 16 rows, got {0}" values(%[[N]])
  moert.check %ok, "at most 16 rows, got {0}" values(%n)
  moert.place %y, %bytes
  %c0 = moert.const 0
  %c1 = moert.const 1
  %l = moert.load %x[%c0] : i64
  moert.store %l, %y[%c0] : i64
  %v = moert.view %y at %c16
  moert.copy %x to %y, %bytes
  // CHECK: moert.run @add items(%{{.*}}, %{{.*}}) arguments(%[[X]], %[[N]], %{{.*}} : !moert.buffer, i64, !moert.pool)
  moert.run @add items(%c1, %c0) arguments(%x, %n, %p : !moert.buffer, i64, !moert.pool)
  moert.pin @experts %y, %n
  moert.unpin @experts
  moert.count_experts @moe0 %y
  %s = moert.select %ok, %c0, %c1
  moert.launch @add grid(%c1, %c1, %s) arguments(%x : !moert.buffer) {block = array<i32: 128, 1, 1>, cluster = array<i32: 1, 1, 1>, queue = 0 : i32, shared = 0 : i32}
  // CHECK: moert.output "y" %{{.*}} dims(%[[N]]) names ["N", ""] : tensor<?x4xf32>
  moert.output "y" %y dims(%n) names ["N", ""] : tensor<?x4xf32>
  moert.end
}

// CHECK-LABEL: moert.program @branches
moert.program @branches {
  %c1 = moert.const 1
  // CHECK: moert.branch %{{.*}}, ^[[A:.*]], ^[[B:.*]]
  moert.branch %c1, ^a, ^b
^a:
  // CHECK: moert.jump ^[[B]]
  moert.jump ^b
^b:
  moert.end
}
