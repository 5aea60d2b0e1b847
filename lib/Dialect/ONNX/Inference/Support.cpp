//===- Support.cpp - element types that operators are supported in --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferenceRules.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moe;
using namespace moe::onnx;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

namespace {

/// A set of element types.
using ElementSet = uint32_t;
enum : ElementSet {
  F32 = 1 << 0,
  F16 = 1 << 1,
  BF16 = 1 << 2,
  F64 = 1 << 3,
  I8 = 1 << 4,
  I16 = 1 << 5,
  I32 = 1 << 6,
  I64 = 1 << 7,
  U8 = 1 << 8,
  U16 = 1 << 9,
  U32 = 1 << 10,
  U64 = 1 << 11,
  Bool = 1 << 12,

  Floats = F32 | F16 | BF16 | F64,
  /// Of layers that accumulate in f32.
  LayerFloats = F32 | F16 | BF16,
  Indices = I32 | I64,
  /// What may be moved and converted.
  All = (1 << 13) - 1,
  /// What is computed with, as far as a version of the operator has it.
  Numbers = All & ~Bool,
};

struct ElementInfo {
  ElementSet set;
  /// As in TensorProto.DataType.
  int64_t number;
  StringRef name;
  /// 0 for floats, negative for unsigned integers.
  int width;
};

} // namespace

static constexpr ElementInfo kElements[] = {
    {F32, 1, "float", 0},      {F16, 10, "float16", 0},
    {BF16, 16, "bfloat16", 0}, {F64, 11, "double", 0},
    {I8, 3, "int8", 8},        {I16, 5, "int16", 16},
    {I32, 6, "int32", 32},     {I64, 7, "int64", 64},
    {U8, 2, "uint8", -8},      {U16, 4, "uint16", -16},
    {U32, 12, "uint32", -32},  {U64, 13, "uint64", -64},
    {Bool, 9, "bool", 1}};

static Type getElementType(const ElementInfo &info, MLIRContext *context) {
  Builder b(context);
  switch (info.set) {
  case F32:
    return b.getF32Type();
  case F16:
    return b.getF16Type();
  case BF16:
    return b.getBF16Type();
  case F64:
    return b.getF64Type();
  default:
    return info.width < 0 ? b.getIntegerType(-info.width, /*isSigned=*/false)
                          : b.getIntegerType(info.width);
  }
}

Type moe::onnx::elementTypeOfNumber(int64_t number, MLIRContext *context) {
  for (const ElementInfo &info : kElements) {
    if (info.number == number) {
      return getElementType(info, context);
    }
  }
  return {};
}

static const ElementInfo *findElement(Type type) {
  for (const ElementInfo &info : kElements) {
    if (getElementType(info, type.getContext()) == type) {
      return &info;
    }
  }
  return nullptr;
}

std::string moe::onnx::elementTypeName(Type type) {
  if (const ElementInfo *info = findElement(type)) {
    return info->name.str();
  }
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static std::string namesOf(ElementSet set) {
  SmallVector<StringRef> names;
  for (const ElementInfo &info : kElements) {
    if (set & info.set) {
      names.push_back(info.name);
    }
  }
  return llvm::join(names, ", ");
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

namespace {

struct Support {
  /// What type variables may be.
  SmallVector<std::pair<StringRef, ElementSet>, 3> types;
  StringRef remark;
};

using SupportTable = llvm::StringMap<Support>;

} // namespace

static void addComputing(SupportTable &table) {
  for (StringRef name : {"Add", "Sub", "Mul", "Neg", "Abs", "Sign", "Min",
                         "Max", "Clip", "Relu", "MatMul", "Gemm"}) {
    table[(":" + name).str()] = {{{"T", Numbers}}, ""};
  }
  table[":Div"] = {{{"T", Numbers}},
                   "integers round towards zero; dividing an integer by zero "
                   "ends the run"};
  table[":Mod"] = {{{"T", Numbers}}, "floats need `fmod = 1`"};
  table[":Pow"] = {{{"T", Numbers}, {"T1", Numbers}}, ""};
  table[":Round"] = {{{"T", Floats}}, "halves go to the even neighbour"};
  for (StringRef name :
       {"Sum",       "Mean",      "Sqrt",      "Reciprocal", "Exp",
        "Log",       "Floor",     "Ceil",      "Erf",        "Sin",
        "Cos",       "LeakyRelu", "Elu",       "Sigmoid",    "HardSigmoid",
        "Tanh",      "Softplus",  "Softsign",  "Gelu",       "Swish",
        "HardSwish", "Softmax",   "LogSoftmax"}) {
    table[(":" + name).str()] = {{{"T", Floats}}, ""};
  }
  table["com.microsoft:QuickGelu"] = {{{"T", Floats}}, ""};
  table[":Equal"] = {{{"T", Numbers | Bool}, {"T1", Bool}}, ""};
  for (StringRef name : {"Less", "Greater", "LessOrEqual", "GreaterOrEqual"}) {
    table[(":" + name).str()] = {{{"T", Numbers}, {"T1", Bool}}, ""};
  }
  for (StringRef name : {"And", "Or", "Xor", "Not"}) {
    table[(":" + name).str()] = {{{"T", Bool}, {"T1", Bool}}, ""};
  }
  table[":IsNaN"] = {{{"T1", Floats}, {"T2", Bool}}, ""};
  table[":IsInf"] = {{{"T1", Floats}, {"T2", Bool}}, ""};
}

static void addMoving(SupportTable &table) {
  StringRef knownAxes = "axes must be known at compile time";
  StringRef inBounds = "an index outside the data ends the run";
  for (StringRef name : {"Reshape", "Flatten", "Transpose", "Concat", "Expand",
                         "Split", "Trilu"}) {
    table[(":" + name).str()] = {{{"T", All}}, ""};
  }
  table[":Squeeze"] = {{{"T", All}}, knownAxes};
  table[":Unsqueeze"] = {{{"T", All}}, knownAxes};
  table[":Slice"] = {{{"T", All}, {"Tind", Indices}}, knownAxes};
  table[":Gather"] = {{{"T", All}, {"Tind", Indices}}, inBounds};
  table[":GatherElements"] = {{{"T", All}, {"Tind", Indices}}, inBounds};
  table[":Pad"] = {{{"T", All}, {"Tind", Indices}},
                   "axes must be known at compile time"};
  table[":Tile"] = {{{"T", All}, {"T1", I64}}, ""};
  table[":Where"] = {{{"B", Bool}, {"T", All}}, ""};
  table[":Identity"] = {{{"T", All}, {"V", All}}, ""};
  table[":Cast"] = {{{"T1", All}, {"T2", All}},
                    "a float outside the range of an integer type becomes the "
                    "nearest end of the range, NaN becomes 0"};
  table[":CastLike"] = {{{"T1", All}, {"T2", All}}, "as Cast"};
  table[":Shape"] = {{{"T", All}, {"T1", I64}}, ""};
  table[":Size"] = {{{"T", All}, {"T1", I64}}, ""};
  table[":Constant"] = {{{"T", All}}, "dense tensors, integers and floats"};
  table[":ConstantOfShape"] = {{{"T1", I64}, {"T2", All}}, ""};
  table[":Range"] = {{{"T", Numbers}}, "float inputs must be constants"};
  table[":OneHot"] = {{{"T1", Numbers}, {"T2", Numbers}, {"T3", All}},
                      "a float depth must be a constant"};
}

static void addReducing(SupportTable &table) {
  StringRef knownAxes = "axes must be known at compile time";
  for (StringRef name : {"Sum", "Mean", "Prod", "L1", "SumSquare"}) {
    table[(":Reduce" + name).str()] = {{{"T", Numbers}}, knownAxes};
  }
  for (StringRef name : {"Max", "Min"}) {
    table[(":Reduce" + name).str()] = {{{"T", Numbers | Bool}}, knownAxes};
  }
  for (StringRef name : {"L2", "LogSum", "LogSumExp"}) {
    table[(":Reduce" + name).str()] = {{{"T", Floats}}, knownAxes};
  }
  table[":CumSum"] = {{{"T", Numbers}, {"T2", Indices}},
                      "the axis must be known at compile time"};
  table[":ArgMax"] = {{{"T", Numbers}}, ""};
  table[":ArgMin"] = {{{"T", Numbers}}, ""};
  table[":TopK"] = {{{"T", Numbers}, {"I", I64}},
                    "ties go to the lower index, NaN counts as the largest "
                    "number, results are always sorted"};
  for (StringRef name : {"LayerNormalization", "RMSNormalization",
                         "SimplifiedLayerNormalization"}) {
    table[(":" + name).str()] = {
        {{"T", LayerFloats}, {"V", LayerFloats}, {"U", F32}}, "`stash_type` 1"};
  }
  table["com.microsoft:MoE"] = {
      {{"T", LayerFloats}},
      "every activation and fusion, biases, FC3, sparse mixer; expert weights "
      "must be initializers, or computed from them one expert at a time; ties "
      "go to the lower expert; no route is dropped, so that a row whose logits "
      "contain NaN is NaN"};
}

static const Support *findSupport(StringRef domain, StringRef name) {
  static const SupportTable table = [] {
    SupportTable result;
    addComputing(result);
    addMoving(result);
    addReducing(result);
    return result;
  }();
  auto found = table.find((domain + ":" + name).str());
  return found == table.end() ? nullptr : &found->second;
}

/// What a type variable may be: in any version if there is no schema.
static ElementSet findTypes(StringRef domain, StringRef name,
                            StringRef variable, const OpSchema *schema) {
  ElementSet set = 0;
  if (const Support *support = findSupport(domain, name)) {
    for (auto [known, types] : support->types) {
      set |= known == variable ? types : 0;
    }
  }
  for (const ElementInfo &info : kElements) {
    // Parameters of a fixed type have its name.
    set |= info.name == variable ? info.set : 0;
    if (schema && !schema->allows(variable, info.name)) {
      set &= ~info.set;
    }
  }
  return set;
}

std::string moe::onnx::supportedTypes(StringRef domain, StringRef name,
                                      StringRef variable) {
  return namesOf(findTypes(domain, name, variable, nullptr));
}

std::string moe::onnx::supportedTypes(const OpSchema &schema,
                                      StringRef variable) {
  return namesOf(findTypes(schema.domain, schema.name, variable, &schema));
}

StringRef moe::onnx::supportRemark(StringRef domain, StringRef name) {
  const Support *support = findSupport(domain, name);
  return support ? support->remark : "";
}

/// ` is of type int8, but only ...`, or an empty text.
static std::string checkElementType(const OpSchema &schema,
                                    const ParameterSpec &parameter,
                                    Type element) {
  const ElementInfo *info = findElement(element);
  ElementSet any =
      findTypes(schema.domain, schema.name, parameter.type, nullptr);
  ElementSet set =
      findTypes(schema.domain, schema.name, parameter.type, &schema);
  if (info && (set & info->set)) {
    return "";
  }
  std::string error = " is of type " + elementTypeName(element) +
                      ", but only " + namesOf(set) +
                      (llvm::popcount(set) == 1 ? " is" : " are");
  return info && (any & info->set)
             ? error + " allowed by version " + std::to_string(schema.since) +
                   " of the operator; export the model for a later opset"
             : error + " supported";
}

std::string moe::onnx::checkElementTypes(const OpSchema &schema,
                                         ValueRange inputs) {
  llvm::SmallDenseMap<StringRef, unsigned> first;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    if (isa<NoneType>(input.getType())) {
      continue;
    }
    const ParameterSpec &parameter = schema.getInput(index);
    std::string name =
        "input " + std::to_string(index) + " (" + parameter.name.str() + ")";
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type) {
      return name + " has no rank";
    }
    Type element = type.getElementType();
    std::string error = checkElementType(schema, parameter, element);
    if (!error.empty()) {
      return name + error;
    }
    auto [place, isNew] = first.try_emplace(parameter.type, index);
    Type other = cast<RankedTensorType>(inputs[place->second].getType())
                     .getElementType();
    if (other != element) {
      return name + " is of type " + elementTypeName(element) + ", but input " +
             std::to_string(place->second) + " (" +
             schema.getInput(place->second).name.str() + ") is of type " +
             elementTypeName(other);
    }
  }
  return "";
}

std::string moe::onnx::checkResultTypes(const OpSchema &schema,
                                        ArrayRef<Type> results) {
  for (auto [index, result] : llvm::enumerate(results)) {
    auto type = dyn_cast<RankedTensorType>(result);
    const ParameterSpec &parameter = schema.getOutput(index);
    std::string error =
        type ? checkElementType(schema, parameter, type.getElementType()) : "";
    if (!error.empty()) {
      return "result " + std::to_string(index) + " (" + parameter.name.str() +
             ")" + error;
    }
  }
  return "";
}
