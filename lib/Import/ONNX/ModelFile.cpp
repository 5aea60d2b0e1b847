//===- ModelFile.cpp - a model without the bytes of its tensors -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelFile.h"

#include <cstring>
#include <vector>

using namespace moe;

namespace {

/// Messages of onnx.proto that may hold a tensor, and where.
enum class Message {
  Other,
  Model,
  Graph,
  Node,
  Attribute,
  Function,
  Sparse,
  Tensor
};

} // namespace

static Message fieldMessage(Message parent, uint32_t field) {
  switch (parent) {
  case Message::Model:
    return field == 7    ? Message::Graph
           : field == 25 ? Message::Function
                         : Message::Other;
  case Message::Graph:
    return field == 1    ? Message::Node
           : field == 5  ? Message::Tensor
           : field == 15 ? Message::Sparse
                         : Message::Other;
  case Message::Node:
    return field == 5 ? Message::Attribute : Message::Other;
  case Message::Function:
    return field == 7    ? Message::Node
           : field == 11 ? Message::Attribute
                         : Message::Other;
  case Message::Attribute:
    return field == 5 || field == 10    ? Message::Tensor
           : field == 6 || field == 11  ? Message::Graph
           : field == 22 || field == 23 ? Message::Sparse
                                        : Message::Other;
  case Message::Sparse:
    return field == 1 || field == 2 ? Message::Tensor : Message::Other;
  case Message::Tensor:
  case Message::Other:
    return Message::Other;
  }
  return Message::Other;
}

namespace {

/// What stands in raw_data for the bytes that were left out.
struct Place {
  uint64_t offset, length;
  uint64_t field;
};

/// Copies a message without tensor bytes. Two passes, one for the lengths of
/// nested messages: they stand in front of them.
class Stripper {
public:
  explicit Stripper(ArrayRef<char> file) : file(file) {}

  /// Length of the result; nothing if the file is no message.
  std::optional<uint64_t> measure() {
    uint64_t length;
    return scan(Message::Model, 0, file.size(), 0, length)
               ? std::optional(length)
               : std::nullopt;
  }

  void copy(std::string &result) {
    out = &result;
    next = 0;
    uint64_t length;
    (void)scan(Message::Model, 0, file.size(), 0, length);
  }

private:
  /// Protobuf's own limit of nesting.
  static constexpr unsigned kMaxDepth = 100;
  enum Wire { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

  bool readVarint(uint64_t &at, uint64_t end, uint64_t &value) const {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
      uint8_t byte = file[at++];
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return true;
      }
    }
    return false;
  }

  static unsigned varintLength(uint64_t value) {
    unsigned length = 1;
    for (; value >= 0x80; value >>= 7) {
      ++length;
    }
    return length;
  }

  void writeVarint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      out->push_back(static_cast<char>(value | 0x80));
    }
    out->push_back(static_cast<char>(value));
  }

  /// Passes over a message in [at, end): measures it, or copies it if there is
  /// a result to write to.
  bool scan(Message message, uint64_t at, uint64_t end, unsigned depth,
            uint64_t &length) {
    length = 0;
    if (depth > kMaxDepth) {
      return false;
    }
    while (at < end) {
      uint64_t start = at, tag, value;
      // Protobuf would cut a longer tag, and see another field than we do.
      if (!readVarint(at, end, tag) || tag > UINT32_MAX || tag >> 3 == 0) {
        return false;
      }
      uint64_t size = 0;
      switch (tag & 7) {
      case Varint:
        if (!readVarint(at, end, value)) {
          return false;
        }
        break;
      case Fixed64:
        size = 8;
        break;
      case Fixed32:
        size = 4;
        break;
      case Bytes:
        if (!readVarint(at, end, size)) {
          return false;
        }
        break;
      default:
        return false;
      }
      if (size > end - at) {
        return false;
      }
      if ((tag & 7) == Bytes) {
        uint64_t copied;
        if (!scanBytes(message, tag, start, at, size, depth, copied)) {
          return false;
        }
        length += copied;
      } else {
        copyBytes(start, at + size);
        length += at + size - start;
      }
      at += size;
    }
    return true;
  }

  void copyBytes(uint64_t begin, uint64_t end) {
    if (out) {
      out->append(file.data() + begin, end - begin);
    }
  }

  static bool isData(uint64_t field) {
    return field == RawData || field == FloatData || field == DoubleData ||
           field == Int32Data || field == Int64Data || field == Uint64Data;
  }

  bool scanBytes(Message message, uint64_t tag, uint64_t start, uint64_t at,
                 uint64_t size, unsigned depth, uint64_t &length) {
    uint64_t field = tag >> 3;
    if (message == Message::Tensor && isData(field)) {
      constexpr uint64_t rawTag = RawData << 3 | Bytes;
      length = varintLength(rawTag) + 1 + sizeof(Place);
      if (out) {
        Place place{at, size, field};
        writeVarint(rawTag);
        writeVarint(sizeof(place));
        out->append(reinterpret_cast<const char *>(&place), sizeof(place));
      }
      return true;
    }
    Message inner = fieldMessage(message, field);
    if (inner == Message::Other) {
      copyBytes(start, at + size);
      length = at + size - start;
      return true;
    }
    size_t index = next++;
    uint64_t nested = 0;
    if (out) {
      nested = lengths[index];
      writeVarint(tag);
      writeVarint(nested);
    } else {
      lengths.push_back(0);
    }
    uint64_t measured;
    if (!scan(inner, at, at + size, depth + 1, measured)) {
      return false;
    }
    if (!out) {
      lengths[index] = measured;
    }
    length = varintLength(tag) + varintLength(measured) + measured;
    return true;
  }

  ArrayRef<char> file;
  /// Lengths of nested messages, in the order in which they begin.
  std::vector<uint64_t> lengths;
  size_t next = 0;
  std::string *out = nullptr;
};

} // namespace

static std::optional<Place> placeOf(const ::onnx::TensorProto &tensor,
                                    ArrayRef<char> file) {
  Place place;
  // A field of another tensor, or of one that was not reached by the pass over
  // the file, must not be taken for a place.
  if (!tensor.has_raw_data() || tensor.raw_data().size() != sizeof(place)) {
    return std::nullopt;
  }
  std::memcpy(&place, tensor.raw_data().data(), sizeof(place));
  bool inside = place.offset <= file.size() &&
                place.length <= file.size() - place.offset;
  return inside ? std::optional(place) : std::nullopt;
}

std::optional<FileRange>
ModelFile::data(const ::onnx::TensorProto &tensor) const {
  std::optional<Place> place = placeOf(tensor, file);
  if (!place) {
    return std::nullopt;
  }
  bool fits = place->field == RawData ||
              (place->field == FloatData &&
               tensor.data_type() == ::onnx::TensorProto::FLOAT) ||
              (place->field == DoubleData &&
               tensor.data_type() == ::onnx::TensorProto::DOUBLE);
  return fits ? std::optional(FileRange{place->offset, place->length})
              : std::nullopt;
}

/// The field of integers that a type of elements is spelled out in.
static unsigned integerField(int32_t type) {
  switch (type) {
  case ::onnx::TensorProto::FLOAT:
  case ::onnx::TensorProto::DOUBLE:
    return 0;
  case ::onnx::TensorProto::INT64:
    return Int64Data;
  case ::onnx::TensorProto::UINT32:
  case ::onnx::TensorProto::UINT64:
    return Uint64Data;
  default:
    return Int32Data;
  }
}

std::optional<FileRange>
ModelFile::varints(const ::onnx::TensorProto &tensor) const {
  std::optional<Place> place = placeOf(tensor, file);
  return place && place->field == integerField(tensor.data_type())
             ? std::optional(FileRange{place->offset, place->length})
             : std::nullopt;
}

LogicalResult ModelFile::parse(ArrayRef<char> bytes, uint64_t maxBytes,
                               std::string &message) {
  file = bytes;
  Stripper stripper(file);
  std::optional<uint64_t> length = stripper.measure();
  if (!length) {
    message = "this is no ONNX model, or it was cut short; check how it was "
              "written, or copy it again";
    return failure();
  }
  if (*length > std::min<uint64_t>(maxBytes, INT32_MAX)) {
    message = "the model has " + std::to_string(*length) +
              " bytes besides tensor data; at most " +
              std::to_string(std::min<uint64_t>(maxBytes, INT32_MAX)) +
              " are read";
    return failure();
  }
  std::string stripped;
  stripped.reserve(*length);
  stripper.copy(stripped);
  if (!proto.ParseFromString(stripped)) {
    message = "this is no ONNX model, or it was cut short; check how it was "
              "written, or copy it again";
    return failure();
  }
  if (!proto.has_graph()) {
    message = "the file has no graph: it is no ONNX model, or one of training "
              "or functions only; export the model again";
    return failure();
  }
  return success();
}
