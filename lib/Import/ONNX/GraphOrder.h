//===- GraphOrder.h - whether nodes are in order ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_IMPORT_ONNX_GRAPHORDER_H
#define MOE_LIB_IMPORT_ONNX_GRAPHORDER_H

#include "onnx.pb.h"

#include <optional>
#include <string>

namespace moe {

using NodeList = ::google::protobuf::RepeatedPtrField<::onnx::NodeProto>;

/// The name of a node, or else that of what it computes.
const std::string &nodeName(const ::onnx::NodeProto &node);

/// ONNX demands that a node follows those it reads. Says what is wrong if one
/// does not: a cycle, by the names of its nodes, or the wrong order. Linear in
/// the size of the graph.
std::optional<std::string> findDisorder(const NodeList &nodes);

} // namespace moe

#endif // MOE_LIB_IMPORT_ONNX_GRAPHORDER_H
