// What the border of each phase refuses: the first op that its contract rules
// out, see docs/pipelines.md.
// RUN: split-file %s %t
// RUN: not moe-opt %t/import.mlir --moe-verify-import 2>&1 | FileCheck %t/import.mlir
// RUN: not moe-opt %t/raise.mlir --moe-verify-raise 2>&1 | FileCheck %t/raise.mlir
// RUN: not moe-opt %t/onnx.mlir --moe-verify-lower-onnx 2>&1 | FileCheck %t/onnx.mlir -DPHASE=lower-onnx
// RUN: not moe-opt %t/onnx.mlir --moe-verify-fuse 2>&1 | FileCheck %t/onnx.mlir -DPHASE=fuse
// RUN: not moe-opt %t/onnx.mlir --moe-verify-plan 2>&1 | FileCheck %t/onnx.mlir -DPHASE=plan
// RUN: not moe-opt %t/unranked.mlir --moe-verify-lower-onnx 2>&1 | FileCheck %t/unranked.mlir
// RUN: not moe-opt %t/cast.mlir --moe-verify-lower-onnx 2>&1 | FileCheck %t/cast.mlir
// RUN: not moe-opt %t/scalar.mlir --moe-verify-lower-onnx 2>&1 | FileCheck %t/scalar.mlir
// RUN: not moe-opt %t/memref.mlir --moe-verify-lower-onnx 2>&1 | FileCheck %t/memref.mlir
// RUN: not moe-opt %t/host-linalg.mlir --moe-verify-fuse 2>&1 | FileCheck %t/host-linalg.mlir -DPHASE=fuse
// RUN: not moe-opt %t/host-linalg.mlir --moe-verify-plan 2>&1 | FileCheck %t/host-linalg.mlir -DPHASE=plan
// RUN: not moe-opt %t/host-moe.mlir --moe-verify-fuse 2>&1 | FileCheck %t/host-moe.mlir -DPHASE=fuse
// RUN: not moe-opt %t/host-moe.mlir --moe-verify-plan 2>&1 | FileCheck %t/host-moe.mlir -DPHASE=plan
// RUN: not moe-opt %t/kernel.mlir --moe-verify-plan 2>&1 | FileCheck %t/kernel.mlir
// RUN: moe-opt %t/kernel.mlir --moe-verify-fuse
// RUN: not moe-opt %t/function.mlir --moe-verify-bufferize 2>&1 | FileCheck %t/function.mlir

//--- import.mlir
// CHECK: error: 'arith.negf' op is left after phase 'import'
func.func @main(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = arith.negf %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}

//--- raise.mlir
// CHECK: error: 'onnx.node' op is left after phase 'raise'
func.func @main(%x : tensor<?x4xf32>, %s : tensor<?x2xf32>, %a : tensor<2x4x4xf32>) -> tensor<?x4xf32> {
  %none = onnx.none
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %s, %a, %none, %a) : (tensor<?x4xf32>, tensor<?x2xf32>, tensor<2x4x4xf32>, none, tensor<2x4x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

//--- onnx.mlir
// CHECK: error: 'onnx.node' op is left after phase '[[PHASE]]'
func.func @main(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

//--- unranked.mlir
// CHECK: error: 'tensor.cast' op is left after phase 'lower-onnx'
func.func @main(%a : tensor<4xf32>) {
  %0 = tensor.cast %a : tensor<4xf32> to tensor<*xf32>
  return
}

//--- cast.mlir
// CHECK: error: 'builtin.unrealized_conversion_cast' op is left after phase 'lower-onnx'
func.func @main(%a : tensor<4xf32>) -> tensor<4xi32> {
  %0 = builtin.unrealized_conversion_cast %a : tensor<4xf32> to tensor<4xi32>
  return %0 : tensor<4xi32>
}

//--- scalar.mlir
// CHECK: error: 'func.func' op argument #1 must be a ranked tensor, but is 'i32'; a public function is a program, make others private
func.func private @helper(%a : i32) -> i32 {
  return %a : i32
}
func.func @main(%a : tensor<4xf32>, %b : i32) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}

//--- memref.mlir
// CHECK: error: 'func.func' op result #0 must be a ranked tensor, but is 'memref<4xf32>'; a public function is a program, make others private
func.func @main(%a : tensor<4xf32>) -> memref<4xf32> {
  %0 = memref.alloc() : memref<4xf32>
  return %0 : memref<4xf32>
}

//--- host-linalg.mlir
// CHECK: error: 'linalg.exp' op is left after phase '[[PHASE]]'
func.func @main(%a : tensor<4xf32>, %b : tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.exp ins(%a : tensor<4xf32>) outs(%b : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

//--- host-moe.mlir
// CHECK: error: 'moe.top_k' op is left after phase '[[PHASE]]'
func.func @main(%s: tensor<?x64xf32>, %ids: tensor<?x8xi32>) -> tensor<?x8xi32> {
  %0 = moe.top_k %s : tensor<?x64xf32> outs(%ids : tensor<?x8xi32>)
  return %0 : tensor<?x8xi32>
}

//--- kernel.mlir
// CHECK: error: 'moe.kernel' op is left after phase 'plan'
func.func @main(%s: tensor<?x64xf32>, %ids: tensor<?x8xi32>) -> tensor<?x8xi32> {
  %0 = moe.kernel ins(%s : tensor<?x64xf32>) outs(%ids : tensor<?x8xi32>) {
  ^bb0(%t: tensor<?x64xf32>, %o: tensor<?x8xi32>):
    %1 = moe.top_k %t : tensor<?x64xf32> outs(%o : tensor<?x8xi32>)
    moe.yield %1 : tensor<?x8xi32>
  }
  return %0 : tensor<?x8xi32>
}

//--- function.mlir
// CHECK: error: 'func.func' op is left after phase 'bufferize'
func.func private @main()
