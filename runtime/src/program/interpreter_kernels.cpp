//===- interpreter_kernels.cpp - kernels, launches and experts ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "pool/pool.h"
#include "program/interpreter.h"

#include <cinttypes>
#include <cstring>

using namespace moe::rt;

static uint64_t slotOf(const void *pointer) {
  return uint64_t(reinterpret_cast<uintptr_t>(pointer));
}

Status Interpreter::fillSlots(const moe_program_operand *operands,
                              uint32_t count, uint64_t *slots,
                              uint32_t &slotCount) {
  slotCount = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const moe_program_operand &operand = operands[i];
    switch (operand.kind) {
    case MOE_OPERAND_REGISTER:
      slots[slotCount++] = uint64_t(regs[operand.index]);
      break;
    case MOE_OPERAND_BUFFER: {
      uint8_t *address = nullptr;
      uint64_t left = 0;
      MOE_RT_RETURN_IF_ERROR(bufferOperand(operand, address, left));
      slots[slotCount++] = slotOf(address);
      break;
    }
    case MOE_OPERAND_WEIGHT: {
      const uint8_t *data = nullptr;
      MOE_RT_RETURN_IF_ERROR(constants.weight(operand.index, data));
      slots[slotCount++] = slotOf(data);
      break;
    }
    default: { // MOE_OPERAND_POOL
      const uint8_t *base = nullptr;
      const int32_t *table = nullptr;
      MOE_RT_RETURN_IF_ERROR(constants.pool(operand.index, base, table));
      slots[slotCount++] = slotOf(base);
      slots[slotCount++] = slotOf(table);
      break;
    }
    }
  }
  return Status();
}

Status Interpreter::kernelFailed(const moe_program_kernel &kernel,
                                 int32_t code) {
  std::string_view name = setup.program->text(kernel.name);
  int length = int(name.size());
  switch (code) {
  case MOE_KERNEL_INDEX_OUT_OF_RANGE:
    return fail(MOE_RT_INVALID_ARGUMENT,
                "kernel '%.*s': an index is out of range", length, name.data());
  case MOE_KERNEL_DIVISION_BY_ZERO:
    return fail(MOE_RT_INVALID_ARGUMENT,
                "kernel '%.*s': an integer is divided by zero", length,
                name.data());
  case NegativeItems:
    return fail(MOE_RT_INTERNAL,
                "kernel '%.*s': a phase has a negative number of items", length,
                name.data());
  default:
    return fail(MOE_RT_INTERNAL, "kernel '%.*s' failed with code %" PRId32,
                length, name.data(), code);
  }
}

Status Interpreter::runKernel(const moe_command &command) {
  MOE_RT_RETURN_IF_ERROR(checkCancelled());
  const Program &program = *setup.program;
  const moe_program_kernel &kernel = program.kernels[command.a];
  const moe_program_operand *operands = program.operands.data() + command.b;
  uint64_t *block = slots.data();
  block[MOE_SLOT_ENVIRONMENT] = slotOf(setup.device.environment);
  block[MOE_SLOT_SCRATCH] = kernel.scratch_bytes ? slotOf(scratch.data()) : 0;
  block[MOE_SLOT_SCRATCH_STRIDE] = kernel.scratch_bytes;
  for (uint32_t i = 0; i < kernel.phase_count; ++i) {
    int64_t items = regs[operands[i].index];
    if (items < 0) {
      return kernelFailed(kernel, NegativeItems);
    }
    block[MOE_SLOT_FIRST_ITEMS + i] = uint64_t(items);
    uint32_t phase = kernel.first_phase + i;
    phases[i] = {setup.phases[phase], int64_t{MOE_SLOT_FIRST_ITEMS} + i,
                 program.phases[phase].grain};
  }
  uint32_t slotCount = 0;
  MOE_RT_RETURN_IF_ERROR(
      fillSlots(operands + kernel.phase_count, command.c - kernel.phase_count,
                block + MOE_SLOT_FIRST_ITEMS + kernel.phase_count, slotCount));
  int32_t code = setup.device.table->run(setup.device.context, phases.data(),
                                         kernel.phase_count, block);
  return code ? kernelFailed(kernel, code) : Status();
}

Status Interpreter::launch(const moe_command &command) {
  MOE_RT_RETURN_IF_ERROR(checkCancelled());
  const Program &program = *setup.program;
  const moe_program_launch &entry = program.launches[command.a];
  if (!setup.device.table->launch) {
    return fail(MOE_RT_UNSUPPORTED,
                "device '%s' has no queues to launch kernel %u on",
                setup.device.table->name, entry.kernel);
  }
  launchCall = {};
  launchCall.launch = &entry;
  for (int i = 0; i < 3; ++i) {
    launchCall.grid[i] = regs[entry.grid_reg[i]];
    if (launchCall.grid[i] < 0) {
      return fail(MOE_RT_INTERNAL, "a grid dimension is %" PRId64,
                  launchCall.grid[i]);
    }
  }
  MOE_RT_RETURN_IF_ERROR(fillSlots(program.operands.data() + command.b,
                                   command.c, slots.data(),
                                   launchCall.argumentCount));
  launchCall.arguments = slots.data();
  return setup.device.table->launch(setup.device.context, launchCall);
}

Status Interpreter::pin(const moe_command &command) {
  int64_t count = regs[command.c];
  Buffer *ids = nullptr;
  MOE_RT_RETURN_IF_ERROR(buffer(command.b, ids));
  if (count < 0 || uint64_t(count) > ids->size / sizeof(int32_t)) {
    return fail(MOE_RT_INTERNAL,
                "buffer %u of %" PRIu64 " bytes does not hold %" PRId64
                " experts",
                command.b, ids->size, count);
  }
  return constants.pin(command.a, ids->data, uint64_t(count));
}

Status Interpreter::countRows(const moe_command &command) {
  Buffer *offsets = nullptr;
  MOE_RT_RETURN_IF_ERROR(buffer(command.b, offsets));
  uint32_t experts = setup.program->layers[command.a].experts;
  if (offsets->size / sizeof(int32_t) < uint64_t{experts} + 1) {
    return fail(MOE_RT_INTERNAL,
                "buffer %u of %" PRIu64 " bytes does not hold the offsets of "
                "%u experts",
                command.b, offsets->size, experts);
  }
  uint64_t *counts = rows.data() + firstRow[command.a];
  int32_t before;
  memcpy(&before, offsets->data, sizeof(before));
  for (uint32_t e = 0; e < experts; ++e) {
    int32_t after;
    memcpy(&after, offsets->data + (e + 1) * sizeof(after), sizeof(after));
    if (before < 0 || after < before) {
      return fail(MOE_RT_INTERNAL,
                  "the offsets of expert %u are %" PRId32 " and %" PRId32, e,
                  before, after);
    }
    counts[e] += uint64_t(after - before);
    before = after;
  }
  return Status();
}
