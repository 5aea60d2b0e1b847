//===- program.cpp - names of commands ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "program/program.h"

const char *moe::rt::commandName(uint16_t op) {
  static const char *const names[] = {
      "end",     "const",    "add",      "sub",          "mul",     "floordiv",
      "ceildiv", "truncdiv", "truncrem", "min",          "max",     "eq",
      "ne",      "lt",       "le",       "and",          "or",      "xor",
      "select",  "load",     "store",    "place",        "release", "copy",
      "run",     "launch",   "branch",   "jump",         "call",    "return",
      "fail",    "pin",      "unpin",    "count_experts"};
  return op < sizeof(names) / sizeof(*names) ? names[op] : "unknown";
}
