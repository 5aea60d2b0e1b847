//===- PhaseABI.h - argument blocks of phase functions ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How the argument block of moe_rt/contract/environment.h becomes the memrefs
// and scalars of a phase's body.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CODEGEN_CPU_PHASEABI_H
#define MOE_LIB_CODEGEN_CPU_PHASEABI_H

#include "moe/Support/LLVM.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace moe {
namespace kernel {

/// Slots that the arguments of `kernel` take.
int64_t getArgumentSlots(mlir::func::FuncOp kernel);

/// The code of environment.h that a failed check with this message returns.
int32_t getFailureCode(StringRef message);

/// Writes the items of phase `phase` into the argument block `slots`.
void storeItems(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value slots,
                unsigned phase, mlir::Value count);

/// A dense row-major memref over `pointer` (an LLVM pointer); `sizes` are its
/// dynamic extents as i64.
mlir::Value buildMemRef(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::MemRefType type, mlir::Value pointer,
                        mlir::ValueRange sizes);

/// The arguments of a phase's body: the kernel's, then (begin, end) or the
/// argument block, then pointers to temporaries.
class PhaseSignature {
public:
  explicit PhaseSignature(unsigned phaseCount) : phaseCount(phaseCount) {}

  /// Adds the arguments of `kernel` to `block` and maps them.
  void addArguments(mlir::OpBuilder &builder, mlir::func::FuncOp kernel,
                    mlir::Block &block, mlir::IRMapping &mapping);

  /// Replaces the moe.expert_view ops of `body` by addresses. An error if a
  /// pool is read in another way.
  LogicalResult lowerExpertViews(mlir::func::FuncOp body) const;

  /// A pointer to the temporary at `offset` of scratch: of worker 0 if it is
  /// shared, else of the worker that runs the phase.
  mlir::Value addScratch(mlir::Block &block, mlir::Location loc, int64_t offset,
                         bool shared);

  /// Gives `body` its type, linkage and argument attributes.
  void finish(mlir::func::FuncOp body) const;

  /// Creates the entry, which reads the argument block and calls `body`.
  void buildEntry(mlir::OpBuilder &builder, mlir::func::FuncOp body,
                  StringRef name, bool parallel) const;

private:
  struct Slot {
    /// Pointer, index or integer type of the body's argument.
    mlir::Type type;
    /// Alignment of a pointer, else 0.
    int64_t alignment;
    /// Not a slot, but the number of workers.
    bool workers = false;
  };
  struct Scratch {
    int64_t offset;
    bool shared;
    mlir::Value pointer;
  };

  struct Pool {
    /// What the body takes for the buffer of all experts.
    mlir::Value buffer;
    mlir::Value base;
    mlir::Value slotOf;
    int64_t stride;
    int64_t offset;
  };

  void addPool(mlir::OpBuilder &builder, mlir::MemRefType type,
               mlir::DictionaryAttr attr, mlir::BlockArgument argument,
               mlir::Block &block, mlir::IRMapping &mapping);

  unsigned phaseCount;
  SmallVector<Pool> pools;
  SmallVector<Slot> slots;
  SmallVector<Scratch> scratch;
};

} // namespace kernel
} // namespace moe

#endif // MOE_LIB_CODEGEN_CPU_PHASEABI_H
