// RUN: moe-opt %s --split-input-file --verify-diagnostics --moe-outline-phases

// expected-error @below {{'func.func' op is a kernel, but not one bufferised block}}
func.func private @results(%x: memref<4xf32>) -> memref<4xf32>
    attributes {moe.kernel, moe.outs = 1, moe.scratch = 0 : i64} {
  return %x : memref<4xf32>
}

// -----

// expected-error @below {{'func.func' op is a kernel whose scratch is not placed}}
func.func private @no_scratch(%x: memref<4xf32>) attributes {moe.kernel, moe.outs = 1} {
  return
}
