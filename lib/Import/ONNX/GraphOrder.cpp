//===- GraphOrder.cpp - whether nodes are in order ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphOrder.h"

#include "moe/Support/Quote.h"

#include "llvm/ADT/StringMap.h"

#include <vector>

using namespace moe;

const std::string &moe::nodeName(const ::onnx::NodeProto &node) {
  return node.name().empty() && node.output_size() > 0 ? node.output(0)
                                                       : node.name();
}

namespace {

/// Depth-first search over the nodes that a node reads, without recursion.
class CycleSearch {
public:
  CycleSearch(const NodeList &nodes, const llvm::StringMap<int> &producers)
      : nodes(nodes), producers(producers), state(nodes.size()) {}

  std::optional<std::string> run() {
    for (int root = 0; root < nodes.size(); ++root) {
      if (state[root] == Unseen) {
        if (auto cycle = visit(root)) {
          return cycle;
        }
      }
    }
    return std::nullopt;
  }

private:
  enum State : char { Unseen, Open, Done };
  struct Frame {
    int node;
    int nextInput;
  };

  std::optional<std::string> visit(int root) {
    std::vector<Frame> stack{{root, 0}};
    state[root] = Open;
    while (!stack.empty()) {
      Frame &frame = stack.back();
      const ::onnx::NodeProto &node = nodes.Get(frame.node);
      if (frame.nextInput == node.input_size()) {
        state[frame.node] = Done;
        stack.pop_back();
        continue;
      }
      auto producer = producers.find(node.input(frame.nextInput++));
      if (producer == producers.end() || state[producer->second] == Done) {
        continue;
      }
      if (state[producer->second] == Open) {
        return describe(stack, producer->second);
      }
      state[producer->second] = Open;
      stack.push_back({producer->second, 0});
    }
    return std::nullopt;
  }

  std::string describe(const std::vector<Frame> &stack, int first) {
    constexpr unsigned maxNames = 8;
    std::string text = "its nodes form a cycle:";
    unsigned count = 0;
    for (size_t i = stack.size(); i > 0; --i) {
      if (count++ < maxNames) {
        text += " " + quote(nodeName(nodes.Get(stack[i - 1].node))) + " ->";
      }
      if (stack[i - 1].node == first) {
        break;
      }
    }
    return text + (count > maxNames ? " ... -> " : " ") +
           quote(nodeName(nodes.Get(stack.back().node)));
  }

  const NodeList &nodes;
  const llvm::StringMap<int> &producers;
  std::vector<State> state;
};

} // namespace

std::optional<std::string> moe::findDisorder(const NodeList &nodes) {
  llvm::StringMap<int> producers;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const std::string &output : nodes.Get(i).output()) {
      if (!output.empty()) {
        producers.try_emplace(output, i);
      }
    }
  }
  for (int i = 0; i < nodes.size(); ++i) {
    for (const std::string &input : nodes.Get(i).input()) {
      auto producer = producers.find(input);
      if (producer == producers.end() || producer->second < i) {
        continue;
      }
      if (auto cycle = CycleSearch(nodes, producers).run()) {
        return cycle;
      }
      return "node " + quote(nodeName(nodes.Get(i))) + " reads " +
             quote(input) + " before node " +
             quote(nodeName(nodes.Get(producer->second))) +
             " defines it; sort the nodes of the model";
    }
  }
  return std::nullopt;
}
