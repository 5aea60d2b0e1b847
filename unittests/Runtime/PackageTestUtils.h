//===- PackageTestUtils.h - packages for tests ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_UNITTESTS_RUNTIME_PACKAGETESTUTILS_H
#define MOE_UNITTESTS_RUNTIME_PACKAGETESTUTILS_H

#include "moe/Target/PackageWriter.h"
#include "package/reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// TSan does not follow a fork of a process with threads.
#if defined(__SANITIZE_THREAD__)
#define MOE_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MOE_TEST_TSAN 1
#endif
#endif

namespace moe::test {

using Bytes = std::vector<uint8_t>;

/// A folder that is removed with all it holds.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "moe-test-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  const std::string &path() const { return folder; }
  std::string file(const std::string &name) const {
    return folder + "/" + name;
  }
  std::vector<std::string> list() const {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

private:
  std::string folder;
};

inline Bytes readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(stream), {});
}

inline void writeFile(const std::string &path, const Bytes &bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char *>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

/// One section of a test package.
struct SectionSpec {
  uint32_t type;
  uint32_t flags;
  Bytes payload;
  uint64_t alignment = 64;
  uint32_t version = 1;
};

/// Writes a package with tight alignments; fails the test where that fails.
inline void writePackage(const std::string &path,
                         const std::vector<SectionSpec> &sections) {
  PackageWriterOptions options;
  options.sectionCapacity = static_cast<uint32_t>(sections.size()) + 1;
  options.leavesAlignment = 64;
  PackageWriter writer(options);
  bool ok = writer.begin(path);
  for (const SectionSpec &section : sections) {
    ok = ok &&
         writer.addSection(section.type, section.flags, section.version,
                           section.alignment) &&
         writer.append(section.payload.data(), section.payload.size());
  }
  ok = ok && writer.finish();
  ASSERT_TRUE(ok) << writer.error();
}

inline rt::Status openPath(const std::string &path,
                           rt::Owned<rt::Package> &package,
                           const rt::PackageOptions &options = {},
                           const rt::Allocator &allocator = {}) {
  rt::Source source(allocator);
  MOE_RT_RETURN_IF_ERROR(source.openPath(path.c_str()));
  return rt::Package::open(allocator, std::move(source), options, package);
}

/// Copies by default: a vector has no alignment to be used in place.
inline rt::Status openBytes(const Bytes &bytes, rt::Owned<rt::Package> &package,
                            const rt::PackageOptions &options = {
                                rt::LoadPolicy::Copy}) {
  rt::Allocator allocator;
  rt::Source source(allocator);
  MOE_RT_RETURN_IF_ERROR(source.openMemory(bytes.data(), bytes.size()));
  return rt::Package::open(allocator, std::move(source), options, package);
}

inline Bytes pattern(size_t size, uint32_t seed) {
  Bytes bytes(size);
  for (uint8_t &byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(seed >> 24);
  }
  return bytes;
}

} // namespace moe::test

#endif // MOE_UNITTESTS_RUNTIME_PACKAGETESTUTILS_H
