// RUN: moe-opt %s --split-input-file --verify-diagnostics --moe-verify-lower-onnx
// RUN: not moe-opt %s --split-input-file --moe-verify-fuse 2>&1 | FileCheck %s --check-prefix=FUSE

func.func @onnx_left(%a : tensor<4xf32>) -> tensor<4xf32> {
  // FUSE: 'onnx.node' op is left after phase 'fuse'
  // expected-error @below {{'onnx.node' op is left after phase 'lower-onnx'}}
  %0 = onnx.node "Neg" version 13 (%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @cast_left(%a : tensor<4xf32>) -> tensor<4xi32> {
  // expected-error @below {{'builtin.unrealized_conversion_cast' op is left after phase 'lower-onnx'}}
  %0 = builtin.unrealized_conversion_cast %a : tensor<4xf32> to tensor<4xi32>
  return %0 : tensor<4xi32>
}

// -----

// Legal after lower-onnx, not after fuse.
func.func @computes_on_host(%a : tensor<4xf32>, %b : tensor<4xf32>) -> tensor<4xf32> {
  // FUSE: 'linalg.exp' op is left after phase 'fuse'
  %0 = linalg.exp ins(%a : tensor<4xf32>) outs(%b : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
