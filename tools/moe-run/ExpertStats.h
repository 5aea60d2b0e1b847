//===- ExpertStats.h - which experts work -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOE_RUN_EXPERTSTATS_H
#define MOE_TOOLS_MOE_RUN_EXPERTSTATS_H

#include <cstdint>
#include <string>
#include <vector>

namespace moe {

struct LayerCounts {
  std::string layer;
  /// Rows per expert.
  std::vector<uint64_t> rows;
};

/// layer,expert,rows: one line per expert under a line of titles.
std::string expertCsv(const std::vector<LayerCounts> &layers);

/// One line per layer: a character per expert (or per some, where there are
/// more than 64), the darker the more rows, relative to the layer's fullest.
std::string expertHeatMap(const std::vector<LayerCounts> &layers);

} // namespace moe

#endif // MOE_TOOLS_MOE_RUN_EXPERTSTATS_H
