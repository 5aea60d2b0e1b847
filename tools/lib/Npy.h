//===- Npy.h - NumPy's array files ------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Versions 1 to 3 of the format. A file is hostile input: every size is checked
// against the file's before memory is taken. Errors are texts for people,
// without the file's name; "" is success.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_LIB_NPY_H
#define MOE_TOOLS_LIB_NPY_H

#include "moe_rt/types.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace moe {

/// A dense, row-major array; its data is aligned to 64 bytes and never null.
struct NpyArray {
  struct Free {
    void operator()(void *pointer) const { free(pointer); }
  };

  moe_rt_dtype_t dtype = MOE_RT_DTYPE_F32;
  std::vector<int64_t> shape;
  std::unique_ptr<void, Free> data;
  size_t bytes = 0;
};

/// Reads an array from the bytes of a file. NumPy has no bf16 and writes it as
/// two bytes without meaning (V2): they are taken for bf16 if `expected` is
/// that, and refused otherwise. An array in Fortran order is reordered.
std::string parseNpy(const void *file, size_t size, moe_rt_dtype_t expected,
                     NpyArray &array);

/// Reads an array from a regular file.
std::string readNpy(const std::string &path, moe_rt_dtype_t expected,
                    NpyArray &array);

/// Writes an array to `path`: all of it or nothing, in place of a file that is
/// there.
std::string writeNpy(const std::string &path, moe_rt_dtype_t dtype,
                     const std::vector<int64_t> &shape, const void *data,
                     size_t bytes);

/// Writes a file as writeNpy does.
std::string writeFileAtomically(const std::string &path, const void *first,
                                size_t firstBytes, const void *second = nullptr,
                                size_t secondBytes = 0);

/// Such as f32[3, 4].
std::string describeTensor(moe_rt_dtype_t dtype,
                           const std::vector<int64_t> &shape);

} // namespace moe

#endif // MOE_TOOLS_LIB_NPY_H
