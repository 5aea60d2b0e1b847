// RUN: moe-opt %s --moe-expand-experts --split-input-file --verify-diagnostics

func.func @kinds(%ids : tensor<?x2xi32>, %x : tensor<?x8xf32>, %init : tensor<?x2x8xf32>) -> tensor<?x2x8xf32> {
  // expected-error @below {{'moe.experts' op has several kinds of experts, which moe-split-experts tells apart first}}
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%init : tensor<?x2x8xf32>)
  experts 0 to 2 {
  ^bb0(%e : index, %xe : tensor<?x8xf32>):
    moe.yield %xe : tensor<?x8xf32>
  },
  experts 2 to 3 {
  ^bb0(%e : index, %xe : tensor<?x8xf32>):
    moe.yield %xe : tensor<?x8xf32>
  }
  return %y : tensor<?x2x8xf32>
}

// -----

moe.weight @w : tensor<2x8x?xf32> {
^bb0(%e : index):
  %0 = moe.source dense<1.0> : tensor<8x8xf32>
  %1 = tensor.cast %0 : tensor<8x8xf32> to tensor<8x?xf32>
  moe.yield %1 : tensor<8x?xf32>
}
func.func @widths(%ids : tensor<?x2xi32>, %x : tensor<?x8xf32>, %init : tensor<?x2x8xf32>) -> tensor<?x2x8xf32> {
  // expected-error @below {{'moe.experts' op has a weight of type 'tensor<2x8x?xf32>'; experts whose widths differ are not supported yet}}
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x8xf32>) outs(%init : tensor<?x2x8xf32>)
  experts 0 to 2 weights(@w : tensor<2x8x?xf32>) {
  ^bb0(%e : index, %xe : tensor<?x8xf32>, %wt : tensor<8x?xf32>):
    moe.yield %xe : tensor<?x8xf32>
  }
  return %y : tensor<?x2x8xf32>
}
