//===- cpus.cpp - CPUs that this process may use --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "pool/cpus.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

using namespace moe::rt;

int32_t moe::rt::affinityCpus() {
  // Machines with more CPUs than cpu_set_t holds need a larger set.
  for (size_t cpus = 1024; cpus <= (1u << 20); cpus *= 4) {
    size_t bytes = CPU_ALLOC_SIZE(cpus);
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set) {
      break;
    }
    bool known = sched_getaffinity(0, bytes, set) == 0;
    int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) {
      return std::max(count, 1);
    }
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online < 1 ? 1 : int32_t(std::min(online, long{INT32_MAX}));
}

/// Reads a small file as text; returns whether it could.
static bool readText(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return false;
  }
  ssize_t length = read(file, text, size - 1);
  close(file);
  if (length < 0) {
    return false;
  }
  text[length] = 0;
  return true;
}

static int32_t wholeCpus(long long quota, long long period) {
  if (quota <= 0 || period <= 0) {
    return INT32_MAX;
  }
  // Part of a CPU is no CPU to spin on.
  return int32_t(std::clamp(quota / period, 1LL, (long long)(INT32_MAX)));
}

static int32_t quotaOfFolder(const char *folder, bool version2) {
  char path[PATH_MAX];
  char text[128];
  if (version2) {
    // "max 100000" or "150000 100000".
    long long quota;
    long long period;
    if (snprintf(path, sizeof(path), "%s/cpu.max", folder) >=
            int(sizeof(path)) ||
        !readText(path, text, sizeof(text)) ||
        sscanf(text, "%lld %lld", &quota, &period) != 2) {
      return INT32_MAX;
    }
    return wholeCpus(quota, period);
  }
  long long values[2];
  const char *names[] = {"cpu.cfs_quota_us", "cpu.cfs_period_us"};
  for (int i = 0; i < 2; ++i) {
    if (snprintf(path, sizeof(path), "%s/%s", folder, names[i]) >=
            int(sizeof(path)) ||
        !readText(path, text, sizeof(text)) ||
        sscanf(text, "%lld", &values[i]) != 1) {
      return INT32_MAX;
    }
  }
  return wholeCpus(values[0], values[1]);
}

/// The smallest quota from the group `name` up to the root of its hierarchy.
static int32_t quotaOfGroup(const char *mount, const char *name,
                            bool version2) {
  char folder[PATH_MAX];
  if (snprintf(folder, sizeof(folder), "%s%s", mount, name) >=
      int(sizeof(folder))) {
    return INT32_MAX;
  }
  size_t rootLength = strlen(mount);
  int32_t result = INT32_MAX;
  while (true) {
    result = std::min(result, quotaOfFolder(folder, version2));
    char *slash = strrchr(folder + rootLength, '/');
    if (!slash) {
      return result;
    }
    *slash = 0;
  }
}

static bool hasController(const char *controllers, const char *wanted) {
  size_t length = strlen(wanted);
  for (const char *at = controllers; *at; ++at) {
    size_t part = strcspn(at, ",");
    if (part == length && !strncmp(at, wanted, length)) {
      return true;
    }
    at += part;
    if (!*at) {
      break;
    }
  }
  return false;
}

int32_t moe::rt::quotaCpus(const char *list, const char *root) {
  char text[4096];
  if (!readText(list, text, sizeof(text))) {
    return INT32_MAX;
  }
  int32_t result = INT32_MAX;
  // Lines are number:controllers:/group; version 2 has no controllers.
  char *rest = text;
  while (char *line = strsep(&rest, "\n")) {
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : nullptr;
    if (!group) {
      continue;
    }
    *group++ = 0;
    ++controllers;
    if (!*controllers) {
      result = std::min(result, quotaOfGroup(root, group, /*version2=*/true));
    } else if (hasController(controllers, "cpu")) {
      char mount[PATH_MAX];
      if (snprintf(mount, sizeof(mount), "%s/cpu", root) < int(sizeof(mount))) {
        result =
            std::min(result, quotaOfGroup(mount, group, /*version2=*/false));
      }
    }
  }
  return result;
}

int32_t moe::rt::availableCpus() {
  return std::min(affinityCpus(),
                  quotaCpus("/proc/self/cgroup", "/sys/fs/cgroup"));
}
