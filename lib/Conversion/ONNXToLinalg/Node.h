//===- Node.h - a node that is being lowered --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a lowering sees of a node, and how it gives results back. Types are the
// lowered ones: signless integers, no encodings; signedness and dimension
// symbols are asked for by operand.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_NODE_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_NODE_H

#include "moe/Dialect/ONNX/IR/ONNX.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"

#include <optional>

namespace moe::onnx {

/// Integer tensors up to this many elements that are computed from shapes and
/// constants become scalars on the host.
inline constexpr int64_t kMaxScalars = 64;

/// What the lowerings of one module share.
struct LoweringState {
  explicit LoweringState(mlir::ModuleOp module) : symbols(module) {}

  mlir::SymbolTable symbols;
  /// Weights that were derived from others, by symbol and derivation.
  llvm::DenseMap<std::pair<mlir::StringAttr, mlir::StringAttr>,
                 mlir::StringAttr>
      derived;
  /// Extents that were taken, so that equal ones are one value.
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, mlir::Value> dims;
  /// The extent of each symbolic dimension, in each region.
  llvm::DenseMap<std::pair<mlir::Region *, mlir::StringAttr>,
                 mlir::OpFoldResult>
      symbolDims;
  /// A node was refused, with a diagnostic.
  bool refused = false;
};

class Node {
public:
  /// `operands` are the lowered inputs; new ops go in front of `op`.
  Node(NodeOp op, mlir::ValueRange operands, LoweringState &state);

  mlir::ImplicitLocOpBuilder &getBuilder() { return builder; }
  LoweringState &getState() { return state; }
  NodeOp getOp() { return op; }
  llvm::StringRef getOpType();
  /// The version of the operator set that last changed this operator.
  int64_t getVersion();

  //===--------------------------------------------------------------------===//
  // Inputs
  //===--------------------------------------------------------------------===//

  unsigned getNumInputs() { return operands.size(); }
  /// Whether input `index` is given: in the list and not left out.
  bool hasInput(unsigned index);
  mlir::Value getInput(unsigned index) { return operands[index]; }
  mlir::RankedTensorType getInputType(unsigned index);
  mlir::Type getInputElementType(unsigned index) {
    return getInputType(index).getElementType();
  }
  bool isUnsignedInput(unsigned index);
  /// The symbol of a dimension of an input, or empty if it has none.
  llvm::StringRef getInputDimSymbol(unsigned index, int64_t dim);
  /// Whether two dimensions of inputs are known to be equal.
  bool areInputDimsEqual(unsigned lhs, int64_t lhsDim, unsigned rhs,
                         int64_t rhsDim);

  /// The integers of an input that is known at compile time.
  std::optional<llvm::SmallVector<int64_t>> getConstantInts(unsigned index);
  /// The elements of an integer input that needs no kernel: a constant, or
  /// scalars that were computed from shapes.
  std::optional<llvm::SmallVector<mlir::Value>> getScalars(unsigned index);
  bool hasScalars(unsigned index);
  /// The elements of an integer input with a static number of elements as index
  /// values; they are read on the host where they are not known.
  mlir::FailureOr<llvm::SmallVector<mlir::OpFoldResult>>
  getIndices(unsigned index, llvm::StringRef name);
  /// Axes from an input that must be a constant, or from an attribute; made
  /// non-negative for a tensor of rank `rank`, checked and sorted.
  mlir::FailureOr<llvm::SmallVector<int64_t>>
  normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);
  mlir::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank);

  //===--------------------------------------------------------------------===//
  // Attributes
  //===--------------------------------------------------------------------===//

  mlir::Attribute getAttribute(llvm::StringRef name);
  int64_t getInt(llvm::StringRef name, int64_t defaultValue);
  double getFloat(llvm::StringRef name, double defaultValue);
  llvm::StringRef getString(llvm::StringRef name, llvm::StringRef defaultValue);
  std::optional<llvm::SmallVector<int64_t>> getInts(llvm::StringRef name);

  //===--------------------------------------------------------------------===//
  // Outputs
  //===--------------------------------------------------------------------===//

  unsigned getNumOutputs() { return outputTypes.size(); }
  /// Whether output `index` is in the list and somebody reads it.
  bool needsOutput(unsigned index);
  mlir::RankedTensorType getOutputType(unsigned index);
  mlir::Type getOutputElementType(unsigned index) {
    return getOutputType(index).getElementType();
  }
  bool isUnsignedOutput(unsigned index);
  /// Gives the value of output `index`; types that differ in what is known of
  /// the shape are cast.
  void setOutput(unsigned index, mlir::Value value);
  /// Gives an integer output as scalars.
  void setScalars(unsigned index, llvm::ArrayRef<mlir::Value> elements);
  llvm::ArrayRef<mlir::Value> getOutputs() { return outputs; }

  /// The extents `dims`, static where the type of output `index` knows them.
  llvm::SmallVector<mlir::OpFoldResult>
  refineDims(unsigned index, llvm::ArrayRef<mlir::OpFoldResult> dims);

  //===--------------------------------------------------------------------===//
  // Extents, checks, refusals
  //===--------------------------------------------------------------------===//

  /// The extent of a dimension: a constant where it is static, else one value
  /// for all that ask for it.
  mlir::OpFoldResult getDim(mlir::Value value, int64_t dim);
  llvm::SmallVector<mlir::OpFoldResult> getDims(mlir::Value value);
  /// Says that a new tensor has the extents `dims`.
  void noteDims(mlir::Value value, llvm::ArrayRef<mlir::OpFoldResult> dims);
  mlir::Value getDimValue(mlir::Value value, int64_t dim);
  /// An extent or index as a value.
  mlir::Value getIndexValue(mlir::OpFoldResult index);

  /// Fails the run with `message` and the node's name unless `condition` holds;
  /// nothing if it is known to hold.
  void check(mlir::Value condition, const llvm::Twine &message);
  /// Says at compile time why the node cannot be lowered.
  llvm::LogicalResult refuse(const llvm::Twine &reason);

private:
  /// Checks an extent of output `index` against the type that the model gives.
  void requireExtent(unsigned index, int64_t dim, mlir::OpFoldResult extent);
  /// The symbol of a dimension of `value` if it is an operand, or null.
  mlir::StringAttr findSymbol(mlir::Value value, int64_t dim);
  /// The extent that a tensor was made with, or asked of the tensor itself.
  mlir::OpFoldResult findExtent(mlir::Value value, int64_t dim);

  NodeOp op;
  mlir::ImplicitLocOpBuilder builder;
  LoweringState &state;
  llvm::SmallVector<mlir::Value> operands;
  llvm::SmallVector<mlir::Type> outputTypes;
  llvm::SmallVector<mlir::Value> outputs;
};

/// A tensor type without encoding, of signless integers.
mlir::RankedTensorType getLoweredType(mlir::Type type);
/// A constant's value in its lowered type.
mlir::DenseElementsAttr getLoweredElements(mlir::ElementsAttr value);

/// Lowers a node: sets every needed output, or refuses it.
using LoweringFunction = llvm::LogicalResult (*)(Node &);

} // namespace moe::onnx

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_NODE_H
