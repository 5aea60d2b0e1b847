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
