//===- ONNXFuzzer.cpp - fuzzes the importer of ONNX models ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The input is a model file. What is imported must verify, and infer again to
// what it is; what is not must have been reported.
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNX/IR/ONNX.h"
#include "moe/Dialect/ONNX/Transforms/Passes.h"
#include "moe/Import/ONNX.h"
#include "moe/Support/ModelFiles.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>

using namespace mlir;
using namespace moe;

[[noreturn]] static void fail(const char *what, StringRef text) {
  fprintf(stderr, "%s: %s\n", what, text.str().c_str());
  abort();
}

/// LLVM's libraries are not instrumented: they share containers and allocators
/// with our inlined copies, but not what those tell the sanitizer.
extern "C" const char *__asan_default_options() {
  return "detect_container_overflow=0:allow_user_poisoning=0";
}

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  ::google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Types and attributes live as long as their context: each input its own.
  MLIRContext context(MLIRContext::Threading::DISABLED);
  std::string errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    errors += diagnostic.str() + "\n";
    return success();
  });
  // No model reaches a file: there is none of this name.
  ModelFiles files("/nonexistent/folder");
  std::string graph;
  ImportOptions options;
  options.sourceGraph = &graph;
  options.maxNodes = 20000;
  OwningOpRef<ModuleOp> module =
      importONNXBytes(ArrayRef(reinterpret_cast<const char *>(data), size),
                      "model.onnx", files, options, &context);
  if (!module) {
    if (errors.empty()) {
      fail("refused without a reason", "");
    }
    return 0;
  }
  if (!errors.empty()) {
    fail("imported with an error", errors);
  }
  if (failed(verify(*module))) {
    fail("imported, but invalid", errors);
  }
  PassManager manager(&context, ModuleOp::getOperationName());
  manager.enableVerifier();
  manager.addPass(onnx::createInferPass());
  if (failed(manager.run(*module))) {
    fail("imported, but inferred otherwise", errors);
  }
  return 0;
}
