//===- ModelFiles.h - the files of a model ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_MODELFILES_H
#define MOE_SUPPORT_MODELFILES_H

#include "moe/Support/LLVM.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <optional>
#include <string>

namespace moe {

/// The files that a model is made of, mapped read-only. Each is opened and
/// checked once, when it is first asked for, and stays the same file from then
/// on: what is put in its place later is not seen. Pages are read as they are
/// touched; a file that is cut short while it is mapped ends the process.
///
/// Names of files come from the model and are not trusted: they are relative to
/// its folder and must lead to a regular file inside, with one name, without a
/// symbolic link on the way.
class ModelFiles {
public:
  /// Names are relative to `folder`; empty is the current one.
  explicit ModelFiles(StringRef folder);
  ModelFiles(const ModelFiles &) = delete;
  ModelFiles &operator=(const ModelFiles &) = delete;
  ~ModelFiles();

  /// Follows symbolic links as long as what they lead to is inside `root`: for
  /// stores that keep all files elsewhere and link to them.
  void allowLinksInside(StringRef root) { linkRoot = root.str(); }

  /// The model itself, which its user named: it may be a link, and others may
  /// ask for it by the last part of its path.
  FailureOr<ArrayRef<char>> openModel(StringRef path, std::string &message);

  /// A file by the name that the model gives it. On failure `message` says why
  /// and what to do, to be read behind what names it.
  FailureOr<ArrayRef<char>> open(StringRef name, std::string &message);

  /// A name for numbers that `file` holds as protobuf packs them, `length` bytes
  /// from `offset` on. What it opens as are the numbers, of `width` bytes each:
  /// decoded when it is opened, and forgotten by releasePages() when more than a
  /// GiB of such bytes is in memory.
  static std::string nameVarints(StringRef file, uint64_t offset,
                                 uint64_t length, unsigned width);

  /// Whether `path` leads to one of the files, whatever its name.
  bool contains(StringRef path) const;

  /// Gives back the memory of pages that were touched; they can be read again.
  void releasePages();

private:
  FailureOr<ArrayRef<char>> openVarints(StringRef name, std::string &message);
  FailureOr<int> openInside(StringRef name, std::string &message);
  FailureOr<int> openLinked(StringRef name, std::string &message);
  FailureOr<ArrayRef<char>> map(int descriptor, StringRef name,
                                std::string &message);

  std::string folder;
  std::optional<std::string> linkRoot;
  llvm::StringMap<ArrayRef<char>> mappings;
  llvm::StringMap<std::string> decoded;
  uint64_t decodedBytes = 0;
  /// Device and number of each file.
  SmallVector<std::pair<uint64_t, uint64_t>> identities;
};

} // namespace moe

#endif // MOE_SUPPORT_MODELFILES_H
