//===- ModelFile.cpp - a model without the bytes of its tensors -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe;

namespace {

/// Messages of onnx.proto that may hold a tensor, and where.
enum class Message { Other, Model, Graph, Node, Attribute, Function, Sparse,
                     Tensor };

Message fieldMessage(Message parent, uint64_t field) {
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
    return field == 5 || field == 10   ? Message::Tensor
           : field == 6 || field == 11 ? Message::Graph
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

/// Copies a message without the bytes of raw_data fields, which become the
/// place of the bytes: offset and length, 8 bytes each.
class Stripper {
public:
  Stripper(const char *file, uint64_t size) : file(file), size(size) {}

  bool strip(std::string &result) {
    return copyMessage(Message::Model, 0, size, result, 0);
  }

private:
  static constexpr unsigned kMaxDepth = 100;
  static constexpr uint64_t kRawData = 9;
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

  static void writeVarint(std::string &out, uint64_t value) {
    while (value >= 0x80) {
      out.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out.push_back(static_cast<char>(value));
  }

  bool copyMessage(Message message, uint64_t at, uint64_t end,
                   std::string &out, unsigned depth) {
    if (depth > kMaxDepth) {
      return false;
    }
    while (at < end) {
      uint64_t start = at, tag, value;
      if (!readVarint(at, end, tag)) {
        return false;
      }
      switch (tag & 7) {
      case Varint:
        if (!readVarint(at, end, value)) {
          return false;
        }
        break;
      case Fixed64:
        at += 8;
        break;
      case Fixed32:
        at += 4;
        break;
      case Bytes:
        if (!readVarint(at, end, value) || value > end - at) {
          return false;
        }
        if (!copyBytes(message, tag, start, at, value, out, depth)) {
          return false;
        }
        at += value;
        continue;
      default:
        return false;
      }
      if (at > end) {
        return false;
      }
      out.append(file + start, at - start);
    }
    return true;
  }

  bool copyBytes(Message message, uint64_t tag, uint64_t start, uint64_t at,
                 uint64_t length, std::string &out, unsigned depth) {
    uint64_t field = tag >> 3;
    if (message == Message::Tensor && field == kRawData) {
      FileRange range{at, length};
      writeVarint(out, tag);
      writeVarint(out, sizeof(range));
      out.append(reinterpret_cast<const char *>(&range), sizeof(range));
      return true;
    }
    Message inner = fieldMessage(message, field);
    if (inner == Message::Other) {
      out.append(file + start, at + length - start);
      return true;
    }
    std::string nested;
    if (!copyMessage(inner, at, at + length, nested, depth + 1)) {
      return false;
    }
    writeVarint(out, tag);
    writeVarint(out, nested.size());
    out += nested;
    return true;
  }

  const char *file;
  uint64_t size;
};

} // namespace

ModelFile::~ModelFile() {
  if (data) {
    munmap(const_cast<char *>(data), length);
  }
}

FileRange ModelFile::rawData(const ::onnx::TensorProto &tensor) {
  FileRange range;
  std::memcpy(&range, tensor.raw_data().data(), sizeof(range));
  return range;
}

LogicalResult ModelFile::open(StringRef path, std::string &message) {
  std::string name = path.str();
  int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    message = "cannot open '" + name + "': " + strerror(errno);
    if (descriptor >= 0) {
      close(descriptor);
    }
    return failure();
  }
  if (!S_ISREG(status.st_mode)) {
    close(descriptor);
    message = "'" + name + "' is no regular file";
    return failure();
  }
  length = status.st_size;
  void *mapped = length == 0 ? nullptr
                             : mmap(nullptr, length, PROT_READ, MAP_PRIVATE,
                                    descriptor, 0);
  int error = errno;
  close(descriptor);
  if (mapped == MAP_FAILED) {
    message = "cannot map '" + name + "': " + strerror(error);
    return failure();
  }
  data = static_cast<const char *>(mapped);
  std::string stripped;
  if (!Stripper(data, length).strip(stripped) ||
      !proto.ParseFromString(stripped) || !proto.has_graph()) {
    message = "'" + name +
              "' is no ONNX model, or it was cut short; check how it was "
              "written or copy it again";
    return failure();
  }
  return success();
}
