//===- SessionTest.cpp - runs through the public interface ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SessionTestUtils.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cfenv>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace moe::test;

namespace {

class SessionTest : public testing::Test {
protected:
  SessionTest() {
    SmallModel::write(path);
    model = loadModel(path);
    device = makeDevice(2);
    session = makeSession(model, device);
  }

  static moe_rt::Model loadModel(const std::string &path,
                                 const moe_rt_model_options_t *options = {}) {
    moe_rt::Model model;
    moe_rt::Status status =
        moe_rt::Model::loadPath(path.c_str(), options, model);
    EXPECT_TRUE(status.ok()) << status.message();
    return model;
  }
  static moe_rt::Device makeDevice(int32_t threads) {
    moe_rt_cpu_options_t options = {};
    options.struct_size = sizeof(options);
    options.threads = threads;
    moe_rt::Device device;
    moe_rt::Status status = moe_rt::Device::createCpu(&options, device);
    EXPECT_TRUE(status.ok()) << status.message();
    return device;
  }
  static moe_rt::Session makeSession(const moe_rt::Model &model,
                                     const moe_rt::Device &device) {
    moe_rt::Session session;
    moe_rt::Status status = moe_rt::Session::create(model, device, session);
    EXPECT_TRUE(status.ok()) << status.message();
    return session;
  }

  /// Runs x through a session; the message of an error, or "" and y.
  static std::string run(moe_rt::Session &session, std::vector<float> &x,
                         std::vector<float> &y) {
    int64_t rows = int64_t(x.size()) / SmallModel::inner;
    if (moe_rt::Status status =
            session.setInput("x", tensorOf(x, {rows, SmallModel::inner}))) {
      return status.message();
    }
    if (moe_rt::Status status = session.run()) {
      return status.message();
    }
    moe_rt::Tensor output;
    if (moe_rt::Status status = session.output("y", output)) {
      return status.message();
    }
    EXPECT_EQ(output.dims(), (std::vector<int64_t>{rows, SmallModel::outer}));
    EXPECT_EQ(output.dtype(), MOE_RT_DTYPE_F32);
    y = valuesOf(output);
    return "";
  }

  TemporaryFolder folder;
  std::string path = folder.file("m.moe");
  moe_rt::Model model;
  moe_rt::Device device;
  moe_rt::Session session;
};

/// Bits, so that -0 and NaN count.
bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() &&
         (a.empty() || !memcmp(a.data(), b.data(), a.size() * sizeof(float)));
}

TEST_F(SessionTest, ComputesWhatTheModelSays) {
  for (int64_t rows : {0, 1, 3, 16, 17, 64, 500, 1}) {
    std::vector<float> x = SmallModel::input(rows);
    std::vector<float> y;
    ASSERT_EQ(run(session, x, y), "");
    EXPECT_TRUE(sameBits(y, SmallModel::expected(x))) << rows;
  }
  EXPECT_EQ(session.level(), 3);
}

TEST_F(SessionTest, DescribesTheModel) {
  ASSERT_EQ(model.inputCount(), 1u);
  EXPECT_EQ(model.input(0).name(), "x");
  EXPECT_EQ(model.input(0).str(), "f32[N, 8]");
  EXPECT_EQ(model.output(0).str(), "f32[N, 4]");
}

TEST_F(SessionTest, ThreadsShareModelAndDevice) {
  std::vector<float> x = SmallModel::input(100);
  std::vector<float> expected = SmallModel::expected(x);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      moe_rt::Session mine = makeSession(model, device);
      std::vector<float> copy = x;
      std::vector<float> y;
      for (int i = 0; i < 100; ++i) {
        wrong += !run(mine, copy, y).empty() || !sameBits(y, expected);
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong.load(), 0);
}

/// Loads, frees, counts and cancels while others run.
TEST_F(SessionTest, ThreadsComeAndGo) {
  std::vector<float> x = SmallModel::input(64);
  std::vector<float> expected = SmallModel::expected(x);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        moe_rt::Model own = loadModel(path);
        moe_rt::Session mine = makeSession(t % 2 ? own : model, device);
        own = moe_rt::Model();
        wrong += mine.countExperts(true).ok() ? 0 : 1;
        std::thread canceller([&] { mine.cancel(); });
        std::vector<float> copy = x;
        std::vector<float> y;
        std::string message = run(mine, copy, y);
        wrong += message.empty() ? !sameBits(y, expected)
                                 : message != "the run was cancelled";
        canceller.join();
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong.load(), 0);
}

TEST_F(SessionTest, NumbersOfThreadsGiveTheSameBits) {
  std::vector<float> x = SmallModel::input(333, 5);
  std::vector<float> expected = SmallModel::expected(x);
  for (int32_t threads : {1, 2, 3, 7}) {
    moe_rt::Device other = makeDevice(threads);
    EXPECT_EQ(other.threads(), threads);
    moe_rt::Session mine = makeSession(model, other);
    std::vector<float> y;
    ASSERT_EQ(run(mine, x, y), "");
    EXPECT_TRUE(sameBits(y, expected)) << threads;
  }
}

void threadsOfTheCaller(void *context, int32_t count, moe_rt_task_fn task,
                        void *state) {
  ++*static_cast<std::atomic<int> *>(context);
  std::vector<std::thread> threads;
  for (int32_t i = 0; i < count; ++i) {
    threads.emplace_back(task, state, i);
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
}

TEST_F(SessionTest, RunsOnTheCallersThreads) {
  std::atomic<int> calls{0};
  moe_rt_cpu_options_t options = {};
  options.struct_size = sizeof(options);
  options.threads = 3;
  options.parallel = threadsOfTheCaller;
  options.parallel_context = &calls;
  moe_rt::Device other;
  ASSERT_TRUE(moe_rt::Device::createCpu(&options, other).ok());
  EXPECT_EQ(other.threads(), 3);
  moe_rt::Session mine = makeSession(model, other);
  std::vector<float> x = SmallModel::input(200);
  std::vector<float> y;
  ASSERT_EQ(run(mine, x, y), "");
  EXPECT_TRUE(sameBits(y, SmallModel::expected(x)));
  // The two kernels with more rows than their grain.
  EXPECT_EQ(calls.load(), 2);
}

TEST_F(SessionTest, OddFloatingPointModesChangeNothing) {
  std::vector<float> x = SmallModel::input(100);
  std::vector<float> expected = SmallModel::expected(x);
  std::fenv_t saved;
  std::fegetenv(&saved);
  // Rounding modes, flush to zero, denormals are zero.
  for (uint32_t mode : {0x1F80u, 0x3F80u, 0x5F80u, 0x7F80u, 0x9F80u, 0x9FC0u,
                        0x1FC0u, 0xFFC0u}) {
    std::vector<float> y;
    __builtin_ia32_ldmxcsr(mode);
    std::string message = run(session, x, y);
    uint32_t after = __builtin_ia32_stmxcsr() & ~0x3Fu;
    std::fesetenv(&saved);
    ASSERT_EQ(message, "");
    EXPECT_TRUE(sameBits(y, expected)) << std::hex << mode;
    EXPECT_EQ(after, mode & ~0x3Fu);
  }
}

TEST_F(SessionTest, WritesBoundOutputs) {
  std::vector<float> x = SmallModel::input(10);
  std::vector<float> expected = SmallModel::expected(x);
  std::vector<float> mine(40);
  ASSERT_TRUE(session.bindOutput("y", mine.data(), mine.size() * 4).ok());
  std::vector<float> y;
  ASSERT_EQ(run(session, x, y), "");
  EXPECT_TRUE(sameBits(mine, expected));
  std::vector<float> larger = SmallModel::input(11);
  EXPECT_EQ(run(session, larger, y),
            "output 'y' is f32[11, 4] and needs 176 bytes, but 160 bytes are "
            "bound");
  ASSERT_TRUE(session.bindOutput(0, nullptr, 0).ok());
  ASSERT_EQ(run(session, larger, y), "");
  EXPECT_TRUE(sameBits(y, SmallModel::expected(larger)));
  EXPECT_STREQ(session.bindOutput("z", mine.data(), 160).message(),
               "the model has no output 'z'; its outputs are: 'y'");
  EXPECT_STREQ(
      session
          .bindOutput(size_t{0}, reinterpret_cast<char *>(mine.data()) + 1, 4)
          .message(),
      "output 'y': its data is not aligned to 4 bytes");
}

TEST_F(SessionTest, CountsExperts) {
  ASSERT_EQ(session.expertLayers(), 1u);
  moe_rt::ExpertCounts counts;
  EXPECT_STREQ(session.expertCounts(0, counts).message(),
               "experts are not counted; call moe_rt_session_count_experts "
               "before the run");
  ASSERT_TRUE(session.countExperts(true).ok());
  std::vector<float> x = SmallModel::input(10);
  std::vector<float> y;
  ASSERT_EQ(run(session, x, y), "");
  ASSERT_EQ(run(session, x, y), "");
  ASSERT_TRUE(session.expertCounts(0, counts).ok());
  EXPECT_EQ(counts.layer, "layer0");
  EXPECT_EQ(std::vector<uint64_t>(counts.rows, counts.rows + counts.experts),
            (std::vector<uint64_t>{6, 6, 4, 4}));
  EXPECT_STREQ(session.expertCounts(1, counts).message(),
               "layer 1 does not exist; the model has 1 routed layers");
}

TEST_F(SessionTest, TellsItsMemory) {
  moe_rt_session_memory_t memory;
  ASSERT_TRUE(session.memoryUsage(memory).ok());
  EXPECT_EQ(memory.arena_bytes, 0u);
  EXPECT_EQ(memory.scratch_bytes, 2u * 64u);
  std::vector<float> x = SmallModel::input(64);
  std::vector<float> y;
  ASSERT_EQ(run(session, x, y), "");
  ASSERT_TRUE(session.memoryUsage(memory).ok());
  // Offsets, ids and h.
  EXPECT_EQ(memory.arena_needed_bytes, 64u + 256u + 1024u);
  EXPECT_EQ(memory.arena_bytes, 64u + 256u + 1024u);
  EXPECT_EQ(memory.output_bytes, 1024u);
}

TEST_F(SessionTest, OutlivesModelAndDevice) {
  model = moe_rt::Model();
  device = moe_rt::Device();
  std::vector<float> x = SmallModel::input(40);
  std::vector<float> y;
  ASSERT_EQ(run(session, x, y), "");
  EXPECT_TRUE(sameBits(y, SmallModel::expected(x)));
}

//===----------------------------------------------------------------------===//
// States and wrong calls
//===----------------------------------------------------------------------===//

/// A model that never ends.
class EndlessTest : public testing::Test {
protected:
  EndlessTest() {
    ProgramBuilder program;
    program.add(MOE_CMD_JUMP, 0);
    std::vector<uint64_t> words = program.build();
    Bytes bytes(words.size() * 8);
    memcpy(bytes.data(), words.data(), bytes.size());
    writePackage(path, {{MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, bytes}});
    EXPECT_TRUE(moe_rt::Model::loadPath(path.c_str(), nullptr, model).ok());
    EXPECT_TRUE(moe_rt::Device::createCpu(nullptr, device).ok());
    EXPECT_TRUE(moe_rt::Session::create(model, device, session).ok());
  }

  TemporaryFolder folder;
  std::string path = folder.file("endless.moe");
  moe_rt::Model model;
  moe_rt::Device device;
  moe_rt::Session session;
};

TEST_F(EndlessTest, ASecondCallIsRefused) {
  EXPECT_EQ(session.level(), 0);
  std::atomic<bool> ended{false};
  std::thread runner([&] {
    // The calls below may be in its way at first.
    moe_rt::Status status = session.run();
    while (status.code() == MOE_RT_FAILED_PRECONDITION) {
      status = session.run();
    }
    EXPECT_EQ(status.code(), MOE_RT_CANCELLED);
    EXPECT_STREQ(status.message(), "the run was cancelled");
    ended = true;
  });
  moe_rt_session_memory_t memory;
  const char *wanted = "another call on this session is under way; use a "
                       "session per thread";
  // Until the other thread is in its run, these calls succeed.
  moe_rt::Status status;
  while (status.ok()) {
    status = session.memoryUsage(memory);
  }
  EXPECT_EQ(status.code(), MOE_RT_FAILED_PRECONDITION);
  EXPECT_STREQ(status.message(), wanted);
  moe_rt::Tensor tensor;
  moe_rt::ExpertCounts counts;
  EXPECT_STREQ(session.run().message(), wanted);
  EXPECT_STREQ(session.setInput(size_t{0}, tensor).message(), wanted);
  EXPECT_STREQ(session.setInput("x", tensor).message(), wanted);
  EXPECT_STREQ(session.bindOutput(size_t{0}, nullptr, 0).message(), wanted);
  EXPECT_STREQ(session.bindOutput("y", nullptr, 0).message(), wanted);
  EXPECT_STREQ(session.output(size_t{0}, tensor).message(), wanted);
  EXPECT_STREQ(session.output("y", tensor).message(), wanted);
  EXPECT_STREQ(session.countExperts(true).message(), wanted);
  EXPECT_STREQ(session.expertCounts(0, counts).message(), wanted);
  EXPECT_FALSE(ended.load());
  session.cancel();
  runner.join();
}

TEST_F(EndlessTest, CancelsAHundredTimes) {
  for (int i = 0; i < 100; ++i) {
    std::atomic<bool> ended{false};
    std::thread canceller([&] {
      while (!ended) {
        session.cancel();
        std::this_thread::yield();
      }
    });
    EXPECT_EQ(session.run().code(), MOE_RT_CANCELLED);
    ended = true;
    canceller.join();
  }
}

TEST_F(SessionTest, RefusesWrongCalls) {
  moe_rt::Tensor output;
  moe_rt::Status status = session.output("y", output);
  EXPECT_EQ(status.code(), MOE_RT_FAILED_PRECONDITION);
  EXPECT_STREQ(status.message(), "there are no outputs: no run has ended well "
                                 "since the session was made or changed");
  EXPECT_STREQ(session.run().message(), "input 'x' is not set");
  std::vector<float> x = SmallModel::input(2);
  EXPECT_STREQ(session.setInput("z", tensorOf(x, {2, 8})).message(),
               "the model has no input 'z'; its inputs are: 'x'");
  EXPECT_STREQ(session.setInput("x", tensorOf(x, {16})).message(),
               "input 'x' wants f32[N, 8], but f32[16] was given");
  EXPECT_STREQ(session.setInput(1, tensorOf(x, {2, 8})).message(),
               "input 1 does not exist; the model has 1");
  std::vector<float> y;
  ASSERT_EQ(run(session, x, y), "");
  EXPECT_STREQ(session.output(3, output).message(),
               "output 3 does not exist; the model has 1");
  moe_rt_tensor_t small = {};
  small.struct_size = 4;
  moe_rt::Status shortStruct(moe_rt_session_output(session.get(), 0, &small));
  EXPECT_STREQ(shortStruct.message(), "moe_rt_tensor_t has struct_size 4; set "
                                      "it to sizeof(moe_rt_tensor_t)");
  // A run that fails leaves no outputs.
  std::vector<float> large = SmallModel::input(3);
  ASSERT_TRUE(session.bindOutput("y", y.data(), 4).ok());
  EXPECT_FALSE(run(session, large, y).empty());
  EXPECT_EQ(session.output("y", output).code(), MOE_RT_FAILED_PRECONDITION);
}

std::string take(moe_rt_status_t status) {
  moe_rt::Status owned(status);
  EXPECT_EQ(owned.code(), owned.ok() ? MOE_RT_OK : MOE_RT_INVALID_ARGUMENT);
  return owned.message();
}

TEST_F(SessionTest, RefusesNull) {
  moe_rt_session_t *made = nullptr;
  EXPECT_EQ(take(moe_rt_session_create(nullptr, device.get(), &made)),
            "model is NULL");
  EXPECT_EQ(take(moe_rt_session_create(model.get(), nullptr, &made)),
            "device is NULL");
  EXPECT_EQ(take(moe_rt_session_create(model.get(), device.get(), nullptr)),
            "session is NULL");
  EXPECT_EQ(take(moe_rt_session_run(nullptr)), "session is NULL");
  EXPECT_EQ(take(moe_rt_session_set_input(nullptr, 0, nullptr)),
            "session is NULL");
  EXPECT_EQ(take(moe_rt_session_set_input(session.get(), 0, nullptr)),
            "moe_rt_tensor_t is NULL");
  EXPECT_EQ(take(moe_rt_session_set_input_by_name(nullptr, "x", nullptr)),
            "session is NULL");
  EXPECT_EQ(
      take(moe_rt_session_set_input_by_name(session.get(), nullptr, nullptr)),
      "the name of the input is NULL");
  EXPECT_EQ(take(moe_rt_session_bind_output(nullptr, 0, nullptr, 0)),
            "session is NULL");
  EXPECT_EQ(take(moe_rt_session_bind_output_by_name(nullptr, "y", nullptr, 0)),
            "session is NULL");
  EXPECT_EQ(take(moe_rt_session_bind_output_by_name(session.get(), nullptr,
                                                    nullptr, 0)),
            "the name of the output is NULL");
  EXPECT_EQ(take(moe_rt_session_output(nullptr, 0, nullptr)),
            "session is NULL");
  EXPECT_EQ(take(moe_rt_session_output_by_name(nullptr, "y", nullptr)),
            "session is NULL");
  std::vector<float> x = SmallModel::input(1);
  std::vector<float> y;
  ASSERT_EQ(run(session, x, y), "");
  EXPECT_EQ(take(moe_rt_session_output(session.get(), 0, nullptr)),
            "moe_rt_tensor_t is NULL");
  EXPECT_EQ(take(moe_rt_session_memory_usage(nullptr, nullptr)),
            "session is NULL");
  EXPECT_EQ(take(moe_rt_session_memory_usage(session.get(), nullptr)),
            "moe_rt_session_memory_t is NULL");
  EXPECT_EQ(take(moe_rt_session_count_experts(nullptr, 1)), "session is NULL");
  EXPECT_EQ(take(moe_rt_session_expert_counts(nullptr, 0, nullptr)),
            "session is NULL");
  ASSERT_TRUE(session.countExperts(true).ok());
  EXPECT_EQ(take(moe_rt_session_expert_counts(session.get(), 0, nullptr)),
            "moe_rt_expert_counts_t is NULL");
  EXPECT_EQ(moe_rt_session_expert_layers(nullptr), 0u);
  EXPECT_EQ(moe_rt_session_level(nullptr), 0);
  moe_rt_session_cancel(nullptr);
  moe_rt_session_free(nullptr);
  EXPECT_EQ(take(moe_rt_device_create_cpu(nullptr, nullptr)), "device is NULL");
  EXPECT_EQ(moe_rt_device_threads(nullptr), 0);
  EXPECT_EQ(moe_rt_device_level(nullptr), 0);
  moe_rt_device_free(nullptr);
}

TEST(DeviceOptions, AreChecked) {
  moe_rt_device_t *device = nullptr;
  moe_rt_cpu_options_t options = {};
  EXPECT_EQ(take(moe_rt_device_create_cpu(&options, &device)),
            "moe_rt_cpu_options_t has struct_size 0; set it to "
            "sizeof(moe_rt_cpu_options_t)");
  options.struct_size = sizeof(options);
  options.threads = 5000;
  EXPECT_EQ(take(moe_rt_device_create_cpu(&options, &device)),
            "the number of threads is 5000, expected 0 to 1024");
  options.threads = 1;
  options.max_level = 2;
  EXPECT_EQ(take(moe_rt_device_create_cpu(&options, &device)),
            "max_level is 2, expected 0, 3 or 4");
  options.max_level = 3;
  EXPECT_EQ(take(moe_rt_device_create_cpu(&options, &device)), "");
  EXPECT_EQ(moe_rt_device_level(device), 3);
  moe_rt_device_free(device);
  options.max_level = 4;
  moe_rt::Status status(moe_rt_device_create_cpu(&options, &device));
  if (moe_rt_cpu_level() < 4) {
    EXPECT_EQ(status.code(), MOE_RT_UNSUPPORTED);
    EXPECT_STREQ(status.message(),
                 "this CPU lacks the level x86-64-v4; it has x86-64-v3");
  } else {
    EXPECT_TRUE(status.ok());
    moe_rt_device_free(device);
  }
  moe_rt_allocator_t allocator = {};
  allocator.struct_size = sizeof(allocator);
  options.max_level = 0;
  options.allocator = &allocator;
  EXPECT_EQ(take(moe_rt_device_create_cpu(&options, &device)),
            "moe_rt_allocator_t needs both allocate and deallocate");
}

//===----------------------------------------------------------------------===//
// Memory that runs out
//===----------------------------------------------------------------------===//

/// Fails its n-th allocation.
struct FailingMemory {
  std::atomic<int64_t> left{INT64_MAX};
  std::atomic<int64_t> live{0};

  static void *allocate(void *context, size_t size, size_t alignment) {
    auto *self = static_cast<FailingMemory *>(context);
    if (self->left.fetch_sub(1) <= 0) {
      return nullptr;
    }
    ++self->live;
    return aligned_alloc(alignment,
                         (size + alignment - 1) / alignment * alignment);
  }
  static void deallocate(void *context, void *pointer, size_t, size_t) {
    --static_cast<FailingMemory *>(context)->live;
    free(pointer);
  }
};

TEST_F(SessionTest, EveryAllocationMayFail) {
  std::vector<float> x = SmallModel::input(50);
  std::vector<float> expected = SmallModel::expected(x);
  int64_t n = 0;
  for (bool complete = false; !complete; ++n) {
    ASSERT_LT(n, 2000);
    FailingMemory memory;
    moe_rt_allocator_t allocator = {sizeof(allocator), &memory,
                                    FailingMemory::allocate,
                                    FailingMemory::deallocate};
    memory.left = n;
    {
      moe_rt_model_options_t modelOptions = {};
      modelOptions.struct_size = sizeof(modelOptions);
      modelOptions.allocator = &allocator;
      moe_rt_cpu_options_t deviceOptions = {};
      deviceOptions.struct_size = sizeof(deviceOptions);
      deviceOptions.threads = 2;
      deviceOptions.allocator = &allocator;
      moe_rt::Model ownModel;
      moe_rt::Device ownDevice;
      moe_rt::Session own;
      moe_rt::Status status =
          moe_rt::Model::loadPath(path.c_str(), &modelOptions, ownModel);
      if (status.ok()) {
        status = moe_rt::Device::createCpu(&deviceOptions, ownDevice);
      }
      if (status.ok()) {
        status = moe_rt::Session::create(ownModel, ownDevice, own);
      }
      std::vector<float> y;
      std::string message;
      if (status.ok()) {
        for (int runs = 0; runs < 2 && message.empty(); ++runs) {
          message = run(own, x, y);
        }
        complete = message.empty();
        if (!complete) {
          EXPECT_EQ(message.rfind("out of memory", 0), 0u) << message;
          // The session is still good.
          memory.left = INT64_MAX;
          ASSERT_EQ(run(own, x, y), "");
        }
        EXPECT_TRUE(sameBits(y, expected));
      } else {
        EXPECT_EQ(status.code(), MOE_RT_OUT_OF_MEMORY) << status.message();
      }
    }
    EXPECT_EQ(memory.live.load(), 0) << "allocation " << n;
  }
  EXPECT_GT(n, 20);
}

TEST_F(SessionTest, DamagedWeightsAreFoundAtTheFirstRun) {
  // The weights are the last but one section; its bytes are found by value.
  Bytes bytes = readFile(path);
  float value = SmallModel::weight(7, 3);
  uint8_t wanted[4];
  memcpy(wanted, &value, 4);
  auto at = std::search(bytes.begin(), bytes.end(), wanted, wanted + 4);
  ASSERT_NE(at, bytes.end());
  *at ^= 1;
  std::string damaged = folder.file("damaged.moe");
  writeFile(damaged, bytes);
  moe_rt::Model own = loadModel(damaged);
  moe_rt::Session mine = makeSession(own, device);
  std::vector<float> x = SmallModel::input(1);
  std::vector<float> y;
  ASSERT_TRUE(mine.setInput("x", tensorOf(x, {1, 8})).ok());
  moe_rt::Status status = mine.run();
  EXPECT_EQ(status.code(), MOE_RT_IO);
  // Again: nothing remembers a wrong answer.
  EXPECT_EQ(mine.run().code(), MOE_RT_IO);
}

#ifndef MOE_TEST_TSAN
TEST_F(SessionTest, WorksInAForkedChild) {
  std::vector<float> x = SmallModel::input(100);
  std::vector<float> expected = SmallModel::expected(x);
  std::vector<float> y;
  ASSERT_EQ(run(session, x, y), "");
  pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    alarm(20);
    bool right = run(session, x, y).empty() && sameBits(y, expected);
    session = moe_rt::Session();
    device = moe_rt::Device();
    _exit(right ? 0 : 1);
  }
  int result;
  ASSERT_EQ(waitpid(child, &result, 0), child);
  EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}
#endif

} // namespace
