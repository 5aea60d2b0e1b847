// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @no_lowering(%x : tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{operator Conv has no lowering; see 'moec operators'}}
  %0 = onnx.node "Conv" version 11 (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @rank(%x : tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{node (Neg): the rank of an input or output is not known}}
  %0 = onnx.node "Neg" version 13 (%x) : (tensor<4xf32>) -> tensor<*xf32>
  return %x : tensor<4xf32>
}

// -----

func.func @shapes(%a : tensor<3xf32>, %b : tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{node (Add): dimension 0 of the result is 3 by one input and 4 by another}}
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<3xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @axes(%x : tensor<4x5xf32>, %a : tensor<1xi64>) -> tensor<?x?xf32> {
  // expected-error @below {{node (ReduceSum): axes must be known at compile time}}
  %0 = onnx.node "ReduceSum" version 13 (%x, %a) : (tensor<4x5xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @axis(%x : tensor<4x5xf32>) -> tensor<4x5xf32> {
  // expected-error @below {{node (Softmax): axis 2 is outside [-2, 1]}}
  %0 = onnx.node "Softmax" version 13 (%x) attributes {axis = 2 : i64} : (tensor<4x5xf32>) -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// -----

func.func @float_mod(%x : tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{node (Mod): fmod must be 1 for floating-point inputs}}
  %0 = onnx.node "Mod" version 13 (%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @index(%x : tensor<4xf32>) -> tensor<f32> {
  %i = onnx.constant dense<4> : tensor<i64> : tensor<i64>
  // expected-error @below {{node (Gather): index 4 is out of range}}
  %0 = onnx.node "Gather" version 13 (%x, %i) : (tensor<4xf32>, tensor<i64>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @model_is_wrong(%x : tensor<4xf32>) -> tensor<3xf32> {
  // expected-error @below {{node (Neg): dimension 0 of output 0 is 4, but the model says 3}}
  %0 = onnx.node "Neg" version 13 (%x) : (tensor<4xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @unknown_length(%x : tensor<4x5xf32>, %k : tensor<?xi64>) -> tensor<4x?xf32> {
  // expected-error @below {{node (TopK): input K must be integers, and how many must be known at compile time, but its type is tensor<?xi64>}}
  %0:2 = onnx.node "TopK" version 11 (%x, %k) : (tensor<4x5xf32>, tensor<?xi64>) -> (tensor<4x?xf32>, tensor<4x?xi64>)
  return %0#0 : tensor<4x?xf32>
}
