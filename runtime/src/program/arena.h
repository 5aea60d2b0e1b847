//===- arena.h - memory of a session's temporary buffers --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_ARENA_H
#define MOE_RT_SRC_PROGRAM_ARENA_H

#include "allocation.h"

namespace moe::rt {

/// One piece of aligned memory that only grows, and loses its contents then.
class Block {
public:
  Block() = default;
  explicit Block(const Allocator &allocator) : allocator(allocator) {}
  Block(Block &&other) noexcept { *this = std::move(other); }
  Block &operator=(Block &&other) noexcept;
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  ~Block() { reset(); }

  /// Makes it hold at least `size` bytes, aligned to 64; in huge pages where it
  /// is large and the memory is not the caller's. `what` names it in an error,
  /// after which it is empty.
  Status reserve(uint64_t size, const char *what);
  void reset();

  uint8_t *data() const { return bytes; }
  uint64_t size() const { return room; }

private:
  Allocator allocator;
  uint8_t *bytes = nullptr;
  uint64_t room = 0;
  size_t alignment = 0;
};

/// Places buffers, best fit first, at offsets that depend on nothing but the
/// sizes and the order of the calls. Offsets below the block's size lie in the
/// block; what lies above gets memory of its own, and the end of the run makes
/// a block that holds everything. So a run with the sizes of the one before
/// allocates nothing.
class Arena {
public:
  /// For buffers with indices in [0, count), all of which may be placed at the
  /// same time.
  static Status create(const Allocator &allocator, uint32_t count,
                       Arena &result);

  /// Ends all buffers and grows the block to what the run needed, so that a
  /// run like it allocates nothing. Where there is no memory for that, startRun
  /// tries again.
  void endRun();
  /// Begins with no buffers and with room for what the run before needed.
  Status startRun();
  /// Places a buffer that is not placed; 64-byte aligned and never null.
  Status place(uint32_t buffer, uint64_t size, uint8_t *&data);
  /// Ends a buffer that is placed.
  void release(uint32_t buffer);
  bool isPlaced(uint32_t buffer) const { return regions[buffer].placed; }

  /// Bytes held now, and bytes the current or last run needed so far.
  uint64_t heldBytes() const { return block.size() + extraBytes; }
  uint64_t neededBytes() const { return peak; }

private:
  struct Region {
    uint64_t offset = 0;
    uint64_t size = 0;
    Block extra;
    bool placed = false;
  };
  struct Hole {
    uint64_t offset;
    uint64_t size;
  };

  void releaseAll();
  uint64_t findPlace(uint64_t size);
  void removeHole(size_t index);

  Allocator allocator;
  Block block;
  Array<Region> regions;
  /// By offset, disjoint, not adjacent, below `top`.
  Array<Hole> holes;
  size_t holeCount = 0;
  uint64_t top = 0;
  uint64_t peak = 0;
  uint64_t extraBytes = 0;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_ARENA_H
