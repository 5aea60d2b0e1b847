//===- model.h - a loaded package, ready for sessions -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_MODEL_H
#define MOE_RT_SRC_MODEL_H

#include "allocation.h"
#include "image/image.h"
#include "log.h"
#include "moe_rt/model.h"
#include "package/reader.h"
#include "program/constants.h"
#include "program/program.h"

#include <atomic>
#include <pthread.h>

namespace moe::rt {
class ModelLoader;
} // namespace moe::rt

/// What moe_rt_model_t points to. Immutable once loaded, but for caches behind
/// locks; shared by sessions and threads.
struct moe_rt_model final : private moe::rt::SectionSource {
public:
  /// A session keeps its model alive with these; the last release frees it.
  void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  void release();

  const moe::rt::Program &program() const { return parsed; }
  const moe::rt::Package &package() const { return *file; }
  /// Where the weights and pools of the program are.
  const moe::rt::SectionSource &sections() const { return *this; }
  const moe::rt::Allocator &allocator() const { return memory; }
  const moe::rt::Log &log() const { return sink; }

  /// The phases of the program's kernels, in the order of its phase table, at
  /// the highest level that is at most `maxLevel` (0: any) and that this CPU
  /// runs. Loads the code the first time it is asked for. `level` gets the
  /// level that was chosen; 0, with `phases` NULL, for a program without
  /// phases, which needs no code. May be called from several threads. Errors:
  /// incompatible if the package has no such code, or what loading it found.
  moe::rt::Status phases(int32_t maxLevel, const moe_phase_fn *&phases,
                         int32_t &level);

  /// A border tensor as the public header shows it.
  struct Border {
    moe::rt::Array<char> text;
    moe::rt::Array<int64_t> dims;
    moe::rt::Array<const char *> symbols;
    moe_rt_tensor_info_t info = {};
  };
  struct Pair {
    const char *key;
    const char *value;
  };
  const moe::rt::Array<Border> &inputs() const { return inputTensors; }
  const moe::rt::Array<Border> &outputs() const { return outputTensors; }
  const moe::rt::Array<Pair> &metadata() const { return pairs; }

  /// Test only: see ImageOptions::disabled.
  unsigned disabledImageMethods = 0;

private:
  friend class moe::rt::ModelLoader;
  template <typename T, typename... Args>
  friend T *moe::rt::create(const moe::rt::Allocator &allocator,
                            Args &&...args);
  template <typename T>
  friend void moe::rt::destroy(const moe::rt::Allocator &allocator, T *object);

  /// Code for one level.
  struct Code {
    int32_t level = 0;
    uint32_t section = 0; ///< its IMAGE section
    /// The same code in the caller's program, or NULL.
    const moe_phase_fn *linked = nullptr;
    moe::rt::Image image; ///< empty until it is asked for; never if linked
  };

  explicit moe_rt_model(const moe::rt::Allocator &allocator);
  ~moe_rt_model();

  const uint8_t *data(uint32_t section) const override {
    return file->data(section);
  }
  moe::rt::Status ensureVerified(uint32_t section, uint64_t offset,
                                 uint64_t length) const override {
    return file->ensureVerified(section, offset, length);
  }
  moe::rt::Status loadCode(Code &code);

  std::atomic<int64_t> references{1};
  moe::rt::Allocator memory;
  moe::rt::Log sink;
  moe::rt::Owned<moe::rt::Package> file;
  moe::rt::Program parsed;
  moe::rt::Array<Border> inputTensors;
  moe::rt::Array<Border> outputTensors;
  moe::rt::Array<char> manifestText;
  moe::rt::Array<Pair> pairs;
  moe::rt::Array<char> imageFolder; ///< with its zero byte, or empty
  moe::rt::Array<Code> codes;       ///< highest level first
  pthread_mutex_t codeLock = PTHREAD_MUTEX_INITIALIZER;
};

#endif // MOE_RT_SRC_MODEL_H
