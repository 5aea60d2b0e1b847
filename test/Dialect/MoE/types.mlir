// RUN: moe-opt %s --verify-roundtrip | FileCheck %s

// The dialect has no types of its own, on purpose; these are its attributes.

// CHECK: module attributes {
// CHECK-SAME: test.file = #moe.file<"a folder/\22quoted\22.bin", offset = 9223372036854775807, length = 0>,
// CHECK-SAME: test.kind = #moe<normalize_kind softmax>,
// CHECK-SAME: test.random = #moe.random<seed = 18446744073709551615, low = -1.500000e+00, high = 1.000000e-03>,
// CHECK-SAME: test.slot = #moe.slot<@pool, offset = 4096>}
module attributes {
  test.file = #moe.file<"a folder/\22quoted\22.bin", offset = 9223372036854775807, length = 0>,
  test.kind = #moe<normalize_kind softmax>,
  test.random = #moe.random<seed = 18446744073709551615, low = -1.5, high = 0.001>,
  test.slot = #moe.slot<@pool, offset = 4096>
} {
}
