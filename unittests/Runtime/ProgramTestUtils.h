//===- ProgramTestUtils.h - hand-made programs for tests --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_UNITTESTS_RUNTIME_PROGRAMTESTUTILS_H
#define MOE_UNITTESTS_RUNTIME_PROGRAMTESTUTILS_H

#include "program/constants.h"
#include "program/validate.h"

#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace moe::test {

/// Fills the tables of a program. The tables are public: a test of an error
/// spoils one of them. Nothing here checks anything.
class ProgramBuilder {
public:
  std::vector<moe_command> commands;
  std::vector<moe_program_operand> operands;
  std::vector<moe_program_buffer> buffers;
  std::vector<moe_program_tensor> inputs;
  std::vector<moe_program_tensor> outputs;
  std::vector<moe_program_dim> dims;
  std::vector<moe_program_kernel> kernels;
  std::vector<moe_program_phase> phases;
  std::vector<moe_program_launch> launches;
  std::vector<moe_program_weight> weights;
  std::vector<moe_program_pool> pools;
  std::vector<moe_program_layer> layers;
  std::vector<moe_string> messages;
  std::string strings;
  uint32_t registerCount = 0;

  moe_string string(const std::string &text) {
    moe_string result = {uint32_t(strings.size()), uint32_t(text.size())};
    strings += text;
    return result;
  }

  uint32_t reg() { return registerCount++; }

  /// A register that holds a constant from here on.
  uint32_t constant(int64_t value) {
    uint32_t result = reg();
    add(MOE_CMD_CONST, result, 0, 0, value);
    return result;
  }

  /// Appends a command and returns its index.
  uint32_t add(moe_command_op op, uint32_t a = 0, uint32_t b = 0,
               uint32_t c = 0, int64_t imm = 0) {
    commands.push_back({uint16_t(op), 0, a, b, c, imm});
    return uint32_t(commands.size() - 1);
  }
  /// Index of the command that is appended next.
  uint32_t here() const { return uint32_t(commands.size()); }

  uint32_t temp() {
    buffers.push_back({MOE_BUFFER_TEMP, 0});
    return uint32_t(buffers.size() - 1);
  }

  /// A static extent, or the register of a dynamic one.
  struct Dim {
    Dim(int value) : value(value) {}
    Dim(int64_t value) : value(value) {}
    Dim(uint32_t reg, std::string symbol) : reg(reg), symbol(symbol) {}
    int64_t value = -1;
    uint32_t reg = MOE_NONE;
    std::string symbol;
  };

  /// Returns the buffer.
  uint32_t input(const std::string &name, uint32_t dtype,
                 const std::vector<Dim> &shape) {
    return tensor(inputs, MOE_BUFFER_INPUT, name, dtype, shape);
  }
  uint32_t output(const std::string &name, uint32_t dtype,
                  const std::vector<Dim> &shape) {
    return tensor(outputs, MOE_BUFFER_OUTPUT, name, dtype, shape);
  }

  uint32_t operand(uint32_t kind, uint32_t index,
                   uint32_t offsetRegister = MOE_NONE) {
    operands.push_back({kind, index, offsetRegister, 0});
    return uint32_t(operands.size() - 1);
  }

  /// A kernel with one phase per grain.
  uint32_t kernel(const std::string &name, const std::vector<int64_t> &grains,
                  uint32_t argumentSlots, uint64_t scratchBytes = 0) {
    kernels.push_back({string(name), uint32_t(phases.size()),
                       uint32_t(grains.size()), argumentSlots, 0,
                       scratchBytes});
    for (int64_t grain : grains) {
      phases.push_back({grain});
    }
    return uint32_t(kernels.size() - 1);
  }

  uint32_t message(const std::string &text) {
    messages.push_back(string(text));
    return uint32_t(messages.size() - 1);
  }

  uint32_t weight(const std::string &name, uint32_t section, uint64_t offset,
                  uint64_t length) {
    weights.push_back({string(name), section, MOE_DTYPE_F32, offset, length});
    return uint32_t(weights.size() - 1);
  }

  /// The section; 8-byte aligned.
  std::vector<uint64_t> build() const {
    moe_program_header header = {};
    header.major = MOE_PROGRAM_MAJOR;
    header.minor = MOE_PROGRAM_MINOR;
    header.register_count = registerCount;
    std::string bytes(sizeof(header), '\0');
    auto append = [&](moe_table &table, const void *data, size_t count,
                      size_t size) {
      bytes.resize((bytes.size() + 7) / 8 * 8);
      table = {uint32_t(bytes.size()), uint32_t(count)};
      bytes.append(static_cast<const char *>(data), count * size);
    };
    auto appendTable = [&](moe_table &table, const auto &entries) {
      append(table, entries.data(), entries.size(), sizeof(*entries.data()));
    };
    appendTable(header.commands, commands);
    appendTable(header.operands, operands);
    appendTable(header.buffers, buffers);
    appendTable(header.inputs, inputs);
    appendTable(header.outputs, outputs);
    appendTable(header.dims, dims);
    appendTable(header.kernels, kernels);
    appendTable(header.phases, phases);
    appendTable(header.launches, launches);
    appendTable(header.weights, weights);
    appendTable(header.pools, pools);
    appendTable(header.layers, layers);
    appendTable(header.messages, messages);
    appendTable(header.strings, strings);
    bytes.resize((bytes.size() + 7) / 8 * 8);
    memcpy(bytes.data(), &header, sizeof(header));
    std::vector<uint64_t> result(bytes.size() / 8);
    memcpy(result.data(), bytes.data(), bytes.size());
    return result;
  }

private:
  uint32_t tensor(std::vector<moe_program_tensor> &tensors, uint32_t kind,
                  const std::string &name, uint32_t dtype,
                  const std::vector<Dim> &shape) {
    auto buffer = uint32_t(buffers.size());
    buffers.push_back({kind, uint32_t(tensors.size())});
    tensors.push_back({string(name), dtype, uint32_t(shape.size()),
                       uint32_t(dims.size()), buffer});
    for (const Dim &dim : shape) {
      dims.push_back({dim.value, dim.reg, 0, string(dim.symbol)});
    }
    return buffer;
  }
};

/// Sections of a program that no package holds; never damaged unless told.
class TestSections : public rt::SectionSource {
public:
  explicit TestSections(std::vector<std::vector<uint8_t>> payloads = {})
      : payloads(std::move(payloads)) {}

  const uint8_t *data(uint32_t section) const override {
    return payloads[section].data();
  }
  rt::Status ensureVerified(uint32_t section, uint64_t offset,
                            uint64_t length) const override {
    {
      std::lock_guard<std::mutex> lock(mutex);
      verified.push_back({section, offset, length});
    }
    if (damaged) {
      return rt::Status::error(MOE_RT_IO, "damaged");
    }
    for (uint64_t at : damagedBytes) {
      if (at >= offset && at - offset < length) {
        return rt::Status::error(MOE_RT_IO, "byte %llu is damaged",
                                 static_cast<unsigned long long>(at));
      }
    }
    return rt::Status();
  }

  struct Range {
    uint32_t section;
    uint64_t offset;
    uint64_t length;
    bool operator==(const Range &other) const {
      return section == other.section && offset == other.offset &&
             length == other.length;
    }
  };
  std::vector<std::vector<uint8_t>> payloads;
  mutable std::vector<Range> verified;
  bool damaged = false;
  std::vector<uint64_t> damagedBytes;

private:
  mutable std::mutex mutex;
};

} // namespace moe::test

#endif // MOE_UNITTESTS_RUNTIME_PROGRAMTESTUTILS_H
