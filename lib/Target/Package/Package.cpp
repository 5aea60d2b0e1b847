//===- Package.cpp - sections of a package --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Package.h"

#include "CheckPackage.h"
#include "WeightStreamer.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Support/ModelFiles.h"
#include "moe/Support/Quote.h"
#include "moe/Target/PackageWriter.h"
#include "moe/Target/Program.h"
#include "moe_rt/contract/environment.h"
#include "moe_rt/contract/package.h"
#include "package/hash_tree.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace mlir;
using namespace moe;

namespace {

constexpr uint64_t kSmallAlignment = UINT64_C(64) << 10;
constexpr uint64_t kHugePage = UINT64_C(2) << 20;
constexpr uint64_t kTensorAlignment = 64;

/// Where a section of weights or slots starts. A file of many small ones must
/// not be mostly padding.
uint64_t alignmentOf(uint64_t bytes) {
  return bytes < kHugePage ? MOE_PACKAGE_SLOT_ALIGNMENT : kHugePage;
}

class PackageEmitter {
public:
  PackageEmitter(ModuleOp module, const PackageContents &contents)
      : module(module), contents(contents), streamer(contents) {}

  LogicalResult emit(const std::string &path);

  bool isBug = false;

private:
  LogicalResult writeManifest();
  LogicalResult writeConstants();
  LogicalResult writePools();
  LogicalResult writeWeights();
  LogicalResult writeImages();
  LogicalResult writeProgram();
  LogicalResult writeSource();
  LogicalResult checkWritten();

  LogicalResult check(bool written) {
    return written ? success()
                   : LogicalResult(module.emitError(writer.error()));
  }
  LogicalResult section(uint32_t type, uint32_t flags, uint64_t alignment) {
    return check(writer.addSection(type, flags, /*version=*/1, alignment));
  }

  ModuleOp module;
  const PackageContents &contents;
  PackageWriter writer;
  WeightStreamer streamer;
  llvm::StringMap<StoredBytes> stored;
};

} // namespace

LogicalResult PackageEmitter::writeManifest() {
  std::string text;
  for (const auto &[key, value] : contents.metadata) {
    text += key + " = " + value + "\n";
  }
  return failure(failed(section(MOE_SECTION_MANIFEST, MOE_SECTION_CRITICAL,
                                kSmallAlignment)) ||
                 failed(check(writer.append(text.data(), text.size()))));
}

LogicalResult PackageEmitter::writeConstants() {
  if (failed(section(MOE_SECTION_CONSTANTS, MOE_SECTION_CRITICAL,
                     kSmallAlignment))) {
    return failure();
  }
  uint32_t index = writer.sectionCount() - 1;
  for (auto weight : module.getOps<moe::rt::WeightOp>()) {
    if (!weight.getConstant()) {
      continue;
    }
    std::string bytes =
        denseElements(cast<DenseElementsAttr>(*weight.getValue()));
    if (failed(check(writer.alignTo(kTensorAlignment)))) {
      return failure();
    }
    stored[weight.getSymName()] = {index, writer.sectionBytes(), bytes.size()};
    if (failed(check(writer.append(bytes.data(), bytes.size())))) {
      return failure();
    }
  }
  return success();
}

LogicalResult PackageEmitter::writePools() {
  for (auto pool : module.getOps<moe::rt::PoolOp>()) {
    uint64_t bytes = pool.getExperts() * pool.getStride();
    if (failed(section(MOE_SECTION_POOL,
                       MOE_SECTION_CRITICAL | MOE_SECTION_LAZY,
                       alignmentOf(bytes)))) {
      return failure();
    }
    uint32_t index = writer.sectionCount() - 1;
    stored[pool.getSymName()] = {index, 0, bytes};
    if (failed(streamer.streamPool(pool, writer))) {
      return failure();
    }
  }
  return success();
}

LogicalResult PackageEmitter::writeWeights() {
  uint64_t bytes = 0;
  for (auto weight : module.getOps<moe::rt::WeightOp>()) {
    if (!weight.getConstant()) {
      bytes += byteSize(cast<RankedTensorType>(weight.getType()));
    }
  }
  if (failed(section(MOE_SECTION_WEIGHTS,
                     MOE_SECTION_CRITICAL | MOE_SECTION_LAZY,
                     alignmentOf(bytes)))) {
    return failure();
  }
  uint32_t index = writer.sectionCount() - 1;
  for (auto weight : module.getOps<moe::rt::WeightOp>()) {
    if (weight.getConstant()) {
      continue;
    }
    if (failed(check(writer.alignTo(kTensorAlignment)))) {
      return failure();
    }
    uint64_t offset = writer.sectionBytes();
    if (failed(streamer.streamWeight(weight, writer))) {
      return failure();
    }
    stored[weight.getSymName()] = {index, offset,
                                   writer.sectionBytes() - offset};
  }
  return success();
}

static uint32_t countPhases(const CompiledKernels &kernels) {
  uint32_t phases = 0;
  for (const CompiledKernel &kernel : kernels.kernels) {
    phases += kernel.phases.size();
  }
  return phases;
}

/// The payload of an IMAGE section.
static std::string makeImageSection(const CodeImage &image, uint32_t phases) {
  moe_image_header header = {};
  header.architecture = MOE_ARCHITECTURE_X86_64;
  header.level = static_cast<uint32_t>(image.level);
  header.environment_major = MOE_ENVIRONMENT_MAJOR;
  header.environment_minor = MOE_ENVIRONMENT_MINOR;
  header.phase_count = phases;
  header.image_offset = kSmallAlignment;
  header.image_length = image.bytes.size();
  std::string payload(reinterpret_cast<const char *>(&header), sizeof(header));
  payload.resize(kSmallAlignment);
  return payload + image.bytes;
}

LogicalResult PackageEmitter::writeImages() {
  for (const CodeImage &image : contents.kernels->images) {
    std::string payload =
        makeImageSection(image, countPhases(*contents.kernels));
    if (failed(section(MOE_SECTION_IMAGE, MOE_SECTION_CRITICAL,
                       kSmallAlignment)) ||
        failed(check(writer.append(payload.data(), payload.size())))) {
      return failure();
    }
  }
  return success();
}

FailureOr<std::string> moe::linkCode(const CompiledKernels &kernels,
                                     StringRef symbol, std::string &message,
                                     bool *isBug) {
  SmallVector<LinkedLevel> levels;
  for (const CodeImage &image : kernels.images) {
    uint32_t phases = countPhases(kernels);
    // As stored: writePackage() has no section at less than this behind images.
    std::string stored = makeImageSection(image, phases);
    stored.resize(llvm::alignTo(stored.size(), kSmallAlignment));
    moe::rt::SectionHasher hasher;
    hasher.append(stored.data(), stored.size());
    moe::rt::Hash hash = hasher.finish();
    LinkedLevel level = {image.level, phases, {}, image.object};
    llvm::copy(hash.bytes, level.identity.begin());
    levels.push_back(level);
  }
  return linkObject(levels, symbol, message, isBug);
}

LogicalResult PackageEmitter::writeProgram() {
  auto programs = module.getOps<moe::rt::ProgramOp>();
  FailureOr<std::vector<uint8_t>> bytes =
      serializeProgram(*programs.begin(), stored);
  return failure(failed(bytes) ||
                 failed(section(MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL,
                                kSmallAlignment)) ||
                 failed(check(writer.append(bytes->data(), bytes->size()))));
}

LogicalResult PackageEmitter::writeSource() {
  if (contents.sourceGraph.empty()) {
    return success();
  }
  return failure(
      failed(section(MOE_SECTION_SOURCE, MOE_SECTION_LAZY, kSmallAlignment)) ||
      failed(check(writer.append(contents.sourceGraph.data(),
                                 contents.sourceGraph.size()))));
}

LogicalResult PackageEmitter::checkWritten() {
  std::string message = checkPackage(writer.temporaryPath(), isBug);
  return message.empty()
             ? success()
             : LogicalResult(module.emitError("the package that was written "
                                              "cannot be loaded: ")
                             << message);
}

LogicalResult PackageEmitter::emit(const std::string &path) {
  if (llvm::range_size(module.getOps<moe::rt::ProgramOp>()) != 1) {
    return module.emitError("expected one program to write");
  }
  if (failed(streamer.load(module)) || failed(check(writer.begin(path))) ||
      failed(writeManifest()) || failed(writeImages()) ||
      failed(writeConstants()) || failed(writeWeights()) ||
      failed(writePools()) || failed(writeProgram()) || failed(writeSource())) {
    return failure();
  }
  // All files were opened by now, and none is replaced yet.
  if (contents.files->contains(path)) {
    return module.emitError("cannot write ")
           << quote(path) << ": the model reads it; name another file";
  }
  return failure(failed(check(writer.complete())) || failed(checkWritten()) ||
                 failed(check(writer.finish())));
}

std::string moe::findObstacle(const std::string &path) {
  // Nothing stays of a package that is not finished.
  PackageWriter writer;
  return writer.begin(path) ? "" : writer.error();
}

LogicalResult moe::writePackage(ModuleOp module,
                                const PackageContents &contents,
                                const std::string &path, bool &isBug) {
  PackageEmitter emitter(module, contents);
  LogicalResult result = emitter.emit(path);
  isBug = emitter.isBug;
  return result;
}
