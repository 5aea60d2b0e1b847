//===- Npy.cpp - NumPy's array files --------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Npy.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe;

static constexpr char magic[] = "\x93NUMPY";
static constexpr size_t magicBytes = 6;
/// NumPy writes less than 200 bytes.
static constexpr size_t longestHeader = 1 << 20;
static constexpr size_t deepestRank = 64;

std::string moe::describeTensor(moe_rt_dtype_t dtype,
                                const std::vector<int64_t> &shape) {
  std::string text = moe_rt_dtype_name(dtype);
  text += '[';
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + ']';
}

//===----------------------------------------------------------------------===//
// The header: a Python dictionary with three known keys
//===----------------------------------------------------------------------===//

namespace {

struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : text(text) {}

  std::string parse(Header &header);

private:
  void skipSpace() {
    while (at < text.size() && strchr(" \t\r\n", text[at]) && text[at]) {
      ++at;
    }
  }
  bool take(char wanted) {
    skipSpace();
    if (at == text.size() || text[at] != wanted) {
      return false;
    }
    ++at;
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (text.substr(at, word.size()) != word) {
      return false;
    }
    at += word.size();
    return true;
  }
  bool takeString(std::string &result);
  bool takeNumber(int64_t &result);
  std::string takeShape(std::vector<int64_t> &shape);
  std::string takeValue(const std::string &key, Header &header);

  std::string_view text;
  size_t at = 0;
};

bool HeaderParser::takeString(std::string &result) {
  skipSpace();
  if (at == text.size() || (text[at] != '\'' && text[at] != '"')) {
    return false;
  }
  size_t end = text.find(text[at], at + 1);
  if (end == std::string_view::npos) {
    return false;
  }
  std::string_view content = text.substr(at + 1, end - at - 1);
  // No name that counts has an escape, and messages show the rest.
  for (char c : content) {
    if (c < 0x20 || c == 0x7F || c == '\\') {
      return false;
    }
  }
  result = content;
  at = end + 1;
  return true;
}

bool HeaderParser::takeNumber(int64_t &result) {
  skipSpace();
  result = 0;
  size_t start = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    if (__builtin_mul_overflow(result, 10, &result) ||
        __builtin_add_overflow(result, text[at] - '0', &result)) {
      return false;
    }
    ++at;
  }
  if (at == start) {
    return false;
  }
  // Python 2 wrote long integers so.
  if (at < text.size() && text[at] == 'L') {
    ++at;
  }
  return true;
}

std::string HeaderParser::takeShape(std::vector<int64_t> &shape) {
  if (!take('(')) {
    return "its header's shape is no tuple";
  }
  bool separated = true;
  while (!take(')')) {
    int64_t extent;
    if (!separated || !takeNumber(extent)) {
      return "its header's shape is no tuple of sizes";
    }
    if (shape.size() == deepestRank) {
      return "it has more than 64 dimensions";
    }
    shape.push_back(extent);
    separated = take(',');
  }
  // (3) is a number in brackets.
  if (shape.size() == 1 && !separated) {
    return "its header's shape is no tuple";
  }
  return "";
}

std::string HeaderParser::takeValue(const std::string &key, Header &header) {
  if (key == "shape") {
    return takeShape(header.shape);
  }
  if (key == "fortran_order") {
    header.fortranOrder = takeWord("True");
    return header.fortranOrder || takeWord("False")
               ? ""
               : "its header's fortran_order is neither True nor False";
  }
  if (takeString(header.descr)) {
    return "";
  }
  skipSpace();
  return at < text.size() && text[at] == '['
             ? "it holds records, expected plain numbers"
             : "its header's descr is no string";
}

std::string HeaderParser::parse(Header &header) {
  static const char *const keys[] = {"descr", "fortran_order", "shape"};
  bool seen[3] = {};
  if (!take('{')) {
    return "its header is no dictionary";
  }
  bool separated = true;
  while (!take('}')) {
    std::string key;
    if (!separated || !takeString(key) || !take(':')) {
      return "its header is no dictionary";
    }
    size_t index = 0;
    while (index < 3 && key != keys[index]) {
      ++index;
    }
    if (index == 3 || seen[index]) {
      return "its header has " +
             std::string(index == 3 ? "the unknown key '" : "twice the key '") +
             key + "'";
    }
    seen[index] = true;
    if (std::string error = takeValue(key, header); !error.empty()) {
      return error;
    }
    separated = take(',');
  }
  skipSpace();
  if (at != text.size()) {
    return "its header goes on after the dictionary";
  }
  for (size_t i = 0; i < 3; ++i) {
    if (!seen[i]) {
      return "its header lacks the key '" + std::string(keys[i]) + "'";
    }
  }
  return "";
}

struct TypeName {
  const char *descr;
  moe_rt_dtype_t dtype;
};

} // namespace

/// Without the byte order.
static const TypeName typeNames[] = {
    {"b1", MOE_RT_DTYPE_BOOL}, {"u1", MOE_RT_DTYPE_U8},
    {"i1", MOE_RT_DTYPE_I8},   {"u2", MOE_RT_DTYPE_U16},
    {"i2", MOE_RT_DTYPE_I16},  {"u4", MOE_RT_DTYPE_U32},
    {"i4", MOE_RT_DTYPE_I32},  {"u8", MOE_RT_DTYPE_U64},
    {"i8", MOE_RT_DTYPE_I64},  {"f2", MOE_RT_DTYPE_F16},
    {"f4", MOE_RT_DTYPE_F32},  {"f8", MOE_RT_DTYPE_F64}};

static std::string parseDescr(const std::string &descr, moe_rt_dtype_t expected,
                              moe_rt_dtype_t &dtype) {
  char order = descr.empty() ? '\0' : descr[0];
  std::string name = descr.empty() ? "" : descr.substr(1);
  if (name == "V2" && (order == '<' || order == '|')) {
    dtype = MOE_RT_DTYPE_BF16;
    return expected == MOE_RT_DTYPE_BF16
               ? ""
               : "its type '" + descr + "' can only be bf16, but " +
                     moe_rt_dtype_name(expected) + " is expected";
  }
  for (const TypeName &type : typeNames) {
    if (name != type.descr) {
      continue;
    }
    dtype = type.dtype;
    if (order == '<' || (order == '|' && moe_rt_dtype_size(dtype) == 1)) {
      return "";
    }
    if (order == '>' && moe_rt_dtype_size(dtype) > 1) {
      return "it is big-endian ('" + descr + "'); save x.astype('<" + name +
             "') instead";
    }
  }
  return "its type '" + descr + "' is not supported";
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// The header's bytes and where the data begins.
static std::string findHeader(const char *file, size_t size,
                              std::string_view &header, size_t &dataStart) {
  if (size < magicBytes + 2 || memcmp(file, magic, magicBytes) != 0) {
    return "it is no .npy file";
  }
  auto byte = [&](size_t index) { return size_t(uint8_t(file[index])); };
  size_t version = byte(magicBytes);
  if (version < 1 || version > 3 || byte(magicBytes + 1) != 0) {
    return "its format version " + std::to_string(version) + "." +
           std::to_string(byte(magicBytes + 1)) +
           " is unknown; 1.0, 2.0 and 3.0 are supported";
  }
  size_t lengthBytes = version == 1 ? 2 : 4;
  size_t start = magicBytes + 2 + lengthBytes;
  if (size < start) {
    return "it ends in its header";
  }
  size_t length = 0;
  for (size_t i = 0; i < lengthBytes; ++i) {
    length |= byte(magicBytes + 2 + i) << (8 * i);
  }
  if (length > longestHeader) {
    return "its header has " + std::to_string(length) + " bytes, more than " +
           std::to_string(longestHeader);
  }
  if (length > size - start) {
    return "it ends in its header";
  }
  header = std::string_view(file + start, length);
  dataStart = start + length;
  return "";
}

/// Copies elements from Fortran order to row-major order.
static void reorder(const char *from, char *to,
                    const std::vector<int64_t> &shape, size_t elementSize) {
  std::vector<size_t> strides(shape.size());
  size_t stride = elementSize;
  for (size_t i = 0; i < shape.size(); ++i) {
    strides[i] = stride;
    stride *= size_t(shape[i]);
  }
  size_t total = stride;
  std::vector<int64_t> index(shape.size());
  size_t source = 0;
  for (size_t target = 0; target < total; target += elementSize) {
    memcpy(to + target, from + source, elementSize);
    for (size_t i = shape.size(); i-- > 0;) {
      source += strides[i];
      if (++index[i] < shape[i]) {
        break;
      }
      source -= strides[i] * size_t(shape[i]);
      index[i] = 0;
    }
  }
}

std::string moe::parseNpy(const void *file, size_t size,
                          moe_rt_dtype_t expected, NpyArray &array) {
  auto *bytes = static_cast<const char *>(file);
  std::string_view text;
  size_t dataStart = 0;
  if (std::string error = findHeader(bytes, size, text, dataStart);
      !error.empty()) {
    return error;
  }
  Header header;
  if (std::string error = HeaderParser(text).parse(header); !error.empty()) {
    return error;
  }
  NpyArray result;
  if (std::string error = parseDescr(header.descr, expected, result.dtype);
      !error.empty()) {
    return error;
  }
  // A zero does not hide that the other extents overflow.
  size_t elementSize = moe_rt_dtype_size(result.dtype);
  result.bytes = elementSize;
  bool overflow = false;
  bool empty = false;
  for (int64_t extent : header.shape) {
    empty |= extent == 0;
    overflow |= extent && __builtin_mul_overflow(result.bytes, size_t(extent),
                                                 &result.bytes);
  }
  std::string shape = describeTensor(result.dtype, header.shape);
  if (overflow) {
    return "its shape " + shape + " has more bytes than there are";
  }
  result.bytes = empty ? 0 : result.bytes;
  if (result.bytes != size - dataStart) {
    return "it holds " + std::to_string(size - dataStart) + " bytes, but " +
           shape + " has " + std::to_string(result.bytes);
  }
  result.data.reset(aligned_alloc(64, (result.bytes + 64) / 64 * 64));
  if (!result.data) {
    return "there is no memory for " + shape;
  }
  auto *data = static_cast<char *>(result.data.get());
  if (header.fortranOrder && !empty) {
    reorder(bytes + dataStart, data, header.shape, elementSize);
  } else if (!empty) {
    memcpy(data, bytes + dataStart, result.bytes);
  }
  for (size_t i = 0; i < result.bytes && result.dtype == MOE_RT_DTYPE_BOOL;
       ++i) {
    if (uint8_t(data[i]) > 1) {
      return "its boolean at index " + std::to_string(i) + " is " +
             std::to_string(uint8_t(data[i])) + ", expected 0 or 1";
    }
  }
  result.shape = std::move(header.shape);
  array = std::move(result);
  return "";
}

namespace {

/// A descriptor that is closed at the end.
class File {
public:
  explicit File(int descriptor) : descriptor(descriptor) {}
  ~File() {
    if (descriptor >= 0) {
      close(descriptor);
    }
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  int get() const { return descriptor; }
  /// Closes now; whether that went well.
  bool finish() {
    int result = close(descriptor);
    descriptor = -1;
    return result == 0;
  }

private:
  int descriptor;
};

} // namespace

std::string moe::readNpy(const std::string &path, moe_rt_dtype_t expected,
                         NpyArray &array) {
  // Not to hang at a pipe that nobody writes.
  File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return std::string("cannot open it: ") + strerror(errno);
  }
  struct stat info;
  if (fstat(file.get(), &info)) {
    return std::string("cannot read it: ") + strerror(errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return "it is no regular file";
  }
  auto size = size_t(info.st_size);
  std::unique_ptr<char, NpyArray::Free> bytes(
      static_cast<char *>(malloc(size ? size : 1)));
  if (!bytes) {
    return "there is no memory for its " + std::to_string(size) + " bytes";
  }
  size_t filled = 0;
  while (filled < size) {
    ssize_t count = read(file.get(), bytes.get() + filled, size - filled);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return count ? std::string("cannot read it: ") + strerror(errno)
                   : "it became shorter while it was read";
    }
    filled += size_t(count);
  }
  return parseNpy(bytes.get(), size, expected, array);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static bool writeAll(int file, const void *data, size_t size) {
  auto *bytes = static_cast<const char *>(data);
  while (size) {
    ssize_t count = write(file, bytes, size);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return false;
    }
    bytes += count;
    size -= size_t(count);
  }
  return true;
}

std::string moe::writeFileAtomically(const std::string &path, const void *first,
                                     size_t firstBytes, const void *second,
                                     size_t secondBytes) {
  struct stat info;
  if (!lstat(path.c_str(), &info) && !S_ISREG(info.st_mode)) {
    return "something that is no regular file has its place";
  }
  size_t slash = path.rfind('/');
  size_t nameStart = slash == std::string::npos ? 0 : slash + 1;
  std::string pattern = path.substr(0, nameStart) + ".moe-run-XXXXXX";
  File file(mkostemp(pattern.data(), O_CLOEXEC));
  if (file.get() < 0) {
    return std::string("cannot create it: ") + strerror(errno);
  }
  // mkostemp makes private files; this one is as public as the user's others.
  mode_t mask = umask(0);
  umask(mask);
  bool written = fchmod(file.get(), 0666 & ~mask) == 0 &&
                 writeAll(file.get(), first, firstBytes) &&
                 writeAll(file.get(), second, secondBytes) &&
                 fsync(file.get()) == 0 && file.finish() &&
                 rename(pattern.c_str(), path.c_str()) == 0;
  if (!written) {
    int error = errno;
    unlink(pattern.c_str());
    return std::string("cannot write it: ") + strerror(error);
  }
  return "";
}

static std::string describeForNumpy(moe_rt_dtype_t dtype) {
  if (dtype == MOE_RT_DTYPE_BF16) {
    return "<V2";
  }
  for (const TypeName &type : typeNames) {
    if (type.dtype == dtype) {
      return (moe_rt_dtype_size(dtype) == 1 ? "|" : "<") +
             std::string(type.descr);
    }
  }
  return "";
}

std::string moe::writeNpy(const std::string &path, moe_rt_dtype_t dtype,
                          const std::vector<int64_t> &shape, const void *data,
                          size_t bytes) {
  std::string header = "{'descr': '" + describeForNumpy(dtype) +
                       "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i) {
    header += (i ? ", " : "") + std::to_string(shape[i]);
  }
  header += shape.size() == 1 ? ",), }" : "), }";
  // NumPy aligns the data to 64 bytes and ends the header with a line break.
  size_t prefix = magicBytes + 4;
  size_t total = (prefix + header.size() + 1 + 63) / 64 * 64;
  header.resize(total - prefix - 1, ' ');
  header += '\n';
  std::string file(magic, magicBytes);
  file += '\x01';
  file += '\0';
  file += char(header.size() & 0xFF);
  file += char(header.size() >> 8);
  file += header;
  return writeFileAtomically(path, file.data(), file.size(), data, bytes);
}
