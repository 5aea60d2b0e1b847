// RUN: moe-opt %s --moe-group-experts --split-input-file --remarks-filter=.* 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK <%t

#id = affine_map<(d0, d1) -> (d0, d1)>
#col = affine_map<(d0, d1) -> (d1)>
moe.weight @gate : tensor<8x64x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<64x32xf32>
  moe.yield %0 : tensor<64x32xf32>
}
moe.weight @up : tensor<8x64x32xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<64x32xf32>
  moe.yield %0 : tensor<64x32xf32>
}
moe.weight @down : tensor<8x32x64xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 3, low = -1.0, high = 1.0> : tensor<32x64xf32>
  moe.yield %0 : tensor<32x64xf32>
}
moe.weight @bias : tensor<8x64xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<64xf32>
  moe.yield %0 : tensor<64xf32>
}

// Two products of the rows and a product of what they make: two stages. Their
// tails are the scalar functions, in the order of the products and vectors.
// REMARK: remark: [Passed] experts-grouped | Category:moe-group-experts | Remark="experts run as products over grouped rows"
// CHECK-LABEL: func.func @gated(
// CHECK-SAME: %[[IDS:.*]]: tensor<?x2xi32>, %[[W:.*]]: tensor<?x2xf32>, %[[X:.*]]: tensor<?x64xf32>, %{{.*}}: tensor<?x2x64xf32>, %[[OUT:.*]]: tensor<?x64xf32>)
// CHECK: %[[ROWS:.*]] = tensor.dim %[[IDS]]
// CHECK: %[[PLACES:.*]] = arith.muli %[[ROWS]], %{{.*}}
// CHECK: %[[G:.*]]:3 = moe.group %[[IDS]] : tensor<?x2xi32> outs({{.*}} : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>)
// CHECK: moe.count_experts %[[G]]#0
// CHECK: %[[E0:.*]] = tensor.empty(%[[PLACES]]) : tensor<?x32xf32>
// CHECK: %[[H:.*]] = moe.grouped_matmul rows(%[[X]] : tensor<?x64xf32>) by(%[[G]]#1 : tensor<?xi32>) div 2 groups(%[[G]]#0 : tensor<9xi32>) weights(@gate : tensor<8x64x32xf32>, @up : tensor<8x64x32xf32>) outs(%[[E0]] : tensor<?x32xf32>) {
// CHECK-NEXT: ^bb0(%[[GATE:.*]]: f32, %[[UP:.*]]: f32):
// CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT: %[[MAX:.*]] = arith.maximumf %[[GATE]], %[[ZERO]]
// CHECK-NEXT: %[[MUL:.*]] = arith.mulf %[[MAX]], %[[UP]]
// CHECK-NEXT: moe.yield %[[MUL]]
// CHECK: %[[Y:.*]] = moe.grouped_matmul rows(%[[H]] : tensor<?x32xf32>) groups(%[[G]]#0 : tensor<9xi32>) weights(@down : tensor<8x32x64xf32>) vectors(@bias : tensor<8x64xf32>)
// CHECK-NEXT: ^bb0(%[[DOWN:.*]]: f32, %[[BIAS:.*]]: f32):
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[DOWN]], %[[BIAS]]
// CHECK-NEXT: moe.yield %[[SUM]]
// CHECK: moe.combine %[[Y]] : tensor<?x64xf32> from(%[[G]]#2 : tensor<?x2xi32>) with(%[[W]] : tensor<?x2xf32>) outs(%[[OUT]] : tensor<?x64xf32>)
// CHECK-NOT: moe.experts
func.func @gated(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x64xf32>, %slots : tensor<?x2x64xf32>, %out : tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x64xf32>) outs(%slots : tensor<?x2x64xf32>)
  experts 0 to 8 weights(@gate : tensor<8x64x32xf32>, @up : tensor<8x64x32xf32>, @down : tensor<8x32x64xf32>, @bias : tensor<8x64xf32>) {
  ^bb0(%e : index, %xe : tensor<?x64xf32>, %wg : tensor<64x32xf32>, %wu : tensor<64x32xf32>, %wd : tensor<32x64xf32>, %b : tensor<64xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x64xf32>
    %e0 = tensor.empty(%n) : tensor<?x32xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %g = linalg.matmul ins(%xe, %wg : tensor<?x64xf32>, tensor<64x32xf32>) outs(%f0 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %u = linalg.matmul ins(%xe, %wu : tensor<?x64xf32>, tensor<64x32xf32>) outs(%f0 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %h = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%g, %u : tensor<?x32xf32>, tensor<?x32xf32>) outs(%e0 : tensor<?x32xf32>) {
    ^bb1(%a : f32, %c : f32, %o : f32):
      %m = arith.maximumf %a, %zero : f32
      %p = arith.mulf %m, %c : f32
      linalg.yield %p : f32
    } -> tensor<?x32xf32>
    %e1 = tensor.empty(%n) : tensor<?x64xf32>
    %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x64xf32>) -> tensor<?x64xf32>
    %d = linalg.matmul ins(%h, %wd : tensor<?x32xf32>, tensor<32x64xf32>) outs(%f1 : tensor<?x64xf32>) -> tensor<?x64xf32>
    %r = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d, %b : tensor<?x64xf32>, tensor<64xf32>) outs(%e1 : tensor<?x64xf32>) {
    ^bb1(%a : f32, %c : f32, %o : f32):
      %s = arith.addf %a, %c : f32
      linalg.yield %s : f32
    } -> tensor<?x64xf32>
    moe.yield %r : tensor<?x64xf32>
  }
  %z = moe.combine %y : tensor<?x2x64xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x64xf32>)
  return %z : tensor<?x64xf32>
}

// -----

moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// One plain product; two combines read it.
// REMARK: remark: [Passed] experts-grouped
// CHECK-LABEL: func.func @plain(
// CHECK: %[[G:.*]]:3 = moe.group
// CHECK: %[[Y:.*]] = moe.grouped_matmul rows(%{{.*}} : tensor<?x8xf32>) by(%[[G]]#1 : tensor<?xi32>) div 2 groups(%[[G]]#0 : tensor<5xi32>) weights(@w : tensor<4x8x8xf32>)
// CHECK-NEXT: ^bb0(%[[ACC:.*]]: f32):
// CHECK-NEXT: moe.yield %[[ACC]]
// CHECK: moe.combine %[[Y]] : tensor<?x8xf32> from(%[[G]]#2 : tensor<?x2xi32>)
// CHECK: moe.combine %[[Y]] : tensor<?x8xf32> from(%[[G]]#2 : tensor<?x2xi32>)
func.func @plain(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %v : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  %u = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%v : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z, %u : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// Whoever else reads the results finds each slot's at its place.
// REMARK: remark: [Passed] experts-grouped
// CHECK-LABEL: func.func @other_reader(
// CHECK: %[[G:.*]]:3 = moe.group
// CHECK: %[[Z:.*]] = moe.grouped_matmul
// CHECK-NOT: moe.experts
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[G]]#2 : tensor<?x2xi32>) outs(%{{.*}} : tensor<?x2x8xf32>)
// CHECK-NEXT: ^bb0(%[[P:.*]]: i32, %{{.*}}: f32):
// CHECK: %[[FILLED:.*]] = arith.cmpi sge, %[[P]]
// CHECK: %[[V:.*]] = tensor.extract %[[Z]][
// CHECK: %[[R:.*]] = arith.select %[[FILLED]], %[[V]], %{{.*}} : f32
// CHECK: linalg.yield %[[R]]
// CHECK: return %[[Y]]
func.func @other_reader(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x2x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  return %y : tensor<?x2x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// So does a combine over other ids.
// REMARK: remark: [Passed] experts-grouped
// CHECK-LABEL: func.func @other_ids(
// CHECK: %[[G:.*]]:3 = moe.group
// CHECK: %[[Z:.*]] = moe.grouped_matmul
// CHECK-NOT: moe.experts
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[G]]#2 : tensor<?x2xi32>) outs(%{{.*}} : tensor<?x2x8xf32>)
// CHECK-NEXT: ^bb0(%[[P:.*]]: i32, %{{.*}}: f32):
// CHECK: %[[FILLED:.*]] = arith.cmpi sge, %[[P]]
// CHECK: %[[V:.*]] = tensor.extract %[[Z]][
// CHECK: %[[R:.*]] = arith.select %[[FILLED]], %[[V]], %{{.*}} : f32
// CHECK: linalg.yield %[[R]]
// CHECK: moe.combine %[[Y]] : tensor<?x2x8xf32> at(%{{.*}} : tensor<?x2xi32>) with
func.func @other_ids(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>, %other : tensor<?x2xi32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%other : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: the layer has more operands or results than one tensor of rows"
// CHECK-LABEL: func.func @slot_operand(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @slot_operand(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) slots(%w : tensor<?x2xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %we : tensor<?xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: the layer has more operands or results than one tensor of rows"
// CHECK-LABEL: func.func @context_operand(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @context_operand(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>, %c : f32) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) context(%c : f32) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %ce : f32, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: the number of slots is not static"
// CHECK-LABEL: func.func @dynamic_slots(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @dynamic_slots(%ids : tensor<?x?xi32>, %w : tensor<?x?xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x?x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x?xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x?x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x?x8xf32> at(%ids : tensor<?x?xi32>) with(%w : tensor<?x?xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: the layer has several kinds of experts"
// CHECK-LABEL: func.func @kinds(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @kinds(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  },
  experts 4 to 5 {
  ^bb0(%e : index, %xe : tensor<?x8xf32>):
    moe.yield %xe : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: the body is not a chain of products with element-wise tails"
// CHECK-LABEL: func.func @no_product(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @no_product(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 {
  ^bb0(%e : index, %xe : tensor<?x8xf32>):
    moe.yield %xe : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: a stage has more than two products"
// CHECK-LABEL: func.func @three_products(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @three_products(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>, @w : tensor<4x8x8xf32>, @w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>, %wu : tensor<8x8xf32>, %wv : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %p = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %q = linalg.matmul ins(%xe, %wu : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %t = linalg.matmul ins(%xe, %wv : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %s0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %q : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e0 : tensor<?x8xf32>) {
    ^bb1(%l : f32, %k : f32, %o : f32):
      %s = arith.addf %l, %k : f32
      linalg.yield %s : f32
    } -> tensor<?x8xf32>
    %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s0, %t : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e0 : tensor<?x8xf32>) {
    ^bb1(%l : f32, %k : f32, %o : f32):
      %s = arith.addf %l, %k : f32
      linalg.yield %s : f32
    } -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: products of one stage read different rows"
// CHECK-LABEL: func.func @different_rows(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @different_rows(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %p = linalg.matmul ins(%xe, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %q = linalg.matmul ins(%p, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%p, %q : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e0 : tensor<?x8xf32>) {
    ^bb1(%l : f32, %k : f32, %o : f32):
      %s = arith.addf %l, %k : f32
      linalg.yield %s : f32
    } -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// Element-wise ops in front of the first product.
// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: the body is not a chain of products with element-wise tails"
// CHECK-LABEL: func.func @sum_of_rows(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @sum_of_rows(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@w : tensor<4x8x8xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e0 = tensor.empty(%n) : tensor<?x8xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%xe, %xe : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e0 : tensor<?x8xf32>) {
    ^bb1(%l : f32, %k : f32, %o : f32):
      %s = arith.addf %l, %k : f32
      linalg.yield %s : f32
    } -> tensor<?x8xf32>
    %r = linalg.matmul ins(%p, %wt : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f0 : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %r : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
moe.weight @ragged : tensor<4x8x?xf32> {
^bb0(%e : index):
  %0 = tensor.empty(%e) : tensor<8x?xf32>
  moe.yield %0 : tensor<8x?xf32>
}
moe.weight @w : tensor<4x8x8xf32> {
^bb0(%e : index):
  %0 = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<8x8xf32>
  moe.yield %0 : tensor<8x8xf32>
}

// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: experts differ in width"
// CHECK-LABEL: func.func @differing_widths(
// CHECK-NOT: moe.group
// CHECK: moe.experts
// CHECK-NOT: moe.group
// CHECK: return
func.func @differing_widths(%ids : tensor<?x2xi32>, %w : tensor<?x2xf32>, %x : tensor<?x8xf32>, %slots : tensor<?x2x8xf32>, %out : tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%slots : tensor<?x2x8xf32>)
  experts 0 to 4 weights(@ragged : tensor<4x8x?xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x?xf32>):
    moe.yield %xe : tensor<?x8xf32>
  }
  %z = moe.combine %y : tensor<?x2x8xf32> at(%ids : tensor<?x2xi32>) with(%w : tensor<?x2xf32>) outs(%out : tensor<?x8xf32>)
  return %z : tensor<?x8xf32>
}

// -----

// With one column, maps have a 0 in the place of its loop, or no loop at all.
// Ids of a known shape are behind a cast that the combine does not have.
moe.weight @up : tensor<8x4x1xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<4x1xf32>
  moe.yield %0 : tensor<4x1xf32>
}
moe.weight @bias : tensor<8x1xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<1xf32>
  moe.yield %0 : tensor<1xf32>
}
// REMARK: remark: [Passed] experts-grouped
// CHECK-LABEL: func.func @one_column(
// CHECK: moe.grouped_matmul {{.*}} weights(@up : tensor<8x4x1xf32>) vectors(@bias : tensor<8x1xf32>)
// CHECK-NOT: moe.experts
// CHECK: return
func.func @one_column(%ids : tensor<5x2xi32>, %x : tensor<?x4xf32>, %slots : tensor<?x2x1xf32>, %out : tensor<5x1xf32>) -> tensor<5x1xf32> {
  %dyn = tensor.cast %ids : tensor<5x2xi32> to tensor<?x2xi32>
  %y = moe.experts at(%dyn : tensor<?x2xi32>) rows(%x : tensor<?x4xf32>) outs(%slots : tensor<?x2x1xf32>)
  experts 0 to 8 weights(@up : tensor<8x4x1xf32>, @bias : tensor<8x1xf32>) {
  ^bb0(%e : index, %xe : tensor<?x4xf32>, %wu : tensor<4x1xf32>, %b : tensor<1xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x4xf32>
    %e0 = tensor.empty(%n) : tensor<?x1xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x1xf32>) -> tensor<?x1xf32>
    %g = linalg.matmul ins(%xe, %wu : tensor<?x4xf32>, tensor<4x1xf32>) outs(%f0 : tensor<?x1xf32>) -> tensor<?x1xf32>
    %h = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%g, %b : tensor<?x1xf32>, tensor<1xf32>) outs(%e0 : tensor<?x1xf32>) {
    ^bb0(%p : f32, %q : f32, %o : f32):
      %s = arith.addf %p, %q : f32
      linalg.yield %s : f32
    } -> tensor<?x1xf32>
    moe.yield %h : tensor<?x1xf32>
  }
  %r = moe.combine %y : tensor<?x2x1xf32> at(%ids : tensor<5x2xi32>) outs(%out : tensor<5x1xf32>)
  return %r : tensor<5x1xf32>
}

// -----

// f16 rows are widened, once, before they are gathered.
// CHECK-LABEL: func.func @wide(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x64xf16>
// CHECK: %[[WIDE:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x64xf16>)
// CHECK: arith.extf
// CHECK: moe.grouped_matmul rows(%[[WIDE]] : tensor<?x64xf32>) by
// REMARK: remark: [Passed] experts-grouped
moe.weight @up : tensor<8x64x128xf16> {
^bb0(%e : index):
  %0 = moe.source dense<0.5> : tensor<64x128xf16>
  moe.yield %0 : tensor<64x128xf16>
}
func.func @wide(%ids : tensor<?x2xi32>, %x : tensor<?x64xf16>, %init : tensor<?x2x128xf32>) -> tensor<?x2x128xf32> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x64xf16>) outs(%init : tensor<?x2x128xf32>)
  experts 0 to 8 weights(@up : tensor<8x64x128xf16>) {
  ^bb0(%e : index, %xe : tensor<?x64xf16>, %w : tensor<64x128xf16>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x64xf16>
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty(%n) : tensor<?x128xf32>
    %acc = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x128xf32>) -> tensor<?x128xf32>
    %h = linalg.matmul ins(%xe, %w : tensor<?x64xf16>, tensor<64x128xf16>) outs(%acc : tensor<?x128xf32>) -> tensor<?x128xf32>
    moe.yield %h : tensor<?x128xf32>
  }
  return %y : tensor<?x2x128xf32>
}

// -----

// A product that rounds its sums to f16 is not what a grouped product computes.
// CHECK-LABEL: func.func @rounded(
// CHECK: moe.experts
// CHECK-NOT: moe.grouped_matmul
// REMARK: remark: [Missed] experts-not-grouped | Category:moe-group-experts | Remark="experts run one by one: a product of f16 and f16 accumulates in f16, and a grouped one of at most f32 in f32"
moe.weight @up : tensor<8x64x128xf16> {
^bb0(%e : index):
  %0 = moe.source dense<0.5> : tensor<64x128xf16>
  moe.yield %0 : tensor<64x128xf16>
}
func.func @rounded(%ids : tensor<?x2xi32>, %x : tensor<?x64xf16>, %init : tensor<?x2x128xf16>) -> tensor<?x2x128xf16> {
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x64xf16>) outs(%init : tensor<?x2x128xf16>)
  experts 0 to 8 weights(@up : tensor<8x64x128xf16>) {
  ^bb0(%e : index, %xe : tensor<?x64xf16>, %w : tensor<64x128xf16>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x64xf16>
    %zero = arith.constant 0.0 : f16
    %empty = tensor.empty(%n) : tensor<?x128xf16>
    %acc = linalg.fill ins(%zero : f16) outs(%empty : tensor<?x128xf16>) -> tensor<?x128xf16>
    %h = linalg.matmul ins(%xe, %w : tensor<?x64xf16>, tensor<64x128xf16>) outs(%acc : tensor<?x128xf16>) -> tensor<?x128xf16>
    moe.yield %h : tensor<?x128xf16>
  }
  return %y : tensor<?x2x128xf16>
}
