//===- validate.cpp - checks a program section once -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The time is linear in the section's size (but for a sort of the border's
// names), whatever the bytes say: strings may overlap, so that their bytes are
// checked once for the whole table.
//
//===----------------------------------------------------------------------===//

#include "program/validator.h"

#include "allocation.h"

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>

using namespace moe::rt;

static_assert(sizeof(moe_command) == 24);
static_assert(sizeof(moe_program_operand) == 16);
static_assert(sizeof(moe_program_tensor) == 24);
static_assert(sizeof(moe_program_dim) == 24);
static_assert(sizeof(moe_program_kernel) == 32);
static_assert(sizeof(moe_program_launch) == 56);
static_assert(sizeof(moe_program_weight) == 40);
static_assert(sizeof(moe_program_pool) == 32);
static_assert(sizeof(moe_program_header) == 120);

Status Validator::error(const char *format, ...) const {
  char reason[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof(reason), format, arguments);
  va_end(arguments);
  if (!entry) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "program: %s", reason);
  }
  if (detail) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "program: %s %u (%s): %s",
                         entry, entryIndex, detail, reason);
  }
  return Status::error(MOE_RT_INVALID_ARGUMENT, "program: %s %u: %s", entry,
                       entryIndex, reason);
}

Status Validator::inRange(const char *what, uint64_t index,
                          uint64_t count) const {
  if (index < count) {
    return Status();
  }
  return error("%s %" PRIu64 " is out of range; there are %" PRIu64, what,
               index, count);
}

Status Validator::isZero(const char *what, uint64_t value) const {
  if (!value) {
    return Status();
  }
  return error("%s is %" PRIu64 ", expected 0", what, value);
}

Status Validator::checkHeader() {
  if (size < sizeof(moe_program_header)) {
    return error("the section has %" PRIu64 " bytes, its header needs %zu",
                 size, sizeof(moe_program_header));
  }
  if (reinterpret_cast<uintptr_t>(bytes) % 8) {
    return error("the section is not aligned to 8 bytes");
  }
  moe_program_header header;
  memcpy(&header, bytes, sizeof(header));
  if (header.major != MOE_PROGRAM_MAJOR || header.minor > MOE_PROGRAM_MINOR) {
    return Status::error(
        MOE_RT_INCOMPATIBLE,
        "program: its version is %u.%u, this runtime reads %u.%u; %s",
        header.major, header.minor, MOE_PROGRAM_MAJOR, MOE_PROGRAM_MINOR,
        header.major < MOE_PROGRAM_MAJOR ? "compile the model again"
                                         : "update the runtime");
  }
  if (header.register_count > MaxRegisters) {
    return error("%u registers are above the limit of %u",
                 header.register_count, MaxRegisters);
  }
  program.registerCount = header.register_count;
  return Status();
}

template <typename T>
Status Validator::table(const char *name, moe_table where,
                        ProgramTable<T> &result) {
  result = {};
  if (!where.count) {
    return Status();
  }
  if (where.offset % 8) {
    return error("the table of %s starts at %u, expected a multiple of 8", name,
                 where.offset);
  }
  uint64_t end = uint64_t{where.offset} + uint64_t{where.count} * sizeof(T);
  if (end > size) {
    return error("the table of %s ends at %" PRIu64
                 ", beyond the section's %" PRIu64 " bytes",
                 name, end, size);
  }
  result = {reinterpret_cast<const T *>(bytes + where.offset), where.count};
  return Status();
}

Status Validator::checkTables() {
  const auto &header = *reinterpret_cast<const moe_program_header *>(bytes);
  MOE_RT_RETURN_IF_ERROR(table("commands", header.commands, program.commands));
  MOE_RT_RETURN_IF_ERROR(table("operands", header.operands, program.operands));
  MOE_RT_RETURN_IF_ERROR(table("buffers", header.buffers, program.buffers));
  MOE_RT_RETURN_IF_ERROR(table("inputs", header.inputs, program.inputs));
  MOE_RT_RETURN_IF_ERROR(table("outputs", header.outputs, program.outputs));
  MOE_RT_RETURN_IF_ERROR(table("dimensions", header.dims, program.dims));
  MOE_RT_RETURN_IF_ERROR(table("kernels", header.kernels, program.kernels));
  MOE_RT_RETURN_IF_ERROR(table("phases", header.phases, program.phases));
  MOE_RT_RETURN_IF_ERROR(table("launches", header.launches, program.launches));
  MOE_RT_RETURN_IF_ERROR(table("weights", header.weights, program.weights));
  MOE_RT_RETURN_IF_ERROR(table("pools", header.pools, program.pools));
  MOE_RT_RETURN_IF_ERROR(table("layers", header.layers, program.layers));
  MOE_RT_RETURN_IF_ERROR(table("messages", header.messages, program.messages));
  return table("strings", header.strings, program.strings);
}

/// Length of the well-formed UTF-8 sequence at `at`, or 0.
static size_t utf8Sequence(const uint8_t *at, const uint8_t *end) {
  uint8_t lead = *at;
  if (lead < 0x80) {
    return 1;
  }
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || size_t(end - at) < length) {
    return 0;
  }
  // The second byte rules out overlong forms, surrogates and what is above
  // U+10FFFF.
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at[1] < low || at[1] > high) {
    return 0;
  }
  for (size_t i = 2; i < length; ++i) {
    if ((at[i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  return length;
}

Status Validator::checkStringBytes() const {
  const auto *begin = reinterpret_cast<const uint8_t *>(program.strings.data());
  const uint8_t *end = begin + program.strings.size();
  for (const uint8_t *at = begin; at != end;) {
    // Names end up in messages of one line.
    if (*at < 0x20 || *at == 0x7F) {
      return error("byte %zu of the strings is the control character 0x%02x",
                   size_t(at - begin), *at);
    }
    size_t length = utf8Sequence(at, end);
    if (!length) {
      return error("byte %zu of the strings is no UTF-8", size_t(at - begin));
    }
    at += length;
  }
  return Status();
}

Status Validator::checkString(const char *what, moe_string string) const {
  uint64_t count = program.strings.size();
  uint64_t end = uint64_t{string.offset} + string.length;
  if (end > count) {
    return error("its %s ends at byte %" PRIu64 " of %" PRIu64
                 " bytes of strings",
                 what, end, count);
  }
  // Names are compared while sorting, so that their length bounds the time.
  if (string.length > MOE_PROGRAM_MAX_STRING) {
    return error("its %s has %u bytes, more than %u", what, string.length,
                 MOE_PROGRAM_MAX_STRING);
  }
  auto isContinuation = [&](uint64_t at) {
    return at < count && (program.strings[uint32_t(at)] & 0xC0) == 0x80;
  };
  if (isContinuation(string.offset) || isContinuation(end)) {
    return error("its %s cuts a character in two", what);
  }
  return Status();
}

Status Validator::checkStrings() {
  MOE_RT_RETURN_IF_ERROR(checkStringBytes());
  entry = "message";
  for (entryIndex = 0; entryIndex < program.messages.size(); ++entryIndex) {
    MOE_RT_RETURN_IF_ERROR(checkString("text", program.messages[entryIndex]));
  }
  return Status();
}

Status Validator::checkBuffers() {
  entry = "buffer";
  for (entryIndex = 0; entryIndex < program.buffers.size(); ++entryIndex) {
    const moe_program_buffer &buffer = program.buffers[entryIndex];
    switch (buffer.kind) {
    case MOE_BUFFER_TEMP:
      break;
    case MOE_BUFFER_INPUT:
    case MOE_BUFFER_OUTPUT: {
      bool input = buffer.kind == MOE_BUFFER_INPUT;
      const auto &tensors = input ? program.inputs : program.outputs;
      const char *kind = input ? "input" : "output";
      MOE_RT_RETURN_IF_ERROR(inRange(kind, buffer.index, tensors.size()));
      uint32_t other = tensors[buffer.index].buffer;
      if (other != entryIndex) {
        return error("%s %u names buffer %u instead", kind, buffer.index,
                     other);
      }
      break;
    }
    case MOE_BUFFER_WEIGHT:
      MOE_RT_RETURN_IF_ERROR(
          inRange("weight", buffer.index, program.weights.size()));
      break;
    default:
      return error("its kind %u is unknown", buffer.kind);
    }
  }
  return Status();
}

Status Validator::checkTensor(uint32_t index, uint32_t bufferKind,
                              const moe_program_tensor &tensor) const {
  MOE_RT_RETURN_IF_ERROR(checkString("name", tensor.name));
  if (!tensor.name.length) {
    return error("its name is empty");
  }
  uint64_t elementSize = dtypeSize(tensor.dtype);
  if (!elementSize) {
    return error("its type %u is unknown", tensor.dtype);
  }
  if (tensor.rank > MaxRank) {
    return error("its rank %u is above %u", tensor.rank, MaxRank);
  }
  uint64_t end = uint64_t{tensor.first_dim} + tensor.rank;
  if (end > program.dims.size()) {
    return error("its dimensions end at %" PRIu64 "; there are %u", end,
                 program.dims.size());
  }
  MOE_RT_RETURN_IF_ERROR(
      inRange("buffer", tensor.buffer, program.buffers.size()));
  const moe_program_buffer &buffer = program.buffers[tensor.buffer];
  if (buffer.kind != bufferKind || buffer.index != index) {
    return error("buffer %u is not its own", tensor.buffer);
  }
  int64_t staticBytes = int64_t(elementSize);
  for (uint32_t i = 0; i < tensor.rank; ++i) {
    const moe_program_dim &dim = program.dims[tensor.first_dim + i];
    MOE_RT_RETURN_IF_ERROR(checkString("dimension's symbol", dim.symbol));
    MOE_RT_RETURN_IF_ERROR(
        isZero("a dimension's reserved field", dim.reserved));
    if (dim.value == -1) {
      MOE_RT_RETURN_IF_ERROR(isRegister("register", dim.reg));
      continue;
    }
    if (dim.value < 0 || dim.reg != MOE_NONE) {
      return error("dimension %u has value %" PRId64
                   " and register %u, expected one of both",
                   i, dim.value, dim.reg);
    }
    // A zero must not hide an overflow: the other dimensions are multiplied
    // at run time, too.
    if (dim.value &&
        __builtin_mul_overflow(staticBytes, dim.value, &staticBytes)) {
      return error("its static dimensions overflow");
    }
  }
  return Status();
}

Status Validator::checkNames(const char *kind,
                             const ProgramTable<moe_program_tensor> &tensors) {
  Array<uint32_t> order;
  MOE_RT_RETURN_IF_ERROR(order.resize(tensors.size()));
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    order[i] = i;
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    int compared =
        program.text(tensors[a].name).compare(program.text(tensors[b].name));
    return compared ? compared < 0 : a < b;
  });
  for (uint32_t i = 1; i < tensors.size(); ++i) {
    if (program.text(tensors[order[i - 1]].name) ==
        program.text(tensors[order[i]].name)) {
      entry = kind;
      entryIndex = order[i];
      return error("%s %u has the same name", kind, order[i - 1]);
    }
  }
  return Status();
}

Status
Validator::checkTensors(const char *kind, uint32_t bufferKind,
                        const ProgramTable<moe_program_tensor> &tensors) {
  entry = kind;
  for (entryIndex = 0; entryIndex < tensors.size(); ++entryIndex) {
    MOE_RT_RETURN_IF_ERROR(
        checkTensor(entryIndex, bufferKind, tensors[entryIndex]));
  }
  return checkNames(kind, tensors);
}

Status Validator::checkKernels() {
  entry = "phase";
  for (entryIndex = 0; entryIndex < program.phases.size(); ++entryIndex) {
    if (program.phases[entryIndex].grain < 1) {
      return error("its grain is %" PRId64 ", expected at least 1",
                   program.phases[entryIndex].grain);
    }
  }
  entry = "kernel";
  for (entryIndex = 0; entryIndex < program.kernels.size(); ++entryIndex) {
    const moe_program_kernel &kernel = program.kernels[entryIndex];
    MOE_RT_RETURN_IF_ERROR(checkString("name", kernel.name));
    MOE_RT_RETURN_IF_ERROR(isZero("its reserved field", kernel.reserved));
    if (!kernel.phase_count) {
      return error("it has no phases");
    }
    uint64_t end = uint64_t{kernel.first_phase} + kernel.phase_count;
    if (end > program.phases.size()) {
      return error("its phases end at %" PRIu64 "; there are %u", end,
                   program.phases.size());
    }
    if (kernel.scratch_bytes % 64) {
      return error("its scratch is %" PRIu64
                   " bytes, expected a multiple of 64",
                   kernel.scratch_bytes);
    }
  }
  return Status();
}

Status Validator::checkLaunches() {
  entry = "launch";
  for (entryIndex = 0; entryIndex < program.launches.size(); ++entryIndex) {
    const moe_program_launch &launch = program.launches[entryIndex];
    for (int i = 0; i < 3; ++i) {
      MOE_RT_RETURN_IF_ERROR(isRegister("grid register", launch.grid_reg[i]));
      if (!launch.block[i] || !launch.cluster[i]) {
        return error("a block or cluster dimension is 0, expected at least 1");
      }
    }
    MOE_RT_RETURN_IF_ERROR(isZero("its unknown flags", launch.flags & ~3u));
    MOE_RT_RETURN_IF_ERROR(isZero("its reserved field", launch.reserved));
  }
  return Status();
}

Status Validator::checkSection(uint32_t section) const {
  return inRange("section", section, sectionCount);
}

Status Validator::checkEncoding(uint16_t encoding, uint16_t version) const {
  // By enum moe_weight_encoding.
  static const uint16_t newestVersions[] = {0, 0};
  if (encoding < sizeof(newestVersions) / sizeof(newestVersions[0]) &&
      version <= newestVersions[encoding]) {
    return Status();
  }
  return error("its encoding %u, version %u, is unknown to this runtime; use a "
               "newer one",
               unsigned(encoding), unsigned(version));
}

Status Validator::checkWeights() {
  entry = "weight";
  for (entryIndex = 0; entryIndex < program.weights.size(); ++entryIndex) {
    const moe_program_weight &weight = program.weights[entryIndex];
    MOE_RT_RETURN_IF_ERROR(checkString("name", weight.name));
    MOE_RT_RETURN_IF_ERROR(checkSection(weight.section));
    const moe_package_section &section = sections[weight.section];
    if (section.type != MOE_SECTION_WEIGHTS &&
        section.type != MOE_SECTION_CONSTANTS) {
      return error("section %u has type %u, expected weights or constants",
                   weight.section, section.type);
    }
    MOE_RT_RETURN_IF_ERROR(
        checkEncoding(weight.encoding, weight.encoding_version));
    MOE_RT_RETURN_IF_ERROR(isZero("its reserved field", weight.reserved));
    if (!dtypeSize(weight.dtype)) {
      return error("its type %u is unknown", weight.dtype);
    }
    if (weight.offset % 64) {
      return error("its offset %" PRIu64 " is no multiple of 64",
                   weight.offset);
    }
    if (weight.offset > section.payload_length ||
        weight.length > section.payload_length - weight.offset) {
      return error("%" PRIu64 " bytes at %" PRIu64 " are beyond the %" PRIu64
                   " bytes of section %u",
                   weight.length, weight.offset, section.payload_length,
                   weight.section);
    }
  }
  return Status();
}

Status Validator::checkPools() {
  entry = "pool";
  for (entryIndex = 0; entryIndex < program.pools.size(); ++entryIndex) {
    const moe_program_pool &pool = program.pools[entryIndex];
    MOE_RT_RETURN_IF_ERROR(checkString("name", pool.name));
    MOE_RT_RETURN_IF_ERROR(checkSection(pool.section));
    const moe_package_section &section = sections[pool.section];
    if (section.type != MOE_SECTION_POOL) {
      return error("section %u has type %u, expected a pool", pool.section,
                   section.type);
    }
    MOE_RT_RETURN_IF_ERROR(
        checkEncoding(pool.encoding, pool.encoding_version));
    MOE_RT_RETURN_IF_ERROR(isZero("its reserved field", pool.reserved));
    if (!pool.experts || pool.experts > INT32_MAX) {
      return error("it has %u experts, expected 1 to %d", pool.experts,
                   INT32_MAX);
    }
    if (!pool.stride || pool.stride % MOE_PACKAGE_SLOT_ALIGNMENT) {
      return error("its stride %" PRIu64 " is no positive multiple of %" PRIu64,
                   pool.stride, MOE_PACKAGE_SLOT_ALIGNMENT);
    }
    if (pool.stride > section.payload_length / pool.experts) {
      return error("%u experts of %" PRIu64 " bytes are beyond the %" PRIu64
                   " bytes of section %u",
                   pool.experts, pool.stride, section.payload_length,
                   pool.section);
    }
  }
  return Status();
}

Status Validator::checkLayers() {
  entry = "layer";
  for (entryIndex = 0; entryIndex < program.layers.size(); ++entryIndex) {
    const moe_program_layer &layer = program.layers[entryIndex];
    MOE_RT_RETURN_IF_ERROR(checkString("name", layer.name));
    MOE_RT_RETURN_IF_ERROR(isZero("its reserved field", layer.reserved));
    if (!layer.experts || layer.experts >= INT32_MAX) {
      return error("it has %u experts, expected 1 to %d", layer.experts,
                   INT32_MAX - 1);
    }
  }
  return Status();
}

Status Validator::run() {
  MOE_RT_RETURN_IF_ERROR(checkHeader());
  MOE_RT_RETURN_IF_ERROR(checkTables());
  MOE_RT_RETURN_IF_ERROR(checkStrings());
  MOE_RT_RETURN_IF_ERROR(checkWeights());
  MOE_RT_RETURN_IF_ERROR(checkPools());
  MOE_RT_RETURN_IF_ERROR(checkLayers());
  MOE_RT_RETURN_IF_ERROR(checkBuffers());
  MOE_RT_RETURN_IF_ERROR(
      checkTensors("input", MOE_BUFFER_INPUT, program.inputs));
  MOE_RT_RETURN_IF_ERROR(
      checkTensors("output", MOE_BUFFER_OUTPUT, program.outputs));
  MOE_RT_RETURN_IF_ERROR(checkKernels());
  MOE_RT_RETURN_IF_ERROR(checkLaunches());
  MOE_RT_RETURN_IF_ERROR(checkOperands());
  entry = nullptr;
  return checkCommands();
}

Status moe::rt::validateProgram(const void *data, uint64_t size,
                                const moe_package_section *sections,
                                uint32_t sectionCount, Program &program) {
  program = Program();
  Program result;
  MOE_RT_RETURN_IF_ERROR(
      Validator(data, size, sections, sectionCount, result).run());
  program = result;
  return Status();
}
