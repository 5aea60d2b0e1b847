//===- PackageFuzzer.cpp - fuzzes loading a package -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a package, used in place and read by callbacks. Hashes are not
// checked: no mutation would get past them, and a hostile package has right
// ones.
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

struct Input {
  const uint8_t *data;
  size_t size;

  /// Nothing may be asked for that is not there.
  static int32_t read(void *context, uint64_t offset, void *buffer,
                      uint64_t length) {
    auto *self = static_cast<Input *>(context);
    if (offset > self->size || length > self->size - offset) {
      abort();
    }
    memcpy(buffer, self->data + offset, length);
    return 0;
  }
};

void load(Input &input, bool inPlace) {
  moe_rt_model_options_t options = {};
  options.struct_size = sizeof(options);
  ModelLoader loader;
  loader.checkHashes = false;
  Status status = loader.readOptions(&options);
  Source source(loader.allocator());
  if (status.ok()) {
    status = inPlace ? source.openMemory(input.data, input.size)
                     : source.openCallback({&input, Input::read}, input.size);
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
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Aligned as a caller's memory must be, and ending where the input ends.
  void *memory = nullptr;
  if (posix_memalign(&memory, 4096, size ? size : 1)) {
    abort();
  }
  if (size) {
    memcpy(memory, data, size);
  }
  Input input = {static_cast<uint8_t *>(memory), size};
  load(input, /*inPlace=*/true);
  load(input, /*inPlace=*/false);
  free(memory);
  return 0;
}
