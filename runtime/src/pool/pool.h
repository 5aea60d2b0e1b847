//===- pool.h - runs the phases of kernels on threads -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `parallel` of environment.h. A job is a list of phases; a phase is cut into
// chunks of `grain` items, which its workers claim with one fetch_add each. The
// worker that completes the last chunk of a phase starts the next one, so that
// nobody ever waits for a chunk that nobody has claimed: a job ends also if its
// caller is the only one that works on it.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_POOL_POOL_H
#define MOE_RT_SRC_POOL_POOL_H

#include "allocation.h"
#include "moe_rt/contract/environment.h"
#include "moe_rt/device.h"
#include "status.h"

#include <atomic>
#include <cstdint>
#include <pthread.h>

namespace moe::rt {

enum : int32_t {
  MaxThreads = 1024,
  /// What run() returns where a phase left a negative count of items for a
  /// later one. Kernels return codes >= 0.
  NegativeItems = -1
};

struct PoolOptions {
  /// Workers of a job, its caller included. 0: availableCpus().
  int32_t threads = 0;
  /// The caller's threads, or null for threads of the pool.
  moe_rt_parallel_fn parallel = nullptr;
  void *parallelContext = nullptr;
};

/// Threads that work on jobs, or the way to the caller's threads. All functions
/// may be called from any thread; it must not be destroyed during a call.
class Pool {
public:
  static Status create(const Allocator &allocator, const PoolOptions &options,
                       Owned<Pool> &result);
  ~Pool();

  /// Workers have indices in [0, maxWorkers()).
  int32_t maxWorkers() const { return env.max_workers; }
  /// What kernels on this pool get; valid as long as the pool.
  const moe_environment *environment() const { return &env; }

  /// Runs the phases, with a barrier between them, on this thread and on others
  /// that are free, in the floating-point environment of kernels. Returns 0, or
  /// the code of the first chunk that failed, after which no new chunk starts,
  /// or NegativeItems. From inside a phase on this pool it works on this thread
  /// alone, as the same worker.
  int32_t run(const moe_phase *phases, int64_t count, void *arg);

  /// While one lives, free threads of the pool wait for the next job for a
  /// while before they sleep.
  class Activity {
  public:
    explicit Activity(Pool &pool) : pool(pool) {
      pool.activities.fetch_add(1, std::memory_order_relaxed);
    }
    ~Activity() { pool.activities.fetch_sub(1, std::memory_order_relaxed); }
    Activity(const Activity &) = delete;
    Activity &operator=(const Activity &) = delete;

  private:
    Pool &pool;
  };

  /// Threads of the pool that sleep now; for tests.
  uint32_t sleepingThreads() const {
    return sleepers.load(std::memory_order_relaxed);
  }

private:
  struct Job;
  struct Thread;
  template <typename T, typename... Args>
  friend T *moe::rt::create(const Allocator &allocator, Args &&...args);

  Pool(const Allocator &allocator, const PoolOptions &options, int32_t threads,
       int32_t cpus);
  Status start();
  void stop();
  bool forked() const { return !*alive; }

  int32_t runShared(const moe_phase *phases, int64_t first, int64_t count,
                    void *arg);
  void publish(Job &job);
  void advance(Job &job, int32_t worker);
  bool work(Job &job, int32_t worker);
  bool workAnywhere(int32_t worker);
  void participate(Job &job, int32_t worker);
  void waitForJob(Job &job, uint32_t epoch);
  void waitForWork(uint32_t epoch);
  bool maySpin() const;
  static void threadMain(Pool &pool, int32_t worker);
  static void callerTask(void *state, int32_t index);

  /// Jobs under way at the same time that threads can join; more run on their
  /// callers alone.
  static constexpr int maxJobs = 32;

  Allocator allocator;
  moe_rt_parallel_fn parallel;
  void *parallelContext;
  int32_t cpus;
  moe_environment env;
  moe_core_table core;
  Array<pthread_t> threads;
  /// A page of its own that holds 1, and 0 in a forked child.
  const volatile char *alive = nullptr;
  /// Never freed before the pool, so that a thread that comes late to a job
  /// finds it closed, or the next one, which is as good.
  Job *jobs = nullptr;

  alignas(64) std::atomic<uint32_t> epoch{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> stopping{0};
  alignas(64) std::atomic<uint32_t> openJobs{0};
  alignas(64) std::atomic<int32_t> activities{0};
};

} // namespace moe::rt

#endif // MOE_RT_SRC_POOL_POOL_H
