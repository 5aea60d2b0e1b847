//===- pool.cpp - runs the phases of kernels on threads -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "pool/pool.h"

#include "pool/cpus.h"
#include "pool/float_environment.h"
#include "pool/futex.h"

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <sched.h>
#include <sys/mman.h>

using namespace moe::rt;

/// A claim counts up to this; chunks exist below it only.
static constexpr uint64_t closed = uint64_t{1} << 63;

/// How long to spin, in nanoseconds. A futex takes about 25 us to wake
/// somebody, spinning less than 1.
static constexpr int64_t barrierSpin = 300'000;
static constexpr int64_t activeSpin = 200'000;
/// After the last run has ended: long enough for a loop of small runs.
static constexpr int64_t idleSpin = 50'000;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MOE_POOL_LARGE_FRAMES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MOE_POOL_LARGE_FRAMES 1
#endif
#endif

/// Kernels use up to 64 KiB, what calls them little.
#ifdef MOE_POOL_LARGE_FRAMES
static constexpr size_t stackBytes = size_t{1} << 20;
#else
static constexpr size_t stackBytes = size_t{256} << 10;
#endif

namespace {

/// Which worker of which pool this thread is right now, inside a phase.
struct Current {
  const Pool *pool = nullptr;
  int32_t worker = 0;
};

thread_local Current current;

class CurrentScope {
public:
  CurrentScope(const Pool *pool, int32_t worker) : saved(current) {
    current = {pool, worker};
  }
  ~CurrentScope() { current = saved; }
  CurrentScope(const CurrentScope &) = delete;
  CurrentScope &operator=(const CurrentScope &) = delete;

private:
  Current saved;
  FloatEnvironment floats;
};

} // namespace

/// `claim` is below `closed` while chunks are left. Who claims one may read
/// everything of the phase until it has counted the chunk off `remaining`: the
/// next phase starts only when that is zero.
struct alignas(64) Pool::Job {
  alignas(64) std::atomic<uint64_t> claim{closed};
  alignas(64) std::atomic<uint64_t> remaining{0};
  std::atomic<int32_t> code{0};
  /// Changes with each phase and with the end of the job.
  alignas(64) std::atomic<uint32_t> epoch{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> finished{1};
  std::atomic<uint32_t> owned{0};

  alignas(64) const moe_phase *phases = nullptr;
  int64_t phaseCount = 0;
  void *arg = nullptr;
  int64_t phase = 0;
  moe_phase_fn function = nullptr;
  int64_t items = 0;
  int64_t grain = 1;
  uint64_t firstClaim = closed;

  void announce() {
    epoch.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers.load(std::memory_order_seq_cst)) {
      futexWake(epoch, INT_MAX);
    }
  }
};

static int64_t itemsOf(const moe_phase &phase, const void *arg) {
  return static_cast<const int64_t *>(arg)[phase.items_slot];
}

/// Runs phases from `first` on, on this thread, until one has more items than
/// its grain, if `share`, or to the end. Returns the first code; `first` is
/// then the phase to go on with.
static int32_t runAlone(const moe_phase *phases, int64_t &first, int64_t count,
                        void *arg, int32_t worker, bool share) {
  for (; first < count; ++first) {
    const moe_phase &phase = phases[first];
    int64_t items = itemsOf(phase, arg);
    if (items < 0) {
      return NegativeItems;
    }
    if (share && items > phase.grain) {
      return 0;
    }
    if (items) {
      if (int32_t code = phase.fn(arg, 0, items, worker)) {
        return code;
      }
    }
  }
  return 0;
}

static int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Spins until `word` is not `value`; false if it still is when `goOn` says, to
/// the nanoseconds spent so far, that it is enough.
template <typename GoOn>
static bool spinUntilChanged(const std::atomic<uint32_t> &word, uint32_t value,
                             GoOn goOn) {
  int64_t start = 0;
  while (true) {
    for (int i = 0; i < 64; ++i) {
      if (word.load(std::memory_order_acquire) != value) {
        return true;
      }
      spinPause();
    }
    int64_t time = now();
    start = start ? start : time;
    if (!goOn(time - start)) {
      return false;
    }
  }
}

static void sleepUntilChanged(std::atomic<uint32_t> &word, uint32_t value,
                              std::atomic<uint32_t> &sleepers) {
  // Either who changes the word sees the sleeper, or the futex sees the change.
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (word.load(std::memory_order_seq_cst) == value) {
    futexWait(word, value);
  }
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

static int32_t environmentParallel(void *context, const moe_phase *phases,
                                   int64_t count, void *arg) {
  return static_cast<Pool *>(context)->run(phases, count, arg);
}

//===----------------------------------------------------------------------===//
// Start and end
//===----------------------------------------------------------------------===//

Pool::Pool(const Allocator &allocator, const PoolOptions &options,
           int32_t threads, int32_t cpus)
    : allocator(allocator), parallel(options.parallel),
      parallelContext(options.parallelContext), cpus(cpus), env(), core(),
      threads(allocator) {
  core.size = sizeof(core);
  core.parallel = environmentParallel;
  env.size = sizeof(env);
  env.major = MOE_ENVIRONMENT_MAJOR;
  env.minor = MOE_ENVIRONMENT_MINOR;
  env.max_workers = threads;
  env.context = this;
  env.core = &core;
}

Status Pool::create(const Allocator &allocator, const PoolOptions &options,
                    Owned<Pool> &result) {
  if (options.threads < 0 || options.threads > MaxThreads) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "the number of threads is %d, expected 0 to %d",
                         options.threads, MaxThreads);
  }
  if (options.parallel && !options.threads) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "the caller's threads need a number of threads, 1 to "
                         "%d",
                         MaxThreads);
  }
  int32_t cpus = std::min<int32_t>(availableCpus(), MaxThreads);
  int32_t threads = options.threads ? options.threads : cpus;
  Owned<Pool> pool(allocator, moe::rt::create<Pool>(allocator, allocator,
                                                    options, threads, cpus));
  if (!pool) {
    return Status::outOfMemory("a thread pool", sizeof(Pool));
  }
  MOE_RT_RETURN_IF_ERROR(pool->start());
  result = std::move(pool);
  return Status();
}

namespace {
struct ThreadStart {
  Pool *pool;
  int32_t worker;
};
} // namespace

Status Pool::start() {
  size_t bytes = sizeof(Job) * maxJobs;
  jobs = static_cast<Job *>(allocator.allocate(bytes, alignof(Job)));
  if (!jobs) {
    return Status::outOfMemory("a thread pool", bytes);
  }
  for (int i = 0; i < maxJobs; ++i) {
    new (jobs + i) Job();
  }
  void *page = mmap(nullptr, 1, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    return Status::outOfMemory("a thread pool", 1);
  }
  *static_cast<char *>(page) = 1;
  alive = static_cast<const volatile char *>(page);
  // Since Linux 4.14.
  if (madvise(page, 1, MADV_WIPEONFORK)) {
    return Status::error(MOE_RT_UNSUPPORTED,
                         "this kernel has no MADV_WIPEONFORK (Linux 4.14)");
  }
  int32_t count = parallel ? 0 : env.max_workers - 1;
  MOE_RT_RETURN_IF_ERROR(threads.reserve(size_t(count)));

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  // Signals are for the threads of the process that knows about them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Status status;
  for (int32_t i = 0; i < count && status.ok(); ++i) {
    auto *argument = moe::rt::create<ThreadStart>(allocator);
    if (!argument) {
      status = Status::outOfMemory();
      break;
    }
    *argument = {this, i + 1};
    pthread_t thread;
    int code = pthread_create(
        &thread, &attributes,
        [](void *argument) -> void * {
          auto *given = static_cast<ThreadStart *>(argument);
          ThreadStart start = *given;
          destroy(start.pool->allocator, given);
          threadMain(*start.pool, start.worker);
          return nullptr;
        },
        argument);
    if (code) {
      destroy(allocator, argument);
      status = Status::error(MOE_RT_OUT_OF_MEMORY,
                             "cannot start thread %d of %d: %s", i + 1, count,
                             strerror(code));
      break;
    }
    status = threads.push(thread);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return status;
}

void Pool::stop() {
  // In a forked child there is nobody to join.
  if (threads.empty() || forked()) {
    return;
  }
  stopping.store(1, std::memory_order_seq_cst);
  epoch.fetch_add(1, std::memory_order_seq_cst);
  futexWake(epoch, INT_MAX);
  for (pthread_t thread : threads) {
    pthread_join(thread, nullptr);
  }
}

Pool::~Pool() {
  stop();
  if (alive) {
    munmap(const_cast<char *>(alive), 1);
  }
  if (jobs) {
    allocator.deallocate(jobs, sizeof(Job) * maxJobs, alignof(Job));
  }
}

void Pool::threadMain(Pool &pool, int32_t worker) {
  char name[16];
  snprintf(name, sizeof(name), "moe-worker-%d", worker);
  pthread_setname_np(pthread_self(), name);
  CurrentScope scope(&pool, worker);
  while (!pool.stopping.load(std::memory_order_relaxed)) {
    uint32_t epoch = pool.epoch.load(std::memory_order_seq_cst);
    if (!pool.workAnywhere(worker)) {
      pool.waitForWork(epoch);
    }
  }
}

//===----------------------------------------------------------------------===//
// Jobs
//===----------------------------------------------------------------------===//

int32_t Pool::run(const moe_phase *phases, int64_t count, void *arg) {
  int64_t first = 0;
  if (current.pool == this) {
    return runAlone(phases, first, count, arg, current.worker,
                    /*share=*/false);
  }
  bool share = env.max_workers > 1 && !(forked() && !parallel);
  {
    CurrentScope scope(this, 0);
    if (int32_t code = runAlone(phases, first, count, arg, 0, share)) {
      return code;
    }
  }
  return first == count ? 0 : runShared(phases, first, count, arg);
}

namespace {
struct CallerState {
  Pool *pool;
  void *job;
};
} // namespace

int32_t Pool::runShared(const moe_phase *phases, int64_t first, int64_t count,
                        void *arg) {
  Job *job = nullptr;
  for (int i = 0; i < maxJobs && !job; ++i) {
    uint32_t expected = 0;
    if (!jobs[i].owned.load(std::memory_order_relaxed) &&
        jobs[i].owned.compare_exchange_strong(expected, 1,
                                              std::memory_order_acquire)) {
      job = &jobs[i];
    }
  }
  if (!job) {
    CurrentScope scope(this, 0);
    return runAlone(phases, first, count, arg, 0, /*share=*/false);
  }
  job->phases = phases;
  job->phaseCount = count;
  job->arg = arg;
  job->phase = first;
  job->items = itemsOf(phases[first], arg);
  job->code.store(0, std::memory_order_relaxed);
  job->finished.store(0, std::memory_order_relaxed);
  uint32_t bit = 1u << (job - jobs);
  openJobs.fetch_or(bit, std::memory_order_relaxed);
  publish(*job);

  if (parallel) {
    CallerState state{this, job};
    parallel(parallelContext, env.max_workers, callerTask, &state);
  }
  // Also where the caller's threads did not come.
  if (!job->finished.load(std::memory_order_acquire)) {
    CurrentScope scope(this, 0);
    participate(*job, 0);
  }
  openJobs.fetch_and(~bit, std::memory_order_relaxed);
  int32_t code = job->code.load(std::memory_order_relaxed);
  job->owned.store(0, std::memory_order_release);
  return code;
}

void Pool::callerTask(void *state, int32_t index) {
  auto *given = static_cast<CallerState *>(state);
  if (index < 0 || index >= given->pool->maxWorkers()) {
    return;
  }
  CurrentScope scope(given->pool, index);
  given->pool->participate(*static_cast<Job *>(given->job), index);
}

/// Opens the job's phase, which has more items than its grain. Called by the
/// one thread that works on the job just now.
void Pool::publish(Job &job) {
  const moe_phase &phase = job.phases[job.phase];
  job.function = phase.fn;
  job.grain = phase.grain;
  uint64_t chunks = uint64_t((job.items - 1) / phase.grain) + 1;
  job.firstClaim = closed - chunks;
  job.remaining.store(chunks, std::memory_order_relaxed);
  job.claim.store(job.firstClaim, std::memory_order_release);
  job.announce();
  epoch.fetch_add(1, std::memory_order_seq_cst);
  if (uint32_t asleep = sleepers.load(std::memory_order_seq_cst)) {
    futexWake(epoch, int(std::min<uint64_t>(asleep, chunks - 1)));
  }
}

/// All chunks of the job's phase are done: runs the small phases that follow
/// here and opens the next one that is not, or ends the job.
void Pool::advance(Job &job, int32_t worker) {
  int32_t code = job.code.load(std::memory_order_relaxed);
  if (!code) {
    int64_t next = job.phase + 1;
    code = runAlone(job.phases, next, job.phaseCount, job.arg, worker,
                    /*share=*/true);
    if (!code && next < job.phaseCount) {
      job.phase = next;
      job.items = itemsOf(job.phases[next], job.arg);
      publish(job);
      return;
    }
    job.code.store(code, std::memory_order_relaxed);
  }
  job.finished.store(1, std::memory_order_release);
  job.announce();
}

/// Works on chunks until there are none; whether there was one.
bool Pool::work(Job &job, int32_t worker) {
  bool any = false;
  while (job.claim.load(std::memory_order_relaxed) < closed) {
    uint64_t claim = job.claim.fetch_add(1, std::memory_order_acq_rel);
    if (claim >= closed) {
      break;
    }
    any = true;
    int64_t begin = int64_t(claim - job.firstClaim) * job.grain;
    int64_t end = begin + std::min(job.grain, job.items - begin);
    if (int32_t code = job.function(job.arg, begin, end, worker)) {
      int32_t none = 0;
      job.code.compare_exchange_strong(none, code, std::memory_order_relaxed);
      // Takes all chunks that nobody has claimed off the job.
      uint64_t left = job.claim.exchange(closed, std::memory_order_acq_rel);
      if (left < closed) {
        job.remaining.fetch_sub(closed - left, std::memory_order_acq_rel);
      }
    }
    if (job.remaining.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      advance(job, worker);
    }
  }
  return any;
}

bool Pool::workAnywhere(int32_t worker) {
  bool any = false;
  uint32_t open = openJobs.load(std::memory_order_relaxed);
  while (open) {
    any |= work(jobs[__builtin_ctz(open)], worker);
    open &= open - 1;
  }
  return any;
}

/// Works on the job until it has ended.
void Pool::participate(Job &job, int32_t worker) {
  while (true) {
    uint32_t epoch = job.epoch.load(std::memory_order_acquire);
    if (job.finished.load(std::memory_order_acquire)) {
      return;
    }
    if (!work(job, worker)) {
      waitForJob(job, epoch);
    }
  }
}

//===----------------------------------------------------------------------===//
// Waiting
//===----------------------------------------------------------------------===//

/// Spinning helps only while every thread has a CPU of its own.
bool Pool::maySpin() const {
  int32_t callers = std::max(1, activities.load(std::memory_order_relaxed));
  return int64_t{env.max_workers} - 1 + callers <= cpus;
}

void Pool::waitForJob(Job &job, uint32_t epoch) {
  if (maySpin() && spinUntilChanged(job.epoch, epoch, [](int64_t spent) {
        return spent < barrierSpin;
      })) {
    return;
  }
  sleepUntilChanged(job.epoch, epoch, job.sleepers);
}

void Pool::waitForWork(uint32_t seen) {
  bool changed = maySpin() && spinUntilChanged(epoch, seen, [&](int64_t spent) {
                   bool active = activities.load(std::memory_order_relaxed);
                   return spent < (active ? activeSpin : idleSpin);
                 });
  if (!changed) {
    sleepUntilChanged(epoch, seen, sleepers);
  }
}
