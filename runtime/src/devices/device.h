//===- device.h - what the interpreter asks of a device ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_DEVICES_DEVICE_H
#define MOE_RT_SRC_DEVICES_DEVICE_H

#include "allocation.h"
#include "moe_rt/contract/environment.h"
#include "moe_rt/contract/program.h"
#include "status.h"

namespace moe::rt {

/// A LAUNCH with its values of this run.
struct LaunchCall {
  const moe_program_launch *launch;
  int64_t grid[3];
  /// The operands' slots, as in an argument block.
  const uint64_t *arguments;
  uint32_t argumentCount;
};

/// A device's functions; `context` is the device's.
struct DeviceTable {
  const char *name;
  /// `parallel` of environment.h, plus NegativeItems (pool.h).
  int32_t (*run)(void *context, const moe_phase *phases, int64_t count,
                 void *arg);
  /// Null if the device has no queues.
  Status (*launch)(void *context, const LaunchCall &call);
  /// Copies bytes that may overlap.
  Status (*copy)(void *context, void *to, const void *from, uint64_t size);
};

/// A device as the interpreter sees it. Owns nothing.
struct DeviceView {
  const DeviceTable *table = nullptr;
  void *context = nullptr;
  /// What slot 0 of argument blocks points to; kernels' workers are below its
  /// max_workers.
  const moe_environment *environment = nullptr;
  /// Memory for buffers and scratch.
  Allocator allocator;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_DEVICES_DEVICE_H
