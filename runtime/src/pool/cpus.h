//===- cpus.h - CPUs that this process may use ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_POOL_CPUS_H
#define MOE_RT_SRC_POOL_CPUS_H

#include <cstdint>

namespace moe::rt {

/// CPUs in the affinity mask of the calling thread, at least 1.
int32_t affinityCpus();

/// Whole CPUs that the cgroup's quota allows, at least 1, or INT32_MAX without
/// one. Reads versions 1 and 2; `list` is /proc/self/cgroup, `root` the folder
/// where cgroups are mounted (tests give others). What cannot be read limits
/// nothing.
int32_t quotaCpus(const char *list, const char *root);

/// The smaller one of both.
int32_t availableCpus();

} // namespace moe::rt

#endif // MOE_RT_SRC_POOL_CPUS_H
