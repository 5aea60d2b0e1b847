//===- constants.cpp - weights and expert pools of a program --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/constants.h"

#include <algorithm>
#include <cstring>

using namespace moe::rt;

Status Constants::create(const Allocator &allocator, const Program &program,
                         const SectionSource &source, Constants &result) {
  Constants constants;
  constants.program = &program;
  constants.source = &source;
  constants.weights = Array<const uint8_t *>(allocator);
  constants.pools = Array<Pool>(allocator);
  constants.identity = Array<int32_t>(allocator);
  MOE_RT_RETURN_IF_ERROR(constants.weights.resize(program.weights.size()));
  MOE_RT_RETURN_IF_ERROR(constants.pools.resize(program.pools.size()));
  uint32_t experts = 0;
  for (uint32_t i = 0; i < program.pools.size(); ++i) {
    Pool &pool = constants.pools[i];
    pool.isVerified = Array<bool>(allocator);
    MOE_RT_RETURN_IF_ERROR(pool.isVerified.resize(program.pools[i].experts));
    experts = std::max(experts, program.pools[i].experts);
  }
  MOE_RT_RETURN_IF_ERROR(constants.identity.resize(experts));
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

Status Constants::weight(uint32_t index, const uint8_t *&data) {
  data = weights[index];
  if (data) {
    return Status();
  }
  const moe_program_weight &weight = program->weights[index];
  const uint8_t *section;
  MOE_RT_RETURN_IF_ERROR(sectionData(weight.section, section));
  MOE_RT_RETURN_IF_ERROR(
      source->ensureVerified(weight.section, weight.offset, weight.length));
  data = weights[index] = section + weight.offset;
  return Status();
}

Status Constants::verifyExpert(uint32_t index, uint32_t expert) {
  Pool &pool = pools[index];
  if (pool.isVerified[expert]) {
    return Status();
  }
  const moe_program_pool &entry = program->pools[index];
  MOE_RT_RETURN_IF_ERROR(source->ensureVerified(
      entry.section, expert * entry.stride, entry.stride));
  pool.isVerified[expert] = true;
  ++pool.verified;
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
    MOE_RT_RETURN_IF_ERROR(verifyExpert(index, expert));
  }
  return Status();
}

Status Constants::pin(uint32_t index, const uint8_t *ids, uint64_t count) {
  const moe_program_pool &entry = program->pools[index];
  Pool &pool = pools[index];
  if (pool.pins == UINT32_MAX) {
    return Status::error(MOE_RT_INTERNAL, "pool %u is pinned too often", index);
  }
  // Kernels take an id outside [0, experts) for an empty slot, too.
  for (uint64_t i = 0; i < count && pool.verified < entry.experts; ++i) {
    int32_t id;
    memcpy(&id, ids + i * sizeof(id), sizeof(id));
    if (id >= 0 && uint32_t(id) < entry.experts) {
      MOE_RT_RETURN_IF_ERROR(verifyExpert(index, uint32_t(id)));
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
