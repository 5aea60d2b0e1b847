//===- Inspect.cpp - shows what is in a package ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Inspect.h"

#include "Compile.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Target/Program.h"

#include "moe_rt/moe_rt.h"
#include "package/reader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace moec;

namespace {

/// An open package and its model.
struct Opened {
  moe::rt::Allocator allocator;
  moe::rt::Owned<moe::rt::Package> package;
  moe_rt_model_t *model = nullptr;

  ~Opened() { moe_rt_model_free(model); }
};

} // namespace

static int fail(const char *message) {
  llvm::errs() << "moec: error: " << message << '\n';
  return Failed;
}

static moe::rt::Status open(const std::string &path, Opened &opened) {
  // Loading checks the program; the sections are read by the reader.
  moe_rt_model_options_t options = {};
  options.struct_size = sizeof(options);
  MOE_RT_RETURN_IF_ERROR(moe::rt::Status(
      moe_rt_model_load_path(path.c_str(), &options, &opened.model)));
  moe::rt::Source source(opened.allocator);
  MOE_RT_RETURN_IF_ERROR(source.openPath(path.c_str()));
  return moe::rt::Package::open(opened.allocator,
                                static_cast<moe::rt::Source &&>(source), {},
                                opened.package);
}

static std::string hex(const uint8_t *bytes, size_t count) {
  return llvm::toHex(llvm::ArrayRef<uint8_t>(bytes, count), /*LowerCase=*/true);
}

static std::string shapeText(const moe_rt_tensor_info_t &info) {
  std::string text = moe_rt_dtype_name(info.dtype);
  text += "[";
  for (int32_t i = 0; i < info.rank; ++i) {
    text += i ? ", " : "";
    if (info.dims[i] >= 0) {
      text += std::to_string(info.dims[i]);
    } else {
      text += info.symbols && info.symbols[i] && *info.symbols[i]
                  ? info.symbols[i]
                  : "?";
    }
  }
  return text + "]";
}

template <typename Visit>
static moe::rt::Status forEachTensor(const moe_rt_model_t *model, bool inputs,
                                     Visit visit) {
  size_t count = inputs ? moe_rt_model_input_count(model)
                        : moe_rt_model_output_count(model);
  for (size_t i = 0; i < count; ++i) {
    moe_rt_tensor_info_t info = {};
    info.struct_size = sizeof(info);
    MOE_RT_RETURN_IF_ERROR(
        moe::rt::Status(inputs ? moe_rt_model_input(model, i, &info)
                               : moe_rt_model_output(model, i, &info)));
    visit(info);
  }
  return {};
}

/// The program as `moert` IR.
static moe::rt::Status programText(const moe::rt::Package &package,
                                   std::string &text) {
  uint32_t section = package.findSection(MOE_SECTION_PROGRAM);
  moe::rt::Memory bytes;
  MOE_RT_RETURN_IF_ERROR(package.readSection(section, bytes));
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module = moe::deserializeProgram(
      llvm::ArrayRef<uint8_t>(bytes.data(),
                              package.sections()[section].payload_length),
      &context);
  llvm::raw_string_ostream(text) << *module;
  return {};
}

static void printJSON(const Opened &opened, const std::string &program) {
  llvm::json::OStream json(llvm::outs(), /*IndentSize=*/2);
  const moe::rt::Package &package = *opened.package;
  json.objectBegin();
  json.attribute("version", std::to_string(package.header().major) + "." +
                                std::to_string(package.header().minor));
  json.attribute("root_hash",
                 hex(package.header().root_hash, MOE_PACKAGE_HASH_BYTES));
  json.attributeObject("manifest", [&] {
    for (size_t i = 0; i < moe_rt_model_metadata_count(opened.model); ++i) {
      const char *key, *value;
      moe::rt::Status(moe_rt_model_metadata_at(opened.model, i, &key, &value))
          .ignore();
      json.attribute(key, value);
    }
  });
  for (bool inputs : {true, false}) {
    json.attributeArray(inputs ? "inputs" : "outputs", [&] {
      forEachTensor(opened.model, inputs,
                    [&](const moe_rt_tensor_info_t &info) {
                      json.object([&] {
                        json.attribute("name", info.name);
                        json.attribute("type", moe_rt_dtype_name(info.dtype));
                        json.attributeArray("dims", [&] {
                          for (int32_t i = 0; i < info.rank; ++i) {
                            json.value(info.dims[i]);
                          }
                        });
                      });
                    })
          .ignore();
    });
  }
  json.attributeArray("sections", [&] {
    for (uint32_t i = 0; i < package.sectionCount(); ++i) {
      const moe_package_section &section = package.sections()[i];
      json.object([&] {
        json.attribute("type", moe::rt::sectionTypeName(section.type));
        json.attribute("offset", static_cast<int64_t>(section.offset));
        json.attribute("bytes", static_cast<int64_t>(section.payload_length));
        json.attribute("hash", hex(section.hash, MOE_PACKAGE_HASH_BYTES));
      });
    }
  });
  json.attribute("program", program);
  json.objectEnd();
  llvm::outs() << '\n';
}

static void printText(const Opened &opened, const std::string &program) {
  const moe::rt::Package &package = *opened.package;
  llvm::outs() << "package " << package.header().major << '.'
               << package.header().minor << ", root "
               << hex(package.header().root_hash, MOE_PACKAGE_HASH_BYTES)
               << '\n';
  for (size_t i = 0; i < moe_rt_model_metadata_count(opened.model); ++i) {
    const char *key, *value;
    moe::rt::Status(moe_rt_model_metadata_at(opened.model, i, &key, &value))
        .ignore();
    llvm::outs() << "  " << key << " = " << value << '\n';
  }
  for (bool inputs : {true, false}) {
    forEachTensor(opened.model, inputs, [&](const moe_rt_tensor_info_t &info) {
      llvm::outs() << (inputs ? "input  " : "output ") << info.name << ": "
                   << shapeText(info) << '\n';
    }).ignore();
  }
  for (uint32_t i = 0; i < package.sectionCount(); ++i) {
    const moe_package_section &section = package.sections()[i];
    llvm::outs() << "section " << moe::rt::sectionTypeName(section.type) << ": "
                 << section.payload_length << " bytes at " << section.offset
                 << '\n';
  }
  llvm::outs() << '\n' << program << '\n';
}

int moec::inspect(const std::string &path, bool json) {
  Opened opened;
  std::string program;
  moe::rt::Status status = open(path, opened);
  if (status.ok()) {
    status = programText(*opened.package, program);
  }
  if (!status.ok()) {
    return fail(status.message());
  }
  json ? printJSON(opened, program) : printText(opened, program);
  return Success;
}
