//===- Json.h - writes JSON -------------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOE_RUN_JSON_H
#define MOE_TOOLS_MOE_RUN_JSON_H

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace moe {

inline std::string jsonString(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (uint8_t(c) < 0x20) {
      char escape[8];
      snprintf(escape, sizeof(escape), "\\u%04x", unsigned(uint8_t(c)));
      result += escape;
    } else {
      result += c;
    }
  }
  return result + '"';
}

/// JSON has no NaN and no infinities: they are null.
inline std::string jsonNumber(double value) {
  if (!std::isfinite(value)) {
    return "null";
  }
  char text[32];
  snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

inline std::string jsonArray(const std::vector<std::string> &elements) {
  std::string result = "[";
  for (size_t i = 0; i < elements.size(); ++i) {
    result += (i ? ", " : "") + elements[i];
  }
  return result + "]";
}

/// `fields` are keys and values that are JSON already.
inline std::string
jsonObject(const std::vector<std::pair<std::string, std::string>> &fields) {
  std::string result = "{";
  for (size_t i = 0; i < fields.size(); ++i) {
    result +=
        (i ? ", " : "") + jsonString(fields[i].first) + ": " + fields[i].second;
  }
  return result + "}";
}

} // namespace moe

#endif // MOE_TOOLS_MOE_RUN_JSON_H
