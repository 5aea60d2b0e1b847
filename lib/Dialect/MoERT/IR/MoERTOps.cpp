//===- MoERTOps.cpp - moert verifiers and builders ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoERT/IR/MoERT.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace moe::rt;

#define GET_OP_CLASSES
#include "moe/Dialect/MoERT/IR/MoERTOps.cpp.inc"
