// RUN: %run-plain

// Every op with a form on memrefs gives there what it gives on tensors: a whole
// layer of 3 rows, 4 experts and 2 slots.

func.func private @check_almost_eq_f32(tensor<*xf32> {bufferization.access = "read"}, tensor<*xf32> {bufferization.access = "read"}, f32, f32) attributes {llvm.emit_c_interface}

func.func private @tensors(%scores : tensor<3x4xf32>, %x : tensor<3x2xf32>, %w : tensor<4x1x2x4xf32>, %bias : tensor<4x3xf32>) -> tensor<3x3xf32> {
  %k = arith.constant 2 : index
  %i0 = tensor.empty() : tensor<3x2xi32>
  %ids = moe.top_k %scores : tensor<3x4xf32> limit(%k) outs(%i0 : tensor<3x2xi32>)
  %w0 = tensor.empty() : tensor<3x2xf32>
  %taken = moe.take %scores at %ids : tensor<3x4xf32>, tensor<3x2xi32> outs(%w0 : tensor<3x2xf32>)
  %weights = moe.normalize sum %taken over %ids eps 0.5 : tensor<3x2xf32>, tensor<3x2xi32> outs(%w0 : tensor<3x2xf32>)
  %o0 = tensor.empty() : tensor<5xi32>
  %s0 = tensor.empty() : tensor<6xi32>
  %offsets, %source, %position = moe.group %ids : tensor<3x2xi32> outs(%o0, %s0, %i0 : tensor<5xi32>, tensor<6xi32>, tensor<3x2xi32>)
  %h0 = tensor.empty() : tensor<6x3xf32>
  %h = moe.panel_matmul 1 rows(%x : tensor<3x2xf32>) by(%source : tensor<6xi32>) div 2 groups(%offsets : tensor<5xi32>)
    panels(%w : tensor<4x1x2x4xf32>) vectors(%bias : tensor<4x3xf32>) outs(%h0 : tensor<6x3xf32>) {
  ^bb0(%a : f32, %b : f32):
    %c = arith.addf %a, %b : f32
    moe.yield %c : f32
  }
  %y0 = tensor.empty() : tensor<3x3xf32>
  %y = moe.combine %h : tensor<6x3xf32> from(%position : tensor<3x2xi32>) with(%weights : tensor<3x2xf32>) outs(%y0 : tensor<3x3xf32>)
  return %y : tensor<3x3xf32>
}

func.func private @buffers(%scores : memref<3x4xf32>, %x : memref<3x2xf32>, %w : memref<4x1x2x4xf32>, %bias : memref<4x3xf32>, %y : memref<3x3xf32>) {
  %k = arith.constant 2 : index
  %ids = memref.alloc() : memref<3x2xi32>
  moe.top_k %scores : memref<3x4xf32> limit(%k) outs(%ids : memref<3x2xi32>)
  %taken = memref.alloc() : memref<3x2xf32>
  moe.take %scores at %ids : memref<3x4xf32>, memref<3x2xi32> outs(%taken : memref<3x2xf32>)
  %weights = memref.alloc() : memref<3x2xf32>
  moe.normalize sum %taken over %ids eps 0.5 : memref<3x2xf32>, memref<3x2xi32> outs(%weights : memref<3x2xf32>)
  %offsets = memref.alloc() : memref<5xi32>
  %source = memref.alloc() : memref<6xi32>
  %position = memref.alloc() : memref<3x2xi32>
  moe.group %ids : memref<3x2xi32> outs(%offsets, %source, %position : memref<5xi32>, memref<6xi32>, memref<3x2xi32>)
  %h = memref.alloc() : memref<6x3xf32>
  moe.panel_matmul 1 rows(%x : memref<3x2xf32>) by(%source : memref<6xi32>) div 2 groups(%offsets : memref<5xi32>)
    panels(%w : memref<4x1x2x4xf32>) vectors(%bias : memref<4x3xf32>) outs(%h : memref<6x3xf32>) {
  ^bb0(%a : f32, %b : f32):
    %c = arith.addf %a, %b : f32
    moe.yield %c : f32
  }
  moe.combine %h : memref<6x3xf32> from(%position : memref<3x2xi32>) with(%weights : memref<3x2xf32>) outs(%y : memref<3x3xf32>)
  return
}

func.func @main() {
  %scores = arith.constant dense<[[0.25, 0.5, 0.125, 0.125], [1.0, 2.0, 3.0, 4.0], [0.5, 0.5, 0.25, 0.75]]> : tensor<3x4xf32>
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  // Expert e multiplies by e + 1, 2 (e + 1) and so on; the last column is padding.
  %w = arith.constant dense<[
    [[[1.0, 2.0, 3.0, 0x7FC00000], [4.0, 5.0, 6.0, 0x7FC00000]]],
    [[[2.0, 4.0, 6.0, 0x7FC00000], [8.0, 10.0, 12.0, 0x7FC00000]]],
    [[[3.0, 6.0, 9.0, 0x7FC00000], [12.0, 15.0, 18.0, 0x7FC00000]]],
    [[[4.0, 8.0, 12.0, 0x7FC00000], [16.0, 20.0, 24.0, 0x7FC00000]]]]> : tensor<4x1x2x4xf32>
  %bias = arith.constant dense<[[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0], [4.0, 4.0, 4.0]]> : tensor<4x3xf32>
  // Row r of y is the sum over its two experts of weight * (e + 1) * (x @ w0 + 1):
  // with x @ w0 of 9, 12, 15; 19, 26, 33; 29, 40, 51 and weights 0.4, 0.2;
  // 4/7.5, 3/7.5; 0.75/1.75, 0.5/1.75.
  %want = arith.constant dense<[[10.0, 13.0, 16.0], [66.6666667, 90.0, 113.3333333], [60.0, 82.0, 104.0]]> : tensor<3x3xf32>
  %b = tensor.cast %want : tensor<3x3xf32> to tensor<*xf32>
  %rtol = arith.constant 1.0e-6 : f32
  %atol = arith.constant 0.0 : f32
  %0 = call @tensors(%scores, %x, %w, %bias) : (tensor<3x4xf32>, tensor<3x2xf32>, tensor<4x1x2x4xf32>, tensor<4x3xf32>) -> tensor<3x3xf32>
  %a = tensor.cast %0 : tensor<3x3xf32> to tensor<*xf32>
  call @check_almost_eq_f32(%a, %b, %rtol, %atol) : (tensor<*xf32>, tensor<*xf32>, f32, f32) -> ()

  %ms = bufferization.to_buffer %scores read_only : tensor<3x4xf32> to memref<3x4xf32>
  %mx = bufferization.to_buffer %x read_only : tensor<3x2xf32> to memref<3x2xf32>
  %mw = bufferization.to_buffer %w read_only : tensor<4x1x2x4xf32> to memref<4x1x2x4xf32>
  %mb = bufferization.to_buffer %bias read_only : tensor<4x3xf32> to memref<4x3xf32>
  %my = memref.alloc() : memref<3x3xf32>
  call @buffers(%ms, %mx, %mw, %mb, %my) : (memref<3x4xf32>, memref<3x2xf32>, memref<4x1x2x4xf32>, memref<4x3xf32>, memref<3x3xf32>) -> ()
  %1 = bufferization.to_tensor %my restrict : memref<3x3xf32> to tensor<3x3xf32>
  %c = tensor.cast %1 : tensor<3x3xf32> to tensor<*xf32>
  %zero = arith.constant 0.0 : f32
  call @check_almost_eq_f32(%c, %a, %zero, %zero) : (tensor<*xf32>, tensor<*xf32>, f32, f32) -> ()
  return
}
