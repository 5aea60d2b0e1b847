// RUN: moe-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{'moert.kernel' op expected at least one phase}}
moert.kernel @k {arguments = 0 : i64, grains = array<i64>, scratch = 0 : i64}

// -----

// expected-error @below {{'moert.kernel' op expected grains of at least 1, but got 0}}
moert.kernel @k {arguments = 0 : i64, grains = array<i64: 0>, scratch = 0 : i64}

// -----

// expected-error @below {{'moert.kernel' op expected scratch to be a multiple of 64, but got 8}}
moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 8 : i64}

// -----

// expected-error @below {{'moert.pool' op expected a stride that is a positive multiple of 4096, but got 100}}
moert.pool @e {experts = 8 : i64, stride = 100 : i64}

// -----

moert.program @p {
  %c0 = moert.const 0
  // expected-error @below {{'moert.run' op expected @missing to name a moert.kernel}}
  moert.run @missing items(%c0)
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1, 1>, scratch = 0 : i64}
moert.program @p {
  %c0 = moert.const 0
  // expected-error @below {{'moert.run' op expected item counts for the first phases of @k (1 to 2), but got 3}}
  moert.run @k items(%c0, %c0, %c0)
  moert.end
}

// -----

moert.kernel @k {arguments = 1 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  %c0 = moert.const 0
  // expected-error @below {{'moert.run' op expected 1 argument slots for @k, but got 0}}
  moert.run @k items(%c0)
  moert.end
}

// -----

moert.program @p {
  // expected-error @below {{'moert.input' op expected a ranked tensor type, but got 'f32'}}
  %x = moert.input "x" : f32
  moert.end
}

// -----

moert.program @p {
  // expected-error @below {{'moert.input' op expected one name per dimension (2), but got 1}}
  %x = moert.input "x" names ["N"] : tensor<2x4xf32>
  moert.end
}

// -----

moert.program @p {
  %y = moert.buffer
  // expected-error @below {{'moert.output' op expected one register per dynamic dimension (1), but got 0}}
  moert.output "y" %y : tensor<?x4xf32>
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  %c0 = moert.const 0
  // expected-error @below {{'moert.launch' op expected three entries in grid, block and cluster}}
  moert.launch @k grid(%c0) {block = array<i32: 1>, cluster = array<i32: 1>, queue = 0 : i32, shared = 0 : i32}
  moert.end
}

// -----

// expected-error @below {{'moert.kernel' op expected 0 to 4294967295 arguments, but got -1}}
moert.kernel @k {arguments = -1 : i64, grains = array<i64: 1>, scratch = 0 : i64}

// -----

// expected-error @below {{'moert.kernel' op expected scratch to be a multiple of 64, but got -64}}
moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = -64 : i64}

// -----

// expected-error @below {{'moert.weight' op expected a tensor type of static shape whose elements a package can hold, but got 'tensor<?xf32>'}}
moert.weight @w : tensor<?xf32>

// -----

// expected-error @below {{'moert.weight' op expected a tensor type of static shape whose elements a package can hold, but got 'tensor<4xi7>'}}
moert.weight @w : tensor<4xi7>

// -----

// expected-error @below {{'moert.weight' op expected a tensor type of static shape whose elements a package can hold, but got 'f32'}}
moert.weight @w : f32

// -----

// expected-error @below {{'moert.weight' op expected a tensor type of static shape whose elements a package can hold, but got 'tensor<*xf32>'}}
moert.weight @w : tensor<*xf32>

// -----

// expected-error @below {{'moert.weight' op expected a value of the declared type 'tensor<4xf32>', but got 'tensor<2xf32>'}}
moert.weight @w : tensor<4xf32> = dense<0.0> : tensor<2xf32> {constant}

// -----

// expected-error @below {{'moert.pool' op expected 1 to 2147483647 experts, but got 0}}
moert.pool @e {experts = 0 : i64, stride = 4096 : i64}

// -----

// expected-error @below {{'moert.layer' op expected 1 to 2147483646 experts, but got 2147483647}}
moert.layer @l {experts = 2147483647 : i64}

// -----

// expected-error @below {{'moert.program' op expected each block to end with moert.branch, moert.jump or moert.end}}
moert.program @p {
  %c0 = moert.const 0
}

// -----

// expected-error @below {{'moert.program' op expected blocks without arguments}}
moert.program @p {
^bb0(%x : i64):
  moert.end
}

// -----

moert.program @p {
  %x = moert.input "x" : tensor<4xf32>
  // expected-error @below {{'moert.output' op expected a buffer of moert.buffer}}
  moert.output "y" %x : tensor<4xf32>
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  // expected-error @below {{'moert.weight_ref' op expected @k to name a moert.weight}}
  %w = moert.weight_ref @k
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  // expected-error @below {{'moert.pool_ref' op expected @k to name a moert.pool}}
  %w = moert.pool_ref @k
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  // expected-error @below {{'moert.unpin' op expected @k to name a moert.pool}}
  moert.unpin @k
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  %x = moert.input "x" : tensor<4xi32>
  %c0 = moert.const 0
  // expected-error @below {{'moert.pin' op expected @k to name a moert.pool}}
  moert.pin @k %x, %c0
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  %x = moert.input "x" : tensor<4xi32>
  %c0 = moert.const 0
  // expected-error @below {{'moert.count_experts' op expected @k to name a moert.layer}}
  moert.count_experts @k %x
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  %x = moert.input "x" : tensor<4xi32>
  %c0 = moert.const 0
  // expected-error @below {{'moert.launch' op expected @l to name a moert.kernel}}
  moert.launch @l grid(%c0, %c0, %c0) {block = array<i32: 1, 1, 1>, cluster = array<i32: 1, 1, 1>, queue = 0 : i32, shared = 0 : i32}
  moert.end
}

// -----

moert.kernel @k {arguments = 0 : i64, grains = array<i64: 1>, scratch = 0 : i64}
moert.program @p {
  %c0 = moert.const 0
  // expected-error @below {{'moert.launch' op expected extents of block and cluster of at least 1, but got 0}}
  moert.launch @k grid(%c0, %c0, %c0) {block = array<i32: 1, 1, 1>, cluster = array<i32: 1, 0, 1>, queue = 0 : i32, shared = 0 : i32}
  moert.end
}

// -----

moert.program @p {
  %x = moert.input "x" : tensor<4xf32>
  %c0 = moert.const 0
  // expected-error @below {{'moert.load' op expected an integer type of 1, 8, 16, 32 or 64 bits, but got 'f32'}}
  %l = moert.load %x[%c0] : f32
  moert.end
}

// -----

moert.program @p {
  %y = moert.buffer
  %c0 = moert.const 0
  // expected-error @below {{'moert.store' op expected an integer type of 1, 8, 16, 32 or 64 bits, but got 'i128'}}
  moert.store %c0, %y[%c0] : i128
  moert.end
}

// -----

moert.program @p {
  %x = moert.input "x" : tensor<4xi32>
  %y = moert.buffer
  %c0 = moert.const 0
  %v = moert.view %x at %c0
  // expected-error @below {{'moert.store' op writes to an input or a weight, which are read-only}}
  moert.store %c0, %v[%c0] : i32
  moert.end
}

// -----

moert.program @p {
  %x = moert.input "x" : tensor<4xi32>
  %y = moert.buffer
  %c0 = moert.const 0
  %v = moert.view %x at %c0
  // expected-error @below {{'moert.copy' op writes to an input or a weight, which are read-only}}
  moert.copy %y to %v, %c0
  moert.end
}

// -----

moert.program @p {
  %x = moert.input "x" : tensor<4xi32>
  %c0 = moert.const 0
  // expected-error @below {{'moert.place' op expected a buffer of moert.buffer}}
  moert.place %x, %c0
  moert.end
}

// -----

moert.program @p {
  %x = moert.input "x" : tensor<4xi32>
  %c0 = moert.const 0
  // expected-error @below {{'moert.release' op expected a buffer of moert.buffer}}
  moert.release %x
  moert.end
}
