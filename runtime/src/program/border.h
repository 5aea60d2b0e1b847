//===- border.h - inputs and outputs of a session ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_BORDER_H
#define MOE_RT_SRC_PROGRAM_BORDER_H

#include "allocation.h"
#include "moe_rt/types.h"
#include "program/arena.h"
#include "program/program.h"

namespace moe::rt {

/// What is bound to a program's inputs and outputs, and the outputs of the last
/// run.
class Border {
public:
  static Status create(const Allocator &allocator, const Program &program,
                       Border &result);

  /// Binds an input after comparing it with what the program wants.
  Status setInput(size_t index, const moe_rt_tensor_t &tensor);
  /// Binds memory for an output, or with null none.
  Status bindOutput(size_t index, void *data, size_t size);
  /// Index of a named input or output.
  Status findInput(const char *name, size_t &index) const;
  Status findOutput(const char *name, size_t &index) const;

  /// Checks that all inputs are there and agree about their symbols, and writes
  /// their dynamic dimensions to `registers`. Forgets the outputs.
  Status startRun(int64_t *registers);
  const void *inputData(uint32_t input) const { return inputs[input].data; }
  uint64_t inputBytes(uint32_t input) const { return inputs[input].bytes; }

  /// Gives an output its dimensions, from registers, and memory for `size`
  /// bytes.
  Status placeOutput(uint32_t output, const int64_t *registers, int64_t size,
                     uint8_t *&data);
  /// Called where the run ended well.
  Status finishRun();
  /// An output of the last run that ended well.
  Status output(size_t index, moe_rt_tensor_t &tensor) const;
  void forgetOutputs();

  uint64_t ownedOutputBytes() const;

private:
  struct Input {
    const void *data = nullptr;
    uint64_t bytes = 0;
    bool bound = false;
    /// Of its dimensions in `extents`.
    uint32_t first = 0;
  };
  struct Output {
    void *bound = nullptr;
    uint64_t boundBytes = 0;
    Block own;
    uint8_t *data = nullptr;
    uint64_t bytes = 0;
    uint32_t first = 0;
    bool placed = false;
  };

  Status indexSymbols();
  Status find(const char *kind, const ProgramTable<moe_program_tensor> &tensors,
              const char *name, size_t &index) const;
  Status checkIndex(const char *kind, size_t index, size_t count) const;
  Status symbolsDiffer(uint32_t dimension, uint32_t other) const;

  Allocator allocator;
  const Program *program = nullptr;
  Array<Input> inputs;
  Array<Output> outputs;
  Array<int64_t> extents;
  Array<int64_t> outputExtents;
  /// For each of `extents`, the first one with the same symbol, or itself.
  Array<uint32_t> sameAs;
  bool finished = false;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_BORDER_H
