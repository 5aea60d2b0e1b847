//===- PackageWriterTest.cpp - writing packages ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackageTestUtils.h"

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe;
using namespace moe::rt;
using namespace moe::test;

namespace {

class PackageWriterTest : public ::testing::Test {
protected:
  TemporaryFolder folder;
  std::string path = folder.file("out.moe");
};

TEST_F(PackageWriterTest, SameCallsWriteTheSameBytes) {
  std::vector<SectionSpec> sections = {
      {MOE_SECTION_MANIFEST, 0, pattern(1000, 1)},
      {MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, pattern(3000000, 2), 4096}};
  writePackage(path, sections);
  Bytes first = readFile(path);
  writePackage(path, sections);
  EXPECT_TRUE(readFile(path) == first);
  EXPECT_EQ(folder.list(), std::vector<std::string>{"out.moe"});

  // In other pieces.
  std::string other = folder.file("other.moe");
  PackageWriterOptions options;
  options.sectionCapacity = 3;
  options.leavesAlignment = 64;
  PackageWriter writer(options);
  ASSERT_TRUE(writer.begin(other));
  for (const SectionSpec &section : sections) {
    ASSERT_TRUE(
        writer.addSection(section.type, section.flags, 1, section.alignment));
    for (size_t at = 0; at < section.payload.size(); at += 997) {
      ASSERT_TRUE(
          writer.append(section.payload.data() + at,
                        std::min<size_t>(997, section.payload.size() - at)));
    }
  }
  ASSERT_TRUE(writer.finish());
  EXPECT_TRUE(readFile(other) == first);
}

TEST_F(PackageWriterTest, LayoutIsTheContract) {
  PackageWriter writer;
  ASSERT_TRUE(writer.begin(path));
  EXPECT_EQ(writer.temporaryPath().find(folder.path() + "/.moe-"), 0U);
  ASSERT_TRUE(writer.addSection(MOE_SECTION_MANIFEST, 0, 1, 65536));
  ASSERT_TRUE(writer.append("abc", 3));
  ASSERT_TRUE(writer.alignTo(16));
  EXPECT_EQ(writer.sectionBytes(), 16U);
  ASSERT_TRUE(writer.addSection(MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, 1,
                                uint64_t{2} << 20));
  ASSERT_TRUE(writer.append("d", 1));
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(writer.sectionCount(), 3U);
  EXPECT_EQ(writer.temporaryPath(), "");

  Owned<Package> package;
  Status status = openPath(path, package);
  ASSERT_TRUE(status.ok()) << status.message();
  const moe_package_section *sections = package->sections();
  EXPECT_EQ(sections[0].offset, 65536U);
  EXPECT_EQ(sections[0].payload_length, 16U);
  EXPECT_EQ(sections[1].offset, uint64_t{2} << 20);
  EXPECT_EQ(sections[1].payload_length, 1U);
  EXPECT_EQ(sections[1].size, 65536U);
  EXPECT_EQ(sections[2].type, uint32_t{MOE_SECTION_LEAVES});
  EXPECT_EQ(package->header().total_length % 64, 0U);
  EXPECT_EQ(memcmp(package->header().root_hash, writer.rootHash(), 32), 0);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(info.st_mode & 0777, 0666 & ~mask);
}

TEST_F(PackageWriterTest, ACompletePackageCanBeReadBeforeItIsPublished) {
  PackageWriter writer;
  ASSERT_TRUE(writer.begin(path));
  ASSERT_TRUE(writer.addSection(MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, 1, 64));
  ASSERT_TRUE(writer.append("abc", 3));
  ASSERT_TRUE(writer.complete());
  ASSERT_TRUE(writer.complete());
  Owned<Package> package;
  Status status = openPath(writer.temporaryPath(), package);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(memcmp(package->header().root_hash, writer.rootHash(), 32), 0);
  Bytes written = readFile(writer.temporaryPath());
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(folder.list(), std::vector<std::string>{"out.moe"});
  EXPECT_TRUE(readFile(path) == written);

  PackageWriter late;
  ASSERT_TRUE(late.begin(path));
  ASSERT_TRUE(late.complete());
  EXPECT_FALSE(late.addSection(MOE_SECTION_MANIFEST, 0, 1, 64));
  EXPECT_EQ(late.error(), "cannot add a section to '" + path +
                              "' with alignment 64: it is not open");
  EXPECT_FALSE(late.finish());
  EXPECT_TRUE(readFile(path) == written);
}

TEST_F(PackageWriterTest, NothingIsLeftOfAnAbandonedPackage) {
  writeFile(path, {1, 2, 3});
  {
    PackageWriter writer;
    ASSERT_TRUE(writer.begin(path));
    ASSERT_TRUE(writer.addSection(MOE_SECTION_MANIFEST, 0, 1, 64));
    EXPECT_EQ(folder.list().size(), 2U);
  }
  EXPECT_EQ(folder.list(), std::vector<std::string>{"out.moe"});
  EXPECT_EQ(readFile(path), (Bytes{1, 2, 3}));
}

TEST_F(PackageWriterTest, OutputsThatAreNoRegularFileAreRefused) {
  PackageWriter toFolder;
  EXPECT_FALSE(toFolder.begin(folder.path()));
  EXPECT_EQ(toFolder.error(), "cannot write '" + folder.path() +
                                  "': it exists and is a folder; name a "
                                  "regular file or a new one");
  ASSERT_EQ(symlink("target", path.c_str()), 0);
  PackageWriter toLink;
  EXPECT_FALSE(toLink.begin(path));
  EXPECT_EQ(toLink.error(), "cannot write '" + path +
                                "': it exists and is a symbolic link; name a "
                                "regular file or a new one");
  PackageWriter toDevice;
  EXPECT_FALSE(toDevice.begin("/dev/null"));
  EXPECT_EQ(toDevice.error(), "cannot write '/dev/null': it exists and is no "
                              "regular file; name a regular file or a new one");
  // One that appears while we write is found as well.
  std::string late = folder.file("late.moe");
  PackageWriter writer;
  ASSERT_TRUE(writer.begin(late));
  ASSERT_TRUE(std::filesystem::create_directory(late));
  EXPECT_FALSE(writer.finish());
  EXPECT_EQ(writer.error(), "cannot write '" + late +
                                "': it exists and is a folder; name a regular "
                                "file or a new one");
  EXPECT_EQ(folder.list().size(), 2U);
}

TEST_F(PackageWriterTest, FoldersThatCannotBeWritten) {
  PackageWriter missing;
  EXPECT_FALSE(missing.begin(folder.path() + "/no/out.moe"));
  EXPECT_EQ(missing.error(), "cannot write '" + folder.path() +
                                 "/no/out.moe': cannot create a file in '" +
                                 folder.path() +
                                 "/no': No such file or directory");
  PackageWriter readOnly;
  EXPECT_FALSE(readOnly.begin("/proc/out.moe"));
  EXPECT_EQ(readOnly.error(), "cannot write '/proc/out.moe': cannot create a "
                              "file in '/proc': No such file or directory");
}

TEST_F(PackageWriterTest, FullDiskIsReported) {
  // A limit on the size of files fails writes as a full disk does.
  struct rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  auto *handler = signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {size_t{1} << 20, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  PackageWriter writer;
  ASSERT_TRUE(writer.begin(path));
  ASSERT_TRUE(writer.addSection(MOE_SECTION_WEIGHTS, 0, 1, 64));
  Bytes data(size_t{1} << 20, 7);
  bool ok = writer.append(data.data(), data.size()) &&
            writer.append(data.data(), data.size());
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, handler);
  EXPECT_FALSE(ok);
  EXPECT_EQ(writer.error(), "cannot write '" + path + "': File too large");
  EXPECT_TRUE(folder.list().empty());
  // Nothing works after a failure, and the first reason stays.
  EXPECT_FALSE(writer.append("x", 1));
  EXPECT_FALSE(writer.addSection(MOE_SECTION_WEIGHTS, 0, 1, 64));
  EXPECT_FALSE(writer.finish());
  EXPECT_EQ(writer.error(), "cannot write '" + path + "': File too large");
}

TEST_F(PackageWriterTest, FullDeviceIsReported) {
  // /dev/full is no regular file, so the message is tried on what it returns.
  PackageWriter writer;
  ASSERT_TRUE(writer.begin(path));
  ASSERT_TRUE(writer.addSection(MOE_SECTION_WEIGHTS, 0, 1, 64));
  int full = open("/dev/full", O_WRONLY);
  int temporary = -1;
  for (int fd = 3; fd < 64 && temporary < 0; ++fd) {
    std::error_code ignored;
    std::string link = std::filesystem::read_symlink(
        "/proc/self/fd/" + std::to_string(fd), ignored);
    if (link == std::filesystem::canonical(writer.temporaryPath())) {
      temporary = fd;
    }
  }
  ASSERT_GE(temporary, 0);
  ASSERT_EQ(dup2(full, temporary), temporary);
  close(full);
  Bytes data(size_t{2} << 20, 7);
  EXPECT_FALSE(writer.append(data.data(), data.size()));
  EXPECT_EQ(writer.error(), "cannot write '" + path +
                                "': No space left on device after 2162624 "
                                "bytes");
  EXPECT_TRUE(folder.list().empty());
}

TEST_F(PackageWriterTest, MisuseIsRefused) {
  PackageWriter closed;
  EXPECT_FALSE(closed.addSection(MOE_SECTION_WEIGHTS, 0, 1, 64));
  EXPECT_EQ(closed.error(),
            "cannot add a section to '' with alignment 64: it is not open");
  PackageWriter early;
  ASSERT_TRUE(early.begin(path));
  EXPECT_FALSE(early.append("x", 1));
  EXPECT_EQ(early.error(),
            "cannot write '" + path + "': no section was started");
  PackageWriter odd;
  ASSERT_TRUE(odd.begin(path));
  EXPECT_FALSE(odd.addSection(MOE_SECTION_WEIGHTS, 0, 1, 96));
  EXPECT_EQ(odd.error(),
            "cannot add a section to '" + path + "' with alignment 96");
  PackageWriterOptions options;
  options.sectionCapacity = 1;
  PackageWriter many(options);
  ASSERT_TRUE(many.begin(path));
  ASSERT_TRUE(many.addSection(MOE_SECTION_WEIGHTS, 0, 1, 64));
  EXPECT_FALSE(many.addSection(MOE_SECTION_WEIGHTS, 0, 1, 64));
  EXPECT_EQ(many.error(),
            "cannot write '" + path + "': it needs more than 1 sections");
  EXPECT_TRUE(folder.list().empty());
}

} // namespace
