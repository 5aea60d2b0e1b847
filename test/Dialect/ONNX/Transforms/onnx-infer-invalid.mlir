// RUN: moe-opt %s --onnx-infer --split-input-file --verify-diagnostics

//===----------------------------------------------------------------------===//
// What types and shapes of operands must be.
//===----------------------------------------------------------------------===//

func.func @f(%a : tensor<4xi32>) {
  // expected-error @below {{node (Sqrt): input 0 (X) is of type int32, but only float, float16, bfloat16, double are supported}}
  %0 = onnx.node "Sqrt" version 13 (%a) : (tensor<4xi32>) -> tensor<4xi32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (And): input 0 (A) is of type float, but only bool is supported}}
  %0 = onnx.node "And" version 7 (%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %b : tensor<4xf16>) {
  // expected-error @below {{node (Add): input 1 (B) is of type float16, but input 0 (A) is of type float}}
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%a : tensor<4xindex>) {
  // expected-error @below {{node (Add): input 0 (A) is of type index, but only float, float16, bfloat16, double, int8, int16, int32, int64, uint8, uint16, uint32, uint64 are supported}}
  %0 = onnx.node "Add" version 14 (%a, %a) : (tensor<4xindex>, tensor<4xindex>) -> tensor<4xindex>
  return
}

// -----

func.func @f(%a : tensor<4294967296x4294967296xf32>) {
  // expected-error @below {{node (Neg): input 0 is [4294967296,4294967296], which is too large}}
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4294967296x4294967296xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f() {
  %s = onnx.constant dense<1073741824> : tensor<3xi64> : tensor<3xi64>
  // expected-error @below {{node (ConstantOfShape): result 0 would be [1073741824,1073741824,1073741824], which is too large}}
  %0 = onnx.node "ConstantOfShape" version 9 (%s) : (tensor<3xi64>) -> tensor<?x?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Neg): result 0 is declared as float[5], but is float[4]}}
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Neg): result 0 is declared as int32[4], but is float[4]}}
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<4xi32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Neg): result 0 is declared as float[2,2], but is float[4]}}
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Neg): result 0 is declared as int32 of any shape, but is float[4]}}
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<*xi32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Arithmetic, activations.
//===----------------------------------------------------------------------===//

func.func @f(%a : tensor<4xf32>, %b : tensor<3xf32>) {
  // expected-error @below {{node (Add): dimension 0 of the result would be both 4 and 3}}
  %0 = onnx.node "Add" version 14 (%a, %b) : (tensor<4xf32>, tensor<3xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Mod): attribute 'fmod' must be 1 for floats}}
  %0 = onnx.node "Mod" version 13 (%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Clip): input 1 (min) is [4], but must have one element}}
  %0 = onnx.node "Clip" version 13 (%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Gelu): attribute 'approximate' is 'erf', but only 'none', 'tanh' are supported}}
  %0 = onnx.node "Gelu" version 20 (%a) attributes {approximate = "erf"} : (tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Softmax): axis 1 is outside [-1, 0]}}
  %0 = onnx.node "Softmax" version 11 (%a) : (tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Cast): the type to cast to, number 17, is not supported}}
  %0 = onnx.node "Cast" version 19 (%a) attributes {to = 17 : i64} : (tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Trilu): input 0 (input) is [4], but must have at least two dimensions}}
  %0 = onnx.node "Trilu" version 14 (%a) : (tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %b : tensor<i64>) {
  // expected-error @below {{node (CumSum): input 1 (axis) must be known at compile time}}
  %0 = onnx.node "CumSum" version 14 (%a, %b) : (tensor<4xf32>, tensor<i64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<1> : tensor<i64> : tensor<i64>
  // expected-error @below {{node (CumSum): axis 1 is outside [-1, 0]}}
  %0 = onnx.node "CumSum" version 14 (%a, %k) : (tensor<4xf32>, tensor<i64>) -> tensor<?xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Shapes.
//===----------------------------------------------------------------------===//

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<4> : tensor<i64> : tensor<i64>
  // expected-error @below {{node (Reshape): input 1 (shape) is [], but must have rank 1}}
  %0 = onnx.node "Reshape" version 14 (%a, %k) : (tensor<4xf32>, tensor<i64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %b : tensor<?xi64>) {
  // expected-error @below {{node (Reshape): the rank of the result must be known at compile time}}
  %0 = onnx.node "Reshape" version 14 (%a, %b) : (tensor<4xf32>, tensor<?xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %b : tensor<100xi64>) {
  // expected-error @below {{node (Reshape): the result would have rank 100; at most 64 is supported}}
  %0 = onnx.node "Reshape" version 14 (%a, %b) : (tensor<4xf32>, tensor<100xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<[4, 0]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Reshape): 0 in the shape stands for dimension 1, which the input does not have}}
  %0 = onnx.node "Reshape" version 14 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<-1> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Reshape): the shape has more than one -1}}
  %0 = onnx.node "Reshape" version 14 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<-2> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Reshape): the shape has the size -2}}
  %0 = onnx.node "Reshape" version 14 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<[-1, 3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Reshape): the input's 4 elements are no multiple of 3}}
  %0 = onnx.node "Reshape" version 14 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<[2, 3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Reshape): the input has 4 elements, the shape 6}}
  %0 = onnx.node "Reshape" version 14 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (Flatten): axis 3 is outside [-2, 2]}}
  %0 = onnx.node "Flatten" version 13 (%a) attributes {axis = 3 : i64} : (tensor<2x3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %b : tensor<1xi64>) {
  // expected-error @below {{node (Squeeze): axes must be known at compile time}}
  %0 = onnx.node "Squeeze" version 13 (%a, %b) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (Squeeze): dimension 1 has size 3, not 1}}
  %0 = onnx.node "Squeeze" version 11 (%a) attributes {axes = [1]} : (tensor<2x3xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<?x3xf32, #onnx.dims<"N", "">>) {
  // expected-error @below {{node (Squeeze): which dimensions have size 1 must be known at compile time}}
  %0 = onnx.node "Squeeze" version 11 (%a) : (tensor<?x3xf32, #onnx.dims<"N", "">>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (Unsqueeze): axis 3 is outside [-3, 2]}}
  %0 = onnx.node "Unsqueeze" version 11 (%a) attributes {axes = [3]} : (tensor<2x3xf32>) -> tensor<?x?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (Unsqueeze): axis 0 is given twice}}
  %0 = onnx.node "Unsqueeze" version 11 (%a) attributes {axes = [0, 0]} : (tensor<2x3xf32>) -> tensor<?x?x?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (Transpose): perm is no permutation of the dimensions}}
  %0 = onnx.node "Transpose" version 13 (%a) attributes {perm = [0, 0]} : (tensor<2x3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (Transpose): perm is no permutation of the dimensions}}
  %0 = onnx.node "Transpose" version 13 (%a) attributes {perm = [0]} : (tensor<2x3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (Expand): the shape has the size -1}}
  %0 = onnx.node "Expand" version 13 (%a, %k) : (tensor<4xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<2> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Tile): input 1 (repeats) has 2 elements, but the input has 1 dimensions}}
  %0 = onnx.node "Tile" version 13 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (Tile): a repeat is -1}}
  %0 = onnx.node "Tile" version 13 (%a, %k) : (tensor<4xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<1> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Pad): attribute 'mode' is 'symmetric', but only 'constant', 'edge', 'reflect', 'wrap' are supported}}
  %0 = onnx.node "Pad" version 13 (%a, %k) attributes {mode = "symmetric"} : (tensor<4xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (Pad): pads has 1 elements, expected 2}}
  %0 = onnx.node "Pad" version 13 (%a, %k) : (tensor<4xf32>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<-3> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Pad): dimension 0 would have the size -2}}
  %0 = onnx.node "Pad" version 13 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %b : tensor<1xi64>) {
  %k = onnx.constant dense<1> : tensor<2xi64> : tensor<2xi64>
  %n = onnx.none
  // expected-error @below {{node (Pad): axes must be known at compile time}}
  %0 = onnx.node "Pad" version 18 (%a, %k, %n, %b) : (tensor<4xf32>, tensor<2xi64>, none, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f() {
  %k = onnx.constant dense<1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (ConstantOfShape): attribute 'value' must have one element, but has 2}}
  %0 = onnx.node "ConstantOfShape" version 9 (%k) attributes {value = dense<1.0> : tensor<2xf32>} : (tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<i64>, %b : tensor<2xi64>) {
  // expected-error @below {{node (Range): input 1 must be a scalar}}
  %0 = onnx.node "Range" version 11 (%a, %b, %a) : (tensor<i64>, tensor<2xi64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Slices, joins, gathers.
//===----------------------------------------------------------------------===//

func.func @f(%a : tensor<4xf32>, %b : tensor<2x3xf32>) {
  // expected-error @below {{node (Concat): input 1 has 2 dimensions, but input 0 has 1}}
  %0 = onnx.node "Concat" version 13 (%a, %b) attributes {axis = 0 : i64} : (tensor<4xf32>, tensor<2x3xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %b : tensor<2x4xf32>) {
  // expected-error @below {{node (Concat): dimension 1 of input 1 has size 4, but that of another input 3}}
  %0 = onnx.node "Concat" version 13 (%a, %b) attributes {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %b : tensor<i64>) {
  // expected-error @below {{node (Slice): input 1 (starts) is [], but must have rank 1}}
  %0 = onnx.node "Slice" version 13 (%a, %b, %b) : (tensor<4xf32>, tensor<i64>, tensor<i64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>, %b : tensor<1xi64>) {
  %k = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (Slice): axes must be known at compile time}}
  %0 = onnx.node "Slice" version 13 (%a, %k, %k, %b) : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  %k = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %l = onnx.constant dense<0> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Slice): starts, ends, axes and steps have different lengths}}
  %0 = onnx.node "Slice" version 13 (%a, %k, %l) : (tensor<2x3xf32>, tensor<1xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  %k = onnx.constant dense<0> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Slice): axis 0 is given twice}}
  %0 = onnx.node "Slice" version 13 (%a, %k, %k, %k) : (tensor<2x3xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<0> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (Slice): a step is 0}}
  %0 = onnx.node "Slice" version 13 (%a, %k, %k, %k, %k) : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (Split): split has 1 parts for 2 outputs}}
  %0:2 = onnx.node "Split" version 13 (%a, %k) : (tensor<4xf32>, tensor<1xi64>) -> (tensor<?xf32>, tensor<?xf32>)
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Split): num_outputs is 3, but there are 2 outputs}}
  %0:2 = onnx.node "Split" version 18 (%a) attributes {num_outputs = 3 : i64} : (tensor<4xf32>) -> (tensor<?xf32>, tensor<?xf32>)
  return
}

// -----

func.func @f(%a : tensor<3xf32>) {
  // expected-error @below {{node (Split): dimension 0 of size 3 cannot be cut into 2 equal parts}}
  %0:2 = onnx.node "Split" version 13 (%a) : (tensor<3xf32>) -> (tensor<?xf32>, tensor<?xf32>)
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<[-1, 5]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Split): a part has the size -1}}
  %0:2 = onnx.node "Split" version 13 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> (tensor<?xf32>, tensor<?xf32>)
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  %k = onnx.constant dense<[2, 3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (Split): the parts have 5 elements together, but dimension 0 has 4}}
  %0:2 = onnx.node "Split" version 13 (%a, %k) : (tensor<4xf32>, tensor<2xi64>) -> (tensor<?xf32>, tensor<?xf32>)
  return
}

// -----

func.func @f() {
  %k = onnx.constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  %i = onnx.constant dense<2> : tensor<i64> : tensor<i64>
  // expected-error @below {{node (Gather): an index is outside the 2 elements}}
  %0 = onnx.node "Gather" version 13 (%k, %i) : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %b : tensor<2xi64>) {
  // expected-error @below {{node (GatherElements): input 1 (indices) is [2], but must have rank 2}}
  %0 = onnx.node "GatherElements" version 13 (%a, %b) : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xi64>, %v : tensor<3xf32>) {
  %k = onnx.constant dense<4> : tensor<i64> : tensor<i64>
  // expected-error @below {{node (OneHot): input 2 (values) has 3 elements, but must have two}}
  %0 = onnx.node "OneHot" version 11 (%a, %k, %v) : (tensor<4xi64>, tensor<i64>, tensor<3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xi64>, %v : tensor<2xf32>) {
  %k = onnx.constant dense<-1> : tensor<i64> : tensor<i64>
  // expected-error @below {{node (OneHot): the depth is -1}}
  %0 = onnx.node "OneHot" version 11 (%a, %k, %v) : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x?xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Products, norms, reductions, selections.
//===----------------------------------------------------------------------===//

func.func @f(%a : tensor<4xf32>, %b : tensor<f32>) {
  // expected-error @below {{node (MatMul): operands must have at least one dimension}}
  %0 = onnx.node "MatMul" version 13 (%a, %b) : (tensor<4xf32>, tensor<f32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %b : tensor<4x5xf32>) {
  // expected-error @below {{node (MatMul): the operands' inner dimensions are 3 and 4}}
  %0 = onnx.node "MatMul" version 13 (%a, %b) : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Gemm): inputs A and B must be matrices}}
  %0 = onnx.node "Gemm" version 13 (%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (Gemm): the operands' inner dimensions are 3 and 2}}
  %0 = onnx.node "Gemm" version 13 (%a, %a) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %c : tensor<3x1xf32>) {
  // expected-error @below {{node (Gemm): input 2 is [3,1], which cannot be broadcast to [2,2]}}
  %0 = onnx.node "Gemm" version 13 (%a, %a, %c) attributes {transB = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<3x1xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %s : tensor<3xf32>) {
  // expected-error @below {{node (LayerNormalization): axis 2 is outside [-2, 1]}}
  %0 = onnx.node "LayerNormalization" version 17 (%a, %s) attributes {axis = 2 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %s : tensor<3xf32>) {
  // expected-error @below {{node (LayerNormalization): attribute 'stash_type' is 16, but only 1 is supported}}
  %0 = onnx.node "LayerNormalization" version 17 (%a, %s) attributes {stash_type = 16 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %s : tensor<2xf32>) {
  // expected-error @below {{node (LayerNormalization): input 1 is [2], which cannot be broadcast to [2,3]}}
  %0 = onnx.node "LayerNormalization" version 17 (%a, %s) : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>, %b : tensor<1xi64>) {
  // expected-error @below {{node (ReduceSum): axes must be known at compile time}}
  %0 = onnx.node "ReduceSum" version 13 (%a, %b) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (ReduceMean): axis 2 is outside [-2, 1]}}
  %0 = onnx.node "ReduceMean" version 13 (%a) attributes {axes = [2]} : (tensor<2x3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  // expected-error @below {{node (ArgMax): axis -3 is outside [-2, 1]}}
  %0 = onnx.node "ArgMax" version 13 (%a) attributes {axis = -3 : i64} : (tensor<2x3xf32>) -> tensor<?x?xi64>
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  %k = onnx.constant dense<1> : tensor<2xi64> : tensor<2xi64>
  // expected-error @below {{node (TopK): input 1 (K) must have one element, but has 2}}
  %0:2 = onnx.node "TopK" version 11 (%a, %k) : (tensor<2x3xf32>, tensor<2xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
  return
}

// -----

func.func @f(%a : tensor<2x3xf32>) {
  %k = onnx.constant dense<4> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (TopK): K is 4, but the dimension has 3 elements}}
  %0:2 = onnx.node "TopK" version 11 (%a, %k) : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<?x?xf32>, tensor<?x?xi64>)
  return
}

// -----

func.func @f(%a : tensor<?xf32>) {
  %k = onnx.constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @below {{node (TopK): K is -1, but the dimension has fewer elements}}
  %0:2 = onnx.node "TopK" version 11 (%a, %k) : (tensor<?xf32>, tensor<1xi64>) -> (tensor<?xf32>, tensor<?xi64>)
  return
}

// -----

//===----------------------------------------------------------------------===//
// MoE.
//===----------------------------------------------------------------------===//

func.func @f(%x : tensor<16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 0 (input) is [16], but must have rank 2 or 3}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<2x3x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 1 (router_probs) is [2,3,4], but must have rank 2}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x16xf32>, tensor<2x3x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 4 (fc2_experts_weights) is [4,16], but must have rank 3}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x?xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): the sizes of the layer must be known at compile time: input 0 is [6,?], input 1 is [6,4], input 4 is [4,16,32]}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x?xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): attribute 'activation_type' is 'tanh', but only 'relu', 'gelu', 'silu', 'swiglu', 'identity' are supported}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {activation_type = "tanh"} : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): attribute 'swiglu_fusion' must be 0, 1 or 2, but is 3}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {swiglu_fusion = 3 : i64} : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): attribute 'k' must be from 1 to the number of experts, 4, but is 5}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {k = 5 : i64} : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): attribute 'k' must be from 1 to the number of experts, 4, but is 0}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {k = 0 : i64} : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): attribute 'use_sparse_mixer' picks two experts, but attribute 'k' is 1}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {use_sparse_mixer = 1 : i64} : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<2x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): the layer holds 2 of 4 experts, a part of one that was split over devices; export the whole model}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<2x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x16x32xf32>, %w2 : tensor<4x32x16xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): the weights have the shapes of ONNX Runtime before 1.23, [experts, in, out]; export the model again with a later one}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x16x32xf32>, none, tensor<4x32x16xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x16x32xf32>, %w2 : tensor<4x16x16xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): the weights have the shapes of ONNX Runtime before 1.23, [experts, in, out]; export the model again with a later one}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {activation_type = "swiglu", swiglu_fusion = 1 : i64} : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x16x32xf32>, none, tensor<4x16x16xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x31x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 2 (fc1_experts_weights) must be [4,32,16], but is [4,31,16]}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x31x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 2 (fc1_experts_weights) must be [4,64,16], but is [4,32,16]}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) attributes {activation_type = "swiglu", swiglu_fusion = 2 : i64} : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>, %b1 : tensor<4x16xf32>) {
  // expected-error @below {{node (MoE): input 3 (fc1_experts_bias) must be [4,32], but is [4,16]}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %b1, %w2) : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, tensor<4x16xf32>, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<5x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 4 (fc2_experts_weights) must be [4,16,32], but is [5,16,32]}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<5x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<6x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>, %w3 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 6 (fc3_experts_weights) must be [4,32,16], but is [4,16,32]}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2, %n, %w3) : (tensor<6x16xf32>, tensor<6x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%x : tensor<6x16xf32>, %r : tensor<7x4xf32>, %w1 : tensor<4x32x16xf32>, %w2 : tensor<4x16x32xf32>) {
  %n = onnx.none
  // expected-error @below {{node (MoE): input 0 (input) has 6 rows, but input 1 (router_probs) has 7}}
  %0 = onnx.node "MoE" domain "com.microsoft" version 1 (%x, %r, %w1, %n, %w2) : (tensor<6x16xf32>, tensor<7x4xf32>, tensor<4x32x16xf32>, none, tensor<4x16x32xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @f(%a : tensor<4xbf16>) {
  // expected-error @below {{node (Add): input 0 (A) is of type bfloat16, but only float, float16, double, int32, int64, uint32, uint64 are allowed by version 7 of the operator; export the model for a later opset}}
  %0 = onnx.node "Add" version 7 (%a, %a) : (tensor<4xbf16>, tensor<4xbf16>) -> tensor<4xbf16>
  return
}

// -----

func.func @f(%a : tensor<4xf32>) {
  // expected-error @below {{node (Cast): result 0 (output) is of type bfloat16, but only float, float16, double, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool are allowed by version 9 of the operator; export the model for a later opset}}
  %0 = onnx.node "Cast" version 9 (%a) attributes {to = 16} : (tensor<4xf32>) -> tensor<4xbf16>
  return
}
