//===- WriteTestModels.cpp - packages for the tests of moe-run ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: moe-test-models FOLDER
//
// Writes packages without a compiler:
//   small.moe    SmallModel of SessionTestUtils.h
//   copy.moe     one input of each of some types, copied to outputs whose names
//                are hard on file names
//   collide.moe  two outputs whose file names would be the same
//   endless.moe  never ends
//   inputs.moe   two inputs that share a symbol, no output
//
//===----------------------------------------------------------------------===//

#include "SessionTestUtils.h"

using namespace moe::test;

static void write(const std::string &path, const ProgramBuilder &program) {
  std::vector<uint64_t> words = program.build();
  Bytes bytes(words.size() * 8);
  memcpy(bytes.data(), words.data(), bytes.size());
  writePackage(path, {{MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, bytes}});
}

/// Copies each input of shape [N] to an output; all share N.
static ProgramBuilder
copies(const std::vector<std::pair<std::string, moe_dtype>> &names,
       const std::vector<std::string> &outputs) {
  ProgramBuilder p;
  std::vector<uint32_t> from;
  uint32_t n = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    n = p.reg();
    from.push_back(p.input(names[i].first, names[i].second, {{n, "N"}}));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    uint32_t to = p.output(outputs[i], names[i].second, {{n, "N"}});
    uint32_t size = p.constant(int64_t(moe::rt::dtypeSize(names[i].second)));
    p.add(MOE_CMD_MUL, size, size, n);
    p.add(MOE_CMD_PLACE, to, size);
    uint32_t target = p.operand(MOE_OPERAND_BUFFER, to);
    uint32_t source = p.operand(MOE_OPERAND_BUFFER, from[i]);
    p.add(MOE_CMD_COPY, target, source, size);
  }
  p.add(MOE_CMD_END);
  return p;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: moe-test-models FOLDER\n");
    return 2;
  }
  // For the assertions of the helpers.
  testing::GTEST_FLAG(throw_on_failure) = true;
  int count = 1;
  testing::InitGoogleTest(&count, argv);

  std::string folder = std::string(argv[1]) + "/";
  SmallModel::write(folder + "small.moe");
  write(folder + "copy.moe",
        copies({{"b", MOE_DTYPE_BOOL},
                {"i", MOE_DTYPE_I64},
                {"h", MOE_DTYPE_F16},
                {"bf", MOE_DTYPE_BF16},
                {"d", MOE_DTYPE_F64}},
               {"a/b c", ".hidden", "h\xC3\xA9", "bf", "D-1.x"}));
  write(folder + "collide.moe",
        copies({{"x", MOE_DTYPE_F32}, {"y", MOE_DTYPE_F32}}, {"a/b", "a:b"}));
  ProgramBuilder endless;
  endless.add(MOE_CMD_JUMP, 0);
  write(folder + "endless.moe", endless);
  ProgramBuilder inputs;
  uint32_t a = inputs.reg();
  uint32_t b = inputs.reg();
  inputs.input("ids", MOE_DTYPE_I32, {{a, "N"}});
  inputs.input("mask", MOE_DTYPE_BOOL, {{b, "N"}, 2});
  inputs.add(MOE_CMD_END);
  write(folder + "inputs.moe", inputs);
  return 0;
}
