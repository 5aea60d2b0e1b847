//===- constants.h - weights and expert pools of a program ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_CONSTANTS_H
#define MOE_RT_SRC_PROGRAM_CONSTANTS_H

#include "allocation.h"
#include "devices/device.h"
#include "program/program.h"

namespace moe::rt {

/// Sections that weights and pools lie in: a package, or a test's bytes.
class SectionSource {
public:
  /// The section's bytes, or null if it is not loaded.
  virtual const uint8_t *data(uint32_t section) const = 0;
  /// Makes sure that these bytes are what the compiler wrote. Called from several
  /// threads at the same time.
  virtual Status ensureVerified(uint32_t section, uint64_t offset,
                                uint64_t length) const = 0;

protected:
  ~SectionSource() = default;
};

/// Addresses of a session's weights and pools. Bytes are verified before their
/// address is first given away, on the threads of the device. All experts are
/// resident for now, so that the slot of an expert is its index.
class Constants {
public:
  /// All of the device that is used are its memory and its threads.
  static Status create(const DeviceView &device, const Program &program,
                       const SectionSource &source, Constants &result);

  /// Ends all pins.
  void startRun();

  Status weight(uint32_t index, const uint8_t *&data);

  /// A pool's base and its slot_of table. An unpinned pool is verified whole.
  Status pool(uint32_t index, const uint8_t *&base, const int32_t *&slotOf);

  /// Verifies the experts among `count` int32 ids; others are none. All of them
  /// at once, so that few experts keep many threads busy.
  Status pin(uint32_t pool, const uint8_t *ids, uint64_t count);
  /// False if it is not pinned.
  bool unpin(uint32_t pool);

private:
  struct Pool {
    uint32_t pins = 0;
    /// Experts that are verified, and a mark for each.
    uint32_t verified = 0;
    Array<bool> isVerified;
  };

  /// Bytes of a section that are hashed together: a part of one leaf.
  struct Piece {
    uint64_t offset;
    uint64_t length;
  };
  struct Verification;

  Status sectionData(uint32_t section, const uint8_t *&data) const;
  void want(uint64_t offset, uint64_t length);
  Status verifyWanted(uint32_t section);
  Status verifyMarked(uint32_t pool);

  DeviceView device;
  const Program *program = nullptr;
  const SectionSource *source = nullptr;
  Array<const uint8_t *> weights;
  Array<Pool> pools;
  Array<int32_t> identity;
  /// Marks of experts that verifyMarked() verifies; all off otherwise.
  Array<bool> isMarked;
  /// What is verified next, in ascending order, at most one per leaf. Has room
  /// for every weight and pool, so that no run allocates.
  Array<Piece> pieces;
  size_t pieceCount = 0;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_CONSTANTS_H
