// RUN: moe-opt %s --convert-host-to-moert --cse --split-input-file | FileCheck %s

// Names of the border are kept. Both calls name one empty tensor and get bytes
// of their own; a buffer is released after its last use, and the last one is
// the output itself. Bytes are computed in front of all other commands.
// CHECK: moert.kernel @k {arguments = 4 : i64, grains = array<i64: 1>, scratch = 0 : i64}
// CHECK-LABEL: moert.program @calls {
// CHECK-NEXT: %[[X:.*]], %[[N:.*]] = moert.input "images" : tensor<?x8xf32>
// CHECK: %[[C4:.*]] = moert.const 4
// CHECK: %[[ROWS:.*]] = moert.compute mul %[[C4]], %[[N]]
// CHECK: %[[BYTES:.*]] = moert.compute mul %[[ROWS]], %{{.*}}
// CHECK: %[[ONE:.*]] = moert.const 1
// CHECK: %[[H:.*]] = moert.buffer
// CHECK-NEXT: moert.place %[[H]], %[[BYTES]]
// CHECK-NEXT: moert.run @k items(%[[ONE]]) arguments(%[[X]], %[[N]], %[[H]], %[[N]] : !moert.buffer, i64, !moert.buffer, i64)
// CHECK-NEXT: %[[R:.*]] = moert.buffer
// CHECK-NEXT: moert.place %[[R]], %[[BYTES]]
// CHECK-NEXT: moert.run @k items(%[[ONE]]) arguments(%[[H]], %[[N]], %[[R]], %[[N]] : !moert.buffer, i64, !moert.buffer, i64)
// CHECK-NEXT: moert.release %[[H]]
// CHECK-NEXT: moert.output "logits" %[[R]] dims(%[[N]]) : tensor<?x8xf32>
// CHECK-NEXT: moert.end
// CHECK: module @kernels {
// CHECK-NEXT: func.func private @k(
// CHECK: module @weights {
func.func @calls(%x : tensor<?x8xf32> {onnx.name = "images"}) -> (tensor<?x8xf32> {onnx.name = "logits"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %h = call @k(%x, %e) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %r = call @k(%h, %e) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}
func.func private @k(%x : tensor<?x8xf32>, %o : tensor<?x8xf32>) -> tensor<?x8xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %0 = linalg.copy ins(%x : tensor<?x8xf32>) outs(%o : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Inputs, and buffers that are two outputs, are copied.
// CHECK-LABEL: moert.program @copies {
// CHECK: %[[X:.*]] = moert.input "input0" : tensor<4xf32>
// CHECK: %[[BYTES:.*]] = moert.const 16
// CHECK: %[[R:.*]] = moert.buffer
// CHECK: moert.run @k items(%{{.*}}) arguments(%[[X]], %[[R]] : !moert.buffer, !moert.buffer)
// CHECK: %[[A:.*]] = moert.buffer
// CHECK-NEXT: moert.place %[[A]], %[[BYTES]]
// CHECK-NEXT: moert.copy %[[X]] to %[[A]]
// CHECK-NEXT: moert.output "output0" %[[A]] : tensor<4xf32>
// CHECK-NEXT: moert.output "output1" %[[R]] : tensor<4xf32>
// CHECK: %[[B:.*]] = moert.buffer
// CHECK-NEXT: moert.place %[[B]], %[[BYTES]]
// CHECK-NEXT: moert.copy %[[R]] to %[[B]]
// CHECK-NEXT: moert.output "output2" %[[B]] : tensor<4xf32>
// CHECK-NEXT: moert.end
func.func @copies(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %e = tensor.empty() : tensor<4xf32>
  %r = call @k(%x, %e) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %x, %r, %r : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
func.func private @k(%x : tensor<4xf32>, %o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<4xf32>
}

// -----

// The border shows the signedness that lower-onnx took from the types, and the
// names of dimensions.
// CHECK-LABEL: moert.program @border {
// CHECK: moert.input "a" names ["N"] : tensor<?xui8>
// CHECK: moert.output "b" %{{.*}} dims(%{{.*}}) names ["N"] : tensor<?xui8>
func.func @border(%x : tensor<?xi8> {onnx.name = "a", onnx.element_type = ui8, onnx.dim_names = ["N"]})
    -> (tensor<?xi8> {onnx.name = "b", onnx.element_type = ui8, onnx.dim_names = ["N"]}) {
  return %x : tensor<?xi8>
}

// -----

// A check of shapes stands in front of all that runs.
// CHECK-LABEL: moert.program @assert {
// CHECK: %[[X:.*]], %[[N:.*]] = moert.input "input0"
// CHECK: %[[Y:.*]], %[[M:.*]] = moert.input "input1"
// CHECK: %[[EQ:.*]] = moert.compute eq %[[N]], %[[M]]
// CHECK: moert.check %[[EQ]], "rows differ"
// CHECK: moert.place
// CHECK: moert.run @k
func.func @assert(%x : tensor<?xf32>, %y : tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %r = call @k(%x, %e) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %m = tensor.dim %y, %c0 : tensor<?xf32>
  %eq = arith.cmpi eq, %n, %m : index
  cf.assert %eq, "rows differ"
  return %r : tensor<?xf32>
}
func.func private @k(%x : tensor<?xf32>, %o : tensor<?xf32>) -> tensor<?xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<?xf32>
}

// -----

// CHECK-LABEL: moert.program @arithmetic {
// CHECK: %{{.*}}, %[[N:.*]]:2 = moert.input "input0"
// CHECK-DAG: moert.compute add %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute sub %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute mul %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute floordiv %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute ceildiv %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute truncdiv %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute truncrem %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute min %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute max %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute ne %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute lt %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute le %[[N]]#0, %[[N]]#1
// CHECK-DAG: moert.compute lt %[[N]]#1, %[[N]]#0
// CHECK-DAG: %[[GE:.*]] = moert.compute le %[[N]]#1, %[[N]]#0
// CHECK: moert.select %[[GE]], %[[N]]#0, %[[N]]#1
func.func @arithmetic(%x : tensor<?x?xf32>) -> tensor<15xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?xf32>
  %m = tensor.dim %x, %c1 : tensor<?x?xf32>
  %a = arith.addi %n, %m : index
  %b = arith.subi %n, %m : index
  %c = arith.muli %n, %m : index
  %d = arith.floordivsi %n, %m : index
  %e = arith.ceildivsi %n, %m : index
  %f = arith.divsi %n, %m : index
  %g = arith.remsi %n, %m : index
  %h = arith.minsi %n, %m : index
  %i = arith.maxsi %n, %m : index
  %j = arith.cmpi ne, %n, %m : index
  %k = arith.cmpi slt, %n, %m : index
  %l = arith.cmpi sle, %n, %m : index
  %o = arith.cmpi sgt, %n, %m : index
  %p = arith.cmpi sge, %n, %m : index
  %q = arith.select %p, %n, %m : index
  %aw = arith.index_cast %a : index to i64
  %bw = arith.index_cast %b : index to i64
  %cw = arith.index_cast %c : index to i64
  %dw = arith.index_cast %d : index to i64
  %ew = arith.index_cast %e : index to i64
  %fw = arith.index_cast %f : index to i64
  %gw = arith.index_cast %g : index to i64
  %hw = arith.index_cast %h : index to i64
  %iw = arith.index_cast %i : index to i64
  %qw = arith.index_cast %q : index to i64
  %jw = arith.extui %j : i1 to i64
  %kw = arith.extui %k : i1 to i64
  %lw = arith.extui %l : i1 to i64
  %ow = arith.extui %o : i1 to i64
  %pw = arith.extui %p : i1 to i64
  %t = tensor.from_elements %aw, %bw, %cw, %dw, %ew, %fw, %gw, %hw, %iw, %qw, %jw, %kw, %lw, %ow, %pw : tensor<15xi64>
  return %t : tensor<15xi64>
}
