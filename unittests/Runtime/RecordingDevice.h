//===- RecordingDevice.h - writes down what a program does ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device without threads whose queues are imaginary: a LAUNCH runs a function
// of the test in place of a device's kernel. As an observer it turns every
// command of a run into a line of text without addresses, so that the lines of
// two runs can be compared.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_UNITTESTS_RUNTIME_RECORDINGDEVICE_H
#define MOE_UNITTESTS_RUNTIME_RECORDINGDEVICE_H

#include "pool/float_environment.h"
#include "pool/pool.h"
#include "program/interpreter.h"

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace moe::test {

class RecordingDevice : public rt::CommandObserver {
public:
  /// Stands in for kernel `index` of the device's code.
  using Kernel = std::function<void(const rt::LaunchCall &)>;
  std::map<uint32_t, Kernel> kernels;
  /// One line per command.
  std::vector<std::string> lines;

  RecordingDevice() {
    core.size = sizeof(core);
    core.parallel = runPhases;
    environment.size = sizeof(environment);
    environment.major = MOE_ENVIRONMENT_MAJOR;
    environment.minor = MOE_ENVIRONMENT_MINOR;
    environment.max_workers = 1;
    environment.context = this;
    environment.core = &core;
  }
  RecordingDevice(const RecordingDevice &) = delete;
  RecordingDevice &operator=(const RecordingDevice &) = delete;
  virtual ~RecordingDevice() = default;

  rt::DeviceView view() {
    static const rt::DeviceTable table = {"recording", runPhases, launch, copy};
    rt::DeviceView result;
    result.table = &table;
    result.context = this;
    result.environment = &environment;
    return result;
  }

  void executed(const rt::Interpreter &interpreter, uint32_t index,
                uint32_t next) override {
    lines.push_back(std::to_string(index) + ": " +
                    describe(interpreter, index, next));
  }

private:
  static int32_t runPhases(void *, const moe_phase *phases, int64_t count,
                           void *arg) {
    rt::FloatEnvironment floats;
    for (int64_t p = 0; p < count; ++p) {
      int64_t items = static_cast<int64_t *>(arg)[phases[p].items_slot];
      if (items < 0) {
        return rt::NegativeItems;
      }
      for (int64_t i = 0; i < items; i += phases[p].grain) {
        int64_t end = std::min(items, i + phases[p].grain);
        if (int32_t code = phases[p].fn(arg, i, end, 0)) {
          return code;
        }
      }
    }
    return 0;
  }

  static rt::Status launch(void *context, const rt::LaunchCall &call) {
    auto *self = static_cast<RecordingDevice *>(context);
    auto kernel = self->kernels.find(call.launch->kernel);
    if (kernel == self->kernels.end()) {
      return rt::Status::error(MOE_RT_NOT_FOUND, "there is no kernel %u",
                               call.launch->kernel);
    }
    kernel->second(call);
    return rt::Status();
  }

  static rt::Status copy(void *, void *to, const void *from, uint64_t size) {
    memmove(to, from, size);
    return rt::Status();
  }

  using Program = rt::Program;

  static std::string name(const Program &program, moe_string text) {
    return "'" + std::string(program.text(text)) + "'";
  }

  static std::string buffer(const Program &program, uint32_t index) {
    const moe_program_buffer &entry = program.buffers[index];
    switch (entry.kind) {
    case MOE_BUFFER_INPUT:
      return "input " + name(program, program.inputs[entry.index].name);
    case MOE_BUFFER_OUTPUT:
      return "output " + name(program, program.outputs[entry.index].name);
    case MOE_BUFFER_WEIGHT:
      return "weight " + name(program, program.weights[entry.index].name);
    default:
      return "buffer " + std::to_string(index);
    }
  }

  static std::string operands(const rt::Interpreter &interpreter,
                              uint32_t first, uint32_t count) {
    const Program &program = interpreter.program();
    const int64_t *registers = interpreter.registers();
    std::string text;
    for (uint32_t i = 0; i < count; ++i) {
      const moe_program_operand &operand = program.operands[first + i];
      text += i ? ", " : "";
      switch (operand.kind) {
      case MOE_OPERAND_REGISTER:
        text += std::to_string(registers[operand.index]);
        break;
      case MOE_OPERAND_BUFFER:
        text += buffer(program, operand.index);
        if (operand.offset_reg != MOE_NONE) {
          text += " + " + std::to_string(registers[operand.offset_reg]);
        }
        break;
      case MOE_OPERAND_WEIGHT:
        text += "weight " + name(program, program.weights[operand.index].name);
        break;
      default:
        text += "pool " + name(program, program.pools[operand.index].name);
        break;
      }
    }
    return text;
  }

  static std::string triple(const uint32_t *values) {
    return std::to_string(values[0]) + "x" + std::to_string(values[1]) + "x" +
           std::to_string(values[2]);
  }

  static std::string launchText(const rt::Interpreter &interpreter,
                                const moe_command &command) {
    const rt::LaunchCall &call = interpreter.lastLaunch();
    const moe_program_launch &launch = *call.launch;
    std::string text = "launch kernel " + std::to_string(launch.kernel) +
                       " on queue " + std::to_string(launch.queue);
    text += ", grid " + std::to_string(call.grid[0]) + "x" +
            std::to_string(call.grid[1]) + "x" + std::to_string(call.grid[2]);
    text += ", block " + triple(launch.block);
    text += ", cluster " + triple(launch.cluster);
    text += ", shared " + std::to_string(launch.shared_bytes);
    text += launch.flags & 1 ? ", cooperative" : "";
    text += launch.flags & 2 ? ", dependent" : "";
    return text + " (" + operands(interpreter, command.b, command.c) + ")";
  }

  static std::string describe(const rt::Interpreter &interpreter,
                              uint32_t index, uint32_t next) {
    const Program &program = interpreter.program();
    const moe_command &command = program.commands[index];
    const int64_t *registers = interpreter.registers();
    std::string op = rt::commandName(command.op);
    switch (command.op) {
    case MOE_CMD_STORE:
      return op + " " + buffer(program, command.a) + "[" +
             std::to_string(registers[command.b]) +
             "] = " + std::to_string(registers[command.c]);
    case MOE_CMD_PLACE:
      return op + " " + buffer(program, command.a) + ", " +
             std::to_string(registers[command.b]) + " bytes";
    case MOE_CMD_RELEASE:
      return op + " " + buffer(program, command.a);
    case MOE_CMD_COPY:
      return op + " " + std::to_string(registers[command.c]) + " bytes to " +
             operands(interpreter, command.a, 1) + " from " +
             operands(interpreter, command.b, 1);
    case MOE_CMD_RUN:
      return op + " " + name(program, program.kernels[command.a].name) + " (" +
             operands(interpreter, command.b, command.c) + ")";
    case MOE_CMD_LAUNCH:
      return launchText(interpreter, command);
    case MOE_CMD_BRANCH:
    case MOE_CMD_JUMP:
    case MOE_CMD_CALL:
    case MOE_CMD_RETURN:
      return op + " to " + std::to_string(next);
    case MOE_CMD_FAIL:
      return op + " not";
    case MOE_CMD_PIN:
      return op + " " + name(program, program.pools[command.a].name) + ", " +
             std::to_string(registers[command.c]) + " ids in " +
             buffer(program, command.b);
    case MOE_CMD_UNPIN:
      return op + " " + name(program, program.pools[command.a].name);
    case MOE_CMD_COUNT_EXPERTS:
      return op + " of " + name(program, program.layers[command.a].name) +
             " in " + buffer(program, command.b);
    default:
      return op + " r" + std::to_string(command.a) + " = " +
             std::to_string(registers[command.a]);
    }
  }

  moe_core_table core = {};
  moe_environment environment = {};
};

} // namespace moe::test

#endif // MOE_UNITTESTS_RUNTIME_RECORDINGDEVICE_H
