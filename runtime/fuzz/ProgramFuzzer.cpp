//===- ProgramFuzzer.cpp - fuzzes validation and interpretation -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a program section. What the validator accepts is run, twice,
// with inputs that fit. Kernels touch their argument block only: their code is
// the compiler's, and no check of the runtime could hold it back.
//
//===----------------------------------------------------------------------===//

#include "ProgramFuzzer.h"

#include "program/interpreter.h"

#include <cstdlib>
#include <cstring>
#include <vector>

using namespace moe::rt;
using namespace moe::fuzz;

namespace {

/// What a run may hold at one time.
constexpr size_t memoryLimit = size_t{64} << 20;
constexpr size_t inputLimit = size_t{1} << 20;
constexpr uint64_t commandLimit = 5000;

struct Memory {
  size_t held = 0;

  static void *allocate(void *context, size_t size, size_t alignment) {
    auto *self = static_cast<Memory *>(context);
    if (size > memoryLimit - self->held) {
      return nullptr;
    }
    self->held += size;
    return aligned_alloc(alignment,
                         (size + alignment - 1) / alignment * alignment);
  }
  static void deallocate(void *context, void *pointer, size_t size, size_t) {
    static_cast<Memory *>(context)->held -= size;
    free(pointer);
  }
};

class Sections : public SectionSource {
public:
  Sections() {
    for (uint32_t i = 0; i < sectionCount; ++i) {
      // Not initialised: MSan could tell, and ASan knows the end.
      bytes[i] = static_cast<uint8_t *>(aligned_alloc(4096, sectionBytes[i]));
      memset(bytes[i], int(i + 1), sectionBytes[i]);
    }
  }
  ~Sections() {
    for (uint8_t *section : bytes) {
      free(section);
    }
  }

  const uint8_t *data(uint32_t section) const override {
    return bytes[section];
  }
  Status ensureVerified(uint32_t section, uint64_t offset,
                        uint64_t length) const override {
    // The caller's promise.
    if (section >= sectionCount || offset > sectionBytes[section] ||
        length > sectionBytes[section] - offset) {
      abort();
    }
    return Status();
  }

private:
  uint8_t *bytes[sectionCount];
};

/// Sets the items of the phases after it, now and then, as a prologue does.
int32_t kernel(void *arg, int64_t begin, int64_t end, int32_t worker) {
  auto *slots = static_cast<int64_t *>(arg);
  if (begin < 0 || end <= begin || worker != 0) {
    abort();
  }
  return int32_t(slots[MOE_SLOT_FIRST_ITEMS] % 64 == 63);
}

int32_t runPhases(void *, const moe_phase *phases, int64_t count, void *arg) {
  for (int64_t i = 0; i < count; ++i) {
    int64_t items = static_cast<int64_t *>(arg)[phases[i].items_slot];
    if (phases[i].grain < 1) {
      abort();
    }
    if (items > 0) {
      if (int32_t code = phases[i].fn(arg, 0, items, 0)) {
        return code;
      }
    }
  }
  return 0;
}

Status copyBytes(void *, void *to, const void *from, uint64_t size) {
  memmove(to, from, size);
  return Status();
}

Status launchNothing(void *, const LaunchCall &call) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < call.argumentCount; ++i) {
    sum += call.arguments[i];
  }
  return sum == 12345 ? Status::error(MOE_RT_INTERNAL, "unlucky") : Status();
}

const DeviceTable deviceTable = {"fuzzer", runPhases, launchNothing, copyBytes};

/// Inputs that fit, of a few rows. Each ends where its memory ends.
class Inputs {
public:
  ~Inputs() {
    for (void *pointer : memory) {
      free(pointer);
    }
  }

  bool bind(const Program &program, Border &border, uint8_t extent) {
    for (uint32_t i = 0; i < program.inputs.size(); ++i) {
      const moe_program_tensor &tensor = program.inputs[i];
      std::vector<int64_t> dims(tensor.rank);
      size_t bytes = size_t(dtypeSize(tensor.dtype));
      for (uint32_t d = 0; d < tensor.rank; ++d) {
        int64_t value = program.dims[tensor.first_dim + d].value;
        dims[d] = value < 0 ? extent % 5 : value;
        if (__builtin_mul_overflow(bytes, size_t(dims[d]), &bytes) ||
            bytes > inputLimit) {
          return false;
        }
      }
      void *data = malloc(bytes ? bytes : 1);
      memory.push_back(data);
      memset(data, extent & 3, bytes);
      moe_rt_tensor_t given = {
          sizeof(given),        data,       bytes, moe_rt_dtype_t(tensor.dtype),
          int32_t(tensor.rank), dims.data()};
      if (Status status = border.setInput(i, given); !status.ok()) {
        return false;
      }
    }
    return true;
  }

private:
  std::vector<void *> memory;
};

/// Reads all outputs, so that a wild one is noticed.
uint64_t touchOutputs(const Program &program, const Border &border) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < program.outputs.size(); ++i) {
    moe_rt_tensor_t tensor = {};
    if (Status status = border.output(i, tensor); !status.ok()) {
      continue;
    }
    auto *bytes = static_cast<const uint8_t *>(tensor.data);
    if (tensor.byte_size) {
      sum += bytes[0] + bytes[tensor.byte_size - 1];
    }
  }
  return sum;
}

void runProgram(const Program &program, uint8_t extent) {
  static const Sections sections;
  static const moe_environment environment = [] {
    static moe_core_table core = {sizeof(core), runPhases};
    moe_environment result = {};
    result.size = sizeof(result);
    result.max_workers = 1;
    result.core = &core;
    return result;
  }();
  Memory memory;
  moe_rt_allocator_t table = {sizeof(table), &memory, Memory::allocate,
                              Memory::deallocate};
  InterpreterSetup setup;
  if (Status status = Allocator::fromC(&table, setup.device.allocator);
      !status.ok()) {
    abort();
  }
  std::vector<moe_phase_fn> phases(program.phases.size(), kernel);
  Inputs inputs;
  setup.program = &program;
  setup.sections = &sections;
  setup.phases = phases.data();
  setup.device.table = &deviceTable;
  setup.device.environment = &environment;
  setup.commandLimit = commandLimit;
  {
    Owned<Interpreter> interpreter;
    Status status = Interpreter::create(setup, interpreter);
    if (!status.ok()) {
      return;
    }
    if (extent & 1) {
      interpreter->countExperts(true).ignore();
    }
    if (inputs.bind(program, interpreter->border(), extent)) {
      for (int run = 0; run < 2; ++run) {
        status = interpreter->run();
        volatile uint64_t used = touchOutputs(program, interpreter->border()) +
                                 strlen(status.message());
        (void)used;
      }
    }
  }
  if (memory.held) {
    abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) {
    return 0;
  }
  // The last byte chooses the dynamic extents. The section ends where its
  // memory ends, up to the alignment.
  size_t bytes = size - 1;
  auto *section = static_cast<uint8_t *>(malloc(bytes ? bytes : 1));
  memcpy(section, data, bytes);
  moe_package_section table[sectionCount];
  fillSections(table);
  Program program;
  Status status = validateProgram(section, bytes, table, sectionCount, program);
  if (status.ok()) {
    runProgram(program, data[bytes]);
  }
  free(section);
  return 0;
}
