// RUN: moe-opt %s --moe-assign-encodings --split-input-file --verify-diagnostics

moe.weight @w : tensor<4x8x32xf32> {
^bb0(%e: index):
  %0 = moe.source dense<5.0> : tensor<8x32xf32>
  moe.yield %0 : tensor<8x32xf32>
}
func.func @f(%x : tensor<?x8xf32>, %o : tensor<5xi32>, %i : tensor<?x32xf32>) -> (tensor<?x32xf32>) {
  %y = moe.kernel ins(%x, %o : tensor<?x8xf32>, tensor<5xi32>) outs(%i : tensor<?x32xf32>) {
  ^bb0(%a : tensor<?x8xf32>, %g : tensor<5xi32>, %d : tensor<?x32xf32>):
    // expected-error @below {{'moe.grouped_matmul' op expected 1 or 2 weights of f16, bf16 or f32, which panels hold, but got 3, the first of 'f32'}}
    %h = moe.grouped_matmul rows(%a : tensor<?x8xf32>) groups(%g : tensor<5xi32>) weights(@w : tensor<4x8x32xf32>, @w : tensor<4x8x32xf32>, @w : tensor<4x8x32xf32>) outs(%d : tensor<?x32xf32>) {
    ^bb0(%p : f32, %q : f32, %r : f32):
      moe.yield %p : f32
    }
    moe.yield %h : tensor<?x32xf32>
  }
  return %y : tensor<?x32xf32>
}

// -----

moe.weight @w : tensor<4x8x32xf64> {
^bb0(%e: index):
  %0 = moe.source dense<5.0> : tensor<8x32xf64>
  moe.yield %0 : tensor<8x32xf64>
}
func.func @f(%x : tensor<?x8xf64>, %o : tensor<5xi32>, %i : tensor<?x32xf64>) -> (tensor<?x32xf64>) {
  %y = moe.kernel ins(%x, %o : tensor<?x8xf64>, tensor<5xi32>) outs(%i : tensor<?x32xf64>) {
  ^bb0(%a : tensor<?x8xf64>, %g : tensor<5xi32>, %d : tensor<?x32xf64>):
    // expected-error @below {{'moe.grouped_matmul' op expected 1 or 2 weights of f16, bf16 or f32, which panels hold, but got 1, the first of 'f64'}}
    %h = moe.grouped_matmul rows(%a : tensor<?x8xf64>) groups(%g : tensor<5xi32>) weights(@w : tensor<4x8x32xf64>) outs(%d : tensor<?x32xf64>) {
    ^bb0(%p : f64):
      moe.yield %p : f64
    }
    moe.yield %h : tensor<?x32xf64>
  }
  return %y : tensor<?x32xf64>
}
