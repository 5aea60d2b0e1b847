//===- TargetMachine.h - LLVM's view of a level -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_IMAGE_TARGETMACHINE_H
#define MOE_LIB_TARGET_IMAGE_TARGETMACHINE_H

#include "moe/Target/Image.h"

#include <memory>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace moe {

/// The target machine for position-independent code of `level`; contracts no
/// floating-point operations.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(Level level);

} // namespace moe

#endif // MOE_LIB_TARGET_IMAGE_TARGETMACHINE_H
