// RUN: moe-opt %s --split-input-file --verify-diagnostics

// One case for each constraint of each op, in the order of MoEOps.td.

// file C1
moe.weight @w : tensor<4xf32> {
  // expected-error @below {{expected offset and length not to be negative, but got -1 and 16}}
  %0 = moe.source file<"w", offset = -1, length = 16> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// file C2
moe.weight @w : tensor<4xf32> {
  // expected-error @below {{expected a path}}
  %0 = moe.source file<"", offset = 0, length = 16> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// random C1: finite
moe.weight @w : tensor<4xf32> {
  // expected-error @below {{expected finite f32 bounds, but got 0x7F800000 : f32}}
  %0 = moe.source random<seed = 0, low = 0.0, high = 0x7F800000> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// random C1: order
moe.weight @w : tensor<4xf32> {
  // expected-error @below {{expected low to be at most high, 1.000000e+00 : f32, but got 2.000000e+00 : f32}}
  %0 = moe.source random<seed = 0, low = 2.0, high = 1.0> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// weight C1: an expert weight
// expected-error @below {{'moe.weight' op expected a static first dimension, but got 'tensor<?x4xf32>'}}
moe.weight @w : tensor<?x4xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// weight C1: a scalar
// expected-error @below {{'moe.weight' op expected a static first dimension, but got 'tensor<f32>'}}
moe.weight @w : tensor<f32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<f32>
  moe.yield %0 : tensor<f32>
}

// -----

// weight C1: no expert weight
// expected-error @below {{'moe.weight' op expected a static shape, but got 'tensor<4x?xf32>'}}
moe.weight @w : tensor<4x?xf32> {
  %c = arith.constant 4 : index
  %0 = tensor.empty(%c) : tensor<4x?xf32>
  moe.yield %0 : tensor<4x?xf32>
}

// -----

// weight C2
// expected-error @below {{'moe.weight' op expected no region argument, or one of type 'index'}}
moe.weight @w : tensor<4xf32> {
^bb0(%e : i32):
  %0 = moe.source dense<0.0> : tensor<f32>
  moe.yield %0 : tensor<f32>
}

// -----

// weight C2: too many
// expected-error @below {{'moe.weight' op expected no region argument, or one of type 'index'}}
moe.weight @w : tensor<4xf32> {
^bb0(%e : index, %f : index):
  %0 = moe.source dense<0.0> : tensor<f32>
  moe.yield %0 : tensor<f32>
}

// -----

// weight C3: type
moe.weight @w : tensor<4x2xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x2xf32>
  // expected-error @below {{'moe.yield' op expected value #0 to have type 'tensor<2xf32>', but got 'tensor<4x2xf32>'}}
  moe.yield %0 : tensor<4x2xf32>
}

// -----

// weight C3: number
moe.weight @w : tensor<4x2xf32> {
  // expected-error @below {{'moe.yield' op expected 1 values to be yielded, but got 0}}
  moe.yield
}

// -----

// weight C4
// expected-error @below {{'moe.weight' op expected ops without memory effects}}
moe.weight @w : tensor<4xf32> {
  // expected-note @below {{this one may have some}}
  %m = memref.alloc() : memref<4xf32>
  %0 = moe.source dense<0.0> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// weight C5
// expected-error @below {{'moe.weight' op expected a region that names no weights}}
moe.weight @w : tensor<4xf32> {
  // expected-note @below {{this op may name one}}
  %0 = moe.weight_value @w : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// source C1
func.func @f() {
  // expected-error @below {{'moe.source' op expected a length of 32 bytes for 'tensor<2x4xf32>', but got 16}}
  %0 = moe.source file<"w", offset = 0, length = 16> : tensor<2x4xf32>
  return
}

// -----

// source C1: a byte for each i1
func.func @f() {
  // expected-error @below {{'moe.source' op expected a length of 9 bytes for 'tensor<9xi1>', but got 2}}
  %0 = moe.source file<"w", offset = 0, length = 2> : tensor<9xi1>
  return
}

// -----

// source C1: bits rounded up
func.func @f() {
  // expected-error @below {{'moe.source' op expected a length of 5 bytes for 'tensor<9xi4>', but got 4}}
  %0 = moe.source file<"w", offset = 0, length = 4> : tensor<9xi4>
  return
}

// -----

// source C1: elements without a size
func.func @f() {
  // expected-error @below {{'moe.source' op expected integers or floats in a file, but got 'tensor<2xindex>'}}
  %0 = moe.source file<"w", offset = 0, length = 16> : tensor<2xindex>
  return
}

// -----

// source C1: more than fits
func.func @f() {
  // expected-error @below {{'moe.source' op expected a length of fewer than 2^61 bytes for 'tensor<4294967296x4294967296xf32>', but got 16}}
  %0 = moe.source file<"w", offset = 0, length = 16> : tensor<4294967296x4294967296xf32>
  return
}

// -----

// source C2
func.func @f() {
  // expected-error @below {{'moe.source' op expected random numbers to be f16, bf16, f32 or f64, but got 'tensor<2xi8>'}}
  %0 = moe.source random<seed = 0, low = 0.0, high = 1.0> : tensor<2xi8>
  return
}

// -----

// source C3
func.func @f() {
  // expected-error @below {{'moe.source' op expected the result to have the data's type 'tensor<2xf32>', but got 'tensor<3xf32>'}}
  %0 = "moe.source"() <{data = dense<0.0> : tensor<2xf32>}> : () -> tensor<3xf32>
  return
}

// -----

// source C4
func.func @f() {
  // expected-error @below {{'moe.source' op expected a static shape, but got 'tensor<?xf32>'}}
  %0 = moe.source random<seed = 0, low = 0.0, high = 1.0> : tensor<?xf32>
  return
}

// -----

// source C5
func.func @f(%e : index) {
  // expected-error @below {{'moe.source' op expected no index for the data of one tensor}}
  %0 = "moe.source"(%e) <{data = dense<0.0> : tensor<2xf32>}> : (index) -> tensor<2xf32>
  return
}

// -----

// source C5
func.func @f() {
  // expected-error @below {{'moe.source' op expected an index for data of experts}}
  %0 = "moe.source"() <{data = [dense<0.0> : tensor<2xf32>]}> : () -> tensor<2xf32>
  return
}

// -----

// source C5
moe.weight @w : tensor<2x2xf32> {
^bb0(%e : index):
  %c0 = arith.constant 0 : index
  // expected-error @below {{'moe.source' op expected the index to be the region's argument}}
  %0 = moe.source [dense<0.0> : tensor<2xf32>, dense<1.0> : tensor<2xf32>] at %c0 : tensor<2xf32>
  moe.yield %0 : tensor<2xf32>
}

// -----

// source C5
moe.weight @w : tensor<2x2xf32> {
^bb0(%e : index):
  // expected-error @below {{'moe.source' op expected data for each of 2 experts, but got 1}}
  %0 = moe.source [dense<0.0> : tensor<2xf32>] at %e : tensor<2xf32>
  moe.yield %0 : tensor<2xf32>
}

// -----

// source C5, C3 of each
func.func @f(%e : index) {
  // expected-error @below {{'moe.source' op expected data of experts to be files, random numbers or elements, but got 1 : i64}}
  %0 = "moe.source"(%e) <{data = [1 : i64]}> : (index) -> tensor<2xf32>
  return
}

// -----

// weight_value C1
func.func @f() {
  // expected-error @below {{'moe.weight_value' op expected @f to name a moe.weight}}
  %0 = moe.weight_value @f : tensor<4xf32>
  return
}

// -----

// weight_value C2: type
moe.weight @w : tensor<4x2xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<2xf32>
  moe.yield %0 : tensor<2xf32>
}
func.func @f() {
  // expected-error @below {{'moe.weight_value' op expected a result of type 'tensor<4x2xf32>', as @w is declared, but got 'tensor<4xf32>'}}
  %0 = moe.weight_value @w : tensor<4xf32>
  return
}

// -----

// weight_value C2: static
moe.weight @w : tensor<4x?xf32> {
^bb0(%e : index):
  %0 = tensor.empty(%e) : tensor<?xf32>
  moe.yield %0 : tensor<?xf32>
}
func.func @f() {
  // expected-error @below {{'moe.weight_value' op expected an index, as the parts of @w differ in shape}}
  %0 = moe.weight_value @w : tensor<4x?xf32>
  return
}

// -----

// weight_value C3: no parts
moe.weight @w : tensor<4x2xf32> {
  %0 = moe.source dense<0.0> : tensor<4x2xf32>
  moe.yield %0 : tensor<4x2xf32>
}
func.func @f(%e : index) {
  // expected-error @below {{'moe.weight_value' op expected no index, as @w has no part for each expert}}
  %0 = moe.weight_value @w[%e] : tensor<2xf32>
  return
}

// -----

// weight_value C3: type
moe.weight @w : tensor<4x2xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<2xf32>
  moe.yield %0 : tensor<2xf32>
}
func.func @f(%e : index) {
  // expected-error @below {{'moe.weight_value' op expected a result of type 'tensor<2xf32>', as @w is declared, but got 'tensor<4x2xf32>'}}
  %0 = moe.weight_value @w[%e] : tensor<4x2xf32>
  return
}

// -----

// yield has its parents
func.func @f() {
  // expected-error @below {{'moe.yield' op expects parent op to be one of 'moe.weight, moe.experts, moe.grouped_matmul, moe.panel_matmul, moe.kernel'}}
  moe.yield
}

// -----

// top_k C1
func.func @f(%s : tensor<3x8xf32>, %o : tensor<4x2xi32>) {
  // expected-error @below {{'moe.top_k' op expected ids dim 0 to equal scores dim 0, 3, but got 4}}
  %0 = moe.top_k %s : tensor<3x8xf32> outs(%o : tensor<4x2xi32>)
  return
}

// -----

// top_k C2
func.func @f(%s : tensor<?x8xf32>, %o : tensor<?x9xi32>) {
  // expected-error @below {{'moe.top_k' op expected at most as many slots as experts, 8, but got 9}}
  %0 = moe.top_k %s : tensor<?x8xf32> outs(%o : tensor<?x9xi32>)
  return
}

// -----

// top_k: tensors or memrefs
func.func @f(%s : tensor<?x8xf32>, %o : memref<?x2xi32>) {
  // expected-error @below {{'moe.top_k' op expected all tensors or all memrefs}}
  moe.top_k %s : tensor<?x8xf32> outs(%o : memref<?x2xi32>)
  return
}

// -----

// top_k: scores are floats
func.func @f(%s : tensor<?x8xi32>, %o : tensor<?x2xi32>) {
  // expected-error @below {{'moe.top_k' op operand #0 must be tensor or memref [R, E] of float, but got 'tensor<?x8xi32>'}}
  %0 = moe.top_k %s : tensor<?x8xi32> outs(%o : tensor<?x2xi32>)
  return
}

// -----

// top_k: ids are i32
func.func @f(%s : tensor<?x8xf32>, %o : tensor<?x2xi64>) {
  // expected-error @below {{'moe.top_k' op operand #1 must be tensor or memref [R, K] of i32, but got 'tensor<?x2xi64>'}}
  %0 = moe.top_k %s : tensor<?x8xf32> outs(%o : tensor<?x2xi64>)
  return
}

// -----

// take C1
func.func @f(%t : tensor<3x8xf32>, %i : tensor<4x2xi32>, %o : tensor<4x2xf32>) {
  // expected-error @below {{'moe.take' op expected table dim 0 to equal ids dim 0, 4, but got 3}}
  %0 = moe.take %t at %i : tensor<3x8xf32>, tensor<4x2xi32> outs(%o : tensor<4x2xf32>)
  return
}

// -----

// take C2
func.func @f(%t : tensor<8xf32>, %i : tensor<4x2xi32>, %o : tensor<4x3xf32>) {
  // expected-error @below {{'moe.take' op expected outs dim 1 to equal ids dim 1, 2, but got 3}}
  %0 = moe.take %t at %i : tensor<8xf32>, tensor<4x2xi32> outs(%o : tensor<4x3xf32>)
  return
}

// -----

// take C3
func.func @f(%t : tensor<8xf32>, %i : tensor<4x2xi32>, %o : tensor<4x2xf16>) {
  // expected-error @below {{'moe.take' op expected outs to have the element type of table, 'f32', but got 'f16'}}
  %0 = moe.take %t at %i : tensor<8xf32>, tensor<4x2xi32> outs(%o : tensor<4x2xf16>)
  return
}

// -----

// take: tensors or memrefs
func.func @f(%t : memref<8xf32>, %i : tensor<4x2xi32>, %o : tensor<4x2xf32>) {
  // expected-error @below {{'moe.take' op expected all tensors or all memrefs}}
  %0 = moe.take %t at %i : memref<8xf32>, tensor<4x2xi32> outs(%o : tensor<4x2xf32>)
  return
}

// -----

// normalize C1
func.func @f(%w : tensor<4x2xf32>, %i : tensor<4x3xi32>, %o : tensor<4x2xf32>) {
  // expected-error @below {{'moe.normalize' op expected ids dim 1 to equal weights dim 1, 2, but got 3}}
  %0 = moe.normalize sum %w over %i : tensor<4x2xf32>, tensor<4x3xi32> outs(%o : tensor<4x2xf32>)
  return
}

// -----

// normalize C2: shape
func.func @f(%w : tensor<4x2xf32>, %i : tensor<4x2xi32>, %o : tensor<5x2xf32>) {
  // expected-error @below {{'moe.normalize' op expected outs dim 0 to equal weights dim 0, 4, but got 5}}
  %0 = moe.normalize sum %w over %i : tensor<4x2xf32>, tensor<4x2xi32> outs(%o : tensor<5x2xf32>)
  return
}

// -----

// normalize C2: element
func.func @f(%w : tensor<4x2xf32>, %i : tensor<4x2xi32>, %o : tensor<4x2xf16>) {
  // expected-error @below {{'moe.normalize' op expected outs to have the element type of weights, 'f32', but got 'f16'}}
  %0 = moe.normalize sum %w over %i : tensor<4x2xf32>, tensor<4x2xi32> outs(%o : tensor<4x2xf16>)
  return
}

// -----

// normalize C3: sign
func.func @f(%w : tensor<4x2xf32>, %i : tensor<4x2xi32>, %o : tensor<4x2xf32>) {
  // expected-error @below {{'moe.normalize' op expected eps to be finite and not negative, but got -1.000000e+00 : f64}}
  %0 = moe.normalize sum %w over %i eps -1.0 : tensor<4x2xf32>, tensor<4x2xi32> outs(%o : tensor<4x2xf32>)
  return
}

// -----

// normalize C3: finite
func.func @f(%w : tensor<4x2xf32>, %i : tensor<4x2xi32>, %o : tensor<4x2xf32>) {
  // expected-error @below {{'moe.normalize' op expected eps to be finite and not negative, but got 0x7FF8000000000000 : f64}}
  %0 = moe.normalize sum %w over %i eps 0x7FF8000000000000 : tensor<4x2xf32>, tensor<4x2xi32> outs(%o : tensor<4x2xf32>)
  return
}

// -----

// normalize C3: softmax
func.func @f(%w : tensor<4x2xf32>, %i : tensor<4x2xi32>, %o : tensor<4x2xf32>) {
  // expected-error @below {{'moe.normalize' op expected no eps with softmax, but got 1.000000e+00 : f64}}
  %0 = moe.normalize softmax %w over %i eps 1.0 : tensor<4x2xf32>, tensor<4x2xi32> outs(%o : tensor<4x2xf32>)
  return
}

// -----

// normalize: tensors or memrefs
func.func @f(%w : tensor<4x2xf32>, %i : memref<4x2xi32>, %o : tensor<4x2xf32>) {
  // expected-error @below {{'moe.normalize' op expected all tensors or all memrefs}}
  %0 = moe.normalize sum %w over %i : tensor<4x2xf32>, memref<4x2xi32> outs(%o : tensor<4x2xf32>)
  return
}

// -----

// experts C1: number of bounds
func.func @f(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected at least one region and one bound more than regions, but got 1 regions and 3 bounds}}
  %0 = "moe.experts"(%ids, %x, %o) <{bounds = array<i64: 0, 4, 8>, operandSegmentSizes = array<i32: 1, 1, 0, 0, 1>, weights = [[]], weight_types = [[]]}> ({
  ^bb0(%a : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }) : (tensor<?x2xi32>, tensor<?x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return
}

// -----

// experts C1: first
func.func @f(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected the first bound to be 0, but got 1}}
  %0 = "moe.experts"(%ids, %x, %o) <{bounds = array<i64: 1, 8>, operandSegmentSizes = array<i32: 1, 1, 0, 0, 1>, weights = [[]], weight_types = [[]]}> ({
  ^bb0(%a : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }) : (tensor<?x2xi32>, tensor<?x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return
}

// -----

// experts C1: order
func.func @f(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected ascending bounds, but 4 is followed by 4}}
  %0 = "moe.experts"(%ids, %x, %o) <{bounds = array<i64: 0, 4, 4>, operandSegmentSizes = array<i32: 1, 1, 0, 0, 1>, weights = [[], []], weight_types = [[], []]}> ({
  ^bb0(%a : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }, {
  ^bb0(%a : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }) : (tensor<?x2xi32>, tensor<?x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return
}

// -----

// experts: a list for each region
func.func @f(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected a list of weights and one of types for each of 1 regions, but got 2 and 1}}
  %0 = "moe.experts"(%ids, %x, %o) <{bounds = array<i64: 0, 8>, operandSegmentSizes = array<i32: 1, 1, 0, 0, 1>, weights = [[], []], weight_types = [[]]}> ({
  ^bb0(%a : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }) : (tensor<?x2xi32>, tensor<?x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return
}

// -----

// experts: a type for each weight
func.func @f(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected a type for each weight of region #0}}
  %0 = "moe.experts"(%ids, %x, %o) <{bounds = array<i64: 0, 8>, operandSegmentSizes = array<i32: 1, 1, 0, 0, 1>, weights = [[@w]], weight_types = [[]]}> ({
  ^bb0(%a : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }) : (tensor<?x2xi32>, tensor<?x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return
}

// -----

// experts: kinds have no gaps
func.func @f(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %o : tensor<?x2x4xf32>) {
  %0 = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  },
  // expected-error @below {{expected kinds without gaps: the one before ends at 4, but this one starts at 5}}
  experts 5 to 8 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts: one operand of ids
func.func @f(%ids : tensor<?x2xi32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{expected one operand in 'at'}}
  %0 = moe.experts at(%ids, %ids : tensor<?x2xi32>, tensor<?x2xi32>) outs(%o : tensor<?x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index):
    moe.yield
  }
  return
}

// -----

// experts C2: rows
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<4x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected rows dim 0 to equal ids dim 0, 3, but got 4}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<4x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C2: rank of rows
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<f32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected rows to have rank 1 or more, but got 'tensor<f32>'}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<f32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C2: slots
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected slots dim 1 to equal ids dim 1, 2, but got 3}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) slots(%x : tensor<3x3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C2: rank of slots
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected slots to have rank 2 or more, but got 'tensor<3xf32>'}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) slots(%x : tensor<3xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C2: outs
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<5x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected outs dim 0 to equal ids dim 0, 3, but got 5}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<5x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C3
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected weights of region #0 to have 4 parts, but got tensor<5x2xf32>}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 weights(@w : tensor<5x2xf32>) {
  ^bb0(%e : index, %b : tensor<?x4xf32>, %w : tensor<2xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C4: number
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected region #0 to have 2 arguments, but got 1}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C4: types
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected region #0 argument #1 to have type 'tensor<?x4xf32>', but got 'tensor<3x4xf32>'}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<3x4xf32>):
    moe.yield %b : tensor<3x4xf32>
  }
  return
}

// -----

// experts C4: weights
moe.weight @w : tensor<4x2xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<2xf32>
  moe.yield %0 : tensor<2xf32>
}
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected region #0 argument #2 to have type 'tensor<2xf32>', but got 'tensor<4x2xf32>'}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 weights(@w : tensor<4x2xf32>) {
  ^bb0(%e : index, %b : tensor<?x4xf32>, %v : tensor<4x2xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C5: type
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    // expected-error @below {{'moe.yield' op expected value #0 to have type 'tensor<?x4xf32>', but got 'index'}}
    moe.yield %e : index
  }
  return
}

// -----

// experts C5: number
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    // expected-error @below {{'moe.yield' op expected 1 values to be yielded, but got 2}}
    moe.yield %b, %b : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return
}

// -----

// experts C6: no weight
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected @f to name a moe.weight}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 weights(@f : tensor<4x2xf32>) {
  ^bb0(%e : index, %b : tensor<?x4xf32>, %v : tensor<2xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C6: type
// expected-note @below {{declared here}}
moe.weight @w : tensor<4x3xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<3xf32>
  moe.yield %0 : tensor<3xf32>
}
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected weight @w to have its declared type 'tensor<4x3xf32>', but got tensor<4x2xf32>}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 weights(@w : tensor<4x2xf32>) {
  ^bb0(%e : index, %b : tensor<?x4xf32>, %v : tensor<2xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// experts C6: parts
// expected-note @below {{its region has no argument}}
moe.weight @w : tensor<4x2xf32> {
  %0 = moe.source dense<0.0> : tensor<4x2xf32>
  moe.yield %0 : tensor<4x2xf32>
}
func.func @f(%ids : tensor<3x2xi32>, %x : tensor<3x4xf32>, %o : tensor<3x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected weight @w to have a part for each expert}}
  %0 = moe.experts at(%ids : tensor<3x2xi32>) rows(%x : tensor<3x4xf32>) outs(%o : tensor<3x2x4xf32>)
  experts 0 to 4 weights(@w : tensor<4x2xf32>) {
  ^bb0(%e : index, %b : tensor<?x4xf32>, %v : tensor<2xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// combine C1: both
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected either 'at' or 'from'}}
  %0 = moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x2xi32>) from(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3x4xf32>)
  return
}

// -----

// combine C1: none
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected either 'at' or 'from'}}
  %0 = moe.combine %y : tensor<3x2x4xf32>  with(%w : tensor<3x2xf32>) outs(%o : tensor<3x4xf32>)
  return
}

// -----

// combine C2
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x3xi32>, %w : tensor<3x2xf32>, %o : tensor<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected ids dim 1 to equal y dim 1, 2, but got 3}}
  %0 = moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x3xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3x4xf32>)
  return
}

// -----

// combine C2: rank
func.func @f(%y : tensor<3xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected y to have rank 2 or more, but got 'tensor<3xf32>'}}
  %0 = moe.combine %y : tensor<3xf32> at(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3x4xf32>)
  return
}

// -----

// combine C2: rank of grouped rows
func.func @f(%y : tensor<f32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected y to have rank 1 or more, but got 'tensor<f32>'}}
  %0 = moe.combine %y : tensor<f32> from(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3x4xf32>)
  return
}

// -----

// combine C3
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x3xf32>, %o : tensor<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected weights dim 1 to equal ids dim 1, 2, but got 3}}
  %0 = moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x2xi32>) with(%w : tensor<3x3xf32>) outs(%o : tensor<3x4xf32>)
  return
}

// -----

// combine C3: position
func.func @f(%y : tensor<6x4xf32>, %i : tensor<3x2xi32>, %w : tensor<4x2xf32>, %o : tensor<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected weights dim 0 to equal position dim 0, 3, but got 4}}
  %0 = moe.combine %y : tensor<6x4xf32> from(%i : tensor<3x2xi32>) with(%w : tensor<4x2xf32>) outs(%o : tensor<3x4xf32>)
  return
}

// -----

// combine C4: rank
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3xf32>) {
  // expected-error @below {{'moe.combine' op expected outs to have rank 2, but got 'tensor<3xf32>'}}
  %0 = moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3xf32>)
  return
}

// -----

// combine C4: rows
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<5x4xf32>) {
  // expected-error @below {{'moe.combine' op expected outs dim 0 to equal ids dim 0, 3, but got 5}}
  %0 = moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<5x4xf32>)
  return
}

// -----

// combine C4: width
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3x5xf32>) {
  // expected-error @below {{'moe.combine' op expected outs dim 1 to equal y dim 2, 4, but got 5}}
  %0 = moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3x5xf32>)
  return
}

// -----

// combine C4: width of grouped rows
func.func @f(%y : tensor<6x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3x5xf32>) {
  // expected-error @below {{'moe.combine' op expected outs dim 1 to equal y dim 1, 4, but got 5}}
  %0 = moe.combine %y : tensor<6x4xf32> from(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3x5xf32>)
  return
}

// -----

// combine C4: element
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %w : tensor<3x2xf32>, %o : tensor<3x4xf16>) {
  // expected-error @below {{'moe.combine' op expected outs to have the element type of y, 'f32', but got 'f16'}}
  %0 = moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x2xi32>) with(%w : tensor<3x2xf32>) outs(%o : tensor<3x4xf16>)
  return
}

// -----

// combine: tensors or memrefs
func.func @f(%y : tensor<3x2x4xf32>, %i : tensor<3x2xi32>, %o : memref<3x4xf32>) {
  // expected-error @below {{'moe.combine' op expected all tensors or all memrefs}}
  moe.combine %y : tensor<3x2x4xf32> at(%i : tensor<3x2xi32>) outs(%o : memref<3x4xf32>)
  return
}

// -----

// group C1
func.func @f(%i : tensor<3x2xi32>, %o : tensor<9xi32>, %s : tensor<6xi32>, %p : tensor<3x3xi32>) {
  // expected-error @below {{'moe.group' op expected position dim 1 to equal ids dim 1, 2, but got 3}}
  %0:3 = moe.group %i : tensor<3x2xi32> outs(%o, %s, %p : tensor<9xi32>, tensor<6xi32>, tensor<3x3xi32>)
  return
}

// -----

// group C2
func.func @f(%i : tensor<3x2xi32>, %o : tensor<9xi32>, %s : tensor<5xi32>, %p : tensor<3x2xi32>) {
  // expected-error @below {{'moe.group' op expected source to have one element for each slot, 6, but got 5}}
  %0:3 = moe.group %i : tensor<3x2xi32> outs(%o, %s, %p : tensor<9xi32>, tensor<5xi32>, tensor<3x2xi32>)
  return
}

// -----

// group C3
func.func @f(%i : tensor<3x2xi32>, %o : tensor<0xi32>, %s : tensor<6xi32>, %p : tensor<3x2xi32>) {
  // expected-error @below {{'moe.group' op expected offsets to have at least one element, but got 0}}
  %0:3 = moe.group %i : tensor<3x2xi32> outs(%o, %s, %p : tensor<0xi32>, tensor<6xi32>, tensor<3x2xi32>)
  return
}

// -----

// group: tensors or memrefs
func.func @f(%i : tensor<3x2xi32>, %o : memref<9xi32>, %s : tensor<6xi32>, %p : tensor<3x2xi32>) {
  // expected-error @below {{'moe.group' op expected all tensors or all memrefs}}
  %0:2 = moe.group %i : tensor<3x2xi32> outs(%o, %s, %p : memref<9xi32>, tensor<6xi32>, tensor<3x2xi32>)
  return
}

// -----

// grouped_matmul C1: number
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected at least one weight, and a type for each weight and vector}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights() outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C1: rank
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected weights to be [E, K, N] of float with one static shape, but got tensor<8x4xf32>}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C1: static
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected weights to be [E, K, N] of float with one static shape, but got tensor<8x4x?xf32>}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x?xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C1: one shape
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected weights to be [E, K, N] of float with one static shape, but got tensor<8x4x7xf32>}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>, @b : tensor<8x4x7xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32, %b : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C2: experts
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<8xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected one offset more than experts, 9, but got 8}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<8xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C2: width
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x5xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected rows dim 1 to equal weights dim 1, 4, but got 5}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x5xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C3
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected vectors to be [8, 6] of float, but got tensor<8x4xf32>}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) vectors(@b : tensor<8x4xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32, %b : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C4: width
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x7xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected outs dim 1 to equal weights dim 2, 6, but got 7}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x7xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C4: places
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<10xi32>, %g : tensor<9xi32>, %o : tensor<5x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected outs dim 0 to equal source dim 0, 10, but got 5}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<10xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<5x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C4: rows
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<10x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<5x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected outs dim 0 to equal rows dim 0, 10, but got 5}}
  %0 = moe.grouped_matmul rows(%x : tensor<10x4xf32>) groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<5x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C5: positive
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected div to be positive, but got 0}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 0 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C5: only with by
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected div to be 1 without 'by', but got 2}}
  %0 = "moe.grouped_matmul"(%x, %g, %o) <{div = 2 : i64, weights = [@a], weight_types = [tensor<8x4x6xf32>], vectors = [], vector_types = []}> ({
  ^bb0(%a : f32):
    moe.yield %a : f32
  }) : (tensor<?x4xf32>, tensor<9xi32>, tensor<?x6xf32>) -> tensor<?x6xf32>
  return
}

// -----

// grouped_matmul C6: number
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected region #0 to have 1 arguments, but got 2}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32, %b : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C6: arithmetic type
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf16>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected region #0 argument #0 to have type 'f32', but got 'f16'}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf16>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f16):
    moe.yield %a : f16
  }
  return
}

// -----

// grouped_matmul C7: value
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf16>) {
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf16>) {
  ^bb0(%a : f32):
    // expected-error @below {{'moe.yield' op expected value #0 to have type 'f16', but got 'f32'}}
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C7: effects
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected ops without memory effects}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    // expected-note @below {{this one may have some}}
    %m = memref.alloc() : memref<4xf32>
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C8
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected @a to name a moe.weight}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// grouped_matmul C8: vectors
moe.weight @a : tensor<8x4x6xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %o : tensor<?x6xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op expected @b to name a moe.weight}}
  %0 = moe.grouped_matmul rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) weights(@a : tensor<8x4x6xf32>) vectors(@b : tensor<8x6xf32>) outs(%o : tensor<?x6xf32>) {
  ^bb0(%a : f32, %b : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C1
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected 1 or 2 weights, but got 3}}
  %0 = moe.panel_matmul 3 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C1: divides
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x31xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected a static panel width that 2 divides, but got 'tensor<8x2x4x31xf32>'}}
  %0 = moe.panel_matmul 2 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x31xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C1: static
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x?xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected a static panel width that 1 divides, but got 'tensor<8x2x4x?xf32>'}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x?xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C2
func.func @f(%x : tensor<?x5xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected rows dim 1 to equal panels dim 2, 4, but got 5}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x5xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C3
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x3x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected 2 panels for 40 columns, but got 3}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x3x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C3: two weights
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected 3 panels for 40 columns, but got 2}}
  %0 = moe.panel_matmul 2 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32, %b : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C4
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<7x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected panels of 8 experts, but got 7}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<7x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C4: dense
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected panels of 1 experts, but got 8}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C5: experts
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected vectors dim 0 to equal panels dim 0, 8, but got 7}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) vectors(%u : tensor<7x40xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C5: width
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected vectors dim 1 to equal outs dim 1, 40, but got 41}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) vectors(%z : tensor<8x41xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C6: places
func.func @f(%x : tensor<?x4xf32>, %s : tensor<10xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<5x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected outs dim 0 to equal source dim 0, 10, but got 5}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<10xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<5x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C6: rows
func.func @f(%x : tensor<10x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<5x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected outs dim 0 to equal rows dim 0, 10, but got 5}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<10x4xf32>) groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<5x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C7: positive
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected div to be positive, but got -2}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div -2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C7: only with by
func.func @f(%x : tensor<?x4xf32>, %w : tensor<1x2x4x32xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected div to be 1 without 'by', but got 2}}
  %0 = "moe.panel_matmul"(%x, %w, %o) <{div = 2 : i64, operandSegmentSizes = array<i32: 1, 0, 0, 1, 0, 1>, weights = 1 : i64}> ({
  ^bb0(%a : f32):
    moe.yield %a : f32
  }) : (tensor<?x4xf32>, tensor<1x2x4x32xf32>, tensor<?x40xf32>) -> tensor<?x40xf32>
  return
}

// -----

// panel_matmul C8: number
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected region #0 to have 2 arguments, but got 1}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) vectors(%v : tensor<8x40xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C8: types
func.func @f(%x : tensor<?x4xf64>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected region #0 argument #0 to have type 'f64', but got 'f32'}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf64>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C9: value
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf16>) {
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf16>) {
  ^bb0(%a : f32):
    // expected-error @below {{'moe.yield' op expected value #0 to have type 'f16', but got 'f32'}}
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul C9: effects
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : tensor<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected ops without memory effects}}
  %0 = moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a : f32):
    // expected-note @below {{this one may have some}}
    %m = memref.alloc() : memref<4xf32>
    moe.yield %a : f32
  }
  return
}

// -----

// panel_matmul: tensors or memrefs
func.func @f(%x : tensor<?x4xf32>, %s : tensor<?xi32>, %g : tensor<9xi32>, %w : tensor<8x2x4x32xf32>, %v : tensor<8x40xf32>, %z : tensor<8x41xf32>, %u : tensor<7x40xf32>, %o : memref<?x40xf32>) {
  // expected-error @below {{'moe.panel_matmul' op expected all tensors or all memrefs}}
  moe.panel_matmul 1 rows(%x : tensor<?x4xf32>) by(%s : tensor<?xi32>) div 2 groups(%g : tensor<9xi32>) panels(%w : tensor<8x2x4x32xf32>) outs(%o : memref<?x40xf32>) {
  ^bb0(%a : f32):
    moe.yield %a : f32
  }
  return
}

// -----

// kernel C1
func.func @f(%x : tensor<?x4xf32>, %o : tensor<?x4xf32>) {
  // expected-error @below {{'moe.kernel' op expected region #0 argument #0 to have type 'tensor<?x4xf32>', but got 'f32'}}
  %0 = moe.kernel ins(%x : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a : f32, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// kernel C1: number
func.func @f(%x : tensor<?x4xf32>, %o : tensor<?x4xf32>) {
  // expected-error @below {{'moe.kernel' op expected region #0 to have 2 arguments, but got 1}}
  %0 = moe.kernel ins(%x : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }
  return
}

// -----

// kernel C2
func.func @f(%x : tensor<?x4xf32>, %o : tensor<?x4xf32>) {
  %0 = moe.kernel ins(%x : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a : tensor<?x4xf32>, %b : tensor<?x4xf32>):
    // expected-error @below {{'moe.yield' op expected 1 values to be yielded, but got 0}}
    moe.yield
  }
  return
}

// -----

// kernel: nothing comes in but operands
func.func @f(%x : tensor<?x4xf32>, %o : tensor<?x4xf32>) {
  // expected-note @below {{required by region isolation constraints}}
  %0 = moe.kernel outs(%o : tensor<?x4xf32>) {
  ^bb0(%b : tensor<?x4xf32>):
    // expected-error @below {{'moe.yield' op using value defined outside the region}}
    moe.yield %x : tensor<?x4xf32>
  }
  return
}

// -----

// pool C1
// expected-error @below {{'moe.pool' op expected a stride that is a positive multiple of 4096, but got -4096}}
moe.pool @layer0 {experts = 8 : i64, stride = -4096 : i64}

// -----

// pool C2
// expected-error @below {{'moe.pool' op expected at least one expert, but got 0}}
moe.pool @layer0 {experts = 0 : i64, stride = 4096 : i64}

// -----

// pin C1
func.func @f(%ids : tensor<?x2xi32>) {
  // expected-error @below {{'moe.pin' op expected @f to name a moe.pool}}
  moe.pin @f %ids : tensor<?x2xi32>
  return
}

// -----

// unpin C1
moe.pool @pool {experts = 8 : i64, stride = 4096 : i64}
moe.pool @other {experts = 8 : i64, stride = 4096 : i64}
func.func @f(%ids : tensor<?x2xi32>) {
  moe.pin @other %ids : tensor<?x2xi32>
  // expected-error @below {{'moe.unpin' op expected a moe.pin of @pool before it in its block}}
  moe.unpin @pool
  return
}

// -----

// unpin C1: each pin ends once
moe.pool @pool {experts = 8 : i64, stride = 4096 : i64}
func.func @f(%ids : tensor<?x2xi32>) {
  moe.pin @pool %ids : tensor<?x2xi32>
  moe.unpin @pool
  // expected-error @below {{'moe.unpin' op expected a moe.pin of @pool before it in its block}}
  moe.unpin @pool
  return
}

// -----

// count_experts C1
func.func @f(%offsets : tensor<?xi32>) {
  // expected-error @below {{'moe.count_experts' op expected offsets of a static size of at least 2, but got 'tensor<?xi32>'}}
  moe.count_experts %offsets : tensor<?xi32>
  return
}

// -----

// count_experts C1: no expert
func.func @f(%offsets : tensor<1xi32>) {
  // expected-error @below {{'moe.count_experts' op expected offsets of a static size of at least 2, but got 'tensor<1xi32>'}}
  moe.count_experts %offsets : tensor<1xi32>
  return
}

// -----

// #slot C1
// expected-error @below {{expected an offset that is a multiple of 64 and not below 0, but got 8}}
module attributes {test.slot = #moe.slot<@pool, offset = 8>} {}

// -----

// #slot C1: below 0
// expected-error @below {{expected an offset that is a multiple of 64 and not below 0, but got -64}}
module attributes {test.slot = #moe.slot<@pool, offset = -64>} {}

// -----

// weight C6: another attribute
// expected-error @below {{'moe.weight' op expected moe.slot to be a #moe.slot, but got "pool"}}
moe.weight @w : tensor<8x4xf32> attributes {moe.slot = "pool"} {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// weight C6: no pool
// expected-error @below {{'moe.weight' op expected @w to name a pool}}
moe.weight @w : tensor<8x4xf32> attributes {moe.slot = #moe.slot<@w, offset = 0>} {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// weight C6: experts
moe.pool @pool {experts = 4 : i64, stride = 4096 : i64}
// expected-error @below {{'moe.weight' op expected 4 experts, as @pool has, but got 8}}
moe.weight @w : tensor<8x4xf32> attributes {moe.slot = #moe.slot<@pool, offset = 0>} {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<4xf32>
  moe.yield %0 : tensor<4xf32>
}

// -----

// weight C6: no expert's
moe.pool @pool {experts = 8 : i64, stride = 4096 : i64}
// expected-error @below {{'moe.weight' op expected 8 experts, as @pool has, but got 0}}
moe.weight @w : tensor<8x4xf32> attributes {moe.slot = #moe.slot<@pool, offset = 0>} {
  %0 = moe.source dense<0.0> : tensor<8x4xf32>
  moe.yield %0 : tensor<8x4xf32>
}

// -----

// weight C6: parts of different shapes
moe.pool @pool {experts = 8 : i64, stride = 4096 : i64}
// expected-error @below {{'moe.weight' op expected parts of static shape in a slot, but got 'tensor<8x?xf32>'}}
moe.weight @w : tensor<8x?xf32> attributes {moe.slot = #moe.slot<@pool, offset = 0>} {
^bb0(%e : index):
  %0 = tensor.empty(%e) : tensor<?xf32>
  moe.yield %0 : tensor<?xf32>
}

// -----

// weight C6: the end of a slot
moe.pool @pool {experts = 8 : i64, stride = 4096 : i64}
// expected-error @below {{'moe.weight' op expected parts inside slots of 4096 bytes, but they end at byte 4160}}
moe.weight @w : tensor<8x32xf32> attributes {moe.slot = #moe.slot<@pool, offset = 4032>} {
^bb0(%e : index):
  %0 = moe.source dense<0.0> : tensor<32xf32>
  moe.yield %0 : tensor<32xf32>
}

// -----

// expert_view C1
func.func @f(%w : memref<8x4xf32, strided<[8, 1]>>, %e : index) {
  // expected-error @below {{'moe.expert_view' op expected dense row-major buffers, but got 'memref<8x4xf32, strided<[8, 1]>>' and 'memref<4xf32>'}}
  %0 = moe.expert_view %w[%e] : memref<8x4xf32, strided<[8, 1]>> -> memref<4xf32>
  return
}

// -----

// expert_view C2: source
func.func @f(%w : memref<8x?xf32>, %e : index) {
  // expected-error @below {{'moe.expert_view' op expected a source that is static but for its first dimension, but got 'memref<8x?xf32>'}}
  %0 = moe.expert_view %w[%e] : memref<8x?xf32> -> memref<?xf32>
  return
}

// -----

// expert_view C2: result
func.func @f(%w : memref<8x4xf32>, %e : index) {
  // expected-error @below {{'moe.expert_view' op expected the result to be 'memref<4xf32>', the source without its first dimension, but got 'memref<5xf32>'}}
  %0 = moe.expert_view %w[%e] : memref<8x4xf32> -> memref<5xf32>
  return
}

// -----

// A region without any op.
// expected-error @below {{'moe.weight' op expects a non-empty block}}
"moe.weight"() <{sym_name = "w", type = tensor<4xf32>}> ({
^bb0(%e : index):
}) : () -> ()

// -----

func.func @f(%ids : tensor<?x2xi32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected region #0 to end with moe.yield}}
  %0 = moe.experts at(%ids : tensor<?x2xi32>) outs(%o : tensor<?x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index):
  }
  return
}

// -----

// A region with another end.
func.func @f(%ids : tensor<?x2xi32>, %x : tensor<?x4xf32>, %o : tensor<?x2x4xf32>) {
  // expected-error @below {{'moe.experts' op expected region #1 to end with moe.yield}}
  %0 = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x2x4xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    moe.yield %b : tensor<?x4xf32>
  }, experts 4 to 8 {
  ^bb0(%e : index, %b : tensor<?x4xf32>):
    %c = arith.constant 0 : index
  }
  return
}

// -----

// A region without any block.
// expected-error @below {{'moe.weight' op region #0 ('body') failed to verify constraint: region with 1 blocks}}
"moe.weight"() <{sym_name = "w", type = tensor<4xf32>}> ({
}) : () -> ()

// -----

// expected-error @+2 {{expected non-function type}}
// expected-error @below {{failed to parse MoE_PanelsAttr parameter 'matrices' which is to be a `::llvm::ArrayRef<::mlir::RankedTensorType>`}}
func.func private @f() attributes {a = #moe.panels<>}

// -----

// expected-error @below {{expected 1 or 2 matrices, but got 3}}
func.func private @f() attributes {a = #moe.panels<tensor<6x20xf32>, tensor<6x20xf32>, tensor<6x20xf32>>}

// -----

// expected-error @below {{expected matrices of a static shape and of f16, bf16 or f32, but got 'tensor<6x20xf64>'}}
func.func private @f() attributes {a = #moe.panels<tensor<6x20xf64>>}

// -----

// expected-error @below {{expected matrices of a static shape and of f16, bf16 or f32, but got 'tensor<?x20xf32>'}}
func.func private @f() attributes {a = #moe.panels<tensor<?x20xf32>>}

// -----

// expected-error @below {{expected matrices of a static shape and of f16, bf16 or f32, but got 'tensor<20xf32>'}}
func.func private @f() attributes {a = #moe.panels<tensor<20xf32>>}

// -----

// expected-error @below {{expected matrices of one shape, but got 'tensor<6x20xf32>' and 'tensor<6x21xf32>'}}
func.func private @f() attributes {a = #moe.panels<tensor<6x20xf32>, tensor<6x21xf32>>}

// -----

// expected-error @below {{'moe.weight' op expected a first dimension and then 'tensor<1x6x32xf32>', which #moe.panels<tensor<6x20xf32>> stores, but got 'tensor<4x6x20xf32>'}}
moe.weight @w : tensor<4x6x20xf32> encoding #moe.panels<tensor<6x20xf32>> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<6x20xf32>
  moe.yield %0 : tensor<6x20xf32>
}
