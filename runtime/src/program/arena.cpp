//===- arena.cpp - memory of a session's temporary buffers ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/arena.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace moe::rt;

static constexpr size_t bufferAlignment = 64;
static constexpr size_t hugePage = size_t{2} << 20;

/// More than any machine has, and far from where sums overflow.
static constexpr uint64_t largestSize = uint64_t{1} << 62;

/// Where empty buffers lie.
alignas(bufferAlignment) static uint8_t nothing[bufferAlignment];

//===----------------------------------------------------------------------===//
// Block
//===----------------------------------------------------------------------===//

Block &Block::operator=(Block &&other) noexcept {
  if (this != &other) {
    reset();
    allocator = other.allocator;
    bytes = other.bytes;
    room = other.room;
    alignment = other.alignment;
    other.bytes = nullptr;
    other.room = 0;
  }
  return *this;
}

void Block::reset() {
  if (bytes) {
    allocator.deallocate(bytes, size_t(room), alignment);
    bytes = nullptr;
    room = 0;
  }
}

Status Block::reserve(uint64_t size, const char *what) {
  if (size <= room) {
    return Status();
  }
  // The old one first: both together may be more than there is.
  reset();
  if (size > largestSize) {
    return Status::outOfMemory(what, size);
  }
  bool large = size >= 2 * hugePage;
  size_t unit = large ? hugePage : bufferAlignment;
  uint64_t rounded = (size + unit - 1) / unit * unit;
  auto *memory = static_cast<uint8_t *>(allocator.allocate(rounded, unit));
  if (!memory) {
    return Status::outOfMemory(what, size);
  }
  if (large && !allocator.isCustom()) {
    // Advice only.
    (void)madvise(memory, rounded, MADV_HUGEPAGE);
  }
  bytes = memory;
  room = rounded;
  alignment = unit;
  return Status();
}

//===----------------------------------------------------------------------===//
// Arena
//===----------------------------------------------------------------------===//

Status Arena::create(const Allocator &allocator, uint32_t count,
                     Arena &result) {
  Arena arena;
  arena.allocator = allocator;
  arena.block = Block(allocator);
  arena.regions = Array<Region>(allocator);
  arena.holes = Array<Hole>(allocator);
  MOE_RT_RETURN_IF_ERROR(arena.regions.resize(count));
  for (Region &region : arena.regions) {
    region.extra = Block(allocator);
  }
  // Between n regions there are at most n holes, and one more while merging.
  MOE_RT_RETURN_IF_ERROR(arena.holes.resize(size_t{count} + 1));
  result = std::move(arena);
  return Status();
}

void Arena::releaseAll() {
  for (Region &region : regions) {
    region.placed = false;
    region.extra.reset();
  }
  extraBytes = 0;
  holeCount = 0;
  top = 0;
}

void Arena::endRun() {
  releaseAll();
  block.reserve(peak, "the arena").ignore();
}

Status Arena::startRun() {
  releaseAll();
  MOE_RT_RETURN_IF_ERROR(block.reserve(peak, "the arena"));
  peak = 0;
  return Status();
}

void Arena::removeHole(size_t index) {
  memmove(&holes[index], &holes[index + 1],
          (holeCount - index - 1) * sizeof(Hole));
  --holeCount;
}

/// The offset of the smallest hole that is large enough, the lowest of equal
/// ones, or the end.
uint64_t Arena::findPlace(uint64_t size) {
  size_t best = holeCount;
  for (size_t i = 0; i < holeCount; ++i) {
    if (holes[i].size >= size &&
        (best == holeCount || holes[i].size < holes[best].size)) {
      best = i;
    }
  }
  if (best == holeCount) {
    uint64_t offset = top;
    top += size;
    return offset;
  }
  uint64_t offset = holes[best].offset;
  if (holes[best].size == size) {
    removeHole(best);
  } else {
    holes[best].offset += size;
    holes[best].size -= size;
  }
  return offset;
}

Status Arena::place(uint32_t buffer, uint64_t size, uint8_t *&data) {
  Region &region = regions[buffer];
  region.placed = true;
  region.size = 0;
  if (!size) {
    data = nothing;
    return Status();
  }
  if (size > largestSize || top > largestSize) {
    region.placed = false;
    return Status::outOfMemory("a temporary buffer", size);
  }
  uint64_t rounded =
      (size + bufferAlignment - 1) / bufferAlignment * bufferAlignment;
  uint64_t offset = findPlace(rounded);
  region.offset = offset;
  region.size = rounded;
  peak = std::max(peak, top);
  if (offset + rounded <= block.size()) {
    data = block.data() + offset;
    return Status();
  }
  if (Status status = region.extra.reserve(rounded, "a temporary buffer");
      !status.ok()) {
    release(buffer);
    return status;
  }
  extraBytes += region.extra.size();
  data = region.extra.data();
  return Status();
}

void Arena::release(uint32_t buffer) {
  Region &region = regions[buffer];
  region.placed = false;
  extraBytes -= region.extra.size();
  region.extra.reset();
  if (!region.size) {
    return;
  }
  size_t index = 0;
  while (index < holeCount && holes[index].offset < region.offset) {
    ++index;
  }
  memmove(&holes[index + 1], &holes[index], (holeCount - index) * sizeof(Hole));
  holes[index] = {region.offset, region.size};
  ++holeCount;
  auto ending = [&](size_t i) { return holes[i].offset + holes[i].size; };
  if (index + 1 < holeCount && ending(index) == holes[index + 1].offset) {
    holes[index].size += holes[index + 1].size;
    removeHole(index + 1);
  }
  if (index && ending(index - 1) == holes[index].offset) {
    holes[index - 1].size += holes[index].size;
    removeHole(index);
    --index;
  }
  if (ending(index) == top) {
    top = holes[index].offset;
    removeHole(index);
  }
}
