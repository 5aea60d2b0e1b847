// RUN: moe-opt %s --moe-emit-microkernels=level=x86-64-v4 --split-input-file --verify-diagnostics
// RUN: not moe-opt %s --moe-emit-microkernels=level=x86-64-v2 2>&1 | FileCheck %s
// CHECK: error: unknown instruction-set level 'x86-64-v2', expected x86-64-v3 or x86-64-v4

func.func private @strided(%x : memref<?x4xf32, strided<[8, 1]>>, %w : memref<1x1x4x32xf32>, %out : memref<?x32xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected contiguous buffers, but got 'memref<?x4xf32, strided<[8, 1]>>'}}
  moe.panel_matmul 1 rows(%x : memref<?x4xf32, strided<[8, 1]>>) panels(%w : memref<1x1x4x32xf32>) outs(%out : memref<?x32xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

func.func private @tensors(%x : tensor<?x4xf32>, %w : tensor<1x1x4x32xf32>, %out : tensor<?x32xf32>) -> tensor<?x32xf32> {
  // expected-error @below {{'moe.panel_matmul' op expected buffers, but got 'tensor<?x4xf32>'}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) panels(%w : tensor<1x1x4x32xf32>) outs(%out : tensor<?x32xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return %0 : tensor<?x32xf32>
}

// -----

func.func private @half(%x : memref<?x4xf16>, %w : memref<1x1x4x32xf16>, %out : memref<?x32xf16>) {
  // expected-error @below {{'moe.panel_matmul' op expected operands of f32, but got 'memref<?x4xf16>'}}
  moe.panel_matmul 1 rows(%x : memref<?x4xf16>) panels(%w : memref<1x1x4x32xf16>) outs(%out : memref<?x32xf16>) {
  ^bb0(%a : f32):
    %0 = arith.truncf %a : f32 to f16
    moe.yield %0 : f16
  }
  return
}

// -----

func.func private @narrow(%x : memref<?x4xf32>, %w : memref<1x2x4x16xf32>, %out : memref<?x32xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected panels of 32 columns, but got 16}}
  moe.panel_matmul 1 rows(%x : memref<?x4xf32>) panels(%w : memref<1x2x4x16xf32>) outs(%out : memref<?x32xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

func.func private @dynamic(%x : memref<?x?xf32>, %w : memref<1x1x?x32xf32>, %out : memref<?x32xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected panels and the width of the destination to be static, but got 'memref<1x1x?x32xf32>' and 'memref<?x32xf32>'}}
  moe.panel_matmul 1 rows(%x : memref<?x?xf32>) panels(%w : memref<1x1x?x32xf32>) outs(%out : memref<?x32xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

func.func private @branch(%x : memref<?x4xf32>, %w : memref<1x1x4x32xf32>, %out : memref<?x32xf32>) {
  moe.panel_matmul 1 rows(%x : memref<?x4xf32>) panels(%w : memref<1x1x4x32xf32>) outs(%out : memref<?x32xf32>) {
  ^bb0(%a : f32):
    %zero = arith.constant 0.0 : f32
    %c = arith.cmpf olt, %a, %zero : f32
    // expected-error @below {{'scf.if' op has no form on vectors, so it cannot be in the epilogue of a product}}
    %0 = scf.if %c -> f32 {
      scf.yield %zero : f32
    } else {
      scf.yield %a : f32
    }
    moe.yield %0 : f32
  }
  return
}
