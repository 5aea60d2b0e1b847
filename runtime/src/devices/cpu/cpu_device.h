//===- cpu_device.h - the host's CPU as a device ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_DEVICES_CPU_CPU_DEVICE_H
#define MOE_RT_SRC_DEVICES_CPU_CPU_DEVICE_H

#include "devices/device.h"
#include "moe_rt/device.h"
#include "pool/pool.h"

#include <atomic>

/// The only kind of device there is for now. Counted: its creator and every
/// session hold it.
struct moe_rt_device {
  moe_rt_device(const moe::rt::Allocator &allocator,
                moe::rt::Owned<moe::rt::Pool> pool, int32_t level)
      : allocator(allocator), threads(std::move(pool)), level(level) {}

  void retain() { users.fetch_add(1, std::memory_order_relaxed); }
  void release();

  moe::rt::DeviceView view() const;
  moe::rt::Pool &pool() const { return *threads; }

  const moe::rt::Allocator allocator;

private:
  moe::rt::Owned<moe::rt::Pool> threads;
  std::atomic<uint32_t> users{1};

public:
  /// The highest level of code to run.
  const int32_t level;
};

#endif // MOE_RT_SRC_DEVICES_CPU_CPU_DEVICE_H
