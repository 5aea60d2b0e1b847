// RUN: moe-opt %s --split-input-file --verify-diagnostics --moe-codegen-cpu-pipeline

// expected-error @below {{'func.func' op is a kernel without the integer attribute 'moe.outs'}}
func.func private @no_outs(%x: tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel} {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op has 3 destinations, but only 2 tensor arguments}}
func.func private @many_outs(%x: tensor<4xf32>, %i: index, %y: tensor<4xf32>) -> tensor<4xf32>
    attributes {moe.kernel, moe.outs = 3} {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op has 1 results, but 2 destinations}}
func.func private @few_results(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32>
    attributes {moe.kernel, moe.outs = 2} {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op result 0 has type 'tensor<4xf32>', but its destination has type 'tensor<4xi32>'}}
func.func private @other_type(%x: tensor<4xf32>, %y: tensor<4xi32>) -> tensor<4xf32>
    attributes {moe.kernel, moe.outs = 1} {
  return %x : tensor<4xf32>
}

// -----

func.func private @unbounded(%x: memref<?xf32>, %y: memref<?xf32>) attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  // expected-error @below {{'memref.alloc' op is a temporary of a kernel, but its size has no constant bound}}
  %t = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%x : memref<?xf32>) outs(%t : memref<?xf32>)
  linalg.exp ins(%t : memref<?xf32>) outs(%y : memref<?xf32>)
  return
}

// -----

func.func private @huge(%x: memref<1099511627776xf32>) attributes {moe.kernel, moe.outs = 1} {
  // expected-error @below {{'memref.alloc' op is a temporary of a kernel, but takes 4398046511104 bytes, more than the 1 GiB that a worker may have}}
  %t = memref.alloc() : memref<1099511627776xf32>
  linalg.exp ins(%x : memref<1099511627776xf32>) outs(%t : memref<1099511627776xf32>)
  linalg.exp ins(%t : memref<1099511627776xf32>) outs(%x : memref<1099511627776xf32>)
  return
}

// -----

func.func private @overflow(%x: memref<f32>) attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{'memref.alloc' op is a temporary of a kernel, but its size overflows}}
  %t = memref.alloc() : memref<4611686018427387904x4xf32>
  %v = memref.load %x[] : memref<f32>
  memref.store %v, %t[%c0, %c0] : memref<4611686018427387904x4xf32>
  %w = memref.load %t[%c0, %c0] : memref<4611686018427387904x4xf32>
  memref.store %w, %x[] : memref<f32>
  return
}

// -----

func.func private @crossing(%x: memref<4xf32>, %y: memref<4xf32>) attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  // expected-note @below {{the value is computed here}}
  %v = memref.load %y[%c0] : memref<4xf32>
  // expected-error @below {{'scf.forall' op uses a value of another phase that cannot be computed again}}
  scf.forall (%i) in (4) {
    memref.store %v, %y[%i] : memref<4xf32>
  }
  return
}

// -----

func.func private @pool(%w: memref<4x8xf32> {moe.pool = {offset = 0, stride = 4096}}, %y: memref<8xf32>)
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{'memref.load' op reads an expert pool in another way than moe.expert_view}}
  %v = memref.load %w[%c0, %c0] : memref<4x8xf32>
  memref.store %v, %y[%c0] : memref<8xf32>
  return
}

// -----

func.func private @double(%x: tensor<4xf64>, %y: tensor<4xf64>) -> tensor<4xf64>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf64>) outs(%y : tensor<4xf64>) {
  ^bb0(%a: f64, %o: f64):
    // expected-error @below {{'math.sin' op is not supported in kernels on 'f64'}}
    %v = math.sin %a : f64
    linalg.yield %v : f64
  } -> tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

func.func private @layout(%w: memref<4x8xf32, strided<[16, 1]>>, %e: index) -> memref<8xf32> {
  // expected-error @below {{'moe.expert_view' op expected dense row-major buffers, but got 'memref<4x8xf32, strided<[16, 1]>>' and 'memref<8xf32>'}}
  %0 = moe.expert_view %w[%e] : memref<4x8xf32, strided<[16, 1]>> -> memref<8xf32>
  return %0 : memref<8xf32>
}

// -----

func.func private @dynamic_part(%w: memref<4x?xf32>, %e: index) -> memref<?xf32> {
  // expected-error @below {{'moe.expert_view' op expected a source that is static but for its first dimension, but got 'memref<4x?xf32>'}}
  %0 = moe.expert_view %w[%e] : memref<4x?xf32> -> memref<?xf32>
  return %0 : memref<?xf32>
}

// -----

func.func private @part_type(%w: memref<4x8xf32>, %e: index) -> memref<4xf32> {
  // expected-error @below {{'moe.expert_view' op expected the result to be 'memref<8xf32>', the source without its first dimension, but got 'memref<4xf32>'}}
  %0 = moe.expert_view %w[%e] : memref<4x8xf32> -> memref<4xf32>
  return %0 : memref<4xf32>
}
