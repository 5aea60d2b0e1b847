// Layers that are no chain of products over one tensor of rows.
#id = affine_map<(i, j) -> (i, j)>
#col = affine_map<(i, j) -> (j)>
#row = affine_map<(i, j) -> (i)>
moe.weight @w : tensor<3x4x4xf32> {
^bb0(%e : index):
  %0 = moe.source dense<0.5> : tensor<4x4xf32>
  moe.yield %0 : tensor<4x4xf32>
}
moe.weight @v : tensor<2x4xf32> {
^bb0(%e : index):
  %0 = moe.source dense<[[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 0.25, 2.0]]> : tensor<2x4xf32>
  %1 = tensor.extract_slice %0[%e, 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<4xf32>
  moe.yield %1 : tensor<4xf32>
}
func.func @main(%ids : tensor<?x2xi32> {onnx.name = "ids", onnx.dim_names = ["N", ""]},
                %x : tensor<?x4xf32> {onnx.name = "x", onnx.dim_names = ["N", ""]},
                %z : tensor<?x2x4xf32> {onnx.name = "z", onnx.dim_names = ["N", "", ""]},
                %c : tensor<4xf32> {onnx.name = "c"},
                %p : tensor<?x2xf32> {onnx.name = "p", onnx.dim_names = ["N", ""]})
    -> (tensor<?x2x4xf32> {onnx.name = "operands"}, tensor<?x4xf32> {onnx.name = "kinds"},
        tensor<?x2x4xf32> {onnx.name = "first"}, tensor<?x2xf32> {onnx.name = "second"}) {
  %c0 = arith.constant 0 : index
  %half = arith.constant 0.5 : f32
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %init = tensor.empty(%n) : tensor<?x2x4xf32>
  %init2 = tensor.empty(%n) : tensor<?x2xf32>
  %out = tensor.empty(%n) : tensor<?x4xf32>

  // Per-slot rows, context, the expert's own id: ((x w + z) c + e) / 2.
  %operands = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x4xf32>) slots(%z : tensor<?x2x4xf32>) context(%c, %half : tensor<4xf32>, f32) outs(%init : tensor<?x2x4xf32>)
  experts 0 to 3 weights(@w : tensor<3x4x4xf32>) {
  ^bb0(%e : index, %xe : tensor<?x4xf32>, %ze : tensor<?x4xf32>, %ce : tensor<4xf32>, %s : f32, %wt : tensor<4x4xf32>):
    %i0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %m = tensor.dim %xe, %i0 : tensor<?x4xf32>
    %e0 = tensor.empty(%m) : tensor<?x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x4xf32>) -> tensor<?x4xf32>
    %h = linalg.matmul ins(%xe, %wt : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    %i = arith.index_cast %e : index to i32
    %number = arith.sitofp %i : i32 to f32
    %r = linalg.generic {indexing_maps = [#id, #id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%h, %ze, %ce : tensor<?x4xf32>, tensor<?x4xf32>, tensor<4xf32>) outs(%e0 : tensor<?x4xf32>) {
    ^bb0(%a : f32, %b : f32, %d : f32, %o : f32):
      %t = arith.addf %a, %b : f32
      %u = arith.mulf %t, %d : f32
      %v = arith.addf %u, %number : f32
      %q = arith.mulf %v, %s : f32
      linalg.yield %q : f32
    } -> tensor<?x4xf32>
    moe.yield %r : tensor<?x4xf32>
  }

  // Products; the row itself; an element-wise body with weights; zero.
  %y = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x4xf32>) outs(%init : tensor<?x2x4xf32>)
  experts 0 to 3 weights(@w : tensor<3x4x4xf32>) {
  ^bb0(%e : index, %xe : tensor<?x4xf32>, %wt : tensor<4x4xf32>):
    %i0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %m = tensor.dim %xe, %i0 : tensor<?x4xf32>
    %e0 = tensor.empty(%m) : tensor<?x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x4xf32>) -> tensor<?x4xf32>
    %h = linalg.matmul ins(%xe, %wt : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    moe.yield %h : tensor<?x4xf32>
  },
  experts 3 to 4 {
  ^bb0(%e : index, %xe : tensor<?x4xf32>):
    moe.yield %xe : tensor<?x4xf32>
  },
  experts 4 to 6 weights(@v : tensor<2x4xf32>) {
  ^bb0(%e : index, %xe : tensor<?x4xf32>, %vt : tensor<4xf32>):
    %i0 = arith.constant 0 : index
    %m = tensor.dim %xe, %i0 : tensor<?x4xf32>
    %e0 = tensor.empty(%m) : tensor<?x4xf32>
    %r = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
      ins(%xe, %vt : tensor<?x4xf32>, tensor<4xf32>) outs(%e0 : tensor<?x4xf32>) {
    ^bb0(%a : f32, %b : f32, %o : f32):
      %t = arith.mulf %a, %b : f32
      linalg.yield %t : f32
    } -> tensor<?x4xf32>
    moe.yield %r : tensor<?x4xf32>
  },
  experts 6 to 7 {
  ^bb0(%e : index, %xe : tensor<?x4xf32>):
    %i0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %m = tensor.dim %xe, %i0 : tensor<?x4xf32>
    %e0 = tensor.empty(%m) : tensor<?x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x4xf32>) -> tensor<?x4xf32>
    moe.yield %f : tensor<?x4xf32>
  }
  %kinds = moe.combine %y : tensor<?x2x4xf32> at(%ids : tensor<?x2xi32>) with(%p : tensor<?x2xf32>) outs(%out : tensor<?x4xf32>)

  // Two results, one of them a number per slot: -x, and the sum of x.
  %two:2 = moe.experts at(%ids : tensor<?x2xi32>) rows(%x : tensor<?x4xf32>) outs(%init, %init2 : tensor<?x2x4xf32>, tensor<?x2xf32>)
  experts 0 to 5 {
  ^bb0(%e : index, %xe : tensor<?x4xf32>):
    %i0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %m = tensor.dim %xe, %i0 : tensor<?x4xf32>
    %e0 = tensor.empty(%m) : tensor<?x4xf32>
    %e1 = tensor.empty(%m) : tensor<?xf32>
    %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%xe : tensor<?x4xf32>) outs(%e0 : tensor<?x4xf32>) {
    ^bb0(%a : f32, %o : f32):
      %t = arith.negf %a : f32
      linalg.yield %t : f32
    } -> tensor<?x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
    %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%xe : tensor<?x4xf32>) outs(%f : tensor<?xf32>) {
    ^bb0(%a : f32, %o : f32):
      %t = arith.addf %o, %a : f32
      linalg.yield %t : f32
    } -> tensor<?xf32>
    moe.yield %r, %s : tensor<?x4xf32>, tensor<?xf32>
  }
  return %operands, %kinds, %two#0, %two#1 : tensor<?x2x4xf32>, tensor<?x4xf32>, tensor<?x2x4xf32>, tensor<?x2xf32>
}
