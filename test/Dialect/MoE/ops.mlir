// RUN: moe-opt %s --verify-roundtrip | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// CHECK-LABEL: moe.weight private @up : tensor<8x64x128xf32> {
// CHECK: ^bb0(%{{.*}}: index):
// CHECK: moe.source file<"model.onnx.data", offset = 4096, length = 262144> : tensor<8x128x64xf32>
moe.weight private @up : tensor<8x64x128xf32> {
^bb0(%e : index):
  %all = moe.source file<"model.onnx.data", offset = 4096, length = 262144> : tensor<8x128x64xf32>
  %nk = tensor.extract_slice %all[%e, 0, 0] [1, 128, 64] [1, 1, 1] : tensor<8x128x64xf32> to tensor<128x64xf32>
  %empty = tensor.empty() : tensor<64x128xf32>
  %kn = linalg.transpose ins(%nk : tensor<128x64xf32>) outs(%empty : tensor<64x128xf32>) permutation = [1, 0]
  moe.yield %kn : tensor<64x128xf32>
}
// CHECK: moe.weight @gate : tensor<8x64x128xf32> attributes {note = "x"} {
// CHECK: moe.source random<seed = 7, low = -1.000000e+00, high = 1.000000e+00> : tensor<64x128xf32>
moe.weight @gate : tensor<8x64x128xf32> attributes {note = "x"} {
^bb0(%e : index):
  %0 = moe.source random<seed = 7, low = -1.0, high = 1.0> : tensor<64x128xf32>
  moe.yield %0 : tensor<64x128xf32>
}
// Two matrices of 20 columns in panels of 16 columns each: two panels.
// CHECK: moe.weight @packed : tensor<8x2x6x32xf32> encoding #moe.panels<tensor<6x20xf16>, tensor<6x20xf32>> {
moe.weight @packed : tensor<8x2x6x32xf32> encoding #moe.panels<tensor<6x20xf16>, tensor<6x20xf32>> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<2x6x32xf32>
  moe.yield %0 : tensor<2x6x32xf32>
}

// CHECK: moe.weight @scale : tensor<8xf32> {
// CHECK-NEXT: moe.source dense<1.000000e+00> : tensor<8xf32>
moe.weight @scale : tensor<8xf32> {
  %0 = moe.source dense<1.0> : tensor<8xf32>
  moe.yield %0 : tensor<8xf32>
}
// CHECK: moe.weight @bias : tensor<8x128xf32> {
moe.weight @bias : tensor<8x128xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<128xf32>
  moe.yield %0 : tensor<128xf32>
}
// CHECK: moe.weight @stacked : tensor<3x4xf32> {
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-NEXT: moe.source [file<"a", offset = 0, length = 16>, random<seed = 7, low = 0.000000e+00, high = 1.000000e+00>, dense<1.000000e+00> : tensor<4xf32>] at %[[E]] : tensor<4xf32>
moe.weight @stacked : tensor<3x4xf32> {
^bb0(%e : index):
  %0 = moe.source [file<"a", offset = 0, length = 16>, random<seed = 7, low = 0.0, high = 1.0>, dense<1.0> : tensor<4xf32>] at %e : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}
// CHECK: moe.weight @ragged : tensor<4x64x?xf32> {
moe.weight @ragged : tensor<4x64x?xf32> {
^bb0(%e : index):
  %0 = tensor.empty(%e) : tensor<64x?xf32>
  moe.yield %0 : tensor<64x?xf32>
}

// CHECK-LABEL: @weight_value
func.func @weight_value(%e : index) -> (tensor<8xf32>, tensor<64x128xf32>) {
  // CHECK: moe.weight_value @scale : tensor<8xf32>
  %0 = moe.weight_value @scale : tensor<8xf32>
  // CHECK: moe.weight_value @gate[%{{.*}}] : tensor<64x128xf32>
  %1 = moe.weight_value @gate[%e] : tensor<64x128xf32>
  return %0, %1 : tensor<8xf32>, tensor<64x128xf32>
}

// CHECK-LABEL: @top_k
// CHECK: moe.top_k %{{.*}} : tensor<?x64xf32> outs(%{{.*}} : tensor<?x8xi32>)
func.func @top_k(%s : tensor<?x64xf32>, %o : tensor<?x8xi32>) -> tensor<?x8xi32> {
  %0 = moe.top_k %s : tensor<?x64xf32> outs(%o : tensor<?x8xi32>)
  return %0 : tensor<?x8xi32>
}

// CHECK-LABEL: @top_k_limit
// CHECK: moe.top_k %{{.*}} : tensor<?x?xf16> limit(%{{.*}}) outs(%{{.*}} : tensor<?x?xi32>)
func.func @top_k_limit(%s : tensor<?x?xf16>, %k : index, %o : tensor<?x?xi32>) -> tensor<?x?xi32> {
  %0 = moe.top_k %s : tensor<?x?xf16> limit(%k) outs(%o : tensor<?x?xi32>)
  return %0 : tensor<?x?xi32>
}

// CHECK-LABEL: @top_k_memref
// CHECK: moe.top_k %{{.*}} : memref<?x64xf32> outs(%{{.*}} : memref<?x8xi32>)
func.func @top_k_memref(%s : memref<?x64xf32>, %o : memref<?x8xi32>) {
  moe.top_k %s : memref<?x64xf32> outs(%o : memref<?x8xi32>)
  return
}

// CHECK-LABEL: @take
// CHECK: moe.take %{{.*}} at %{{.*}} : tensor<?x64xf32>, tensor<?x8xi32> outs(%{{.*}} : tensor<?x8xf32>)
func.func @take(%t : tensor<?x64xf32>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = moe.take %t at %ids : tensor<?x64xf32>, tensor<?x8xi32> outs(%o : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @take_vector
// CHECK: moe.take %{{.*}} at %{{.*}} : memref<64xi8>, memref<?x8xi32> outs(%{{.*}} : memref<?x8xi8>)
func.func @take_vector(%t : memref<64xi8>, %ids : memref<?x8xi32>, %o : memref<?x8xi8>) {
  moe.take %t at %ids : memref<64xi8>, memref<?x8xi32> outs(%o : memref<?x8xi8>)
  return
}

// CHECK-LABEL: @normalize
func.func @normalize(%w : tensor<?x8xf32>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: moe.normalize sum %{{.*}} over %{{.*}} eps 9.9{{.*}}E-21 : tensor<?x8xf32>, tensor<?x8xi32> outs(%{{.*}} : tensor<?x8xf32>)
  %0 = moe.normalize sum %w over %ids eps 1.0e-20 : tensor<?x8xf32>, tensor<?x8xi32> outs(%o : tensor<?x8xf32>)
  // CHECK: moe.normalize softmax %{{.*}} over %{{.*}} : tensor<?x8xf32>, tensor<?x8xi32> outs(%{{.*}} : tensor<?x8xf32>)
  %1 = moe.normalize softmax %w over %ids : tensor<?x8xf32>, tensor<?x8xi32> outs(%o : tensor<?x8xf32>)
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// CHECK-LABEL: @normalize_memref
// CHECK: moe.normalize sum %{{.*}} over %{{.*}} : memref<?x8xf32>, memref<?x8xi32> outs(%{{.*}} : memref<?x8xf32>)
func.func @normalize_memref(%w : memref<?x8xf32>, %ids : memref<?x8xi32>, %o : memref<?x8xf32>) {
  moe.normalize sum %w over %ids : memref<?x8xf32>, memref<?x8xi32> outs(%o : memref<?x8xf32>)
  return
}

// CHECK-LABEL: @experts
// CHECK: %[[Y:.*]]:2 = moe.experts at(%{{.*}} : tensor<?x2xi32>) rows(%{{.*}} : tensor<?x64xf32>) slots(%{{.*}} : tensor<?x2xf32>) context(%{{.*}}, %{{.*}} : tensor<64xf32>, f32) outs(%{{.*}}, %{{.*}} : tensor<?x2x128xf32>, tensor<?x2xf32>) attributes {note}
// CHECK-NEXT: experts 0 to 8 weights(@up : tensor<8x64x128xf32>, @gate : tensor<8x64x128xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: tensor<?x64xf32>, %{{.*}}: tensor<?xf32>, %{{.*}}: tensor<64xf32>, %{{.*}}: f32, %{{.*}}: tensor<64x128xf32>, %{{.*}}: tensor<64x128xf32>):
// CHECK: moe.yield %{{.*}}, %{{.*}} : tensor<?x128xf32>, tensor<?xf32>
// CHECK: },
// CHECK-NEXT: experts 8 to 9 {
// CHECK: },
// CHECK-NEXT: experts 9 to 13 weights(@ragged : tensor<4x64x?xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: tensor<?x64xf32>, %{{.*}}: tensor<?xf32>, %{{.*}}: tensor<64xf32>, %{{.*}}: f32, %{{.*}}: tensor<64x?xf32>):
func.func @experts(%ids : tensor<?x2xi32>, %x : tensor<?x64xf32>, %z : tensor<?x2xf32>, %c : tensor<64xf32>, %a : f32,
                   %o : tensor<?x2x128xf32>, %p : tensor<?x2xf32>) -> (tensor<?x2x128xf32>, tensor<?x2xf32>) {
  %y:2 = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x64xf32>) slots(%z : tensor<?x2xf32>)
    context(%c, %a : tensor<64xf32>, f32) outs(%o, %p : tensor<?x2x128xf32>, tensor<?x2xf32>)
    attributes {note}
  experts 0 to 8 weights(@up : tensor<8x64x128xf32>, @gate : tensor<8x64x128xf32>) {
  ^bb0(%e : index, %xe : tensor<?x64xf32>, %ze : tensor<?xf32>, %ce : tensor<64xf32>, %ae : f32, %wu : tensor<64x128xf32>, %wg : tensor<64x128xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x64xf32>
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty(%n) : tensor<?x128xf32>
    %acc = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x128xf32>) -> tensor<?x128xf32>
    %h = linalg.matmul ins(%xe, %wu : tensor<?x64xf32>, tensor<64x128xf32>) outs(%acc : tensor<?x128xf32>) -> tensor<?x128xf32>
    moe.yield %h, %ze : tensor<?x128xf32>, tensor<?xf32>
  }, experts 8 to 9 {
  ^bb0(%e : index, %xe : tensor<?x64xf32>, %ze : tensor<?xf32>, %ce : tensor<64xf32>, %ae : f32):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x64xf32>
    %h = tensor.splat %ae[%n] : tensor<?x128xf32>
    moe.yield %h, %ze : tensor<?x128xf32>, tensor<?xf32>
  }, experts 9 to 13 weights(@ragged : tensor<4x64x?xf32>) {
  ^bb0(%e : index, %xe : tensor<?x64xf32>, %ze : tensor<?xf32>, %ce : tensor<64xf32>, %ae : f32, %w : tensor<64x?xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x64xf32>
    %h = tensor.empty(%n) : tensor<?x128xf32>
    moe.yield %h, %ze : tensor<?x128xf32>, tensor<?xf32>
  }
  return %y#0, %y#1 : tensor<?x2x128xf32>, tensor<?x2xf32>
}

// CHECK-LABEL: @combine
func.func @combine(%y : tensor<?x8x64xf32>, %ids : tensor<?x8xi32>, %w : tensor<?x8xf32>, %o : tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  // CHECK: moe.combine %{{.*}} : tensor<?x8x64xf32> at(%{{.*}} : tensor<?x8xi32>) with(%{{.*}} : tensor<?x8xf32>) outs(%{{.*}} : tensor<?x64xf32>)
  %0 = moe.combine %y : tensor<?x8x64xf32> at(%ids : tensor<?x8xi32>) with(%w : tensor<?x8xf32>) outs(%o : tensor<?x64xf32>)
  // CHECK: moe.combine %{{.*}} : tensor<?x8x64xf32> at(%{{.*}} : tensor<?x8xi32>) outs(%{{.*}} : tensor<?x64xf32>)
  %1 = moe.combine %y : tensor<?x8x64xf32> at(%ids : tensor<?x8xi32>) outs(%o : tensor<?x64xf32>)
  return %0, %1 : tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK-LABEL: @combine_grouped
// CHECK: moe.combine %{{.*}} : tensor<?x4x5xbf16> from(%{{.*}} : tensor<?x8xi32>) with(%{{.*}} : tensor<?x8xf32>) outs(%{{.*}} : tensor<?x4x5xbf16>)
func.func @combine_grouped(%y : tensor<?x4x5xbf16>, %p : tensor<?x8xi32>, %w : tensor<?x8xf32>, %o : tensor<?x4x5xbf16>) -> tensor<?x4x5xbf16> {
  %0 = moe.combine %y : tensor<?x4x5xbf16> from(%p : tensor<?x8xi32>) with(%w : tensor<?x8xf32>) outs(%o : tensor<?x4x5xbf16>)
  return %0 : tensor<?x4x5xbf16>
}

// CHECK-LABEL: @combine_memref
// CHECK: moe.combine %{{.*}} : memref<?x64xf32> from(%{{.*}} : memref<?x8xi32>) with(%{{.*}} : memref<?x8xf32>) outs(%{{.*}} : memref<?x64xf32>)
func.func @combine_memref(%y : memref<?x64xf32>, %p : memref<?x8xi32>, %w : memref<?x8xf32>, %o : memref<?x64xf32>) {
  moe.combine %y : memref<?x64xf32> from(%p : memref<?x8xi32>) with(%w : memref<?x8xf32>) outs(%o : memref<?x64xf32>)
  return
}

// CHECK-LABEL: @group
// CHECK: %{{.*}}:3 = moe.group %{{.*}} : tensor<?x8xi32> outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>)
func.func @group(%ids : tensor<?x8xi32>, %o : tensor<65xi32>, %s : tensor<?xi32>, %p : tensor<?x8xi32>) -> (tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>) {
  %offsets, %source, %position = moe.group %ids : tensor<?x8xi32> outs(%o, %s, %p : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>)
  return %offsets, %source, %position : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>
}

// CHECK-LABEL: @group_memref
// CHECK: moe.group %{{.*}} : memref<?x8xi32> outs(%{{.*}}, %{{.*}}, %{{.*}} : memref<65xi32>, memref<?xi32>, memref<?x8xi32>)
func.func @group_memref(%ids : memref<?x8xi32>, %o : memref<65xi32>, %s : memref<?xi32>, %p : memref<?x8xi32>) {
  moe.group %ids : memref<?x8xi32> outs(%o, %s, %p : memref<65xi32>, memref<?xi32>, memref<?x8xi32>)
  return
}

// CHECK-LABEL: @grouped_matmul
func.func @grouped_matmul(%x : tensor<?x64xf32>, %source : tensor<?xi32>, %offsets : tensor<9xi32>, %o : tensor<?x128xf32>) -> (tensor<?x128xf32>, tensor<?x128xf32>) {
  // CHECK: moe.grouped_matmul rows(%{{.*}} : tensor<?x64xf32>) by(%{{.*}} : tensor<?xi32>) div 8 groups(%{{.*}} : tensor<9xi32>)
  // CHECK-SAME: weights(@gate : tensor<8x64x128xf32>, @up : tensor<8x64x128xf32>) vectors(@bias : tensor<8x128xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x128xf32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
  %0 = moe.grouped_matmul rows(%x : tensor<?x64xf32>) by(%source : tensor<?xi32>) div 8 groups(%offsets : tensor<9xi32>)
    weights(@gate : tensor<8x64x128xf32>, @up : tensor<8x64x128xf32>) vectors(@bias : tensor<8x128xf32>)
    outs(%o : tensor<?x128xf32>) {
  ^bb0(%g : f32, %u : f32, %b : f32):
    %m = arith.mulf %g, %u : f32
    %a = arith.addf %m, %b : f32
    moe.yield %a : f32
  }
  // CHECK: moe.grouped_matmul rows(%{{.*}} : tensor<?x64xf32>) groups(%{{.*}} : tensor<9xi32>) weights(@up : tensor<8x64x128xf32>) outs(%{{.*}} : tensor<?x128xf32>) {
  %1 = moe.grouped_matmul rows(%x : tensor<?x64xf32>) groups(%offsets : tensor<9xi32>) weights(@up : tensor<8x64x128xf32>) outs(%o : tensor<?x128xf32>) {
  ^bb0(%g : f32):
    moe.yield %g : f32
  }
  return %0, %1 : tensor<?x128xf32>, tensor<?x128xf32>
}

// CHECK-LABEL: @panel_matmul
// CHECK: moe.panel_matmul 2 rows(%{{.*}} : tensor<?x64xf32>) by(%{{.*}} : tensor<?xi32>) div 8 groups(%{{.*}} : tensor<9xi32>)
// CHECK-SAME: panels(%{{.*}} : tensor<8x8x64x32xf32>) vectors(%{{.*}}, %{{.*}} : tensor<8x120xf32>, tensor<8x120xf32>) outs(%{{.*}} : tensor<?x120xf32>) {
func.func @panel_matmul(%x : tensor<?x64xf32>, %source : tensor<?xi32>, %offsets : tensor<9xi32>, %w : tensor<8x8x64x32xf32>,
                        %b : tensor<8x120xf32>, %o : tensor<?x120xf32>) -> tensor<?x120xf32> {
  %0 = moe.panel_matmul 2 rows(%x : tensor<?x64xf32>) by(%source : tensor<?xi32>) div 8 groups(%offsets : tensor<9xi32>)
    panels(%w : tensor<8x8x64x32xf32>) vectors(%b, %b : tensor<8x120xf32>, tensor<8x120xf32>) outs(%o : tensor<?x120xf32>) {
  ^bb0(%g : f32, %u : f32, %bg : f32, %bu : f32):
    %m = arith.mulf %g, %u : f32
    moe.yield %m : f32
  }
  return %0 : tensor<?x120xf32>
}

// CHECK-LABEL: @panel_matmul_memref
// CHECK: moe.panel_matmul 1 rows(%{{.*}} : memref<?x64xf32>) panels(%{{.*}} : memref<1x4x64x32xf32>) outs(%{{.*}} : memref<?x128xf32>) {
func.func @panel_matmul_memref(%x : memref<?x64xf32>, %w : memref<1x4x64x32xf32>, %o : memref<?x128xf32>) {
  moe.panel_matmul 1 rows(%x : memref<?x64xf32>) panels(%w : memref<1x4x64x32xf32>) outs(%o : memref<?x128xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// CHECK-LABEL: @kernel
// CHECK: moe.kernel ins(%{{.*}} : tensor<?x64xf32>) outs(%{{.*}} : tensor<?x8xi32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x64xf32>, %{{.*}}: tensor<?x8xi32>):
func.func @kernel(%s : tensor<?x64xf32>, %o : tensor<?x8xi32>) -> tensor<?x8xi32> {
  %0 = moe.kernel ins(%s : tensor<?x64xf32>) outs(%o : tensor<?x8xi32>) {
  ^bb0(%a : tensor<?x64xf32>, %b : tensor<?x8xi32>):
    %1 = moe.top_k %a : tensor<?x64xf32> outs(%b : tensor<?x8xi32>)
    moe.yield %1 : tensor<?x8xi32>
  }
  return %0 : tensor<?x8xi32>
}

// CHECK: moe.pool @pool {experts = 8 : i64, stride = 8192 : i64}
moe.pool @pool {experts = 8 : i64, stride = 8192 : i64}

// CHECK-LABEL: @host
func.func @host(%ids : tensor<?x2xi32>, %offsets : tensor<9xi32>) {
  // CHECK: moe.pin @pool %{{.*}} : tensor<?x2xi32>
  moe.pin @pool %ids : tensor<?x2xi32>
  // CHECK: moe.count_experts %{{.*}} : tensor<9xi32>
  moe.count_experts %offsets : tensor<9xi32>
  // CHECK: moe.unpin @pool
  moe.unpin @pool
  return
}

// CHECK-LABEL: @expert_view
// CHECK: moe.expert_view %{{.*}}[%{{.*}}] : memref<?x2x32xf32> -> memref<2x32xf32>
func.func @expert_view(%w : memref<?x2x32xf32>, %e : index) -> memref<2x32xf32> {
  %0 = moe.expert_view %w[%e] : memref<?x2x32xf32> -> memref<2x32xf32>
  return %0 : memref<2x32xf32>
}
