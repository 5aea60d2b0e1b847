//===- model_loader.cpp - makes models from packages ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "model_loader.h"

#include "abi.h"
#include "program/validate.h"

#include <cstdio>
#include <cstring>

using namespace moe::rt;

static_assert(sizeof(moe_image_header) == 32, "the struct is the file format");

Status ModelLoader::readOptions(const moe_rt_model_options_t *given) {
  if (given) {
    MOE_RT_RETURN_IF_ERROR(
        copyStruct("moe_rt_model_options_t", given, options));
  }
  if (options.load_policy < MOE_RT_LOAD_DEFAULT ||
      options.load_policy > MOE_RT_LOAD_HUGE || options.reserved) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "load_policy is %d and reserved %u, expected 0 to %d "
                         "and 0",
                         static_cast<int>(options.load_policy),
                         options.reserved, MOE_RT_LOAD_HUGE);
  }
  MOE_RT_RETURN_IF_ERROR(Allocator::fromC(options.allocator, memory));
  return Log::fromC(options.log, log);
}

Status ModelLoader::load(Source source, moe_rt_model *&result) {
  Owned<moe_rt_model> owned(memory, create<moe_rt_model>(memory, memory));
  if (!owned) {
    return Status::outOfMemory("a model", sizeof(moe_rt_model));
  }
  model = owned.get();
  model->sink = log;
  if (options.image_folder) {
    size_t size = strlen(options.image_folder) + 1;
    MOE_RT_RETURN_IF_ERROR(model->imageFolder.resize(size));
    memcpy(model->imageFolder.data(), options.image_folder, size);
  }
  PackageOptions packageOptions;
  packageOptions.checkHashes = checkHashes;
  packageOptions.policy = static_cast<LoadPolicy>(options.load_policy);
  MOE_RT_RETURN_IF_ERROR(
      Package::open(memory, std::move(source), packageOptions, model->file));
  MOE_RT_RETURN_IF_ERROR(readProgram());
  MOE_RT_RETURN_IF_ERROR(readBorder(model->parsed.inputs, model->inputTensors));
  MOE_RT_RETURN_IF_ERROR(
      readBorder(model->parsed.outputs, model->outputTensors));
  MOE_RT_RETURN_IF_ERROR(readManifest());
  MOE_RT_RETURN_IF_ERROR(readCodes());
  MOE_RT_RETURN_IF_ERROR(readLinkedCode());
  log.write(
      MOE_RT_LOG_DEBUG, "%s is loaded: %u sections, %llu bytes",
      model->file->name(), model->file->sectionCount(),
      static_cast<unsigned long long>(model->file->header().total_length));
  result = owned.release();
  return Status();
}

Status ModelLoader::readProgram() {
  const Package &package = *model->file;
  uint32_t section = package.findSection(MOE_SECTION_PROGRAM);
  uint32_t second = package.findSection(MOE_SECTION_PROGRAM, section + 1);
  const uint8_t *data =
      section < package.sectionCount() ? package.data(section) : nullptr;
  if (!data || second < package.sectionCount()) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s has %s program; compile the model again",
                         package.name(), data ? "more than one" : "no");
  }
  Status status = validateProgram(
      data, package.sections()[section].payload_length, package.sections(),
      package.sectionCount(), model->parsed);
  if (!status.ok()) {
    return Status::error(status.code(), "%s cannot be run: %s", package.name(),
                         status.message());
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// What the public header shows
//===----------------------------------------------------------------------===//

/// Copies a string with a zero byte behind it; the array has room.
static const char *keep(Array<char> &text, size_t &used,
                        std::string_view string) {
  char *at = text.data() + used;
  if (!string.empty()) {
    memcpy(at, string.data(), string.size());
  }
  at[string.size()] = '\0';
  used += string.size() + 1;
  return at;
}

Status ModelLoader::readBorder(const ProgramTable<moe_program_tensor> &tensors,
                               Array<moe_rt_model::Border> &result) {
  MOE_RT_RETURN_IF_ERROR(result.resize(tensors.size()));
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    MOE_RT_RETURN_IF_ERROR(readTensor(tensors[i], result[i]));
  }
  return Status();
}

Status ModelLoader::readTensor(const moe_program_tensor &tensor,
                               moe_rt_model::Border &border) {
  const Program &program = model->parsed;
  border.text = Array<char>(memory);
  border.dims = Array<int64_t>(memory);
  border.symbols = Array<const char *>(memory);
  std::string_view name = program.text(tensor.name);
  size_t bytes = name.size() + 1;
  for (uint32_t d = 0; d < tensor.rank; ++d) {
    bytes += program.dims[tensor.first_dim + d].symbol.length + 1;
  }
  MOE_RT_RETURN_IF_ERROR(border.text.resize(bytes));
  MOE_RT_RETURN_IF_ERROR(border.dims.resize(tensor.rank));
  MOE_RT_RETURN_IF_ERROR(border.symbols.resize(tensor.rank));
  size_t used = 0;
  border.info.struct_size = sizeof(border.info);
  border.info.name = keep(border.text, used, name);
  border.info.dtype = static_cast<moe_rt_dtype_t>(tensor.dtype);
  border.info.rank = static_cast<int32_t>(tensor.rank);
  for (uint32_t d = 0; d < tensor.rank; ++d) {
    const moe_program_dim &dim = program.dims[tensor.first_dim + d];
    bool isDynamic = dim.reg != MOE_NONE;
    border.dims[d] = isDynamic ? -1 : dim.value;
    std::string_view symbol = program.text(dim.symbol);
    border.symbols[d] =
        symbol.empty() ? nullptr : keep(border.text, used, symbol);
  }
  border.info.dims = border.dims.data();
  border.info.symbols = border.symbols.data();
  return Status();
}

Status ModelLoader::readManifest() {
  const Package &package = *model->file;
  uint32_t section = package.findSection(MOE_SECTION_MANIFEST);
  if (section == package.sectionCount() || !package.data(section)) {
    return Status();
  }
  auto size = static_cast<size_t>(package.sections()[section].payload_length);
  const uint8_t *data = package.data(section);
  auto damaged = [&] {
    return Status::error(
        MOE_RT_IO,
        "%s was altered or damaged: its manifest is no list of 'key = value' "
        "lines; copy it or compile the model again",
        package.name());
  };
  if (size == 0) {
    return Status();
  }
  if (memchr(data, 0, size) || data[size - 1] != '\n') {
    return damaged();
  }
  MOE_RT_RETURN_IF_ERROR(model->manifestText.resize(size));
  char *line = model->manifestText.data();
  char *end = line + size;
  memcpy(line, data, size);
  while (line < end) {
    char *next = static_cast<char *>(
        memchr(line, '\n', static_cast<size_t>(end - line)));
    *next = '\0';
    char *separator = strstr(line, " = ");
    if (!separator) {
      return damaged();
    }
    *separator = '\0';
    MOE_RT_RETURN_IF_ERROR(model->pairs.push({line, separator + 3}));
    line = next + 1;
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

Status moe::rt::findImage(const Package &package, uint32_t section,
                          uint32_t phaseCount, moe_image_header &header,
                          bool &fits) {
  uint64_t length = package.sections()[section].payload_length;
  fits = false;
  bool whole = length >= sizeof(header);
  if (whole) {
    memcpy(&header, package.data(section), sizeof(header));
    whole = header.image_offset % ElfImage::segmentAlignment == 0 &&
            header.image_offset <= length &&
            header.image_length <= length - header.image_offset;
  }
  if (!whole) {
    return Status::error(MOE_RT_IO,
                         "%s was altered or damaged: section %u (image) "
                         "contradicts itself; copy it or compile the model "
                         "again",
                         package.name(), section);
  }
  if (header.architecture != MOE_ARCHITECTURE_X86_64 ||
      (header.level != MOE_LEVEL_X86_64_V3 &&
       header.level != MOE_LEVEL_X86_64_V4)) {
    return Status();
  }
  if (header.environment_major != MOE_ENVIRONMENT_MAJOR ||
      header.environment_minor > MOE_ENVIRONMENT_MINOR) {
    return Status::error(
        MOE_RT_INCOMPATIBLE,
        "the code for x86-64-v%u in %s needs environment %u.%u, and this "
        "runtime has %u.%u; %s",
        header.level, package.name(), header.environment_major,
        header.environment_minor, MOE_ENVIRONMENT_MAJOR, MOE_ENVIRONMENT_MINOR,
        header.environment_major < MOE_ENVIRONMENT_MAJOR
            ? "compile the model again"
            : "update the runtime");
  }
  if (header.phase_count != phaseCount) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "the code for x86-64-v%u in %s has %u phases, and its "
                         "program %u; compile the model again",
                         header.level, package.name(), header.phase_count,
                         phaseCount);
  }
  fits = true;
  return Status();
}

Status ModelLoader::readImage(uint32_t section) {
  const Package &package = *model->file;
  uint32_t phaseCount = model->parsed.phases.size();
  moe_image_header header;
  bool fits;
  MOE_RT_RETURN_IF_ERROR(findImage(package, section, phaseCount, header, fits));
  if (!fits) {
    return Status();
  }
  auto level = static_cast<int32_t>(header.level);
  size_t at = 0;
  while (at < model->codes.size() && model->codes[at].level > level) {
    ++at;
  }
  if (at < model->codes.size() && model->codes[at].level == level) {
    return Status::error(MOE_RT_INVALID_ARGUMENT,
                         "%s has code for x86-64-v%d twice; compile the model "
                         "again",
                         package.name(), level);
  }
  // Checked now, so that a session finds no surprise; placed when it is used.
  ElfImage elf;
  Status status = parseElf(package.data(section) + header.image_offset,
                           header.image_length, phaseCount, elf);
  if (!status.ok()) {
    return Status::error(status.code(),
                         "the code for x86-64-v%d in %s cannot be loaded: %s",
                         level, package.name(), status.message());
  }
  MOE_RT_RETURN_IF_ERROR(model->codes.push({}));
  for (size_t i = model->codes.size() - 1; i > at; --i) {
    model->codes[i] = std::move(model->codes[i - 1]);
  }
  model->codes[at] = {};
  model->codes[at].level = level;
  model->codes[at].section = section;
  return Status();
}

Status ModelLoader::readCodes() {
  const Package &package = *model->file;
  for (uint32_t section = package.findSection(MOE_SECTION_IMAGE);
       section < package.sectionCount();
       section = package.findSection(MOE_SECTION_IMAGE, section + 1)) {
    if (package.data(section)) {
      MOE_RT_RETURN_IF_ERROR(readImage(section));
    }
  }
  return Status();
}

namespace {

/// The start of a hash, enough to tell two apart.
struct HashText {
  char text[17];

  explicit HashText(const uint8_t *hash) {
    for (int i = 0; i < 8; ++i) {
      snprintf(text + 2 * i, 3, "%02x", hash[i]);
    }
  }
};

} // namespace

static Status notLinkedCode() {
  return Status::error(MOE_RT_INVALID_ARGUMENT,
                       "linked_code is nothing that 'moec --emit=object' "
                       "wrote; link its object and pass the address of its "
                       "symbol");
}

Status ModelLoader::readLinkedLevel(const moe_linked_level &linked) {
  const Package &package = *model->file;
  for (moe_rt_model::Code &code : model->codes) {
    if (static_cast<uint32_t>(code.level) != linked.level) {
      continue;
    }
    const uint8_t *wanted = package.sections()[code.section].hash;
    static_assert(sizeof(linked.identity) == MOE_PACKAGE_HASH_BYTES);
    if (memcmp(linked.identity, wanted, sizeof(linked.identity)) != 0) {
      return Status::error(
          MOE_RT_INVALID_ARGUMENT,
          "linked_code is not the code of %s: for x86-64-v%u its identity is "
          "%s..., and that of the package's code %s...; compile package and "
          "object from the same model with the same moec",
          package.name(), linked.level, HashText(linked.identity).text,
          HashText(wanted).text);
    }
    if (!linked.phases || linked.phase_count != model->parsed.phases.size()) {
      return notLinkedCode();
    }
    code.linked = linked.phases;
    // Never placed, so no longer needed.
    model->file->drop(code.section);
    return Status();
  }
  return Status::error(MOE_RT_INVALID_ARGUMENT,
                       "linked_code has code for x86-64-v%u, and %s has none; "
                       "compile package and object for the same levels",
                       linked.level, package.name());
}

Status ModelLoader::readLinkedCode() {
  const moe_linked_code *code = options.linked_code;
  if (!code) {
    return Status();
  }
  if (code->struct_size < sizeof(moe_linked_code) ||
      code->level_size < sizeof(moe_linked_level) ||
      code->level_size % alignof(moe_linked_level) || !code->level_count ||
      !code->levels) {
    return notLinkedCode();
  }
  const auto *at = reinterpret_cast<const uint8_t *>(code->levels);
  for (size_t i = 0; i < code->level_count; ++i, at += code->level_size) {
    MOE_RT_RETURN_IF_ERROR(
        readLinkedLevel(*reinterpret_cast<const moe_linked_level *>(at)));
  }
  return Status();
}
