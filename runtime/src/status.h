//===- status.h - errors inside the runtime ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_STATUS_H
#define MOE_RT_SRC_STATUS_H

#include "moe_rt/status.h"

namespace moe::rt {

/// Owns a moe_rt_status_t. Move-only; success is the default.
class [[nodiscard]] Status {
public:
  Status() = default;
  /// Takes over a status of the C ABI.
  explicit Status(moe_rt_status_t status) : status(status) {}
  Status(Status &&other) noexcept : status(other.release()) {}
  Status &operator=(Status &&other) noexcept {
    if (this != &other) {
      moe_rt_status_free(status);
      status = other.release();
    }
    return *this;
  }
  Status(const Status &) = delete;
  Status &operator=(const Status &) = delete;
  ~Status() { moe_rt_status_free(status); }

  static Status error(moe_rt_status_code_t code, const char *format, ...)
      __attribute__((format(printf, 2, 3)));
  /// Needs no memory.
  static Status outOfMemory();
  /// Names what the memory was wanted for.
  static Status outOfMemory(const char *what, unsigned long long bytes);

  bool ok() const { return !status; }
  moe_rt_status_code_t code() const { return moe_rt_status_code(status); }
  const char *message() const { return moe_rt_status_message(status); }
  /// Gives the status to the caller of the C ABI.
  [[nodiscard]] moe_rt_status_t release() {
    moe_rt_status_t result = status;
    status = nullptr;
    return result;
  }
  /// For the places where an error can only be dropped.
  void ignore() {
    moe_rt_status_free(status);
    status = nullptr;
  }

private:
  moe_rt_status_t status = nullptr;
};

} // namespace moe::rt

#define MOE_RT_RETURN_IF_ERROR(expression)                                     \
  do {                                                                         \
    if (::moe::rt::Status moeStatus = (expression); !moeStatus.ok()) {         \
      return moeStatus;                                                        \
    }                                                                          \
  } while (false)

#endif // MOE_RT_SRC_STATUS_H
