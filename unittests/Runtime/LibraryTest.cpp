//===- LibraryTest.cpp - what the shared library shows and needs ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackageTestUtils.h"

#include "moe_rt/moe_rt.h"

#include <elf.h>
#include <set>

using namespace moe::test;

/// From HeaderTest.c: the public headers as C11 sees them.
extern "C" uint32_t headerTestVersion(void);
extern "C" size_t headerTestOptionsSize(void);

namespace {

/// The shared library, read as a file.
class SharedLibrary {
public:
  SharedLibrary() : bytes(readFile(MOE_RT_LIBRARY)) {
    const auto &header = at<Elf64_Ehdr>(0);
    for (int i = 0; i < header.e_shnum; ++i) {
      sections.push_back(
          at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
    }
    for (int i = 0; i < header.e_phnum; ++i) {
      const auto &segment =
          at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
      loadedBytes += segment.p_type == PT_LOAD ? segment.p_filesz : 0;
    }
    for (const Elf64_Shdr &section : sections) {
      if (section.sh_type == SHT_DYNSYM) {
        readSymbols(section);
      } else if (section.sh_type == SHT_DYNAMIC) {
        readDynamic(section);
      }
    }
  }

  std::set<std::string> exported;
  std::set<std::string> needed;
  uint64_t loadedBytes = 0;

private:
  template <typename T>
  const T &at(uint64_t offset) {
    return *reinterpret_cast<const T *>(bytes.data() + offset);
  }
  const char *string(const Elf64_Shdr &table, uint64_t offset) {
    return &at<char>(sections[table.sh_link].sh_offset + offset);
  }
  void readSymbols(const Elf64_Shdr &table) {
    for (uint64_t i = 0; i < table.sh_size; i += sizeof(Elf64_Sym)) {
      const auto &symbol = at<Elf64_Sym>(table.sh_offset + i);
      if (symbol.st_shndx != SHN_UNDEF) {
        exported.insert(string(table, symbol.st_name));
      }
    }
  }
  void readDynamic(const Elf64_Shdr &table) {
    for (uint64_t i = 0; i < table.sh_size; i += sizeof(Elf64_Dyn)) {
      const auto &entry = at<Elf64_Dyn>(table.sh_offset + i);
      if (entry.d_tag == DT_NEEDED) {
        needed.insert(string(table, entry.d_un.d_val));
      }
    }
  }

  Bytes bytes;
  std::vector<Elf64_Shdr> sections;
};

TEST(Library, ExportsTheListedFunctions) {
  // Append-only inside a major version: a function that is missing here breaks
  // programs that are linked already.
  std::set<std::string> listed;
  std::ifstream list(MOE_RT_SYMBOLS);
  for (std::string line; std::getline(list, line);) {
    EXPECT_EQ(line.find("moe_rt_"), 0U) << line;
    listed.insert(line);
  }
  EXPECT_EQ(SharedLibrary().exported, listed)
      << "list new functions in runtime/moe_rt.symbols";
}

TEST(Library, NeedsTheCLibraryAlone) {
#ifdef MOE_SANITIZED
  GTEST_SKIP() << "sanitizers need more";
#endif
  for (const std::string &library : SharedLibrary().needed) {
    EXPECT_TRUE(library == "libc.so.6" || library == "libpthread.so.0" ||
                library == "ld-linux-x86-64.so.2")
        << library;
  }
}

TEST(Library, IsSmall) {
#ifdef MOE_SANITIZED
  GTEST_SKIP() << "sanitizers make it larger";
#endif
  // What is loaded is what a stripped file has.
  uint64_t bytes = SharedLibrary().loadedBytes;
  EXPECT_GT(bytes, 10000U);
  EXPECT_LT(bytes, uint64_t{2} << 20);
}

TEST(Library, HeadersAreC11) {
  EXPECT_EQ(headerTestVersion(), uint32_t{MOE_RT_API_VERSION});
  EXPECT_EQ(headerTestOptionsSize(), sizeof(moe_rt_model_options_t));
}

} // namespace
