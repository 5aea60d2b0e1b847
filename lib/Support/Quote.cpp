//===- Quote.cpp - names from files in messages ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/Quote.h"

#include "llvm/ADT/StringExtras.h"

using namespace moe;

std::string moe::escapeControls(StringRef text) {
  std::string result;
  bool second = false;
  for (unsigned char c : text) {
    // Control characters from 0x80 to 0x9f have two bytes in UTF-8.
    bool control = c < 0x20 || c == 0x7f || (second && c < 0xa0);
    second = c == 0xc2;
    if (control) {
      result += "\\x";
      result += llvm::hexdigit(c >> 4, /*LowerCase=*/true);
      result += llvm::hexdigit(c & 15, /*LowerCase=*/true);
    } else {
      result += static_cast<char>(c);
    }
  }
  return result;
}

std::string moe::quote(StringRef name) {
  constexpr size_t limit = 200;
  return "'" + escapeControls(name.take_front(limit)) +
         (name.size() > limit ? "...'" : "'");
}
