//===- log.h - messages that are not errors ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_LOG_H
#define MOE_RT_SRC_LOG_H

#include "status.h"

#include "moe_rt/types.h"

namespace moe::rt {

/// The caller's log sink, or none.
class Log {
public:
  Log() = default;
  /// NULL is no sink. Copies the struct.
  static Status fromC(const moe_rt_log_sink_t *sink, Log &result);

  bool enabled(moe_rt_log_level_t level) const {
    return sink.write && level >= sink.level;
  }
  /// Longer messages than 511 bytes are cut.
  void write(moe_rt_log_level_t level, const char *format, ...) const
      __attribute__((format(printf, 3, 4)));

private:
  moe_rt_log_sink_t sink = {};
};

} // namespace moe::rt

#endif // MOE_RT_SRC_LOG_H
