//===- OpTable.h - what is known of each ONNX operator ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The schema half of the op table: one row per (domain, operator). The lowering
// half, keyed by the same names, is in the ONNX-to-linalg conversion. A row
// covers the versions that opsets 7 to 28 of ONNX's own domain and version 1 of
// com.microsoft reach.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNX_IR_OPTABLE_H
#define MOE_DIALECT_ONNX_IR_OPTABLE_H

#include "moe/Support/LLVM.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace moe::onnx {

class NodeInference;

/// Opsets of ONNX's own domain that the table covers.
inline constexpr int64_t kOldestOpset = 7;
inline constexpr int64_t kNewestOpset = 28;

/// A set of element types.
using ElementTypes = uint32_t;
namespace elements {
inline constexpr ElementTypes kF16 = 1, kBF16 = 2, kF32 = 4, kF64 = 8, kI8 = 16,
                              kI16 = 32, kI32 = 64, kI64 = 128, kU8 = 256,
                              kU16 = 512, kU32 = 1024, kU64 = 2048,
                              kBool = 4096;
/// The floating-point types before bf16 came.
inline constexpr ElementTypes kFloat = kF16 | kF32 | kF64;
inline constexpr ElementTypes kSigned = kI8 | kI16 | kI32 | kI64;
inline constexpr ElementTypes kUnsigned = kU8 | kU16 | kU32 | kU64;
inline constexpr ElementTypes kInteger = kSigned | kUnsigned;
/// Integers of 32 and 64 bits.
inline constexpr ElementTypes kWide = kI32 | kI64 | kU32 | kU64;
inline constexpr ElementTypes kIndex = kI32 | kI64;
inline constexpr ElementTypes kAll = kFloat | kBF16 | kInteger | kBool;
} // namespace elements

/// The set of one type, or empty if ONNX graphs cannot hold it.
ElementTypes getElementTypes(mlir::Type type);
/// The types of a set as text: `f16, f32`.
std::string describeElementTypes(ElementTypes types);

enum class AttributeKind { Int, Float, String, Ints, Floats, Strings, Tensor };
StringRef getAttributeKindName(AttributeKind kind);

/// A version from which on, and one before which, something holds.
struct VersionRange {
  int64_t since = 1;
  int64_t before = INT64_MAX;

  bool contains(int64_t version) const {
    return version >= since && version < before;
  }
};

/// An attribute as some versions of an operator have it.
struct AttributeSchema {
  std::string name;
  AttributeKind kind = AttributeKind::Int;
  VersionRange versions;
  bool required = false;
  std::variant<std::monostate, int64_t, float, std::string> defaultValue;

  /// Whether `value` is what leaving the attribute out means.
  bool isDefault(mlir::Attribute value) const;
};

/// An input or output as some versions of an operator have it.
struct OperandSchema {
  enum Form { Required, Optional, Variadic };

  std::string name;
  /// The type variable that gives its element types.
  std::string type;
  Form form = Required;
  VersionRange versions;
};

/// A type variable: element types by the version that introduced the set.
/// Operands of one variable have the same element type.
struct TypeVariable {
  std::string name;
  std::vector<std::pair<int64_t, ElementTypes>> sets;

  ElementTypes get(int64_t version) const;
};

/// What a node does besides computing its outputs from its inputs.
enum class OperatorEffect { None, Random };

/// Infers types and elements of the outputs; a failure has a diagnostic.
using InferFunction = LogicalResult (*)(NodeInference &);

/// One operator.
class OpRow {
public:
  OpRow(StringRef domain, StringRef type, ArrayRef<int64_t> versions)
      : domain(domain), type(type), versions(versions) {}

  StringRef getDomain() const { return domain; }
  StringRef getType() const { return type; }
  /// The versions, ascending: each is the opset in which the operator changed.
  ArrayRef<int64_t> getVersions() const { return versions; }
  bool hasVersion(int64_t version) const {
    return llvm::is_contained(versions, version);
  }
  /// The version that an opset means: the last one not after it; 0 if there was
  /// none yet.
  int64_t getVersionAt(int64_t opset) const;

  SmallVector<const OperandSchema *> getInputs(int64_t version) const {
    return select(inputs, version);
  }
  SmallVector<const OperandSchema *> getOutputs(int64_t version) const {
    return select(outputs, version);
  }
  ArrayRef<AttributeSchema> getAttributes() const { return attributes; }
  /// The attribute of that name in that version, or null.
  const AttributeSchema *getAttribute(StringRef name, int64_t version) const;
  ArrayRef<TypeVariable> getTypeVariables() const { return variables; }
  /// Variable `I64` is that type in every row.
  const TypeVariable *getTypeVariable(StringRef name) const;
  OperatorEffect getEffect() const { return effect; }
  InferFunction getInference() const { return inference; }

  //===--------------------------------------------------------------------===//
  // Building
  //===--------------------------------------------------------------------===//

  using Form = OperandSchema::Form;
  OpRow &in(StringRef name, StringRef variable, Form form = Form::Required,
            VersionRange range = {});
  OpRow &out(StringRef name, StringRef variable, Form form = Form::Required,
             VersionRange range = {});
  OpRow &types(StringRef variable,
               std::vector<std::pair<int64_t, ElementTypes>> sets);
  OpRow &required(StringRef name, AttributeKind kind, VersionRange range = {});
  OpRow &optional(StringRef name, AttributeKind kind, VersionRange range = {});
  OpRow &integer(StringRef name, int64_t value, VersionRange range = {});
  OpRow &number(StringRef name, float value, VersionRange range = {});
  OpRow &string(StringRef name, StringRef value, VersionRange range = {});
  OpRow &effects(OperatorEffect value);
  OpRow &infer(InferFunction function);

private:
  static SmallVector<const OperandSchema *>
  select(const std::vector<OperandSchema> &operands, int64_t version);
  OpRow &attribute(AttributeSchema schema);

  std::string domain, type;
  SmallVector<int64_t> versions;
  std::vector<OperandSchema> inputs, outputs;
  std::vector<AttributeSchema> attributes;
  std::vector<TypeVariable> variables;
  OperatorEffect effect = OperatorEffect::None;
  InferFunction inference = nullptr;
};

/// The row of an operator, or null. ONNX's own domain is "".
const OpRow *lookupOperator(StringRef domain, StringRef type);

/// Every row, by domain and type.
ArrayRef<const OpRow *> getOperators();

/// (domain, type) of every row, sorted.
std::vector<std::pair<std::string, std::string>> getOperatorKeys();

/// Collects rows while the table is built.
class OpTableBuilder {
public:
  virtual ~OpTableBuilder() = default;
  /// A row of ONNX's own domain.
  OpRow &add(StringRef type, ArrayRef<int64_t> versions) {
    return add("", type, versions);
  }
  virtual OpRow &add(StringRef domain, StringRef type,
                     ArrayRef<int64_t> versions) = 0;
};

} // namespace moe::onnx

#endif // MOE_DIALECT_ONNX_IR_OPTABLE_H
