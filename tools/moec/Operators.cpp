//===- Operators.cpp - lists the operators of ONNX that compile -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operators.h"

#include "moe/Dialect/ONNX/Inference.h"
#include "moe/Dialect/ONNX/OpTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace moe;
using namespace moe::onnx;

static constexpr llvm::StringLiteral kIntroduction =
    R"(# ONNX operators

What `moec operators` prints. A node is accepted by its operator's own version: of
those below the last one that is not later than the model's opset (7 to 28), with
the element types that ONNX allows in that version, as far as they are listed here.
`moec` reports every other operator or version of a model at once, and refuses an
element type, an attribute or an input that it does not compute with by the node's
name.
)";

/// `T: float, float16; Tind: int64`, of the last version.
static std::string describeTypes(const OpSchema &schema) {
  llvm::SmallSetVector<StringRef, 4> variables;
  for (const auto *parameters : {&schema.inputs, &schema.outputs}) {
    for (const ParameterSpec &parameter : *parameters) {
      variables.insert(parameter.type);
    }
  }
  std::string text;
  for (StringRef variable : variables) {
    std::string types =
        supportedTypes(schema.domain, schema.name, variable);
    // A parameter of one type has its name.
    if (types != variable) {
      text += (text.empty() ? "" : "; ") + variable.str() + ": " + types;
    }
  }
  return text;
}

static void printDomain(StringRef domain, ArrayRef<std::string> names) {
  llvm::outs() << "\n## " << (domain.empty() ? "ai.onnx" : domain)
               << "\n\n| operator | since versions | element types | remarks |\n"
                  "| --- | --- | --- | --- |\n";
  for (const std::string &name : names) {
    std::vector<int64_t> versions = getOpVersions(domain, name);
    auto texts = llvm::map_range(
        versions, [](int64_t version) { return std::to_string(version); });
    llvm::outs() << "| " << name << " | " << llvm::join(texts, ", ") << " | "
                 << describeTypes(*findSchema(domain, name, versions.back()))
                 << " | " << supportRemark(domain, name) << " |\n";
  }
}

void moec::printOperators() {
  std::map<std::string, std::vector<std::string>> domains;
  for (const auto &[domain, name] : getOpTableKeys()) {
    domains[domain].push_back(name);
  }
  llvm::outs() << kIntroduction;
  for (auto &[domain, names] : domains) {
    llvm::sort(names);
    printDomain(domain, names);
  }
}
