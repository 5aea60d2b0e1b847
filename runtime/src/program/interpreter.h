//===- interpreter.h - runs validated programs ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_INTERPRETER_H
#define MOE_RT_SRC_PROGRAM_INTERPRETER_H

#include "devices/device.h"
#include "program/arena.h"
#include "program/border.h"
#include "program/constants.h"
#include "program/program.h"
#include "program/validate.h"

#include <atomic>

namespace moe::rt {

class Interpreter;

/// Sees every command that was executed, for tests and traces.
class CommandObserver {
public:
  /// Called after command `index` has ended well; `next` follows it.
  virtual void executed(const Interpreter &interpreter, uint32_t index,
                        uint32_t next) = 0;

protected:
  ~CommandObserver() = default;
};

/// What an interpreter works with; all of it must outlive the interpreter.
struct InterpreterSetup {
  const Program *program = nullptr;
  const SectionSource *sections = nullptr;
  /// One function per phase of the program; null if it has none.
  const moe_phase_fn *phases = nullptr;
  DeviceView device;
  CommandObserver *observer = nullptr;
  /// A run of more commands fails; for fuzzers.
  uint64_t commandLimit = UINT64_MAX;
};

/// Runs a program again and again, one run at a time. Only cancel() may be
/// called at any time, from any thread.
class Interpreter {
public:
  static Status create(const InterpreterSetup &setup,
                       Owned<Interpreter> &result);

  Border &border() { return tensors; }
  const Border &border() const { return tensors; }

  /// Runs the program on what is bound to the border.
  Status run();
  /// Makes the run under way end before its next kernel or backward jump.
  void cancel() { cancelled.store(true, std::memory_order_relaxed); }

  /// Starts counting experts at zero, or ends it.
  Status countExperts(bool on);
  /// Rows per expert of a layer since then; null if counting never started.
  const uint64_t *expertRows(uint32_t layer) const {
    return rows.empty() ? nullptr : rows.data() + firstRow[layer];
  }

  const Arena &arena() const { return temporaries; }
  uint64_t scratchBytes() const { return scratch.size(); }

  // For observers.
  const Program &program() const { return *setup.program; }
  const int64_t *registers() const { return regs.data(); }
  uint64_t bufferBytes(uint32_t buffer) const { return buffers[buffer].size; }
  /// The device's call of the last LAUNCH.
  const LaunchCall &lastLaunch() const { return launchCall; }

private:
  template <typename T, typename... Args>
  friend T *moe::rt::create(const Allocator &allocator, Args &&...args);

  struct Buffer {
    uint8_t *data = nullptr;
    uint64_t size = 0;
    bool placed = false;
  };

  explicit Interpreter(const InterpreterSetup &setup) : setup(setup) {}
  Status allocate();
  Status startRun();
  Status execute();
  Status step(const moe_command &command, uint32_t &next);

  bool calculate(const moe_command &command);
  bool control(const moe_command &command, uint32_t &next);
  Status other(const moe_command &command);

  Status buffer(uint32_t index, Buffer *&result);
  Status element(const moe_command &command, uint32_t buffer, int64_t index,
                 uint8_t *&address);
  Status load(const moe_command &command);
  Status store(const moe_command &command);
  Status place(const moe_command &command);
  Status release(const moe_command &command);
  Status copy(const moe_command &command);
  Status bufferOperand(const moe_program_operand &operand, uint8_t *&address,
                       uint64_t &left);
  Status fillSlots(const moe_program_operand *operands, uint32_t count,
                   uint64_t *slots, uint32_t &slotCount);
  Status runKernel(const moe_command &command);
  Status launch(const moe_command &command);
  Status pin(const moe_command &command);
  Status countRows(const moe_command &command);
  Status checkCancelled() const;

  // Errors name the command that is executed.
  Status fail(moe_rt_status_code_t code, const char *format, ...)
      __attribute__((format(printf, 3, 4)));
  Status calculationFailed(const moe_command &command);
  Status controlFailed(const moe_command &command);
  Status kernelFailed(const moe_program_kernel &kernel, int32_t code);
  Status failCommand(const moe_command &command);

  InterpreterSetup setup;
  Border tensors;
  Constants constants;
  Arena temporaries;
  Block scratch;
  Array<int64_t> regs;
  Array<Buffer> buffers;
  /// Argument block and phases of the kernel that runs.
  Array<uint64_t> slots;
  Array<moe_phase> phases;
  LaunchCall launchCall = {};
  uint32_t calls[MaxCallDepth];
  uint32_t callDepth = 0;
  uint32_t current = 0;
  std::atomic<bool> cancelled{false};
  bool counting = false;
  Array<uint64_t> rows;
  Array<uint64_t> firstRow;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_INTERPRETER_H
