//===- interpreter.cpp - runs validated programs --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The validator has checked every index; what depends on values is checked
// here. The commands that touch memory are in interpreter_memory.cpp, kernels
// and experts in interpreter_kernels.cpp.
//
//===----------------------------------------------------------------------===//

#include "program/interpreter.h"

#include "program/text.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

using namespace moe::rt;

//===----------------------------------------------------------------------===//
// Set-up
//===----------------------------------------------------------------------===//

Status Interpreter::create(const InterpreterSetup &setup,
                           Owned<Interpreter> &result) {
  const Allocator &allocator = setup.device.allocator;
  Owned<Interpreter> interpreter(
      allocator, moe::rt::create<Interpreter>(allocator, setup));
  if (!interpreter) {
    return Status::outOfMemory("a session", sizeof(Interpreter));
  }
  MOE_RT_RETURN_IF_ERROR(interpreter->allocate());
  result = std::move(interpreter);
  return Status();
}

Status Interpreter::allocate() {
  const Allocator &allocator = setup.device.allocator;
  const Program &program = *setup.program;
  MOE_RT_RETURN_IF_ERROR(Border::create(allocator, program, tensors));
  MOE_RT_RETURN_IF_ERROR(
      Constants::create(setup.device, program, *setup.sections, constants));
  MOE_RT_RETURN_IF_ERROR(
      Arena::create(allocator, program.buffers.size(), temporaries));
  regs = Array<int64_t>(allocator);
  MOE_RT_RETURN_IF_ERROR(regs.resize(program.registerCount));
  buffers = Array<Buffer>(allocator);
  MOE_RT_RETURN_IF_ERROR(buffers.resize(program.buffers.size()));

  uint64_t phaseCount = 0;
  uint64_t scratchBytes = 0;
  uint64_t slotCount = 0;
  for (const moe_program_kernel &kernel : program.kernels) {
    phaseCount = std::max<uint64_t>(phaseCount, kernel.phase_count);
    scratchBytes = std::max(scratchBytes, kernel.scratch_bytes);
  }
  // An operand fills one slot or two; the number that a kernel says counts only
  // once a command fills them.
  for (const moe_command &command : program.commands) {
    if (command.op == MOE_CMD_LAUNCH || command.op == MOE_CMD_RUN) {
      slotCount = std::max(slotCount, uint64_t{MOE_SLOT_FIRST_ITEMS} +
                                          2 * uint64_t{command.c});
    }
  }
  phases = Array<moe_phase>(allocator);
  MOE_RT_RETURN_IF_ERROR(phases.resize(phaseCount));
  slots = Array<uint64_t>(allocator);
  MOE_RT_RETURN_IF_ERROR(slots.resize(slotCount));
  scratch = Block(allocator);
  uint64_t workers = uint64_t(setup.device.environment->max_workers);
  if (scratchBytes > UINT64_MAX / workers) {
    return Status::outOfMemory("the kernels' scratch", UINT64_MAX);
  }
  rows = Array<uint64_t>(allocator);
  firstRow = Array<uint64_t>(allocator);
  return scratch.reserve(scratchBytes * workers, "the kernels' scratch");
}

Status Interpreter::countExperts(bool on) {
  if (on) {
    const auto &layers = setup.program->layers;
    MOE_RT_RETURN_IF_ERROR(firstRow.resize(layers.size()));
    uint64_t count = 0;
    for (uint32_t i = 0; i < layers.size(); ++i) {
      firstRow[i] = count;
      count += layers[i].experts;
    }
    MOE_RT_RETURN_IF_ERROR(rows.resize(count));
    std::fill(rows.begin(), rows.end(), 0);
  }
  counting = on;
  return Status();
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

Status Interpreter::fail(moe_rt_status_code_t code, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return Status::error(code, "command %u (%s): %s", current,
                       commandName(setup.program->commands[current].op), text);
}

Status Interpreter::calculationFailed(const moe_command &command) {
  int64_t left = regs[command.b];
  int64_t right = regs[command.c];
  const char *sign = "/";
  switch (command.op) {
  case MOE_CMD_ADD:
    sign = "+";
    break;
  case MOE_CMD_SUB:
    sign = "-";
    break;
  case MOE_CMD_MUL:
    sign = "*";
    break;
  case MOE_CMD_TRUNCREM:
    sign = "%";
    break;
  default:
    break;
  }
  bool division =
      command.op >= MOE_CMD_FLOORDIV && command.op <= MOE_CMD_TRUNCREM;
  return fail(MOE_RT_INVALID_ARGUMENT, "%" PRId64 " %s %" PRId64 " %s", left,
              sign, right,
              division && !right ? "divides by zero" : "overflows");
}

Status Interpreter::controlFailed(const moe_command &command) {
  if (command.op == MOE_CMD_CALL) {
    return fail(MOE_RT_INTERNAL, "calls are nested more than %u deep",
                MaxCallDepth);
  }
  return fail(MOE_RT_INTERNAL, "there is no call to return from");
}

/// The program's own message, with {0}, {1}, ... replaced by registers.
Status Interpreter::failCommand(const moe_command &command) {
  std::string_view message =
      setup.program->text(setup.program->messages[command.b]);
  Text text;
  while (!message.empty()) {
    size_t brace = message.find('{');
    size_t end = message.find('}', brace);
    if (end == std::string_view::npos) {
      break;
    }
    uint64_t number = 0;
    bool valid = end > brace + 1 && end - brace < 8;
    for (size_t i = brace + 1; i < end && valid; ++i) {
      valid = message[i] >= '0' && message[i] <= '9';
      number = number * 10 + uint64_t(message[i] - '0');
    }
    if (!valid || number >= command.c) {
      text.add(message.substr(0, brace + 1));
      message.remove_prefix(brace + 1);
      continue;
    }
    text.add(message.substr(0, brace));
    text.add("%" PRId64, regs[size_t(command.imm) + number]);
    message.remove_prefix(end + 1);
  }
  text.add(message);
  return Status::error(MOE_RT_INVALID_ARGUMENT, "%s", text.get());
}

Status Interpreter::checkCancelled() const {
  if (cancelled.load(std::memory_order_relaxed)) {
    return Status::error(MOE_RT_CANCELLED, "the run was cancelled");
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

static int64_t floorDiv(int64_t left, int64_t right) {
  int64_t quotient = left / right;
  return quotient - (left % right != 0 && (left < 0) != (right < 0));
}

static int64_t ceilDiv(int64_t left, int64_t right) {
  int64_t quotient = left / right;
  return quotient + (left % right != 0 && (left < 0) == (right < 0));
}

/// Arithmetic on two registers; false for an overflow or a division by zero.
static inline bool calculateBinary(uint16_t op, int64_t left, int64_t right,
                                   int64_t &result) {
  bool canDivide = right && !(right == -1 && left == INT64_MIN);
  switch (op) {
  case MOE_CMD_ADD:
    return !__builtin_add_overflow(left, right, &result);
  case MOE_CMD_SUB:
    return !__builtin_sub_overflow(left, right, &result);
  case MOE_CMD_MUL:
    return !__builtin_mul_overflow(left, right, &result);
  case MOE_CMD_FLOORDIV:
    result = canDivide ? floorDiv(left, right) : 0;
    return canDivide;
  case MOE_CMD_CEILDIV:
    result = canDivide ? ceilDiv(left, right) : 0;
    return canDivide;
  case MOE_CMD_TRUNCDIV:
    result = canDivide ? left / right : 0;
    return canDivide;
  case MOE_CMD_TRUNCREM:
    // What INT64_MIN leaves over -1 is 0, though the quotient overflows.
    result = canDivide ? left % right : 0;
    return right != 0;
  case MOE_CMD_MIN:
    result = std::min(left, right);
    return true;
  case MOE_CMD_MAX:
    result = std::max(left, right);
    return true;
  case MOE_CMD_EQ:
    result = left == right;
    return true;
  case MOE_CMD_NE:
    result = left != right;
    return true;
  case MOE_CMD_LT:
    result = left < right;
    return true;
  case MOE_CMD_LE:
    result = left <= right;
    return true;
  case MOE_CMD_AND:
    result = left & right;
    return true;
  case MOE_CMD_OR:
    result = left | right;
    return true;
  default: // MOE_CMD_XOR
    result = left ^ right;
    return true;
  }
}

inline bool Interpreter::calculate(const moe_command &command) {
  if (command.op == MOE_CMD_CONST) {
    regs[command.a] = command.imm;
    return true;
  }
  int64_t left = regs[command.b];
  int64_t right = regs[command.c];
  if (command.op == MOE_CMD_SELECT) {
    regs[command.a] = left ? right : regs[size_t(command.imm)];
    return true;
  }
  // Not into the register: an error names the operands.
  int64_t result;
  if (!calculateBinary(command.op, left, right, result)) {
    return false;
  }
  regs[command.a] = result;
  return true;
}

/// Branches and calls; false for a call too deep or a return from none.
inline bool Interpreter::control(const moe_command &command, uint32_t &next) {
  switch (command.op) {
  case MOE_CMD_BRANCH:
    next = regs[command.a] ? command.b : command.c;
    return true;
  case MOE_CMD_JUMP:
    next = command.a;
    return true;
  case MOE_CMD_CALL:
    if (callDepth == MaxCallDepth) {
      return false;
    }
    calls[callDepth++] = next;
    next = command.a;
    return true;
  default: // MOE_CMD_RETURN
    if (!callDepth) {
      return false;
    }
    next = calls[--callDepth];
    return true;
  }
}

Status Interpreter::other(const moe_command &command) {
  switch (command.op) {
  case MOE_CMD_LOAD:
    return load(command);
  case MOE_CMD_STORE:
    return store(command);
  case MOE_CMD_PLACE:
    return place(command);
  case MOE_CMD_RELEASE:
    return release(command);
  case MOE_CMD_COPY:
    return copy(command);
  case MOE_CMD_RUN:
    return runKernel(command);
  case MOE_CMD_LAUNCH:
    return launch(command);
  case MOE_CMD_FAIL:
    return regs[command.a] ? Status() : failCommand(command);
  case MOE_CMD_PIN:
    return pin(command);
  case MOE_CMD_UNPIN:
    if (!constants.unpin(command.a)) {
      return fail(MOE_RT_INTERNAL, "pool %u is not pinned", command.a);
    }
    return Status();
  default: // MOE_CMD_COUNT_EXPERTS
    return counting ? countRows(command) : Status();
  }
}

inline Status Interpreter::step(const moe_command &command, uint32_t &next) {
  if (command.op <= MOE_CMD_SELECT) {
    return calculate(command) ? Status() : calculationFailed(command);
  }
  if (command.op < MOE_CMD_BRANCH || command.op > MOE_CMD_RETURN) {
    return other(command);
  }
  if (!control(command, next)) {
    return controlFailed(command);
  }
  return next <= current ? checkCancelled() : Status();
}

Status Interpreter::execute() {
  const moe_command *commands = setup.program->commands.data();
  uint64_t left = setup.commandLimit;
  uint32_t next = 0;
  while (true) {
    current = next++;
    if (!left--) {
      return fail(MOE_RT_INVALID_ARGUMENT,
                  "the run has more than %" PRIu64 " commands",
                  setup.commandLimit);
    }
    const moe_command &command = commands[current];
    if (command.op == MOE_CMD_END) {
      return Status();
    }
    MOE_RT_RETURN_IF_ERROR(step(command, next));
    if (setup.observer) {
      setup.observer->executed(*this, current, next);
    }
  }
}

Status Interpreter::startRun() {
  // Registers start at zero, so that runs do not depend on one another.
  std::fill(regs.begin(), regs.end(), 0);
  MOE_RT_RETURN_IF_ERROR(tensors.startRun(regs.data()));
  MOE_RT_RETURN_IF_ERROR(temporaries.startRun());
  constants.startRun();
  callDepth = 0;
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    const moe_program_buffer &entry = setup.program->buffers[i];
    buffers[i] = {};
    if (entry.kind == MOE_BUFFER_INPUT) {
      // The validator lets nobody write to it.
      auto *data = const_cast<void *>(tensors.inputData(entry.index));
      buffers[i] = {static_cast<uint8_t *>(data),
                    tensors.inputBytes(entry.index), true};
    }
  }
  return Status();
}

Status Interpreter::run() {
  cancelled.store(false, std::memory_order_relaxed);
  MOE_RT_RETURN_IF_ERROR(startRun());
  Status status = execute();
  temporaries.endRun();
  if (status.ok()) {
    status = tensors.finishRun();
  }
  if (!status.ok()) {
    tensors.forgetOutputs();
  }
  return status;
}
