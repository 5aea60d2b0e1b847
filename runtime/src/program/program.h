//===- program.h - a validated program as tables ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_PROGRAM_H
#define MOE_RT_SRC_PROGRAM_PROGRAM_H

#include "moe_rt/contract/program.h"

#include <string_view>

namespace moe::rt {

/// A table of the program section. Owns nothing.
template <typename T>
class ProgramTable {
public:
  ProgramTable() = default;
  ProgramTable(const T *data, uint32_t count) : entries(data), count(count) {}

  uint32_t size() const { return count; }
  const T *data() const { return entries; }
  const T &operator[](uint32_t index) const { return entries[index]; }
  const T *begin() const { return entries; }
  const T *end() const { return entries + count; }

private:
  const T *entries = nullptr;
  uint32_t count = 0;
};

/// A program section whose tables have been looked up. Points into the section,
/// which must outlive it. Only validateProgram fills it, so that every index in
/// it is known to be in range.
struct Program {
  uint32_t registerCount = 0;
  ProgramTable<moe_command> commands;
  ProgramTable<moe_program_operand> operands;
  ProgramTable<moe_program_buffer> buffers;
  ProgramTable<moe_program_tensor> inputs;
  ProgramTable<moe_program_tensor> outputs;
  ProgramTable<moe_program_dim> dims;
  ProgramTable<moe_program_kernel> kernels;
  ProgramTable<moe_program_phase> phases;
  ProgramTable<moe_program_launch> launches;
  ProgramTable<moe_program_weight> weights;
  ProgramTable<moe_program_pool> pools;
  ProgramTable<moe_program_layer> layers;
  ProgramTable<moe_string> messages;
  ProgramTable<char> strings;

  /// The bytes of a string, without terminator.
  std::string_view text(moe_string string) const {
    return {strings.data() + string.offset, string.length};
  }
};

/// Bytes of one element of `dtype`; 0 for a number that is no type.
inline uint64_t dtypeSize(uint32_t dtype) {
  switch (dtype) {
  case MOE_DTYPE_BOOL:
  case MOE_DTYPE_U8:
  case MOE_DTYPE_I8:
    return 1;
  case MOE_DTYPE_U16:
  case MOE_DTYPE_I16:
  case MOE_DTYPE_F16:
  case MOE_DTYPE_BF16:
    return 2;
  case MOE_DTYPE_U32:
  case MOE_DTYPE_I32:
  case MOE_DTYPE_F32:
    return 4;
  case MOE_DTYPE_U64:
  case MOE_DTYPE_I64:
  case MOE_DTYPE_F64:
    return 8;
  default:
    return 0;
  }
}

/// "run" for MOE_CMD_RUN and so on; "unknown" for a number that is no command.
const char *commandName(uint16_t op);

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_PROGRAM_H
