//===- validator.h - the parts of the program validator ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RT_SRC_PROGRAM_VALIDATOR_H
#define MOE_RT_SRC_PROGRAM_VALIDATOR_H

#include "program/validate.h"

namespace moe::rt {

/// One validation. Its parts run in the order of run(), each relies on those
/// before.
class Validator {
public:
  Validator(const void *data, uint64_t size,
            const moe_package_section *sections, uint32_t sectionCount,
            Program &program)
      : bytes(static_cast<const char *>(data)), size(size), sections(sections),
        sectionCount(sectionCount), program(program) {}

  Status run();

private:
  Status error(const char *format, ...) const
      __attribute__((format(printf, 2, 3)));
  Status inRange(const char *what, uint64_t index, uint64_t count) const;
  Status isZero(const char *what, uint64_t value) const;
  Status isRegister(const char *what, uint64_t index) const {
    return inRange(what, index, program.registerCount);
  }

  Status checkHeader();
  template <typename T>
  Status table(const char *name, moe_table where, ProgramTable<T> &result);
  Status checkTables();

  Status checkStringBytes() const;
  Status checkString(const char *what, moe_string string) const;
  Status checkStrings();

  Status checkBuffers();
  Status checkTensors(const char *kind, uint32_t bufferKind,
                      const ProgramTable<moe_program_tensor> &tensors);
  Status checkTensor(uint32_t index, uint32_t bufferKind,
                     const moe_program_tensor &tensor) const;
  Status checkNames(const char *kind,
                    const ProgramTable<moe_program_tensor> &tensors);
  Status checkKernels();
  Status checkLaunches();
  Status checkSection(uint32_t section) const;
  Status checkEncoding(uint16_t encoding, uint16_t version) const;
  Status checkWeights();
  Status checkPools();
  Status checkLayers();
  Status checkOperands();
  Status checkCommands();
  Status checkCommand(const moe_command &command) const;
  Status checkArithmetic(const moe_command &command) const;
  Status checkMemory(const moe_command &command) const;
  Status checkAccess(const char *what, uint32_t buffer, int64_t dtype,
                     bool write) const;
  Status checkWritten(const char *what, uint32_t buffer) const;
  Status checkCopy(const moe_command &command) const;
  Status checkKernelCall(const moe_command &command) const;
  Status checkControl(const moe_command &command) const;
  Status checkExperts(const moe_command &command) const;

  const char *bytes;
  uint64_t size;
  const moe_package_section *sections;
  uint32_t sectionCount;
  Program &program;

  // Where the check is, for messages.
  const char *entry = nullptr;
  uint32_t entryIndex = 0;
  const char *detail = nullptr;
};

} // namespace moe::rt

#endif // MOE_RT_SRC_PROGRAM_VALIDATOR_H
