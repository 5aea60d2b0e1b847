//===- Options.cpp - moe-run's command line -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

using namespace moe;

static const char help[] =
    R"(moe-run: runs a compiled model on .npy files

usage: moe-run MODEL.moe --input NAME=FILE.npy ... [options]

  --input NAME=FILE.npy     data of an input; one for each
  --output-dir DIR          write each output to DIR/NAME.npy (characters other
                            than A-Z a-z 0-9 . _ - become _, and so does a
                            leading dot); without it their types and shapes
                            are printed
  --compare NAME=FILE.npy   compare an output with a file: every element must
                            satisfy |a - b| <= atol + rtol * |b|; NaN equals NaN
  --rtol R, --atol A        tolerances of --compare (1e-4, 1e-5)
  --benchmark               3 runs, then at least 20 and 1 second that are timed
  --json                    one JSON object on stdout instead of text
  --expert-stats[=FILE]     write rows per layer and expert as CSV (default:
                            expert-stats.csv in the output folder, else here)
                            and show them on stderr
  --threads N               threads that work on a run (default: the CPUs that
                            this process may use)
  --device=cpu[:LEVEL]      highest level of code to run: x86-64-v3, x86-64-v4
  --load=POLICY             how weights come into memory: map (default),
                            populate, copy, huge
  --help, --version

A package is machine code: run packages of people you trust.

exit codes: 0 success; 1 the model, an input, a comparison or a file is at
fault, or the run was interrupted; 2 usage
)";

static const char *const flags[] = {
    "--input",   "--output-dir",   "--compare", "--rtol",   "--atol",
    "--json",    "--expert-stats", "--threads", "--device", "--load",
    "--version", "--benchmark",    "--help"};

static size_t editDistance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

static std::string unknownFlag(const std::string &flag) {
  std::string best;
  size_t bestDistance = 4;
  for (const char *known : flags) {
    size_t distance = editDistance(flag.substr(0, 64), known);
    if (distance < bestDistance) {
      best = known;
      bestDistance = distance;
    }
  }
  std::string text = "unknown option '" + flag + "'";
  return best.empty() ? text + "; see --help"
                      : text + "; did you mean '" + best + "'?";
}

static std::string parseNamedFile(const std::string &flag,
                                  const std::string &value,
                                  std::vector<NamedFile> &files) {
  size_t sign = value.find('=');
  if (sign == std::string::npos || !sign || sign + 1 == value.size()) {
    return flag + " expects NAME=FILE.npy, but got '" + value + "'";
  }
  std::string name = value.substr(0, sign);
  for (const NamedFile &other : files) {
    if (other.name == name) {
      return flag + " names '" + name + "' twice";
    }
  }
  files.push_back({name, value.substr(sign + 1)});
  return "";
}

static std::string parseTolerance(const std::string &flag,
                                  const std::string &value, double &result) {
  char *end = nullptr;
  errno = 0;
  result = strtod(value.c_str(), &end);
  if (value.empty() || *end || !std::isfinite(result) || result < 0) {
    return flag + " expects a number >= 0, but got '" + value + "'";
  }
  return "";
}

static std::string parseThreads(const std::string &value, int &result) {
  char *end = nullptr;
  errno = 0;
  long number = strtol(value.c_str(), &end, 10);
  if (value.empty() || *end || errno || number < 1 || number > 1024) {
    return "--threads expects a number from 1 to 1024, but got '" + value + "'";
  }
  result = int(number);
  return "";
}

static std::string parseDevice(const std::string &value, int &level) {
  if (value == "cpu") {
    level = 0;
  } else if (value == "cpu:x86-64-v3") {
    level = 3;
  } else if (value == "cpu:x86-64-v4") {
    level = 4;
  } else {
    return "--device expects cpu, cpu:x86-64-v3 or cpu:x86-64-v4, but got '" +
           value + "'";
  }
  return "";
}

static std::string parseLoad(const std::string &value, RunOptions &options) {
  static const struct {
    const char *name;
    moe_rt_load_policy_t policy;
  } policies[] = {{"map", MOE_RT_LOAD_MAP},
                  {"populate", MOE_RT_LOAD_POPULATE},
                  {"copy", MOE_RT_LOAD_COPY},
                  {"huge", MOE_RT_LOAD_HUGE}};
  for (const auto &policy : policies) {
    if (value == policy.name) {
      options.load = policy.policy;
      options.loadName = value;
      return "";
    }
  }
  return "--load expects map, populate, copy or huge, but got '" + value + "'";
}

namespace {

/// Walks over the arguments.
class Parser {
public:
  Parser(const std::vector<std::string> &arguments, RunOptions &options)
      : arguments(arguments), options(options) {}

  /// The error, or "".
  std::string parse();
  bool wantsHelp = false;
  bool wantsVersion = false;

private:
  std::string parseFlag(const std::string &flag, bool hasValue,
                        std::string value);
  std::string parseSwitch(const std::string &flag, bool hasValue);

  const std::vector<std::string> &arguments;
  RunOptions &options;
  size_t at = 0;
};

std::string Parser::parseSwitch(const std::string &flag, bool hasValue) {
  if (hasValue) {
    return flag + " takes no value";
  }
  if (flag == "--benchmark") {
    options.benchmark = true;
  } else if (flag == "--json") {
    options.json = true;
  } else if (flag == "--help") {
    wantsHelp = true;
  } else {
    wantsVersion = true;
  }
  return "";
}

std::string Parser::parseFlag(const std::string &flag, bool hasValue,
                              std::string value) {
  if (flag == "--benchmark" || flag == "--json" || flag == "--help" ||
      flag == "--version") {
    return parseSwitch(flag, hasValue);
  }
  if (flag == "--expert-stats") {
    options.expertStats = true;
    options.expertStatsFile = value;
    return hasValue && value.empty() ? "--expert-stats= expects a file" : "";
  }
  if (std::find(std::begin(flags), std::end(flags), flag) == std::end(flags)) {
    return unknownFlag(flag);
  }
  if (!hasValue) {
    if (at == arguments.size()) {
      return flag + " expects a value";
    }
    value = arguments[at++];
  }
  if (flag == "--input") {
    return parseNamedFile(flag, value, options.inputs);
  }
  if (flag == "--compare") {
    return parseNamedFile(flag, value, options.compare);
  }
  if (flag == "--output-dir") {
    options.outputDir = value;
    return value.empty() ? "--output-dir expects a folder" : "";
  }
  if (flag == "--rtol") {
    return parseTolerance(flag, value, options.rtol);
  }
  if (flag == "--atol") {
    return parseTolerance(flag, value, options.atol);
  }
  if (flag == "--threads") {
    return parseThreads(value, options.threads);
  }
  return flag == "--device" ? parseDevice(value, options.level)
                            : parseLoad(value, options);
}

std::string Parser::parse() {
  while (at < arguments.size()) {
    std::string argument = arguments[at++];
    std::string error;
    if (argument.size() > 1 && argument[0] == '-') {
      size_t sign = argument.find('=');
      bool hasValue = sign != std::string::npos;
      error = parseFlag(argument.substr(0, sign), hasValue,
                        hasValue ? argument.substr(sign + 1) : "");
    } else if (argument.empty()) {
      error = "an argument is empty; name a package";
    } else if (options.model.empty()) {
      options.model = argument;
    } else {
      error = "more than one model: '" + options.model + "' and '" + argument +
              "'; inputs are given with --input NAME=FILE.npy";
    }
    if (!error.empty() || wantsHelp || wantsVersion) {
      return error;
    }
  }
  return options.model.empty() ? "no model given" : "";
}

} // namespace

ParseResult moe::parseOptions(const std::vector<std::string> &arguments,
                              RunOptions &options, std::string &text) {
  Parser parser(arguments, options);
  text = parser.parse();
  if (!text.empty()) {
    return ParseResult::Wrong;
  }
  if (parser.wantsHelp) {
    text = help;
    return ParseResult::Done;
  }
  if (parser.wantsVersion) {
    uint32_t version = moe_rt_version();
    text = "moe-run " + std::to_string(version / 10000) + "." +
           std::to_string(version / 100 % 100) + "." +
           std::to_string(version % 100) + "\n";
    return ParseResult::Done;
  }
  return ParseResult::Run;
}
