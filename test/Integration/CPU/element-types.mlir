// RUN: %run-plain

// f16 and bf16 are computed in f32 and rounded once; f64 stays f64; i8 and i1
// tables are copied. Values are chosen so that rounding earlier would show.

func.func private @check_almost_eq_f32(tensor<*xf32> {bufferization.access = "read"}, tensor<*xf32> {bufferization.access = "read"}, f32, f32) attributes {llvm.emit_c_interface}
func.func private @check_eq_i32(tensor<*xi32> {bufferization.access = "read"}, tensor<*xi32> {bufferization.access = "read"}) attributes {llvm.emit_c_interface}

func.func private @exact(%a : tensor<?x?xf32>, %b : tensor<?x?xf32>) {
  %0 = tensor.cast %a : tensor<?x?xf32> to tensor<*xf32>
  %1 = tensor.cast %b : tensor<?x?xf32> to tensor<*xf32>
  %zero = arith.constant 0.0 : f32
  call @check_almost_eq_f32(%0, %1, %zero, %zero) : (tensor<*xf32>, tensor<*xf32>, f32, f32) -> ()
  return
}

// 2048 + 1 is 2048 in f16, but 2048 + 1 + 1 is 2050 if summed in f32.
func.func private @test_combine_f16() {
  %y = arith.constant dense<[[[2048.0], [1.0], [1.0]]]> : tensor<1x3x1xf16>
  %ids = arith.constant dense<0> : tensor<1x3xi32>
  %o = tensor.empty() : tensor<1x1xf16>
  %0 = moe.combine %y : tensor<1x3x1xf16> at(%ids : tensor<1x3xi32>) outs(%o : tensor<1x1xf16>)
  %1 = arith.extf %0 : tensor<1x1xf16> to tensor<1x1xf32>
  %a = tensor.cast %1 : tensor<1x1xf32> to tensor<?x?xf32>
  %want = arith.constant dense<2050.0> : tensor<1x1xf32>
  %b = tensor.cast %want : tensor<1x1xf32> to tensor<?x?xf32>
  call @exact(%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

// 256 + 1 is a tie in bf16, 256 + 1 + 1 + 1 = 259 rounds to 260; weights of f32
// are not rounded to bf16.
func.func private @test_combine_bf16() {
  %y = arith.constant dense<[[[256.0], [1.0], [1.0], [1.0]], [[256.0], [0.0], [0.0], [0.0]]]> : tensor<2x4x1xbf16>
  %ids = arith.constant dense<0> : tensor<2x4xi32>
  %w = arith.constant dense<[[1.0, 1.0, 1.0, 1.0], [1.00390625, 1.0, 1.0, 1.0]]> : tensor<2x4xf32>
  %o = tensor.empty() : tensor<2x1xbf16>
  %0 = moe.combine %y : tensor<2x4x1xbf16> at(%ids : tensor<2x4xi32>) with(%w : tensor<2x4xf32>) outs(%o : tensor<2x1xbf16>)
  %1 = arith.extf %0 : tensor<2x1xbf16> to tensor<2x1xf32>
  %a = tensor.cast %1 : tensor<2x1xf32> to tensor<?x?xf32>
  %want = arith.constant dense<[[260.0], [256.0]]> : tensor<2x1xf32>
  %b = tensor.cast %want : tensor<2x1xf32> to tensor<?x?xf32>
  call @exact(%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

// Of fma's product no bit is lost: (1 + 2^-12)^2 - (1 + 2^-11) = 2^-24.
func.func private @test_combine_fma() {
  %y = arith.constant dense<[[[-1.00048828125], [1.000244140625]]]> : tensor<1x2x1xf32>
  %ids = arith.constant dense<0> : tensor<1x2xi32>
  %w = arith.constant dense<[[1.0, 1.000244140625]]> : tensor<1x2xf32>
  %o = tensor.empty() : tensor<1x1xf32>
  %0 = moe.combine %y : tensor<1x2x1xf32> at(%ids : tensor<1x2xi32>) with(%w : tensor<1x2xf32>) outs(%o : tensor<1x1xf32>)
  %a = tensor.cast %0 : tensor<1x1xf32> to tensor<?x?xf32>
  %want = arith.constant dense<5.9604644775390625e-08> : tensor<1x1xf32>
  %b = tensor.cast %want : tensor<1x1xf32> to tensor<?x?xf32>
  call @exact(%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

// 1 + 2^-30 is no f32.
func.func private @test_f64() {
  %w = arith.constant dense<[[1.0, 9.31322574615478515625e-10]]> : tensor<1x2xf64>
  %ids = arith.constant dense<0> : tensor<1x2xi32>
  %o = tensor.empty() : tensor<1x2xf64>
  %0 = moe.normalize sum %w over %ids : tensor<1x2xf64>, tensor<1x2xi32> outs(%o : tensor<1x2xf64>)
  // (1 - result[0]) * 2^30 is 1 but for 2^-30 of it.
  %c0 = arith.constant 0 : index
  %first = tensor.extract %0[%c0, %c0] : tensor<1x2xf64>
  %one = arith.constant 1.0 : f64
  %scale = arith.constant 1073741824.0 : f64
  %rest = arith.subf %one, %first : f64
  %scaled = arith.mulf %rest, %scale : f64
  %narrow = arith.truncf %scaled : f64 to f32
  %s = tensor.from_elements %narrow : tensor<1x1xf32>
  %a = tensor.cast %s : tensor<1x1xf32> to tensor<?x?xf32>
  %want = arith.constant dense<1.0> : tensor<1x1xf32>
  %b = tensor.cast %want : tensor<1x1xf32> to tensor<?x?xf32>
  call @exact(%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

// f16 scores with ties, NaN and infinities are ordered as f32 ones.
func.func private @test_top_k_f16() {
  %s = arith.constant dense<[[1.0, 0x7E00, 0x7C00, 1.0], [0xFC00, 6.0e-8, 0.0, -0.0]]> : tensor<2x4xf16>
  %o = tensor.empty() : tensor<2x4xi32>
  %0 = moe.top_k %s : tensor<2x4xf16> outs(%o : tensor<2x4xi32>)
  %want = arith.constant dense<[[1, 2, 0, 3], [1, 2, 3, 0]]> : tensor<2x4xi32>
  %a = tensor.cast %0 : tensor<2x4xi32> to tensor<*xi32>
  %b = tensor.cast %want : tensor<2x4xi32> to tensor<*xi32>
  call @check_eq_i32(%a, %b) : (tensor<*xi32>, tensor<*xi32>) -> ()
  return
}

func.func private @test_take_i8() {
  %t = arith.constant dense<[-128, 0, 127]> : tensor<3xi8>
  %ids = arith.constant dense<[[2, 0, 3]]> : tensor<1x3xi32>
  %o = tensor.empty() : tensor<1x3xi8>
  %0 = moe.take %t at %ids : tensor<3xi8>, tensor<1x3xi32> outs(%o : tensor<1x3xi8>)
  %1 = arith.extsi %0 : tensor<1x3xi8> to tensor<1x3xi32>
  %want = arith.constant dense<[[127, -128, 0]]> : tensor<1x3xi32>
  %a = tensor.cast %1 : tensor<1x3xi32> to tensor<*xi32>
  %b = tensor.cast %want : tensor<1x3xi32> to tensor<*xi32>
  call @check_eq_i32(%a, %b) : (tensor<*xi32>, tensor<*xi32>) -> ()
  return
}

// A product of f16 rows and bf16 panels sums in f32: 2048 + 1 + 1.
func.func private @test_panel_f16() {
  %x = arith.constant dense<[[2048.0, 1.0, 1.0]]> : tensor<1x3xf16>
  %w = arith.constant dense<1.0> : tensor<1x1x3x2xbf16>
  %o = tensor.empty() : tensor<1x1xf32>
  %0 = moe.panel_matmul 1 rows(%x : tensor<1x3xf16>) panels(%w : tensor<1x1x3x2xbf16>) outs(%o : tensor<1x1xf32>) {
  ^bb0(%acc : f32):
    moe.yield %acc : f32
  }
  %a = tensor.cast %0 : tensor<1x1xf32> to tensor<?x?xf32>
  %want = arith.constant dense<2050.0> : tensor<1x1xf32>
  %b = tensor.cast %want : tensor<1x1xf32> to tensor<?x?xf32>
  call @exact(%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

// Random numbers of a narrower type are those of f32, rounded.
moe.weight private @wide : tensor<2x3xf32> {
  %0 = moe.source random<seed = 11, low = -2.0, high = 2.0> : tensor<2x3xf32>
  moe.yield %0 : tensor<2x3xf32>
}
moe.weight private @narrow : tensor<2x3xf16> {
  %0 = moe.source random<seed = 11, low = -2.0, high = 2.0> : tensor<2x3xf16>
  moe.yield %0 : tensor<2x3xf16>
}
func.func private @test_random_f16() {
  %0 = moe.weight_value @wide : tensor<2x3xf32>
  %1 = arith.truncf %0 : tensor<2x3xf32> to tensor<2x3xf16>
  %2 = arith.extf %1 : tensor<2x3xf16> to tensor<2x3xf32>
  %3 = moe.weight_value @narrow : tensor<2x3xf16>
  %4 = arith.extf %3 : tensor<2x3xf16> to tensor<2x3xf32>
  %a = tensor.cast %4 : tensor<2x3xf32> to tensor<?x?xf32>
  %b = tensor.cast %2 : tensor<2x3xf32> to tensor<?x?xf32>
  call @exact(%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

func.func @main() {
  call @test_combine_f16() : () -> ()
  call @test_combine_bf16() : () -> ()
  call @test_combine_fma() : () -> ()
  call @test_f64() : () -> ()
  call @test_top_k_f16() : () -> ()
  call @test_take_i8() : () -> ()
  call @test_panel_f16() : () -> ()
  call @test_random_f16() : () -> ()
  return
}
