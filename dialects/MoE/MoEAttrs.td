//===- MoEAttrs.td - moe enums, attributes, types ----------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOE_MOEATTRS_TD
#define MOE_DIALECTS_MOE_MOEATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "MoE/MoEDialect.td"

// With its first attribute the dialect needs
// `let useDefaultAttributePrinterParser = 1` in MoEDialect.td, and with its first
// type `let useDefaultTypePrinterParser = 1`: TableGen defines those printers
// only where there is something to print.

#endif // MOE_DIALECTS_MOE_MOEATTRS_TD
