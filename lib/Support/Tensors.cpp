//===- Tensors.cpp - what holds of tensors of any dialect -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/Tensors.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;

bool moe::isAddressable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  std::optional<int64_t> count = 1;
  for (int64_t size : tensor ? tensor.getShape() : ArrayRef<int64_t>()) {
    if (size > 0 && count) {
      count = llvm::checkedMul(*count, size);
    }
  }
  constexpr int64_t most = int64_t(1) << 60;
  return count && *count <= most;
}

bool moe::isContiguousSlice(ArrayRef<int64_t> shape,
                            ArrayRef<OpFoldResult> offsets,
                            ArrayRef<OpFoldResult> sizes,
                            ArrayRef<OpFoldResult> strides) {
  bool several = false;
  for (auto [extent, offset, size, stride] :
       llvm::zip_equal(shape, offsets, sizes, strides)) {
    bool whole = isConstantIntValue(offset, 0) &&
                 !ShapedType::isDynamic(extent) &&
                 isConstantIntValue(size, extent);
    if (!isConstantIntValue(stride, 1) || (several && !whole)) {
      return false;
    }
    several |= !isConstantIntValue(size, 1);
  }
  return true;
}
