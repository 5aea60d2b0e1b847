//===- GraphOrder.cpp - whether nodes are in order ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphOrder.h"

#include "llvm/ADT/StringMap.h"

#include <vector>

using namespace moe;

static std::string nameOf(const ::onnx::NodeProto &node) {
  return node.name().empty() && node.output_size() > 0 ? node.output(0)
                                                       : node.name();
}

namespace {

/// Depth-first search over the nodes that a node reads, without recursion.
class CycleSearch {
public:
  CycleSearch(const ::onnx::GraphProto &graph,
              const llvm::StringMap<int> &producers)
      : graph(graph), producers(producers), state(graph.node_size()) {}

  std::optional<std::string> run() {
    for (int root = 0; root < graph.node_size(); ++root) {
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
      const ::onnx::NodeProto &node = graph.node(frame.node);
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
    std::string text = "the graph has a cycle:";
    unsigned count = 0;
    for (size_t i = stack.size(); i > 0; --i) {
      if (count++ < maxNames) {
        text += " '" + nameOf(graph.node(stack[i - 1].node)) + "' ->";
      }
      if (stack[i - 1].node == first) {
        break;
      }
    }
    return text + (count > maxNames ? " ... ->" : "") + " '" +
           nameOf(graph.node(stack.back().node)) + "'";
  }

  const ::onnx::GraphProto &graph;
  const llvm::StringMap<int> &producers;
  std::vector<State> state;
};

} // namespace

std::optional<std::string>
moe::findDisorder(const ::onnx::GraphProto &graph) {
  llvm::StringMap<int> producers;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string &output : graph.node(i).output()) {
      producers.try_emplace(output, i);
    }
  }
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string &input : graph.node(i).input()) {
      auto producer = producers.find(input);
      if (input.empty() || producer == producers.end() ||
          producer->second < i) {
        continue;
      }
      if (auto cycle = CycleSearch(graph, producers).run()) {
        return cycle;
      }
      return "node '" + nameOf(graph.node(i)) + "' reads '" + input +
             "' before node '" + nameOf(graph.node(producer->second)) +
             "' defines it; sort the nodes";
    }
  }
  return std::nullopt;
}
