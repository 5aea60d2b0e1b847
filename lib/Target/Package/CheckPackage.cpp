//===- CheckPackage.cpp - loads what was written --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckPackage.h"

#include "model_loader.h"

using namespace moe;

std::string moe::checkPackage(const std::string &path, bool &isBug) {
  rt::ModelLoader loader;
  rt::Source source(loader.allocator());
  // The file has the name of a temporary, which says nothing to a user.
  rt::Status status = source.openPath(path.c_str(), "it");
  moe_rt_model *model = nullptr;
  if (status.ok()) {
    status = loader.load(std::move(source), model);
  }
  if (status.ok()) {
    model->release();
    return "";
  }
  isBug = status.code() != MOE_RT_OUT_OF_MEMORY;
  return status.message();
}
