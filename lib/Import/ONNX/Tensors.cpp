//===- Tensors.cpp - tensors of a model -----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tensors.h"

#include "moe/Dialect/ONNX/Inference.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
using namespace moe;

/// Larger tensors are weights and stay in their files.
static constexpr int64_t kMaxConstantElements = 1024;
static constexpr uint64_t kMaxIntegerBytes = 64 << 10;

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
  Type element = onnx::elementTypeOfNumber(tensor.data_type(), context);
  if (!element) {
    message = "element type " + std::to_string(tensor.data_type()) +
              " is not supported";
    return failure();
  }
  std::optional<int64_t> bytes = 8;
  SmallVector<int64_t> shape;
  for (int64_t size : tensor.dims()) {
    if (size < 0) {
      message = "it has the dimension " + std::to_string(size);
      return failure();
    }
    shape.push_back(size);
    bytes = bytes ? llvm::checkedMul(*bytes, std::max<int64_t>(size, 1))
                  : std::nullopt;
  }
  constexpr unsigned maxRank = 64;
  if (!bytes || shape.size() > maxRank) {
    message = "its dimensions are too large";
    return failure();
  }
  return RankedTensorType::get(shape, element);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

FailureOr<DenseElementsAttr> TensorReader::fromBytes(ArrayRef<char> bytes,
                                                     RankedTensorType type,
                                                     std::string &message) {
  if (bytes.size() != tensorBytes(type)) {
    message = "its type needs " + std::to_string(tensorBytes(type)) +
              " bytes, but there are " + std::to_string(bytes.size());
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

static std::string typedBytes(const ::onnx::TensorProto &tensor, Type element) {
  std::string bytes;
  unsigned width = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
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
    FailureOr<TensorPlace> place = externalPlace(tensor, type, message);
    if (failed(place)) {
      return failure();
    }
    llvm::SmallString<256> full(llvm::sys::path::parent_path(path));
    llvm::sys::path::append(full, place->file);
    std::string bytes(place->range.length, 0);
    int descriptor = ::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t count = descriptor < 0
                        ? -1
                        : pread(descriptor, bytes.data(), bytes.size(),
                                place->range.offset);
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    if (count != static_cast<ssize_t>(bytes.size())) {
      message = "cannot read its data from '" + place->file + "'";
      return failure();
    }
    return fromBytes(ArrayRef<char>(bytes.data(), bytes.size()), type, message);
  }
  if (tensor.has_raw_data()) {
    return fromBytes(file.bytes(ModelFile::rawData(tensor)), type, message);
  }
  std::string bytes = typedBytes(tensor, type.getElementType());
  return fromBytes(ArrayRef<char>(bytes.data(), bytes.size()), type, message);
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

FailureOr<std::optional<TensorPlace>>
TensorReader::place(const ::onnx::TensorProto &tensor, RankedTensorType type,
                    std::string &message) {
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL) {
    FailureOr<TensorPlace> place = externalPlace(tensor, type, message);
    if (failed(place)) {
      return failure();
    }
    return std::optional<TensorPlace>(*place);
  }
  if (!tensor.has_raw_data()) {
    return std::optional<TensorPlace>();
  }
  FileRange range = ModelFile::rawData(tensor);
  if (range.length != tensorBytes(type)) {
    message = "its type needs " + std::to_string(tensorBytes(type)) +
              " bytes, but there are " + std::to_string(range.length);
    return failure();
  }
  return std::optional<TensorPlace>(
      TensorPlace{llvm::sys::path::filename(path).str(), range});
}

/// Why a location must not be opened, or nothing: external data lies in the
/// model's folder, in files that are nothing else.
static std::string checkLocation(StringRef location, StringRef folder,
                                 uint64_t &size) {
  if (location.empty() || location.contains('\0') ||
      llvm::sys::path::is_absolute(location)) {
    return "its location must be a path relative to the model's folder";
  }
  llvm::SmallString<256> full(folder);
  for (auto part = llvm::sys::path::begin(location),
            end = llvm::sys::path::end(location);
       part != end; ++part) {
    if (*part == "..") {
      return "its location leaves the model's folder";
    }
    llvm::sys::path::append(full, *part);
    struct stat status = {};
    if (lstat(full.c_str(), &status) != 0) {
      return "the file '" + location.str() +
             "' with its data does not exist; copy it beside the model";
    }
    if (S_ISLNK(status.st_mode)) {
      return "'" + location.str() +
             "' is a symbolic link; put the file itself beside the model";
    }
    if (S_ISDIR(status.st_mode)) {
      continue;
    }
    if (!S_ISREG(status.st_mode)) {
      return "'" + location.str() + "' is no regular file";
    }
    if (status.st_nlink > 1) {
      return "'" + location.str() +
             "' has more than one name (hard link); put a copy beside the "
             "model";
    }
    size = status.st_size;
    return "";
  }
  return "'" + location.str() + "' is a folder";
}

FailureOr<TensorPlace>
TensorReader::externalPlace(const ::onnx::TensorProto &tensor,
                            RankedTensorType type, std::string &message) {
  TensorPlace place;
  std::optional<uint64_t> length;
  for (const auto &entry : tensor.external_data()) {
    uint64_t number = 0;
    if (entry.key() == "location") {
      place.file = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      if (StringRef(entry.value()).getAsInteger(10, number)) {
        message = "its " + entry.key() + " '" + entry.value() +
                  "' is no number of bytes";
        return failure();
      }
      if (entry.key() == "offset") {
        place.range.offset = number;
      } else {
        length = number;
      }
    }
  }
  StringRef folder = llvm::sys::path::parent_path(path);
  uint64_t size = 0;
  message = checkLocation(place.file, folder.empty() ? "." : folder, size);
  if (!message.empty()) {
    return failure();
  }
  place.range.length = tensorBytes(type);
  if (length && *length != place.range.length) {
    message = "its type needs " + std::to_string(place.range.length) +
              " bytes, but its length is " + std::to_string(*length);
    return failure();
  }
  if (place.range.offset > size ||
      place.range.length > size - place.range.offset) {
    message = "'" + place.file + "' has " + std::to_string(size) +
              " bytes, but its data ends at byte " +
              std::to_string(place.range.offset) + " + " +
              std::to_string(place.range.length) +
              "; the file was cut short, copy it again";
    return failure();
  }
  return place;
}
