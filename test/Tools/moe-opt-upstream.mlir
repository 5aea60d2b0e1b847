// Upstream dialects, passes and LLVM translations are registered: a target
// attribute needs the last.
// RUN: moe-opt %s --canonicalize --mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: gpu.module @kernels [#nvvm.target<chip = "sm_90">]
gpu.module @kernels [#nvvm.target<chip = "sm_90">] {
  // CHECK: gpu.func @kernel
  gpu.func @kernel() kernel {
    gpu.return
  }
}

// CHECK-LABEL: func.func @folded
// CHECK-NEXT: %[[C:.*]] = arith.constant 3 : i32
// CHECK-NEXT: return %[[C]]
func.func @folded() -> i32 {
  %0 = arith.constant 1 : i32
  %1 = arith.constant 2 : i32
  %2 = arith.addi %0, %1 : i32
  return %2 : i32
}
