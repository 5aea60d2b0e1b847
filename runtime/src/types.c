//===- types.c - element types --------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe_rt/types.h"

#include "moe_rt/contract/program.h"

_Static_assert((int)MOE_RT_DTYPE_BOOL == (int)MOE_DTYPE_BOOL &&
                   (int)MOE_RT_DTYPE_U8 == (int)MOE_DTYPE_U8 &&
                   (int)MOE_RT_DTYPE_I8 == (int)MOE_DTYPE_I8 &&
                   (int)MOE_RT_DTYPE_U16 == (int)MOE_DTYPE_U16 &&
                   (int)MOE_RT_DTYPE_I16 == (int)MOE_DTYPE_I16 &&
                   (int)MOE_RT_DTYPE_U32 == (int)MOE_DTYPE_U32 &&
                   (int)MOE_RT_DTYPE_I32 == (int)MOE_DTYPE_I32 &&
                   (int)MOE_RT_DTYPE_U64 == (int)MOE_DTYPE_U64 &&
                   (int)MOE_RT_DTYPE_I64 == (int)MOE_DTYPE_I64 &&
                   (int)MOE_RT_DTYPE_F16 == (int)MOE_DTYPE_F16 &&
                   (int)MOE_RT_DTYPE_BF16 == (int)MOE_DTYPE_BF16 &&
                   (int)MOE_RT_DTYPE_F32 == (int)MOE_DTYPE_F32 &&
                   (int)MOE_RT_DTYPE_F64 == (int)MOE_DTYPE_F64,
               "the public element types are the contract's");

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {
    [MOE_RT_DTYPE_BOOL] = {"bool", 1}, [MOE_RT_DTYPE_U8] = {"u8", 1},
    [MOE_RT_DTYPE_I8] = {"i8", 1},     [MOE_RT_DTYPE_U16] = {"u16", 2},
    [MOE_RT_DTYPE_I16] = {"i16", 2},   [MOE_RT_DTYPE_U32] = {"u32", 4},
    [MOE_RT_DTYPE_I32] = {"i32", 4},   [MOE_RT_DTYPE_U64] = {"u64", 8},
    [MOE_RT_DTYPE_I64] = {"i64", 8},   [MOE_RT_DTYPE_F16] = {"f16", 2},
    [MOE_RT_DTYPE_BF16] = {"bf16", 2}, [MOE_RT_DTYPE_F32] = {"f32", 4},
    [MOE_RT_DTYPE_F64] = {"f64", 8},
};

static int is_dtype(moe_rt_dtype_t dtype) {
  return (size_t)dtype < sizeof(dtypes) / sizeof(dtypes[0]) &&
         dtypes[dtype].name;
}

size_t moe_rt_dtype_size(moe_rt_dtype_t dtype) {
  return is_dtype(dtype) ? dtypes[dtype].size : 0;
}

const char *moe_rt_dtype_name(moe_rt_dtype_t dtype) {
  return is_dtype(dtype) ? dtypes[dtype].name : "unknown";
}
