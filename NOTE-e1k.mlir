#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> (d0)>
func.func private @elementwise(%arg0: tensor<?x1xf32>, %arg1: index, %arg2: tensor<?x1xf32>) -> tensor<?x1xf32> attributes {moe.kernel, moe.outs = 1 : i64} {
  %cst = arith.constant 0.0 : f32
  %cst_0 = arith.constant 0xFF800000 : f32
  %0 = tensor.empty(%arg1) : tensor<?xf32>
  %1 = linalg.fill ins(%cst_0 : f32) outs(%0 : tensor<?xf32>) -> tensor<?xf32>
  %2 = linalg.generic {indexing_maps = [#map1, #map2], iterator_types = ["parallel", "reduction"]} ins(%arg0 : tensor<?x1xf32>) outs(%1 : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %9 = arith.maximumf %out, %in : f32
    linalg.yield %9 : f32
  } -> tensor<?xf32>
  %3 = tensor.empty(%arg1) : tensor<?x1xf32>
  %4 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%arg0, %2 : tensor<?x1xf32>, tensor<?xf32>) outs(%3 : tensor<?x1xf32>) {
  ^bb0(%in: f32, %in_1: f32, %out: f32):
    %9 = arith.subf %in, %in_1 : f32
    linalg.yield %9 : f32
  } -> tensor<?x1xf32>
  %8 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%4, %2 : tensor<?x1xf32>, tensor<?xf32>) outs(%arg2 : tensor<?x1xf32>) {
  ^bb0(%in: f32, %in_1: f32, %out: f32):
    %9 = arith.divf %in, %in_1 : f32
    linalg.yield %9 : f32
  } -> tensor<?x1xf32>
  return %8 : tensor<?x1xf32>
}
