//===- InterpreterKernelTest.cpp - kernels, pools and statistics ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InterpreterTestUtils.h"

#include <gtest/gtest.h>

#include <algorithm>

using namespace moe::rt;
using namespace moe::test;

namespace {

/// The slots of a kernel with one phase.
enum Slots { Items = 3, First = 4 };

/// y[i] = x[i] * factor; slots: x, n, factor, y.
int32_t scale(void *arg, int64_t begin, int64_t end, int32_t) {
  auto *slots = static_cast<int64_t *>(arg);
  auto *x = reinterpret_cast<const int64_t *>(slots[First]);
  auto *y = reinterpret_cast<int64_t *>(slots[First + 3]);
  for (int64_t i = begin; i < end; ++i) {
    y[i] = x[i] * slots[First + 2];
  }
  return 0;
}

/// A program that scales its input x (i64[N]) by `factor` into y.
void buildScale(Runner &run, int64_t factor, int64_t grain) {
  ProgramBuilder &p = run.program;
  uint32_t n = p.reg();
  uint32_t x = p.input("x", MOE_DTYPE_I64, {{n, "N"}});
  uint32_t y = p.output("y", MOE_DTYPE_I64, {{n, "N"}});
  p.kernel("scale", {grain}, 4);
  run.functions = {scale};
  uint32_t factorReg = p.constant(factor);
  uint32_t eight = p.constant(8);
  uint32_t size = p.reg();
  p.add(MOE_CMD_MUL, size, n, eight);
  p.add(MOE_CMD_PLACE, y, size);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, n);
  p.operand(MOE_OPERAND_BUFFER, x);
  p.operand(MOE_OPERAND_REGISTER, n);
  p.operand(MOE_OPERAND_REGISTER, factorReg);
  p.operand(MOE_OPERAND_BUFFER, y);
  p.add(MOE_CMD_RUN, 0, first, 5);
  p.add(MOE_CMD_END);
}

TEST(InterpreterKernels, RunsOnAnyNumberOfThreads) {
  for (int32_t threads : {1, 2, 3, 8}) {
    Runner run(threads);
    buildScale(run, 3, 16);
    ASSERT_EQ(run.prepare(), "");
    for (int64_t n : {0, 1, 15, 16, 17, 1000}) {
      std::vector<int64_t> x(static_cast<size_t>(n) + 1);
      for (int64_t i = 0; i < n; ++i) {
        x[size_t(i)] = i;
      }
      run.setInput(0, x.data(), MOE_RT_DTYPE_I64, {n});
      ASSERT_EQ(run.again(), "");
      std::vector<int64_t> y = run.output<int64_t>(0);
      ASSERT_EQ(int64_t(y.size()), n);
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_EQ(y[size_t(i)], 3 * i);
      }
    }
  }
}

int32_t failWith(void *arg, int64_t, int64_t, int32_t) {
  return int32_t(static_cast<int64_t *>(arg)[First]);
}

TEST(InterpreterKernels, NamesWhatFailed) {
  struct {
    int64_t items;
    int64_t code;
    moe_rt_status_code_t status;
    const char *message;
  } cases[] = {
      {1, MOE_KERNEL_INDEX_OUT_OF_RANGE, MOE_RT_INVALID_ARGUMENT,
       "command 2 (run): kernel 'gather': an index is out of range"},
      {50, MOE_KERNEL_DIVISION_BY_ZERO, MOE_RT_INVALID_ARGUMENT,
       "command 2 (run): kernel 'gather': an integer is divided by zero"},
      {50, 77, MOE_RT_INTERNAL,
       "command 2 (run): kernel 'gather' failed with code 77"},
      {-1, 0, MOE_RT_INTERNAL,
       "command 2 (run): kernel 'gather': a phase has a negative number of "
       "items"},
      {0, 77, MOE_RT_OK, ""},
      {50, 0, MOE_RT_OK, ""},
  };
  for (const auto &test : cases) {
    Runner run;
    ProgramBuilder &p = run.program;
    p.kernel("gather", {1}, 1);
    run.functions = {failWith};
    uint32_t items = p.constant(test.items);
    uint32_t code = p.constant(test.code);
    uint32_t first = p.operand(MOE_OPERAND_REGISTER, items);
    p.operand(MOE_OPERAND_REGISTER, code);
    p.add(MOE_CMD_RUN, 0, first, 2);
    p.add(MOE_CMD_END);
    EXPECT_EQ(run.once(), test.message);
    EXPECT_EQ(run.code, test.status);
  }
}

/// Writes the slots of its block and of each worker's scratch to the buffer.
int32_t inspectBlock(void *arg, int64_t, int64_t, int32_t worker) {
  auto *slots = static_cast<uint64_t *>(arg);
  auto *environment = reinterpret_cast<const moe_environment *>(slots[0]);
  auto *out = reinterpret_cast<int64_t *>(slots[5]);
  if (environment->size != sizeof(*environment) || environment->major != 1 ||
      environment->core->size != sizeof(moe_core_table) || slots[1] % 64 ||
      worker < 0 || worker >= environment->max_workers) {
    return 50;
  }
  auto *scratch =
      reinterpret_cast<uint8_t *>(slots[1] + uint64_t(worker) * slots[2]);
  memset(scratch, worker + 1, slots[2]);
  if (scratch[0] != worker + 1 || scratch[slots[2] - 1] != worker + 1) {
    return 51;
  }
  out[0] = int64_t(slots[2]);
  out[1] = int64_t(slots[3]);
  out[2] = int64_t(slots[4]);
  out[3] = int64_t(slots[6]);
  out[4] = *reinterpret_cast<const uint8_t *>(slots[7]);
  out[5] = *reinterpret_cast<const uint8_t *>(slots[8]);
  auto *slotOf = reinterpret_cast<const int32_t *>(slots[9]);
  out[6] = slotOf[0] * 10 + slotOf[1];
  out[7] = int64_t(slots[10] - slots[5]);
  return 0;
}

int32_t doNothing(void *, int64_t, int64_t, int32_t) { return 0; }

TEST(InterpreterKernels, FillsTheArgumentBlock) {
  Runner run(3);
  ProgramBuilder &p = run.program;
  run.sections.payloads = {std::vector<uint8_t>(64, 11),
                           std::vector<uint8_t>(8192, 22)};
  run.addSection(MOE_SECTION_WEIGHTS);
  run.addSection(MOE_SECTION_POOL);
  uint32_t weight = p.weight("w", 0, 0, 64);
  p.pools.push_back({p.string("experts"), 1, 2, 4096});
  // A larger kernel shares the scratch.
  p.kernel("large", {1}, 0, 4096);
  p.kernel("inspect", {1, 1}, 7, 256);
  run.functions = {doNothing, doNothing, inspectBlock};
  uint32_t buffer = p.temp();
  uint32_t size = p.constant(64);
  uint32_t offset = p.constant(24);
  uint32_t items = p.constant(500);
  uint32_t one = p.constant(1);
  p.add(MOE_CMD_PLACE, buffer, size);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, items);
  p.operand(MOE_OPERAND_REGISTER, one);
  p.operand(MOE_OPERAND_BUFFER, buffer);
  p.operand(MOE_OPERAND_REGISTER, offset);
  p.operand(MOE_OPERAND_WEIGHT, weight);
  p.operand(MOE_OPERAND_POOL, 0);
  p.operand(MOE_OPERAND_BUFFER, buffer, offset);
  p.operand(MOE_OPERAND_REGISTER, one);
  p.add(MOE_CMD_RUN, 1, first, 8);
  std::vector<uint32_t> loaded;
  for (int64_t i = 0; i < 8; ++i) {
    uint32_t index = p.constant(i);
    loaded.push_back(p.reg());
    p.add(MOE_CMD_LOAD, loaded.back(), buffer, index, MOE_DTYPE_I64);
  }
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.once(), "");
  EXPECT_EQ(run.interpreter->scratchBytes(), 3u * 4096u);
  int64_t expected[] = {256, 500, 1, 24, 11, 22, 1, 24};
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(run.value(loaded[i]), expected[i]) << i;
  }
}

TEST(InterpreterKernels, RefusesOperandsThatAreNotThere) {
  Runner run;
  buildScale(run, 2, 1);
  // Without its PLACE.
  run.program.commands[3] = {MOE_CMD_CONST, 0, 0, 0, 0, 1};
  ASSERT_EQ(run.prepare(), "");
  int64_t x[2] = {};
  run.setInput(0, x, MOE_RT_DTYPE_I64, {2});
  EXPECT_EQ(run.again(), "command 4 (run): buffer 1 is not placed");
}

TEST(InterpreterKernels, RefusesScratchBeyondMemory) {
  Runner run;
  run.program.kernel("k", {1}, 0, UINT64_MAX - 63);
  run.functions = {doNothing};
  run.program.add(MOE_CMD_END);
  EXPECT_EQ(run.prepare(), "out of memory: the kernels' scratch needs "
                           "18446744073709551615 bytes");
}

/// How many slots a kernel says it has is checked where it is run; one that is
/// not may say anything, and costs nothing.
TEST(InterpreterKernels, SlotsOfAKernelThatIsNotRunTakeNoMemory) {
  static size_t largest;
  largest = 0;
  moe_rt_allocator_t table = {
      sizeof(table), nullptr,
      [](void *, size_t size, size_t alignment) -> void * {
        largest = std::max(largest, size);
        return size < (1 << 20)
                   ? aligned_alloc(alignment,
                                   (size + alignment) / alignment * alignment)
                   : nullptr;
      },
      [](void *, void *pointer, size_t, size_t) { free(pointer); }};
  Runner run;
  DeviceView device = run.cpu->view();
  ASSERT_TRUE(Allocator::fromC(&table, device.allocator).ok());
  run.device = &device;
  run.program.kernel("k", {1}, UINT32_MAX);
  run.functions = {doNothing};
  run.program.add(MOE_CMD_END);
  EXPECT_EQ(run.once(), "");
  EXPECT_LT(largest, size_t{1} << 20);
}

TEST(InterpreterKernels, ACpuCannotLaunch) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t one = p.constant(1);
  p.launches.push_back({4, 0, {one, one, one}, {32, 1, 1}, {1, 1, 1}, 0, 0, 0});
  p.add(MOE_CMD_LAUNCH, 0, 0, 0);
  p.add(MOE_CMD_END);
  EXPECT_EQ(run.once(), "command 1 (launch): device 'cpu' has no queues to "
                        "launch kernel 4 on");
  EXPECT_EQ(run.code, MOE_RT_UNSUPPORTED);
}

struct CancelState {
  Interpreter *interpreter = nullptr;
  int calls = 0;
};
CancelState cancelState;

int32_t cancelOnce(void *, int64_t, int64_t, int32_t) {
  if (!cancelState.calls++) {
    cancelState.interpreter->cancel();
  }
  return 0;
}

TEST(InterpreterKernels, CancelEndsBeforeTheNextKernel) {
  Runner run;
  ProgramBuilder &p = run.program;
  p.kernel("k", {1}, 0);
  run.functions = {cancelOnce};
  uint32_t one = p.constant(1);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, one);
  p.add(MOE_CMD_RUN, 0, first, 1);
  p.add(MOE_CMD_RUN, 0, first, 1);
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.prepare(), "");
  cancelState = {run.interpreter.get(), 0};
  EXPECT_EQ(run.again(), "the run was cancelled");
  EXPECT_EQ(run.code, MOE_RT_CANCELLED);
  EXPECT_EQ(cancelState.calls, 1);
  // The next run is not cancelled.
  EXPECT_EQ(run.again(), "");
  EXPECT_EQ(cancelState.calls, 3);
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Reads one byte of the pool's expert 2, after ids {2, -1, 9} were pinned.
struct PoolProgram {
  Runner run;
  uint32_t unpin = 0;

  PoolProgram() {
    ProgramBuilder &p = run.program;
    run.sections.payloads = {std::vector<uint8_t>(4 * 4096)};
    run.addSection(MOE_SECTION_POOL);
    p.pools.push_back({p.string("experts"), 0, 4, 4096});
    p.kernel("k", {1}, 2);
    run.functions = {doNothing};
    uint32_t ids = p.input("ids", MOE_DTYPE_I32, {3});
    uint32_t count = p.constant(3);
    p.add(MOE_CMD_PIN, 0, ids, count);
    uint32_t first = p.operand(MOE_OPERAND_REGISTER, count);
    p.operand(MOE_OPERAND_POOL, 0);
    p.add(MOE_CMD_RUN, 0, first, 2);
    unpin = p.add(MOE_CMD_UNPIN, 0);
    p.add(MOE_CMD_END);
  }

  std::string go(std::vector<int32_t> ids) {
    data = ids;
    if (std::string error = run.prepare(); !error.empty()) {
      return error;
    }
    run.setInput(0, data.data(), MOE_RT_DTYPE_I32, {3});
    return run.again();
  }
  std::vector<int32_t> data;
};

TEST(InterpreterKernels, APinVerifiesItsExpertsOnce) {
  PoolProgram program;
  ASSERT_EQ(program.go({2, -1, 9}), "");
  using Ranges = std::vector<TestSections::Range>;
  EXPECT_EQ(program.run.sections.verified, (Ranges{{0, 8192, 4096}}));
  program.data = {0, 2, 0};
  ASSERT_EQ(program.run.again(), "");
  EXPECT_EQ(program.run.sections.verified,
            (Ranges{{0, 8192, 4096}, {0, 0, 4096}}));
}

TEST(InterpreterKernels, AnUnpinnedPoolIsVerifiedWhole) {
  PoolProgram program;
  program.run.program.commands[1] = {MOE_CMD_CONST, 0, 0, 0, 0, 3};
  program.run.program.commands[3] = {MOE_CMD_CONST, 0, 0, 0, 0, 3};
  ASSERT_EQ(program.go({0, 0, 0}), "");
  using Ranges = std::vector<TestSections::Range>;
  EXPECT_EQ(program.run.sections.verified, (Ranges{{0, 0, 16384}}));
  ASSERT_EQ(program.run.again(), "");
  EXPECT_EQ(program.run.sections.verified.size(), 1u);
}

/// Items of the jobs that ran on a device.
static std::vector<int64_t> jobItems;

TEST(InterpreterKernels, LargeExpertsAreVerifiedOnAllThreads) {
  PoolProgram program;
  Runner &run = program.run;
  constexpr uint64_t mib = uint64_t{1} << 20;
  run.sections.payloads[0].resize(4 * 3 * mib);
  run.sectionTable[0].size = run.sectionTable[0].payload_length = 4 * 3 * mib;
  run.program.pools[0].stride = 3 * mib;
  DeviceView device = run.cpu->view();
  DeviceTable table = *device.table;
  table.run = [](void *context, const moe_phase *phases, int64_t count,
                 void *arg) {
    jobItems.push_back(static_cast<int64_t *>(arg)[phases[0].items_slot]);
    return static_cast<Pool *>(context)->run(phases, count, arg);
  };
  device.table = &table;
  run.device = &device;

  // Experts 0, 1 and 3 lie in three leaves, of which each is hashed once; the
  // other job is the kernel.
  jobItems.clear();
  ASSERT_EQ(program.go({3, 0, 1}), "");
  EXPECT_EQ(jobItems, (std::vector<int64_t>{3, 3}));
  auto byOffset = [](const TestSections::Range &a,
                     const TestSections::Range &b) {
    return a.offset < b.offset;
  };
  std::vector<TestSections::Range> &verified = run.sections.verified;
  std::sort(verified.begin(), verified.end(), byOffset);
  using Ranges = std::vector<TestSections::Range>;
  EXPECT_EQ(verified, (Ranges{{0, 0, 4 * mib},
                              {0, 4 * mib, 2 * mib},
                              {0, 9 * mib, 3 * mib}}));

  // The error is that of the first damaged leaf, whoever finds which one; a
  // later run tries again.
  for (int i = 0; i < 20; ++i) {
    run.sections.damagedBytes = {11 * mib, 5 * mib};
    EXPECT_EQ(program.go({3, 0, 1}), "byte 5242880 is damaged");
    run.sections.damagedBytes = {};
    EXPECT_EQ(run.again(), "");
  }
}

TEST(InterpreterKernels, ReportsDamagedExperts) {
  PoolProgram program;
  program.run.sections.damaged = true;
  EXPECT_EQ(program.go({2, -1, -1}), "damaged");
  EXPECT_EQ(program.run.code, MOE_RT_IO);
}

TEST(InterpreterKernels, ChecksPins) {
  PoolProgram program;
  program.run.program.commands[0].imm = 4;
  EXPECT_EQ(program.go({0, 0, 0}), "command 1 (pin): buffer 0 of 12 bytes does "
                                   "not hold 4 experts");
  program.run.program.commands[0].imm = -1;
  EXPECT_EQ(program.go({0, 0, 0}), "command 1 (pin): buffer 0 of 12 bytes does "
                                   "not hold -1 experts");
  program.run.program.commands[0].imm = 3;
  program.run.program.commands[1] = {MOE_CMD_CONST, 0, 0, 0, 0, 3};
  EXPECT_EQ(program.go({0, 0, 0}), "command 3 (unpin): pool 0 is not pinned");
  EXPECT_EQ(program.run.code, MOE_RT_INTERNAL);
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

struct CountProgram {
  Runner run;
  std::vector<int32_t> offsets;

  CountProgram() {
    ProgramBuilder &p = run.program;
    p.layers.push_back({p.string("first"), 1, 0});
    p.layers.push_back({p.string("second"), 3, 0});
    uint32_t offsets = p.input("offsets", MOE_DTYPE_I32, {{p.reg(), ""}});
    p.add(MOE_CMD_COUNT_EXPERTS, 1, offsets);
    p.add(MOE_CMD_END);
    EXPECT_EQ(run.prepare(), "");
  }
  std::string go(std::vector<int32_t> values) {
    offsets = std::move(values);
    run.setInput(0, offsets.data(), MOE_RT_DTYPE_I32,
                 {int64_t(offsets.size())});
    return run.again();
  }
  std::vector<uint64_t> rows() {
    const uint64_t *rows = run.interpreter->expertRows(1);
    return rows ? std::vector<uint64_t>(rows, rows + 3)
                : std::vector<uint64_t>();
  }
};

TEST(InterpreterKernels, CountsExperts) {
  CountProgram program;
  // Off: not even read.
  ASSERT_EQ(program.go({5, 4, 3, 2}), "");
  EXPECT_TRUE(program.rows().empty());
  ASSERT_TRUE(program.run.interpreter->countExperts(true).ok());
  ASSERT_EQ(program.go({0, 2, 2, 7}), "");
  ASSERT_EQ(program.go({0, 1, 1, 1}), "");
  EXPECT_EQ(program.rows(), (std::vector<uint64_t>{3, 0, 5}));
  ASSERT_TRUE(program.run.interpreter->countExperts(false).ok());
  ASSERT_EQ(program.go({0, 1, 1, 1}), "");
  EXPECT_EQ(program.rows(), (std::vector<uint64_t>{3, 0, 5}));
  ASSERT_TRUE(program.run.interpreter->countExperts(true).ok());
  EXPECT_EQ(program.rows(), (std::vector<uint64_t>{0, 0, 0}));
  EXPECT_EQ(program.run.interpreter->expertRows(0)[0], 0u);
}

TEST(InterpreterKernels, ChecksOffsets) {
  CountProgram program;
  ASSERT_TRUE(program.run.interpreter->countExperts(true).ok());
  EXPECT_EQ(program.go({0, 1, 2}),
            "command 0 (count_experts): buffer 0 of 12 bytes does not hold the "
            "offsets of 3 experts");
  EXPECT_EQ(program.go({0, 2, 1, 3}),
            "command 0 (count_experts): the offsets of expert 1 are 2 and 1");
  EXPECT_EQ(program.go({-1, 2, 2, 3}),
            "command 0 (count_experts): the offsets of expert 0 are -1 and 2");
}

} // namespace
