// RUN: moe-opt %s --convert-host-to-moert --cse --split-input-file | FileCheck %s

// Collapsed, expanded and cast tensors are the same bytes.
// CHECK-LABEL: moert.program @reshapes {
// CHECK: %[[X:.*]], %[[N:.*]] = moert.input "input0" : tensor<?x2x3xf32>
// CHECK-NOT: moert.view
// CHECK: %[[ROWS:.*]] = moert.compute mul %[[N]], %{{.*}}
// CHECK: moert.run @k items(%{{.*}}) arguments(%[[X]], %[[ROWS]], %{{.*}}, %[[ROWS]] : !moert.buffer, i64, !moert.buffer, i64)
func.func @reshapes(%x : tensor<?x2x3xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %r = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x2x3xf32> into tensor<?x3xf32>
  %n = tensor.dim %r, %c0 : tensor<?x3xf32>
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %y = call @k(%r, %e) : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
func.func private @k(%x : tensor<?x3xf32>, %o : tensor<?x3xf32>) -> tensor<?x3xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<?x3xf32>
}

// -----

// CHECK-LABEL: moert.program @reshape_to_list {
// CHECK: %[[X:.*]], %[[N:.*]] = moert.input "input0" : tensor<?xf32>
// CHECK: %[[HALF:.*]] = moert.compute truncdiv %[[N]], %{{.*}}
// CHECK-NOT: moert.store
// CHECK: moert.run @k items(%{{.*}}) arguments(%[[X]], %[[HALF]], %{{.*}}, %[[HALF]] : !moert.buffer, i64, !moert.buffer, i64)
func.func @reshape_to_list(%x : tensor<?xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %h = arith.divsi %n, %c2 : index
  %s = tensor.from_elements %h, %c2 : tensor<2xindex>
  %r = tensor.reshape %x(%s) : (tensor<?xf32>, tensor<2xindex>) -> tensor<?x2xf32>
  %e = tensor.empty(%h) : tensor<?x2xf32>
  %y = call @k(%r, %e) : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
func.func private @k(%x : tensor<?x2xf32>, %o : tensor<?x2xf32>) -> tensor<?x2xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<?x2xf32>
}

// -----

// Rows 1 and 2 of the second matrix: from element (1 * 4 + 1) * 8 on.
// CHECK-LABEL: moert.program @slice {
// CHECK: %[[X:.*]] = moert.input "input0" : tensor<2x4x8xf32>
// CHECK-DAG: %[[C1:.*]] = moert.const 1{{$}}
// CHECK-DAG: %[[C4:.*]] = moert.const 4{{$}}
// CHECK: %[[ROW:.*]] = moert.compute add %[[C4]], %[[C1]]
// CHECK-DAG: %[[C0:.*]] = moert.const 0{{$}}
// CHECK-DAG: %[[C8:.*]] = moert.const 8{{$}}
// CHECK: %[[FIRST:.*]] = moert.compute mul %[[ROW]], %[[C8]]
// CHECK: %[[ELEMENT:.*]] = moert.compute add %[[FIRST]], %[[C0]]
// CHECK: %[[OFFSET:.*]] = moert.compute mul %[[ELEMENT]], %[[C4]]
// CHECK: %[[V:.*]] = moert.view %[[X]] at %[[OFFSET]]
// CHECK: moert.run @k items(%{{.*}}) arguments(%[[V]], %{{.*}} : !moert.buffer, !moert.buffer)
func.func @slice(%x : tensor<2x4x8xf32>) -> tensor<2x8xf32> {
  %s = tensor.extract_slice %x[1, 1, 0] [1, 2, 8] [1, 1, 1] : tensor<2x4x8xf32> to tensor<2x8xf32>
  %e = tensor.empty() : tensor<2x8xf32>
  %y = call @k(%s, %e) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}
func.func private @k(%x : tensor<2x8xf32>, %o : tensor<2x8xf32>) -> tensor<2x8xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<2x8xf32>
}

// -----

// A buffer lives as long as what shows a part of it.
// CHECK-LABEL: moert.program @view_lives {
// CHECK: %[[H:.*]] = moert.buffer
// CHECK: moert.run @k
// CHECK: %[[V:.*]] = moert.view %[[H]]
// CHECK-NOT: moert.release
// CHECK: moert.run @half items(%{{.*}}) arguments(%[[V]], %{{.*}} : !moert.buffer, !moert.buffer)
// CHECK-NEXT: moert.release %[[H]]
func.func @view_lives(%x : tensor<4x8xf32>) -> tensor<2x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %h = call @k(%x, %e) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %s = tensor.extract_slice %h[2, 0] [2, 8] [1, 1] : tensor<4x8xf32> to tensor<2x8xf32>
  %f = tensor.empty() : tensor<2x8xf32>
  %y = call @half(%s, %f) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}
func.func private @k(%x : tensor<4x8xf32>, %o : tensor<4x8xf32>) -> tensor<4x8xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<4x8xf32>
}
func.func private @half(%x : tensor<2x8xf32>, %o : tensor<2x8xf32>) -> tensor<2x8xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<2x8xf32>
}

// -----

// Small integer tensors: a list is read back from its registers; other bytes
// are loaded; a list that is an output is stored.
// CHECK-LABEL: moert.program @integers {
// CHECK: %[[X:.*]], %[[N:.*]] = moert.input "input0" : tensor<?xi64>
// CHECK: %[[LOADED:.*]] = moert.load %[[X]][%{{.*}}] : i64
// CHECK: %[[SUM:.*]] = moert.compute add %[[LOADED]], %[[N]]
// CHECK: %[[LIST:.*]] = moert.buffer
// CHECK: moert.store %[[SUM]], %[[LIST]][%{{.*}}] : i64
// CHECK: moert.output "output0" %[[LIST]] : tensor<1xi64>
func.func @integers(%x : tensor<?xi64>) -> tensor<1xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?xi64>
  %m = arith.index_cast %n : index to i64
  %l = tensor.from_elements %m : tensor<1xi64>
  %b = tensor.extract %l[%c0] : tensor<1xi64>
  %a = tensor.extract %x[%c1] : tensor<?xi64>
  %s = arith.addi %a, %b : i64
  %t = tensor.from_elements %s : tensor<1xi64>
  return %t : tensor<1xi64>
}

// -----

// CHECK: moert.weight @constant0 : tensor<2xi64> = dense<[3, 4]>
// CHECK-LABEL: moert.program @constant {
// CHECK: %[[C:.*]] = moert.weight_ref @constant0
// CHECK: moert.copy %[[C]] to %{{.*}}
func.func @constant() -> tensor<2xi64> {
  %c = arith.constant dense<[3, 4]> : tensor<2xi64>
  return %c : tensor<2xi64>
}
