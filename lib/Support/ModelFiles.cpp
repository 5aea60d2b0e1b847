//===- ModelFiles.cpp - the files of a model ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/ModelFiles.h"

#include "moe/Support/Quote.h"
#include "moe/Support/Varints.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace moe;

namespace path = llvm::sys::path;

/// In front of the names of packed numbers: no file of a model has such a name,
/// since it is absolute.
static constexpr StringRef kVarints = "/varints/";
/// Kept decoded, since the parts of one tensor are asked for one by one.
static constexpr uint64_t kMaxDecodedBytes = UINT64_C(1) << 30;

ModelFiles::ModelFiles(StringRef folder)
    : folder(folder.empty() ? "." : folder.str()) {}

ModelFiles::~ModelFiles() {
  for (auto &entry : mappings) {
    if (!entry.second.empty()) {
      munmap(const_cast<char *>(entry.second.data()), entry.second.size());
    }
  }
}

void ModelFiles::releasePages() {
  for (auto &entry : mappings) {
    if (!entry.second.empty()) {
      madvise(const_cast<char *>(entry.second.data()), entry.second.size(),
              MADV_DONTNEED);
    }
  }
  if (decodedBytes > kMaxDecodedBytes) {
    decoded.clear();
    decodedBytes = 0;
  }
}

std::string ModelFiles::nameVarints(StringRef file, uint64_t offset,
                                    uint64_t length, unsigned width) {
  return kVarints.str() + std::to_string(width) + "/" + std::to_string(offset) +
         "/" + std::to_string(length) + "/" + file.str();
}

FailureOr<ArrayRef<char>> ModelFiles::openVarints(StringRef name,
                                                  std::string &message) {
  auto known = decoded.find(name);
  if (known == decoded.end()) {
    StringRef rest = name.drop_front(kVarints.size());
    uint64_t numbers[3] = {};
    for (uint64_t &number : numbers) {
      auto [first, others] = rest.split('/');
      if (first.getAsInteger(10, number)) {
        message = quote(name) + " names no packed numbers";
        return failure();
      }
      rest = others;
    }
    auto [width, offset, length] = numbers;
    // Not of numbers again.
    if (rest.starts_with(kVarints)) {
      message = quote(name) + " names no packed numbers";
      return failure();
    }
    FailureOr<ArrayRef<char>> file = open(rest, message);
    if (failed(file)) {
      return failure();
    }
    if (width == 0 || width > sizeof(uint64_t) || offset > file->size() ||
        length > file->size() - offset) {
      message = quote(name) + " names no packed numbers";
      return failure();
    }
    known = decoded
                .try_emplace(name, decodeVarints(file->slice(offset, length),
                                                 width))
                .first;
    decodedBytes += known->second.size();
  }
  return ArrayRef<char>(known->second.data(), known->second.size());
}

bool ModelFiles::contains(StringRef path) const {
  struct stat status = {};
  return stat(path.str().c_str(), &status) == 0 &&
         llvm::is_contained(identities,
                            std::pair<uint64_t, uint64_t>(status.st_dev,
                                                          status.st_ino));
}

/// Takes the descriptor.
FailureOr<ArrayRef<char>> ModelFiles::map(int descriptor, StringRef name,
                                          std::string &message) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor);
    message = quote(name) + " is no regular file";
    return failure();
  }
  size_t size = status.st_size;
  void *data = size == 0
                   ? nullptr
                   : mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  int error = errno;
  close(descriptor);
  if (data == MAP_FAILED) {
    message = "cannot map " + quote(name) + ": " + strerror(error);
    return failure();
  }
  ArrayRef<char> bytes(static_cast<const char *>(data), size);
  mappings.try_emplace(name, bytes);
  identities.emplace_back(status.st_dev, status.st_ino);
  return bytes;
}

/// O_NONBLOCK: a pipe in place of a file must not hang us.
static constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

FailureOr<ArrayRef<char>> ModelFiles::openModel(StringRef file,
                                                std::string &message) {
  int descriptor = ::open(file.str().c_str(), kOpenFlags);
  if (descriptor < 0) {
    message = "cannot open " + quote(file) + ": " + strerror(errno);
    return failure();
  }
  return map(descriptor, path::filename(file), message);
}

FailureOr<ArrayRef<char>> ModelFiles::open(StringRef name,
                                           std::string &message) {
  auto known = mappings.find(name);
  if (known != mappings.end()) {
    return known->second;
  }
  if (name.starts_with(kVarints)) {
    return openVarints(name, message);
  }
  if (name.empty() || name.size() >= PATH_MAX || name.contains('\0') ||
      path::is_absolute(name)) {
    message = quote(name) + " is no path relative to the model's folder";
    return failure();
  }
  FailureOr<int> descriptor =
      linkRoot ? openLinked(name, message) : openInside(name, message);
  if (failed(descriptor)) {
    return failure();
  }
  return map(*descriptor, name, message);
}

static std::string cannotOpen(StringRef name, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return "there is no file " + quote(name) + "; copy it beside the model";
  }
  return "cannot open " + quote(name) + ": " + strerror(error);
}

namespace {

/// A descriptor that is closed with its owner.
class Descriptor {
public:
  explicit Descriptor(int number) : number(number) {}
  Descriptor(Descriptor &&other) : number(other.release()) {}
  Descriptor &operator=(Descriptor &&other) {
    std::swap(number, other.number);
    return *this;
  }
  ~Descriptor() {
    if (number >= 0) {
      close(number);
    }
  }

  bool valid() const { return number >= 0; }
  int get() const { return number; }
  int release() { return std::exchange(number, -1); }

private:
  int number;
};

} // namespace

/// Opens for reading what an O_PATH descriptor names, if it is a regular file
/// without other names, which could be outside the model's folder. Nothing else
/// is ever opened: that alone does something to some devices.
static FailureOr<int> openRegular(const Descriptor &handle, StringRef name,
                                  std::string &message) {
  struct stat status = {};
  if (fstat(handle.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    message = quote(name) + " is no regular file";
    return failure();
  }
  if (status.st_nlink > 1) {
    message = quote(name) + " has more than one name (hard link); put a copy "
                            "beside the model";
    return failure();
  }
  std::string link = "/proc/self/fd/" + std::to_string(handle.get());
  int descriptor = ::open(link.c_str(), kOpenFlags);
  if (descriptor < 0) {
    message = cannotOpen(name, errno);
    return failure();
  }
  return descriptor;
}

/// Opens part after part, so that what was checked is what is opened.
FailureOr<int> ModelFiles::openInside(StringRef name, std::string &message) {
  Descriptor at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at.valid()) {
    message = cannotOpen(folder, errno);
    return failure();
  }
  SmallVector<StringRef> parts;
  name.split(parts, '/', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    if (part == "..") {
      message = quote(name) + " leads out of the model's folder";
      return failure();
    }
    at = Descriptor(
        openat(at.get(), part.str().c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status = {};
    if (!at.valid() || fstat(at.get(), &status) != 0) {
      message = cannotOpen(name, errno);
      return failure();
    }
    if (S_ISLNK(status.st_mode)) {
      message = quote(name) + " is reached through a symbolic link; put the "
                              "file itself beside the model, or name the "
                              "folder that holds it with --external-data-root";
      return failure();
    }
  }
  return openRegular(at, name, message);
}

/// The path of what a descriptor names.
static std::string pathOf(const Descriptor &handle) {
  char buffer[PATH_MAX];
  std::string link = "/proc/self/fd/" + std::to_string(handle.get());
  ssize_t length = readlink(link.c_str(), buffer, sizeof(buffer));
  return length <= 0 ? "" : std::string(buffer, length);
}

FailureOr<int> ModelFiles::openLinked(StringRef name, std::string &message) {
  llvm::SmallString<256> full(folder);
  path::append(full, name);
  // Checked by the path of what was opened, not by where the name led before.
  Descriptor handle(::open(full.c_str(), O_PATH | O_CLOEXEC));
  Descriptor root(::open(linkRoot->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!handle.valid() || !root.valid()) {
    message = cannotOpen(handle.valid() ? StringRef(*linkRoot) : name, errno);
    return failure();
  }
  std::string target = pathOf(handle), rootPath = pathOf(root);
  if (rootPath.empty() ||
      (rootPath != "/" && !StringRef(target).starts_with(rootPath + "/"))) {
    message = quote(name) + " leads to " + quote(target) +
              ", which is not inside " + quote(*linkRoot);
    return failure();
  }
  return openRegular(handle, name, message);
}
