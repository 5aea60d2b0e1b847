//===- CheckObject.cpp - what an object for the user's linker may hold ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Image.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Object/ELFTypes.h"

using namespace moe;
using ELFT = llvm::object::ELF64LE;
using ELFFile = llvm::object::ELFFile<ELFT>;

static llvm::Error refuse(const Twine &text) {
  return llvm::createStringError("the object " + text);
}

static llvm::Error checkSymbols(const ELFFile &file, const ELFT::Shdr &section,
                                StringRef wanted) {
  auto symbols = file.symbols(&section);
  auto names = file.getStringTableForSymtab(section);
  if (!symbols || !names) {
    return llvm::joinErrors(symbols.takeError(), names.takeError());
  }
  bool found = false;
  for (const ELFT::Sym &symbol : llvm::drop_begin(*symbols)) {
    auto name = symbol.getName(*names);
    if (!name) {
      return name.takeError();
    }
    if (symbol.isUndefined()) {
      return refuse("needs '" + *name + "'");
    }
    if (symbol.getBinding() == llvm::ELF::STB_LOCAL) {
      continue;
    }
    if (*name != wanted) {
      return refuse("exports '" + *name + "'");
    }
    found = true;
  }
  return found ? llvm::Error::success()
               : refuse("does not export '" + wanted + "'");
}

/// Code that a linker must not have to change at run time is position
/// independent.
static llvm::Error checkRelocations(const ELFFile &file,
                                    const ELFT::Shdr &section) {
  auto target = file.getSection(section.sh_info);
  if (!target) {
    return target.takeError();
  }
  if (!((*target)->sh_flags & llvm::ELF::SHF_EXECINSTR)) {
    return llvm::Error::success();
  }
  auto relocations = file.relas(section);
  if (!relocations) {
    return relocations.takeError();
  }
  for (const ELFT::Rela &relocation : *relocations) {
    uint32_t type = relocation.getType(/*isMips64EL=*/false);
    if (type != llvm::ELF::R_X86_64_PC32 && type != llvm::ELF::R_X86_64_PLT32 &&
        type != llvm::ELF::R_X86_64_PC64) {
      return refuse("has a relocation of type " + Twine(type) + " in code");
    }
  }
  return llvm::Error::success();
}

static llvm::Error checkSection(const ELFFile &file, const ELFT::Shdr &section,
                                StringRef name) {
  bool writable = section.sh_flags & llvm::ELF::SHF_WRITE;
  if (section.sh_flags & llvm::ELF::SHF_TLS) {
    return refuse("has thread-local storage");
  }
  switch (section.sh_type) {
  case llvm::ELF::SHT_INIT_ARRAY:
  case llvm::ELF::SHT_FINI_ARRAY:
  case llvm::ELF::SHT_PREINIT_ARRAY:
    return refuse("has constructors");
  case llvm::ELF::SHT_REL:
    return refuse("has relocations without addends");
  case llvm::ELF::SHT_RELA:
    return checkRelocations(file, section);
  default:
    break;
  }
  if (writable && section.sh_flags & llvm::ELF::SHF_EXECINSTR) {
    return refuse("has code that is writable");
  }
  // Tables of addresses are filled when the program starts, no later.
  if (writable && !name.starts_with(".data.rel.ro")) {
    return refuse("has data that stays writable, '" + name + "'");
  }
  return llvm::Error::success();
}

static llvm::Error check(StringRef object, StringRef symbol) {
  auto file = ELFFile::create(object);
  if (!file) {
    return file.takeError();
  }
  auto sections = file->sections();
  if (!sections) {
    return sections.takeError();
  }
  bool symbols = false, stackNote = false;
  for (const ELFT::Shdr &section : *sections) {
    auto name = file->getSectionName(section);
    if (!name) {
      return name.takeError();
    }
    if (llvm::Error error = checkSection(*file, section, *name)) {
      return error;
    }
    if (section.sh_type == llvm::ELF::SHT_SYMTAB) {
      symbols = true;
      if (llvm::Error error = checkSymbols(*file, section, symbol)) {
        return error;
      }
    }
    stackNote |= *name == ".note.GNU-stack" &&
                 !(section.sh_flags & llvm::ELF::SHF_EXECINSTR);
  }
  if (!symbols) {
    return refuse("has no symbols");
  }
  // Without it linkers make the stack of the whole program executable.
  return stackNote ? llvm::Error::success()
                   : refuse("does not say that its stack is not executable");
}

LogicalResult moe::checkObject(StringRef object, StringRef symbol,
                               std::string &message) {
  if (llvm::Error error = check(object, symbol)) {
    message = llvm::toString(std::move(error));
    return failure();
  }
  return success();
}
