//===- MoEAssembly.cpp - custom syntax of the moe operations --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoEAssembly.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moe;

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

/// `(@a : type, @b : type)`
static ParseResult parseWeightList(OpAsmParser &parser, ArrayAttr &names,
                                   ArrayAttr &types) {
  SmallVector<Attribute> nameList, typeList;
  auto parseOne = [&]() -> ParseResult {
    FlatSymbolRefAttr name;
    Type type;
    if (parser.parseAttribute(name) || parser.parseColonType(type)) {
      return failure();
    }
    nameList.push_back(name);
    typeList.push_back(TypeAttr::get(type));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseOne)) {
    return failure();
  }
  names = parser.getBuilder().getArrayAttr(nameList);
  types = parser.getBuilder().getArrayAttr(typeList);
  return success();
}

static void printWeightList(OpAsmPrinter &printer, ArrayAttr names,
                            ArrayAttr types) {
  printer << '(';
  llvm::interleaveComma(llvm::zip(names, types), printer, [&](auto pair) {
    printer << std::get<0>(pair) << " : "
            << cast<TypeAttr>(std::get<1>(pair)).getValue();
  });
  printer << ')';
}

ParseResult moe::parseVisibility(OpAsmParser &parser, StringAttr &visibility) {
  StringRef keyword;
  if (succeeded(parser.parseOptionalKeyword(&keyword,
                                            {"private", "nested", "public"}))) {
    visibility = parser.getBuilder().getStringAttr(keyword);
  }
  return success();
}

void moe::printVisibility(OpAsmPrinter &printer, Operation *,
                          StringAttr visibility) {
  if (visibility) {
    printer << ' ' << visibility.getValue();
  }
}

ParseResult moe::parseProductWeights(OpAsmParser &parser, ArrayAttr &weights,
                                     ArrayAttr &weightTypes, ArrayAttr &vectors,
                                     ArrayAttr &vectorTypes) {
  if (parser.parseKeyword("weights") ||
      parseWeightList(parser, weights, weightTypes)) {
    return failure();
  }
  vectors = vectorTypes = parser.getBuilder().getArrayAttr({});
  if (succeeded(parser.parseOptionalKeyword("vectors"))) {
    return parseWeightList(parser, vectors, vectorTypes);
  }
  return success();
}

void moe::printProductWeights(OpAsmPrinter &printer, Operation *,
                              ArrayAttr weights, ArrayAttr weightTypes,
                              ArrayAttr vectors, ArrayAttr vectorTypes) {
  printer << "weights";
  printWeightList(printer, weights, weightTypes);
  if (!vectors.empty()) {
    printer << " vectors";
    printWeightList(printer, vectors, vectorTypes);
  }
}

ParseResult moe::parseF32(AsmParser &parser, FloatAttr &value) {
  APFloat number(APFloat::IEEEsingle());
  if (parser.parseFloat(APFloat::IEEEsingle(), number)) {
    return failure();
  }
  value = parser.getBuilder().getFloatAttr(parser.getBuilder().getF32Type(),
                                           number);
  return success();
}

void moe::printF32(AsmPrinter &printer, FloatAttr value) {
  printer.printFloat(value.getValue());
}

/// One attribute; what is no file and no random numbers says its own type.
static ParseResult parseSource(OpAsmParser &parser, Attribute &data) {
  if (succeeded(parser.parseOptionalKeyword(FileAttr::getMnemonic()))) {
    data = FileAttr::parse(parser, {});
    return success(data != nullptr);
  }
  if (succeeded(parser.parseOptionalKeyword(RandomAttr::getMnemonic()))) {
    data = RandomAttr::parse(parser, {});
    return success(data != nullptr);
  }
  ElementsAttr elements;
  if (parser.parseAttribute(elements)) {
    return failure();
  }
  data = elements;
  return success();
}

ParseResult
moe::parseSourceData(OpAsmParser &parser, Attribute &data,
                     std::optional<OpAsmParser::UnresolvedOperand> &expert,
                     Type &type) {
  if (failed(parser.parseOptionalLSquare())) {
    if (parseSource(parser, data)) {
      return failure();
    }
    if (auto elements = dyn_cast<ElementsAttr>(data)) {
      type = elements.getShapedType();
      return success();
    }
    return parser.parseColonType(type);
  }
  SmallVector<Attribute> parts;
  auto parsePart = [&]() -> ParseResult {
    return parseSource(parser, parts.emplace_back());
  };
  if (parser.parseCommaSeparatedList(parsePart) || parser.parseRSquare() ||
      parser.parseKeyword("at") ||
      parser.parseOperand(expert.emplace()) || parser.parseColonType(type)) {
    return failure();
  }
  data = parser.getBuilder().getArrayAttr(parts);
  return success();
}

static void printSource(OpAsmPrinter &printer, Attribute data) {
  if (auto file = dyn_cast<FileAttr>(data)) {
    printer << FileAttr::getMnemonic();
    file.print(printer);
  } else if (auto random = dyn_cast<RandomAttr>(data)) {
    printer << RandomAttr::getMnemonic();
    random.print(printer);
  } else {
    printer << data;
  }
}

void moe::printSourceData(OpAsmPrinter &printer, Operation *, Attribute data,
                          Value expert, Type type) {
  if (auto parts = dyn_cast<ArrayAttr>(data)) {
    printer << '[';
    llvm::interleaveComma(parts, printer, [&](Attribute part) {
      printSource(printer, part);
    });
    printer << "] at " << expert << " : " << type;
    return;
  }
  printSource(printer, data);
  if (!isa<ElementsAttr>(data)) {
    printer << " : " << type;
  }
}

//===----------------------------------------------------------------------===//
// moe.experts
//===----------------------------------------------------------------------===//

namespace {
/// A list of operands in parentheses behind a keyword.
struct OperandClause {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<Type> types;
  SMLoc loc;

  /// `keyword(%a, %b : type, type)`
  ParseResult parse(OpAsmParser &parser, StringRef keyword, bool optional) {
    loc = parser.getCurrentLocation();
    if (optional) {
      if (failed(parser.parseOptionalKeyword(keyword))) {
        return success();
      }
    } else if (parser.parseKeyword(keyword)) {
      return failure();
    }
    return failure(parser.parseLParen() || parser.parseOperandList(operands) ||
                   parser.parseColonTypeList(types) || parser.parseRParen());
  }

  ParseResult resolve(OpAsmParser &parser, OperationState &result) {
    return parser.resolveOperands(operands, types, loc, result.operands);
  }
};
} // namespace

/// `experts 0 to 4 weights(@a : type) { ... }`, repeated.
static ParseResult parseKinds(OpAsmParser &parser, OperationState &result) {
  auto &properties = result.getOrAddProperties<ExpertsOp::Properties>();
  SmallVector<int64_t> bounds;
  SmallVector<Attribute> weights, types;
  do {
    int64_t first, end;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword("experts") || parser.parseInteger(first) ||
        parser.parseKeyword("to") || parser.parseInteger(end)) {
      return failure();
    }
    if (bounds.empty()) {
      bounds.push_back(first);
    } else if (first != bounds.back()) {
      return parser.emitError(
                 loc, "expected kinds without gaps: the one before ends at ")
             << bounds.back() << ", but this one starts at " << first;
    }
    bounds.push_back(end);
    ArrayAttr names = parser.getBuilder().getArrayAttr({}), nameTypes = names;
    if (succeeded(parser.parseOptionalKeyword("weights")) &&
        parseWeightList(parser, names, nameTypes)) {
      return failure();
    }
    weights.push_back(names);
    types.push_back(nameTypes);
    if (parser.parseRegion(*result.addRegion())) {
      return failure();
    }
  } while (succeeded(parser.parseOptionalComma()));
  properties.bounds = parser.getBuilder().getDenseI64ArrayAttr(bounds);
  properties.weights = parser.getBuilder().getArrayAttr(weights);
  properties.weight_types = parser.getBuilder().getArrayAttr(types);
  return success();
}

ParseResult ExpertsOp::parse(OpAsmParser &parser, OperationState &result) {
  OperandClause ids, rows, slots, context, inits;
  if (ids.parse(parser, "at", /*optional=*/false) ||
      rows.parse(parser, "rows", true) || slots.parse(parser, "slots", true) ||
      context.parse(parser, "context", true) ||
      inits.parse(parser, "outs", false)) {
    return failure();
  }
  if (ids.operands.size() != 1) {
    return parser.emitError(ids.loc, "expected one operand in 'at'");
  }
  NamedAttrList attributes;
  if (parser.parseOptionalAttrDictWithKeyword(attributes) ||
      parseKinds(parser, result)) {
    return failure();
  }
  result.addAttributes(attributes);
  auto &properties = result.getOrAddProperties<Properties>();
  int32_t sizes[] = {
      1, int32_t(rows.operands.size()), int32_t(slots.operands.size()),
      int32_t(context.operands.size()), int32_t(inits.operands.size())};
  llvm::copy(sizes, properties.operandSegmentSizes.begin());
  for (OperandClause *clause : {&ids, &rows, &slots, &context, &inits}) {
    if (clause->resolve(parser, result)) {
      return failure();
    }
  }
  result.addTypes(inits.types);
  return success();
}

void ExpertsOp::print(OpAsmPrinter &printer) {
  auto clause = [&](StringRef keyword, ValueRange operands) {
    if (!operands.empty()) {
      printer << ' ' << keyword << '(' << operands << " : "
              << operands.getTypes() << ')';
    }
  };
  clause("at", getIds());
  clause("rows", getRows());
  clause("slots", getSlots());
  clause("context", getContexts());
  clause("outs", getInits());
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(),
      {getOperandSegmentSizesAttrName(), getBoundsAttrName(),
       getWeightsAttrName(), getWeightTypesAttrName()});
  for (auto [i, body] : llvm::enumerate(getBodies())) {
    if (i != 0) {
      printer << ',';
    }
    printer.printNewline();
    printer << "experts " << getBounds()[i] << " to " << getBounds()[i + 1];
    auto names = cast<ArrayAttr>(getWeights()[i]);
    if (!names.empty()) {
      printer << " weights";
      printWeightList(printer, names, cast<ArrayAttr>(getWeightTypes()[i]));
    }
    printer << ' ';
    printer.printRegion(body);
  }
}

void ExpertsOp::getAsmBlockArgumentNames(Region &region,
                                         OpAsmSetValueNameFn setName) {
  if (region.getNumArguments() > 0) {
    setName(region.getArgument(0), "e");
  }
}
