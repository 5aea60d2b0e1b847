// RUN: moe-opt %s --convert-host-to-moert --split-input-file --verify-diagnostics

// expected-error @below {{'builtin.module' op expected a host function, but has none}}
module {
  func.func private @k(%x : tensor<4xf32>, %o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
    return %o : tensor<4xf32>
  }
}

// -----

func.func @first(%x : tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
// expected-error @below {{'func.func' op is a second host function; '@first' is the first}}
func.func @second(%x : tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op expected a straight-line host function}}
func.func @blocks(%x : tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{expected ranked tensor inputs, but got 'f32'}}
func.func @scalar_input(%x : f32) {
  return
}

// -----

func.func @no_kernel(%x : tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'func.call' op calls a function that is no kernel}}
  %0 = call @no_kernel(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @k(%x : tensor<4xf32>, %o : tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  return %o : tensor<4xf32>
}
// expected-error @below {{expected a kernel's destination to be an empty tensor}}
func.func @destination(%x : tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @k(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @product(%x : tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @below {{'linalg.copy' op has no place on the host after bufferize}}
  %0 = linalg.copy ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @loop(%x : tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @below {{'scf.for' op has no place on the host after bufferize}}
  %0 = scf.for %i = %c0 to %c1 step %c1 iter_args(%t = %x) -> tensor<4xf32> {
    scf.yield %t : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

func.func @elementwise(%x : tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'arith.addf' op has no place on the host after bufferize}}
  %0 = arith.addf %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @float_scalar(%x : tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'arith.constant' op has no place on the host after bufferize}}
  %0 = arith.constant 1.0 : f32
  return %x : tensor<4xf32>
}

// -----

func.func @unsigned_division(%x : tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  // expected-error @below {{'arith.divui' op has no place on the host after bufferize}}
  %0 = arith.divui %n, %n : index
  return %x : tensor<?xf32>
}

// -----

func.func @unsigned_comparison(%x : tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  // expected-error @below {{'arith.cmpi' op compares unsigned numbers on the host}}
  %0 = arith.cmpi ult, %c0, %n : index
  return %x : tensor<?xf32>
}

// -----

func.func @float_element(%x : tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  // expected-error @below {{'tensor.extract' op reads a floating-point element on the host}}
  %0 = tensor.extract %x[%c0] : tensor<4xf32>
  return %x : tensor<4xf32>
}

// -----

func.func @rows_apart(%x : tensor<4x8xf32>) -> tensor<2x8xf32> {
  // expected-error @below {{'tensor.extract_slice' op is not contiguous and has no kernel}}
  %0 = tensor.extract_slice %x[0, 0] [2, 8] [2, 1] : tensor<4x8xf32> to tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// -----

func.func @columns(%x : tensor<4x8xf32>) -> tensor<4x2xf32> {
  // expected-error @below {{'tensor.extract_slice' op is not contiguous and has no kernel}}
  %0 = tensor.extract_slice %x[0, 0] [4, 2] [1, 1] : tensor<4x8xf32> to tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

func.func @dimension(%x : tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  // expected-error @below {{'tensor.dim' op asks for a dimension chosen at run time}}
  %m = tensor.dim %x, %n : tensor<?xf32>
  return %x : tensor<?xf32>
}

// -----

func.func @shape_from_buffer(%x : tensor<?xf32>, %s : tensor<2xi64>) -> tensor<?x?xf32> {
  // expected-error @below {{'tensor.reshape' op takes its shape from a buffer}}
  %0 = tensor.reshape %x(%s) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

func.func @insert(%x : tensor<4xi64>) -> tensor<4xi64> {
  %c0 = arith.constant 0 : index
  %c7 = arith.constant 7 : i64
  // expected-error @below {{'tensor.insert' op has no place on the host after bufferize}}
  %0 = tensor.insert %c7 into %x[%c0] : tensor<4xi64>
  return %0 : tensor<4xi64>
}

// -----

func.func @moe_op(%s : tensor<?x4xf32>) -> tensor<?x2xi32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %s, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x2xi32>
  // expected-error @below {{'moe.top_k' op has no place on the host after bufferize}}
  %0 = moe.top_k %s : tensor<?x4xf32> outs(%e : tensor<?x2xi32>)
  return %0 : tensor<?x2xi32>
}

// -----

// The first dimension is whole, so that the bytes of a column are apart.
func.func @columns_behind_one(%x : tensor<1x4x8xf32>) -> tensor<1x4x2xf32> {
  // expected-error @below {{'tensor.extract_slice' op is not contiguous and has no kernel}}
  %0 = tensor.extract_slice %x[0, 0, 0] [1, 4, 2] [1, 1, 1] : tensor<1x4x8xf32> to tensor<1x4x2xf32>
  return %0 : tensor<1x4x2xf32>
}
