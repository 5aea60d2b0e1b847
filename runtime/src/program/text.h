//===- text.h - messages made of parts --------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_TEXT_H
#define MOE_RT_SRC_PROGRAM_TEXT_H

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <string_view>

namespace moe::rt {

/// Text for a message, of at most 1023 bytes; what does not fit is left out.
class Text {
public:
  Text() { bytes[0] = 0; }

  __attribute__((format(printf, 2, 3))) void add(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int added =
        vsnprintf(bytes + length, sizeof(bytes) - length, format, arguments);
    va_end(arguments);
    if (added > 0) {
      length += size_t(added);
      length = length < sizeof(bytes) ? length : sizeof(bytes) - 1;
    }
  }
  void add(std::string_view text) {
    add("%.*s", int(text.size()), text.data());
  }
  const char *get() const { return bytes; }

private:
  char bytes[1024];
  size_t length = 0;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_TEXT_H
