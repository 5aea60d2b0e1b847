// RUN: moe-opt %s --moe-math | FileCheck %s

// CHECK: memref.global "private" constant @moe.two_over_pi : memref<105x2xf64>

// CHECK-LABEL: func.func @exp(
// CHECK-NOT:     math.exp
// CHECK:         math.fma %{{.*}} : vector<16xf32>
// CHECK:         arith.shli %{{.*}} : vector<16xi32>
// CHECK:         return
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// Computed in f64, rounded once.
// CHECK-LABEL: func.func @log(
// CHECK:         arith.extf %{{.*}} : f32 to f64
// CHECK-NOT:     math.log
// CHECK:         arith.truncf %{{.*}} : f64 to f32
func.func @log(%x: f32) -> f32 {
  %0 = math.log %x : f32
  return %0 : f32
}

// CHECK-LABEL: func.func @half(
// CHECK:         arith.extf %{{.*}} : f16 to f32
// CHECK-NOT:     math.tanh
// CHECK:         arith.truncf %{{.*}} : f32 to f16
func.func @half(%x: f16) -> f16 {
  %0 = math.tanh %x : f16
  return %0 : f16
}

// The table is looked up lane by lane.
// CHECK-LABEL: func.func @cos(
// CHECK:         memref.get_global @moe.two_over_pi
// CHECK-COUNT-8: memref.load
// CHECK:         vector.from_elements
func.func @cos(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.cos %x : vector<4xf32>
  return %0 : vector<4xf32>
}

// What has an instruction stays.
// CHECK-LABEL: func.func @native(
// CHECK-NEXT:    math.sqrt
// CHECK-NEXT:    math.floor
// CHECK-NEXT:    math.fma
// CHECK-NEXT:    math.roundeven
// CHECK-NEXT:    return
func.func @native(%x: f32) -> f32 {
  %0 = math.sqrt %x : f32
  %1 = math.floor %0 : f32
  %2 = math.fma %1, %1, %x : f32
  %3 = math.roundeven %2 : f32
  return %3 : f32
}
