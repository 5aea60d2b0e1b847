//===- OpTable.cpp - schemas of ONNX operators ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/OpTable.h"

#include "llvm/ADT/StringMap.h"

using namespace moe;
using namespace moe::onnx;

namespace {

using Versions = std::vector<const OpSchema *>;

/// Versions of each operator, ascending, by "domain:name".
struct Table {
  Table();
  std::vector<OpSchema> schemas;
  llvm::StringMap<Versions> versions;
};

std::string key(StringRef domain, StringRef name) {
  return (domain + ":" + name).str();
}

} // namespace

Table::Table() {
  schemas = {
#include "Schemas.inc"
  };
  for (const OpSchema &schema : schemas) {
    versions[key(schema.domain, schema.name)].push_back(&schema);
  }
}

static const Table &table() {
  static const Table instance;
  return instance;
}

const AttributeSpec *OpSchema::findAttribute(StringRef attribute) const {
  for (const AttributeSpec &spec : attributes) {
    if (spec.name == attribute) {
      return &spec;
    }
  }
  return nullptr;
}

const OpSchema *moe::onnx::findSchema(StringRef domain, StringRef name,
                                      int64_t opset) {
  auto entry = table().versions.find(key(domain, name));
  const OpSchema *found = nullptr;
  if (entry != table().versions.end()) {
    for (const OpSchema *schema : entry->second) {
      if (schema->since <= opset) {
        found = schema;
      }
    }
  }
  return found;
}

bool moe::onnx::isKnownOperator(StringRef domain, StringRef name) {
  return table().versions.contains(key(domain, name));
}

std::vector<std::pair<std::string, std::string>> moe::onnx::getOpTableKeys() {
  std::vector<std::pair<std::string, std::string>> keys;
  for (const auto &entry : table().versions) {
    const OpSchema *schema = entry.second.front();
    keys.emplace_back(schema->domain.str(), schema->name.str());
  }
  llvm::sort(keys);
  return keys;
}

std::vector<int64_t> moe::onnx::getOpVersions(StringRef domain,
                                              StringRef name) {
  std::vector<int64_t> result;
  auto entry = table().versions.find(key(domain, name));
  if (entry != table().versions.end()) {
    for (const OpSchema *schema : entry->second) {
      result.push_back(schema->since);
    }
  }
  return result;
}
