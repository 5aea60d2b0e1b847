//===- SessionTestUtils.h - a small model for tests of sessions -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_UNITTESTS_RUNTIME_SESSIONTESTUTILS_H
#define MOE_UNITTESTS_RUNTIME_SESSIONTESTUTILS_H

#include "PackageTestUtils.h"
#include "ProgramTestUtils.h"
#include "moe_rt/contract/environment.h"
#include "moe_rt/moe_rt.hpp"

#include <cstring>

namespace moe::test {

/// y = x W / 3 + bias[row % 4], with x f32[N, 8] and y f32[N, 4]; the kernels
/// are those of Inputs/session_kernels.c.
class SmallModel {
public:
  static constexpr int64_t inner = 8;
  static constexpr int64_t outer = 4;
  static constexpr int64_t experts = 4;

  static void write(const std::string &path) {
    std::vector<uint64_t> words = program().build();
    Bytes programBytes(words.size() * 8);
    memcpy(programBytes.data(), words.data(), programBytes.size());
    Bytes pool(size_t(experts) * 4096);
    for (int64_t e = 0; e < experts; ++e) {
      for (int64_t n = 0; n < outer; ++n) {
        float value = bias(e, n);
        memcpy(&pool[size_t(e * 4096 + n * 4)], &value, 4);
      }
    }
    writePackage(path,
                 {{MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, programBytes},
                  {MOE_SECTION_IMAGE, MOE_SECTION_CRITICAL, image()},
                  {MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, weights()},
                  {MOE_SECTION_POOL, MOE_SECTION_LAZY, pool, 4096}});
  }

  static float weight(int64_t k, int64_t n) {
    return 0.25f * float(k) - 0.37f * float(n) + 0.1f;
  }
  static float bias(int64_t e, int64_t n) {
    return 1.5f * float(e) - 0.7f * float(n);
  }
  /// Element i of an input that `seed` chooses, denormals among them.
  static float inputValue(int64_t i, int64_t seed) {
    if (i % 7 == 3) {
      return 1e-41f * float(i + 1);
    }
    return 0.01f * float((i * 37 + seed * 11) % 201 - 100);
  }
  static std::vector<float> input(int64_t rows, int64_t seed = 0) {
    std::vector<float> x(size_t(rows * inner));
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = inputValue(int64_t(i), seed);
    }
    return x;
  }
  /// What the model computes, in the order in which it does.
  static std::vector<float> expected(const std::vector<float> &x) {
    int64_t rows = int64_t(x.size()) / inner;
    std::vector<float> y(size_t(rows * outer));
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t n = 0; n < outer; ++n) {
        volatile float sum = 0;
        for (int64_t k = 0; k < inner; ++k) {
          volatile float term = x[size_t(r * inner + k)] * weight(k, n);
          sum = sum + term;
        }
        volatile float third = sum / 3.0f;
        y[size_t(r * outer + n)] = third + bias(r % experts, n);
      }
    }
    return y;
  }

  /// Weights are section 2 and experts section 3.
  static ProgramBuilder program();

private:
  static Bytes weights() {
    Bytes bytes(size_t(inner * outer) * 4);
    for (int64_t k = 0; k < inner; ++k) {
      for (int64_t n = 0; n < outer; ++n) {
        float value = weight(k, n);
        memcpy(&bytes[size_t(k * outer + n) * 4], &value, 4);
      }
    }
    return bytes;
  }

  static Bytes image() {
    Bytes code = readFile(std::string(MOE_TEST_IMAGE_DIR) + "/session.so");
    moe_image_header header = {MOE_ARCHITECTURE_X86_64,
                               MOE_LEVEL_X86_64_V3,
                               MOE_ENVIRONMENT_MAJOR,
                               MOE_ENVIRONMENT_MINOR,
                               4,
                               65536,
                               code.size()};
    Bytes section(65536);
    memcpy(section.data(), &header, sizeof(header));
    section.insert(section.end(), code.begin(), code.end());
    return section;
  }
};

inline ProgramBuilder SmallModel::program() {
  ProgramBuilder p;
  uint32_t rows = p.reg();
  uint32_t x = p.input("x", MOE_DTYPE_F32, {{rows, "N"}, inner});
  uint32_t y = p.output("y", MOE_DTYPE_F32, {{rows, "N"}, outer});
  uint32_t w = p.weight("w", 2, 0, uint64_t(inner * outer) * 4);
  p.pools.push_back({p.string("biases"), 3, uint32_t(experts), 4096});
  p.layers.push_back({p.string("layer0"), uint32_t(experts), 0});
  uint32_t product = p.kernel("product", {1, 16}, 4, 64);
  uint32_t biasKernel = p.kernel("bias", {16}, 4);
  uint32_t route = p.kernel("route", {1}, 3);
  uint32_t h = p.temp();
  uint32_t offsets = p.temp();
  uint32_t ids = p.temp();

  uint32_t zero = p.constant(0);
  uint32_t one = p.constant(1);
  uint32_t four = p.constant(4);
  uint32_t rowBytes = p.constant(outer * 4);
  uint32_t offsetBytes = p.constant((experts + 1) * 4);
  uint32_t bytes = p.reg();
  uint32_t idBytes = p.reg();
  p.add(MOE_CMD_MUL, bytes, rows, rowBytes);
  p.add(MOE_CMD_MUL, idBytes, rows, four);
  p.add(MOE_CMD_PLACE, offsets, offsetBytes);
  p.add(MOE_CMD_PLACE, ids, idBytes);
  uint32_t first = p.operand(MOE_OPERAND_REGISTER, one);
  p.operand(MOE_OPERAND_REGISTER, rows);
  p.operand(MOE_OPERAND_BUFFER, offsets);
  p.operand(MOE_OPERAND_BUFFER, ids);
  p.add(MOE_CMD_RUN, route, first, 4);
  p.add(MOE_CMD_COUNT_EXPERTS, 0, offsets);
  p.add(MOE_CMD_PLACE, h, bytes);
  first = p.operand(MOE_OPERAND_REGISTER, one);
  p.operand(MOE_OPERAND_REGISTER, zero);
  p.operand(MOE_OPERAND_BUFFER, x);
  p.operand(MOE_OPERAND_REGISTER, rows);
  p.operand(MOE_OPERAND_WEIGHT, w);
  p.operand(MOE_OPERAND_BUFFER, h);
  p.add(MOE_CMD_RUN, product, first, 6);
  p.add(MOE_CMD_PLACE, y, bytes);
  p.add(MOE_CMD_PIN, 0, ids, rows);
  first = p.operand(MOE_OPERAND_REGISTER, rows);
  p.operand(MOE_OPERAND_BUFFER, h);
  p.operand(MOE_OPERAND_POOL, 0);
  p.operand(MOE_OPERAND_BUFFER, y);
  p.add(MOE_CMD_RUN, biasKernel, first, 4);
  p.add(MOE_CMD_UNPIN, 0);
  p.add(MOE_CMD_RELEASE, ids);
  p.add(MOE_CMD_RELEASE, offsets);
  p.add(MOE_CMD_RELEASE, h);
  p.add(MOE_CMD_END);
  return p;
}

/// A view of values that stay the test's.
inline moe_rt::Tensor tensorOf(std::vector<float> &values,
                               std::vector<int64_t> dims) {
  // An empty vector may have no address.
  static float none;
  return moe_rt::Tensor(MOE_RT_DTYPE_F32, std::move(dims),
                        values.empty() ? &none : values.data(),
                        values.size() * sizeof(float));
}

inline std::vector<float> valuesOf(const moe_rt::Tensor &tensor) {
  auto *data = static_cast<const float *>(tensor.data());
  return std::vector<float>(data, data + tensor.size());
}

} // namespace moe::test

#endif // MOE_UNITTESTS_RUNTIME_SESSIONTESTUTILS_H
