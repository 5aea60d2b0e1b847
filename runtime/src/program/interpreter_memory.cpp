//===- interpreter_memory.cpp - commands that touch memory ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/interpreter.h"

#include <cinttypes>
#include <cstring>

using namespace moe::rt;

/// A buffer that can be read.
Status Interpreter::buffer(uint32_t index, Buffer *&result) {
  Buffer &buffer = buffers[index];
  result = &buffer;
  if (buffer.placed) {
    return Status();
  }
  const moe_program_buffer &entry = setup.program->buffers[index];
  if (entry.kind != MOE_BUFFER_WEIGHT) {
    return fail(MOE_RT_INTERNAL, "buffer %u is not placed", index);
  }
  const uint8_t *data = nullptr;
  MOE_RT_RETURN_IF_ERROR(constants.weight(entry.index, data));
  // The validator lets nobody write to it.
  buffer = {const_cast<uint8_t *>(data),
            setup.program->weights[entry.index].length, true};
  return Status();
}

Status Interpreter::element(const moe_command &command, uint32_t index,
                            int64_t element, uint8_t *&address) {
  Buffer *found = nullptr;
  MOE_RT_RETURN_IF_ERROR(buffer(index, found));
  uint64_t size = dtypeSize(uint32_t(command.imm));
  uint64_t count = found->size / size;
  if (element < 0 || uint64_t(element) >= count) {
    return fail(MOE_RT_INTERNAL,
                "element %" PRId64 " of buffer %u does not exist; there are "
                "%" PRIu64,
                element, index, count);
  }
  address = found->data + uint64_t(element) * size;
  return Status();
}

template <typename T>
static T readAs(const uint8_t *address) {
  T value;
  memcpy(&value, address, sizeof(T));
  return value;
}

Status Interpreter::load(const moe_command &command) {
  uint8_t *address = nullptr;
  MOE_RT_RETURN_IF_ERROR(element(command, command.b, regs[command.c], address));
  int64_t &result = regs[command.a];
  switch (command.imm) {
  case MOE_DTYPE_BOOL:
    result = *address != 0;
    return Status();
  case MOE_DTYPE_U8:
    result = *address;
    return Status();
  case MOE_DTYPE_I8:
    result = readAs<int8_t>(address);
    return Status();
  case MOE_DTYPE_U16:
    result = readAs<uint16_t>(address);
    return Status();
  case MOE_DTYPE_I16:
    result = readAs<int16_t>(address);
    return Status();
  case MOE_DTYPE_U32:
    result = readAs<uint32_t>(address);
    return Status();
  case MOE_DTYPE_I32:
    result = readAs<int32_t>(address);
    return Status();
  case MOE_DTYPE_U64: {
    auto value = readAs<uint64_t>(address);
    if (value > INT64_MAX) {
      return fail(MOE_RT_INVALID_ARGUMENT, "%" PRIu64 " is above 2^63 - 1",
                  value);
    }
    result = int64_t(value);
    return Status();
  }
  default: // MOE_DTYPE_I64
    result = readAs<int64_t>(address);
    return Status();
  }
}

/// Writes a value as T; false if T cannot hold it.
template <typename T>
static bool writeAs(uint8_t *address, int64_t value) {
  T narrow;
  // The sum checks the range, whatever T's width and sign are.
  if (__builtin_add_overflow(value, 0, &narrow)) {
    return false;
  }
  memcpy(address, &narrow, sizeof(T));
  return true;
}

static bool writeElement(int64_t dtype, uint8_t *address, int64_t value) {
  switch (dtype) {
  case MOE_DTYPE_BOOL:
    return uint64_t(value) <= 1 && writeAs<uint8_t>(address, value);
  case MOE_DTYPE_U8:
    return writeAs<uint8_t>(address, value);
  case MOE_DTYPE_I8:
    return writeAs<int8_t>(address, value);
  case MOE_DTYPE_U16:
    return writeAs<uint16_t>(address, value);
  case MOE_DTYPE_I16:
    return writeAs<int16_t>(address, value);
  case MOE_DTYPE_U32:
    return writeAs<uint32_t>(address, value);
  case MOE_DTYPE_I32:
    return writeAs<int32_t>(address, value);
  case MOE_DTYPE_U64:
    return writeAs<uint64_t>(address, value);
  default: // MOE_DTYPE_I64
    return writeAs<int64_t>(address, value);
  }
}

Status Interpreter::store(const moe_command &command) {
  uint8_t *address = nullptr;
  MOE_RT_RETURN_IF_ERROR(element(command, command.a, regs[command.b], address));
  if (!writeElement(command.imm, address, regs[command.c])) {
    return fail(MOE_RT_INVALID_ARGUMENT, "%s cannot hold %" PRId64,
                moe_rt_dtype_name(moe_rt_dtype_t(command.imm)),
                regs[command.c]);
  }
  return Status();
}

Status Interpreter::place(const moe_command &command) {
  int64_t size = regs[command.b];
  Buffer &buffer = buffers[command.a];
  if (size < 0) {
    return fail(MOE_RT_INVALID_ARGUMENT, "the size %" PRId64 " is negative",
                size);
  }
  if (buffer.placed) {
    return fail(MOE_RT_INTERNAL, "buffer %u is placed already", command.a);
  }
  const moe_program_buffer &entry = setup.program->buffers[command.a];
  if (entry.kind == MOE_BUFFER_TEMP) {
    MOE_RT_RETURN_IF_ERROR(
        temporaries.place(command.a, uint64_t(size), buffer.data));
  } else {
    MOE_RT_RETURN_IF_ERROR(
        tensors.placeOutput(entry.index, regs.data(), size, buffer.data));
  }
  buffer.size = uint64_t(size);
  buffer.placed = true;
  return Status();
}

Status Interpreter::release(const moe_command &command) {
  if (!buffers[command.a].placed) {
    return fail(MOE_RT_INTERNAL, "buffer %u is not placed", command.a);
  }
  buffers[command.a] = {};
  temporaries.release(command.a);
  return Status();
}

/// The address that a buffer operand means and the bytes from there on.
Status Interpreter::bufferOperand(const moe_program_operand &operand,
                                  uint8_t *&address, uint64_t &left) {
  Buffer *found = nullptr;
  MOE_RT_RETURN_IF_ERROR(buffer(operand.index, found));
  int64_t offset =
      operand.offset_reg == MOE_NONE ? 0 : regs[operand.offset_reg];
  if (offset < 0 || uint64_t(offset) > found->size) {
    return fail(MOE_RT_INTERNAL,
                "offset %" PRId64 " is outside buffer %u of %" PRIu64 " bytes",
                offset, operand.index, found->size);
  }
  address = found->data + offset;
  left = found->size - uint64_t(offset);
  return Status();
}

Status Interpreter::copy(const moe_command &command) {
  int64_t size = regs[command.c];
  uint8_t *to = nullptr;
  uint8_t *from = nullptr;
  uint64_t toLeft = 0;
  uint64_t fromLeft = 0;
  const auto &operands = setup.program->operands;
  MOE_RT_RETURN_IF_ERROR(bufferOperand(operands[command.a], to, toLeft));
  MOE_RT_RETURN_IF_ERROR(bufferOperand(operands[command.b], from, fromLeft));
  if (size < 0 || uint64_t(size) > toLeft || uint64_t(size) > fromLeft) {
    return fail(MOE_RT_INTERNAL,
                "cannot copy %" PRId64 " bytes: the source has %" PRIu64
                ", the target %" PRIu64,
                size, fromLeft, toLeft);
  }
  if (!size) {
    return Status();
  }
  return setup.device.table->copy(setup.device.context, to, from,
                                  uint64_t(size));
}
