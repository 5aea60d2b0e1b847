//===- ArenaTest.cpp - placement of temporary buffers ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/arena.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

using namespace moe::rt;

namespace {

/// Counts what is allocated, and refuses when told.
struct Counter {
  int allocations = 0;
  int64_t live = 0;
  size_t refuseAbove = SIZE_MAX;

  static void *allocate(void *context, size_t size, size_t alignment) {
    auto *self = static_cast<Counter *>(context);
    if (size > self->refuseAbove) {
      return nullptr;
    }
    ++self->allocations;
    self->live += int64_t(size);
    return aligned_alloc(alignment,
                         (size + alignment - 1) / alignment * alignment);
  }
  static void deallocate(void *context, void *pointer, size_t size, size_t) {
    static_cast<Counter *>(context)->live -= int64_t(size);
    free(pointer);
  }
  Allocator allocator() {
    moe_rt_allocator_t table = {sizeof(table), this, allocate, deallocate};
    Allocator result;
    EXPECT_TRUE(Allocator::fromC(&table, result).ok());
    return result;
  }
};

uint8_t *place(Arena &arena, uint32_t buffer, uint64_t size) {
  uint8_t *data = nullptr;
  Status status = arena.place(buffer, size, data);
  EXPECT_TRUE(status.ok()) << status.message();
  return data;
}

TEST(Arena, TheSecondRunAllocatesNothing) {
  Counter counter;
  Arena arena;
  ASSERT_TRUE(Arena::create(counter.allocator(), 3, arena).ok());
  int before = 0;
  for (int run = 0; run < 4; ++run) {
    ASSERT_TRUE(arena.startRun().ok());
    if (run) {
      // Already the end of the first run made room.
      EXPECT_EQ(counter.allocations, before);
    }
    uint8_t *a = place(arena, 0, 1000);
    uint8_t *b = place(arena, 1, 100);
    memset(a, 1, 1000);
    memset(b, 2, 100);
    arena.release(0);
    // Fits into the hole that buffer 0 left.
    uint8_t *c = place(arena, 2, 960);
    memset(c, 3, 960);
    if (run) {
      EXPECT_EQ(c, a);
      EXPECT_EQ(b, a + 1024);
    }
    EXPECT_EQ(b[99], 2);
    EXPECT_EQ(arena.neededBytes(), 1024u + 128u);
    if (run) {
      EXPECT_EQ(counter.allocations, before);
    }
    arena.endRun();
    EXPECT_FALSE(arena.isPlaced(1));
    before = counter.allocations;
  }
  EXPECT_EQ(arena.heldBytes(), 1152u);
  arena = Arena();
  EXPECT_EQ(counter.live, 0);
}

TEST(Arena, BestFitTakesTheSmallestHole) {
  Arena arena;
  ASSERT_TRUE(Arena::create(Allocator(), 8, arena).ok());
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(arena.startRun().ok());
    uint8_t *a = place(arena, 0, 256);
    place(arena, 1, 64);
    uint8_t *c = place(arena, 2, 128);
    place(arena, 3, 64);
    uint8_t *e = place(arena, 4, 128);
    place(arena, 5, 64);
    arena.release(0);
    arena.release(2);
    arena.release(4);
    // Of the two of 128 bytes the lower one, then the rest.
    uint8_t *f = place(arena, 6, 100);
    uint8_t *g = place(arena, 7, 192);
    if (run) {
      EXPECT_EQ(f, c);
      EXPECT_EQ(g, a);
      EXPECT_EQ(place(arena, 0, 65), e);
      EXPECT_EQ(arena.neededBytes(), 704u);
    }
  }
}

TEST(Arena, ReleasedNeighboursAreOneHole) {
  Arena arena;
  ASSERT_TRUE(Arena::create(Allocator(), 5, arena).ok());
  for (auto order : {std::vector<uint32_t>{0, 1, 2}, {2, 1, 0}, {0, 2, 1}}) {
    for (int run = 0; run < 2; ++run) {
      ASSERT_TRUE(arena.startRun().ok());
      uint8_t *first = place(arena, 0, 64);
      place(arena, 1, 64);
      place(arena, 2, 64);
      place(arena, 3, 64);
      for (uint32_t buffer : order) {
        arena.release(buffer);
      }
      uint8_t *all = place(arena, 4, 192);
      if (run) {
        EXPECT_EQ(all, first);
      }
      EXPECT_EQ(arena.neededBytes(), 256u);
    }
  }
}

TEST(Arena, EmptyBuffersHaveAnAddress) {
  Arena arena;
  ASSERT_TRUE(Arena::create(Allocator(), 2, arena).ok());
  ASSERT_TRUE(arena.startRun().ok());
  EXPECT_NE(place(arena, 0, 0), nullptr);
  EXPECT_NE(place(arena, 1, 0), nullptr);
  EXPECT_EQ(arena.neededBytes(), 0u);
  arena.release(0);
  EXPECT_FALSE(arena.isPlaced(0));
  EXPECT_TRUE(arena.isPlaced(1));
}

TEST(Arena, NamesWhatDoesNotFit) {
  Counter counter;
  Arena arena;
  ASSERT_TRUE(Arena::create(counter.allocator(), 2, arena).ok());
  ASSERT_TRUE(arena.startRun().ok());
  uint8_t *data;
  Status status = arena.place(0, UINT64_MAX, data);
  EXPECT_EQ(status.code(), MOE_RT_OUT_OF_MEMORY);
  EXPECT_STREQ(status.message(), "out of memory: a temporary buffer needs "
                                 "18446744073709551615 bytes");
  counter.refuseAbove = 4096;
  status = arena.place(0, 8192, data);
  EXPECT_STREQ(status.message(),
               "out of memory: a temporary buffer needs 8192 bytes");
  EXPECT_FALSE(arena.isPlaced(0));
  // Still usable.
  EXPECT_NE(place(arena, 0, 4096), nullptr);
  EXPECT_NE(place(arena, 1, 4096), nullptr);
  // Nothing is lost where the block cannot grow at once.
  arena.endRun();
  status = arena.startRun();
  EXPECT_STREQ(status.message(), "out of memory: the arena needs 8192 bytes");
  counter.refuseAbove = SIZE_MAX;
  EXPECT_TRUE(arena.startRun().ok());
}

TEST(Arena, RandomBuffersNeverOverlap) {
  std::mt19937 random(1);
  Counter counter;
  Arena arena;
  constexpr uint32_t count = 40;
  ASSERT_TRUE(Arena::create(counter.allocator(), count, arena).ok());
  for (int run = 0; run < 60; ++run) {
    ASSERT_TRUE(arena.startRun().ok());
    // Every program runs twice; the second time nothing is allocated.
    random.seed(unsigned(run / 2));
    int before = counter.allocations;
    std::vector<uint8_t *> data(count);
    std::vector<size_t> sizes(count);
    for (int step = 0; step < 400; ++step) {
      uint32_t buffer = random() % count;
      if (!arena.isPlaced(buffer)) {
        sizes[buffer] = random() % 5000;
        data[buffer] = place(arena, buffer, sizes[buffer]);
        ASSERT_EQ(reinterpret_cast<uintptr_t>(data[buffer]) % 64, 0u);
        memset(data[buffer], int(buffer), sizes[buffer]);
        continue;
      }
      for (size_t i = 0; i < sizes[buffer]; ++i) {
        ASSERT_EQ(data[buffer][i], buffer);
      }
      arena.release(buffer);
    }
    if (run % 2) {
      EXPECT_EQ(counter.allocations, before);
    }
  }
  arena = Arena();
  EXPECT_EQ(counter.live, 0);
}

TEST(Block, GrowsAndReports) {
  Counter counter;
  {
    Block block(counter.allocator());
    ASSERT_TRUE(block.reserve(100, "a test").ok());
    EXPECT_EQ(block.size(), 128u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % 64, 0u);
    ASSERT_TRUE(block.reserve(128, "a test").ok());
    EXPECT_EQ(counter.allocations, 1);
    ASSERT_TRUE(block.reserve((4u << 20) + 1, "a test").ok());
    EXPECT_EQ(block.size(), 6u << 20);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % (2u << 20), 0u);
    counter.refuseAbove = 1;
    Status status = block.reserve(8u << 20, "a test");
    EXPECT_STREQ(status.message(), "out of memory: a test needs 8388608 bytes");
    EXPECT_EQ(block.size(), 0u);
  }
  EXPECT_EQ(counter.live, 0);
}

} // namespace
