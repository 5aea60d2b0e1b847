//===- Importer.h - a model's graph as onnx ops -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model is untrusted: every name, number and reference is checked before it
// is used, everything takes time and memory linear in the size of the file (or
// of the graph once functions are inlined, which is bounded), and nothing stops
// at the first problem.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_IMPORT_ONNX_IMPORTER_H
#define MOE_LIB_IMPORT_ONNX_IMPORTER_H

#include "GraphOrder.h"
#include "ModelFile.h"
#include "Tensors.h"
#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/Inference.h"
#include "moe/Dialect/ONNX/OpTable.h"
#include "moe/Import/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>

namespace moe {

/// Names as one graph or one call of a function sees them.
struct Scope {
  llvm::StringMap<mlir::Value> values;
  /// Names whose producer has a problem that was reported, or comes later in a
  /// graph that is out of order.
  llvm::StringSet<> broken;
  /// Versions of the operator sets by domain; ONNX's own is "".
  const llvm::StringMap<int64_t> *opsets = nullptr;
  /// In front of the names of nodes: the calls that lead here.
  std::string prefix;
  /// In a function: attributes of the call and defaults by name.
  bool isFunction = false;
  llvm::StringMap<const ::onnx::AttributeProto *> attributes;
  unsigned depth = 0;
};

/// A function of the model and what was found out about it.
struct ModelFunction {
  const ::onnx::FunctionProto *proto = nullptr;
  llvm::StringMap<int64_t> opsets;
  /// Has a problem that was reported.
  bool broken = false;
  /// Is being inlined; a call then is recursive.
  bool open = false;
  /// Nodes once calls in it are inlined, at least; 0 while that is not known.
  uint64_t inlinedNodes = 0;
};

/// Imports one model.
class Importer {
public:
  Importer(const ModelFile &file, StringRef name, ModelFiles &files,
           const ImportOptions &options, mlir::ModuleOp module);

  LogicalResult run();

private:
  using NodeProto = ::onnx::NodeProto;

  // The model and its graph.
  void checkModel();
  void readOpsets(
      const ::google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto>
          &imports,
      llvm::StringMap<int64_t> &opsets, const Twine &where);
  void importInputs(const ::onnx::GraphProto &graph);
  void importOutputs(const ::onnx::GraphProto &graph);
  void checkDeclared(const ::onnx::ValueInfoProto &declared, StringRef what);
  FailureOr<mlir::RankedTensorType> tensorType(const ::onnx::TypeProto &type,
                                               std::string &message);
  void importTensor(Scope &scope, const ::onnx::TensorProto &tensor,
                    StringRef name, const Twine &what);
  mlir::Value createWeight(mlir::Location loc, StringRef name,
                           mlir::RankedTensorType type,
                           const TensorPlace &place);
  void define(Scope &scope, StringRef name, mlir::Value value,
              const Twine &what);

  // Nodes.
  void importNodes(Scope &scope, const NodeList &list, const Twine &where);
  void importNode(Scope &scope, const NodeProto &node);
  void importOperator(Scope &scope, const NodeProto &node,
                      const onnx::OpSchema &schema);
  void importConstant(Scope &scope, const NodeProto &node);
  bool readInputs(Scope &scope, const NodeProto &node,
                  SmallVectorImpl<mlir::Value> &inputs);
  bool checkArity(Scope &scope, const NodeProto &node,
                  const onnx::OpSchema &schema);
  void breakOutputs(Scope &scope, const NodeProto &node);
  void defineOutput(Scope &scope, const NodeProto &node, int index,
                    mlir::Value value);
  /// The version of the operator set that a node's domain has.
  std::optional<int64_t> opsetOf(const Scope &scope,
                                 const NodeProto &node) const;

  // Attributes.
  const ::onnx::AttributeProto *resolve(Scope &scope, const NodeProto &node,
                                        const ::onnx::AttributeProto &attribute,
                                        bool &valid);
  bool readAttributes(Scope &scope, const NodeProto &node,
                      const onnx::OpSchema &schema,
                      mlir::DictionaryAttr &dictionary);
  mlir::Attribute readAttribute(const ::onnx::AttributeProto &attribute,
                                onnx::AttributeKind kind, std::string &message);

  // Functions.
  void readFunctions();
  ModelFunction *findFunction(const NodeProto &node);
  uint64_t countInlined(ModelFunction &function, unsigned depth);
  void importCall(Scope &scope, const NodeProto &node, ModelFunction &function);
  bool bindCall(Scope &scope, const NodeProto &node,
                const ::onnx::FunctionProto &function, Scope &inner);

  // Reports.
  void problem(const Twine &text);
  void nodeProblem(const Scope &scope, const NodeProto &node,
                   const Twine &text);
  void unsupported(const Scope &scope, const NodeProto &node,
                   std::optional<int64_t> opset);
  void findUnsupported(const Scope &scope, const NodeList &list);
  void reportUnsupported();
  mlir::Location location(const Scope &scope, StringRef name);

  const ModelFile &file;
  const ImportOptions &options;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  TensorReader tensors;
  mlir::func::FuncOp function;
  Scope graphScope;
  llvm::StringMap<int64_t> opsets;
  std::map<std::string, ModelFunction> functions;
  onnx::Inference inference;
  /// Symbols of weights by name and place: a tensor of a function is one for
  /// all of its calls.
  llvm::StringMap<std::string> weights;
  /// Symbols in use, and how many were made of one name.
  llvm::StringSet<> symbols;
  llvm::StringMap<uint64_t> symbolCounts;
  uint64_t nodes = 0;
  /// Too many nodes: nothing more is read.
  bool stopped = false;
  uint64_t problems = 0;
  /// What is unsupported: nodes by operator.
  struct UnsupportedOperator {
    uint64_t count = 0;
    std::vector<std::string> names;
  };
  std::map<std::string, UnsupportedOperator> unsupportedOperators;
};

/// A domain as the table has it: ONNX's own is "".
std::string canonicalDomain(const std::string &domain);

/// The model without the bytes of its large tensors; takes it from `file`.
std::string serializeSourceGraph(ModelFile &file, StringRef name,
                                 ModelFiles &files, mlir::MLIRContext *context);

} // namespace moe

#endif // MOE_LIB_IMPORT_ONNX_IMPORTER_H
