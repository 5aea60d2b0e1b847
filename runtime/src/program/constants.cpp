//===- constants.cpp - weights and expert pools of a program --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/constants.h"

#include "moe_rt/contract/package.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

using namespace moe::rt;

/// The most leaves that bytes of a section can lie in.
static uint64_t leavesOf(uint64_t length) {
  return length / MOE_PACKAGE_LEAF_BYTES + 2;
}

Status Constants::create(const DeviceView &device, const Program &program,
                         const SectionSource &source, Constants &result) {
  const Allocator &allocator = device.allocator;
  Constants constants;
  constants.device = device;
  constants.program = &program;
  constants.source = &source;
  constants.weights = Array<const uint8_t *>(allocator);
  constants.pools = Array<Pool>(allocator);
  constants.identity = Array<int32_t>(allocator);
  constants.isMarked = Array<bool>(allocator);
  constants.pieces = Array<Piece>(allocator);
  MOE_RT_RETURN_IF_ERROR(constants.weights.resize(program.weights.size()));
  MOE_RT_RETURN_IF_ERROR(constants.pools.resize(program.pools.size()));
  uint32_t experts = 0;
  uint64_t leaves = 0;
  for (const moe_program_weight &weight : program.weights) {
    leaves = std::max(leaves, leavesOf(weight.length));
  }
  for (uint32_t i = 0; i < program.pools.size(); ++i) {
    const moe_program_pool &entry = program.pools[i];
    Pool &pool = constants.pools[i];
    pool.isVerified = Array<bool>(allocator);
    MOE_RT_RETURN_IF_ERROR(pool.isVerified.resize(entry.experts));
    experts = std::max(experts, entry.experts);
    leaves = std::max(leaves, leavesOf(entry.experts * entry.stride));
  }
  MOE_RT_RETURN_IF_ERROR(constants.identity.resize(experts));
  MOE_RT_RETURN_IF_ERROR(constants.isMarked.resize(experts));
  MOE_RT_RETURN_IF_ERROR(constants.pieces.resize(leaves));
  for (uint32_t i = 0; i < experts; ++i) {
    constants.identity[i] = int32_t(i);
  }
  result = std::move(constants);
  return Status();
}

void Constants::startRun() {
  for (Pool &pool : pools) {
    pool.pins = 0;
  }
}

Status Constants::sectionData(uint32_t section, const uint8_t *&data) const {
  data = source->data(section);
  if (!data) {
    return Status::error(MOE_RT_INTERNAL, "section %u is not loaded", section);
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Adds bytes to what verifyWanted() verifies; ascending.
void Constants::want(uint64_t offset, uint64_t length) {
  uint64_t end = offset + length;
  while (offset < end) {
    uint64_t leaf = offset / MOE_PACKAGE_LEAF_BYTES;
    uint64_t stop = std::min(end, (leaf + 1) * MOE_PACKAGE_LEAF_BYTES);
    Piece *last = pieceCount ? &pieces[pieceCount - 1] : nullptr;
    if (last && last->offset / MOE_PACKAGE_LEAF_BYTES == leaf) {
      last->length = stop - last->offset;
    } else {
      pieces[pieceCount++] = {offset, stop - offset};
    }
    offset = stop;
  }
}

/// The argument of a job whose items are pieces.
struct Constants::Verification {
  int64_t items;
  const SectionSource *source;
  uint32_t section;
  const Piece *pieces;

  Status verify(int64_t piece) const {
    return source->ensureVerified(section, pieces[piece].offset,
                                  pieces[piece].length);
  }
  static int32_t run(void *arg, int64_t begin, int64_t end, int32_t) {
    const auto &self = *static_cast<const Verification *>(arg);
    for (; begin < end; ++begin) {
      Status status = self.verify(begin);
      if (!status.ok()) {
        return 1;
      }
    }
    return 0;
  }
};

Status Constants::verifyWanted(uint32_t section) {
  Verification job = {int64_t(pieceCount), source, section, pieces.data()};
  static_assert(offsetof(Verification, items) == 0);
  pieceCount = 0;
  if (job.items > 1) {
    moe_phase phase = {Verification::run, /*items_slot=*/0, /*grain=*/1};
    if (!device.table->run(device.context, &phase, 1, &job)) {
      return Status();
    }
  }
  // An error is that of the first damaged piece, whatever the threads found
  // first. Pieces that were found right cost nothing now.
  for (int64_t piece = 0; piece < job.items; ++piece) {
    MOE_RT_RETURN_IF_ERROR(job.verify(piece));
  }
  return Status();
}

/// Verifies the experts that are marked.
Status Constants::verifyMarked(uint32_t index) {
  const moe_program_pool &entry = program->pools[index];
  for (uint32_t expert = 0; expert < entry.experts; ++expert) {
    if (isMarked[expert]) {
      want(expert * entry.stride, entry.stride);
    }
  }
  Status status = verifyWanted(entry.section);
  Pool &pool = pools[index];
  for (uint32_t expert = 0; expert < entry.experts; ++expert) {
    if (isMarked[expert] && status.ok()) {
      pool.isVerified[expert] = true;
      ++pool.verified;
    }
    isMarked[expert] = false;
  }
  return status;
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

Status Constants::weight(uint32_t index, const uint8_t *&data) {
  data = weights[index];
  if (data) {
    return Status();
  }
  const moe_program_weight &weight = program->weights[index];
  const uint8_t *section;
  MOE_RT_RETURN_IF_ERROR(sectionData(weight.section, section));
  want(weight.offset, weight.length);
  MOE_RT_RETURN_IF_ERROR(verifyWanted(weight.section));
  data = weights[index] = section + weight.offset;
  return Status();
}

Status Constants::pool(uint32_t index, const uint8_t *&base,
                       const int32_t *&slotOf) {
  const moe_program_pool &entry = program->pools[index];
  MOE_RT_RETURN_IF_ERROR(sectionData(entry.section, base));
  slotOf = identity.data();
  Pool &pool = pools[index];
  if (pool.pins || pool.verified == entry.experts) {
    return Status();
  }
  for (uint32_t expert = 0; expert < entry.experts; ++expert) {
    isMarked[expert] = !pool.isVerified[expert];
  }
  return verifyMarked(index);
}

Status Constants::pin(uint32_t index, const uint8_t *ids, uint64_t count) {
  const moe_program_pool &entry = program->pools[index];
  Pool &pool = pools[index];
  if (pool.pins == UINT32_MAX) {
    return Status::error(MOE_RT_INTERNAL, "pool %u is pinned too often", index);
  }
  if (pool.verified < entry.experts) {
    bool isAnyMarked = false;
    for (uint64_t i = 0; i < count; ++i) {
      int32_t id;
      memcpy(&id, ids + i * sizeof(id), sizeof(id));
      // Kernels take an id outside [0, experts) for an empty slot, too.
      if (id >= 0 && uint32_t(id) < entry.experts &&
          !pool.isVerified[uint32_t(id)]) {
        isMarked[uint32_t(id)] = isAnyMarked = true;
      }
    }
    if (isAnyMarked) {
      MOE_RT_RETURN_IF_ERROR(verifyMarked(index));
    }
  }
  ++pool.pins;
  return Status();
}

bool Constants::unpin(uint32_t index) {
  if (!pools[index].pins) {
    return false;
  }
  --pools[index].pins;
  return true;
}
