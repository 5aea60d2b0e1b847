//===- HostConverter.h - one host function to one program -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_HOSTTOMOERT_HOSTCONVERTER_H
#define MOE_LIB_CONVERSION_HOSTTOMOERT_HOSTCONVERTER_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"

namespace moe {

/// The extent of one dimension: known now, or a register.
struct HostDim {
  int64_t size = mlir::ShapedType::kDynamic;
  mlir::Value reg;
  bool isStatic() const { return !reg; }
};

/// A tensor of the host function: where its bytes are and how far it extends.
struct HostTensor {
  mlir::Value buffer;
  SmallVector<HostDim> dims;
};

/// Converts the body of a host function (calls of kernels, views, index
/// arithmetic) to the commands of a `moert.program`.
class HostConverter {
public:
  HostConverter(mlir::func::FuncOp host, mlir::OpBuilder &builder);

  /// Creates the program at the builder's insertion point. `kernelNames`
  /// collects the kernels that are called, in order of first use.
  LogicalResult convert(StringRef programName);

  /// Kernel symbols in order of first use.
  ArrayRef<mlir::func::FuncOp> getKernels() const { return kernels; }

private:
  LogicalResult convertInputs();
  LogicalResult convertOp(mlir::Operation *op);
  LogicalResult convertConstant(mlir::arith::ConstantOp op);
  LogicalResult convertArith(mlir::Operation *op);
  LogicalResult convertView(mlir::Operation *op);
  LogicalResult convertExtractSlice(mlir::tensor::ExtractSliceOp op);
  LogicalResult convertDim(mlir::tensor::DimOp op);
  LogicalResult convertFromElements(mlir::tensor::FromElementsOp op);
  LogicalResult convertReshape(mlir::Operation *op);
  LogicalResult convertExtract(mlir::tensor::ExtractOp op);
  LogicalResult convertCall(mlir::func::CallOp op);
  LogicalResult convertReturn(mlir::func::ReturnOp op);
  LogicalResult convertMoE(mlir::Operation *op);
  LogicalResult convertWeight(WeightValueOp op);
  LogicalResult convertPin(PinOp op);
  LogicalResult convertCountExperts(CountExpertsOp op);

  /// A register with the value of an index, integer or boolean SSA value.
  mlir::Value getRegister(mlir::Value value) { return registers.lookup(value); }
  mlir::Value constant(int64_t value);
  mlir::Value compute(mlir::Location loc, rt::ComputeKind kind, mlir::Value lhs,
                      mlir::Value rhs);
  /// Sets the builder to the end of the shape prefix if every operand is known
  /// there, else to the end of the program.
  bool enterShapePrefix(mlir::ValueRange operands);
  void leaveShapePrefix(bool entered, mlir::ValueRange results);

  HostDim dimOf(mlir::OpFoldResult size);
  mlir::Value dimRegister(const HostDim &dim);
  mlir::Value multiply(mlir::Location loc, mlir::Value lhs, mlir::Value rhs);
  /// Bytes of a tensor.
  mlir::Value byteSize(mlir::Location loc, ArrayRef<HostDim> dims,
                       mlir::Type elementType);
  /// Row-major index of an element.
  mlir::Value linearIndex(mlir::Location loc, ArrayRef<HostDim> dims,
                          mlir::ValueRange indices);
  /// A tensor whose bytes exist: places empty ones, writes element lists.
  FailureOr<HostTensor> materialize(mlir::Value tensor);
  FailureOr<HostTensor> newDestination(mlir::Value operand);
  void place(mlir::Location loc, mlir::Value buffer, ArrayRef<HostDim> dims,
             mlir::Type elementType);
  void releaseAfterLastUse();
  LogicalResult emitOutput(mlir::Location loc, unsigned index,
                           mlir::Value value);

  mlir::func::FuncOp host;
  mlir::OpBuilder &builder;
  rt::ProgramOp program;
  mlir::Block *body = nullptr;
  /// Last operation of the prefix that depends on input shapes only.
  mlir::Operation *prefixEnd = nullptr;
  llvm::DenseMap<mlir::Value, mlir::Value> registers;
  llvm::DenseMap<mlir::Value, HostTensor> tensors;
  llvm::DenseMap<mlir::Value, SmallVector<mlir::Value>> elementLists;
  llvm::DenseMap<int64_t, mlir::Value> constants;
  llvm::DenseSet<mlir::Value> prefixValues;
  llvm::DenseSet<mlir::Value> placed;
  llvm::DenseSet<mlir::Value> outputs;
  llvm::DenseMap<mlir::Value, mlir::Value> pools;
  llvm::StringSet<> declared;
  SmallVector<mlir::func::FuncOp> kernels;
  unsigned constantCount = 0;
};

} // namespace moe

#endif // MOE_LIB_CONVERSION_HOSTTOMOERT_HOSTCONVERTER_H
