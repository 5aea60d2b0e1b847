//===- cpu_device.cpp - the host's CPU as a device ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "devices/cpu/cpu_device.h"

#include "abi.h"
#include "image/cpu_level.h"
#include "moe_rt/contract/package.h"

#include <cstring>

using namespace moe::rt;

static int32_t runOnPool(void *context, const moe_phase *phases, int64_t count,
                         void *arg) {
  return static_cast<Pool *>(context)->run(phases, count, arg);
}

static Status copyInMemory(void *, void *to, const void *from, uint64_t size) {
  memmove(to, from, size_t(size));
  return Status();
}

static const DeviceTable cpuTable = {"cpu", runOnPool, nullptr, copyInMemory};

DeviceView moe_rt_device::view() const {
  DeviceView view;
  view.table = &cpuTable;
  view.context = threads.get();
  view.environment = threads->environment();
  view.allocator = allocator;
  return view;
}

void moe_rt_device::release() {
  if (users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Allocator memory = allocator;
    destroy(memory, this);
  }
}

static Status chooseLevel(int32_t wanted, int32_t &level) {
  level = cpuLevel();
  if (!level) {
    return Status::error(MOE_RT_UNSUPPORTED,
                         "this CPU lacks the level x86-64-v3");
  }
  if (!wanted) {
    return Status();
  }
  if (wanted != MOE_LEVEL_X86_64_V3 && wanted != MOE_LEVEL_X86_64_V4) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "max_level is %d, expected 0, 3 or 4", wanted);
  }
  if (wanted > level) {
    return Status::error(MOE_RT_UNSUPPORTED,
                         "this CPU lacks the level x86-64-v%d; it has "
                         "x86-64-v%d",
                         wanted, level);
  }
  level = wanted;
  return Status();
}

static Status createCpu(const moe_rt_cpu_options_t *given,
                        moe_rt_device_t **device) {
  if (!device) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "device is NULL");
  }
  *device = nullptr;
  moe_rt_cpu_options_t options = {};
  if (given) {
    MOE_RT_RETURN_IF_ERROR(copyStruct("moe_rt_cpu_options_t", given, options));
  }
  Allocator allocator;
  MOE_RT_RETURN_IF_ERROR(Allocator::fromC(options.allocator, allocator));
  int32_t level;
  MOE_RT_RETURN_IF_ERROR(chooseLevel(options.max_level, level));
  PoolOptions poolOptions;
  poolOptions.threads = options.threads;
  poolOptions.parallel = options.parallel;
  poolOptions.parallelContext = options.parallel_context;
  Owned<Pool> pool;
  MOE_RT_RETURN_IF_ERROR(Pool::create(allocator, poolOptions, pool));
  *device = create<moe_rt_device>(allocator, allocator, std::move(pool), level);
  if (!*device) {
    return Status::outOfMemory("a device", sizeof(moe_rt_device));
  }
  return Status();
}

moe_rt_status_t moe_rt_device_create_cpu(const moe_rt_cpu_options_t *options,
                                         moe_rt_device_t **device) {
  return createCpu(options, device).release();
}

void moe_rt_device_free(moe_rt_device_t *device) {
  if (device) {
    device->release();
  }
}

int32_t moe_rt_device_threads(const moe_rt_device_t *device) {
  return device ? device->pool().maxWorkers() : 0;
}

int32_t moe_rt_device_level(const moe_rt_device_t *device) {
  return device ? device->level : 0;
}
