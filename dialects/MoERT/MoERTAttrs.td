//===- MoERTAttrs.td - moert enums, attributes, types ------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOERT_MOERTATTRS_TD
#define MOE_DIALECTS_MOERT_MOERTATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "MoERT/MoERTDialect.td"

// With its first attribute the dialect needs
// `let useDefaultAttributePrinterParser = 1` in MoERTDialect.td, and with its first
// type `let useDefaultTypePrinterParser = 1`: TableGen defines those printers
// only where there is something to print.

#endif // MOE_DIALECTS_MOERT_MOERTATTRS_TD
