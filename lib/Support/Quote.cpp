//===- Quote.cpp - names from files in messages ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/Quote.h"

#include "llvm/ADT/StringExtras.h"

using namespace moe;

std::string moe::quote(StringRef name) {
  constexpr size_t limit = 200;
  std::string text = "'";
  bool second = false;
  for (unsigned char c : name.take_front(limit)) {
    // Control characters from 0x80 to 0x9f have two bytes in UTF-8.
    bool control = c < 0x20 || c == 0x7f || (second && c < 0xa0);
    second = c == 0xc2;
    if (control) {
      text += "\\x";
      text += llvm::hexdigit(c >> 4, /*LowerCase=*/true);
      text += llvm::hexdigit(c & 15, /*LowerCase=*/true);
    } else {
      text += static_cast<char>(c);
    }
  }
  return text + (name.size() > limit ? "...'" : "'");
}
