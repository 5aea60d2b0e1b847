//===- Runner.h - what moe-run does -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOE_RUN_RUNNER_H
#define MOE_TOOLS_MOE_RUN_RUNNER_H

#include "Npy.h"
#include "Options.h"
#include "moe_rt/moe_rt.hpp"

#include <utility>

namespace moe {

/// Loads, runs, compares and writes. Every step returns an error for people,
/// or "".
class Runner {
public:
  explicit Runner(const RunOptions &options) : options(options) {}

  /// All steps. What goes to stdout is in `report` then, also where a
  /// comparison failed.
  std::string run();
  const std::string &report() const { return text; }

private:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  std::string load();
  std::string checkNames() const;
  std::string readInputs();
  std::string readComparisons();
  std::string prepareOutputs();
  std::string execute();
  std::string benchmark();
  std::string reportOutputs();
  std::string compare();
  std::string compareOne(size_t output, const NpyArray &wanted,
                         const std::string &file);
  std::string writeExpertStats();
  void finishReport();

  const RunOptions &options;
  moe_rt::Model model;
  moe_rt::Device device;
  moe_rt::Session session;
  std::vector<NpyArray> inputs;
  struct Comparison {
    size_t output;
    std::string file;
    NpyArray wanted;
  };
  std::vector<Comparison> comparisons;
  /// Where each output is written; empty without a folder.
  std::vector<std::string> outputFiles;
  std::string text;
  /// The object of --json.
  Fields json;
};

/// The name of the file an output is written to, without .npy.
std::string outputFileName(const std::string &name);

/// Lets SIGINT and SIGTERM end a run instead of the process.
void catchInterrupts(moe_rt_session_t *session);
/// Whether one of them came.
bool interrupted();

} // namespace moe

#endif // MOE_TOOLS_MOE_RUN_RUNNER_H
