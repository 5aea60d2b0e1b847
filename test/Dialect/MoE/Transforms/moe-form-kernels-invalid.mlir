// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-form-kernels))' --verify-diagnostics

// expected-error @below {{'func.func' op expected a straight-line function}}
func.func @blocks(%x : tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<4xf32>
}
