//===- MoERTOps.td - moert operations ----------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECTS_MOERT_MOERTOPS_TD
#define MOE_DIALECTS_MOERT_MOERTOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "MoERT/MoERTAttrs.td"
include "MoERT/MoERTDialect.td"

#endif // MOE_DIALECTS_MOERT_MOERTOPS_TD
