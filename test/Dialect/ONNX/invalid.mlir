// RUN: moe-opt %s --split-input-file --verify-diagnostics

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op expected an operator's name}}
  %0 = onnx.node "" version 1 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op expected a positive version, but got 0}}
  %0 = onnx.node "Neg" version 0 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : f32) {
  // expected-error @below {{'onnx.node' op expected tensors or none, but got 'f32'}}
  %0 = onnx.node "Neg" version 13 (%a) : (f32) -> tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{'onnx.constant' op expected a value of the result's shape and element type 'tensor<3xi64>', but got 'tensor<2xi64>'}}
  %0 = onnx.constant dense<[1, 2]> : tensor<2xi64> : tensor<3xi64>
  return
}

// -----

// expected-error @below {{'onnx.weight' op expected an offset that is not negative, but got -1}}
onnx.weight @w : tensor<2xf32> = "f" offset -1 length 8

// -----

// expected-error @below {{'onnx.weight' op expected a static shape of numbers, but got 'tensor<?xf32>'}}
onnx.weight @w : tensor<?xf32> = "f" offset 0 length 8

// -----

// expected-error @below {{'onnx.weight' op expected as many bytes as 'tensor<3xf32>' has, but got 8}}
onnx.weight @w : tensor<3xf32> = "f" offset 0 length 8

// -----

func.func @f() {
  // expected-error @below {{'onnx.weight_value' op names @w, which is no weight}}
  %0 = onnx.weight_value @w : tensor<2xf32>
  return
}

// -----

onnx.weight @w : tensor<2xf32> = "f" offset 0 length 8
func.func @f() {
  // expected-error @below {{'onnx.weight_value' op expected the type of @w, 'tensor<2xf32>', but got 'tensor<3xf32>'}}
  %0 = onnx.weight_value @w : tensor<3xf32>
  return
}

// -----

// expected-error @below {{expected one symbol per dimension (2), but got 1}}
func.func private @f(tensor<?x64xf32, #onnx.dims<"N">>)

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op expected 2 inputs, but got 1}}
  %0 = onnx.node "Add" version 14 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op expected 1 input, but got 2}}
  %0 = onnx.node "Neg" version 13 (%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op expected 1 to 3 inputs, but got 4}}
  %0 = onnx.node "Clip" version 13 (%a, %a, %a, %a) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{'onnx.node' op expected 1 or more inputs, but got 0}}
  %0 = onnx.node "Max" version 13 () : () -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %k : tensor<1xi64>) {
  // expected-error @below {{'onnx.node' op expected 2 outputs, but got 1}}
  %0 = onnx.node "TopK" version 11 (%a, %k) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %n = onnx.none
  // expected-error @below {{'onnx.node' op input 1 (B) must not be left out}}
  %0 = onnx.node "Add" version 14 (%a, %n) : (tensor<4xf32>, none) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op attribute 'end' is unknown to version 13 of the operator}}
  %0 = onnx.node "Shape" version 13 (%a) attributes {end = 1 : i64} : (tensor<4xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op attribute 'to' is missing}}
  %0 = onnx.node "Cast" version 13 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op attribute 'axis' must be an integer}}
  %0 = onnx.node "Softmax" version 13 (%a) attributes {axis = 1 : i32} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op attribute 'alpha' must be a float}}
  %0 = onnx.node "Elu" version 6 (%a) attributes {alpha = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op attribute 'approximate' must be a string}}
  %0 = onnx.node "Gelu" version 20 (%a) attributes {approximate = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{'onnx.node' op attribute 'perm' must be a list of integers}}
  %0 = onnx.node "Transpose" version 13 (%a) attributes {perm = [0.0]} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<1xi64>) {
  // expected-error @below {{'onnx.node' op attribute 'value' must be a tensor}}
  %0 = onnx.node "ConstantOfShape" version 9 (%a) attributes {value = 1 : i64} : (tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{'onnx.node' op attribute 'value_floats' must be a list of floats}}
  %0 = onnx.node "Constant" version 13 () attributes {value_floats = [1 : i64]} : () -> tensor<1xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{'onnx.node' op attribute 'value_strings' must be a list of strings}}
  %0 = onnx.node "Constant" version 13 () attributes {value_strings = [1 : i64]} : () -> tensor<1xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{'onnx.node' op attribute 'sparse_value' must be a sparse tensor}}
  %0 = onnx.node "Constant" version 13 () attributes {sparse_value = [1 : i64]} : () -> tensor<1xf32>
  return
}
