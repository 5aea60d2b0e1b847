//===- OpFamilies.h - the families of the op table --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_ONNX_IR_OPFAMILIES_H
#define MOE_LIB_DIALECT_ONNX_IR_OPFAMILIES_H

#include "moe/Dialect/ONNX/IR/OpTable.h"

namespace moe::onnx {

// One per family, each in a file of its own with its inference.
void addElementwiseRows(OpTableBuilder &table);
void addActivationRows(OpTableBuilder &table);
void addComparisonRows(OpTableBuilder &table);
void addShapeRows(OpTableBuilder &table);
void addSlicingRows(OpTableBuilder &table);
void addFillingRows(OpTableBuilder &table);
void addProductRows(OpTableBuilder &table);
void addNormalizationRows(OpTableBuilder &table);
void addReductionRows(OpTableBuilder &table);
void addSelectionRows(OpTableBuilder &table);
void addMoERows(OpTableBuilder &table);

} // namespace moe::onnx

#endif // MOE_LIB_DIALECT_ONNX_IR_OPFAMILIES_H
