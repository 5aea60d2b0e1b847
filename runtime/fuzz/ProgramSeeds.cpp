//===- ProgramSeeds.cpp - writes the programs that the fuzzer starts from -===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: moe-fuzz-program-seeds FOLDER
//
// Fails where the validator refuses a seed: the fuzzer would get nowhere.
//
//===----------------------------------------------------------------------===//

#include "ProgramFuzzer.h"
#include "SessionTestUtils.h"

#include <cstdio>
#include <fstream>

using namespace moe;
using namespace moe::test;

static bool write(const std::string &path, const ProgramBuilder &builder,
                  char extent) {
  std::vector<uint64_t> words = builder.build();
  moe_package_section table[fuzz::sectionCount];
  fuzz::fillSections(table);
  rt::Program program;
  rt::Status status = rt::validateProgram(words.data(), words.size() * 8, table,
                                          fuzz::sectionCount, program);
  if (!status.ok()) {
    fprintf(stderr, "moe-fuzz-program-seeds: %s: %s\n", path.c_str(),
            status.message());
    return false;
  }
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char *>(words.data()),
               std::streamsize(words.size() * 8));
  stream.put(extent);
  return bool(stream.flush());
}

/// Arithmetic, loops, calls, elements of every type, a failure.
static ProgramBuilder scalars() {
  ProgramBuilder p;
  uint32_t n = p.reg();
  uint32_t x = p.input("x", MOE_DTYPE_I64, {{n, "N"}});
  uint32_t y = p.output("y", MOE_DTYPE_I64, {{n, ""}});
  uint32_t t = p.temp();
  uint32_t one = p.constant(1);
  uint32_t eight = p.constant(8);
  uint32_t i = p.constant(0);
  uint32_t size = p.reg();
  uint32_t value = p.reg();
  p.add(MOE_CMD_MUL, size, n, eight);
  p.add(MOE_CMD_PLACE, y, size);
  p.add(MOE_CMD_PLACE, t, size);
  uint32_t loop = p.here();
  p.add(MOE_CMD_LT, value, i, n);
  uint32_t branch = p.add(MOE_CMD_BRANCH, value, p.here() + 1);
  p.add(MOE_CMD_LOAD, value, x, i, MOE_DTYPE_I64);
  uint32_t call = p.add(MOE_CMD_CALL);
  p.add(MOE_CMD_STORE, y, i, value, MOE_DTYPE_I64);
  p.add(MOE_CMD_STORE, t, i, one, MOE_DTYPE_U8);
  p.add(MOE_CMD_ADD, i, i, one);
  p.add(MOE_CMD_JUMP, loop);
  p.commands[branch].c = p.here();
  p.add(MOE_CMD_FAIL, one, p.message("{0} of {1} rows"), 2, n);
  p.add(MOE_CMD_RELEASE, t);
  p.add(MOE_CMD_END);
  p.commands[call].a = p.here();
  for (moe_command_op op :
       {MOE_CMD_ADD, MOE_CMD_SUB, MOE_CMD_MUL, MOE_CMD_FLOORDIV,
        MOE_CMD_CEILDIV, MOE_CMD_TRUNCDIV, MOE_CMD_TRUNCREM, MOE_CMD_MIN,
        MOE_CMD_MAX, MOE_CMD_EQ, MOE_CMD_NE, MOE_CMD_LT, MOE_CMD_LE,
        MOE_CMD_AND, MOE_CMD_OR, MOE_CMD_XOR}) {
    p.add(op, value, value, eight);
  }
  p.add(MOE_CMD_SELECT, value, value, one, eight);
  p.add(MOE_CMD_RETURN);
  return p;
}

/// A launch, weights and constants, a copy of a part, a nested call.
static ProgramBuilder queues() {
  ProgramBuilder p;
  uint32_t n = p.reg();
  p.input("ids", MOE_DTYPE_I32, {{n, "N"}, 2});
  uint32_t y = p.output("y", MOE_DTYPE_U8, {64});
  p.weight("w", 2, 64, 256);
  p.weight("c", 4, 0, 64);
  p.buffers.push_back({MOE_BUFFER_WEIGHT, 1});
  auto constant = uint32_t(p.buffers.size() - 1);
  p.pools.push_back({p.string("experts"), 3, 4, 4096});
  uint32_t one = p.constant(1);
  uint32_t half = p.constant(32);
  uint32_t size = p.constant(64);
  p.launches.push_back(
      {0, 1, {n, one, one}, {32, 1, 1}, {1, 1, 1}, 1024, 3, 0});
  p.add(MOE_CMD_PLACE, y, size);
  p.add(MOE_CMD_PIN, 0, 0, n);
  uint32_t first = p.operand(MOE_OPERAND_BUFFER, y, half);
  p.operand(MOE_OPERAND_BUFFER, constant, half);
  p.operand(MOE_OPERAND_WEIGHT, 0);
  p.operand(MOE_OPERAND_POOL, 0);
  p.operand(MOE_OPERAND_REGISTER, n);
  p.add(MOE_CMD_LAUNCH, 0, first, 5);
  p.add(MOE_CMD_UNPIN, 0);
  p.add(MOE_CMD_COPY, first, first + 1, half);
  p.add(MOE_CMD_END);
  return p;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: moe-fuzz-program-seeds FOLDER\n");
    return 2;
  }
  std::string folder = std::string(arguments[1]) + "/";
  bool ok = write(folder + "layer", SmallModel::program(), 3) &&
            write(folder + "scalars", scalars(), 2) &&
            write(folder + "queues", queues(), 4);
  return ok ? 0 : 1;
}
