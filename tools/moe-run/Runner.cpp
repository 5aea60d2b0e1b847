//===- Runner.cpp - what moe-run does -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"

#include "Compare.h"
#include "ExpertStats.h"
#include "Json.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe;

//===----------------------------------------------------------------------===//
// Interrupts
//===----------------------------------------------------------------------===//

static volatile sig_atomic_t wasInterrupted = 0;
static moe_rt_session_t *interruptedSession = nullptr;

static void onInterrupt(int) {
  wasInterrupted = 1;
  moe_rt_session_cancel(interruptedSession);
}

void moe::catchInterrupts(moe_rt_session_t *session) {
  interruptedSession = session;
  struct sigaction action = {};
  action.sa_handler = onInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool moe::interrupted() { return wasInterrupted; }

static const char interruptedText[] = "interrupted";

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

static std::string quoted(const std::string &text) { return "'" + text + "'"; }

static void writeLog(void *, moe_rt_log_level_t, const char *message) {
  fprintf(stderr, "moe-run: warning: %s\n", message);
}

std::string Runner::load() {
  moe_rt_log_sink_t log = {};
  log.struct_size = sizeof(log);
  log.level = MOE_RT_LOG_WARNING;
  log.write = writeLog;
  moe_rt_model_options_t modelOptions = {};
  modelOptions.struct_size = sizeof(modelOptions);
  modelOptions.load_policy = options.load;
  modelOptions.log = &log;
  if (moe_rt::Status status = moe_rt::Model::loadPath(options.model.c_str(),
                                                      &modelOptions, model)) {
    return status.message();
  }
  moe_rt_cpu_options_t deviceOptions = {};
  deviceOptions.struct_size = sizeof(deviceOptions);
  deviceOptions.threads = options.threads;
  deviceOptions.max_level = options.level;
  if (moe_rt::Status status =
          moe_rt::Device::createCpu(&deviceOptions, device)) {
    return status.message();
  }
  if (moe_rt::Status status = moe_rt::Session::create(model, device, session)) {
    return status.message();
  }
  return "";
}

static std::string
listTensors(size_t count,
            const std::function<moe_rt::TensorInfo(size_t)> &tensor) {
  std::string text;
  for (size_t i = 0; i < count && i < 8; ++i) {
    text += (i ? ", " : "") + quoted(std::string(tensor(i).name())) + " " +
            tensor(i).str();
  }
  if (count > 8) {
    text += " and " + std::to_string(count - 8) + " more";
  }
  return count ? text : "none";
}

std::string Runner::checkNames() const {
  auto input = [&](size_t i) { return model.input(i); };
  auto output = [&](size_t i) { return model.output(i); };
  auto has = [](size_t count, auto tensor, const std::string &name) {
    for (size_t i = 0; i < count; ++i) {
      if (tensor(i).name() == name) {
        return true;
      }
    }
    return false;
  };
  for (const NamedFile &given : options.inputs) {
    if (!has(model.inputCount(), input, given.name)) {
      return "the model has no input " + quoted(given.name) +
             "; its inputs are: " + listTensors(model.inputCount(), input);
    }
  }
  for (const NamedFile &given : options.compare) {
    if (!has(model.outputCount(), output, given.name)) {
      return "the model has no output " + quoted(given.name) +
             "; its outputs are: " + listTensors(model.outputCount(), output);
    }
  }
  for (size_t i = 0; i < model.inputCount(); ++i) {
    std::string name(model.input(i).name());
    auto isIt = [&](const NamedFile &given) { return given.name == name; };
    if (std::none_of(options.inputs.begin(), options.inputs.end(), isIt)) {
      return "input " + quoted(name) + " " + model.input(i).str() +
             " is missing; give it with --input " + name + "=FILE.npy";
    }
  }
  return "";
}

std::string Runner::readInputs() {
  inputs.resize(model.inputCount());
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::string name(model.input(i).name());
    auto given =
        std::find_if(options.inputs.begin(), options.inputs.end(),
                     [&](const NamedFile &file) { return file.name == name; });
    if (std::string error =
            readNpy(given->file, model.input(i).dtype(), inputs[i]);
        !error.empty()) {
      return "input " + quoted(name) + ": " + quoted(given->file) + ": " +
             error;
    }
    moe_rt::Tensor tensor(inputs[i].dtype, inputs[i].shape,
                          inputs[i].data.get(), inputs[i].bytes);
    if (moe_rt::Status status = session.setInput(i, tensor)) {
      return std::string(status.message()) + " in " + quoted(given->file);
    }
  }
  return "";
}

std::string Runner::readComparisons() {
  for (const NamedFile &given : options.compare) {
    Comparison comparison;
    comparison.output = 0;
    while (model.output(comparison.output).name() != given.name) {
      ++comparison.output;
    }
    comparison.file = given.file;
    if (std::string error =
            readNpy(given.file, model.output(comparison.output).dtype(),
                    comparison.wanted);
        !error.empty()) {
      return "output " + quoted(given.name) + ": " + quoted(given.file) + ": " +
             error;
    }
    comparisons.push_back(std::move(comparison));
  }
  return "";
}

std::string moe::outputFileName(const std::string &name) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    auto c = uint8_t(name[i]);
    // One for each character of several bytes.
    if (c >= 0x80 && c < 0xC0) {
      continue;
    }
    bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                 (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                 (c == '.' && i);
    result += plain ? char(c) : '_';
  }
  return result;
}

std::string Runner::prepareOutputs() {
  if (options.outputDir.empty()) {
    return "";
  }
  std::string folder = options.outputDir;
  if (mkdir(folder.c_str(), 0777) && errno != EEXIST) {
    return "cannot create the folder " + quoted(folder) + ": " +
           strerror(errno);
  }
  struct stat info;
  if (stat(folder.c_str(), &info)) {
    return "cannot use the folder " + quoted(folder) + ": " + strerror(errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return quoted(folder) + " is no folder";
  }
  if (access(folder.c_str(), W_OK | X_OK)) {
    return "cannot write to the folder " + quoted(folder) + ": " +
           strerror(errno);
  }
  std::map<std::string, std::string> taken;
  for (size_t i = 0; i < model.outputCount(); ++i) {
    std::string name(model.output(i).name());
    std::string file = outputFileName(name) + ".npy";
    auto [other, isNew] = taken.emplace(file, name);
    if (!isNew) {
      return "outputs " + quoted(other->second) + " and " + quoted(name) +
             " would both be written to " + quoted(file);
    }
    outputFiles.push_back(folder + "/" + file);
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

std::string Runner::execute() {
  if (options.expertStats) {
    if (moe_rt::Status status = session.countExperts(true)) {
      return status.message();
    }
  }
  if (interrupted()) {
    return interruptedText;
  }
  if (moe_rt::Status status = session.run()) {
    return interrupted() ? interruptedText : status.message();
  }
  // The statistics are those of one run.
  if (options.expertStats) {
    if (moe_rt::Status status = session.countExperts(false)) {
      return status.message();
    }
  }
  return "";
}

/// Of sorted values: the smallest that is not exceeded by `share` of them.
static double percentile(const std::vector<double> &sorted, double share) {
  auto rank = size_t(std::ceil(share * double(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

std::string Runner::benchmark() {
  using Clock = std::chrono::steady_clock;
  constexpr int warmups = 3;
  constexpr size_t leastRuns = 20;
  std::vector<double> milliseconds;
  Clock::time_point start;
  for (int i = -warmups;; ++i) {
    if (i == 0) {
      start = Clock::now();
    }
    Clock::time_point before = Clock::now();
    moe_rt::Status status = session.run();
    Clock::time_point after = Clock::now();
    if (interrupted()) {
      return interruptedText;
    }
    if (status) {
      return status.message();
    }
    if (i < 0) {
      continue;
    }
    milliseconds.push_back(
        std::chrono::duration<double, std::milli>(after - before).count());
    if (milliseconds.size() >= leastRuns &&
        after - start >= std::chrono::seconds(1)) {
      break;
    }
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  double least = milliseconds.front();
  double median = percentile(milliseconds, 0.5);
  double p90 = percentile(milliseconds, 0.9);
  double p99 = percentile(milliseconds, 0.99);
  json.insert(json.end(), {{"min_ms", jsonNumber(least)},
                           {"median_ms", jsonNumber(median)},
                           {"p90_ms", jsonNumber(p90)},
                           {"p99_ms", jsonNumber(p99)},
                           {"runs", std::to_string(milliseconds.size())}});
  char line[256];
  snprintf(line, sizeof(line),
           "benchmark: min %.4g ms, median %.4g ms, p90 %.4g ms, p99 %.4g ms "
           "over %zu runs; %d thread%s, level %d, load %s\n",
           least, median, p90, p99, milliseconds.size(), device.threads(),
           device.threads() == 1 ? "" : "s",
           session.level(), options.loadName.c_str());
  text += line;
  return "";
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

std::string Runner::reportOutputs() {
  std::vector<std::string> objects;
  for (size_t i = 0; i < model.outputCount(); ++i) {
    moe_rt::Tensor tensor;
    if (moe_rt::Status status = session.output(i, tensor)) {
      return status.message();
    }
    std::string name(model.output(i).name());
    std::vector<std::string> extents;
    for (int64_t extent : tensor.dims()) {
      extents.push_back(std::to_string(extent));
    }
    Fields fields = {{"name", jsonString(name)},
                     {"type", jsonString(moe_rt_dtype_name(tensor.dtype()))},
                     {"shape", jsonArray(extents)}};
    text += name + ": " + describeTensor(tensor.dtype(), tensor.dims());
    if (!outputFiles.empty()) {
      if (interrupted()) {
        return interruptedText;
      }
      if (std::string error =
              writeNpy(outputFiles[i], tensor.dtype(), tensor.dims(),
                       tensor.data(), tensor.byteSize());
          !error.empty()) {
        return quoted(outputFiles[i]) + ": " + error;
      }
      fields.push_back({"file", jsonString(outputFiles[i])});
      text += " -> " + outputFiles[i];
    }
    text += '\n';
    objects.push_back(jsonObject(fields));
  }
  json.push_back({"outputs", jsonArray(objects)});
  return "";
}

/// [2, 3] for an element of a tensor.
static std::string describeIndex(size_t element,
                                 const std::vector<int64_t> &dims) {
  std::vector<std::string> index(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    index[i] = std::to_string(element % size_t(dims[i]));
    element /= size_t(dims[i]);
  }
  return jsonArray(index);
}

static std::string describeNumber(double value) {
  char buffer[32];
  snprintf(buffer, sizeof(buffer), "%.9g", value);
  return buffer;
}

/// Returns what is wrong; the report gets a line where nothing is.
std::string Runner::compareOne(size_t output, const NpyArray &wanted,
                               const std::string &file) {
  moe_rt::Tensor got;
  if (moe_rt::Status status = session.output(output, got)) {
    return status.message();
  }
  std::string name = quoted(std::string(model.output(output).name()));
  if (got.dtype() != wanted.dtype || got.dims() != wanted.shape) {
    return "output " + name + " is " + describeTensor(got.dtype(), got.dims()) +
           ", but " + quoted(file) + " is " +
           describeTensor(wanted.dtype, wanted.shape);
  }
  Difference difference =
      compareElements(got.dtype(), got.size(), got.data(), wanted.data.get(),
                      options.rtol, options.atol);
  if (!difference.wrong) {
    text += "output " + name + " agrees with " + quoted(file) +
            ": largest |a - b| " + describeNumber(difference.largest) + '\n';
    return "";
  }
  return "output " + name + " differs from " + quoted(file) + ": " +
         std::to_string(difference.wrong) + " of " +
         std::to_string(difference.elements) +
         " elements are off by more than " + describeNumber(options.atol) +
         " + " + describeNumber(options.rtol) + " * |b|; the worst is " +
         describeNumber(difference.worstGot) + " where " +
         describeNumber(difference.worstWanted) + " is wanted, at " +
         describeIndex(difference.worst, got.dims());
}

std::string Runner::compare() {
  std::string errors;
  std::vector<std::string> objects;
  for (const Comparison &comparison : comparisons) {
    std::string error =
        compareOne(comparison.output, comparison.wanted, comparison.file);
    objects.push_back(jsonObject(
        {{"name",
          jsonString(std::string(model.output(comparison.output).name()))},
         {"file", jsonString(comparison.file)},
         {"agrees", error.empty() ? "true" : "false"}}));
    if (!error.empty()) {
      errors += (errors.empty() ? "" : "\nmoe-run: error: ") + error;
    }
  }
  if (!comparisons.empty()) {
    json.push_back({"comparisons", jsonArray(objects)});
  }
  return errors;
}

std::string Runner::writeExpertStats() {
  std::vector<LayerCounts> layers;
  for (size_t i = 0; i < session.expertLayers(); ++i) {
    moe_rt::ExpertCounts counts;
    if (moe_rt::Status status = session.expertCounts(i, counts)) {
      return status.message();
    }
    layers.push_back({std::string(counts.layer),
                      {counts.rows, counts.rows + counts.experts}});
  }
  if (layers.empty()) {
    fprintf(stderr, "moe-run: warning: the model has no routed layers\n");
  }
  std::string file = options.expertStatsFile;
  if (file.empty()) {
    file = (options.outputDir.empty() ? "" : options.outputDir + "/") +
           "expert-stats.csv";
  }
  std::string csv = expertCsv(layers);
  if (std::string error = writeFileAtomically(file, csv.data(), csv.size());
      !error.empty()) {
    return quoted(file) + ": " + error;
  }
  fputs(expertHeatMap(layers).c_str(), stderr);
  text += "expert statistics -> " + file + '\n';
  json.push_back({"expert_stats", jsonString(file)});
  return "";
}

void Runner::finishReport() {
  if (options.json) {
    text = jsonObject(json) + "\n";
  }
}

std::string Runner::run() {
  using Step = std::string (Runner::*)();
  for (Step step : {&Runner::load, &Runner::readInputs,
                    &Runner::readComparisons, &Runner::prepareOutputs}) {
    if (std::string error = (this->*step)(); !error.empty()) {
      return error;
    }
    if (step == &Runner::load) {
      if (std::string error = checkNames(); !error.empty()) {
        return error;
      }
    }
  }
  catchInterrupts(session.get());
  json = {{"model", jsonString(options.model)},
          {"threads", std::to_string(device.threads())},
          {"level", std::to_string(session.level())},
          {"load", jsonString(options.loadName)}};
  std::vector<Step> steps = {&Runner::execute};
  if (options.benchmark) {
    steps.push_back(&Runner::benchmark);
  }
  steps.push_back(&Runner::reportOutputs);
  if (options.expertStats) {
    steps.push_back(&Runner::writeExpertStats);
  }
  for (Step step : steps) {
    if (std::string error = (this->*step)(); !error.empty()) {
      text.clear();
      return error;
    }
  }
  std::string error = compare();
  finishReport();
  return error;
}
