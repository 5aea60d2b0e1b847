//===- ExpertStats.cpp - which experts work -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertStats.h"

#include <algorithm>

using namespace moe;

static constexpr size_t widest = 64;

/// A field of a CSV file, quoted where it must be.
static std::string csvField(const std::string &text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (char c : text) {
    quoted += c;
    if (c == '"') {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string moe::expertCsv(const std::vector<LayerCounts> &layers) {
  std::string text = "layer,expert,rows\n";
  for (const LayerCounts &layer : layers) {
    std::string name = csvField(layer.layer);
    for (size_t e = 0; e < layer.rows.size(); ++e) {
      text += name + ',' + std::to_string(e) + ',' +
              std::to_string(layer.rows[e]) + '\n';
    }
  }
  return text;
}

static std::string heatMapLine(const LayerCounts &layer) {
  static const char shades[] = ".:-=+*#%@";
  constexpr uint64_t shadeCount = sizeof(shades) - 1;
  size_t experts = layer.rows.size();
  size_t perCell = (experts + widest - 1) / widest;
  std::vector<uint64_t> cells;
  for (size_t e = 0; e < experts; ++e) {
    if (e % perCell == 0) {
      cells.push_back(0);
    }
    cells.back() += layer.rows[e];
  }
  uint64_t most = *std::max_element(cells.begin(), cells.end());
  std::string line = layer.layer + " [";
  for (uint64_t cell : cells) {
    // Only an expert without rows is blank.
    double share = most ? double(cell) / double(most) : 0;
    auto shade = std::min(uint64_t(share * double(shadeCount)), shadeCount - 1);
    line += cell ? shades[shade] : ' ';
  }
  auto fullest = std::max_element(layer.rows.begin(), layer.rows.end());
  uint64_t idle = uint64_t(std::count(layer.rows.begin(), layer.rows.end(), 0));
  line += "] " + std::to_string(experts) + " experts";
  line += perCell > 1 ? ", " + std::to_string(perCell) + " a character" : "";
  line += "; expert " + std::to_string(fullest - layer.rows.begin()) + " has " +
          std::to_string(*fullest) + " rows, " + std::to_string(idle) +
          " have none\n";
  return line;
}

std::string moe::expertHeatMap(const std::vector<LayerCounts> &layers) {
  std::string text;
  for (const LayerCounts &layer : layers) {
    if (!layer.rows.empty()) {
      text += heatMapLine(layer);
    }
  }
  return text;
}
