//===- MathExpand.h - transcendental functions as arithmetic ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One formula per function for scalars and vectors of any width, so that a
// value's bits do not depend on how code was vectorised. fma is written out;
// nothing else is ever contracted.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_MATHEXPAND_H
#define MOE_LIB_CODEGEN_CPU_MATHEXPAND_H

#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Value.h"

namespace moe {
namespace kernel {

/// Emits arithmetic on one type: f32, f64 or vectors of them. Functions whose
/// name ends in 64 want f64; the others say what they take. Error bounds are
/// in units in the last place, over all arguments, and are tested.
class MathExpander {
public:
  MathExpander(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type)
      : b(builder), loc(loc), type(type) {}

  mlir::Value constant(double value);
  /// `value` as an integer with the bits of the type's elements.
  mlir::Value integer(uint64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y);
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z);
  mlir::Value sqrt(mlir::Value x);
  mlir::Value abs(mlir::Value x);
  mlir::Value floor(mlir::Value x);
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign);
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value x,
                      mlir::Value y);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);
  mlir::Value both(mlir::Value x, mlir::Value y);
  mlir::Value toBits(mlir::Value x);
  mlir::Value fromBits(mlir::Value x);

  /// coefficients[0] + coefficients[1] x + ..., by Horner's rule with fma.
  mlir::Value polynomial(mlir::Value x, ArrayRef<double> coefficients);

  /// Converts to or from the type with elements of f64.
  mlir::Value extend(mlir::Value x);
  mlir::Value truncate(mlir::Value x);
  /// An expander for f64 of the same shape.
  MathExpander wide();

  mlir::Value exp32(mlir::Value x);    ///< 1.1
  mlir::Value exp2of32(mlir::Value x); ///< 1.1
  mlir::Value tanh32(mlir::Value x);   ///< 2
  mlir::Value erf32(mlir::Value x);    ///< 2

  mlir::Value exp64(mlir::Value x);     ///< 1
  mlir::Value expm1of64(mlir::Value x); ///< 4
  mlir::Value log64(mlir::Value x);     ///< 1
  mlir::Value log1pOf64(mlir::Value x); ///< 2
  mlir::Value tanh64(mlir::Value x);    ///< 4
  mlir::Value atan64(mlir::Value x);    ///< 1e-11 relative; for f32 results

  /// The value of x^y for f32 values in f64, rounded by the caller.
  mlir::Value pow64(mlir::Value x, mlir::Value y);

  /// sin or cos of f32 values in f64 (scalars), with the table of
  /// getReductionTable() as a memref.
  mlir::Value sine64(mlir::Value x, bool cosine, mlir::Value table);

private:
  mlir::Value bitsOf(mlir::Value x);
  mlir::Type integerType();
  mlir::Value reduceExp(mlir::Value x, mlir::Value &exponent, double log2e,
                        double ln2High, double ln2Low);
  mlir::Value scale(mlir::Value x, mlir::Value exponent);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;
};

/// (2^e · 2/π) mod 4 as pairs of doubles, whose sum has it to 106 bits, for
/// e = 0 .. 104: what a float of exponent e + 23 is multiplied with to get its
/// quadrant.
SmallVector<double> getReductionTable();

} // namespace kernel
} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_MATHEXPAND_H
