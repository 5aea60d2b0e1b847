//===- Options.h - moe-run's command line -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOE_RUN_OPTIONS_H
#define MOE_TOOLS_MOE_RUN_OPTIONS_H

#include "moe_rt/moe_rt.h"

#include <string>
#include <vector>

namespace moe {

/// NAME=FILE.
struct NamedFile {
  std::string name;
  std::string file;
};

struct RunOptions {
  std::string model;
  std::vector<NamedFile> inputs;
  std::vector<NamedFile> compare;
  std::string outputDir;
  double rtol = 1e-4;
  double atol = 1e-5;
  bool benchmark = false;
  bool json = false;
  /// 0: as many as the process may use.
  int threads = 0;
  bool expertStats = false;
  /// Empty: expert-stats.csv in the output folder, else here.
  std::string expertStatsFile;
  /// 0: the highest.
  int level = 0;
  moe_rt_load_policy_t load = MOE_RT_LOAD_DEFAULT;
  std::string loadName = "map";
};

enum class ParseResult { Run, Done, Wrong };

/// Reads the command line. Done: help or the version was asked for, which is
/// now in `text`. Wrong: `text` says what is.
ParseResult parseOptions(const std::vector<std::string> &arguments,
                         RunOptions &options, std::string &text);

} // namespace moe

#endif // MOE_TOOLS_MOE_RUN_OPTIONS_H
