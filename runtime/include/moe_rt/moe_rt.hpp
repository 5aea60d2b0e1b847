//===- moe_rt.hpp - the runtime's interface for C++ -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Owners for the handles of the C interface; header-only, C++17, works without
// exceptions and RTTI. Names and meanings are those of moe_rt.h. Functions that
// can fail return a Status; those that make something also return a Result.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_MOE_RT_HPP
#define MOE_RT_MOE_RT_HPP

#include "moe_rt/moe_rt.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moe_rt {

/// Owns a moe_rt_status_t; converts to true where it is an error.
class [[nodiscard]] Status {
public:
  Status() = default;
  explicit Status(moe_rt_status_t status) : status(status) {}
  Status(Status &&other) noexcept
      : status(std::exchange(other.status, nullptr)) {}
  Status &operator=(Status &&other) noexcept {
    std::swap(status, other.status);
    return *this;
  }
  Status(const Status &) = delete;
  Status &operator=(const Status &) = delete;
  ~Status() { moe_rt_status_free(status); }

  bool ok() const { return !status; }
  explicit operator bool() const { return status != nullptr; }
  moe_rt_status_code_t code() const { return moe_rt_status_code(status); }
  /// Valid as long as the status; "" for success.
  const char *message() const { return moe_rt_status_message(status); }
  const char *codeName() const { return moe_rt_status_code_name(code()); }

private:
  moe_rt_status_t status = nullptr;
};

/// Owns a handle that `Free` gives back.
template <typename T, void (*Free)(T *)>
class Handle {
public:
  Handle() = default;
  explicit Handle(T *handle) : handle(handle) {}
  Handle(Handle &&other) noexcept
      : handle(std::exchange(other.handle, nullptr)) {}
  Handle &operator=(Handle &&other) noexcept {
    std::swap(handle, other.handle);
    return *this;
  }
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  ~Handle() { Free(handle); }

  T *get() const { return handle; }
  explicit operator bool() const { return handle != nullptr; }
  /// Gives the handle away.
  T *release() { return std::exchange(handle, nullptr); }

protected:
  T *handle = nullptr;
};

/// A name, type and shape; points into the model.
class TensorInfo {
public:
  explicit TensorInfo(const moe_rt_tensor_info_t &info) : info(info) {}

  std::string_view name() const { return info.name; }
  moe_rt_dtype_t dtype() const { return info.dtype; }
  size_t rank() const { return size_t(info.rank); }
  /// -1 where it is known at run time only.
  int64_t dim(size_t index) const { return info.dims[index]; }
  /// "" where it has no name.
  std::string_view symbol(size_t index) const {
    const char *symbol = info.symbols[index];
    return symbol ? symbol : "";
  }
  /// Such as f32[N, 64].
  std::string str() const {
    std::string text = moe_rt_dtype_name(info.dtype);
    text += '[';
    for (size_t i = 0; i < rank(); ++i) {
      text += i ? ", " : "";
      if (dim(i) >= 0) {
        text += std::to_string(dim(i));
      } else if (symbol(i).empty()) {
        text += '?';
      } else {
        text += symbol(i);
      }
    }
    return text + ']';
  }

private:
  moe_rt_tensor_info_t info;
};

/// A view of a tensor whose dims it owns; the data stays whose it is.
class Tensor {
public:
  Tensor() { tensor.struct_size = sizeof(tensor); }
  Tensor(moe_rt_dtype_t dtype, std::vector<int64_t> dims, void *data,
         size_t byteSize)
      : shape(std::move(dims)) {
    tensor.struct_size = sizeof(tensor);
    tensor.dtype = dtype;
    tensor.data = data;
    tensor.byte_size = byteSize;
  }
  explicit Tensor(const moe_rt_tensor_t &view)
      : tensor(view), shape(view.dims, view.dims + view.rank) {}

  moe_rt_dtype_t dtype() const { return tensor.dtype; }
  const std::vector<int64_t> &dims() const { return shape; }
  void *data() const { return tensor.data; }
  size_t byteSize() const { return tensor.byte_size; }
  /// Number of elements.
  size_t size() const {
    return tensor.byte_size / moe_rt_dtype_size(tensor.dtype);
  }

  /// For the C interface; valid until this changes.
  const moe_rt_tensor_t *c() const {
    tensor.rank = int32_t(shape.size());
    tensor.dims = shape.data();
    return &tensor;
  }

private:
  mutable moe_rt_tensor_t tensor = {};
  std::vector<int64_t> shape;
};

/// moe_rt_model_t.
class Model : public Handle<moe_rt_model_t, moe_rt_model_free> {
public:
  using Handle::Handle;

  static Status loadPath(const char *path,
                         const moe_rt_model_options_t *options, Model &model) {
    moe_rt_model_t *loaded = nullptr;
    Status status(moe_rt_model_load_path(path, options, &loaded));
    model = Model(loaded);
    return status;
  }

  size_t inputCount() const { return moe_rt_model_input_count(handle); }
  size_t outputCount() const { return moe_rt_model_output_count(handle); }
  /// `index` must be below the count.
  TensorInfo input(size_t index) const {
    return info(moe_rt_model_input, index);
  }
  TensorInfo output(size_t index) const {
    return info(moe_rt_model_output, index);
  }

private:
  template <typename Function>
  TensorInfo info(Function function, size_t index) const {
    moe_rt_tensor_info_t found = {};
    found.struct_size = sizeof(found);
    Status status(function(handle, index, &found));
    return TensorInfo(found);
  }
};

/// moe_rt_device_t.
class Device : public Handle<moe_rt_device_t, moe_rt_device_free> {
public:
  using Handle::Handle;

  static Status createCpu(const moe_rt_cpu_options_t *options, Device &device) {
    moe_rt_device_t *created = nullptr;
    Status status(moe_rt_device_create_cpu(options, &created));
    device = Device(created);
    return status;
  }

  int32_t threads() const { return moe_rt_device_threads(handle); }
  int32_t level() const { return moe_rt_device_level(handle); }
};

/// Rows per expert of a layer; points into the session.
struct ExpertCounts {
  std::string_view layer;
  const uint64_t *rows = nullptr;
  size_t experts = 0;
};

/// moe_rt_session_t.
class Session : public Handle<moe_rt_session_t, moe_rt_session_free> {
public:
  using Handle::Handle;

  static Status create(const Model &model, const Device &device,
                       Session &session) {
    moe_rt_session_t *created = nullptr;
    Status status(moe_rt_session_create(model.get(), device.get(), &created));
    session = Session(created);
    return status;
  }

  Status setInput(size_t index, const Tensor &tensor) {
    return Status(moe_rt_session_set_input(handle, index, tensor.c()));
  }
  Status setInput(const std::string &name, const Tensor &tensor) {
    return Status(
        moe_rt_session_set_input_by_name(handle, name.c_str(), tensor.c()));
  }
  Status bindOutput(size_t index, void *data, size_t byteSize) {
    return Status(moe_rt_session_bind_output(handle, index, data, byteSize));
  }
  Status bindOutput(const std::string &name, void *data, size_t byteSize) {
    return Status(moe_rt_session_bind_output_by_name(handle, name.c_str(), data,
                                                     byteSize));
  }

  Status run() { return Status(moe_rt_session_run(handle)); }
  /// From any thread, also from a signal handler.
  void cancel() { moe_rt_session_cancel(handle); }

  /// `tensor` gets a view that is valid until the next run or binding.
  Status output(size_t index, Tensor &tensor) {
    moe_rt_tensor_t view = {};
    view.struct_size = sizeof(view);
    Status status(moe_rt_session_output(handle, index, &view));
    if (status.ok()) {
      tensor = Tensor(view);
    }
    return status;
  }
  Status output(const std::string &name, Tensor &tensor) {
    moe_rt_tensor_t view = {};
    view.struct_size = sizeof(view);
    Status status(moe_rt_session_output_by_name(handle, name.c_str(), &view));
    if (status.ok()) {
      tensor = Tensor(view);
    }
    return status;
  }

  int32_t level() const { return moe_rt_session_level(handle); }
  Status memoryUsage(moe_rt_session_memory_t &memory) {
    memory = {};
    memory.struct_size = sizeof(memory);
    return Status(moe_rt_session_memory_usage(handle, &memory));
  }

  Status countExperts(bool on) {
    return Status(moe_rt_session_count_experts(handle, on));
  }
  size_t expertLayers() const { return moe_rt_session_expert_layers(handle); }
  Status expertCounts(size_t layer, ExpertCounts &counts) {
    moe_rt_expert_counts_t found = {};
    found.struct_size = sizeof(found);
    Status status(moe_rt_session_expert_counts(handle, layer, &found));
    if (status.ok()) {
      counts = {{found.layer, found.layer_length}, found.rows, found.experts};
    }
    return status;
  }
};

} // namespace moe_rt

#endif // MOE_RT_MOE_RT_HPP
