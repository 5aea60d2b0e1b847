//===- WeightStreamer.cpp - computes weights and writes them --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightStreamer.h"

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoERT/IR/MoERT.h"
#include "moe/Support/ModelFiles.h"
#include "moe/Support/Quote.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>

using namespace mlir;
using namespace moe;

int64_t moe::byteSize(RankedTensorType type) {
  return type.getNumElements() *
         llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

LogicalResult WeightStreamer::load(ModuleOp module) {
  auto nested = module.lookupSymbol<ModuleOp>("weights");
  if (!nested) {
    return success();
  }
  for (auto kernel : nested.getOps<func::FuncOp>()) {
    kernels[kernel.getSymName()] = kernel;
  }
  std::string message;
  if (!kernels.empty() &&
      failed(runner.load(*contents.weightKernels, message))) {
    return module.emitError("cannot load the code that computes weights: ")
           << message;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

/// The numbers that #moe.random describes, in `type`.
static std::string randomElements(RandomAttr random, RankedTensorType type) {
  float low = random.getLow().getValueAsDouble();
  float span = static_cast<float>(random.getHigh().getValueAsDouble()) - low;
  auto element = cast<FloatType>(type.getElementType());
  size_t width = element.getWidth() / 8;
  std::string bytes(type.getNumElements() * width, 0);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    uint64_t z = random.getSeed() + (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z = z ^ (z >> 31);
    float u = static_cast<float>(z >> 40) * 0x1p-24f;
    llvm::APFloat value(std::fma(u, span, low));
    bool lost;
    value.convert(element.getFloatSemantics(),
                  llvm::APFloat::rmNearestTiesToEven, &lost);
    uint64_t bits = value.bitcastToAPInt().getZExtValue();
    std::memcpy(bytes.data() + i * width, &bits, width);
  }
  return bytes;
}

std::string moe::denseElements(DenseElementsAttr dense) {
  std::string bytes;
  if (dense.getElementType().isInteger(1)) {
    for (bool element : dense.getValues<bool>()) {
      bytes.push_back(element ? 1 : 0);
    }
    return bytes;
  }
  ArrayRef<char> raw = dense.getRawData();
  int64_t copies = dense.isSplat() ? dense.getNumElements() : 1;
  for (int64_t i = 0; i < copies; ++i) {
    bytes.append(raw.data(), raw.size());
  }
  return bytes;
}

FailureOr<const uint8_t *> WeightStreamer::fileBytes(func::FuncOp kernel,
                                                     FileAttr file) {
  std::string message;
  FailureOr<ArrayRef<char>> bytes =
      contents.files->open(file.getPath(), message);
  if (failed(bytes)) {
    return kernel.emitError("weight data: " + message);
  }
  uint64_t size = bytes->size(), offset = file.getOffset(),
           length = file.getLength();
  if (offset > size || length > size - offset) {
    return kernel.emitError("weight data: " + quote(file.getPath()) + " has ")
           << size << " bytes, but a weight needs " << length
           << " bytes from byte " << offset << " on";
  }
  return reinterpret_cast<const uint8_t *>(bytes->data()) + offset;
}

FailureOr<const uint8_t *> WeightStreamer::sourceBytes(func::FuncOp kernel,
                                                       unsigned index,
                                                       int64_t expert) {
  Attribute data = cast<ArrayAttr>(kernel->getAttr("moe.sources"))[index];
  if (auto parts = dyn_cast<ArrayAttr>(data)) {
    data = parts[expert];
  }
  auto type = cast<RankedTensorType>(kernel.getArgumentTypes()[index]);
  if (auto file = dyn_cast<FileAttr>(data)) {
    return fileBytes(kernel, file);
  }
  // Random numbers are a function of the type as well.
  Attribute key = ArrayAttr::get(kernel.getContext(),
                                 {data, TypeAttr::get(type)});
  auto [entry, isNew] = generated.try_emplace(key);
  if (isNew) {
    entry->second = isa<RandomAttr>(data)
                        ? randomElements(cast<RandomAttr>(data), type)
                        : denseElements(cast<DenseElementsAttr>(data));
  }
  return reinterpret_cast<const uint8_t *>(entry->second.data());
}

//===----------------------------------------------------------------------===//
// Streaming
//===----------------------------------------------------------------------===//

LogicalResult WeightStreamer::compute(func::FuncOp kernel, int64_t index,
                                      void *out) {
  unsigned sources = cast<ArrayAttr>(kernel->getAttr("moe.sources")).size();
  SmallVector<int64_t> arguments;
  for (unsigned i = 0; i < sources; ++i) {
    FailureOr<const uint8_t *> bytes = sourceBytes(kernel, i, index);
    if (failed(bytes)) {
      return failure();
    }
    arguments.push_back(reinterpret_cast<intptr_t>(*bytes));
  }
  arguments.push_back(index);
  arguments.push_back(reinterpret_cast<intptr_t>(out));
  std::string message;
  if (failed(runner.run(kernel.getSymName(), arguments, message))) {
    return kernel.emitError("cannot compute the weight: ") << message;
  }
  contents.files->releasePages();
  return success();
}

static LogicalResult append(func::FuncOp kernel, PackageWriter &writer,
                            const std::vector<char> &bytes) {
  if (!writer.append(bytes.data(), bytes.size())) {
    return kernel.emitError(writer.error());
  }
  return success();
}

LogicalResult WeightStreamer::streamWeight(rt::WeightOp weight,
                                           PackageWriter &writer) {
  func::FuncOp kernel = kernels.lookup(weight.getSymName());
  if (!kernel) {
    return weight.emitOpError("has no kernel that computes it");
  }
  auto part = cast<RankedTensorType>(kernel.getResultTypes()[0]);
  int64_t parts = kernel->getAttrOfType<IntegerAttr>("moe.parts").getInt();
  std::vector<char> bytes(byteSize(part));
  for (int64_t index = 0; index < parts; ++index) {
    if (failed(compute(kernel, index, bytes.data())) ||
        failed(append(kernel, writer, bytes))) {
      return failure();
    }
  }
  return success();
}

LogicalResult WeightStreamer::streamPool(rt::PoolOp pool,
                                         PackageWriter &writer) {
  SmallVector<std::pair<int64_t, func::FuncOp>> members;
  for (auto &entry : kernels) {
    auto slot = entry.second->getAttrOfType<SlotAttr>("moe.slot");
    if (slot && slot.getPool().getValue() == pool.getSymName()) {
      members.emplace_back(slot.getOffset(), entry.second);
    }
  }
  llvm::sort(members, llvm::less_first());
  std::vector<char> slot(pool.getStride());
  for (int64_t expert = 0; expert < static_cast<int64_t>(pool.getExperts());
       ++expert) {
    for (auto [offset, kernel] : members) {
      if (failed(compute(kernel, expert, slot.data() + offset))) {
        return failure();
      }
    }
    if (!members.empty() && failed(append(members[0].second, writer, slot))) {
      return failure();
    }
  }
  return success();
}
