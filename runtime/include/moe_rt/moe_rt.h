//===- moe_rt.h - the runtime's C interface ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything an embedder needs, in one include. A header of the runtime
// includes nothing but <stddef.h> and <stdint.h>.
//
// A struct that the caller fills starts with struct_size. A smaller one than
// this header's comes from a caller built against an older header: the fields
// it lacks count as zero. A larger one is accepted if what is behind this
// library's fields is zero.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_MOE_RT_H
#define MOE_RT_MOE_RT_H

#include "moe_rt/device.h"
#include "moe_rt/export.h"
#include "moe_rt/model.h"
#include "moe_rt/session.h"
#include "moe_rt/status.h"
#include "moe_rt/types.h"
#include "moe_rt/version.h"

#endif // MOE_RT_MOE_RT_H
