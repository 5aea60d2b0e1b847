//===- ImportFunctions.cpp - calls of a model's functions -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A call becomes the nodes of the function's body. Names of the body are its
// own; what it names an attribute of its call is looked up there.
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "moe/Support/Quote.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;

/// What is in front of the names of nodes is cut at this length.
static constexpr size_t kMaxPrefix = 256;

static std::string functionKey(const std::string &domain,
                               const std::string &name,
                               const std::string &overload) {
  return canonicalDomain(domain) + '\0' + name + '\0' + overload;
}

static std::string describe(const ::onnx::FunctionProto &proto) {
  return "function " +
         quote((proto.domain().empty() ? "" : proto.domain() + ".") +
               proto.name());
}

void Importer::readFunctions() {
  for (const auto &proto : file.model().functions()) {
    std::string name = describe(proto);
    ModelFunction &entry =
        functions[functionKey(proto.domain(), proto.name(), proto.overload())];
    if (entry.proto) {
      problem(name + " is defined twice");
      entry.broken = true;
      continue;
    }
    entry.proto = &proto;
    uint64_t before = problems;
    readOpsets(proto.opset_import(), entry.opsets, name);
    llvm::StringSet<> seen;
    for (const std::string &input : proto.input()) {
      if (input.empty() || !seen.insert(input).second) {
        problem(name + " has two inputs " + quote(input) +
                " or one without a name; names must be unique");
      }
    }
    entry.broken = problems != before;
  }
}

ModelFunction *Importer::findFunction(const NodeProto &node) {
  if (functions.empty()) {
    return nullptr;
  }
  auto entry = functions.find(
      functionKey(node.domain(), node.op_type(), node.overload()));
  return entry == functions.end() ? nullptr : &entry->second;
}

/// At least how many nodes a function is once calls in it are inlined: calls
/// may double with each step of depth, and nothing should be built then.
/// Recursion, and what is too deep, counts as one node.
uint64_t Importer::countInlined(ModelFunction &function, unsigned depth) {
  if (function.inlinedNodes != 0 || depth > options.maxDepth) {
    return std::max<uint64_t>(function.inlinedNodes, 1);
  }
  function.inlinedNodes = 1;
  uint64_t count = 0;
  for (const NodeProto &node : function.proto->node()) {
    ModelFunction *callee = findFunction(node);
    uint64_t inner = callee ? countInlined(*callee, depth + 1) : 0;
    count = llvm::SaturatingAdd(count, inner, uint64_t(1));
  }
  function.inlinedNodes = std::max<uint64_t>(count, 1);
  return function.inlinedNodes;
}

bool Importer::bindCall(Scope &scope, const NodeProto &node,
                        const ::onnx::FunctionProto &proto, Scope &inner) {
  if (node.input_size() > proto.input_size() ||
      node.output_size() > proto.output_size()) {
    nodeProblem(scope, node,
                describe(proto) + " has " + Twine(proto.input_size()) +
                    " inputs and " + Twine(proto.output_size()) +
                    " outputs, but " + Twine(node.input_size()) + " and " +
                    Twine(node.output_size()) + " are given");
    return false;
  }
  SmallVector<Value> inputs;
  bool valid = readInputs(scope, node, inputs);
  for (auto [index, input] : llvm::enumerate(proto.input())) {
    if (index < inputs.size()) {
      inner.values[input] = inputs[index];
    } else {
      inner.values[input] = moe::onnx::NoneOp::create(
          builder, location(scope, nodeName(node)), builder.getNoneType());
    }
  }
  for (const auto &attribute : proto.attribute_proto()) {
    inner.attributes[attribute.name()] = &attribute;
  }
  llvm::StringSet<> known;
  for (const std::string &name : proto.attribute()) {
    known.insert(name);
  }
  llvm::StringSet<> seen;
  for (const auto &given : node.attribute()) {
    bool declared =
        known.contains(given.name()) || inner.attributes.contains(given.name());
    if (!declared || !seen.insert(given.name()).second) {
      nodeProblem(scope, node,
                  "attribute " + quote(given.name()) +
                      (declared ? " is given twice"
                                : " is unknown to " + describe(proto)));
      valid = false;
      continue;
    }
    if (const auto *attribute = resolve(scope, node, given, valid)) {
      inner.attributes[given.name()] = attribute;
    }
  }
  return valid;
}

void Importer::importCall(Scope &scope, const NodeProto &node,
                          ModelFunction &callee) {
  const ::onnx::FunctionProto &proto = *callee.proto;
  auto fail = [&](const Twine &text) {
    nodeProblem(scope, node, text);
    breakOutputs(scope, node);
  };
  if (callee.broken) {
    return breakOutputs(scope, node);
  }
  if (callee.open) {
    callee.broken = true;
    return fail(describe(proto) + " calls itself");
  }
  if (scope.depth >= options.maxDepth) {
    callee.broken = true;
    return fail("functions call one another more than " +
                Twine(options.maxDepth) + " deep");
  }
  if (uint64_t count = countInlined(callee, scope.depth);
      llvm::SaturatingAdd(nodes, count) > options.maxNodes) {
    callee.broken = true;
    return fail(describe(proto) + " has " + Twine(count) +
                " nodes with those of the functions it calls; at most " +
                Twine(options.maxNodes) + " are read");
  }
  Scope inner;
  inner.opsets = &callee.opsets;
  inner.isFunction = true;
  inner.depth = scope.depth + 1;
  inner.prefix =
      StringRef(scope.prefix + nodeName(node)).take_front(kMaxPrefix).str() +
      "/";
  if (!bindCall(scope, node, proto, inner)) {
    return breakOutputs(scope, node);
  }
  callee.open = true;
  importNodes(inner, proto.node(), describe(proto));
  callee.open = false;
  for (int i = 0; i < node.output_size(); ++i) {
    const std::string &output = proto.output(i);
    Value value = inner.values.lookup(output);
    if (value) {
      defineOutput(scope, node, i, value);
    } else {
      scope.broken.insert(node.output(i));
      if (!inner.broken.contains(output)) {
        nodeProblem(scope, node,
                    describe(proto) + " does not define its output " +
                        quote(output));
      }
    }
  }
}
