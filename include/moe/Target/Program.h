//===- Program.h - programs between MLIR and bytes --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_PROGRAM_H
#define MOE_TARGET_PROGRAM_H

#include "moe/Support/LLVM.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

namespace moe {

namespace rt {
class ProgramOp;
} // namespace rt

/// Where a weight or a pool lies in the package.
struct StoredBytes {
  uint32_t section = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
};

/// Writes a `moert.program` and the kernels, weights, pools and layers declared
/// beside it as a program section (`moe_rt/contract/program.h`). `stored` has
/// an entry for every weight and pool, by symbol name. Fails with a diagnostic
/// where a table would not fit its 32-bit counts.
FailureOr<std::vector<uint8_t>>
serializeProgram(rt::ProgramOp program,
                 const llvm::StringMap<StoredBytes> &stored);

/// The reverse, for `moec inspect`: a module with the declarations and the
/// program. The bytes must have passed the runtime's validator.
mlir::OwningOpRef<mlir::ModuleOp>
deserializeProgram(ArrayRef<uint8_t> bytes, mlir::MLIRContext *context);

} // namespace moe

#endif // MOE_TARGET_PROGRAM_H
