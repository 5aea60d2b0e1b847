//===- PackageFuzzer.cpp - fuzzes loading a package -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a package. Hashes are not checked: no mutation would get past
// them, and a hostile package has right ones.
//
//===----------------------------------------------------------------------===//

#include "model_loader.h"

#include <cstdlib>
#include <cstring>

using namespace moe::rt;

namespace {

/// Reads what loading left in the model, so that a wild pointer is noticed.
uint64_t touch(moe_rt_model &model) {
  const Package &package = model.package();
  uint64_t sum = 0;
  for (uint32_t i = 0; i < package.sectionCount(); ++i) {
    const moe_package_section &section = package.sections()[i];
    if (!package.data(i)) {
      continue;
    }
    package.ensureVerified(i, 0, section.size).ignore();
    for (uint64_t at = 0; at < section.size; at += 64) {
      sum += package.data(i)[at];
    }
  }
  for (const auto *tensors : {&model.inputs(), &model.outputs()}) {
    for (const moe_rt_model::Border &tensor : *tensors) {
      sum += strlen(tensor.info.name);
      for (int32_t d = 0; d < tensor.info.rank; ++d) {
        sum += static_cast<uint64_t>(tensor.info.dims[d]);
        sum += tensor.info.symbols[d] ? strlen(tensor.info.symbols[d]) : 0;
      }
    }
  }
  for (const moe_rt_model::Pair &pair : model.metadata()) {
    sum += strlen(pair.key) + strlen(pair.value);
  }
  const moe_phase_fn *phases;
  int32_t level;
  model.phases(0, phases, level).ignore();
  return sum;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (moe_rt_load_policy_t policy : {MOE_RT_LOAD_MAP, MOE_RT_LOAD_COPY}) {
    // Aligned as a caller's memory must be, and ending where the input ends.
    size_t room = (size + 4095) / 4096 * 4096;
    auto *memory = static_cast<uint8_t *>(aligned_alloc(4096, room + 4096));
    uint8_t *start = policy == MOE_RT_LOAD_MAP ? memory : memory + room - size;
    memcpy(start, data, size);
    moe_rt_model_options_t options = {};
    options.struct_size = sizeof(options);
    options.load_policy = policy;
    ModelLoader loader;
    loader.checkHashes = false;
    Status status = loader.readOptions(&options);
    Source source(loader.allocator());
    if (status.ok()) {
      status = source.openMemory(start, size);
    }
    moe_rt_model *model = nullptr;
    if (status.ok()) {
      status = loader.load(std::move(source), model);
    }
    volatile uint64_t used = model ? touch(*model) : strlen(status.message());
    (void)used;
    if (model) {
      model->release();
    }
    free(memory);
  }
  return 0;
}
