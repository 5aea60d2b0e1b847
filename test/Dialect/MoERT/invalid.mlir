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
  // expected-error @below {{'moert.run' op names kernel @missing, which is not declared}}
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
