// RUN: %run-plain

// experts, combine, group and the products against values worked out by hand,
// and the grouped form against the plain one.

func.func private @check_almost_eq_f32(tensor<*xf32> {bufferization.access = "read"}, tensor<*xf32> {bufferization.access = "read"}, f32, f32) attributes {llvm.emit_c_interface}
func.func private @check_eq_i32(tensor<*xi32> {bufferization.access = "read"}, tensor<*xi32> {bufferization.access = "read"}) attributes {llvm.emit_c_interface}

func.func private @exact(%a : tensor<*xf32>, %b : tensor<*xf32>) {
  %zero = arith.constant 0.0 : f32
  call @check_almost_eq_f32(%a, %b, %zero, %zero) : (tensor<*xf32>, tensor<*xf32>, f32, f32) -> ()
  return
}

// Part e of @scale is e + 1 twice over; @matrix has random parts.
moe.weight private @scale : tensor<3x2xf32> {
^bb0(%e : index):
  %all = moe.source dense<[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]> : tensor<3x2xf32>
  %0 = tensor.extract_slice %all[%e, 0] [1, 2] [1, 1] : tensor<3x2xf32> to tensor<2xf32>
  moe.yield %0 : tensor<2xf32>
}
moe.weight private @bias : tensor<5x6xf32> {
^bb0(%e : index):
  %all = moe.source random<seed = 3, low = -1.0, high = 1.0> : tensor<5x6xf32>
  %0 = tensor.extract_slice %all[%e, 0] [1, 6] [1, 1] : tensor<5x6xf32> to tensor<6xf32>
  moe.yield %0 : tensor<6xf32>
}
moe.weight private @gate : tensor<5x4x6xf32> {
^bb0(%e : index):
  %all = moe.source random<seed = 1, low = -1.0, high = 1.0> : tensor<5x4x6xf32>
  %0 = tensor.extract_slice %all[%e, 0, 0] [1, 4, 6] [1, 1, 1] : tensor<5x4x6xf32> to tensor<4x6xf32>
  moe.yield %0 : tensor<4x6xf32>
}
moe.weight private @up : tensor<5x4x6xf32> {
^bb0(%e : index):
  %all = moe.source random<seed = 2, low = -1.0, high = 1.0> : tensor<5x6x4xf32>
  %nk = tensor.extract_slice %all[%e, 0, 0] [1, 6, 4] [1, 1, 1] : tensor<5x6x4xf32> to tensor<6x4xf32>
  %empty = tensor.empty() : tensor<4x6xf32>
  %kn = linalg.transpose ins(%nk : tensor<6x4xf32>) outs(%empty : tensor<4x6xf32>) permutation = [1, 0]
  moe.yield %kn : tensor<4x6xf32>
}
// Its parts differ in width: e + 1 ones.
moe.weight private @ragged : tensor<3x?xf32> {
^bb0(%e : index):
  %one = arith.constant 1 : index
  %n = arith.addi %e, %one : index
  %v = arith.constant 1.0 : f32
  %0 = tensor.splat %v[%n] : tensor<?xf32>
  moe.yield %0 : tensor<?xf32>
}

// Three kinds: scaled by a weight, a constant from context plus the slot's own
// number, and the number of elements of a ragged weight.
func.func private @test_kinds() {
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 0x7FC00000]]> : tensor<3x2xf32>
  %z = arith.constant dense<[[10.0, 20.0, 30.0, 40.0], [50.0, 60.0, 70.0, 80.0], [90.0, 11.0, 12.0, 13.0]]> : tensor<3x4xf32>
  %ids = arith.constant dense<[[2, 0, 2, -1], [3, 6, 4, 1], [7, -1, 0, 6]]> : tensor<3x4xi32>
  %c = arith.constant 0.5 : f32
  %o = tensor.empty() : tensor<3x4x2xf32>
  %y = moe.experts at(%ids : tensor<3x4xi32>) rows(%x : tensor<3x2xf32>) slots(%z : tensor<3x4xf32>) context(%c : f32) outs(%o : tensor<3x4x2xf32>)
  experts 0 to 3 weights(@scale : tensor<3x2xf32>) {
  ^bb0(%e : index, %xe : tensor<?x2xf32>, %ze : tensor<?xf32>, %ce : f32, %w : tensor<2xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x2xf32>
    %empty = tensor.empty(%n) : tensor<?x2xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel"]}
      ins(%xe, %w : tensor<?x2xf32>, tensor<2xf32>) outs(%empty : tensor<?x2xf32>) {
    ^bb1(%a : f32, %b : f32, %out : f32):
      %m = arith.mulf %a, %b : f32
      linalg.yield %m : f32
    } -> tensor<?x2xf32>
    moe.yield %0 : tensor<?x2xf32>
  }, experts 3 to 4 {
  ^bb0(%e : index, %xe : tensor<?x2xf32>, %ze : tensor<?xf32>, %ce : f32):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %ze, %c0 : tensor<?xf32>
    %empty = tensor.empty(%n) : tensor<?x2xf32>
    %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel"]}
      ins(%ze : tensor<?xf32>) outs(%empty : tensor<?x2xf32>) {
    ^bb1(%a : f32, %out : f32):
      %m = arith.addf %a, %ce : f32
      linalg.yield %m : f32
    } -> tensor<?x2xf32>
    moe.yield %0 : tensor<?x2xf32>
  }, experts 4 to 7 weights(@ragged : tensor<3x?xf32>) {
  ^bb0(%e : index, %xe : tensor<?x2xf32>, %ze : tensor<?xf32>, %ce : f32, %w : tensor<?xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x2xf32>
    %width = tensor.dim %w, %c0 : tensor<?xf32>
    %i = arith.index_cast %width : index to i32
    %f = arith.sitofp %i : i32 to f32
    %0 = tensor.splat %f[%n] : tensor<?x2xf32>
    moe.yield %0 : tensor<?x2xf32>
  }
  %want = arith.constant dense<[
    [[3.0, 6.0], [1.0, 2.0], [3.0, 6.0], [0.0, 0.0]],
    [[50.5, 50.5], [3.0, 3.0], [1.0, 1.0], [6.0, 8.0]],
    [[0.0, 0.0], [0.0, 0.0], [5.0, 0x7FC00000], [3.0, 3.0]]]> : tensor<3x4x2xf32>
  %a = tensor.cast %y : tensor<3x4x2xf32> to tensor<*xf32>
  %b = tensor.cast %want : tensor<3x4x2xf32> to tensor<*xf32>
  call @exact(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> ()
  return
}

// A weight as a value is its region's value for all experts.
func.func private @test_weight_value() {
  %0 = moe.weight_value @scale : tensor<3x2xf32>
  %want = arith.constant dense<[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]> : tensor<3x2xf32>
  %a = tensor.cast %0 : tensor<3x2xf32> to tensor<*xf32>
  %b = tensor.cast %want : tensor<3x2xf32> to tensor<*xf32>
  call @exact(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> ()
  return
}

// The first numbers of seed 0: SplitMix64 gives e220a8397b1dcdaf,
// 6e789e6aa1b965f4, 06c45d188009454f.
func.func private @test_random() {
  %0 = moe.weight_value @random : tensor<3xf32>
  %want = arith.constant dense<[0.88331079483032227, 0.43152797222137451, 0.026433765888214111]> : tensor<3xf32>
  %a = tensor.cast %0 : tensor<3xf32> to tensor<*xf32>
  %b = tensor.cast %want : tensor<3xf32> to tensor<*xf32>
  call @exact(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> ()
  return
}
moe.weight private @random : tensor<3xf32> {
  %0 = moe.source random<seed = 0, low = 0.0, high = 1.0> : tensor<3xf32>
  moe.yield %0 : tensor<3xf32>
}

func.func private @test_combine() {
  %y = arith.constant dense<[
    [[1.0, 0x7FC00000], [2.0, 3.0]], [[4.0, 5.0], [0x7F800000, 6.0]], [[0x7FC00000, 7.0], [8.0, 9.0]], [[1.0e8, -0.0], [1.0, -0.0]]]> : tensor<4x2x2xf32>
  %ids = arith.constant dense<[[-1, 0], [1, 2], [-1, -7], [0, 0]]> : tensor<4x2xi32>
  %w = arith.constant dense<[[0x7FC00000, 2.0], [0.5, 0.0], [1.0, 1.0], [1.0, 1.0]]> : tensor<4x2xf32>
  %o = tensor.empty() : tensor<4x2xf32>
  %0 = moe.combine %y : tensor<4x2x2xf32> at(%ids : tensor<4x2xi32>) with(%w : tensor<4x2xf32>) outs(%o : tensor<4x2xf32>)
  %want = arith.constant dense<[[4.0, 6.0], [0x7FC00000, 2.5], [0.0, 0.0], [1.0e8, 0.0]]> : tensor<4x2xf32>
  %a = tensor.cast %0 : tensor<4x2xf32> to tensor<*xf32>
  %b = tensor.cast %want : tensor<4x2xf32> to tensor<*xf32>
  call @exact(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> ()

  %1 = moe.combine %y : tensor<4x2x2xf32> at(%ids : tensor<4x2xi32>) outs(%o : tensor<4x2xf32>)
  %want1 = arith.constant dense<[[2.0, 3.0], [0x7F800000, 11.0], [0.0, 0.0], [1.0e8, 0.0]]> : tensor<4x2xf32>
  %a1 = tensor.cast %1 : tensor<4x2xf32> to tensor<*xf32>
  %b1 = tensor.cast %want1 : tensor<4x2xf32> to tensor<*xf32>
  call @exact(%a1, %b1) : (tensor<*xf32>, tensor<*xf32>) -> ()

  // A place outside y is no slot.
  %grouped = arith.constant dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>
  %position = arith.constant dense<[[2, 0], [-1, 1], [3, -1], [1, 1]]> : tensor<4x2xi32>
  %o2 = tensor.empty() : tensor<4x1xf32>
  %2 = moe.combine %grouped : tensor<3x1xf32> from(%position : tensor<4x2xi32>) with(%w : tensor<4x2xf32>) outs(%o2 : tensor<4x1xf32>)
  %want2 = arith.constant dense<[[0x7FC00000], [0.0], [0.0], [4.0]]> : tensor<4x1xf32>
  %a2 = tensor.cast %2 : tensor<4x1xf32> to tensor<*xf32>
  %b2 = tensor.cast %want2 : tensor<4x1xf32> to tensor<*xf32>
  call @exact(%a2, %b2) : (tensor<*xf32>, tensor<*xf32>) -> ()
  return
}

func.func private @test_group() {
  %ids = arith.constant dense<[[2, 0], [-1, 2], [4, 2], [0, 9]]> : tensor<4x2xi32>
  %o = tensor.empty() : tensor<5xi32>
  %none = arith.constant -9 : i32
  %s = tensor.splat %none : tensor<8xi32>
  %p = tensor.empty() : tensor<4x2xi32>
  %offsets, %source, %position = moe.group %ids : tensor<4x2xi32> outs(%o, %s, %p : tensor<5xi32>, tensor<8xi32>, tensor<4x2xi32>)
  %want0 = arith.constant dense<[0, 2, 2, 5, 5]> : tensor<5xi32>
  %a0 = tensor.cast %offsets : tensor<5xi32> to tensor<*xi32>
  %b0 = tensor.cast %want0 : tensor<5xi32> to tensor<*xi32>
  call @check_eq_i32(%a0, %b0) : (tensor<*xi32>, tensor<*xi32>) -> ()
  // Only the first five are defined.
  %first = tensor.extract_slice %source[0] [5] [1] : tensor<8xi32> to tensor<5xi32>
  %want1 = arith.constant dense<[1, 6, 0, 3, 5]> : tensor<5xi32>
  %a1 = tensor.cast %first : tensor<5xi32> to tensor<*xi32>
  %b1 = tensor.cast %want1 : tensor<5xi32> to tensor<*xi32>
  call @check_eq_i32(%a1, %b1) : (tensor<*xi32>, tensor<*xi32>) -> ()
  %want2 = arith.constant dense<[[2, 0], [-1, 3], [-1, 4], [1, -1]]> : tensor<4x2xi32>
  %a2 = tensor.cast %position : tensor<4x2xi32> to tensor<*xi32>
  %b2 = tensor.cast %want2 : tensor<4x2xi32> to tensor<*xi32>
  call @check_eq_i32(%a2, %b2) : (tensor<*xi32>, tensor<*xi32>) -> ()
  return
}

// A gated layer in three forms: experts, grouped_matmul, panel_matmul.
func.func private @body(%x : tensor<?x4xf32>, %ids : tensor<?x3xi32>) -> tensor<?x6xf32> {
  %c0 = arith.constant 0 : index
  %r = tensor.dim %x, %c0 : tensor<?x4xf32>
  %o = tensor.empty(%r) : tensor<?x3x6xf32>
  %y = moe.experts at(%ids : tensor<?x3xi32>) rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x3x6xf32>)
  experts 0 to 5 weights(@gate : tensor<5x4x6xf32>, @up : tensor<5x4x6xf32>, @bias : tensor<5x6xf32>) {
  ^bb0(%e : index, %xe : tensor<?x4xf32>, %wg : tensor<4x6xf32>, %wu : tensor<4x6xf32>, %b : tensor<6xf32>):
    %i0 = arith.constant 0 : index
    %n = tensor.dim %xe, %i0 : tensor<?x4xf32>
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty(%n) : tensor<?x6xf32>
    %acc = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x6xf32>) -> tensor<?x6xf32>
    %g = linalg.matmul ins(%xe, %wg : tensor<?x4xf32>, tensor<4x6xf32>) outs(%acc : tensor<?x6xf32>) -> tensor<?x6xf32>
    %u = linalg.matmul ins(%xe, %wu : tensor<?x4xf32>, tensor<4x6xf32>) outs(%acc : tensor<?x6xf32>) -> tensor<?x6xf32>
    %h = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                         iterator_types = ["parallel", "parallel"]}
      ins(%g, %u, %b : tensor<?x6xf32>, tensor<?x6xf32>, tensor<6xf32>) outs(%empty : tensor<?x6xf32>) {
    ^bb1(%p : f32, %q : f32, %s : f32, %out : f32):
      %m = arith.mulf %p, %q : f32
      %t = arith.addf %m, %s : f32
      linalg.yield %t : f32
    } -> tensor<?x6xf32>
    moe.yield %h : tensor<?x6xf32>
  }
  %co = tensor.empty(%r) : tensor<?x6xf32>
  %out = moe.combine %y : tensor<?x3x6xf32> at(%ids : tensor<?x3xi32>) outs(%co : tensor<?x6xf32>)
  return %out : tensor<?x6xf32>
}

func.func private @grouped(%x : tensor<?x4xf32>, %ids : tensor<?x3xi32>, %packed : i1) -> tensor<?x6xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %r = tensor.dim %x, %c0 : tensor<?x4xf32>
  %rk = arith.muli %r, %c3 : index
  %o = tensor.empty() : tensor<6xi32>
  %s = tensor.empty(%rk) : tensor<?xi32>
  %p = tensor.empty(%r) : tensor<?x3xi32>
  %offsets, %source, %position = moe.group %ids : tensor<?x3xi32> outs(%o, %s, %p : tensor<6xi32>, tensor<?xi32>, tensor<?x3xi32>)
  %ho = tensor.empty(%rk) : tensor<?x6xf32>
  %h = scf.if %packed -> tensor<?x6xf32> {
    // Two panels of 2 * 4 columns for 6 columns: the last 2 of each half are padding.
    %g = moe.weight_value @gate : tensor<5x4x6xf32>
    %u = moe.weight_value @up : tensor<5x4x6xf32>
    %b = moe.weight_value @bias : tensor<5x6xf32>
    %nan = arith.constant 0x7FC00000 : f32
    %empty = tensor.empty() : tensor<5x2x4x8xf32>
    %w = linalg.generic {indexing_maps = [affine_map<(e, q, i, c) -> (e, q, i, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%empty : tensor<5x2x4x8xf32>) {
    ^bb1(%out : f32):
      %e = linalg.index 0 : index
      %q = linalg.index 1 : index
      %i = linalg.index 2 : index
      %c = linalg.index 3 : index
      %c4 = arith.constant 4 : index
      %c6 = arith.constant 6 : index
      %isUp = arith.cmpi uge, %c, %c4 : index
      %within = arith.remui %c, %c4 : index
      %first = arith.muli %q, %c4 : index
      %j = arith.addi %first, %within : index
      %inside = arith.cmpi ult, %j, %c6 : index
      %v = scf.if %inside -> f32 {
        %vg = tensor.extract %g[%e, %i, %j] : tensor<5x4x6xf32>
        %vu = tensor.extract %u[%e, %i, %j] : tensor<5x4x6xf32>
        %z = arith.select %isUp, %vu, %vg : f32
        scf.yield %z : f32
      } else {
        scf.yield %nan : f32
      }
      linalg.yield %v : f32
    } -> tensor<5x2x4x8xf32>
    %0 = moe.panel_matmul 2 rows(%x : tensor<?x4xf32>) by(%source : tensor<?xi32>) div 3 groups(%offsets : tensor<6xi32>)
      panels(%w : tensor<5x2x4x8xf32>) vectors(%b : tensor<5x6xf32>) outs(%ho : tensor<?x6xf32>) {
    ^bb1(%a : f32, %c : f32, %d : f32):
      %m = arith.mulf %a, %c : f32
      %t = arith.addf %m, %d : f32
      moe.yield %t : f32
    }
    scf.yield %0 : tensor<?x6xf32>
  } else {
    %0 = moe.kernel ins(%x, %source, %offsets : tensor<?x4xf32>, tensor<?xi32>, tensor<6xi32>) outs(%ho : tensor<?x6xf32>) {
    ^bb1(%kx : tensor<?x4xf32>, %ks : tensor<?xi32>, %ko : tensor<6xi32>, %kh : tensor<?x6xf32>):
      %1 = moe.grouped_matmul rows(%kx : tensor<?x4xf32>) by(%ks : tensor<?xi32>) div 3 groups(%ko : tensor<6xi32>)
        weights(@gate : tensor<5x4x6xf32>, @up : tensor<5x4x6xf32>) vectors(@bias : tensor<5x6xf32>) outs(%kh : tensor<?x6xf32>) {
      ^bb2(%a : f32, %c : f32, %d : f32):
        %m = arith.mulf %a, %c : f32
        %t = arith.addf %m, %d : f32
        moe.yield %t : f32
      }
      moe.yield %1 : tensor<?x6xf32>
    }
    scf.yield %0 : tensor<?x6xf32>
  }
  %co = tensor.empty(%r) : tensor<?x6xf32>
  %out = moe.combine %h : tensor<?x6xf32> from(%position : tensor<?x3xi32>) outs(%co : tensor<?x6xf32>)
  return %out : tensor<?x6xf32>
}

func.func private @compare(%x : tensor<?x4xf32>, %ids : tensor<?x3xi32>) {
  %false = arith.constant false
  %true = arith.constant true
  %rtol = arith.constant 1.0e-5 : f32
  %atol = arith.constant 1.0e-6 : f32
  %0 = call @body(%x, %ids) : (tensor<?x4xf32>, tensor<?x3xi32>) -> tensor<?x6xf32>
  %1 = call @grouped(%x, %ids, %false) : (tensor<?x4xf32>, tensor<?x3xi32>, i1) -> tensor<?x6xf32>
  %2 = call @grouped(%x, %ids, %true) : (tensor<?x4xf32>, tensor<?x3xi32>, i1) -> tensor<?x6xf32>
  %a = tensor.cast %0 : tensor<?x6xf32> to tensor<*xf32>
  %b = tensor.cast %1 : tensor<?x6xf32> to tensor<*xf32>
  %c = tensor.cast %2 : tensor<?x6xf32> to tensor<*xf32>
  call @check_almost_eq_f32(%b, %a, %rtol, %atol) : (tensor<*xf32>, tensor<*xf32>, f32, f32) -> ()
  call @exact(%c, %b) : (tensor<*xf32>, tensor<*xf32>) -> ()
  return
}

func.func private @test_forms() {
  %x = arith.constant dense<[[0.5, -1.0, 2.0, 0.25], [1.0, 0.0, -3.0, 4.0], [-0.5, 0.75, 1.5, -2.0], [0.1, 0.2, 0.3, 0.4], [9.0, 8.0, 7.0, 6.0]]> : tensor<5x4xf32>
  %ids = arith.constant dense<[[4, 0, 1], [-1, -1, -1], [0, 0, 3], [3, -1, 5], [1, 4, 0]]> : tensor<5x3xi32>
  %dx = tensor.cast %x : tensor<5x4xf32> to tensor<?x4xf32>
  %dids = tensor.cast %ids : tensor<5x3xi32> to tensor<?x3xi32>
  // Slot (3, 2) names no expert: there experts give 0, and group no place.
  call @compare(%dx, %dids) : (tensor<?x4xf32>, tensor<?x3xi32>) -> ()
  %nox = tensor.empty() : tensor<0x4xf32>
  %noids = tensor.empty() : tensor<0x3xi32>
  %dnox = tensor.cast %nox : tensor<0x4xf32> to tensor<?x4xf32>
  %dnoids = tensor.cast %noids : tensor<0x3xi32> to tensor<?x3xi32>
  call @compare(%dnox, %dnoids) : (tensor<?x4xf32>, tensor<?x3xi32>) -> ()
  return
}

func.func @main() {
  call @test_kinds() : () -> ()
  call @test_weight_value() : () -> ()
  call @test_random() : () -> ()
  call @test_combine() : () -> ()
  call @test_group() : () -> ()
  call @test_forms() : () -> ()
  return
}
