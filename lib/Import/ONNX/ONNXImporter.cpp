//===- ONNXImporter.cpp - reads ONNX models -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Import/ONNX.h"

#include "Importer.h"

#include "llvm/Support/Path.h"

using namespace mlir;
using namespace moe;

static OwningOpRef<ModuleOp> createModule(StringRef name,
                                          MLIRContext *context) {
  context->loadDialect<moe::onnx::ONNXDialect, func::FuncDialect>();
  Builder builder(context);
  return ModuleOp::create(
      FileLineColLoc::get(builder.getStringAttr(name), 0, 0));
}

static OwningOpRef<ModuleOp> import(ArrayRef<char> bytes, StringRef name,
                                    ModelFiles &files,
                                    const ImportOptions &options,
                                    OwningOpRef<ModuleOp> module) {
  ModelFile file;
  std::string message;
  if (failed(file.parse(bytes, options.maxBytes, message))) {
    emitError(module->getLoc()) << message;
    return {};
  }
  if (failed(Importer(file, name, files, options, *module).run())) {
    return {};
  }
  if (options.sourceGraph) {
    *options.sourceGraph =
        serializeSourceGraph(file, name, files, module->getContext());
  }
  return module;
}

OwningOpRef<ModuleOp> moe::importONNX(StringRef path,
                                      const ImportOptions &options,
                                      MLIRContext *context) {
  ModelFiles own(llvm::sys::path::parent_path(path));
  ModelFiles &files = options.files ? *options.files : own;
  OwningOpRef<ModuleOp> module = createModule(path, context);
  std::string message;
  FailureOr<ArrayRef<char>> bytes = files.openModel(path, message);
  if (failed(bytes)) {
    emitError(module->getLoc()) << message;
    return {};
  }
  return import(*bytes, llvm::sys::path::filename(path), files, options,
                std::move(module));
}

OwningOpRef<ModuleOp> moe::importONNXBytes(ArrayRef<char> bytes, StringRef name,
                                           ModelFiles &files,
                                           const ImportOptions &options,
                                           MLIRContext *context) {
  return import(bytes, name, files, options, createModule(name, context));
}
