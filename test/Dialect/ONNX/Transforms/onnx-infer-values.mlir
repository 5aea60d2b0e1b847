// RUN: moe-opt %s --onnx-infer | FileCheck %s

// What ONNX's operators on integers give where both operands are known.

// CHECK-LABEL: func.func @add_0
// CHECK: onnx.constant dense<-4> : tensor<1xi64>
func.func @add_0() -> tensor<1xi64> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @sub_1
// CHECK: onnx.constant dense<-10> : tensor<1xi64>
func.func @sub_1() -> tensor<1xi64> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Sub" version 14 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @mul_2
// CHECK: onnx.constant dense<-21> : tensor<1xi64>
func.func @mul_2() -> tensor<1xi64> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Mul" version 14 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @div_3
// CHECK: onnx.constant dense<-3> : tensor<1xi64>
func.func @div_3() -> tensor<1xi64> {
  %a = onnx.constant dense<7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Div" version 14 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @div_4
// CHECK: onnx.constant dense<-3> : tensor<1xi64>
func.func @div_4() -> tensor<1xi64> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Div" version 14 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @mod_5
// CHECK: onnx.constant dense<2> : tensor<1xi64>
func.func @mod_5() -> tensor<1xi64> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Mod" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @mod_6
// CHECK: onnx.constant dense<-2> : tensor<1xi64>
func.func @mod_6() -> tensor<1xi64> {
  %a = onnx.constant dense<7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<-3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Mod" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @mod_7
// CHECK: onnx.constant dense<1> : tensor<1xi64>
func.func @mod_7() -> tensor<1xi64> {
  %a = onnx.constant dense<7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Mod" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @max_8
// CHECK: onnx.constant dense<3> : tensor<1xi64>
func.func @max_8() -> tensor<1xi64> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Max" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @min_9
// CHECK: onnx.constant dense<-7> : tensor<1xi64>
func.func @min_9() -> tensor<1xi64> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Min" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// CHECK-LABEL: func.func @less_0
// CHECK: onnx.constant dense<true> : tensor<1xi1>
func.func @less_0() -> tensor<1xi1> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Less" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  return %0 : tensor<1xi1>
}

// CHECK-LABEL: func.func @greater_1
// CHECK: onnx.constant dense<false> : tensor<1xi1>
func.func @greater_1() -> tensor<1xi1> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Greater" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  return %0 : tensor<1xi1>
}

// CHECK-LABEL: func.func @lessorequal_2
// CHECK: onnx.constant dense<true> : tensor<1xi1>
func.func @lessorequal_2() -> tensor<1xi1> {
  %a = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "LessOrEqual" version 16 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  return %0 : tensor<1xi1>
}

// CHECK-LABEL: func.func @greaterorequal_3
// CHECK: onnx.constant dense<false> : tensor<1xi1>
func.func @greaterorequal_3() -> tensor<1xi1> {
  %a = onnx.constant dense<-7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "GreaterOrEqual" version 16 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  return %0 : tensor<1xi1>
}

// CHECK-LABEL: func.func @equal_4
// CHECK: onnx.constant dense<true> : tensor<1xi1>
func.func @equal_4() -> tensor<1xi1> {
  %a = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Equal" version 19 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  return %0 : tensor<1xi1>
}

// CHECK-LABEL: func.func @equal_5
// CHECK: onnx.constant dense<false> : tensor<1xi1>
func.func @equal_5() -> tensor<1xi1> {
  %a = onnx.constant dense<-3> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Equal" version 19 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  return %0 : tensor<1xi1>
}

// Overflow and division by zero are not followed.
// CHECK-LABEL: func.func @add_unknown_i64
// CHECK: onnx.node "Add"
func.func @add_unknown_i64() -> tensor<1xi64> {
  %a = onnx.constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// Overflow and division by zero are not followed.
// CHECK-LABEL: func.func @add_unknown_i8
// CHECK: onnx.node "Add"
func.func @add_unknown_i8() -> tensor<1xi8> {
  %a = onnx.constant dense<127> : tensor<1xi8> : tensor<1xi8>
  %b = onnx.constant dense<1> : tensor<1xi8> : tensor<1xi8>
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<1xi8>, tensor<1xi8>) -> tensor<1xi8>
  return %0 : tensor<1xi8>
}

// Overflow and division by zero are not followed.
// CHECK-LABEL: func.func @div_unknown_i64
// CHECK: onnx.node "Div"
func.func @div_unknown_i64() -> tensor<1xi64> {
  %a = onnx.constant dense<7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Div" version 14 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// Overflow and division by zero are not followed.
// CHECK-LABEL: func.func @mod_unknown_i64
// CHECK: onnx.node "Mod"
func.func @mod_unknown_i64() -> tensor<1xi64> {
  %a = onnx.constant dense<7> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.node "Mod" version 13 (%a, %b) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// Of symbols what can be told for every size.
// CHECK-LABEL: func.func @symbols
// CHECK-SAME: -> tensor<?xf32, #onnx.dims<"N-8*floor(N/8)">>
func.func @symbols(%x : tensor<?xf32, #onnx.dims<"N">>) -> (tensor<?xf32>) {
  %s = onnx.node "Shape" version 15 (%x) : (tensor<?xf32, #onnx.dims<"N">>) -> tensor<1xi64>
  %eight = onnx.constant dense<8> : tensor<1xi64> : tensor<1xi64>
  %m = onnx.node "Mod" version 13 (%s, %eight) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %v = onnx.constant dense<0.0> : tensor<f32> : tensor<f32>
  %0 = onnx.node "Expand" version 13 (%v, %m) : (tensor<f32>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
