//===- PackageReaderTest.cpp - opening good and bad packages --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackageTestUtils.h"

#include <atomic>
#include <fcntl.h>
#include <functional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace moe;
using namespace moe::rt;
using namespace moe::test;

namespace {

/// A package with every kind of section, small enough to try every edit.
class SmallPackage : public ::testing::Test {
protected:
  void SetUp() override {
    path = folder.file("small.moe");
    writePackage(path,
                 {{MOE_SECTION_MANIFEST, 0, pattern(100, 1)},
                  {MOE_SECTION_WEIGHTS, MOE_SECTION_CRITICAL | MOE_SECTION_LAZY,
                   pattern(200, 2)},
                  {MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, pattern(70, 3)},
                  {MOE_SECTION_SOURCE, MOE_SECTION_LAZY, pattern(65, 4)},
                  {99, 0, pattern(10, 5)}});
    bytes = readFile(path);
  }

  moe_package_header &header(Bytes &bytes) {
    return *reinterpret_cast<moe_package_header *>(bytes.data());
  }
  moe_package_section *table(Bytes &bytes) {
    return reinterpret_cast<moe_package_section *>(bytes.data() +
                                                   sizeof(moe_package_header));
  }

  /// The message for a package whose header or table was edited by somebody
  /// who also mended the root hash.
  std::string messageAfter(const std::function<void(Bytes &)> &edit) {
    Bytes edited = bytes;
    edit(edited);
    moe_package_header &head = header(edited);
    size_t tableBytes = head.section_count * sizeof(moe_package_section);
    if (sizeof(head) + tableBytes <= edited.size()) {
      Hash root = hashRoot(head, edited.data() + sizeof(head), tableBytes);
      memcpy(head.root_hash, root.bytes, sizeof(root.bytes));
    }
    return message(edited);
  }
  static std::string message(const Bytes &bytes) {
    Owned<Package> package;
    return openBytes(bytes, package).message();
  }

  TemporaryFolder folder;
  std::string path;
  Bytes bytes;
};

constexpr const char *mend = "; copy it or compile the model again";

TEST_F(SmallPackage, RoundTripUnderEveryPolicy) {
  for (LoadPolicy policy :
       {LoadPolicy::Default, LoadPolicy::Map, LoadPolicy::Populate,
        LoadPolicy::Copy, LoadPolicy::Huge}) {
    Owned<Package> package;
    Status status = openPath(path, package, {policy});
    ASSERT_TRUE(status.ok()) << status.message();
    ASSERT_EQ(package->sectionCount(), 6U);
    EXPECT_EQ(package->sections()[1].payload_length, 200U);
    ASSERT_TRUE(package->ensureVerified(1, 0, 200).ok());
    EXPECT_EQ(memcmp(package->data(0), pattern(100, 1).data(), 100), 0);
    EXPECT_EQ(memcmp(package->data(1), pattern(200, 2).data(), 200), 0);
    EXPECT_EQ(memcmp(package->data(2), pattern(70, 3).data(), 70), 0);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(package->data(1)) % 64, 0U);
    EXPECT_EQ(package->data(3), nullptr);
    EXPECT_EQ(package->data(4), nullptr);
    Memory source;
    ASSERT_TRUE(package->readSection(3, source).ok());
    EXPECT_EQ(memcmp(source.data(), pattern(65, 4).data(), 65), 0);
    EXPECT_EQ(package->findSection(MOE_SECTION_PROGRAM), 2U);
    EXPECT_EQ(package->findSection(MOE_SECTION_PROGRAM, 3), 6U);
  }
}

TEST_F(SmallPackage, OpensFromDescriptorMemoryAndCallback) {
  // Inside a larger file, at a page's start and elsewhere.
  Bytes larger(4096 + bytes.size() + 77, 0x55);
  std::copy(bytes.begin(), bytes.end(), larger.begin() + 4096);
  std::string outer = folder.file("outer");
  writeFile(outer, larger);
  int descriptor = open(outer.c_str(), O_RDONLY);
  Allocator allocator;
  {
    Source source(allocator);
    ASSERT_TRUE(source.openDescriptor(descriptor, 4096, bytes.size()).ok());
    Owned<Package> package;
    ASSERT_TRUE(
        Package::open(allocator, std::move(source), {LoadPolicy::Map}, package)
            .ok());
    EXPECT_EQ(memcmp(package->data(1), pattern(200, 2).data(), 200), 0);
  }
  close(descriptor);

  void *aligned = aligned_alloc(64, (bytes.size() + 63) / 64 * 64);
  memcpy(aligned, bytes.data(), bytes.size());
  {
    Source source(allocator);
    ASSERT_TRUE(source.openMemory(aligned, bytes.size()).ok());
    Owned<Package> package;
    ASSERT_TRUE(Package::open(allocator, std::move(source), {}, package).ok());
    EXPECT_EQ(package->data(1),
              static_cast<uint8_t *>(aligned) + package->sections()[1].offset);
  }
  free(aligned);

  ReadCallback callback{
      &bytes,
      [](void *context, uint64_t offset, void *buffer,
         uint64_t length) -> int32_t {
        memcpy(buffer, static_cast<Bytes *>(context)->data() + offset, length);
        return 0;
      }};
  Source source(allocator);
  ASSERT_TRUE(source.openCallback(callback, bytes.size()).ok());
  Owned<Package> package;
  ASSERT_TRUE(Package::open(allocator, std::move(source), {}, package).ok());
  EXPECT_EQ(memcmp(package->data(1), pattern(200, 2).data(), 200), 0);
}

TEST_F(SmallPackage, PlacesThatCannotBeUsedInPlace) {
  Allocator allocator;
  Owned<Package> package;
  std::string outer = folder.file("outer");
  Bytes larger(100 + bytes.size(), 0);
  std::copy(bytes.begin(), bytes.end(), larger.begin() + 100);
  writeFile(outer, larger);
  int descriptor = open(outer.c_str(), O_RDONLY);
  auto fromOffset = [&](LoadPolicy policy) {
    Source source(allocator);
    EXPECT_TRUE(source.openDescriptor(descriptor, 100, 0).ok());
    return Package::open(allocator, std::move(source), {policy}, package);
  };
  EXPECT_EQ(fromOffset(LoadPolicy::Map).message(),
            "file descriptor " + std::to_string(descriptor) +
                " is mapped from offset 100, which must be a multiple of 4096; "
                "move the package there or load it with the copy policy");
  EXPECT_TRUE(fromOffset(LoadPolicy::Copy).ok());
  close(descriptor);

  void *aligned = aligned_alloc(64, (bytes.size() + 127) / 64 * 64);
  uint8_t *odd = static_cast<uint8_t *>(aligned) + 1;
  memcpy(odd, bytes.data(), bytes.size());
  Source source(allocator);
  ASSERT_TRUE(source.openMemory(odd, bytes.size()).ok());
  EXPECT_STREQ(
      Package::open(allocator, std::move(source), {}, package).message(),
      "the package in memory is used in place and must start at a multiple of "
      "64; align it or load it with the copy policy");
  free(aligned);

  ReadCallback callback{
      &bytes,
      [](void *context, uint64_t offset, void *buffer,
         uint64_t length) -> int32_t {
        memcpy(buffer, static_cast<Bytes *>(context)->data() + offset, length);
        return 0;
      }};
  Source byCallback(allocator);
  ASSERT_TRUE(byCallback.openCallback(callback, bytes.size()).ok());
  Status status = Package::open(allocator, std::move(byCallback),
                                {LoadPolicy::Map}, package);
  EXPECT_EQ(status.code(), MOE_RT_UNSUPPORTED);
  EXPECT_STREQ(status.message(),
               "the package comes from read callbacks and cannot be mapped; "
               "load it with the copy or the huge policy");
}

TEST_F(SmallPackage, SourcesThatCannotBeRead) {
  Owned<Package> package;
  std::string missing = folder.file("missing.moe");
  Status status = openPath(missing, package);
  EXPECT_EQ(status.code(), MOE_RT_NOT_FOUND);
  EXPECT_EQ(status.message(),
            "cannot open '" + missing + "': No such file or directory");
  status = openPath(folder.path(), package);
  EXPECT_EQ(status.code(), MOE_RT_INVALID_ARGUMENT);
  EXPECT_EQ(status.message(),
            "'" + folder.path() +
                "' is not a regular file; a package must be one");
  std::string fifo = folder.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(openPath(fifo, package).message(),
            "'" + fifo + "' is not a regular file; a package must be one");

  Allocator allocator;
  Source source(allocator);
  EXPECT_STREQ(source.openPath(nullptr).message(), "path is NULL");
  EXPECT_STREQ(source.openMemory(nullptr, 1).message(), "data is NULL");
  status = source.openDescriptor(-1, 0, 0);
  EXPECT_EQ(status.code(), MOE_RT_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message(),
               "cannot use file descriptor -1: Bad file descriptor");
  int descriptor = open(path.c_str(), O_RDONLY);
  EXPECT_EQ(
      Source(allocator).openDescriptor(descriptor, 1, bytes.size()).message(),
      "file descriptor " + std::to_string(descriptor) + " has " +
          std::to_string(bytes.size()) + " bytes, too few for a package of " +
          std::to_string(bytes.size()) + " at offset 1");
  close(descriptor);

  ReadCallback callback{
      nullptr, [](void *, uint64_t, void *, uint64_t) -> int32_t { return 5; }};
  Source byCallback(allocator);
  ASSERT_TRUE(byCallback.openCallback(callback, bytes.size()).ok());
  status = Package::open(allocator, std::move(byCallback), {}, package);
  EXPECT_EQ(status.code(), MOE_RT_IO);
  EXPECT_STREQ(status.message(), "cannot read 192 bytes of the package at "
                                 "offset 0: the read callback returned 5");
}

TEST_F(SmallPackage, WhatIsNoPackage) {
  EXPECT_EQ(message(Bytes(1, 0x7f)),
            "the package in memory is not a package; a package was expected, "
            "as 'moec model.onnx -o model.moe' writes it");
  EXPECT_EQ(message(Bytes(1000, 0)),
            "the package in memory is not a package; a package was expected, "
            "as 'moec model.onnx -o model.moe' writes it");
  std::string empty = folder.file("empty.moe");
  writeFile(empty, {});
  Owned<Package> package;
  EXPECT_EQ(openPath(empty, package).message(),
            "'" + empty +
                "' is empty; a package was expected, as 'moec model.onnx -o "
                "model.moe' writes it");
  // A carriage return was dropped.
  Bytes text = bytes;
  text.erase(text.begin() + 4);
  EXPECT_EQ(message(text), "the package in memory was damaged by a transfer in "
                           "text mode; copy it again in binary mode");
}

TEST_F(SmallPackage, OtherVersions) {
  auto version = [&](uint16_t major, uint16_t minor) {
    return messageAfter([&](Bytes &edited) {
      header(edited).major = major;
      header(edited).minor = minor;
    });
  };
  EXPECT_EQ(version(2, 0),
            "the package in memory has package format 2.0, and this runtime "
            "reads up to 1.0; update the runtime or compile the model with an "
            "older moec");
  EXPECT_EQ(version(1, 1),
            "the package in memory has package format 1.1, and this runtime "
            "reads up to 1.0; update the runtime or compile the model with an "
            "older moec");
  EXPECT_EQ(version(0, 9),
            "the package in memory has package format 0.9, and this runtime "
            "reads from 1.0 on; compile the model again");
}

TEST_F(SmallPackage, EveryTruncationIsFound) {
  for (size_t length = 1; length < bytes.size(); ++length) {
    Bytes cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length));
    Owned<Package> package;
    Status status = openBytes(cut, package);
    ASSERT_EQ(status.code(), MOE_RT_IO) << length;
    std::string expected =
        length < sizeof(moe_package_header)
            ? "a package starts with a header of 192 bytes, and there are " +
                  std::to_string(length)
            : "its header says " + std::to_string(bytes.size()) +
                  " bytes, and there are " + std::to_string(length);
    ASSERT_EQ(status.message(), "the package in memory was cut short: " +
                                    expected + "; copy it again");
  }
}

TEST_F(SmallPackage, EverySingleByteEditIsFound) {
  // Every byte with every value up to the sections, every bit from there on:
  // in eager sections at open, in lazy ones on first use.
  uint64_t sections = table(bytes)[0].offset;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int change = 1; change < 256; change += at < sections ? 1 : 37) {
      Bytes edited = bytes;
      edited[at] = static_cast<uint8_t>(edited[at] ^ change);
      Owned<Package> package;
      Status status = openBytes(edited, package);
      if (status.ok()) {
        status = package->ensureVerified(1, 0, package->sections()[1].size);
        Memory source;
        if (status.ok()) {
          status = package->readSection(3, source);
        }
      }
      ASSERT_FALSE(status.ok()) << "byte " << at << ", change " << change;
    }
  }
}

TEST_F(SmallPackage, BytesBehindTheEnd) {
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(message(longer),
            std::string("the package in memory was altered or damaged: 1 bytes "
                        "behind its end are no attestation") +
                mend);
  longer.resize(bytes.size() + 64);
  EXPECT_EQ(message(longer),
            std::string("the package in memory was altered or damaged: 64 "
                        "bytes behind its end are no attestation") +
                mend);
}

TEST_F(SmallPackage, HeaderThatContradictsItself) {
  std::string expected = std::string("the package in memory was altered or "
                                     "damaged: its header contradicts itself") +
                         mend;
  EXPECT_EQ(messageAfter([&](Bytes &b) { header(b).section_count = 65537; }),
            expected);
  EXPECT_EQ(
      messageAfter([&](Bytes &b) { header(b).section_table_offset = 200; }),
      expected);
  EXPECT_EQ(messageAfter([&](Bytes &b) { header(b).total_length -= 1; }),
            expected);
  EXPECT_EQ(messageAfter([&](Bytes &b) { header(b).total_length = 256; }),
            expected);
}

TEST_F(SmallPackage, SectionTablesThatAreWrong) {
  std::string total = std::to_string(bytes.size());
  struct Case {
    std::function<void(Bytes &)> edit;
    std::string reason;
  };
  moe_package_section *sections = table(bytes);
  std::string second = std::to_string(sections[1].offset);
  std::string last =
      std::to_string(sections[5].offset) + ", and its header says ";
  std::vector<Case> cases = {
      {[&](Bytes &b) { table(b)[0].offset = 64; },
       "its first section starts at 64, behind a section table that ends at "
       "672"},
      {[&](Bytes &b) { table(b)[0].offset = uint64_t{1} << 25; },
       "its first section starts at 33554432, behind a section table that ends "
       "at 672"},
      {[&](Bytes &b) { table(b)[0].offset = 16384; },
       "section 0 (manifest) runs past the end of the package"},
      {[&](Bytes &b) { table(b)[1].offset += 64; },
       "section 1 (weights) starts at " +
           std::to_string(sections[1].offset + 64) +
           ", and the one before it ends at " + second},
      {[&](Bytes &b) { table(b)[2].size = UINT64_MAX - 63; },
       "section 2 (program) runs past the end of the package"},
      {[&](Bytes &b) { table(b)[2].size = bytes.size(); },
       "section 2 (program) runs past the end of the package"},
      {[&](Bytes &b) {
         table(b)[5].size = 0;
         table(b)[5].payload_length = 0;
       },
       "its sections end at " + last + total},
      {[&](Bytes &b) { table(b)[0].alignment_log2 = 5; },
       "section 0 (manifest) has alignment 2^5, not 2^6 to 2^30"},
      {[&](Bytes &b) { table(b)[0].alignment_log2 = 31; },
       "section 0 (manifest) has alignment 2^31, not 2^6 to 2^30"},
      {[&](Bytes &b) { table(b)[1].type = MOE_SECTION_POOL; },
       "section 1 (pool) has alignment 2^6, not 2^12 to 2^30"},
      {[&](Bytes &b) { table(b)[1].alignment_log2 = 20; },
       "section 1 (weights) starts at " + second + ", no multiple of 2^20"},
      {[&](Bytes &b) { table(b)[0].payload_length = 200; },
       "section 0 (manifest) has 128 bytes and says 200"},
      {[&](Bytes &b) { table(b)[0].reserved = 1; },
       "section 0 (manifest) has reserved bits set or no version"},
      {[&](Bytes &b) { table(b)[0].flags = 4; },
       "section 0 (manifest) has reserved bits set or no version"},
      {[&](Bytes &b) { table(b)[0].version = 0; },
       "section 0 (manifest) has reserved bits set or no version"},
      {[&](Bytes &b) { table(b)[2].flags |= MOE_SECTION_LAZY; },
       "section 2 (program) may not be checked on first use"},
      {[&](Bytes &b) { header(b).reserved[3] = 1; },
       "reserved bytes of its header are not zero"},
      {[&](Bytes &b) { header(b).signature[0] = 1; },
       "it has a signature without a key or a key without a signature"},
      {[&](Bytes &b) { b[700] = 1; },
       "there is something between its section table and its first section"},
      {[&](Bytes &b) { table(b)[5].type = MOE_SECTION_MANIFEST; },
       "it lacks the leaf hashes of its sections"},
      {[&](Bytes &b) { table(b)[5].payload_length = 8; },
       "its leaf hashes are incomplete"},
      {[&](Bytes &b) { table(b)[5].payload_length = 40; },
       "the leaf hashes of section 1 (weights) are incomplete"},
      {[&](Bytes &b) { table(b)[1].hash[0] ^= 1; },
       "the leaf hashes of section 1 (weights) are wrong"},
  };
  for (const Case &test : cases) {
    EXPECT_EQ(messageAfter(test.edit),
              "the package in memory was altered or damaged: " + test.reason +
                  mend);
  }
  // Without a mended root hash all of it is one thing.
  Bytes edited = bytes;
  table(edited)[1].offset += 64;
  EXPECT_EQ(message(edited),
            std::string("the package in memory was altered or damaged: its "
                        "header or section table has a wrong hash") +
                mend);
}

/// What moe-fuzz-package found: the gap before the first section was read
/// before anybody knew that the section starts inside the package.
TEST_F(SmallPackage, NothingBehindItsEndIsRead) {
  Bytes edited = bytes;
  table(edited)[0].offset = 65536;
  Hash root =
      hashRoot(header(edited), table(edited), 6 * sizeof(moe_package_section));
  memcpy(header(edited).root_hash, root.bytes, sizeof(root.bytes));
  std::string expected = " was altered or damaged: section 0 (manifest) runs "
                         "past the end of the package" +
                         std::string(mend);
  // In memory; ASan knows where it ends.
  EXPECT_EQ(message(edited), "the package in memory" + expected);
  // By callbacks, which may be trusted to be called as model.h says.
  ReadCallback callback{&edited,
                        [](void *context, uint64_t offset, void *buffer,
                           uint64_t length) -> int32_t {
                          auto &bytes = *static_cast<Bytes *>(context);
                          if (offset > bytes.size() ||
                              length > bytes.size() - offset) {
                            return 1;
                          }
                          memcpy(buffer, bytes.data() + offset, length);
                          return 0;
                        }};
  Allocator allocator;
  Source reader(allocator);
  ASSERT_TRUE(reader.openCallback(callback, edited.size()).ok());
  Owned<Package> package;
  EXPECT_EQ(
      std::string(
          Package::open(allocator, std::move(reader), {}, package).message()),
      "the package" + expected);
  // In a file that goes on.
  std::string outer = folder.file("outer");
  Bytes larger = edited;
  larger.resize(100000);
  writeFile(outer, larger);
  int descriptor = open(outer.c_str(), O_RDONLY);
  Source part(allocator);
  ASSERT_TRUE(part.openDescriptor(descriptor, 0, edited.size()).ok());
  EXPECT_EQ(
      std::string(
          Package::open(allocator, std::move(part), {}, package).message()),
      "file descriptor " + std::to_string(descriptor) + expected);
  close(descriptor);
}

TEST_F(SmallPackage, SourcesKnowTheirEnd) {
  Allocator allocator;
  std::vector<uint8_t> buffer(4096);
  auto messages = [&](Source &source, uint64_t offset, uint64_t size) {
    Memory mapped;
    std::string read = source.read(offset, buffer.data(), size).message();
    if (source.kind() == Source::Kind::File) {
      EXPECT_EQ(source.map(offset, size, false, mapped).message(), read);
    }
    return read;
  };
  Source memory(allocator);
  ASSERT_TRUE(memory.openMemory(bytes.data(), 100).ok());
  Source file(allocator);
  ASSERT_TRUE(file.openPath(path.c_str()).ok());
  for (Source *source : {&memory, &file}) {
    uint64_t end = source->length();
    std::string name = source->name();
    EXPECT_EQ(messages(*source, end, 0), "");
    EXPECT_EQ(messages(*source, end - 10, 10), "");
    EXPECT_EQ(messages(*source, end - 10, 11),
              "11 bytes at offset " + std::to_string(end - 10) + " of " + name +
                  " do not exist; there are " + std::to_string(end));
    EXPECT_EQ(messages(*source, end + 1, 0),
              "0 bytes at offset " + std::to_string(end + 1) + " of " + name +
                  " do not exist; there are " + std::to_string(end));
    EXPECT_EQ(messages(*source, 8, UINT64_MAX),
              "18446744073709551615 bytes at offset 8 of " + name +
                  " do not exist; there are " + std::to_string(end));
  }
}

TEST_F(SmallPackage, TwoLeafSectionsAreRefused) {
  writePackage(path, {{MOE_SECTION_LEAVES, 0, {}},
                      {MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, Bytes(64, 1)}});
  EXPECT_EQ(message(readFile(path)),
            std::string("the package in memory was altered or damaged: it has "
                        "two sections of leaf hashes") +
                mend);
}

TEST_F(SmallPackage, UnknownSections) {
  auto critical = [&](uint32_t type, uint32_t version) {
    writePackage(path, {{type, MOE_SECTION_CRITICAL, {1}, 64, version}});
    return message(readFile(path));
  };
  EXPECT_EQ(critical(77, 3),
            "the package in memory needs section 0 of type 77 (unknown), "
            "version 3, which this runtime does not know; update the runtime");
  EXPECT_EQ(critical(MOE_SECTION_PROGRAM, 2),
            "the package in memory needs section 0 of type 2 (program), "
            "version 2, which this runtime does not know; update the runtime");
  // Not critical: ignored, but its hash is still checked.
  writePackage(path, {{MOE_SECTION_MANIFEST, 0, {1}, 64, 2},
                      {78, 0, pattern(70000, 1)},
                      {79, MOE_SECTION_LAZY, {1}}});
  Bytes good = readFile(path);
  Owned<Package> package;
  Status status = openBytes(good, package);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(package->data(0), nullptr);
  good[table(good)[1].offset + 69999] ^= 1;
  EXPECT_EQ(message(good),
            std::string("the package in memory was altered or damaged: section "
                        "1 (unknown) has a wrong hash") +
                mend);
}

TEST_F(SmallPackage, PackageWithoutSections) {
  writePackage(path, {});
  bytes = readFile(path);
  EXPECT_EQ(bytes.size(), sizeof(moe_package_header));
  EXPECT_EQ(message(bytes), "");
}

TEST_F(SmallPackage, FileThatShrinksWhileItIsRead) {
  // The size was taken before: what is missing is an error, not a crash.
  Allocator allocator;
  Source source(allocator);
  ASSERT_TRUE(source.openPath(path.c_str()).ok());
  std::filesystem::resize_file(path, 800);
  Owned<Package> package;
  Status status =
      Package::open(allocator, std::move(source), {LoadPolicy::Copy}, package);
  EXPECT_EQ(status.code(), MOE_RT_IO);
  EXPECT_EQ(status.message(),
            "'" + path +
                "' was cut short while it was read: it ends at offset 800, 32 "
                "bytes more were there when it was opened; copy it again");
}

TEST_F(SmallPackage, Attestations) {
  std::string error;
  ASSERT_TRUE(appendAttestation(path, 7, 1, "report", 6, error)) << error;
  ASSERT_TRUE(appendAttestation(path, 8, 2, nullptr, 0, error)) << error;
  Owned<Package> package;
  Status status = openPath(path, package);
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_EQ(package->attestations().size(), 2U);
  EXPECT_EQ(package->attestations()[0].type, 7U);
  EXPECT_EQ(package->attestations()[0].length, 6U);
  EXPECT_EQ(package->attestations()[1].version, 2U);
  Bytes attested = readFile(path);
  EXPECT_EQ(memcmp(&attested[package->attestations()[0].offset], "report", 6),
            0);
  // The root hash is as it was.
  EXPECT_EQ(Bytes(attested.begin(),
                  attested.begin() + static_cast<ptrdiff_t>(bytes.size())),
            bytes);
  for (size_t at = bytes.size(); at < attested.size(); ++at) {
    Bytes edited = attested;
    edited[at] ^= 0x10;
    EXPECT_NE(message(edited), "") << at;
  }
  attested[bytes.size() + 64] ^= 1;
  EXPECT_EQ(message(attested),
            std::string("the package in memory was altered or damaged: its "
                        "attestation 0 has a wrong hash") +
                mend);
  attested.resize(bytes.size() + 64);
  EXPECT_EQ(message(attested),
            std::string("the package in memory was altered or damaged: its "
                        "attestation 0 was cut short") +
                mend);
  // One that belongs to another package is refused.
  EXPECT_FALSE(appendAttestation(folder.path(), 1, 1, "x", 1, error));
  EXPECT_EQ(error.find("cannot open '"), 0U);
  writeFile(path, Bytes(10, 0));
  EXPECT_FALSE(appendAttestation(path, 1, 1, "x", 1, error));
  EXPECT_EQ(error, "'" + path + "' is not a whole package");
}

//===----------------------------------------------------------------------===//
// Lazy sections
//===----------------------------------------------------------------------===//

class LazyPackage : public ::testing::Test {
protected:
  static constexpr uint64_t leaf = MOE_PACKAGE_LEAF_BYTES;

  void SetUp() override {
    path = folder.file("lazy.moe");
    writePackage(path, {{MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, {}},
                        {MOE_SECTION_POOL, MOE_SECTION_LAZY,
                         pattern(2 * leaf + 4096, 6), 4096}});
  }
  void flip(uint64_t offset) {
    int descriptor = open(path.c_str(), O_RDWR);
    uint8_t byte;
    ASSERT_EQ(pread(descriptor, &byte, 1, static_cast<off_t>(offset)), 1);
    byte ^= 0x40;
    ASSERT_EQ(pwrite(descriptor, &byte, 1, static_cast<off_t>(offset)), 1);
    close(descriptor);
  }

  TemporaryFolder folder;
  std::string path;
};

TEST_F(LazyPackage, FlippedBitsAreFoundOnFirstUseAndOnlyThere) {
  Owned<Package> package;
  ASSERT_TRUE(openPath(path, package).ok());
  uint64_t start = package->sections()[1].offset;
  flip(start + leaf + 1000);
  for (LoadPolicy policy : {LoadPolicy::Map, LoadPolicy::Populate,
                            LoadPolicy::Copy, LoadPolicy::Huge}) {
    Status status = openPath(path, package, {policy});
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(package->ensureVerified(0, 0, 0).ok());
    EXPECT_TRUE(package->ensureVerified(1, 0, leaf).ok());
    EXPECT_TRUE(package->ensureVerified(1, 2 * leaf, 4096).ok());
    EXPECT_TRUE(package->ensureVerified(1, leaf + 1000, 0).ok());
    status = package->ensureVerified(1, leaf - 1, 2);
    EXPECT_EQ(status.code(), MOE_RT_IO);
    EXPECT_EQ(status.message(),
              "'" + path +
                  "' was altered or damaged: section 1 (pool) has a wrong hash "
                  "in its bytes 4194304 to 8388607; copy it or compile the "
                  "model again");
    // The error is not forgotten, nor the rest refused.
    EXPECT_FALSE(package->ensureVerified(1, 0, 2 * leaf + 4096).ok());
    EXPECT_TRUE(package->ensureVerified(1, 0, leaf).ok());
    EXPECT_EQ(package->ensureVerified(1, 2 * leaf, 4097).code(),
              MOE_RT_INTERNAL);
    EXPECT_EQ(package->ensureVerified(9, 0, 1).code(), MOE_RT_INTERNAL);
  }
}

TEST_F(LazyPackage, PoolsArePageAlignedWhenCopied) {
  for (LoadPolicy policy :
       {LoadPolicy::Map, LoadPolicy::Copy, LoadPolicy::Huge}) {
    Owned<Package> package;
    ASSERT_TRUE(openPath(path, package, {policy}).ok());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(package->data(1)) % 4096, 0U);
  }
}

TEST_F(LazyPackage, ManyThreadsVerifyTheSameSection) {
  Owned<Package> package;
  ASSERT_TRUE(openPath(path, package).ok());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) {
        failures += !package->ensureVerified(1, 0, 2 * leaf + 4096).ok();
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failures, 0);
}

TEST_F(LazyPackage, EveryFailedAllocationIsReported) {
  struct Budget {
    int64_t left = 0;
    int64_t live = 0;
  } budget;
  moe_rt_allocator_t c{
      sizeof(moe_rt_allocator_t), &budget,
      [](void *context, size_t size, size_t alignment) -> void * {
        auto *budget = static_cast<Budget *>(context);
        if (budget->left-- <= 0) {
          return nullptr;
        }
        ++budget->live;
        return aligned_alloc(alignment,
                             (size + alignment - 1) & ~(alignment - 1));
      },
      [](void *context, void *pointer, size_t, size_t) {
        --static_cast<Budget *>(context)->live;
        free(pointer);
      }};
  Allocator allocator;
  ASSERT_TRUE(Allocator::fromC(&c, allocator).ok());
  int64_t allowed = 0;
  for (;; ++allowed) {
    budget.left = allowed;
    Owned<Package> package;
    Status status = openPath(path, package, {LoadPolicy::Copy}, allocator);
    if (status.ok()) {
      break;
    }
    ASSERT_EQ(status.code(), MOE_RT_OUT_OF_MEMORY) << status.message();
    ASSERT_LT(allowed, 100);
  }
  EXPECT_GT(allowed, 4);
  EXPECT_EQ(budget.live, 0);
}

} // namespace
