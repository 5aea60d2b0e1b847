//===- Node.cpp - infers nodes and graphs ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

#include "moe/Support/Tensors.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

InferFunction moe::onnx::findRule(StringRef domain, StringRef name) {
  static const InferenceRules rules = [] {
    InferenceRules result;
    addElementwiseRules(result);
    addMoERules(result);
    addProductRules(result);
    addReductionRules(result);
    addShapeRules(result);
    addIndexingRules(result);
    return result;
  }();
  return rules.lookup((domain + ":" + name).str());
}

bool moe::onnx::hasInference(StringRef domain, StringRef name) {
  return findRule(domain, name) != nullptr;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// Whether elements are worth their memory, which a hostile model must not
/// exhaust.
static bool isWorthKeeping(ArrayRef<SymbolicInt> elements, Type type,
                           const PartialValues &values) {
  constexpr unsigned many = 1 << 15, tooMany = 1 << 19;
  constexpr size_t few = 8;
  return isa<IntegerType>(cast<RankedTensorType>(type).getElementType()) &&
         elements.size() <= static_cast<size_t>(kMaxPartialElements) &&
         values.size() < (elements.size() <= few ? tooMany : many);
}

FailureOr<SmallVector<Type>> moe::onnx::inferNode(
    StringRef domain, StringRef opType, int64_t version, ValueRange inputs,
    DictionaryAttr attributes, unsigned results, PartialValues &values,
    std::string &message, std::optional<SmallVector<SymbolicInt>> &elements) {
  elements = std::nullopt;
  const OpSchema *schema = findSchema(domain, opType, version);
  InferFunction infer = findRule(domain, opType);
  if (!schema || !infer) {
    message = "the operator is unknown";
    return failure();
  }
  SmallVector<bool> given;
  for (Type type : inputs.getTypes()) {
    given.push_back(!isa<NoneType>(type));
  }
  message = checkNode(*schema, given, results, attributes);
  if (message.empty()) {
    message = checkElementTypes(*schema, inputs);
  }
  if (!message.empty()) {
    return failure();
  }
  for (auto [index, type] : llvm::enumerate(inputs.getTypes())) {
    if (!isAddressable(type)) {
      message = "input " + std::to_string(index) + " is " +
                describeShape(getShape(cast<RankedTensorType>(type))) +
                ", which is too large";
      return failure();
    }
  }
  InferContext context(*schema, inputs, attributes, results, values);
  if (failed(infer(context))) {
    message = context.message;
    return failure();
  }
  for (auto [index, type] : llvm::enumerate(context.results)) {
    if (!type) {
      type = NoneType::get(attributes.getContext());
    } else if (!isAddressable(type)) {
      message = "result " + std::to_string(index) + " would be " +
                describeShape(getShape(cast<RankedTensorType>(type))) +
                ", which is too large";
      return failure();
    }
  }
  message = checkResultTypes(*schema, context.results);
  if (!message.empty()) {
    return failure();
  }
  elements = std::move(context.resultElements);
  if (elements && !isWorthKeeping(*elements, context.results[0], values)) {
    elements = std::nullopt;
  }
  return std::move(context.results);
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

/// What two types of one value say together; of expressions the newer ones are
/// kept. Failure if they contradict one another.
static FailureOr<Type> refine(Type old, Type fresh) {
  auto tensor = dyn_cast<RankedTensorType>(fresh);
  auto known = dyn_cast<TensorType>(old);
  if (!tensor || !known) {
    return tensor ? fresh : old;
  }
  if (known.getElementType() != tensor.getElementType()) {
    return failure();
  }
  auto ranked = dyn_cast<RankedTensorType>(known);
  if (!ranked) {
    return fresh;
  }
  SymbolicShape before = getShape(ranked), shape = getShape(tensor);
  if (before.size() != shape.size()) {
    return failure();
  }
  for (auto [size, other] : llvm::zip_equal(shape, before)) {
    if (size.value && other.value && *size.value != *other.value) {
      return failure();
    }
    if (other.value || size.isUnknown()) {
      size = other;
    }
  }
  return Type(getType(shape, tensor.getElementType()));
}

/// Whether only ops of the dialect and the ends of functions read a value: what
/// others read must keep its type.
static bool isOurs(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return isa_and_nonnull<ONNXDialect>(user->getDialect()) ||
           (user->hasTrait<OpTrait::ReturnLike>() &&
            isa<FunctionOpInterface>(user->getParentOp()));
  });
}

/// `float[N,64]`.
static std::string describeType(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  if (!tensor) {
    return "nothing";
  }
  auto ranked = dyn_cast<RankedTensorType>(type);
  return elementTypeName(tensor.getElementType()) +
         (ranked ? describeShape(getShape(ranked)) : " of any shape");
}

LogicalResult Inference::infer(NodeOp node, std::string &message) {
  if (!hasInference(node.getDomain(), node.getOpType()) ||
      !llvm::all_of(node.getInputs().getTypes(), [](Type type) {
        return isa<NoneType, RankedTensorType>(type);
      })) {
    return success();
  }
  std::optional<SmallVector<SymbolicInt>> elements;
  FailureOr<SmallVector<Type>> types =
      inferNode(node.getDomain(), node.getOpType(), node.getVersion(),
                node.getInputs(), node.getNodeAttributes(),
                node.getNumResults(), values, message, elements);
  if (failed(types)) {
    return failure();
  }
  for (auto [result, type] : llvm::zip_equal(node.getResults(), *types)) {
    FailureOr<Type> refined = refine(result.getType(), type);
    if (failed(refined)) {
      message = "result " + std::to_string(result.getResultNumber()) +
                " is declared as " + describeType(result.getType()) +
                ", but is " + describeType(type);
      return failure();
    }
    if (isOurs(result)) {
      result.setType(*refined);
    }
  }
  if (elements) {
    values[node.getResult(0)] = std::move(*elements);
  }
  return success();
}

std::optional<SmallVector<int64_t>> Inference::constants(Value value) const {
  auto known = values.find(value);
  if (known == values.end()) {
    return std::nullopt;
  }
  SmallVector<int64_t> numbers;
  for (const SymbolicInt &element : known->second) {
    if (!element.value) {
      return std::nullopt;
    }
    numbers.push_back(*element.value);
  }
  return numbers;
}

LogicalResult Inference::run(Operation *op) {
  bool valid = true;
  op->walk<WalkOrder::PreOrder>([&](NodeOp node) {
    std::string message;
    if (failed(infer(node, message))) {
      node.emitError() << node.describe() << ": " << message;
      valid = false;
    }
  });
  op->walk([](FunctionOpInterface function) {
    if (function.isExternal() || !function.getFunctionBody().hasOneBlock()) {
      return;
    }
    Operation *end = function.getFunctionBody().front().getTerminator();
    if (end->getNumOperands() == function.getNumResults()) {
      function.setFunctionTypeAttr(TypeAttr::get(
          FunctionType::get(function.getContext(), function.getArgumentTypes(),
                            end->getOperandTypes())));
    }
  });
  return success(valid);
}
