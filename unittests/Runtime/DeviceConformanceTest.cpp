//===- DeviceConformanceTest.cpp - what every device must do --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One suite for all devices. A new device adds a class with view() to `Devices`
// and passes.
//
//===----------------------------------------------------------------------===//

#include "InterpreterTestUtils.h"
#include "RecordingDevice.h"

#include <gtest/gtest.h>

using namespace moe::rt;
using namespace moe::test;

namespace {

template <int32_t Threads>
struct CpuDevice {
  CpuDevice() {
    moe_rt_cpu_options_t options = {};
    options.struct_size = sizeof(options);
    options.threads = Threads;
    Status status(moe_rt_device_create_cpu(&options, &device));
    EXPECT_TRUE(status.ok()) << status.message();
  }
  ~CpuDevice() { moe_rt_device_free(device); }
  DeviceView view() { return device->view(); }

  moe_rt_device_t *device = nullptr;
};

template <typename Device>
class DeviceConformance : public testing::Test {
protected:
  DeviceConformance() : view(device.view()) { run.device = &view; }
  ~DeviceConformance() override {
    // Before the device, which is destroyed before the base class.
    run.interpreter = {};
  }

  Device device;
  DeviceView view;
  Runner run;
};

using Devices =
    testing::Types<CpuDevice<1>, CpuDevice<2>, CpuDevice<5>, RecordingDevice>;
TYPED_TEST_SUITE(DeviceConformance, Devices);

TYPED_TEST(DeviceConformance, DescribesItself) {
  EXPECT_NE(this->view.table->name, nullptr);
  const moe_environment *environment = this->view.environment;
  EXPECT_GE(environment->size, sizeof(*environment));
  EXPECT_EQ(environment->major, MOE_ENVIRONMENT_MAJOR);
  EXPECT_GE(environment->max_workers, 1);
  EXPECT_GE(environment->core->size, sizeof(*environment->core));
  EXPECT_NE(environment->core->parallel, nullptr);
}

enum Slots { Items0 = 3, Items1 = 4, Items2 = 5, Data = 6 };

int32_t countItems(void *arg, int64_t, int64_t, int32_t) {
  auto *slots = static_cast<int64_t *>(arg);
  slots[Items1] = slots[Items0] * 100;
  return 0;
}

int32_t square(void *arg, int64_t begin, int64_t end, int32_t) {
  auto *data = reinterpret_cast<int64_t *>(static_cast<int64_t *>(arg)[Data]);
  for (int64_t i = begin; i < end; ++i) {
    data[i] = i * i;
  }
  return 0;
}

/// Reads what all other items of the phase before wrote.
int32_t mirror(void *arg, int64_t begin, int64_t end, int32_t) {
  auto *data = reinterpret_cast<int64_t *>(static_cast<int64_t *>(arg)[Data]);
  for (int64_t i = begin; i < end; ++i) {
    data[100 + i] = data[99 - i];
  }
  return 0;
}

TYPED_TEST(DeviceConformance, RunsPhasesInOrder) {
  ProgramBuilder &p = this->run.program;
  uint32_t y = p.output("y", MOE_DTYPE_I64, {200});
  p.kernel("k", {1, 3, 7}, 1);
  this->run.functions = {countItems, square, mirror};
  uint32_t size = p.constant(1600);
  uint32_t one = p.constant(1);
  uint32_t none = p.constant(0);
  uint32_t hundred = p.constant(100);
  p.add(MOE_CMD_PLACE, y, size);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, one);
  p.operand(MOE_OPERAND_REGISTER, none);
  p.operand(MOE_OPERAND_REGISTER, hundred);
  p.operand(MOE_OPERAND_BUFFER, y);
  p.add(MOE_CMD_RUN, 0, first, 4);
  p.add(MOE_CMD_END);
  ASSERT_EQ(this->run.prepare(), "");
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(this->run.again(), "");
    std::vector<int64_t> data = this->run.template output<int64_t>(0);
    for (int64_t i = 0; i < 100; ++i) {
      ASSERT_EQ(data[size_t(i)], i * i);
      ASSERT_EQ(data[size_t(100 + i)], (99 - i) * (99 - i));
    }
  }
}

int32_t failAtThree(void *, int64_t begin, int64_t end, int32_t) {
  return begin <= 3 && 3 < end ? MOE_KERNEL_INDEX_OUT_OF_RANGE : 0;
}

int32_t failAlways(void *, int64_t, int64_t, int32_t) { return 99; }

TYPED_TEST(DeviceConformance, AFailureEndsTheKernel) {
  ProgramBuilder &p = this->run.program;
  p.kernel("k", {1, 1}, 0);
  this->run.functions = {failAtThree, failAlways};
  uint32_t items = p.constant(10);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, items);
  p.operand(MOE_OPERAND_REGISTER, items);
  p.add(MOE_CMD_RUN, 0, first, 2);
  p.add(MOE_CMD_END);
  EXPECT_EQ(this->run.once(),
            "command 1 (run): kernel 'k': an index is out of range");
  // And the next run starts afresh.
  p.commands[0].imm = 3;
  EXPECT_EQ(this->run.once(), "command 1 (run): kernel 'k' failed with code "
                              "99");
  p.commands[0].imm = 0;
  EXPECT_EQ(this->run.once(), "");
}

int32_t negative(void *arg, int64_t, int64_t, int32_t) {
  static_cast<int64_t *>(arg)[Items1] = -5;
  return 0;
}

TYPED_TEST(DeviceConformance, NegativeItemsFail) {
  ProgramBuilder &p = this->run.program;
  p.kernel("k", {1, 1}, 0);
  this->run.functions = {negative, failAlways};
  uint32_t items = p.constant(1);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, items);
  p.operand(MOE_OPERAND_REGISTER, items);
  p.add(MOE_CMD_RUN, 0, first, 2);
  p.add(MOE_CMD_END);
  EXPECT_EQ(this->run.once(), "command 1 (run): kernel 'k': a phase has a "
                              "negative number of items");
}

int32_t nested(void *arg, int64_t, int64_t, int32_t) {
  auto *slots = static_cast<int64_t *>(arg);
  auto *environment = reinterpret_cast<const moe_environment *>(slots[0]);
  moe_phase phases[] = {{square, Items2, 9}};
  return environment->core->parallel(environment->context, phases, 1, arg);
}

TYPED_TEST(DeviceConformance, KernelsMayNest) {
  ProgramBuilder &p = this->run.program;
  uint32_t y = p.output("y", MOE_DTYPE_I64, {100});
  // Two phases that never run give the block a third items slot.
  p.kernel("k", {1, 1, 1}, 1);
  this->run.functions = {nested, failAtThree, failAtThree};
  uint32_t size = p.constant(800);
  uint32_t one = p.constant(1);
  uint32_t none = p.constant(0);
  uint32_t three = p.constant(3);
  p.add(MOE_CMD_PLACE, y, size);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, one);
  p.operand(MOE_OPERAND_REGISTER, none);
  p.operand(MOE_OPERAND_REGISTER, three);
  p.operand(MOE_OPERAND_BUFFER, y);
  p.add(MOE_CMD_RUN, 0, first, 4);
  p.add(MOE_CMD_END);
  ASSERT_EQ(this->run.once(), "");
  std::vector<int64_t> data = this->run.template output<int64_t>(0);
  EXPECT_EQ(data[2], 4);
}

int32_t checkRounding(void *, int64_t, int64_t, int32_t) {
  volatile float one = 1.0f;
  volatile float three = 3.0f;
  volatile float tiny = 1e-45f;
  volatile float same = tiny * one;
  return one / three == 0.333333343f && same != 0 ? 0 : 7;
}

TYPED_TEST(DeviceConformance, RoundsToNearest) {
  ProgramBuilder &p = this->run.program;
  p.kernel("k", {1}, 0);
  this->run.functions = {checkRounding};
  uint32_t items = p.constant(100);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, items);
  p.add(MOE_CMD_RUN, 0, first, 1);
  p.add(MOE_CMD_END);
  ASSERT_EQ(this->run.prepare(), "");
  uint32_t before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(0xBFC0); // up, flush to zero, denormals are zero
  std::string message = this->run.again();
  __builtin_ia32_ldmxcsr(before);
  EXPECT_EQ(message, "");
}

TYPED_TEST(DeviceConformance, CopiesOverlappingBytes) {
  ProgramBuilder &p = this->run.program;
  uint32_t x = p.input("x", MOE_DTYPE_U8, {6});
  uint32_t y = p.output("y", MOE_DTYPE_U8, {6});
  uint32_t six = p.constant(6);
  uint32_t two = p.constant(2);
  uint32_t four = p.constant(4);
  p.add(MOE_CMD_PLACE, y, six);
  uint32_t source = p.operand(MOE_OPERAND_BUFFER, x);
  uint32_t target = p.operand(MOE_OPERAND_BUFFER, y);
  uint32_t shifted = p.operand(MOE_OPERAND_BUFFER, y, two);
  p.add(MOE_CMD_COPY, target, source, six);
  p.add(MOE_CMD_COPY, shifted, target, four);
  p.add(MOE_CMD_END);
  ASSERT_EQ(this->run.prepare(), "");
  uint8_t bytes[] = {1, 2, 3, 4, 5, 6};
  this->run.setInput(0, bytes, MOE_RT_DTYPE_U8, {6});
  ASSERT_EQ(this->run.again(), "");
  EXPECT_EQ(this->run.template output<uint8_t>(0),
            (std::vector<uint8_t>{1, 2, 1, 2, 3, 4}));
}

/// A device launches, or says that it cannot.
TYPED_TEST(DeviceConformance, LaunchesOrRefuses) {
  ProgramBuilder &p = this->run.program;
  uint32_t one = p.constant(1);
  p.launches.push_back(
      {12345, 0, {one, one, one}, {1, 1, 1}, {1, 1, 1}, 0, 0, 0});
  p.add(MOE_CMD_LAUNCH, 0, 0, 0);
  p.add(MOE_CMD_END);
  EXPECT_NE(this->run.once(), "");
  EXPECT_EQ(this->run.code,
            this->view.table->launch ? MOE_RT_NOT_FOUND : MOE_RT_UNSUPPORTED);
}

//===----------------------------------------------------------------------===//
// A program for a device with queues
//===----------------------------------------------------------------------===//

/// A layer as a GPU would run it: routing and experts are launches, the counts
/// stay on the device, one operation falls back to the CPU.
class RecordingTest : public testing::Test {
protected:
  RecordingTest() : view(device.view()) {
    run.device = &view;
    run.observer = &device;
    ProgramBuilder &p = run.program;
    run.sections.payloads = {std::vector<uint8_t>(128),
                             std::vector<uint8_t>(2 * 4096)};
    run.addSection(MOE_SECTION_WEIGHTS);
    run.addSection(MOE_SECTION_POOL);
    rows = p.reg();
    uint32_t x = p.input("x", MOE_DTYPE_F32, {{rows, "N"}, 2});
    uint32_t y = p.output("y", MOE_DTYPE_F32, {{rows, "N"}, 2});
    p.weight("router", 0, 0, 128);
    p.pools.push_back({p.string("experts"), 1, 2, 4096});
    p.layers.push_back({p.string("layer 0"), 2, 0});
    uint32_t offsets = p.temp();
    uint32_t ids = p.temp();
    p.kernel("bias", {64}, 2);
    run.functions = {addOne};

    uint32_t one = p.constant(1);
    uint32_t blocks = p.reg();
    uint32_t warp = p.constant(32);
    p.add(MOE_CMD_CEILDIV, blocks, rows, warp);
    p.launches.push_back(
        {7, 1, {blocks, one, one}, {256, 1, 1}, {2, 1, 1}, 49152, 1, 0});
    p.launches.push_back(
        {9, 1, {one, one, one}, {128, 2, 1}, {1, 1, 1}, 0, 2, 0});
    uint32_t eight = p.constant(8);
    uint32_t bytes = p.reg();
    p.add(MOE_CMD_MUL, bytes, rows, eight);
    uint32_t offsetBytes = p.constant(12);
    p.add(MOE_CMD_PLACE, offsets, offsetBytes);
    p.add(MOE_CMD_PLACE, ids, bytes);
    uint32_t first = p.operand(MOE_OPERAND_BUFFER, x);
    p.operand(MOE_OPERAND_WEIGHT, 0);
    p.operand(MOE_OPERAND_REGISTER, rows);
    p.operand(MOE_OPERAND_BUFFER, ids);
    p.operand(MOE_OPERAND_BUFFER, offsets);
    p.add(MOE_CMD_LAUNCH, 0, first, 5);
    p.add(MOE_CMD_COUNT_EXPERTS, 0, offsets);
    p.add(MOE_CMD_PIN, 0, ids, rows);
    p.add(MOE_CMD_PLACE, y, bytes);
    first = p.operand(MOE_OPERAND_BUFFER, x);
    p.operand(MOE_OPERAND_POOL, 0);
    p.operand(MOE_OPERAND_BUFFER, offsets);
    p.operand(MOE_OPERAND_BUFFER, y);
    p.operand(MOE_OPERAND_REGISTER, rows);
    p.add(MOE_CMD_LAUNCH, 1, first, 5);
    p.add(MOE_CMD_UNPIN, 0);
    first = p.operand(MOE_OPERAND_REGISTER, rows);
    p.operand(MOE_OPERAND_BUFFER, y);
    p.operand(MOE_OPERAND_REGISTER, rows);
    p.add(MOE_CMD_RUN, 0, first, 3);
    p.add(MOE_CMD_RELEASE, ids);
    p.add(MOE_CMD_RELEASE, offsets);
    uint32_t more = p.reg();
    p.add(MOE_CMD_LT, more, one, rows);
    uint32_t branch = p.add(MOE_CMD_BRANCH, more, p.here() + 1, p.here() + 1);
    p.add(MOE_CMD_FAIL, one, p.message("no"));
    uint32_t jump = p.add(MOE_CMD_JUMP, p.here() + 1);
    (void)branch;
    (void)jump;
    p.add(MOE_CMD_END);

    device.kernels[7] = [](const LaunchCall &call) {
      auto *ids = reinterpret_cast<int32_t *>(call.arguments[3]);
      auto *offsets = reinterpret_cast<int32_t *>(call.arguments[4]);
      int64_t rows = int64_t(call.arguments[2]);
      for (int64_t r = 0; r < rows; ++r) {
        ids[r] = 1;
      }
      offsets[0] = offsets[1] = 0;
      offsets[2] = int32_t(rows);
    };
    device.kernels[9] = [](const LaunchCall &call) {
      auto *x = reinterpret_cast<const float *>(call.arguments[0]);
      auto *slotOf = reinterpret_cast<const int32_t *>(call.arguments[2]);
      auto *offsets = reinterpret_cast<const int32_t *>(call.arguments[3]);
      auto *y = reinterpret_cast<float *>(call.arguments[4]);
      for (int32_t r = offsets[1]; r < offsets[2]; ++r) {
        for (int i = 0; i < 2; ++i) {
          y[r * 2 + i] = x[r * 2 + i] * 10 + float(slotOf[1]);
        }
      }
    };
  }
  ~RecordingTest() override { run.interpreter = {}; }

  /// Slots: items, y, rows.
  static int32_t addOne(void *arg, int64_t begin, int64_t end, int32_t) {
    auto *y = reinterpret_cast<float *>(static_cast<int64_t *>(arg)[4]);
    for (int64_t i = 2 * begin; i < 2 * end; ++i) {
      y[i] += 1;
    }
    return 0;
  }

  RecordingDevice device;
  DeviceView view;
  Runner run;
  uint32_t rows = 0;
};

TEST_F(RecordingTest, TheContractServesADeviceWithQueues) {
  ASSERT_EQ(run.prepare(), "");
  ASSERT_TRUE(run.interpreter->countExperts(true).ok());
  float x[] = {1, 2, 3, 4, 5, 6};
  run.setInput(0, x, MOE_RT_DTYPE_F32, {3, 2});
  ASSERT_EQ(run.again(), "");
  const std::vector<std::string> golden = {
      "0: const r1 = 1",
      "1: const r3 = 32",
      "2: ceildiv r2 = 1",
      "3: const r4 = 8",
      "4: mul r5 = 24",
      "5: const r6 = 12",
      "6: place buffer 2, 12 bytes",
      "7: place buffer 3, 24 bytes",
      "8: launch kernel 7 on queue 1, grid 1x1x1, block 256x1x1, cluster "
      "2x1x1, shared 49152, cooperative (input 'x', weight 'router', 3, buffer "
      "3, buffer 2)",
      "9: count_experts of 'layer 0' in buffer 2",
      "10: pin 'experts', 3 ids in buffer 3",
      "11: place output 'y', 24 bytes",
      "12: launch kernel 9 on queue 1, grid 1x1x1, block 128x2x1, cluster "
      "1x1x1, shared 0, dependent (input 'x', pool 'experts', buffer 2, output "
      "'y', 3)",
      "13: unpin 'experts'",
      "14: run 'bias' (3, output 'y', 3)",
      "15: release buffer 3",
      "16: release buffer 2",
      "17: lt r7 = 1",
      "18: branch to 19",
      "19: fail not",
      "20: jump to 21",
  };
  EXPECT_EQ(device.lines, golden);
  EXPECT_EQ(run.output<float>(0), (std::vector<float>{12, 22, 32, 42, 52, 62}));
  EXPECT_EQ(run.interpreter->expertRows(0)[1], 3u);

  // Sizes of a run appear, addresses do not.
  device.lines.clear();
  std::vector<float> many(200);
  run.setInput(0, many.data(), MOE_RT_DTYPE_F32, {100, 2});
  ASSERT_EQ(run.again(), "");
  EXPECT_EQ(device.lines[2], "2: ceildiv r2 = 4");
  EXPECT_EQ(device.lines[8].substr(0, 48),
            "8: launch kernel 7 on queue 1, grid 4x1x1, block");
  std::vector<std::string> before = std::move(device.lines);
  device.lines.clear();
  ASSERT_EQ(run.prepare(), "");
  run.setInput(0, many.data(), MOE_RT_DTYPE_F32, {100, 2});
  ASSERT_EQ(run.again(), "");
  EXPECT_EQ(device.lines, before);
}

TEST_F(RecordingTest, ChecksGrids) {
  run.program.launches[0].grid_reg[1] = run.program.reg();
  auto &commands = run.program.commands;
  commands[0] = {MOE_CMD_CONST, 0, run.program.registerCount - 1, 0, 0, -2};
  ASSERT_EQ(run.prepare(), "");
  float x[] = {1, 2};
  run.setInput(0, x, MOE_RT_DTYPE_F32, {1, 2});
  EXPECT_EQ(run.again(), "command 8 (launch): a grid dimension is -2");
}

} // namespace
