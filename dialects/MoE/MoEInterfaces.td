//===- MoEInterfaces.td - moe interfaces -------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOE_MOEINTERFACES_TD
#define MOE_DIALECTS_MOE_MOEINTERFACES_TD

include "mlir/IR/OpBase.td"

#endif // MOE_DIALECTS_MOE_MOEINTERFACES_TD
