//===- elf_image.cpp - checks the ELF image of compiled kernels -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "image/elf_image.h"

#include "moe_rt/contract/environment.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <initializer_list>

using namespace moe::rt;

using ull = unsigned long long;

// Far more than any image needs; sums of a few of these cannot overflow.
static constexpr uint64_t maxSpan = uint64_t{1} << 32;
static constexpr uint64_t maxSymbols = 1 << 20;

const ElfImage::Segment *ElfImage::find(uint64_t address, uint64_t size) const {
  for (int i = 0; i < segmentCount; ++i) {
    const Segment &segment = segments[i];
    if (address >= segment.address &&
        address - segment.address <= segment.memoryBytes &&
        size <= segment.memoryBytes - (address - segment.address)) {
      return &segment;
    }
  }
  return nullptr;
}

namespace {

/// One pass over an image, in the order of its parts.
class ElfParser {
public:
  ElfParser(const uint8_t *bytes, uint64_t size, uint32_t phaseCount,
            ElfImage &image)
      : bytes(bytes), size(size), phaseCount(phaseCount), image(image) {}

  Status parse();

private:
  Status parseHeader();
  Status parseSegments();
  Status addSegment(const Elf64_Phdr &header);
  Status parseDynamic();
  Status dynamicEntry(const Elf64_Dyn &entry);
  Status checkTables();
  Status parseSymbols();
  Status parseRelocations();

  static Status bad(const char *format, ...)
      __attribute__((format(printf, 1, 2)));
  /// Bytes of the file that back a range of memory, or NULL: all of them must
  /// lie in one segment's part that comes from the file, and be aligned to 8.
  const uint8_t *fileData(uint64_t address, uint64_t length) const;

  const uint8_t *bytes;
  uint64_t size;
  uint32_t phaseCount;
  ElfImage &image;

  const Elf64_Phdr *headers = nullptr;
  int headerCount = 0;
  const Elf64_Phdr *dynamic = nullptr;
  const Elf64_Phdr *relro = nullptr;
  /// Values of the dynamic entries we use, and which tags were there.
  uint64_t values[DT_SYMENT + 1] = {};
  bool seen[DT_SYMENT + 1] = {};
};

} // namespace

Status ElfParser::bad(const char *format, ...) {
  char reason[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof(reason), format, arguments);
  va_end(arguments);
  return Status::error(MOE_RT_INVALID_ARGUMENT, "%s", reason);
}

const uint8_t *ElfParser::fileData(uint64_t address, uint64_t length) const {
  const ElfImage::Segment *segment = image.find(address, length);
  if (!segment || address % 8) {
    return nullptr;
  }
  uint64_t inside = address - segment->address;
  if (inside > segment->fileBytes || length > segment->fileBytes - inside) {
    return nullptr;
  }
  return bytes + segment->fileOffset + inside;
}

Status ElfParser::parse() {
  image = ElfImage();
  image.bytes = bytes;
  MOE_RT_RETURN_IF_ERROR(parseHeader());
  MOE_RT_RETURN_IF_ERROR(parseSegments());
  MOE_RT_RETURN_IF_ERROR(parseDynamic());
  MOE_RT_RETURN_IF_ERROR(checkTables());
  MOE_RT_RETURN_IF_ERROR(parseSymbols());
  return parseRelocations();
}

Status ElfParser::parseHeader() {
  if (size < sizeof(Elf64_Ehdr)) {
    return bad("it has %llu bytes, too few for an ELF header",
               static_cast<ull>(size));
  }
  const auto &header = *reinterpret_cast<const Elf64_Ehdr *>(bytes);
  const unsigned char ident[] = {ELFMAG0,    ELFMAG1,     ELFMAG2,   ELFMAG3,
                                 ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
  if (memcmp(header.e_ident, ident, sizeof(ident)) != 0) {
    return bad("it is no 64-bit little-endian ELF file");
  }
  if (header.e_ident[EI_OSABI] != ELFOSABI_NONE ||
      header.e_ident[EI_ABIVERSION] != 0) {
    return bad("it is for ABI %u.%u, not 0.0", header.e_ident[EI_OSABI],
               header.e_ident[EI_ABIVERSION]);
  }
  if (header.e_type != ET_DYN || header.e_machine != EM_X86_64 ||
      header.e_version != EV_CURRENT) {
    return bad("it is of type %u for machine %u, not a shared object for "
               "x86-64",
               header.e_type, header.e_machine);
  }
  if (header.e_ehsize != sizeof(Elf64_Ehdr) ||
      header.e_phentsize != sizeof(Elf64_Phdr) || header.e_flags != 0) {
    return bad("its header has sizes or flags that x86-64 does not have");
  }
  if (header.e_phnum == 0 || header.e_phnum > 2 * ElfImage::maxSegments) {
    return bad("it has %u program headers, not 1 to %d", header.e_phnum,
               2 * ElfImage::maxSegments);
  }
  if (header.e_phoff % 8 || header.e_phoff > size ||
      header.e_phnum * sizeof(Elf64_Phdr) > size - header.e_phoff) {
    return bad("its program headers lie outside of it");
  }
  headers = reinterpret_cast<const Elf64_Phdr *>(bytes + header.e_phoff);
  headerCount = header.e_phnum;
  return Status();
}

Status ElfParser::parseSegments() {
  for (int i = 0; i < headerCount; ++i) {
    const Elf64_Phdr &header = headers[i];
    switch (header.p_type) {
    case PT_LOAD:
      MOE_RT_RETURN_IF_ERROR(addSegment(header));
      break;
    case PT_DYNAMIC:
      if (dynamic) {
        return bad("it has two dynamic tables");
      }
      dynamic = &header;
      break;
    case PT_GNU_RELRO:
      if (relro) {
        return bad("it has two read-only-after-relocation ranges");
      }
      relro = &header;
      break;
    case PT_GNU_STACK:
      if (header.p_flags & PF_X) {
        return bad("it asks for an executable stack");
      }
      break;
    case PT_NULL:
    case PT_NOTE:
    case PT_PHDR:
    case PT_GNU_EH_FRAME:
    case PT_GNU_PROPERTY:
      break;
    case PT_TLS:
      return bad("it has thread-local storage");
    default:
      return bad("it has a program header of type 0x%x, which is not allowed",
                 header.p_type);
    }
  }
  // What is writable until it is relocated must be read-only afterwards:
  // kernels have no state.
  for (int i = 0; i < image.segmentCount; ++i) {
    const ElfImage::Segment &segment = image.segments[i];
    if (segment.relocated &&
        (!relro || relro->p_vaddr > segment.address ||
         relro->p_memsz > maxSpan || relro->p_vaddr > maxSpan ||
         relro->p_vaddr + relro->p_memsz <
             segment.address + segment.memoryBytes)) {
      return bad("its segment at 0x%llx has data that stays writable",
                 static_cast<ull>(segment.address));
    }
  }
  if (image.segmentCount == 0) {
    return bad("it has no segment to load");
  }
  return Status();
}

Status ElfParser::addSegment(const Elf64_Phdr &header) {
  if (image.segmentCount == ElfImage::maxSegments) {
    return bad("it has more than %d segments", ElfImage::maxSegments);
  }
  auto address = static_cast<ull>(header.p_vaddr);
  if (header.p_flags & ~uint32_t{PF_R | PF_W | PF_X} ||
      !(header.p_flags & PF_R)) {
    return bad("its segment at 0x%llx has flags 0x%x", address, header.p_flags);
  }
  if (header.p_flags & PF_W && header.p_flags & PF_X) {
    return bad("its segment at 0x%llx is writable and executable", address);
  }
  constexpr uint64_t low = ElfImage::segmentAlignment - 1;
  if (header.p_vaddr & low || header.p_offset & low ||
      header.p_align < ElfImage::segmentAlignment ||
      header.p_align & (header.p_align - 1) ||
      header.p_vaddr & (header.p_align - 1)) {
    return bad("its segment at 0x%llx is not aligned to 64 KiB", address);
  }
  if (header.p_memsz == 0 || header.p_memsz > maxSpan ||
      header.p_vaddr > maxSpan - header.p_memsz) {
    return bad("its segment at 0x%llx has %llu bytes", address,
               static_cast<ull>(header.p_memsz));
  }
  if (header.p_filesz > header.p_memsz || header.p_offset > size ||
      header.p_filesz > size - header.p_offset) {
    return bad("its segment at 0x%llx lies outside of the file", address);
  }
  // Without writable data there is nothing to fill with zeros but padding.
  if (header.p_memsz > ((header.p_filesz + low) & ~low)) {
    return bad("its segment at 0x%llx has %llu bytes, but %llu in the file",
               address, static_cast<ull>(header.p_memsz),
               static_cast<ull>(header.p_filesz));
  }
  // Ascending and apart by whole 64 KiB, as span is rounded up to them.
  if (header.p_vaddr < image.span) {
    return bad("its segment at 0x%llx overlaps the one before it", address);
  }
  ElfImage::Segment &segment = image.segments[image.segmentCount++];
  segment.address = header.p_vaddr;
  segment.memoryBytes = header.p_memsz;
  segment.fileOffset = header.p_offset;
  segment.fileBytes = header.p_filesz;
  segment.executable = header.p_flags & PF_X;
  segment.relocated = header.p_flags & PF_W;
  image.span = (header.p_vaddr + header.p_memsz + low) & ~low;
  return Status();
}

//===----------------------------------------------------------------------===//
// Dynamic table
//===----------------------------------------------------------------------===//

Status ElfParser::parseDynamic() {
  if (!dynamic) {
    return bad("it has no dynamic table");
  }
  const uint8_t *data = dynamic->p_filesz % sizeof(Elf64_Dyn) == 0
                            ? fileData(dynamic->p_vaddr, dynamic->p_filesz)
                            : nullptr;
  if (!data) {
    return bad("its dynamic table lies outside of its segments");
  }
  const auto *entries = reinterpret_cast<const Elf64_Dyn *>(data);
  uint64_t count = dynamic->p_filesz / sizeof(Elf64_Dyn);
  for (uint64_t i = 0; i < count; ++i) {
    if (entries[i].d_tag == DT_NULL) {
      return Status();
    }
    MOE_RT_RETURN_IF_ERROR(dynamicEntry(entries[i]));
  }
  return bad("its dynamic table has no end");
}

Status ElfParser::dynamicEntry(const Elf64_Dyn &entry) {
  switch (entry.d_tag) {
  case DT_HASH:
  case DT_STRTAB:
  case DT_SYMTAB:
  case DT_STRSZ:
  case DT_SYMENT:
  case DT_RELA:
  case DT_RELASZ:
  case DT_RELAENT:
    if (seen[entry.d_tag]) {
      return bad("its dynamic table has tag %lld twice",
                 static_cast<long long>(entry.d_tag));
    }
    seen[entry.d_tag] = true;
    values[entry.d_tag] = entry.d_un.d_val;
    return Status();
  case DT_SONAME:
  case DT_GNU_HASH:
  case DT_RELACOUNT:
  case DT_FLAGS_1:
  case DT_SYMBOLIC:
  case DT_BIND_NOW:
    return Status();
  case DT_FLAGS:
    if (entry.d_un.d_val & DF_TEXTREL) {
      return bad("it has relocations in its code");
    }
    if (entry.d_un.d_val & DF_STATIC_TLS) {
      return bad("it has thread-local storage");
    }
    if (entry.d_un.d_val & ~uint64_t{DF_SYMBOLIC | DF_BIND_NOW}) {
      return bad("it has dynamic flags 0x%llx",
                 static_cast<ull>(entry.d_un.d_val));
    }
    return Status();
  case DT_NEEDED:
    return bad("it needs another library");
  case DT_INIT:
  case DT_INIT_ARRAY:
  case DT_INIT_ARRAYSZ:
  case DT_PREINIT_ARRAY:
  case DT_PREINIT_ARRAYSZ:
    return bad("it has constructors");
  case DT_FINI:
  case DT_FINI_ARRAY:
  case DT_FINI_ARRAYSZ:
    return bad("it has destructors");
  case DT_TEXTREL:
    return bad("it has relocations in its code");
  case DT_JMPREL:
  case DT_PLTRELSZ:
  case DT_PLTREL:
  case DT_PLTGOT:
    return bad("it has a procedure linkage table");
  default:
    return bad("its dynamic table has tag 0x%llx, which is not allowed",
               static_cast<ull>(entry.d_tag));
  }
}

Status ElfParser::checkTables() {
  for (int tag : {DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT}) {
    if (!seen[tag]) {
      return bad("its dynamic table lacks tag %d%s", tag,
                 tag == DT_HASH ? "; link it with --hash-style=sysv" : "");
    }
  }
  if (seen[DT_RELA] != seen[DT_RELASZ] || seen[DT_RELA] != seen[DT_RELAENT]) {
    return bad("its dynamic table describes relocations in part");
  }
  if (values[DT_SYMENT] != sizeof(Elf64_Sym) ||
      (seen[DT_RELA] && values[DT_RELAENT] != sizeof(Elf64_Rela))) {
    return bad("its symbols or relocations have another size than x86-64's");
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// Symbols and relocations
//===----------------------------------------------------------------------===//

Status ElfParser::parseSymbols() {
  // The hash table's second word is the number of symbols.
  const auto *hash =
      reinterpret_cast<const uint32_t *>(fileData(values[DT_HASH], 8));
  uint64_t count = hash ? hash[1] : 0;
  if (count == 0 || count > maxSymbols) {
    return bad("its symbol hash table is damaged");
  }
  const auto *symbols = reinterpret_cast<const Elf64_Sym *>(
      fileData(values[DT_SYMTAB], count * sizeof(Elf64_Sym)));
  if (!symbols) {
    return bad("its symbols lie outside of its segments");
  }
  // Strings need no alignment.
  uint64_t stringBytes = values[DT_STRSZ];
  uint64_t stringsAt = values[DT_STRTAB];
  const ElfImage::Segment *segment = image.find(stringsAt, stringBytes);
  if (!segment || stringBytes == 0 ||
      stringsAt - segment->address > segment->fileBytes ||
      stringBytes > segment->fileBytes - (stringsAt - segment->address)) {
    return bad("its strings lie outside of its segments");
  }
  const auto *strings = reinterpret_cast<const char *>(
      bytes + segment->fileOffset + (stringsAt - segment->address));
  if (strings[stringBytes - 1] != '\0') {
    return bad("its strings have no end");
  }

  bool found = phaseCount == 0;
  for (uint64_t i = 1; i < count; ++i) {
    const Elf64_Sym &symbol = symbols[i];
    if (symbol.st_name >= stringBytes) {
      return bad("its symbol %llu has no name", static_cast<ull>(i));
    }
    const char *name = strings + symbol.st_name;
    if (symbol.st_shndx == SHN_UNDEF) {
      return bad("its symbol '%.100s' is undefined", name);
    }
    unsigned type = ELF64_ST_TYPE(symbol.st_info);
    if (type == STT_GNU_IFUNC || type == STT_TLS) {
      return bad("its symbol '%.100s' is %s", name,
                 type == STT_TLS ? "thread-local" : "an IFUNC");
    }
    if (strcmp(name, MOE_IMAGE_PHASES_SYMBOL) != 0 || phaseCount == 0) {
      continue;
    }
    uint64_t wanted = uint64_t{phaseCount} * sizeof(moe_phase_fn);
    if (symbol.st_size != wanted) {
      return bad("its table '%s' has %llu bytes, and %u phases need %llu", name,
                 static_cast<ull>(symbol.st_size), phaseCount,
                 static_cast<ull>(wanted));
    }
    if (found || type != STT_OBJECT || symbol.st_value % 8 ||
        !image.find(symbol.st_value, wanted)) {
      return bad("its table '%s' is there twice, is no data or lies outside of "
                 "its segments",
                 name);
    }
    image.phasesAddress = symbol.st_value;
    found = true;
  }
  if (!found) {
    return bad("it has no table '%s'", MOE_IMAGE_PHASES_SYMBOL);
  }
  return Status();
}

Status ElfParser::parseRelocations() {
  uint64_t relocationBytes = values[DT_RELASZ];
  if (relocationBytes == 0) {
    return Status();
  }
  const auto *relocations = reinterpret_cast<const Elf64_Rela *>(
      relocationBytes % sizeof(Elf64_Rela) == 0
          ? fileData(values[DT_RELA], relocationBytes)
          : nullptr);
  if (!relocations) {
    return bad("its relocations lie outside of its segments");
  }
  uint64_t count = relocationBytes / sizeof(Elf64_Rela);
  for (uint64_t i = 0; i < count; ++i) {
    const Elf64_Rela &relocation = relocations[i];
    if (relocation.r_info != ELF64_R_INFO(0, R_X86_64_RELATIVE)) {
      return bad("its relocation %llu is of type %u, not relative",
                 static_cast<ull>(i),
                 static_cast<unsigned>(ELF64_R_TYPE(relocation.r_info)));
    }
    const ElfImage::Segment *segment =
        image.find(relocation.r_offset, sizeof(uint64_t));
    auto addend = static_cast<uint64_t>(relocation.r_addend);
    if (!segment || !segment->relocated || relocation.r_offset % 8 ||
        !image.find(addend, 0)) {
      return bad("its relocation %llu leaves its segments",
                 static_cast<ull>(i));
    }
  }
  image.relocations = relocations;
  image.relocationCount = count;
  return Status();
}

Status moe::rt::parseElf(const uint8_t *bytes, uint64_t size,
                         uint32_t phaseCount, ElfImage &image) {
  return ElfParser(bytes, size, phaseCount, image).parse();
}
