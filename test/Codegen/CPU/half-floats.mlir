// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-half-floats),canonicalize)' | FileCheck %s
// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-half-floats))' | FileCheck %s --check-prefix=PLAIN

// Each operation rounds; canonicalisation must not take that away.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME:    %[[A:[^:]*]]: bf16, %[[B:[^:]*]]: bf16)
// CHECK-DAG:     %[[WA:.*]] = arith.extf %[[A]] : bf16 to f32
// CHECK-DAG:     %[[WB:.*]] = arith.extf %[[B]] : bf16 to f32
// CHECK:         %[[S:.*]] = arith.addf %[[WA]], %[[WB]] : f32
// CHECK:         %[[R:.*]] = arith.truncf %[[S]] : f32 to bf16
// CHECK:         %[[WR:.*]] = arith.extf %[[R]] : bf16 to f32
// CHECK:         %[[P:.*]] = arith.mulf %[[WR]], %{{.*}} : f32
// CHECK:         arith.truncf %[[P]] : f32 to bf16
func.func @chain(%a: bf16, %b: bf16) -> bf16 {
  %0 = arith.addf %a, %b : bf16
  %1 = arith.mulf %0, %a : bf16
  return %1 : bf16
}

// CHECK-LABEL: func.func @vectors(
// CHECK:         arith.maximumf %{{.*}} : vector<16xf32>
// CHECK:         arith.cmpf olt, %{{.*}} : vector<16xf32>
func.func @vectors(%a: vector<16xf16>, %b: vector<16xf16>) -> (vector<16xf16>, vector<16xi1>) {
  %0 = arith.maximumf %a, %b : vector<16xf16>
  %1 = arith.cmpf olt, %a, %b : vector<16xf16>
  return %0, %1 : vector<16xf16>, vector<16xi1>
}

// CHECK-LABEL: func.func @from_integer(
// PLAIN-LABEL: func.func @from_integer(
// PLAIN:         arith.sitofp %{{.*}} : i64 to f64
// PLAIN:         arith.truncf %{{.*}} : f64 to f16
func.func @from_integer(%i: i64) -> f16 {
  %0 = arith.sitofp %i : i64 to f16
  return %0 : f16
}

// Moves and conversions stay.
// CHECK-LABEL: func.func @moves(
// CHECK-NEXT:    arith.select %{{.*}} : bf16
// CHECK-NEXT:    arith.extf
// CHECK-NEXT:    return
func.func @moves(%c: i1, %a: bf16, %b: bf16) -> f32 {
  %0 = arith.select %c, %a, %b : bf16
  %1 = arith.extf %0 : bf16 to f32
  return %1 : f32
}

// CHECK-LABEL: func.func @single(
// CHECK-NEXT:    arith.addf %{{.*}} : f32
// CHECK-NEXT:    return
func.func @single(%a: f32) -> f32 {
  %0 = arith.addf %a, %a : f32
  return %0 : f32
}
