// RUN: moe-opt %s --convert-moe-to-linalg | FileCheck %s --implicit-check-not=moe.

// The numbers are checked by test/Integration/CPU/select.mlir.

// CHECK-LABEL: @top_k(
// CHECK-SAME: %[[S:.*]]: tensor<?x64xf32>, %[[K:.*]]: index, %[[O:.*]]: tensor<?x8xi32>)
// CHECK: %[[COUNT:.*]] = arith.minsi %{{.*}}, %[[K]] : index
// CHECK: scf.for %[[R:[a-z0-9_]+]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%{{.*}} = %[[O]]) -> (tensor<?x8xi32>)
// CHECK: scf.for %[[J:[a-z0-9_]+]] = %{{.*}} to %{{.*}} step %{{.*}}
// CHECK: arith.cmpi slt, %[[J]], %[[COUNT]] : index
// CHECK: scf.for %[[E:[a-z0-9_]+]] =
// CHECK: tensor.extract %[[S]][%[[R]], %[[E]]] : tensor<?x64xf32>
func.func @top_k(%s : tensor<?x64xf32>, %k : index, %o : tensor<?x8xi32>) -> tensor<?x8xi32> {
  %0 = moe.top_k %s : tensor<?x64xf32> limit(%k) outs(%o : tensor<?x8xi32>)
  return %0 : tensor<?x8xi32>
}

// An id outside the table is not read.
// CHECK-LABEL: @take(
// CHECK-SAME: %[[T:.*]]: tensor<64xf32>, %[[I:.*]]: tensor<?x8xi32>,
// CHECK: %[[ID:.*]] = tensor.extract %[[I]]
// CHECK: %[[INDEX:.*]] = arith.index_cast %[[ID]] : i32 to index
// CHECK: %[[IN:.*]] = arith.cmpi ult, %[[INDEX]], %{{.*}} : index
// CHECK: scf.if %[[IN]]
// CHECK-NEXT: tensor.extract %[[T]][%[[INDEX]]] : tensor<64xf32>
func.func @take(%t : tensor<64xf32>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = moe.take %t at %ids : tensor<64xf32>, tensor<?x8xi32> outs(%o : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}

// f16 is summed in f32, and eps is added there.
// CHECK-LABEL: @normalize(
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: arith.addf %{{.*}} : f32
// CHECK: %[[EPS:.*]] = arith.constant 9.99999968E-21 : f32
// CHECK: arith.addf %{{.*}}, %[[EPS]] : f32
// CHECK: arith.divf %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @normalize(%w : tensor<?x8xf16>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf16>) -> tensor<?x8xf16> {
  %0 = moe.normalize sum %w over %ids eps 1.0e-20 : tensor<?x8xf16>, tensor<?x8xi32> outs(%o : tensor<?x8xf16>)
  return %0 : tensor<?x8xf16>
}

// f64 stays f64.
// CHECK-LABEL: @softmax(
// CHECK: arith.maximumf %{{.*}} : f64
// CHECK: math.exp %{{.*}} : f64
func.func @softmax(%w : tensor<?x8xf64>, %ids : tensor<?x8xi32>, %o : tensor<?x8xf64>) -> tensor<?x8xf64> {
  %0 = moe.normalize softmax %w over %ids : tensor<?x8xf64>, tensor<?x8xi32> outs(%o : tensor<?x8xf64>)
  return %0 : tensor<?x8xf64>
}

// CHECK-LABEL: @combine(
// CHECK-SAME: %[[Y:.*]]: tensor<?x8x64xbf16>, %{{.*}}: tensor<?x8xi32>, %[[W:.*]]: tensor<?x8xf64>,
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for %{{.*}} iter_args(%[[SUM:.*]] = %{{.*}}) -> (f32)
// CHECK: %[[A:.*]] = tensor.extract %[[Y]]
// CHECK: %[[AF:.*]] = arith.extf %[[A]] : bf16 to f32
// CHECK: %[[B:.*]] = tensor.extract %[[W]]
// CHECK: %[[BF:.*]] = arith.truncf %[[B]] : f64 to f32
// CHECK: math.fma %[[BF]], %[[AF]], %[[SUM]] : f32
// CHECK: arith.truncf %{{.*}} : f32 to bf16
func.func @combine(%y : tensor<?x8x64xbf16>, %ids : tensor<?x8xi32>, %w : tensor<?x8xf64>, %o : tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %0 = moe.combine %y : tensor<?x8x64xbf16> at(%ids : tensor<?x8xi32>) with(%w : tensor<?x8xf64>) outs(%o : tensor<?x64xbf16>)
  return %0 : tensor<?x64xbf16>
}

// CHECK-LABEL: @group(
// CHECK: scf.for
// CHECK: arith.cmpi ult
func.func @group(%ids : tensor<?x8xi32>, %o : tensor<65xi32>, %s : tensor<?xi32>, %p : tensor<?x8xi32>) -> (tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>) {
  %0:3 = moe.group %ids : tensor<?x8xi32> outs(%o, %s, %p : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>)
  return %0#0, %0#1, %0#2 : tensor<65xi32>, tensor<?xi32>, tensor<?x8xi32>
}

// CHECK-LABEL: @buffers(
// CHECK-SAME: %[[S:.*]]: memref<?x64xf32>, %[[O:.*]]: memref<?x8xi32>)
// CHECK-DAG: bufferization.to_tensor %[[S]] restrict : memref<?x64xf32>
// CHECK-DAG: %[[INIT:.*]] = bufferization.to_tensor %[[O]] restrict writable : memref<?x8xi32>
// CHECK: %[[IDS:.*]] = scf.for %{{.*}} iter_args(%{{.*}} = %[[INIT]]) -> (tensor<?x8xi32>)
// CHECK: bufferization.materialize_in_destination %[[IDS]] in restrict writable %[[O]]
func.func @buffers(%s : memref<?x64xf32>, %o : memref<?x8xi32>) {
  moe.top_k %s : memref<?x64xf32> outs(%o : memref<?x8xi32>)
  return
}
