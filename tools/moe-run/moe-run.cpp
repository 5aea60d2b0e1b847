//===- moe-run.cpp - runs a compiled model --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"

#include <csignal>
#include <cerrno>
#include <cstdio>
#include <cstring>

using namespace moe;

/// Writes all of a text to stdout; the exit code.
static int printResult(const std::string &text, int code) {
  errno = 0;
  if (fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
      fflush(stdout)) {
    fprintf(stderr, "moe-run: error: cannot write to stdout: %s\n",
            strerror(errno));
    return 1;
  }
  return code;
}

int main(int argc, char **argv) {
  // A file that may not grow is an error of writing like a full disk.
  signal(SIGXFSZ, SIG_IGN);
  RunOptions options;
  std::string text;
  switch (parseOptions({argv + 1, argv + argc}, options, text)) {
  case ParseResult::Done:
    return printResult(text, 0);
  case ParseResult::Wrong:
    fprintf(stderr, "moe-run: error: %s\n", text.c_str());
    return 2;
  case ParseResult::Run:
    break;
  }
  Runner runner(options);
  std::string error = runner.run();
  if (!error.empty()) {
    fprintf(stderr, "moe-run: error: %s\n", error.c_str());
  }
  return printResult(runner.report(), error.empty() ? 0 : 1);
}
