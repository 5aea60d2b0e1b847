// Columns of a tensor with static extents were taken for a run of bytes.
// REQUIRES: python
// RUN: rm -rf %t && mkdir %t
// RUN: %python -c "import numpy as np; x = np.arange(32, dtype=np.float32).reshape(4, 8); np.save(r'%t/x.npy', x); np.save(r'%t/y.npy', x[:, 3:5]); np.save(r'%t/z.npy', x[None, :, 1:3])"
// RUN: moec %s -o %t/slice.moe --level=x86-64-v3
// RUN: moe-run %t/slice.moe --input x=%t/x.npy --compare y=%t/y.npy --compare z=%t/z.npy --rtol 0 --atol 0

func.func @main(%x : tensor<4x8xf32> {onnx.name = "x"}) -> (tensor<4x2xf32> {onnx.name = "y"}, tensor<1x4x2xf32> {onnx.name = "z"}) {
  %0 = tensor.extract_slice %x[0, 3] [4, 2] [1, 1] : tensor<4x8xf32> to tensor<4x2xf32>
  %e = tensor.expand_shape %x [[0, 1], [2]] output_shape [1, 4, 8] : tensor<4x8xf32> into tensor<1x4x8xf32>
  %1 = tensor.extract_slice %e[0, 0, 1] [1, 4, 2] [1, 1, 1] : tensor<1x4x8xf32> to tensor<1x4x2xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<1x4x2xf32>
}
