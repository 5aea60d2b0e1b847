//===- validate_commands.cpp - checks commands and their operands ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/validator.h"

#include <cinttypes>

using namespace moe::rt;

Status Validator::checkOperands() {
  entry = "operand";
  for (entryIndex = 0; entryIndex < program.operands.size(); ++entryIndex) {
    const moe_program_operand &operand = program.operands[entryIndex];
    MOE_RT_RETURN_IF_ERROR(isZero("its reserved field", operand.reserved));
    switch (operand.kind) {
    case MOE_OPERAND_REGISTER:
      MOE_RT_RETURN_IF_ERROR(isRegister("register", operand.index));
      break;
    case MOE_OPERAND_BUFFER:
      MOE_RT_RETURN_IF_ERROR(
          inRange("buffer", operand.index, program.buffers.size()));
      if (operand.offset_reg != MOE_NONE) {
        MOE_RT_RETURN_IF_ERROR(
            isRegister("offset register", operand.offset_reg));
      }
      continue;
    case MOE_OPERAND_WEIGHT:
      MOE_RT_RETURN_IF_ERROR(
          inRange("weight", operand.index, program.weights.size()));
      break;
    case MOE_OPERAND_POOL:
      MOE_RT_RETURN_IF_ERROR(
          inRange("pool", operand.index, program.pools.size()));
      break;
    default:
      return error("its kind %u is unknown", operand.kind);
    }
    if (operand.offset_reg != MOE_NONE) {
      return error("only a buffer takes an offset");
    }
  }
  return Status();
}

Status Validator::checkArithmetic(const moe_command &command) const {
  MOE_RT_RETURN_IF_ERROR(isRegister("register", command.a));
  if (command.op == MOE_CMD_CONST) {
    return Status();
  }
  MOE_RT_RETURN_IF_ERROR(isRegister("register", command.b));
  MOE_RT_RETURN_IF_ERROR(isRegister("register", command.c));
  if (command.op == MOE_CMD_SELECT) {
    // A negative one is out of range as an unsigned number.
    return isRegister("register", uint64_t(command.imm));
  }
  return Status();
}

Status Validator::checkWritten(const char *what, uint32_t buffer) const {
  MOE_RT_RETURN_IF_ERROR(inRange("buffer", buffer, program.buffers.size()));
  uint32_t kind = program.buffers[buffer].kind;
  if (kind != MOE_BUFFER_TEMP && kind != MOE_BUFFER_OUTPUT) {
    return error("%s buffer %u is an input or a weight, which are read-only",
                 what, buffer);
  }
  return Status();
}

Status Validator::checkAccess(const char *what, uint32_t buffer, int64_t dtype,
                              bool write) const {
  if (write) {
    MOE_RT_RETURN_IF_ERROR(checkWritten(what, buffer));
  }
  MOE_RT_RETURN_IF_ERROR(inRange("buffer", buffer, program.buffers.size()));
  if (dtype < MOE_DTYPE_BOOL || dtype > MOE_DTYPE_I64) {
    return error("type %" PRId64 " is neither integer nor boolean", dtype);
  }
  return Status();
}

Status Validator::checkCopy(const moe_command &command) const {
  MOE_RT_RETURN_IF_ERROR(
      inRange("operand", command.a, program.operands.size()));
  MOE_RT_RETURN_IF_ERROR(
      inRange("operand", command.b, program.operands.size()));
  MOE_RT_RETURN_IF_ERROR(isRegister("register", command.c));
  for (uint32_t index : {command.a, command.b}) {
    if (program.operands[index].kind != MOE_OPERAND_BUFFER) {
      return error("operand %u is not a buffer", index);
    }
  }
  return checkWritten("target", program.operands[command.a].index);
}

Status Validator::checkMemory(const moe_command &command) const {
  switch (command.op) {
  case MOE_CMD_LOAD:
    MOE_RT_RETURN_IF_ERROR(isRegister("register", command.a));
    MOE_RT_RETURN_IF_ERROR(isRegister("register", command.c));
    return checkAccess("source", command.b, command.imm, /*write=*/false);
  case MOE_CMD_STORE:
    MOE_RT_RETURN_IF_ERROR(isRegister("register", command.b));
    MOE_RT_RETURN_IF_ERROR(isRegister("register", command.c));
    return checkAccess("target", command.a, command.imm, /*write=*/true);
  case MOE_CMD_PLACE:
    MOE_RT_RETURN_IF_ERROR(isRegister("register", command.b));
    return checkWritten("placed", command.a);
  case MOE_CMD_RELEASE:
    MOE_RT_RETURN_IF_ERROR(
        inRange("buffer", command.a, program.buffers.size()));
    if (program.buffers[command.a].kind != MOE_BUFFER_TEMP) {
      return error("buffer %u is not a temporary one", command.a);
    }
    return Status();
  default:
    return checkCopy(command);
  }
}

Status Validator::checkKernelCall(const moe_command &command) const {
  uint64_t end = uint64_t{command.b} + command.c;
  if (end > program.operands.size()) {
    return error("its operands end at %" PRIu64 "; there are %u", end,
                 program.operands.size());
  }
  if (command.op == MOE_CMD_LAUNCH) {
    return inRange("launch", command.a, program.launches.size());
  }
  MOE_RT_RETURN_IF_ERROR(inRange("kernel", command.a, program.kernels.size()));
  const moe_program_kernel &kernel = program.kernels[command.a];
  if (command.c < kernel.phase_count) {
    return error("it has %u operands, but kernel %u has %u phases", command.c,
                 command.a, kernel.phase_count);
  }
  const moe_program_operand *operands = program.operands.data() + command.b;
  for (uint32_t i = 0; i < kernel.phase_count; ++i) {
    if (operands[i].kind != MOE_OPERAND_REGISTER) {
      return error("operand %u gives the items of phase %u and is not a "
                   "register",
                   command.b + i, i);
    }
  }
  uint64_t slots = 0;
  for (uint32_t i = kernel.phase_count; i < command.c; ++i) {
    slots += operands[i].kind == MOE_OPERAND_POOL ? 2 : 1;
  }
  if (slots != kernel.argument_slots) {
    return error("its operands fill %" PRIu64 " slots, but kernel %u takes %u",
                 slots, command.a, kernel.argument_slots);
  }
  return Status();
}

Status Validator::checkControl(const moe_command &command) const {
  uint32_t count = program.commands.size();
  switch (command.op) {
  case MOE_CMD_BRANCH:
    MOE_RT_RETURN_IF_ERROR(isRegister("register", command.a));
    MOE_RT_RETURN_IF_ERROR(inRange("command", command.b, count));
    return inRange("command", command.c, count);
  case MOE_CMD_JUMP:
  case MOE_CMD_CALL:
    return inRange("command", command.a, count);
  case MOE_CMD_FAIL: {
    MOE_RT_RETURN_IF_ERROR(isRegister("register", command.a));
    MOE_RT_RETURN_IF_ERROR(
        inRange("message", command.b, program.messages.size()));
    uint64_t end;
    if (command.imm < 0 ||
        __builtin_add_overflow(uint64_t(command.imm), command.c, &end) ||
        end > program.registerCount) {
      return error("%u registers from %" PRId64
                   " on are out of range; there are %u",
                   command.c, command.imm, program.registerCount);
    }
    return Status();
  }
  default:
    return Status();
  }
}

Status Validator::checkExperts(const moe_command &command) const {
  if (command.op == MOE_CMD_COUNT_EXPERTS) {
    MOE_RT_RETURN_IF_ERROR(inRange("layer", command.a, program.layers.size()));
    return inRange("buffer", command.b, program.buffers.size());
  }
  MOE_RT_RETURN_IF_ERROR(inRange("pool", command.a, program.pools.size()));
  if (command.op == MOE_CMD_UNPIN) {
    return Status();
  }
  MOE_RT_RETURN_IF_ERROR(inRange("buffer", command.b, program.buffers.size()));
  return isRegister("register", command.c);
}

Status Validator::checkCommand(const moe_command &command) const {
  MOE_RT_RETURN_IF_ERROR(isZero("its flags field", command.flags));
  switch (command.op) {
  case MOE_CMD_LOAD:
  case MOE_CMD_STORE:
  case MOE_CMD_PLACE:
  case MOE_CMD_RELEASE:
  case MOE_CMD_COPY:
    return checkMemory(command);
  case MOE_CMD_RUN:
  case MOE_CMD_LAUNCH:
    return checkKernelCall(command);
  case MOE_CMD_END:
  case MOE_CMD_BRANCH:
  case MOE_CMD_JUMP:
  case MOE_CMD_CALL:
  case MOE_CMD_RETURN:
  case MOE_CMD_FAIL:
    return checkControl(command);
  case MOE_CMD_PIN:
  case MOE_CMD_UNPIN:
  case MOE_CMD_COUNT_EXPERTS:
    return checkExperts(command);
  default:
    if (command.op > MOE_CMD_COUNT_EXPERTS) {
      return error("command %u does not exist", command.op);
    }
    return checkArithmetic(command);
  }
}

Status Validator::checkCommands() {
  uint32_t count = program.commands.size();
  if (!count) {
    return error("there are no commands");
  }
  entry = "command";
  for (entryIndex = 0; entryIndex < count; ++entryIndex) {
    detail = commandName(program.commands[entryIndex].op);
    MOE_RT_RETURN_IF_ERROR(checkCommand(program.commands[entryIndex]));
  }
  // Only the last command could run off the end: every target is in range.
  entryIndex = count - 1;
  switch (program.commands[entryIndex].op) {
  case MOE_CMD_END:
  case MOE_CMD_BRANCH:
  case MOE_CMD_JUMP:
  case MOE_CMD_RETURN:
    return Status();
  default:
    return error("the last command must be end, branch, jump or return");
  }
}
