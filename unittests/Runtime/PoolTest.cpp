//===- PoolTest.cpp - phases on threads -----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "pool/pool.h"
#include "pool/cpus.h"

#include "PackageTestUtils.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <chrono>
#include <mutex>
#include <set>
#include <sys/wait.h>
#include <thread>

using namespace moe::rt;
using namespace moe::test;

namespace {

Owned<Pool> makePool(int32_t threads, moe_rt_parallel_fn parallel = nullptr,
                     void *context = nullptr) {
  Owned<Pool> pool;
  PoolOptions options;
  options.threads = threads;
  options.parallel = parallel;
  options.parallelContext = context;
  Status status = Pool::create(Allocator(), options, pool);
  EXPECT_TRUE(status.ok()) << status.message();
  return pool;
}

/// An argument block with room for what the phases of these tests need.
struct Block {
  const moe_environment *environment;
  uint64_t scratch[2] = {};
  int64_t items[8] = {};
  std::vector<std::atomic<int>> *hits = nullptr;
  std::atomic<int64_t> done{0};
  std::atomic<int64_t> early{0};
  std::vector<std::atomic<int>> *busy = nullptr;
  int64_t failAt = -1;
  std::atomic<int64_t> calls{0};
};

constexpr int64_t itemsSlot = 3;

/// Counts each item, and workers that run twice at the same time.
int32_t hit(void *arg, int64_t begin, int64_t end, int32_t worker) {
  auto *block = static_cast<Block *>(arg);
  if (block->busy && (*block->busy)[size_t(worker)].exchange(1)) {
    return 99;
  }
  for (int64_t i = begin; i < end; ++i) {
    (*block->hits)[size_t(i)].fetch_add(1, std::memory_order_relaxed);
  }
  block->done.fetch_add(end - begin);
  if (block->busy) {
    (*block->busy)[size_t(worker)].store(0);
  }
  return 0;
}

/// Must run after every item of the phase before.
int32_t afterAll(void *arg, int64_t, int64_t, int32_t) {
  auto *block = static_cast<Block *>(arg);
  if (block->done.load() < block->items[0]) {
    block->early.fetch_add(1);
  }
  return 0;
}

int32_t setNextItems(void *arg, int64_t, int64_t, int32_t) {
  static_cast<Block *>(arg)->items[1] = 1000;
  return 0;
}

int32_t failSometimes(void *arg, int64_t begin, int64_t end, int32_t) {
  auto *block = static_cast<Block *>(arg);
  block->calls.fetch_add(1);
  return begin <= block->failAt && block->failAt < end ? 7 : 0;
}

int32_t neverRuns(void *arg, int64_t, int64_t, int32_t) {
  static_cast<Block *>(arg)->early.fetch_add(1);
  return 0;
}

class PoolThreads : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Counts, PoolThreads,
                         testing::Values(1, 2, 3, 4, 8, 17));

TEST_P(PoolThreads, EveryItemRunsOnce) {
  Owned<Pool> pool = makePool(GetParam());
  for (int64_t grain : {1, 3, 64, 5000}) {
    for (int64_t items : {0, 1, 2, 3, 63, 64, 65, 1000, 4999}) {
      std::vector<std::atomic<int>> hits(5000);
      std::vector<std::atomic<int>> busy(size_t(pool->maxWorkers()));
      Block block;
      block.hits = &hits;
      block.busy = &busy;
      block.items[0] = items;
      moe_phase phase = {hit, itemsSlot, grain};
      ASSERT_EQ(pool->run(&phase, 1, &block), 0);
      for (int64_t i = 0; i < 5000; ++i) {
        ASSERT_EQ(hits[size_t(i)].load(), i < items) << i;
      }
    }
  }
}

TEST_P(PoolThreads, PhasesWaitForOneAnother) {
  Owned<Pool> pool = makePool(GetParam());
  for (int round = 0; round < 300; ++round) {
    std::vector<std::atomic<int>> hits(100);
    Block block;
    block.hits = &hits;
    block.items[0] = 100;
    block.items[1] = 40;
    moe_phase phases[] = {{hit, itemsSlot, 1}, {afterAll, itemsSlot + 1, 1}};
    ASSERT_EQ(pool->run(phases, 2, &block), 0);
    ASSERT_EQ(block.early.load(), 0);
  }
}

TEST_P(PoolThreads, APhaseSetsTheItemsOfTheNext) {
  Owned<Pool> pool = makePool(GetParam());
  std::vector<std::atomic<int>> hits(1000);
  Block block;
  block.hits = &hits;
  block.items[0] = 1;
  moe_phase phases[] = {{setNextItems, itemsSlot, 1},
                        {hit, itemsSlot + 1, 16},
                        {neverRuns, itemsSlot + 2, 1}};
  ASSERT_EQ(pool->run(phases, 3, &block), 0);
  EXPECT_EQ(block.done.load(), 1000);
  EXPECT_EQ(block.early.load(), 0);
}

TEST_P(PoolThreads, TheFirstFailureEndsTheJob) {
  Owned<Pool> pool = makePool(GetParam());
  for (int64_t failAt : {0, 1, 500, 999}) {
    Block block;
    block.items[0] = 1000;
    block.items[1] = 1000;
    block.failAt = failAt;
    moe_phase phases[] = {{failSometimes, itemsSlot, 1},
                          {neverRuns, itemsSlot + 1, 1}};
    ASSERT_EQ(pool->run(phases, 2, &block), 7);
    ASSERT_EQ(block.early.load(), 0);
  }
  // The pool still works.
  std::vector<std::atomic<int>> hits(100);
  Block block;
  block.hits = &hits;
  block.items[0] = 100;
  moe_phase phase = {hit, itemsSlot, 1};
  EXPECT_EQ(pool->run(&phase, 1, &block), 0);
  EXPECT_EQ(block.done.load(), 100);
}

TEST_P(PoolThreads, AFailureLeavesTheRestUnclaimed) {
  Owned<Pool> pool = makePool(GetParam());
  Block block;
  // More chunks than could ever be drained one by one.
  block.items[0] = INT64_MAX;
  block.failAt = 0;
  moe_phase phase = {failSometimes, itemsSlot, 1};
  ASSERT_EQ(pool->run(&phase, 1, &block), 7);
}

TEST_P(PoolThreads, NegativeItemsFail) {
  Owned<Pool> pool = makePool(GetParam());
  std::vector<std::atomic<int>> hits(100);
  Block block;
  block.hits = &hits;
  block.items[0] = 100;
  block.items[1] = -1;
  moe_phase phases[] = {{hit, itemsSlot, 1}, {neverRuns, itemsSlot + 1, 1}};
  EXPECT_EQ(pool->run(phases, 2, &block), NegativeItems);
  EXPECT_EQ(pool->run(phases + 1, 1, &block), NegativeItems);
  EXPECT_EQ(block.early.load(), 0);
}

/// Calls parallel from inside a phase and expects to be that worker there.
struct NestedBlock {
  const moe_environment *environment;
  uint64_t unused[2];
  int64_t items[2];
  int32_t outer;
  int64_t covered;
  std::thread::id thread;
};

int32_t innerPhase(void *arg, int64_t begin, int64_t end, int32_t worker) {
  auto *block = static_cast<NestedBlock *>(arg);
  block->covered += end - begin;
  return worker == block->outer && block->thread == std::this_thread::get_id()
             ? 0
             : 5;
}

int32_t outerPhase(void *arg, int64_t begin, int64_t end, int32_t worker) {
  auto *block = static_cast<Block *>(arg);
  const moe_environment *environment = block->environment;
  NestedBlock inner = {environment, {}, {50, 60},
                       worker,      0,  std::this_thread::get_id()};
  moe_phase phases[] = {{innerPhase, 3, 1}, {innerPhase, 4, 7}};
  int32_t code =
      environment->core->parallel(environment->context, phases, 2, &inner);
  block->calls.fetch_add(end - begin);
  return code ? code : inner.covered == 110 ? 0 : 6;
}

TEST_P(PoolThreads, NestedCallsRunInline) {
  Owned<Pool> pool = makePool(GetParam());
  Block block;
  block.environment = pool->environment();
  block.items[0] = 64;
  moe_phase phase = {outerPhase, itemsSlot, 1};
  EXPECT_EQ(pool->run(&phase, 1, &block), 0);
  EXPECT_EQ(block.calls.load(), 64);
}

TEST_P(PoolThreads, ManyCallersAtOnce) {
  Owned<Pool> pool = makePool(GetParam());
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  // More callers than the pool shares its threads with.
  for (int caller = 0; caller < 40; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        std::vector<std::atomic<int>> hits(200);
        std::vector<std::atomic<int>> busy(size_t(pool->maxWorkers()));
        Block block;
        block.hits = &hits;
        block.busy = &busy;
        block.items[0] = 200;
        block.items[1] = 100;
        moe_phase phases[] = {{hit, itemsSlot, 1},
                              {afterAll, itemsSlot + 1, 1}};
        wrong += pool->run(phases, 2, &block) != 0;
        wrong += block.done.load() != 200;
        wrong += block.early.load() != 0;
      }
    });
  }
  for (std::thread &caller : callers) {
    caller.join();
  }
  EXPECT_EQ(wrong.load(), 0);
}

//===----------------------------------------------------------------------===//
// Floating-point environment
//===----------------------------------------------------------------------===//

uint16_t x87Control() {
  uint16_t control;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  return control;
}

int32_t checkFloats(void *arg, int64_t, int64_t, int32_t) {
  auto *block = static_cast<Block *>(arg);
  block->calls.fetch_add(1);
  // Exception flags (the low six bits) may be set by other code.
  return (__builtin_ia32_stmxcsr() & ~0x3Fu) == 0x1F80u &&
                 x87Control() == 0x037F
             ? 0
             : 3;
}

TEST_P(PoolThreads, KernelsHaveTheirFloatingPointEnvironment) {
  Owned<Pool> pool = makePool(GetParam());
  std::fenv_t saved;
  std::fegetenv(&saved);
  uint32_t odd = 0x1F80u | 0x8040u | 0x6000u; // flush, denormals, to zero
  uint16_t oddX87 = 0x0C7F;                   // single precision, to zero
  __builtin_ia32_ldmxcsr(odd);
  __asm__ volatile("fldcw %0" ::"m"(oddX87));
  Block block;
  block.items[0] = 1;
  block.items[1] = 500;
  moe_phase phases[] = {{checkFloats, itemsSlot, 1},
                        {checkFloats, itemsSlot + 1, 1}};
  int32_t code = pool->run(phases, 2, &block);
  uint32_t after = __builtin_ia32_stmxcsr();
  uint16_t afterX87 = x87Control();
  std::fesetenv(&saved);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(block.calls.load() > 1, true);
  EXPECT_EQ(after, odd);
  EXPECT_EQ(afterX87, oddX87);
}

//===----------------------------------------------------------------------===//
// The caller's threads
//===----------------------------------------------------------------------===//

struct CallerPool {
  enum Kind { Threads, OneAfterTheOther, Backwards, Nothing, OnlyHalf } kind;
  int calls = 0;
};

void callerParallel(void *context, int32_t count, moe_rt_task_fn task,
                    void *state) {
  auto *pool = static_cast<CallerPool *>(context);
  ++pool->calls;
  switch (pool->kind) {
  case CallerPool::Threads: {
    std::vector<std::thread> threads;
    for (int32_t i = 0; i < count; ++i) {
      threads.emplace_back(task, state, i);
    }
    for (std::thread &thread : threads) {
      thread.join();
    }
    break;
  }
  case CallerPool::OneAfterTheOther:
    for (int32_t i = 0; i < count; ++i) {
      task(state, i);
    }
    break;
  case CallerPool::Backwards:
    for (int32_t i = count; i-- > 0;) {
      task(state, i);
    }
    break;
  case CallerPool::Nothing:
    break;
  case CallerPool::OnlyHalf:
    for (int32_t i = 0; i < count; i += 2) {
      task(state, i);
    }
    break;
  }
}

class CallersPool : public testing::TestWithParam<CallerPool::Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, CallersPool,
                         testing::Values(CallerPool::Threads,
                                         CallerPool::OneAfterTheOther,
                                         CallerPool::Backwards,
                                         CallerPool::Nothing,
                                         CallerPool::OnlyHalf));

TEST_P(CallersPool, RunsJobs) {
  CallerPool callers{GetParam()};
  Owned<Pool> pool = makePool(4, callerParallel, &callers);
  ASSERT_EQ(pool->maxWorkers(), 4);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::atomic<int>> hits(300);
    std::vector<std::atomic<int>> busy(4);
    Block block;
    block.hits = &hits;
    block.busy = &busy;
    block.items[0] = 300;
    block.items[1] = 50;
    block.items[2] = 50;
    moe_phase phases[] = {{hit, itemsSlot, 2},
                          {afterAll, itemsSlot + 1, 1},
                          {checkFloats, itemsSlot + 2, 1}};
    ASSERT_EQ(pool->run(phases, 3, &block), 0);
    ASSERT_EQ(block.done.load(), 300);
    ASSERT_EQ(block.early.load(), 0);
  }
  EXPECT_EQ(callers.calls, 20);
}

TEST(CallersPool, SmallPhasesStayOnTheCaller) {
  CallerPool callers{CallerPool::Threads};
  Owned<Pool> pool = makePool(4, callerParallel, &callers);
  std::vector<std::atomic<int>> hits(100);
  Block block;
  block.hits = &hits;
  block.items[0] = 100;
  moe_phase phase = {hit, itemsSlot, 100};
  ASSERT_EQ(pool->run(&phase, 1, &block), 0);
  EXPECT_EQ(block.done.load(), 100);
  EXPECT_EQ(callers.calls, 0);
}

//===----------------------------------------------------------------------===//
// Threads of the pool
//===----------------------------------------------------------------------===//

double cpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

TEST(Pool, IdleThreadsSleep) {
  Owned<Pool> pool = makePool(4);
  std::vector<std::atomic<int>> hits(1000);
  Block block;
  block.hits = &hits;
  block.items[0] = 1000;
  moe_phase phase = {hit, itemsSlot, 1};
  {
    Pool::Activity activity(*pool);
    ASSERT_EQ(pool->run(&phase, 1, &block), 0);
  }
  auto start = std::chrono::steady_clock::now();
  while (pool->sleepingThreads() < 3 &&
         std::chrono::steady_clock::now() - start < std::chrono::seconds(30)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_EQ(pool->sleepingThreads(), 3u);
  double before = cpuSeconds();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(cpuSeconds() - before, 0.02);
  EXPECT_EQ(pool->sleepingThreads(), 3u);
}

TEST(Pool, SmallPhasesWakeNobody) {
  Owned<Pool> pool = makePool(3);
  while (pool->sleepingThreads() < 2) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::vector<std::atomic<int>> hits(10);
  Block block;
  block.hits = &hits;
  block.items[0] = 10;
  block.items[1] = 10;
  moe_phase phases[] = {{hit, itemsSlot, 10}, {hit, itemsSlot + 1, 16}};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(pool->run(phases, 2, &block), 0);
  }
  EXPECT_EQ(pool->sleepingThreads(), 2u);
}

TEST(Pool, TakesTheCpusItMayUse) {
  Owned<Pool> pool = makePool(0);
  EXPECT_EQ(pool->maxWorkers(), availableCpus());
}

TEST(Pool, RefusesOddThreadCounts) {
  Owned<Pool> pool;
  PoolOptions options;
  options.threads = -1;
  Status status = Pool::create(Allocator(), options, pool);
  EXPECT_EQ(status.code(), MOE_RT_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message(),
               "the number of threads is -1, expected 0 to 1024");
  options.threads = 1025;
  status = Pool::create(Allocator(), options, pool);
  EXPECT_STREQ(status.message(),
               "the number of threads is 1025, expected 0 to 1024");
  options.threads = 0;
  options.parallel = callerParallel;
  status = Pool::create(Allocator(), options, pool);
  EXPECT_EQ(status.code(), MOE_RT_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message(), "the caller's threads need a number of "
                                 "threads, 1 to 1024");
}

#ifndef MOE_TEST_TSAN
TEST(Pool, AForkedChildWorksAlone) {
  Owned<Pool> pool = makePool(4);
  std::vector<std::atomic<int>> hits(100);
  Block block;
  block.hits = &hits;
  block.items[0] = 100;
  moe_phase phase = {hit, itemsSlot, 1};
  ASSERT_EQ(pool->run(&phase, 1, &block), 0);
  pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    alarm(20);
    bool right = pool->run(&phase, 1, &block) == 0 && block.done == 200;
    pool = Owned<Pool>();
    _exit(right ? 0 : 1);
  }
  int result;
  ASSERT_EQ(waitpid(child, &result, 0), child);
  EXPECT_TRUE(WIFEXITED(result));
  EXPECT_EQ(WEXITSTATUS(result), 0);
  EXPECT_EQ(pool->run(&phase, 1, &block), 0);
}
#endif

//===----------------------------------------------------------------------===//
// CPUs
//===----------------------------------------------------------------------===//

void writeText(const std::string &path, const std::string &text) {
  std::filesystem::create_directories(
      std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

TEST(Cpus, ReadsQuotas) {
  TemporaryFolder folder;
  std::string list = folder.file("cgroup");
  auto quota = [&] { return quotaCpus(list.c_str(), folder.path().c_str()); };
  EXPECT_EQ(quota(), INT32_MAX);
  writeText(list, "0::/a/b\n");
  EXPECT_EQ(quota(), INT32_MAX);
  writeText(folder.file("a/b/cpu.max"), "max 100000\n");
  EXPECT_EQ(quota(), INT32_MAX);
  // A group above may be the narrower one.
  writeText(folder.file("a/cpu.max"), "350000 100000\n");
  EXPECT_EQ(quota(), 3);
  writeText(folder.file("a/b/cpu.max"), "50000 100000\n");
  EXPECT_EQ(quota(), 1);
  writeText(folder.file("a/b/cpu.max"), "nonsense\n");
  EXPECT_EQ(quota(), 3);
  writeText(folder.file("cpu.max"), "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST(Cpus, ReadsQuotasOfVersion1) {
  TemporaryFolder folder;
  std::string list = folder.file("cgroup");
  auto quota = [&] { return quotaCpus(list.c_str(), folder.path().c_str()); };
  writeText(list, "5:cpuset:/x\n4:cpuacct,cpu:/x\n1:name=systemd:/\n");
  writeText(folder.file("cpu/x/cpu.cfs_quota_us"), "-1\n");
  writeText(folder.file("cpu/x/cpu.cfs_period_us"), "100000\n");
  EXPECT_EQ(quota(), INT32_MAX);
  writeText(folder.file("cpu/x/cpu.cfs_quota_us"), "400000\n");
  EXPECT_EQ(quota(), 4);
}

} // namespace
