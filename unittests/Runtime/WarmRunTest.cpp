//===- WarmRunTest.cpp - a warm run allocates nothing ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// This program counts every call of malloc and its relatives, mmap, brk and
// pthread_create in the process, by defining them. A sanitizer defines them,
// too, so that it is not built under one.
//
//===----------------------------------------------------------------------===//

#include "SessionTestUtils.h"

#include <gtest/gtest.h>

#include <atomic>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static std::atomic<int64_t> calls{0};

extern "C" {
// glibc's own names of what is replaced here.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  ++calls;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  ++calls;
  return __libc_calloc(count, size);
}
void *realloc(void *pointer, size_t size) {
  ++calls;
  return __libc_realloc(pointer, size);
}
void *memalign(size_t alignment, size_t size) {
  ++calls;
  return __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  ++calls;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void **pointer, size_t alignment, size_t size) {
  ++calls;
  *pointer = __libc_memalign(alignment, size);
  return *pointer ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int file,
           off_t offset) {
  ++calls;
  using Function = void *(*)(void *, size_t, int, int, int, off_t);
  static auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "mmap"));
  return next(address, length, protection, flags, file, offset);
}
void *sbrk(intptr_t increment) {
  ++calls;
  using Function = void *(*)(intptr_t);
  static auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "sbrk"));
  return next(increment);
}
int brk(void *address) {
  ++calls;
  using Function = int (*)(void *);
  static auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "brk"));
  return next(address);
}
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*function)(void *), void *argument) {
  ++calls;
  using Function =
      int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  static auto next =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, function, argument);
}
}

using namespace moe::test;

namespace {

TEST(WarmRun, TheCounterCounts) {
  int64_t before = calls;
  // The compiler may not see that nothing is done with it.
  void *volatile pointer = malloc(100);
  free(pointer);
  EXPECT_GE(calls - before, 1);
  before = calls;
  void *page =
      mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page, 4096);
  EXPECT_EQ(calls - before, 1);
}

class WarmRunThreads : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Counts, WarmRunThreads, testing::Values(1, 2, 4));

TEST_P(WarmRunThreads, AllocatesNothing) {
  TemporaryFolder folder;
  std::string path = folder.file("m.moe");
  SmallModel::write(path);
  moe_rt::Model model;
  ASSERT_TRUE(moe_rt::Model::loadPath(path.c_str(), nullptr, model).ok());
  moe_rt_cpu_options_t options = {};
  options.struct_size = sizeof(options);
  options.threads = GetParam();
  moe_rt::Device device;
  ASSERT_TRUE(moe_rt::Device::createCpu(&options, device).ok());
  moe_rt::Session session;
  ASSERT_TRUE(moe_rt::Session::create(model, device, session).ok());

  // The largest size first; every other one then fits.
  const int64_t sizes[] = {500, 500, 1, 7, 64, 499, 500, 0, 500};
  moe_rt_session_t *handle = session.get();
  for (size_t i = 0; i < std::size(sizes); ++i) {
    std::vector<float> x = SmallModel::input(sizes[i], int64_t(i));
    std::vector<float> expected = SmallModel::expected(x);
    moe_rt::Tensor tensor = tensorOf(x, {sizes[i], SmallModel::inner});
    const moe_rt_tensor_t *input = tensor.c();
    moe_rt_tensor_t output = {};
    output.struct_size = sizeof(output);

    int64_t before = calls;
    moe_rt_status_t set = moe_rt_session_set_input(handle, 0, input);
    moe_rt_status_t run = moe_rt_session_run(handle);
    moe_rt_status_t read = moe_rt_session_output(handle, 0, &output);
    int64_t allocations = calls - before;

    ASSERT_EQ(set, nullptr);
    ASSERT_EQ(run, nullptr);
    ASSERT_EQ(read, nullptr);
    EXPECT_EQ(valuesOf(moe_rt::Tensor(output)), expected);
    // The first run finds out what the arena needs.
    if (i) {
      EXPECT_EQ(allocations, 0) << "size " << sizes[i];
    } else {
      EXPECT_GT(allocations, 0);
    }
  }
}

} // namespace
