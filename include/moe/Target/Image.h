//===- Image.h - code images of kernels -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From kernels in the LLVM dialect to the freestanding ELF image that a
// package holds, or to an object with the same code that a program links: one
// object per module, linked with the helper archive.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_IMAGE_H
#define MOE_TARGET_IMAGE_H

#include "moe/Support/LLVM.h"

#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <string>

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace moe {

/// Instruction-set levels of x86-64; the values are those of `moe_level` in
/// the package contract.
enum class Level { X86_64_V3 = 3, X86_64_V4 = 4 };

/// "x86-64-v3", "x86-64-v4".
StringRef getLevelName(Level level);

/// The level with that name.
FailureOr<Level> parseLevel(StringRef name);

/// What emitCode() produces.
enum class CodeKind { Object, Assembly, LLVMIR };

/// Translates `module` (LLVM dialect only) to LLVM IR, optimises it for `level`
/// and emits it. Deterministic. Errors are reported at the module. A function
/// that needs more than 48 KiB of stack is an error, since phases have 64 KiB.
/// The context has the translations of the builtin and LLVM dialects.
/// Modules of different contexts may be emitted at the same time.
FailureOr<std::string> emitCode(mlir::ModuleOp module, Level level,
                                CodeKind kind);

/// Links objects of one level and the helper archive to an image that exports
/// the array of `phases` (names of functions in the objects, in order) as
/// MOE_IMAGE_PHASES_SYMBOL, and checks it with checkImage(). On failure
/// `message` says why, and `isBug` becomes false if temporary files are at
/// fault, not the objects. The linker's state is global: calls wait for one
/// another, and each resets the command-line options of LLVM (cl::opt) to their
/// defaults, so that a tool copies its own before.
FailureOr<std::string> linkImage(ArrayRef<std::string> objects,
                                 ArrayRef<std::string> phases, Level level,
                                 std::string &message, bool *isBug = nullptr);

/// The same code as a relocatable object, for linkObject(): of its symbols only
/// the array of phases is global. Errors as linkImage().
FailureOr<std::string> linkLevel(ArrayRef<std::string> objects,
                                 ArrayRef<std::string> phases, Level level,
                                 std::string &message, bool *isBug = nullptr);

/// Code for one level of an object for the user's linker.
struct LinkedLevel {
  Level level;
  uint32_t phaseCount;
  /// What ties it to a package: see moe_linked_level in the contract.
  std::array<uint8_t, 32> identity;
  /// Of linkLevel().
  StringRef object;
};

/// Joins one or more levels, each at most once, to an object whose one global
/// symbol is a `moe_linked_code` by the name `symbol`, a C identifier. Checked
/// with checkObject(); errors as linkImage(). The same arguments give the same
/// bytes.
FailureOr<std::string> linkObject(ArrayRef<LinkedLevel> levels,
                                  StringRef symbol, std::string &message,
                                  bool *isBug = nullptr);

/// Whether the bytes are an object that any program for x86-64 can link:
/// `symbol` as the one global symbol, nothing undefined, no relocations in
/// code but relative ones, no thread-local storage or constructors, and no
/// wish for an executable stack.
LogicalResult checkObject(StringRef object, StringRef symbol,
                          std::string &message);

/// Whether the bytes are an image that a runtime may load: nothing undefined,
/// only relative relocations, no thread-local storage, constructors or IFUNCs,
/// and MOE_IMAGE_PHASES_SYMBOL as the one exported symbol.
LogicalResult checkImage(StringRef image, std::string &message);

} // namespace moe

#endif // MOE_TARGET_IMAGE_H
