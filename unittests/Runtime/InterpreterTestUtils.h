//===- InterpreterTestUtils.h - runs hand-made programs ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_UNITTESTS_RUNTIME_INTERPRETERTESTUTILS_H
#define MOE_UNITTESTS_RUNTIME_INTERPRETERTESTUTILS_H

#include "ProgramTestUtils.h"
#include "devices/cpu/cpu_device.h"
#include "program/interpreter.h"

#include <gtest/gtest.h>

namespace moe::test {

/// A hand-made program on a CPU device; kernels are functions of the test.
struct Runner {
  ProgramBuilder program;
  /// What weights and pools refer to; sections has the bytes.
  std::vector<moe_package_section> sectionTable;
  TestSections sections;
  std::vector<moe_phase_fn> functions;
  rt::CommandObserver *observer = nullptr;
  uint64_t commandLimit = UINT64_MAX;
  /// Another device than a CPU one.
  const rt::DeviceView *device = nullptr;

  rt::Owned<rt::Interpreter> interpreter;
  moe_rt_status_code_t code = MOE_RT_OK;

  explicit Runner(int32_t threads = 2) {
    moe_rt_cpu_options_t options = {};
    options.struct_size = sizeof(options);
    options.threads = threads;
    rt::Status status(moe_rt_device_create_cpu(&options, &cpu));
    EXPECT_TRUE(status.ok()) << status.message();
  }
  ~Runner() {
    interpreter = {};
    moe_rt_device_free(cpu);
  }
  Runner(const Runner &) = delete;
  Runner &operator=(const Runner &) = delete;

  /// Call after its payload is in `sections`.
  void addSection(moe_section_type type) {
    moe_package_section section = {};
    section.type = type;
    section.size = section.payload_length =
        sections.payloads[sectionTable.size()].size();
    sectionTable.push_back(section);
  }

  /// Validates the program and makes an interpreter; returns the message of an
  /// error.
  std::string prepare() {
    interpreter = {};
    bytes = program.build();
    rt::Status status =
        rt::validateProgram(bytes.data(), bytes.size() * 8, sectionTable.data(),
                            uint32_t(sectionTable.size()), validated);
    if (!status.ok()) {
      return message(status);
    }
    EXPECT_EQ(functions.size(), validated.phases.size());
    rt::InterpreterSetup setup;
    setup.program = &validated;
    setup.sections = &sections;
    setup.phases = functions.data();
    setup.device = device ? *device : cpu->view();
    setup.observer = observer;
    setup.commandLimit = commandLimit;
    status = rt::Interpreter::create(setup, interpreter);
    return message(status);
  }

  std::string again() {
    rt::Status status = interpreter->run();
    return message(status);
  }

  std::string once() {
    std::string error = prepare();
    return error.empty() ? again() : error;
  }

  int64_t value(uint32_t reg) const { return interpreter->registers()[reg]; }

  template <typename T>
  void setInput(size_t index, const T *data, moe_rt_dtype_t dtype,
                const std::vector<int64_t> &dims) {
    size_t count = 1;
    for (int64_t dim : dims) {
      count *= size_t(dim);
    }
    moe_rt_tensor_t tensor = {sizeof(tensor),       const_cast<T *>(data),
                              count * sizeof(T),    dtype,
                              int32_t(dims.size()), dims.data()};
    rt::Status status = interpreter->border().setInput(index, tensor);
    ASSERT_TRUE(status.ok()) << status.message();
  }

  moe_rt_tensor_t outputTensor(size_t index) {
    moe_rt_tensor_t tensor = {};
    rt::Status status = interpreter->border().output(index, tensor);
    EXPECT_TRUE(status.ok()) << status.message();
    return tensor;
  }

  template <typename T>
  std::vector<T> output(size_t index) {
    moe_rt_tensor_t tensor = outputTensor(index);
    auto *data = static_cast<const T *>(tensor.data);
    return std::vector<T>(data, data + tensor.byte_size / sizeof(T));
  }

  moe_rt_device_t *cpu = nullptr;

private:
  std::string message(const rt::Status &status) {
    code = status.code();
    return status.message();
  }

  std::vector<uint64_t> bytes;
  rt::Program validated;
};

} // namespace moe::test

#endif // MOE_UNITTESTS_RUNTIME_INTERPRETERTESTUTILS_H
