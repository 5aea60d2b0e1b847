//===- Tensors.cpp - tensors of a model -----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tensors.h"

#include "moe/Dialect/ONNX/Inference.h"
#include "moe/Support/Quote.h"
#include "moe/Support/Varints.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moe;

/// Larger tensors are weights and stay in their files.
static constexpr int64_t kMaxConstantElements = 1024;
static constexpr uint64_t kMaxIntegerBytes = 64 << 10;
static constexpr int kMaxRank = 64;

uint64_t moe::tensorBytes(RankedTensorType type) {
  return type.getNumElements() *
         llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

bool TensorReader::isSmall(RankedTensorType type) {
  if (type.getNumElements() <= kMaxConstantElements) {
    return true;
  }
  return isa<IntegerType>(type.getElementType()) &&
         tensorBytes(type) <= kMaxIntegerBytes;
}

FailureOr<RankedTensorType>
TensorReader::type(const ::onnx::TensorProto &tensor, std::string &message) {
  Type element = moe::onnx::elementTypeOfNumber(tensor.data_type(), context);
  if (!element) {
    message = "element type " + std::to_string(tensor.data_type()) +
              " is not supported";
    return failure();
  }
  if (tensor.dims_size() > kMaxRank) {
    message = "it has " + std::to_string(tensor.dims_size()) +
              " dimensions; at most " + std::to_string(kMaxRank) + " are read";
    return failure();
  }
  if (tensor.has_segment()) {
    message = "it is stored in segments, which is not supported; save the "
              "model again";
    return failure();
  }
  // In bits, and as if no dimension was 0: either product may overflow.
  std::optional<int64_t> bits = 64;
  SmallVector<int64_t> shape;
  for (int64_t size : tensor.dims()) {
    if (size < 0) {
      message = "it has a dimension of " + std::to_string(size);
      return failure();
    }
    shape.push_back(size);
    bits = bits ? llvm::checkedMul(*bits, std::max<int64_t>(size, 1))
                : std::nullopt;
  }
  if (!bits) {
    message = "its dimensions are too large: their product has no 64 bits";
    return failure();
  }
  return RankedTensorType::get(shape, element);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static std::string wrongLength(RankedTensorType type, uint64_t length) {
  std::string text;
  llvm::raw_string_ostream(text)
      << "its type, " << type << ", takes " << tensorBytes(type)
      << " bytes, but its data has " << length;
  return text;
}

static FailureOr<DenseElementsAttr>
fromBytes(ArrayRef<char> bytes, RankedTensorType type, std::string &message) {
  if (bytes.size() != tensorBytes(type)) {
    message = wrongLength(type, bytes.size());
    return failure();
  }
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bits(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
  }
  return DenseElementsAttr::getFromRawBuffer(type, bytes);
}

/// The bytes of numbers that a typed field spells out, each cut to the width of
/// the element.
template <typename Numbers>
static void appendNumbers(const Numbers &numbers, unsigned width,
                          std::string &bytes) {
  for (auto number : numbers) {
    bytes.append(reinterpret_cast<const char *>(&number), width);
  }
}

static unsigned byteWidth(Type element) {
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

static std::string typedBytes(const ::onnx::TensorProto &tensor, Type element) {
  std::string bytes;
  unsigned width = byteWidth(element);
  if (element.isF32()) {
    appendNumbers(tensor.float_data(), width, bytes);
  } else if (element.isF64()) {
    appendNumbers(tensor.double_data(), width, bytes);
  } else if (element.isSignlessInteger(64)) {
    appendNumbers(tensor.int64_data(), width, bytes);
  } else if (element.isUnsignedInteger(64) || element.isUnsignedInteger(32)) {
    appendNumbers(tensor.uint64_data(), width, bytes);
  } else {
    // Everything narrower, f16 and bf16 by their bits.
    appendNumbers(tensor.int32_data(), width, bytes);
  }
  return bytes;
}

FailureOr<DenseElementsAttr>
TensorReader::elements(const ::onnx::TensorProto &tensor, RankedTensorType type,
                       std::string &message) {
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL) {
    FailureOr<ArrayRef<char>> bytes = externalBytes(tensor, type, message);
    return failed(bytes) ? FailureOr<DenseElementsAttr>()
                         : fromBytes(*bytes, type, message);
  }
  if (std::optional<FileRange> range = model.data(tensor)) {
    return fromBytes(model.bytes(*range), type, message);
  }
  Type element = type.getElementType();
  std::optional<FileRange> packed = model.varints(tensor);
  std::string bytes = packed ? decodeVarints(model.bytes(*packed),
                                             byteWidth(element))
                             : typedBytes(tensor, element);
  return fromBytes(ArrayRef<char>(bytes.data(), bytes.size()), type, message);
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

FailureOr<TensorPlace> TensorReader::place(const ::onnx::TensorProto &tensor,
                                           RankedTensorType type,
                                           std::string &message) {
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL) {
    return externalPlace(tensor, type, message);
  }
  std::optional<FileRange> range = model.data(tensor);
  if (!range) {
    return varintPlace(tensor, type, message);
  }
  if (range->length != tensorBytes(type)) {
    message = wrongLength(type, range->length);
    return failure();
  }
  return TensorPlace{name, *range};
}

FailureOr<TensorPlace>
TensorReader::varintPlace(const ::onnx::TensorProto &tensor,
                          RankedTensorType type, std::string &message) {
  unsigned width = byteWidth(type.getElementType());
  std::optional<FileRange> range = model.varints(tensor);
  if (!range) {
    uint64_t length = typedBytes(tensor, type.getElementType()).size();
    message = length != tensorBytes(type)
                  ? wrongLength(type, length)
                  : "its elements are fields of their own, which is supported "
                    "for small tensors only; make it from an array with "
                    "onnx.numpy_helper.from_array";
    return failure();
  }
  std::optional<uint64_t> count = countVarints(model.bytes(*range));
  if (!count) {
    message = "its elements are no list of packed integers; copy the model "
              "again";
    return failure();
  }
  if (*count * width != tensorBytes(type)) {
    message = wrongLength(type, *count * width);
    return failure();
  }
  return TensorPlace{
      ModelFiles::nameVarints(name, range->offset, range->length, width),
      {0, tensorBytes(type)}};
}

/// Reads one number of bytes from the entries of external data.
static bool readNumber(const ::onnx::StringStringEntryProto &entry,
                       std::optional<uint64_t> &number, std::string &message) {
  uint64_t value;
  if (StringRef(entry.value()).getAsInteger(10, value)) {
    message = "the " + entry.key() + " of its external data is " +
              quote(entry.value()) + ", not a number of bytes";
    return false;
  }
  number = value;
  return true;
}

FailureOr<TensorPlace>
TensorReader::externalPlace(const ::onnx::TensorProto &tensor,
                            RankedTensorType type, std::string &message) {
  TensorPlace place;
  std::optional<uint64_t> offset, length;
  llvm::StringSet<> seen;
  for (const auto &entry : tensor.external_data()) {
    if (!seen.insert(entry.key()).second) {
      message = quote(entry.key()) + " is given twice for its external data";
      return failure();
    }
    if (entry.key() == "location") {
      place.file = entry.value();
    } else if ((entry.key() == "offset" &&
                !readNumber(entry, offset, message)) ||
               (entry.key() == "length" &&
                !readNumber(entry, length, message))) {
      return failure();
    }
  }
  FailureOr<ArrayRef<char>> file = files.open(place.file, message);
  if (failed(file)) {
    message = "external data: " + message;
    return failure();
  }
  place.range = {offset.value_or(0), tensorBytes(type)};
  if (length && *length != place.range.length) {
    message = wrongLength(type, *length);
    return failure();
  }
  if (place.range.offset > file->size() ||
      place.range.length > file->size() - place.range.offset) {
    message = "external data: " + quote(place.file) + " has " +
              std::to_string(file->size()) + " bytes, but the data would be " +
              std::to_string(place.range.length) + " bytes from byte " +
              std::to_string(place.range.offset) +
              " on; the file was cut short or is another one, copy it again";
    return failure();
  }
  return place;
}

FailureOr<ArrayRef<char>>
TensorReader::externalBytes(const ::onnx::TensorProto &tensor,
                            RankedTensorType type, std::string &message) {
  FailureOr<TensorPlace> place = externalPlace(tensor, type, message);
  if (failed(place)) {
    return failure();
  }
  FailureOr<ArrayRef<char>> file = files.open(place->file, message);
  if (failed(file)) {
    return failure();
  }
  return file->slice(place->range.offset, place->range.length);
}
