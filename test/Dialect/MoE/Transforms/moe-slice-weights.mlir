// RUN: moe-opt %s --moe-slice-weights --canonicalize --cse | FileCheck %s

// Experts stacked one by one: one source, whose data depends on the expert.
// CHECK-LABEL: moe.weight private @stacked
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-NEXT: %[[PART:.*]] = moe.source [file<"m", offset = 0, length = 64>, file<"m", offset = 64, length = 64>] at %[[E]] : tensor<4x8xf16>
// CHECK-NEXT: %[[UNIT:.*]] = tensor.expand_shape %[[PART]]
// CHECK-NEXT: %[[EMPTY:.*]] = tensor.empty() : tensor<1x4x8xf32>
// CHECK-NEXT: %[[CAST:.*]] = linalg.generic {{.*}} ins(%[[UNIT]] : tensor<1x4x8xf16>) outs(%[[EMPTY]] : tensor<1x4x8xf32>)
// CHECK: %[[ONE:.*]] = tensor.collapse_shape %[[CAST]]
// CHECK-NEXT: moe.yield %[[ONE]] : tensor<4x8xf32>
moe.weight private @stacked : tensor<2x4x8xf32> {
^bb0(%e : index):
  %a = moe.source file<"m", offset = 0, length = 64> : tensor<4x8xf16>
  %b = moe.source file<"m", offset = 64, length = 64> : tensor<4x8xf16>
  %a1 = tensor.expand_shape %a [[0, 1], [2]] output_shape [1, 4, 8] : tensor<4x8xf16> into tensor<1x4x8xf16>
  %b1 = tensor.expand_shape %b [[0, 1], [2]] output_shape [1, 4, 8] : tensor<4x8xf16> into tensor<1x4x8xf16>
  %all = tensor.concat dim(0) %a1, %b1 : (tensor<1x4x8xf16>, tensor<1x4x8xf16>) -> tensor<2x4x8xf16>
  %empty = tensor.empty() : tensor<2x4x8xf32>
  %cast = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%all : tensor<2x4x8xf16>) outs(%empty : tensor<2x4x8xf32>) {
  ^bb0(%x : f16, %o : f32):
    %y = arith.extf %x : f16 to f32
    linalg.yield %y : f32
  } -> tensor<2x4x8xf32>
  %one = tensor.extract_slice %cast[%e, 0, 0] [1, 4, 8] [1, 1, 1] : tensor<2x4x8xf32> to tensor<4x8xf32>
  moe.yield %one : tensor<4x8xf32>
}

// Experts beside one another in the last dimension, some features of each.
// CHECK-LABEL: moe.weight private @transposed
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-NEXT: %[[ALL:.*]] = moe.source file<"m", offset = 0, length = 512> : tensor<8x4x4xf32>
// CHECK-NEXT: %[[PART:.*]] = tensor.extract_slice %[[ALL]][1, 0, %[[E]]] [4, 2, 1] [2, 1, 1]
// CHECK-NEXT: %[[EMPTY:.*]] = tensor.empty() : tensor<1x4x2xf32>
// CHECK-NEXT: %[[T:.*]] = linalg.generic {{.*}} ins(%[[PART]] : tensor<4x2x1xf32>) outs(%[[EMPTY]] : tensor<1x4x2xf32>)
moe.weight private @transposed : tensor<4x4x2xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 512> : tensor<8x4x4xf32>
  %empty = tensor.empty() : tensor<4x8x4xf32>
  %t = linalg.transpose ins(%all : tensor<8x4x4xf32>) outs(%empty : tensor<4x8x4xf32>) permutation = [2, 0, 1]
  %one = tensor.extract_slice %t[%e, 1, 0] [1, 4, 2] [1, 2, 1] : tensor<4x8x4xf32> to tensor<4x2xf32>
  moe.yield %one : tensor<4x2xf32>
}

// Through reshapes that keep experts apart: runs of a flat tensor.
// CHECK-LABEL: moe.weight private @flat
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-NEXT: %[[C:.*]] = arith.constant 32 : index
// CHECK-NEXT: %[[ALL:.*]] = moe.source file<"m", offset = 0, length = 256> : tensor<64xf32>
// CHECK-NEXT: %[[AT:.*]] = arith.muli %[[E]], %[[C]]
// CHECK-NEXT: %[[SPAN:.*]] = tensor.extract_slice %[[ALL]][%[[AT]]] [32] [1]
// CHECK-NEXT: %[[BOX:.*]] = tensor.expand_shape %[[SPAN]] {{.*}} output_shape [4, 8]
// CHECK-NEXT: moe.yield %[[BOX]]
moe.weight private @flat : tensor<2x4x8xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 256> : tensor<64xf32>
  %box = tensor.expand_shape %all [[0, 1, 2]] output_shape [2, 4, 8] : tensor<64xf32> into tensor<2x4x8xf32>
  %one = tensor.extract_slice %box[%e, 0, 0] [1, 4, 8] [1, 1, 1] : tensor<2x4x8xf32> to tensor<4x8xf32>
  moe.yield %one : tensor<4x8xf32>
}

// The other way: rows of all experts in one dimension.
// CHECK-LABEL: moe.weight private @rows
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-NEXT: %[[ALL:.*]] = moe.source
// CHECK-NEXT: %[[PART:.*]] = tensor.extract_slice %[[ALL]][%[[E]], 1, 0] [1, 2, 8] [1, 1, 1] : tensor<2x4x8xf32>
moe.weight private @rows : tensor<2x2x8xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 256> : tensor<2x4x8xf32>
  %joined = tensor.collapse_shape %all [[0, 1], [2]] : tensor<2x4x8xf32> into tensor<8x8xf32>
  %four = arith.constant 4 : index
  %one = arith.constant 1 : index
  %scaled = arith.muli %e, %four : index
  %at = arith.addi %scaled, %one : index
  %part = tensor.extract_slice %joined[%at, 0] [2, 8] [1, 1] : tensor<8x8xf32> to tensor<2x8xf32>
  moe.yield %part : tensor<2x8xf32>
}

// A loop's index is the expert's.
// CHECK-LABEL: moe.weight private @gathered
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK: %[[ORDER:.*]] = arith.constant dense<[1, 0]>
// CHECK: %[[ALL:.*]] = moe.source
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x8xf32>) {
// CHECK: %[[J:.*]] = linalg.index 1
// CHECK: %[[FROM:.*]] = tensor.extract %[[ORDER]][%[[E]]] : tensor<2xindex>
// CHECK: tensor.extract %[[ALL]][%[[FROM]], %[[J]]]
moe.weight private @gathered : tensor<2x8xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 64> : tensor<2x8xf32>
  %order = arith.constant dense<[1, 0]> : tensor<2xindex>
  %empty = tensor.empty() : tensor<2x8xf32>
  %g = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%empty : tensor<2x8xf32>) {
  ^bb0(%o : f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %from = tensor.extract %order[%i] : tensor<2xindex>
    %x = tensor.extract %all[%from, %j] : tensor<2x8xf32>
    linalg.yield %x : f32
  } -> tensor<2x8xf32>
  %one = tensor.extract_slice %g[%e, 0] [1, 8] [1, 1] : tensor<2x8xf32> to tensor<8xf32>
  moe.yield %one : tensor<8xf32>
}

// One part of a concatenation along another dimension.
// CHECK-LABEL: moe.weight private @half
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-NEXT: %[[B:.*]] = moe.source file<"m", offset = 256, length = 256>
// CHECK-NEXT: %[[PART:.*]] = tensor.extract_slice %[[B]][%[[E]], 0, 0] [1, 4, 8]
// CHECK-NEXT: moe.yield %[[PART]]
moe.weight private @half : tensor<2x4x8xf32> {
^bb0(%e : index):
  %a = moe.source file<"m", offset = 0, length = 256> : tensor<2x4x8xf32>
  %b = moe.source file<"m", offset = 256, length = 256> : tensor<2x4x8xf32>
  %both = tensor.concat dim(1) %a, %b : (tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x8x8xf32>
  %one = tensor.extract_slice %both[%e, 4, 0] [1, 4, 8] [1, 1, 1] : tensor<2x8x8xf32> to tensor<4x8xf32>
  moe.yield %one : tensor<4x8xf32>
}

// Experts that are not computed alike are told apart element by element.
// CHECK-LABEL: moe.weight private @unlike
// CHECK-NOT: tensor.concat
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x8xf32>)
// CHECK: scf.if
moe.weight private @unlike : tensor<3x8xf32> {
^bb0(%e : index):
  %a = moe.source file<"m", offset = 0, length = 64> : tensor<2x8xf32>
  %b = moe.source file<"m", offset = 64, length = 32> : tensor<1x8xf32>
  %all = tensor.concat dim(0) %a, %b : (tensor<2x8xf32>, tensor<1x8xf32>) -> tensor<3x8xf32>
  %one = tensor.extract_slice %all[%e, 0] [1, 8] [1, 1] : tensor<3x8xf32> to tensor<8xf32>
  moe.yield %one : tensor<8xf32>
}

// What does not go up: slices of sources, and of what the pass does not know.
// CHECK-LABEL: moe.weight private @source
// CHECK: %[[ALL:.*]] = moe.source
// CHECK-NEXT: %[[ONE:.*]] = tensor.extract_slice %[[ALL]][%{{.*}}, 0] [1, 8] [1, 1]
// CHECK-NEXT: moe.yield %[[ONE]]
moe.weight private @source : tensor<2x8xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 64> : tensor<2x8xf32>
  %one = tensor.extract_slice %all[%e, 0] [1, 8] [1, 1] : tensor<2x8xf32> to tensor<8xf32>
  moe.yield %one : tensor<8xf32>
}

// CHECK-LABEL: moe.weight private @mixed
// CHECK: %[[ALL:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<8x2xf32>)
// CHECK: tensor.extract_slice %[[ALL]][0, %{{.*}}] [8, 1] [1, 1]
moe.weight private @mixed : tensor<2x8xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 64> : tensor<8x2xf32>
  %empty = tensor.empty() : tensor<8x2xf32>
  %doubled = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%all : tensor<8x2xf32>) outs(%empty : tensor<8x2xf32>) {
  ^bb0(%x : f32, %o : f32):
    %y = arith.addf %x, %x : f32
    linalg.yield %y : f32
  } -> tensor<8x2xf32>
  %flat = tensor.collapse_shape %doubled [[0, 1]] : tensor<8x2xf32> into tensor<16xf32>
  %turned = tensor.expand_shape %flat [[0, 1]] output_shape [8, 2] : tensor<16xf32> into tensor<8x2xf32>
  %one = tensor.extract_slice %turned[0, %e] [8, 1] [1, 1] : tensor<8x2xf32> to tensor<8xf32>
  moe.yield %one : tensor<8xf32>
}

// Parts of a concatenation, and what is read element by element, are computed
// where they are read, through views.
// CHECK-LABEL: moe.weight private @inlined
// CHECK: %[[A:.*]] = moe.source file<"m", offset = 0, length = 32>
// CHECK: %[[B:.*]] = moe.source file<"m", offset = 32, length = 32>
// CHECK-NOT: linalg.generic {{.*}} ins
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<8x4xf32>)
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[J:.*]] = linalg.index 1
// CHECK: scf.if
// CHECK: %[[AE:.*]] = tensor.extract %[[A]][%[[J]], %[[I]]] : tensor<4x4xf16>
// CHECK: arith.extf %[[AE]]
// CHECK: else
// CHECK: arith.muli
// CHECK: arith.addi
// CHECK: %[[BE:.*]] = tensor.extract %[[B]][%{{.*}}] : tensor<16xf16>
// CHECK: arith.extf %[[BE]]
moe.weight private @inlined : tensor<8x4xf32> {
  %a = moe.source file<"m", offset = 0, length = 32> : tensor<4x4xf16>
  %b = moe.source file<"m", offset = 32, length = 32> : tensor<16xf16>
  %square = tensor.expand_shape %b [[0, 1]] output_shape [4, 4] : tensor<16xf16> into tensor<4x4xf16>
  %e = tensor.empty() : tensor<4x4xf32>
  %x = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x4xf16>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%v : f16, %o : f32):
    %w = arith.extf %v : f16 to f32
    linalg.yield %w : f32
  } -> tensor<4x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%square : tensor<4x4xf16>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%v : f16, %o : f32):
    %w = arith.extf %v : f16 to f32
    linalg.yield %w : f32
  } -> tensor<4x4xf32>
  %all = tensor.concat dim(0) %x, %y : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  moe.yield %all : tensor<8x4xf32>
}

// A weight that is no expert's keeps its form, without concatenations.
// CHECK-LABEL: moe.weight private @dense
// CHECK-NOT: tensor.concat
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<3x8xf32>)
// CHECK: scf.if
moe.weight private @dense : tensor<3x8xf32> {
  %a = moe.source file<"m", offset = 0, length = 64> : tensor<2x8xf32>
  %b = moe.source file<"m", offset = 64, length = 32> : tensor<1x8xf32>
  %all = tensor.concat dim(0) %a, %b : (tensor<2x8xf32>, tensor<1x8xf32>) -> tensor<3x8xf32>
  moe.yield %all : tensor<3x8xf32>
}

// Where the first expert reads a tensor twice, the second reads two.
// CHECK-LABEL: moe.weight private @twice
// CHECK-NEXT: ^bb0(%[[E:.*]]: index):
// CHECK-DAG: %[[L:.*]] = moe.source [file<"m", offset = 0, length = 32>, file<"m", offset = 32, length = 32>] at %[[E]]
// CHECK-DAG: %[[R:.*]] = moe.source [file<"m", offset = 0, length = 32>, file<"m", offset = 64, length = 32>] at %[[E]]
// CHECK-DAG: %[[LU:.*]] = tensor.expand_shape %[[L]]
// CHECK-DAG: %[[RU:.*]] = tensor.expand_shape %[[R]]
// CHECK: linalg.generic {{.*}} ins(%[[LU]], %[[RU]] : tensor<1x8xf32>, tensor<1x8xf32>)
moe.weight private @twice : tensor<2x8xf32> {
^bb0(%e : index):
  %a = moe.source file<"m", offset = 0, length = 32> : tensor<8xf32>
  %b = moe.source file<"m", offset = 32, length = 32> : tensor<8xf32>
  %c = moe.source file<"m", offset = 64, length = 32> : tensor<8xf32>
  %a1 = tensor.expand_shape %a [[0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  %b1 = tensor.expand_shape %b [[0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  %c1 = tensor.expand_shape %c [[0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  %empty = tensor.empty() : tensor<1x8xf32>
  %first = linalg.mul ins(%a1, %a1 : tensor<1x8xf32>, tensor<1x8xf32>) outs(%empty : tensor<1x8xf32>) -> tensor<1x8xf32>
  %second = linalg.mul ins(%b1, %c1 : tensor<1x8xf32>, tensor<1x8xf32>) outs(%empty : tensor<1x8xf32>) -> tensor<1x8xf32>
  %all = tensor.concat dim(0) %first, %second : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
  %one = tensor.extract_slice %all[%e, 0] [1, 8] [1, 1] : tensor<2x8xf32> to tensor<8xf32>
  moe.yield %one : tensor<8xf32>
}

// A value that two ops read is sliced once: two sums, not three.
// CHECK-LABEL: moe.weight private @met
// CHECK-COUNT-2: arith.addf
// CHECK-NOT: arith.addf
moe.weight private @met : tensor<2x8xf32> {
^bb0(%e : index):
  %all = moe.source file<"m", offset = 0, length = 64> : tensor<2x8xf32>
  %empty = tensor.empty() : tensor<2x8xf32>
  %0 = linalg.add ins(%all, %all : tensor<2x8xf32>, tensor<2x8xf32>) outs(%empty : tensor<2x8xf32>) -> tensor<2x8xf32>
  %1 = linalg.add ins(%0, %0 : tensor<2x8xf32>, tensor<2x8xf32>) outs(%empty : tensor<2x8xf32>) -> tensor<2x8xf32>
  %one = tensor.extract_slice %1[%e, 0] [1, 8] [1, 1] : tensor<2x8xf32> to tensor<8xf32>
  moe.yield %one : tensor<8xf32>
}
