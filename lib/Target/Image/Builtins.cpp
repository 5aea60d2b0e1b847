//===- Builtins.cpp - the helper archive of images ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Builtins.h"

#include "llvm/ADT/StringRef.h"

using namespace moe;

// MOE_BUILTINS_OBJECT is the path of the object that the build made.
__asm__(".pushsection .rodata.moe_builtins, \"a\", @progbits\n"
        ".balign 64\n"
        "moe_builtins_object:\n"
        ".incbin \"" MOE_BUILTINS_OBJECT "\"\n"
        "moe_builtins_object_end:\n"
        ".byte 0\n"
        ".popsection\n"
        ".globl moe_builtins_object\n"
        ".hidden moe_builtins_object\n"
        ".globl moe_builtins_object_end\n"
        ".hidden moe_builtins_object_end\n");

extern "C" __attribute__((visibility("hidden")))
const char moe_builtins_object[];
extern "C" __attribute__((visibility("hidden")))
const char moe_builtins_object_end[];

StringRef moe::getBuiltinsObject() {
  return StringRef(moe_builtins_object,
                   moe_builtins_object_end - moe_builtins_object);
}
