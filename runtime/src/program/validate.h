//===- validate.h - checks a program section once ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_VALIDATE_H
#define MOE_RT_SRC_PROGRAM_VALIDATE_H

#include "moe_rt/contract/package.h"
#include "program/program.h"
#include "status.h"

namespace moe::rt {

/// Limits that keep a hostile program from asking for absurd amounts of memory
/// before it runs.
enum : uint32_t { MaxRegisters = 1u << 24, MaxRank = 64, MaxCallDepth = 16 };

/// Checks a program section completely: nothing that the interpreter or the
/// session reads from `program` afterwards can be out of range, whatever the
/// bytes were. `data` must be aligned to 8 bytes and outlive `program`;
/// `sections` is the package's section table, which weights and pools are
/// checked against. The caller compares `program.phases.size()` with the phase
/// count of each code image. Errors: incompatible for a newer version, else
/// invalid_argument, with the table entry or command and the reason.
///
/// What depends on values of a run (sizes, offsets, item counts, the depth of
/// calls, whether a buffer is placed) is checked by the interpreter.
Status validateProgram(const void *data, uint64_t size,
                       const moe_package_section *sections,
                       uint32_t sectionCount, Program &program);

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_VALIDATE_H
