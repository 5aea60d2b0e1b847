//===- CheckImage.cpp - what an image may hold ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Image.h"

#include "moe_rt/contract/environment.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Object/ELFTypes.h"

using namespace moe;
using ELFT = llvm::object::ELF64LE;
using ELFFile = llvm::object::ELFFile<ELFT>;

/// Takes the value out of `expected` or puts its error into `message`.
template <typename T>
static std::optional<T> take(llvm::Expected<T> expected, std::string &message) {
  if (!expected) {
    message = "the image is malformed: " + toString(expected.takeError());
    return std::nullopt;
  }
  return *expected;
}

static LogicalResult refuse(std::string &message, const Twine &text) {
  message = text.str();
  return failure();
}

static LogicalResult checkDynamicSymbols(const ELFFile &file,
                                         const ELFT::Shdr &section,
                                         std::string &message) {
  auto symbols = take(file.symbols(&section), message);
  auto names = take(file.getStringTableForSymtab(section), message);
  if (!symbols || !names) {
    return failure();
  }
  bool found = false;
  for (const ELFT::Sym &symbol : llvm::drop_begin(*symbols)) {
    auto name = take(symbol.getName(*names), message);
    if (!name) {
      return failure();
    }
    if (symbol.isUndefined()) {
      return refuse(message, "the image needs '" + *name + "'");
    }
    if (*name != MOE_IMAGE_PHASES_SYMBOL) {
      return refuse(message, "the image exports '" + *name + "'");
    }
    found = true;
  }
  if (!found) {
    return refuse(message,
                  "the image does not export '" MOE_IMAGE_PHASES_SYMBOL "'");
  }
  return success();
}

static LogicalResult checkRelocations(const ELFFile &file,
                                      const ELFT::Shdr &section,
                                      std::string &message) {
  if (section.sh_type == llvm::ELF::SHT_REL) {
    return refuse(message, "the image has relocations without addends");
  }
  auto relocations = take(file.relas(section), message);
  if (!relocations) {
    return failure();
  }
  for (const ELFT::Rela &relocation : *relocations) {
    uint32_t type = relocation.getType(/*isMips64EL=*/false);
    if (type != llvm::ELF::R_X86_64_RELATIVE) {
      return refuse(message,
                    "the image has a relocation of type " + Twine(type));
    }
  }
  return success();
}

LogicalResult moe::checkImage(StringRef image, std::string &message) {
  auto file = take(ELFFile::create(image), message);
  if (!file) {
    return failure();
  }
  auto sections = take(file->sections(), message);
  auto segments = take(file->program_headers(), message);
  if (!sections || !segments) {
    return failure();
  }
  for (const ELFT::Phdr &segment : *segments) {
    if (segment.p_type == llvm::ELF::PT_TLS) {
      return refuse(message, "the image has thread-local storage");
    }
    if (segment.p_type == llvm::ELF::PT_INTERP) {
      return refuse(message, "the image names an interpreter");
    }
    if (segment.p_type == llvm::ELF::PT_LOAD) {
      bool writable = segment.p_flags & llvm::ELF::PF_W;
      bool executable = segment.p_flags & llvm::ELF::PF_X;
      if (writable && executable) {
        return refuse(message, "the image has code that is writable");
      }
      if (segment.p_align != 65536) {
        return refuse(message, "the image has a segment aligned to " +
                                   Twine(segment.p_align) +
                                   " bytes, but 65536 are wanted");
      }
    }
  }
  bool symbols = false;
  for (const ELFT::Shdr &section : *sections) {
    switch (section.sh_type) {
    case llvm::ELF::SHT_DYNSYM:
      symbols = true;
      if (failed(checkDynamicSymbols(*file, section, message))) {
        return failure();
      }
      break;
    case llvm::ELF::SHT_REL:
    case llvm::ELF::SHT_RELA:
      if (failed(checkRelocations(*file, section, message))) {
        return failure();
      }
      break;
    case llvm::ELF::SHT_INIT_ARRAY:
    case llvm::ELF::SHT_FINI_ARRAY:
    case llvm::ELF::SHT_PREINIT_ARRAY:
      return refuse(message, "the image has constructors");
    default:
      break;
    }
  }
  if (!symbols) {
    return refuse(message, "the image has no dynamic symbols");
  }
  return success();
}
