//===- model.cpp - a loaded package, ready for sessions -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "model.h"

#include "abi.h"
#include "image/cpu_level.h"
#include "model_loader.h"

#include <cstdio>
#include <cstring>

using namespace moe::rt;

moe_rt_model::moe_rt_model(const Allocator &allocator)
    : memory(allocator), inputTensors(allocator), outputTensors(allocator),
      manifestText(allocator), pairs(allocator), imageFolder(allocator),
      codes(allocator) {}

moe_rt_model::~moe_rt_model() { pthread_mutex_destroy(&codeLock); }

void moe_rt_model::release() {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Allocator copy = memory;
    destroy(copy, this);
  }
}

namespace {

class Lock {
public:
  explicit Lock(pthread_mutex_t &mutex) : mutex(mutex) {
    pthread_mutex_lock(&mutex);
  }
  ~Lock() { pthread_mutex_unlock(&mutex); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;

private:
  pthread_mutex_t &mutex;
};

} // namespace

Status moe_rt_model::loadCode(Code &code) {
  if (code.image.phases()) {
    return Status();
  }
  moe_image_header header;
  bool fits;
  MOE_RT_RETURN_IF_ERROR(
      findImage(*file, code.section, parsed.phases.size(), header, fits));
  Array<char> name(memory);
  MOE_RT_RETURN_IF_ERROR(name.resize(strlen(file->name()) + 64));
  snprintf(name.data(), name.size(), "the code for x86-64-v%d in %s",
           code.level, file->name());
  ImageOptions options;
  options.folder = imageFolder.empty() ? nullptr : imageFolder.data();
  options.disabled = disabledImageMethods;
  MOE_RT_RETURN_IF_ERROR(Image::load(
      name.data(), file->data(code.section) + header.image_offset,
      header.image_length, parsed.phases.size(), options, sink, code.image));
  // What runs is a copy.
  file->drop(code.section);
  return Status();
}

Status moe_rt_model::phases(int32_t maxLevel, const moe_phase_fn *&phases,
                            int32_t &level) {
  phases = nullptr;
  level = 0;
  if (parsed.phases.size() == 0) {
    return Status();
  }
  int32_t cpu = cpuLevel();
  int32_t limit = maxLevel && maxLevel < cpu ? maxLevel : cpu;
  Lock lock(codeLock);
  Status failure;
  for (Code &code : codes) {
    if (code.level > limit) {
      continue;
    }
    if (code.linked) {
      sink.write(failure.ok() ? MOE_RT_LOG_DEBUG : MOE_RT_LOG_INFO,
                 "linked code for x86-64-v%d is used%s%s", code.level,
                 failure.ok() ? "" : ", because ", failure.message());
      phases = code.linked;
      level = code.level;
      return Status();
    }
    // Where memory cannot be made executable, lower linked code may help. A
    // damaged image is an error.
    if (failure.ok()) {
      failure = loadCode(code);
      if (failure.ok()) {
        phases = code.image.phases();
        level = code.level;
        return Status();
      }
      if (failure.code() != MOE_RT_UNSUPPORTED) {
        return failure;
      }
    }
  }
  if (!failure.ok()) {
    return failure;
  }
  if (codes.empty()) {
    return Status::error(MOE_RT_INCOMPATIBLE,
                         "%s has no code for x86-64; compile the model for it",
                         file->name());
  }
  return Status::error(MOE_RT_INCOMPATIBLE,
                       "%s has code from x86-64-v%d on, and x86-64-v%d is the "
                       "limit here%s; compile the model for it",
                       file->name(), codes[codes.size() - 1].level, limit,
                       limit < cpu ? " (max_level)" : "");
}

//===----------------------------------------------------------------------===//
// The public header
//===----------------------------------------------------------------------===//

/// Opens a source with `open` and makes a model of it.
template <typename Open>
static moe_rt_status_t loadFrom(const moe_rt_model_options_t *options,
                                moe_rt_model_t **model, Open open) {
  if (!model) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "model is NULL").release();
  }
  *model = nullptr;
  ModelLoader loader;
  Status status = loader.readOptions(options);
  if (!status.ok()) {
    return status.release();
  }
  Source source(loader.allocator());
  status = open(source);
  if (status.ok()) {
    status = loader.load(std::move(source), *model);
  }
  return status.release();
}

moe_rt_status_t moe_rt_model_load_path(const char *path,
                                       const moe_rt_model_options_t *options,
                                       moe_rt_model_t **model) {
  return loadFrom(options, model,
                  [&](Source &source) { return source.openPath(path); });
}

moe_rt_status_t
moe_rt_model_load_descriptor(int descriptor, uint64_t offset, uint64_t length,
                             const moe_rt_model_options_t *options,
                             moe_rt_model_t **model) {
  return loadFrom(options, model, [&](Source &source) {
    return source.openDescriptor(descriptor, offset, length);
  });
}

moe_rt_status_t moe_rt_model_load_memory(const void *data, size_t size,
                                         const moe_rt_model_options_t *options,
                                         moe_rt_model_t **model) {
  return loadFrom(options, model, [&](Source &source) {
    return source.openMemory(data, size);
  });
}

moe_rt_status_t
moe_rt_model_load_callbacks(const moe_rt_reader_t *reader,
                            const moe_rt_model_options_t *options,
                            moe_rt_model_t **model) {
  return loadFrom(options, model, [&](Source &source) -> Status {
    moe_rt_reader_t copy;
    MOE_RT_RETURN_IF_ERROR(copyStruct("moe_rt_reader_t", reader, copy));
    if (!copy.read) {
      return Status::error(MOE_RT_INVALID_ARGUMENT,
                           "moe_rt_reader_t needs read");
    }
    return source.openCallback({copy.context, copy.read}, copy.length);
  });
}

void moe_rt_model_free(moe_rt_model_t *model) {
  if (model) {
    model->release();
  }
}

static Status describe(const moe_rt_model *model, const char *kind,
                       size_t index, moe_rt_tensor_info_t *info) {
  if (!model) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "model is NULL");
  }
  const Array<moe_rt_model::Border> &tensors =
      kind[0] == 'i' ? model->inputs() : model->outputs();
  if (index >= tensors.size()) {
    return Status::error(MOE_RT_NOT_FOUND,
                         "%s %zu does not exist; the model has %zu", kind,
                         index, tensors.size());
  }
  return fillStruct("moe_rt_tensor_info_t", tensors[index].info, info);
}

size_t moe_rt_model_input_count(const moe_rt_model_t *model) {
  return model ? model->inputs().size() : 0;
}

size_t moe_rt_model_output_count(const moe_rt_model_t *model) {
  return model ? model->outputs().size() : 0;
}

moe_rt_status_t moe_rt_model_input(const moe_rt_model_t *model, size_t index,
                                   moe_rt_tensor_info_t *info) {
  return describe(model, "input", index, info).release();
}

moe_rt_status_t moe_rt_model_output(const moe_rt_model_t *model, size_t index,
                                    moe_rt_tensor_info_t *info) {
  return describe(model, "output", index, info).release();
}

static Status findMetadata(const moe_rt_model *model, const char *key,
                           const char **value) {
  if (!model || !key || !value) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "%s is NULL",
                         !model ? "model"
                         : !key ? "key"
                                : "value");
  }
  for (const moe_rt_model::Pair &pair : model->metadata()) {
    if (strcmp(pair.key, key) == 0) {
      *value = pair.value;
      return Status();
    }
  }
  return Status::error(MOE_RT_NOT_FOUND, "%s has no metadata '%s'",
                       model->package().name(), key);
}

moe_rt_status_t moe_rt_model_metadata(const moe_rt_model_t *model,
                                      const char *key, const char **value) {
  return findMetadata(model, key, value).release();
}

size_t moe_rt_model_metadata_count(const moe_rt_model_t *model) {
  return model ? model->metadata().size() : 0;
}

moe_rt_status_t moe_rt_model_metadata_at(const moe_rt_model_t *model,
                                         size_t index, const char **key,
                                         const char **value) {
  if (!model || !key || !value) {
    return Status::error(MOE_RT_INVALID_ARGUMENT, "%s is NULL",
                         !model ? "model"
                         : !key ? "key"
                                : "value")
        .release();
  }
  if (index >= model->metadata().size()) {
    return Status::error(MOE_RT_NOT_FOUND,
                         "metadata %zu does not exist; the model has %zu",
                         index, model->metadata().size())
        .release();
  }
  *key = model->metadata()[index].key;
  *value = model->metadata()[index].value;
  return nullptr;
}

int32_t moe_rt_cpu_level(void) { return cpuLevel(); }
