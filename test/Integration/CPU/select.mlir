// RUN: %run-plain

// top_k, take and normalize against values worked out by hand.

func.func private @check_almost_eq_f32(tensor<*xf32> {bufferization.access = "read"}, tensor<*xf32> {bufferization.access = "read"}, f32, f32) attributes {llvm.emit_c_interface}
func.func private @check_eq_i32(tensor<*xi32> {bufferization.access = "read"}, tensor<*xi32> {bufferization.access = "read"}) attributes {llvm.emit_c_interface}

func.func private @exact(%a : tensor<?x?xf32>, %b : tensor<?x?xf32>) {
  %0 = tensor.cast %a : tensor<?x?xf32> to tensor<*xf32>
  %1 = tensor.cast %b : tensor<?x?xf32> to tensor<*xf32>
  %zero = arith.constant 0.0 : f32
  call @check_almost_eq_f32(%0, %1, %zero, %zero) : (tensor<*xf32>, tensor<*xf32>, f32, f32) -> ()
  return
}
func.func private @close(%a : tensor<?x?xf32>, %b : tensor<?x?xf32>) {
  %0 = tensor.cast %a : tensor<?x?xf32> to tensor<*xf32>
  %1 = tensor.cast %b : tensor<?x?xf32> to tensor<*xf32>
  %rtol = arith.constant 1.0e-6 : f32
  %atol = arith.constant 0.0 : f32
  call @check_almost_eq_f32(%0, %1, %rtol, %atol) : (tensor<*xf32>, tensor<*xf32>, f32, f32) -> ()
  return
}
func.func private @same(%a : tensor<?x?xi32>, %b : tensor<?x?xi32>) {
  %0 = tensor.cast %a : tensor<?x?xi32> to tensor<*xi32>
  %1 = tensor.cast %b : tensor<?x?xi32> to tensor<*xi32>
  call @check_eq_i32(%0, %1) : (tensor<*xi32>, tensor<*xi32>) -> ()
  return
}

// With every size known only at run time.
func.func private @top_k(%s : tensor<?x?xf32>, %k : index) -> tensor<?x?xi32> {
  %c0 = arith.constant 0 : index
  %r = tensor.dim %s, %c0 : tensor<?x?xf32>
  %o = tensor.empty(%r, %k) : tensor<?x?xi32>
  %ids = moe.top_k %s : tensor<?x?xf32> outs(%o : tensor<?x?xi32>)
  return %ids : tensor<?x?xi32>
}

func.func private @test_top_k() {
  // 0x7FC00000 and 0xFFC00000 are NaN of either sign.
  %scores = arith.constant dense<[
    [0.25, 0.5, 0.125, 0.125],
    [1.0, 1.0, 1.0, 1.0],
    [0.0, -0.0, -1.0, 0.0],
    [1.0, 0x7FC00000, 0x7F800000, 0xFFC00000],
    [0xFF800000, 0xFF800000, 0xFF800000, -3.0e38]]> : tensor<5x4xf32>
  %s = tensor.cast %scores : tensor<5x4xf32> to tensor<?x?xf32>
  %k = arith.constant 4 : index
  %ids = call @top_k(%s, %k) : (tensor<?x?xf32>, index) -> tensor<?x?xi32>
  %want = arith.constant dense<[[1, 0, 2, 3], [0, 1, 2, 3], [0, 1, 3, 2], [1, 3, 2, 0], [3, 0, 1, 2]]> : tensor<5x4xi32>
  %w = tensor.cast %want : tensor<5x4xi32> to tensor<?x?xi32>
  call @same(%ids, %w) : (tensor<?x?xi32>, tensor<?x?xi32>) -> ()
  // More slots than experts: the rest is empty.
  %k6 = arith.constant 6 : index
  %ids6 = call @top_k(%s, %k6) : (tensor<?x?xf32>, index) -> tensor<?x?xi32>
  %want6 = arith.constant dense<[[1, 0, 2, 3, -1, -1], [0, 1, 2, 3, -1, -1], [0, 1, 3, 2, -1, -1], [1, 3, 2, 0, -1, -1], [3, 0, 1, 2, -1, -1]]> : tensor<5x6xi32>
  %w6 = tensor.cast %want6 : tensor<5x6xi32> to tensor<?x?xi32>
  call @same(%ids6, %w6) : (tensor<?x?xi32>, tensor<?x?xi32>) -> ()
  // A run-time k.
  %o = tensor.empty() : tensor<5x3xi32>
  %two = arith.constant 2 : index
  %ids2 = moe.top_k %scores : tensor<5x4xf32> limit(%two) outs(%o : tensor<5x3xi32>)
  %i2 = tensor.cast %ids2 : tensor<5x3xi32> to tensor<?x?xi32>
  %want2 = arith.constant dense<[[1, 0, -1], [0, 1, -1], [0, 1, -1], [1, 3, -1], [3, 0, -1]]> : tensor<5x3xi32>
  %w2 = tensor.cast %want2 : tensor<5x3xi32> to tensor<?x?xi32>
  call @same(%i2, %w2) : (tensor<?x?xi32>, tensor<?x?xi32>) -> ()
  %minus = arith.constant -1 : index
  %ids0 = moe.top_k %scores : tensor<5x4xf32> limit(%minus) outs(%o : tensor<5x3xi32>)
  %i0 = tensor.cast %ids0 : tensor<5x3xi32> to tensor<?x?xi32>
  %want0 = arith.constant dense<-1> : tensor<5x3xi32>
  %w0 = tensor.cast %want0 : tensor<5x3xi32> to tensor<?x?xi32>
  call @same(%i0, %w0) : (tensor<?x?xi32>, tensor<?x?xi32>) -> ()
  return
}

func.func private @test_no_rows() {
  %none = tensor.empty() : tensor<0x4xf32>
  %s = tensor.cast %none : tensor<0x4xf32> to tensor<?x?xf32>
  %k = arith.constant 2 : index
  %ids = call @top_k(%s, %k) : (tensor<?x?xf32>, index) -> tensor<?x?xi32>
  %want = tensor.empty() : tensor<0x2xi32>
  %w = tensor.cast %want : tensor<0x2xi32> to tensor<?x?xi32>
  call @same(%ids, %w) : (tensor<?x?xi32>, tensor<?x?xi32>) -> ()
  return
}

func.func private @test_take() {
  %ids = arith.constant dense<[[2, 0, -1], [7, 1, 1], [3, -5, 2147483647]]> : tensor<3x3xi32>
  %o = tensor.empty() : tensor<3x3xf32>
  %table = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, -0.0, 6.0], [7.0, 8.0, 0x7FC00000]]> : tensor<3x3xf32>
  %0 = moe.take %table at %ids : tensor<3x3xf32>, tensor<3x3xi32> outs(%o : tensor<3x3xf32>)
  %a0 = tensor.cast %0 : tensor<3x3xf32> to tensor<?x?xf32>
  %want0 = arith.constant dense<[[3.0, 1.0, 0.0], [0.0, -0.0, -0.0], [0.0, 0.0, 0.0]]> : tensor<3x3xf32>
  %w0 = tensor.cast %want0 : tensor<3x3xf32> to tensor<?x?xf32>
  call @exact(%a0, %w0) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  // One table for all rows, of integers.
  %list = arith.constant dense<[10, 11, 12]> : tensor<3xi32>
  %oi = tensor.empty() : tensor<3x3xi32>
  %1 = moe.take %list at %ids : tensor<3xi32>, tensor<3x3xi32> outs(%oi : tensor<3x3xi32>)
  %a1 = tensor.cast %1 : tensor<3x3xi32> to tensor<?x?xi32>
  %want1 = arith.constant dense<[[12, 10, 0], [0, 11, 11], [0, 0, 0]]> : tensor<3x3xi32>
  %w1 = tensor.cast %want1 : tensor<3x3xi32> to tensor<?x?xi32>
  call @same(%a1, %w1) : (tensor<?x?xi32>, tensor<?x?xi32>) -> ()
  return
}

func.func private @test_normalize_sum() {
  %ids = arith.constant dense<[[2, 0, -1], [1, 1, 0], [-1, -1, -1], [0, 1, 2], [0, 1, -1], [0, 1, 2], [0, 1, -1]]> : tensor<7x3xi32>
  %weights = arith.constant dense<[
    [1.0, 3.0, 0x7FC00000], [1.0, 2.0, 1.0], [1.0, 2.0, 3.0], [0.0, 0.0, -0.0], [1.0, -1.0, 5.0],
    [1.0, 0x7FC00000, 1.0], [1.0, 0x7F800000, 0x7FC00000]]> : tensor<7x3xf32>
  %o = tensor.empty() : tensor<7x3xf32>
  %0 = moe.normalize sum %weights over %ids : tensor<7x3xf32>, tensor<7x3xi32> outs(%o : tensor<7x3xf32>)
  %a0 = tensor.cast %0 : tensor<7x3xf32> to tensor<?x?xf32>
  %want0 = arith.constant dense<[
    [0.25, 0.75, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0],
    [0x7FC00000, 0x7FC00000, 0x7FC00000], [0.0, 0x7FC00000, 0.0]]> : tensor<7x3xf32>
  %w0 = tensor.cast %want0 : tensor<7x3xf32> to tensor<?x?xf32>
  call @exact(%a0, %w0) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  // eps enters the divisor once.
  %1 = moe.normalize sum %weights over %ids eps 4.0 : tensor<7x3xf32>, tensor<7x3xi32> outs(%o : tensor<7x3xf32>)
  %a1 = tensor.cast %1 : tensor<7x3xf32> to tensor<?x?xf32>
  %want1 = arith.constant dense<[
    [0.125, 0.375, 0.0], [0.125, 0.25, 0.125], [0.0, 0.0, 0.0], [0.0, 0.0, -0.0], [0.25, -0.25, 0.0],
    [0x7FC00000, 0x7FC00000, 0x7FC00000], [0.0, 0x7FC00000, 0.0]]> : tensor<7x3xf32>
  %w1 = tensor.cast %want1 : tensor<7x3xf32> to tensor<?x?xf32>
  call @exact(%a1, %w1) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

func.func private @test_normalize_softmax() {
  %ids = arith.constant dense<[[2, 0, -1], [1, 1, 0], [-1, -1, -1], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, -1]]> : tensor<7x3xi32>
  %weights = arith.constant dense<[
    [1.0, 1.0, 9.0], [100.0, 200.0, 300.0], [1.0, 2.0, 3.0], [0.0, 0xFF800000, 0.0], [0xFF800000, 0xFF800000, 0xFF800000],
    [1.0, 0x7F800000, 1.0], [1.0, 2.0, 0x7FC00000]]> : tensor<7x3xf32>
  %o = tensor.empty() : tensor<7x3xf32>
  %0 = moe.normalize softmax %weights over %ids : tensor<7x3xf32>, tensor<7x3xi32> outs(%o : tensor<7x3xf32>)
  %a0 = tensor.cast %0 : tensor<7x3xf32> to tensor<?x?xf32>
  %want0 = arith.constant dense<[
    [0.5, 0.5, 0.0], [0.0, 3.783506e-44, 1.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.5], [0x7FC00000, 0x7FC00000, 0x7FC00000],
    [0x7FC00000, 0x7FC00000, 0x7FC00000], [0.268941421, 0.731058579, 0.0]]> : tensor<7x3xf32>
  %w0 = tensor.cast %want0 : tensor<7x3xf32> to tensor<?x?xf32>
  call @close(%a0, %w0) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

// On memrefs the destination is written in place.
func.func private @test_memrefs() {
  %scores = arith.constant dense<[[0.25, 0.5, 0.125, 0.125]]> : tensor<1x4xf32>
  %s = bufferization.to_buffer %scores read_only : tensor<1x4xf32> to memref<1x4xf32>
  %ids = memref.alloc() : memref<1x2xi32>
  moe.top_k %s : memref<1x4xf32> outs(%ids : memref<1x2xi32>)
  %out = memref.alloc() : memref<1x2xf32>
  moe.take %s at %ids : memref<1x4xf32>, memref<1x2xi32> outs(%out : memref<1x2xf32>)
  %0 = bufferization.to_tensor %out restrict : memref<1x2xf32> to tensor<1x2xf32>
  %a = tensor.cast %0 : tensor<1x2xf32> to tensor<?x?xf32>
  %want = arith.constant dense<[[0.5, 0.25]]> : tensor<1x2xf32>
  %w = tensor.cast %want : tensor<1x2xf32> to tensor<?x?xf32>
  call @exact(%a, %w) : (tensor<?x?xf32>, tensor<?x?xf32>) -> ()
  return
}

func.func @main() {
  call @test_top_k() : () -> ()
  call @test_no_rows() : () -> ()
  call @test_take() : () -> ()
  call @test_normalize_sum() : () -> ()
  call @test_normalize_softmax() : () -> ()
  call @test_memrefs() : () -> ()
  return
}
