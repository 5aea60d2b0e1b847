//===- ImageTest.cpp - loading compiled kernels ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackageTestUtils.h"

#include "image/image.h"

#include <elf.h>
#include <fcntl.h>
#include <functional>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace moe::rt;
using namespace moe::test;

namespace {

constexpr uint32_t goodPhases = 3;

/// An image as the loader gets it: aligned, and gone after the load.
struct AlignedImage {
  explicit AlignedImage(const Bytes &from) : size(from.size()) {
    bytes = static_cast<uint8_t *>(aligned_alloc(64, (size + 63) / 64 * 64));
    std::copy(from.begin(), from.end(), bytes);
  }
  ~AlignedImage() { free(bytes); }
  AlignedImage(const AlignedImage &) = delete;
  AlignedImage &operator=(const AlignedImage &) = delete;

  uint8_t *bytes;
  size_t size;
};

Bytes imageFile(const std::string &name) {
  Bytes bytes = readFile(std::string(MOE_TEST_IMAGE_DIR) + "/" + name + ".so");
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

Status load(const Bytes &bytes, Image &image, const ImageOptions &options = {},
            uint32_t phases = goodPhases, const Log &log = Log()) {
  AlignedImage aligned(bytes);
  return Image::load("the image", aligned.bytes, aligned.size, phases, options,
                     log, image);
}

/// Runs the good image's kernels; the result depends on its code and its
/// relocated tables.
void expectKernelsWork(const Image &image) {
  int64_t data[8] = {};
  int64_t *tensor = data;
  uint64_t arg[8] = {0, 0, 0, 8, 8, reinterpret_cast<uintptr_t>(tensor)};
  EXPECT_EQ(image.phases()[0](arg, 0, 8, 0), MOE_KERNEL_OK);
  EXPECT_EQ(image.phases()[1](arg, 0, 8, 0), MOE_KERNEL_OK);
  for (int64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(data[i], i * i + (i & 1 ? 1002 : 101));
  }
  EXPECT_EQ(image.phases()[2](arg, 0, 8, 0), MOE_KERNEL_INDEX_OUT_OF_RANGE);
}

/// Permissions of the mapping at an address, from /proc/self/maps.
std::string permissions(const void *address) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  auto at = reinterpret_cast<uintptr_t>(address);
  while (std::getline(maps, line)) {
    unsigned long first, last;
    char flags[5];
    if (sscanf(line.c_str(), "%lx-%lx %4s", &first, &last, flags) == 3 &&
        at >= first && at < last) {
      return flags;
    }
  }
  return "";
}

void expectProtected(const Image &image) {
  const auto *base = static_cast<const uint8_t *>(image.base());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(base) % 65536, 0U);
  EXPECT_EQ(permissions(base), "r--p");
  EXPECT_EQ(permissions(base + 0x10000), "r-xp");
  EXPECT_EQ(permissions(base + 0x20000), "r--p");
}

constexpr unsigned sealed = static_cast<unsigned>(ImageMethod::SealedFile);
constexpr unsigned anonymous = static_cast<unsigned>(ImageMethod::Anonymous);
constexpr unsigned folderFile = static_cast<unsigned>(ImageMethod::FolderFile);

TEST(Image, EveryMethodLoadsTheSame) {
  TemporaryFolder folder;
  Bytes good = imageFile("good");
  struct Case {
    unsigned disabled;
    ImageMethod method;
  };
  for (Case test :
       {Case{0, ImageMethod::SealedFile}, Case{sealed, ImageMethod::Anonymous},
        Case{sealed | anonymous, ImageMethod::FolderFile}}) {
    Image image;
    Status status = load(good, image, {folder.path().c_str(), test.disabled});
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(image.method(), test.method);
    expectKernelsWork(image);
    expectProtected(image);
    const void *base = image.base();
    Image moved(std::move(image));
    EXPECT_EQ(image.phases(), nullptr);
    expectKernelsWork(moved);
    moved = Image();
    EXPECT_EQ(permissions(base), "");
  }
  EXPECT_TRUE(folder.list().empty());
}

TEST(Image, TwoImagesAreApart) {
  Bytes good = imageFile("good");
  Image first;
  Image second;
  ASSERT_TRUE(load(good, first).ok());
  ASSERT_TRUE(load(good, second).ok());
  EXPECT_NE(first.base(), second.base());
  first = Image();
  expectKernelsWork(second);
}

TEST(Image, WhereNoMethodWorks) {
  Bytes good = imageFile("good");
  Image image;
  Status status = load(good, image, {nullptr, sealed | anonymous});
  EXPECT_EQ(status.code(), MOE_RT_UNSUPPORTED);
  EXPECT_STREQ(status.message(),
               "the image cannot be made executable here (a sealed memory "
               "file: Operation not permitted; anonymous memory: Operation not "
               "permitted); name a folder for private files in image_folder, "
               "or link the code (moec --emit=object) and pass it in "
               "linked_code");
  status = load(good, image, {"/no/such/folder", sealed | anonymous});
  EXPECT_STREQ(status.message(),
               "the image cannot be made executable here (a sealed memory "
               "file: Operation not permitted; anonymous memory: Operation not "
               "permitted; a private file: No such file or directory); name a "
               "folder for private files in image_folder, or link the code "
               "(moec --emit=object) and pass it in linked_code");
  EXPECT_EQ(image.phases(), nullptr);
}

TEST(Image, FallbacksAreLogged) {
  std::string written;
  moe_rt_log_sink_t sink{
      sizeof(moe_rt_log_sink_t), &written, MOE_RT_LOG_INFO,
      [](void *context, moe_rt_log_level_t, const char *message) {
        *static_cast<std::string *>(context) += message;
      }};
  Log log;
  ASSERT_TRUE(Log::fromC(&sink, log).ok());
  Image image;
  ASSERT_TRUE(load(imageFile("good"), image, {}, goodPhases, log).ok());
  EXPECT_EQ(written, "");
  ASSERT_TRUE(
      load(imageFile("good"), image, {nullptr, sealed}, goodPhases, log).ok());
  EXPECT_EQ(written, "the image is loaded from anonymous memory, because of: a "
                     "sealed memory file: Operation not permitted");
}

TEST(Image, WhatALinkerCanAddIsRefused) {
  struct Case {
    const char *name;
    const char *reason;
  };
  for (Case test : {
           Case{"tls", "it has thread-local storage"},
           Case{"constructor", "it has constructors"},
           Case{"destructor", "it has destructors"},
           Case{"writable",
                "its segment at 0x30000 has data that stays writable"},
           Case{"ifunc", "it is for ABI 3.0, not 0.0"},
           Case{"undefined", "its symbol 'elsewhere' is undefined"},
           Case{"no-table", "it has no table 'moe_kernel_phases'"},
           Case{"gnu-hash", "its dynamic table lacks tag 4; link it with "
                            "--hash-style=sysv"},
           Case{"small-pages", "its segment at 0x0 is not aligned to 64 KiB"},
           Case{"executable-stack", "it asks for an executable stack"},
           Case{"needed", "it needs another library"},
           Case{"relocated-code", "it has relocations in its code"},
           Case{"data-phase", "its table 'moe_kernel_phases' has 32 bytes, and "
                              "3 phases need 24"},
       }) {
    Image image;
    Status status = load(imageFile(test.name), image);
    EXPECT_EQ(status.code(), MOE_RT_INVALID_ARGUMENT);
    EXPECT_EQ(status.message(),
              "the image cannot be loaded: " + std::string(test.reason));
  }
  Image image;
  EXPECT_STREQ(load(imageFile("data-phase"), image, {}, 4).message(),
               "the image cannot be loaded: a phase in its table is not in its "
               "code");
  EXPECT_EQ(image.base(), nullptr);
}

//===----------------------------------------------------------------------===//
// Edited images
//===----------------------------------------------------------------------===//

class EditedImage : public ::testing::Test {
protected:
  void SetUp() override { good = imageFile("good"); }

  static Elf64_Ehdr &header(Bytes &b) {
    return *reinterpret_cast<Elf64_Ehdr *>(b.data());
  }
  static Elf64_Phdr &segment(Bytes &b, uint32_t type, int index = 0) {
    auto *headers =
        reinterpret_cast<Elf64_Phdr *>(b.data() + header(b).e_phoff);
    for (int i = 0; i < header(b).e_phnum; ++i) {
      if (headers[i].p_type == type && index-- == 0) {
        return headers[i];
      }
    }
    ADD_FAILURE() << "no program header of type " << type;
    return headers[0];
  }
  static Elf64_Dyn &dynamic(Bytes &b, int64_t tag) {
    auto *entries = reinterpret_cast<Elf64_Dyn *>(
        b.data() + segment(b, PT_DYNAMIC).p_offset);
    while (entries->d_tag != tag) {
      ++entries;
    }
    return *entries;
  }
  // Everything but code and relocated data is in the first segment, where
  // addresses are offsets.
  static Elf64_Rela &relocation(Bytes &b) {
    return *reinterpret_cast<Elf64_Rela *>(b.data() +
                                           dynamic(b, DT_RELA).d_un.d_ptr);
  }
  static Elf64_Sym &symbol(Bytes &b) {
    return reinterpret_cast<Elf64_Sym *>(b.data() +
                                         dynamic(b, DT_SYMTAB).d_un.d_ptr)[1];
  }

  Bytes good;
};

TEST_F(EditedImage, EveryCheckHasItsMessage) {
  struct Case {
    std::function<void(Bytes &)> edit;
    std::string reason;
  };
  // The compiler decides.
  std::string code = std::to_string(segment(good, PT_LOAD, 1).p_memsz);
  std::vector<Case> cases = {
      {[](Bytes &b) { b.resize(10); },
       "it has 10 bytes, too few for an ELF header"},
      {[](Bytes &b) { b[1] = 'e'; }, "it is no 64-bit little-endian ELF file"},
      {[](Bytes &b) { b[EI_CLASS] = ELFCLASS32; },
       "it is no 64-bit little-endian ELF file"},
      {[](Bytes &b) { b[EI_OSABI] = 9; }, "it is for ABI 9.0, not 0.0"},
      {[](Bytes &b) { header(b).e_type = ET_EXEC; },
       "it is of type 2 for machine 62, not a shared object for x86-64"},
      {[](Bytes &b) { header(b).e_machine = EM_AARCH64; },
       "it is of type 3 for machine 183, not a shared object for x86-64"},
      {[](Bytes &b) { header(b).e_phentsize = 32; },
       "its header has sizes or flags that x86-64 does not have"},
      {[](Bytes &b) { header(b).e_phnum = 0; },
       "it has 0 program headers, not 1 to 32"},
      {[](Bytes &b) { header(b).e_phnum = 1000; },
       "it has 1000 program headers, not 1 to 32"},
      {[](Bytes &b) { header(b).e_phoff = b.size() - 56; },
       "its program headers lie outside of it"},
      {[](Bytes &b) { header(b).e_phoff = ~uint64_t{7}; },
       "its program headers lie outside of it"},
      {[](Bytes &b) { segment(b, PT_PHDR).p_type = PT_DYNAMIC; },
       "it has two dynamic tables"},
      {[](Bytes &b) { segment(b, PT_PHDR).p_type = PT_GNU_RELRO; },
       "it has two read-only-after-relocation ranges"},
      {[](Bytes &b) { segment(b, PT_PHDR).p_type = PT_INTERP; },
       "it has a program header of type 0x3, which is not allowed"},
      {[](Bytes &b) { segment(b, PT_GNU_RELRO).p_type = PT_NULL; },
       "its segment at 0x20000 has data that stays writable"},
      {[](Bytes &b) { segment(b, PT_GNU_RELRO).p_memsz = 8; },
       "its segment at 0x20000 has data that stays writable"},
      {[](Bytes &b) { segment(b, PT_GNU_RELRO).p_vaddr = ~uint64_t{0}; },
       "its segment at 0x20000 has data that stays writable"},
      {[](Bytes &b) {
         for (int i = 0; i < 3; ++i) {
           segment(b, PT_LOAD).p_type = PT_NULL;
         }
       },
       "it has no segment to load"},
      {[](Bytes &b) { segment(b, PT_LOAD).p_flags = PF_W; },
       "its segment at 0x0 has flags 0x2"},
      {[](Bytes &b) { segment(b, PT_LOAD).p_flags = 0x10 | PF_R; },
       "its segment at 0x0 has flags 0x14"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_flags = PF_R | PF_W | PF_X; },
       "its segment at 0x10000 is writable and executable"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_vaddr += 4096; },
       "its segment at 0x11000 is not aligned to 64 KiB"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_align = 0x18000; },
       "its segment at 0x10000 is not aligned to 64 KiB"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_memsz = 0; },
       "its segment at 0x10000 has 0 bytes"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_vaddr = ~uint64_t{0xffff}; },
       "its segment at 0xffffffffffff0000 has " + code + " bytes"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_filesz += 1; },
       "its segment at 0x10000 lies outside of the file"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_offset = ~uint64_t{0xffff}; },
       "its segment at 0x10000 lies outside of the file"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_memsz = 0x20000; },
       "its segment at 0x10000 has 131072 bytes, but " + code + " in the file"},
      {[](Bytes &b) { segment(b, PT_LOAD, 1).p_vaddr = 0; },
       "its segment at 0x0 overlaps the one before it"},
      {[](Bytes &b) { segment(b, PT_DYNAMIC).p_type = PT_NULL; },
       "it has no dynamic table"},
      {[](Bytes &b) { segment(b, PT_DYNAMIC).p_filesz += 1; },
       "its dynamic table lies outside of its segments"},
      {[](Bytes &b) { segment(b, PT_DYNAMIC).p_vaddr = 0x20000000; },
       "its dynamic table lies outside of its segments"},
      {[](Bytes &b) { segment(b, PT_DYNAMIC).p_filesz = 32; },
       "its dynamic table has no end"},
      {[](Bytes &b) { dynamic(b, DT_RELASZ).d_tag = DT_RELA; },
       "its dynamic table has tag 7 twice"},
      {[](Bytes &b) { dynamic(b, DT_FLAGS).d_un.d_val = DF_STATIC_TLS; },
       "it has thread-local storage"},
      {[](Bytes &b) { dynamic(b, DT_FLAGS).d_un.d_val = DF_ORIGIN; },
       "it has dynamic flags 0x1"},
      {[](Bytes &b) { dynamic(b, DT_FLAGS).d_tag = DT_INIT; },
       "it has constructors"},
      {[](Bytes &b) { dynamic(b, DT_FLAGS).d_tag = DT_JMPREL; },
       "it has a procedure linkage table"},
      {[](Bytes &b) { dynamic(b, DT_FLAGS).d_tag = DT_VERSYM; },
       "its dynamic table has tag 0x6ffffff0, which is not allowed"},
      {[](Bytes &b) { dynamic(b, DT_STRSZ).d_tag = DT_SYMBOLIC; },
       "its dynamic table lacks tag 10"},
      {[](Bytes &b) { dynamic(b, DT_RELAENT).d_tag = DT_SYMBOLIC; },
       "its dynamic table describes relocations in part"},
      {[](Bytes &b) { dynamic(b, DT_SYMENT).d_un.d_val = 16; },
       "its symbols or relocations have another size than x86-64's"},
      {[](Bytes &b) { dynamic(b, DT_HASH).d_un.d_ptr = 0x30000; },
       "its symbol hash table is damaged"},
      {[](Bytes &b) { dynamic(b, DT_SYMTAB).d_un.d_ptr = 0x30000; },
       "its symbols lie outside of its segments"},
      {[](Bytes &b) { dynamic(b, DT_STRSZ).d_un.d_val = uint64_t{1} << 63; },
       "its strings lie outside of its segments"},
      {[](Bytes &b) { dynamic(b, DT_STRSZ).d_un.d_val -= 1; },
       "its strings have no end"},
      {[](Bytes &b) { symbol(b).st_name = 1000; }, "its symbol 1 has no name"},
      {[](Bytes &b) { symbol(b).st_size = 16; },
       "its table 'moe_kernel_phases' has 16 bytes, and 3 phases need 24"},
      {[](Bytes &b) { symbol(b).st_value = 0x20ff8; },
       "its table 'moe_kernel_phases' is there twice, is no data or lies "
       "outside of its segments"},
      {[](Bytes &b) { symbol(b).st_value = ~uint64_t{15}; },
       "its table 'moe_kernel_phases' is there twice, is no data or lies "
       "outside of its segments"},
      {[](Bytes &b) {
         symbol(b).st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
       },
       "its table 'moe_kernel_phases' is there twice, is no data or lies "
       "outside of its segments"},
      {[](Bytes &b) { symbol(b).st_info = ELF64_ST_INFO(STB_GLOBAL, STT_TLS); },
       "its symbol 'moe_kernel_phases' is thread-local"},
      {[](Bytes &b) {
         symbol(b).st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
       },
       "its symbol 'moe_kernel_phases' is an IFUNC"},
      {[](Bytes &b) { dynamic(b, DT_RELASZ).d_un.d_val += 1; },
       "its relocations lie outside of its segments"},
      {[](Bytes &b) { dynamic(b, DT_RELA).d_un.d_ptr = 0x20000000; },
       "its relocations lie outside of its segments"},
      {[](Bytes &b) {
         relocation(b).r_info = ELF64_R_INFO(1, R_X86_64_GLOB_DAT);
       },
       "its relocation 0 is of type 6, not relative"},
      {[](Bytes &b) { relocation(b).r_offset = 0x10000; },
       "its relocation 0 leaves its segments"},
      {[](Bytes &b) { relocation(b).r_offset = 0x20ffc; },
       "its relocation 0 leaves its segments"},
      {[](Bytes &b) { relocation(b).r_addend = -1; },
       "its relocation 0 leaves its segments"},
  };
  for (const Case &test : cases) {
    Bytes edited = good;
    test.edit(edited);
    Image image;
    Status status = load(edited, image);
    EXPECT_EQ(status.message(), "the image cannot be loaded: " + test.reason);
  }
}

TEST_F(EditedImage, EveryTruncationIsRefused) {
  // The last segment's bytes end the part that is loaded.
  size_t end =
      segment(good, PT_LOAD, 2).p_offset + segment(good, PT_LOAD, 2).p_filesz;
  for (size_t length = 0; length < end; length += length < 2048 ? 1 : 499) {
    Bytes cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(length));
    Image image;
    ASSERT_FALSE(load(cut, image).ok()) << length;
  }
  Bytes whole(good.begin(), good.begin() + static_cast<ptrdiff_t>(end));
  Image image;
  EXPECT_TRUE(load(whole, image).ok());
}

/// What must hold for whatever was accepted: the table lies in memory that can
/// be read, and its entries in memory that can be executed.
void expectSafe(const Image &image) {
  const auto *base = static_cast<const uint8_t *>(image.base());
  const auto *end = base + image.span();
  ASSERT_GE(reinterpret_cast<const uint8_t *>(image.phases()), base);
  ASSERT_LE(reinterpret_cast<const uint8_t *>(image.phases() + goodPhases),
            end);
  for (uint32_t i = 0; i < goodPhases; ++i) {
    const auto *phase = reinterpret_cast<const uint8_t *>(image.phases()[i]);
    ASSERT_GE(phase, base);
    ASSERT_LT(phase, end);
  }
}

TEST_F(EditedImage, RandomEditsNeverCrash) {
  // Edits where they hurt: in headers, tables and relocations, of bytes and of
  // whole words with values that are special.
  std::mt19937_64 random(20240607);
  std::vector<size_t> places;
  for (size_t at = 0; at < sizeof(Elf64_Ehdr) + 7 * sizeof(Elf64_Phdr); ++at) {
    places.push_back(at);
  }
  for (size_t at = dynamic(good, DT_SYMTAB).d_un.d_ptr;
       at <
       dynamic(good, DT_RELA).d_un.d_ptr + dynamic(good, DT_RELASZ).d_un.d_val;
       ++at) {
    places.push_back(at);
  }
  for (size_t at = segment(good, PT_LOAD, 2).p_offset;
       at <
       segment(good, PT_LOAD, 2).p_offset + segment(good, PT_LOAD, 2).p_filesz;
       ++at) {
    places.push_back(at);
  }
  const uint64_t special[] = {0,
                              1,
                              7,
                              8,
                              24,
                              0xffff,
                              0x10000,
                              0x20000,
                              0x30000,
                              0x20fff,
                              uint64_t{1} << 31,
                              uint64_t{1} << 32,
                              uint64_t{1} << 63,
                              ~uint64_t{0},
                              ~uint64_t{7},
                              ~uint64_t{0xffff}};
  int accepted = 0;
  constexpr int runs = 20000;
  for (int run = 0; run < runs; ++run) {
    AlignedImage edited(good);
    int edits = 1 + static_cast<int>(random() % 3);
    for (int edit = 0; edit < edits; ++edit) {
      size_t at = places[random() % places.size()];
      if (random() % 2) {
        edited.bytes[at] = static_cast<uint8_t>(random());
      } else {
        uint64_t value = special[random() % std::size(special)];
        at &= ~size_t{7};
        memcpy(edited.bytes + at, &value, random() % 2 ? 8 : 4);
      }
    }
    Image image;
    // Anonymous memory is the fastest.
    Status status = Image::load("the image", edited.bytes, edited.size,
                                goodPhases, {nullptr, sealed}, Log(), image);
    if (status.ok()) {
      ++accepted;
      expectSafe(image);
    }
  }
  // Both outcomes were tried.
  EXPECT_GT(accepted, runs / 100);
  EXPECT_LT(accepted, runs);
}

} // namespace
