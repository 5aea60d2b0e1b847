// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s

// CHECK-DAG: #[[$ID2:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$COLUMN:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$ID1:.*]] = affine_map<(d0) -> (d0)>
// CHECK-DAG: #[[$NONE:.*]] = affine_map<(d0) -> ()>

// A bias is broadcast by its map; names of extents stay at the border.
// CHECK-LABEL: func.func @add
// CHECK-SAME: (%[[A:.*]]: tensor<?x64xf32> {onnx.dim_names = ["N", ""]}, %[[B:.*]]: tensor<64xf32>) -> (tensor<?x64xf32> {onnx.dim_names = ["N", ""]})
// CHECK: %[[N:.*]] = tensor.dim %[[A]], %{{.*}}
// CHECK: %[[INIT:.*]] = tensor.empty(%[[N]]) : tensor<?x64xf32>
// CHECK: linalg.generic {indexing_maps = [#[[$ID2]], #[[$COLUMN]], #[[$ID2]]], iterator_types = ["parallel", "parallel"]}
// CHECK-SAME: ins(%[[A]], %[[B]] : tensor<?x64xf32>, tensor<64xf32>) outs(%[[INIT]] : tensor<?x64xf32>)
// CHECK: arith.addf
func.func @add(%a : tensor<?x64xf32, #onnx.dims<"N", "">>, %b : tensor<64xf32>) -> tensor<?x64xf32, #onnx.dims<"N", "">> {
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<?x64xf32, #onnx.dims<"N", "">>, tensor<64xf32>) -> tensor<?x64xf32, #onnx.dims<"N", "">>
  return %0 : tensor<?x64xf32, #onnx.dims<"N", "">>
}

// Extents of the same name are one value, and not compared.
// CHECK-LABEL: func.func @same_symbol
// CHECK-NOT: cf.assert
// CHECK: linalg.generic {indexing_maps = [#[[$ID1]], #[[$ID1]], #[[$ID1]]]
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @same_symbol(%a : tensor<?xf32, #onnx.dims<"N">>, %b : tensor<?xf32, #onnx.dims<"N">>) -> tensor<?xf32, #onnx.dims<"N">> {
  %0 = onnx.node "Mul" version 14 (%a, %b) : (tensor<?xf32, #onnx.dims<"N">>, tensor<?xf32, #onnx.dims<"N">>) -> tensor<?xf32, #onnx.dims<"N">>
  return %0 : tensor<?xf32, #onnx.dims<"N">>
}

// Others are compared in each run, and either may be broadcast.
// CHECK-LABEL: func.func @unknown_extents
// CHECK-SAME: (%[[A:.*]]: tensor<?xf32>, %[[B:.*]]: tensor<?xf32>)
// CHECK-DAG: %[[NB:.*]] = tensor.dim %[[B]]
// CHECK-DAG: %[[NA:.*]] = tensor.dim %[[A]]
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[NA]], %{{.*}}
// CHECK: %[[N:.*]] = arith.select %[[ONE]], %[[NB]], %[[NA]]
// CHECK: cf.assert %{{.*}}, "node 's' (Sub): dimension 0 of the result is neither 1 nor the same for all inputs"
// CHECK: cf.assert %{{.*}}, "node 's' (Sub): dimension 0 of the result is neither 1 nor the same for all inputs"
// CHECK: %[[ISONE:.*]] = arith.cmpi eq, %[[NA]], %{{.*}}
// CHECK: %[[INIT:.*]] = tensor.empty(%[[N]])
// CHECK: linalg.generic {{.*}} outs(%[[INIT]]
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[AT:.*]] = arith.select %[[ISONE]], %{{.*}}, %[[I]]
// CHECK: tensor.extract %[[A]][%[[AT]]]
// CHECK: arith.subf
func.func @unknown_extents(%a : tensor<?xf32>, %b : tensor<?xf32>) -> tensor<?xf32> {
  %0 = onnx.node "Sub" version 14 (%a, %b) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32> loc("s")
  return %0 : tensor<?xf32>
}

// Half precision is computed in f32 and rounded once; a constant with one value
// goes into the body.
// CHECK-LABEL: func.func @half
// CHECK-SAME: (%[[A:.*]]: tensor<4xf16>)
// CHECK: linalg.generic {indexing_maps = [#[[$ID1]], #[[$ID1]]], iterator_types = ["parallel"]} ins(%[[A]] : tensor<4xf16>)
// CHECK: %[[WIDE:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK: %[[P:.*]] = arith.mulf %[[WIDE]], %{{.*}} : f32
// CHECK: arith.truncf %[[P]] : f32 to f16
func.func @half(%a : tensor<4xf16>) -> tensor<4xf16> {
  %0 = onnx.constant dense<0.5> : tensor<f16> : tensor<f16>
  %1 = onnx.node "Mul" version 14 (%a, %0) : (tensor<4xf16>, tensor<f16>) -> tensor<4xf16>
  return %1 : tensor<4xf16>
}

// Division by zero fails the run; the lowest number by -1 wraps around.
// CHECK-LABEL: func.func @integer_div
// CHECK: ^bb0(%[[A:.*]]: i32, %[[B:.*]]: i32, %{{.*}}: i32):
// CHECK: %[[ZERO:.*]] = arith.cmpi eq, %[[B]], %{{.*}}
// CHECK: cf.assert %{{.*}}, "division by zero"
// CHECK: %[[UNIT:.*]] = arith.cmpi eq, %[[B]], %{{.*}}
// CHECK: %[[UNSAFE:.*]] = arith.ori %[[ZERO]], %[[UNIT]]
// CHECK: %[[BY:.*]] = arith.select %[[UNSAFE]], %{{.*}}, %[[B]]
// CHECK: %[[Q:.*]] = arith.divsi %[[A]], %[[BY]]
// CHECK: arith.select %{{.*}}, %{{.*}}, %[[Q]]
func.func @integer_div(%a : tensor<4xi32>, %b : tensor<4xi32>) -> tensor<4xi32> {
  %0 = onnx.node "Div" version 14 (%a, %b) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// The remainder has the divisor's sign.
// CHECK-LABEL: func.func @mod
// CHECK: %[[REM:.*]] = arith.remsi
// CHECK: %[[SUM:.*]] = arith.addi %[[REM]], %{{.*}}
// CHECK: arith.select %{{.*}}, %[[SUM]], %[[REM]]
func.func @mod(%a : tensor<4xi64>, %b : tensor<4xi64>) -> tensor<4xi64> {
  %0 = onnx.node "Mod" version 13 (%a, %b) : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// CHECK-LABEL: func.func @unsigned_max
// CHECK-SAME: (%{{.*}}: tensor<4xi8> {onnx.element_type = ui8}, %{{.*}}: tensor<4xi8> {onnx.element_type = ui8}) -> (tensor<4xi8> {onnx.element_type = ui8})
// CHECK: arith.maxui %{{.*}}, %{{.*}} : i8
func.func @unsigned_max(%a : tensor<4xui8>, %b : tensor<4xui8>) -> tensor<4xui8> {
  %0 = onnx.node "Max" version 13 (%a, %b) : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// NaN of any input is the result.
// CHECK-LABEL: func.func @float_min
// CHECK: arith.minimumf
// CHECK: arith.minimumf
func.func @float_min(%a : tensor<4xf32>, %b : tensor<4xf32>, %c : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Min" version 13 (%a, %b, %c) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @clip
// CHECK-SAME: (%[[A:.*]]: tensor<4xf32>, %[[HI:.*]]: tensor<f32>)
// CHECK: linalg.generic {indexing_maps = [#[[$ID1]], #[[$NONE]], #[[$ID1]]], {{.*}}} ins(%[[A]], %[[HI]]
// CHECK-NOT: arith.maximumf
// CHECK: arith.minimumf
func.func @clip(%a : tensor<4xf32>, %hi : tensor<f32>) -> tensor<4xf32> {
  %n = onnx.none
  %0 = onnx.node "Clip" version 13 (%a, %n, %hi) : (tensor<4xf32>, none, tensor<f32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Before version 11 the limits are attributes.
// CHECK-LABEL: func.func @clip_attributes
// CHECK: %[[LO:.*]] = arith.constant 0.0
// CHECK: %[[MAX:.*]] = arith.maximumf %{{.*}}, %[[LO]]
// CHECK: %[[HI:.*]] = arith.constant 6.0
// CHECK: arith.minimumf %[[MAX]], %[[HI]]
func.func @clip_attributes(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Clip" version 6 (%a) attributes {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @square
// CHECK: ^bb0(%[[A:.*]]: f32, %{{.*}}: f32):
// CHECK-NOT: math.powf
// CHECK: arith.mulf %[[A]], %[[A]]
func.func @square(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.constant dense<2> : tensor<i64> : tensor<i64>
  %1 = onnx.node "Pow" version 15 (%a, %0) : (tensor<4xf32>, tensor<i64>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func @power
// CHECK: %[[E:.*]] = arith.sitofp %{{.*}} : i32 to f32
// CHECK: math.powf %{{.*}}, %[[E]] : f32
func.func @power(%a : tensor<4xf32>, %b : tensor<4xi32>) -> tensor<4xf32> {
  %0 = onnx.node "Pow" version 15 (%a, %b) : (tensor<4xf32>, tensor<4xi32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Integers are exact.
// CHECK-LABEL: func.func @integer_power
// CHECK-NOT: math.powf
// CHECK: scf.while
func.func @integer_power(%a : tensor<4xi32>, %b : tensor<4xi32>) -> tensor<4xi32> {
  %0 = onnx.node "Pow" version 15 (%a, %b) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// Ties go to even numbers.
// CHECK-LABEL: func.func @round
// CHECK: math.roundeven
func.func @round(%a : tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Round" version 11 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// A loop reads 16 tensors and what the loop before computed, in f32.
// CHECK-LABEL: func.func @many
// CHECK: %[[PART:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<4xf32>)
// CHECK-COUNT-15: arith.addf
// CHECK-NEXT: linalg.yield %{{.*}} : f32
// CHECK: linalg.generic {{.*}} ins(%[[PART]], %{{.*}} : tensor<4xf32>, tensor<4xf16>) outs(%{{.*}} : tensor<4xf16>)
// CHECK: %[[WIDE:.*]] = arith.extf
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[WIDE]] : f32
// CHECK: %[[MEAN:.*]] = arith.divf %[[SUM]], %{{.*}} : f32
// CHECK: arith.truncf %[[MEAN]]
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @many(%x0 : tensor<4xf16>, %x1 : tensor<4xf16>, %x2 : tensor<4xf16>, %x3 : tensor<4xf16>, %x4 : tensor<4xf16>, %x5 : tensor<4xf16>, %x6 : tensor<4xf16>, %x7 : tensor<4xf16>, %x8 : tensor<4xf16>, %x9 : tensor<4xf16>, %x10 : tensor<4xf16>, %x11 : tensor<4xf16>, %x12 : tensor<4xf16>, %x13 : tensor<4xf16>, %x14 : tensor<4xf16>, %x15 : tensor<4xf16>, %x16 : tensor<4xf16>) -> tensor<4xf16> {
  %0 = onnx.node "Mean" version 13 (%x0, %x1, %x2, %x3, %x4, %x5, %x6, %x7, %x8, %x9, %x10, %x11, %x12, %x13, %x14, %x15, %x16) : (tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
  return %0 : tensor<4xf16>
}
