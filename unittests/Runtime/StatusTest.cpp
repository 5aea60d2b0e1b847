//===- StatusTest.cpp - errors, types and structs of the C ABI ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "status.h"
#include "abi.h"
#include "allocation.h"
#include "log.h"

#include "moe_rt/moe_rt.h"

#include <gtest/gtest.h>

#include <string>

using namespace moe::rt;

namespace {

TEST(Status, NullIsSuccess) {
  EXPECT_EQ(moe_rt_status_code(nullptr), MOE_RT_OK);
  EXPECT_STREQ(moe_rt_status_message(nullptr), "");
  moe_rt_status_free(nullptr);
}

TEST(Status, KeepsCodeAndMessage) {
  moe_rt_status_t status =
      Status::error(MOE_RT_IO, "%s has %d bytes", "'x'", 3).release();
  EXPECT_EQ(moe_rt_status_code(status), MOE_RT_IO);
  EXPECT_STREQ(moe_rt_status_message(status), "'x' has 3 bytes");
  moe_rt_status_free(status);
}

TEST(Status, LongMessagesAreKeptWhole) {
  std::string text(10000, 'x');
  Status status = Status::error(MOE_RT_IO, "%s", text.c_str());
  EXPECT_EQ(status.message(), text);
}

TEST(Status, OutOfMemoryIsStatic) {
  Status first = Status::outOfMemory();
  Status second = Status::outOfMemory();
  EXPECT_EQ(first.message(), second.message());
  EXPECT_STREQ(first.message(), "out of memory");
  EXPECT_EQ(first.code(), MOE_RT_OUT_OF_MEMORY);
}

TEST(Status, CodeNames) {
  const char *names[] = {
      "ok",           "invalid_argument", "not_found",   "unsupported",
      "incompatible", "out_of_memory",    "device_lost", "failed_precondition",
      "cancelled",    "internal",         "io"};
  for (int code = 0; code < 11; ++code) {
    EXPECT_STREQ(
        moe_rt_status_code_name(static_cast<moe_rt_status_code_t>(code)),
        names[code]);
  }
  EXPECT_STREQ(moe_rt_status_code_name(static_cast<moe_rt_status_code_t>(11)),
               "unknown");
}

TEST(Types, Dtypes) {
  EXPECT_EQ(moe_rt_dtype_size(MOE_RT_DTYPE_BF16), 2U);
  EXPECT_EQ(moe_rt_dtype_size(MOE_RT_DTYPE_F64), 8U);
  EXPECT_STREQ(moe_rt_dtype_name(MOE_RT_DTYPE_I64), "i64");
  for (int other : {0, 14, 15}) {
    auto dtype = static_cast<moe_rt_dtype_t>(other);
    EXPECT_EQ(moe_rt_dtype_size(dtype), 0U);
    EXPECT_STREQ(moe_rt_dtype_name(dtype), "unknown");
  }
}

struct Example {
  size_t struct_size;
  int64_t first;
  int64_t second;
};

TEST(StructSize, OlderCallerLacksFields) {
  Example given{2 * sizeof(size_t), 7, 9};
  Example read;
  ASSERT_TRUE(copyStruct("example_t", &given, read).ok());
  EXPECT_EQ(read.first, 7);
  EXPECT_EQ(read.second, 0);
}

TEST(StructSize, NewerCallerMayOnlyAddZeros) {
  struct {
    Example known;
    int64_t added;
  } given{{sizeof(Example) + 8, 1, 2}, 0};
  Example read;
  EXPECT_TRUE(copyStruct("example_t", &given.known, read).ok());
  given.added = 1;
  Status status = copyStruct("example_t", &given.known, read);
  EXPECT_EQ(status.code(), MOE_RT_UNSUPPORTED);
  EXPECT_STREQ(status.message(),
               "example_t sets fields this runtime does not know (it has 32 "
               "bytes, this runtime knows 24); update the runtime");
}

TEST(StructSize, NullAndUnsetAreRefused) {
  Example read;
  Status status = copyStruct<Example>("example_t", nullptr, read);
  EXPECT_STREQ(status.message(), "example_t is NULL");
  Example unset{};
  status = copyStruct("example_t", &unset, read);
  EXPECT_STREQ(status.message(),
               "example_t has struct_size 0; set it to sizeof(example_t)");
  status = fillStruct("example_t", read, &unset);
  EXPECT_STREQ(status.message(),
               "example_t has struct_size 0; set it to sizeof(example_t)");
}

TEST(StructSize, FillWritesNoMoreThanThereIs) {
  Example from{sizeof(Example), 5, 6};
  Example to{2 * sizeof(size_t), 0, -1};
  ASSERT_TRUE(fillStruct("example_t", from, &to).ok());
  EXPECT_EQ(to.struct_size, 2 * sizeof(size_t));
  EXPECT_EQ(to.first, 5);
  EXPECT_EQ(to.second, -1);
}

/// Counts what is allocated and refuses from the `limit`-th call on.
struct CountingAllocator {
  int64_t calls = 0;
  int64_t limit = INT64_MAX;
  int64_t bytes = 0;

  moe_rt_allocator_t c() {
    return {sizeof(moe_rt_allocator_t), this,
            [](void *context, size_t size, size_t alignment) -> void * {
              auto *self = static_cast<CountingAllocator *>(context);
              if (++self->calls >= self->limit) {
                return nullptr;
              }
              self->bytes += static_cast<int64_t>(size);
              return aligned_alloc(alignment,
                                   (size + alignment - 1) & ~(alignment - 1));
            },
            [](void *context, void *pointer, size_t size, size_t) {
              static_cast<CountingAllocator *>(context)->bytes -=
                  static_cast<int64_t>(size);
              free(pointer);
            }};
  }
};

TEST(Allocation, ArrayUsesTheAllocatorAndReportsItsFailure) {
  CountingAllocator counting;
  moe_rt_allocator_t c = counting.c();
  Allocator allocator;
  ASSERT_TRUE(Allocator::fromC(&c, allocator).ok());
  {
    Array<std::string> array(allocator);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(array.push(std::to_string(i)).ok());
    }
    EXPECT_EQ(array[99], "99");
    EXPECT_GT(counting.bytes, 0);
    counting.limit = 0;
    EXPECT_EQ(array.reserve(1000).code(), MOE_RT_OUT_OF_MEMORY);
    EXPECT_EQ(array[99], "99");
    EXPECT_EQ(array.reserve(SIZE_MAX / 2).code(), MOE_RT_OUT_OF_MEMORY);
  }
  EXPECT_EQ(counting.bytes, 0);
}

TEST(Allocation, IncompleteAllocatorIsRefused) {
  moe_rt_allocator_t c = CountingAllocator().c();
  c.deallocate = nullptr;
  Allocator allocator;
  EXPECT_STREQ(Allocator::fromC(&c, allocator).message(),
               "moe_rt_allocator_t needs both allocate and deallocate");
}

TEST(Log, WritesFromItsLevelOn) {
  std::string written;
  moe_rt_log_sink_t sink{
      sizeof(moe_rt_log_sink_t), &written, MOE_RT_LOG_INFO,
      [](void *context, moe_rt_log_level_t, const char *message) {
        *static_cast<std::string *>(context) += message;
      }};
  Log log;
  ASSERT_TRUE(Log::fromC(&sink, log).ok());
  log.write(MOE_RT_LOG_DEBUG, "a%d", 1);
  log.write(MOE_RT_LOG_INFO, "b%d", 2);
  log.write(MOE_RT_LOG_WARNING, "c%d", 3);
  EXPECT_EQ(written, "b2c3");
  sink.write = nullptr;
  EXPECT_STREQ(Log::fromC(&sink, log).message(),
               "moe_rt_log_sink_t needs write");
}

} // namespace
