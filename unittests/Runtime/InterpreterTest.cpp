//===- InterpreterTest.cpp - programs that run ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InterpreterTestUtils.h"

#include <gtest/gtest.h>

#include <thread>

using namespace moe::rt;
using namespace moe::test;

namespace {

constexpr int64_t least = INT64_MIN;
constexpr int64_t most = INT64_MAX;

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

struct Arithmetic {
  moe_command_op op;
  int64_t left;
  int64_t right;
  int64_t result;
};

TEST(Interpreter, Calculates) {
  const Arithmetic cases[] = {
      {MOE_CMD_ADD, 3, 4, 7},
      {MOE_CMD_ADD, most, least, -1},
      {MOE_CMD_SUB, 3, 4, -1},
      {MOE_CMD_SUB, least, least, 0},
      {MOE_CMD_MUL, -3, 4, -12},
      {MOE_CMD_MUL, least, 1, least},
      {MOE_CMD_FLOORDIV, 7, 2, 3},
      {MOE_CMD_FLOORDIV, -7, 2, -4},
      {MOE_CMD_FLOORDIV, 7, -2, -4},
      {MOE_CMD_FLOORDIV, -7, -2, 3},
      {MOE_CMD_FLOORDIV, -8, 2, -4},
      {MOE_CMD_FLOORDIV, least, 1, least},
      {MOE_CMD_FLOORDIV, least, most, -2},
      {MOE_CMD_CEILDIV, 7, 2, 4},
      {MOE_CMD_CEILDIV, -7, 2, -3},
      {MOE_CMD_CEILDIV, 7, -2, -3},
      {MOE_CMD_CEILDIV, -7, -2, 4},
      {MOE_CMD_CEILDIV, 8, 2, 4},
      {MOE_CMD_CEILDIV, 0, 5, 0},
      {MOE_CMD_CEILDIV, most, most, 1},
      {MOE_CMD_TRUNCDIV, -7, 2, -3},
      {MOE_CMD_TRUNCDIV, 7, -2, -3},
      {MOE_CMD_TRUNCREM, -7, 2, -1},
      {MOE_CMD_TRUNCREM, 7, -2, 1},
      {MOE_CMD_TRUNCREM, least, -1, 0},
      {MOE_CMD_MIN, -1, 1, -1},
      {MOE_CMD_MAX, -1, 1, 1},
      {MOE_CMD_EQ, 5, 5, 1},
      {MOE_CMD_EQ, 5, 6, 0},
      {MOE_CMD_NE, 5, 5, 0},
      {MOE_CMD_NE, 5, 6, 1},
      {MOE_CMD_LT, -1, 0, 1},
      {MOE_CMD_LT, 0, 0, 0},
      {MOE_CMD_LE, 0, 0, 1},
      {MOE_CMD_LE, 1, 0, 0},
      {MOE_CMD_AND, 12, 10, 8},
      {MOE_CMD_OR, 12, 10, 14},
      {MOE_CMD_XOR, 12, 10, 6},
  };
  for (const Arithmetic &test : cases) {
    Runner run;
    uint32_t left = run.program.constant(test.left);
    uint32_t right = run.program.constant(test.right);
    uint32_t result = run.program.reg();
    run.program.add(test.op, result, left, right);
    run.program.add(MOE_CMD_END);
    ASSERT_EQ(run.once(), "") << commandName(test.op);
    EXPECT_EQ(run.value(result), test.result)
        << commandName(test.op) << " " << test.left << " " << test.right;
  }
}

TEST(Interpreter, RefusesWrongArithmetic) {
  struct {
    moe_command_op op;
    int64_t left;
    int64_t right;
    const char *message;
  } cases[] = {
      {MOE_CMD_ADD, most, 1,
       "command 2 (add): 9223372036854775807 + 1 overflows"},
      {MOE_CMD_SUB, least, 1,
       "command 2 (sub): -9223372036854775808 - 1 overflows"},
      {MOE_CMD_MUL, most, 2,
       "command 2 (mul): 9223372036854775807 * 2 overflows"},
      {MOE_CMD_FLOORDIV, 7, 0, "command 2 (floordiv): 7 / 0 divides by zero"},
      {MOE_CMD_FLOORDIV, least, -1,
       "command 2 (floordiv): -9223372036854775808 / -1 overflows"},
      {MOE_CMD_CEILDIV, 7, 0, "command 2 (ceildiv): 7 / 0 divides by zero"},
      {MOE_CMD_CEILDIV, least, -1,
       "command 2 (ceildiv): -9223372036854775808 / -1 overflows"},
      {MOE_CMD_TRUNCDIV, 0, 0, "command 2 (truncdiv): 0 / 0 divides by zero"},
      {MOE_CMD_TRUNCDIV, least, -1,
       "command 2 (truncdiv): -9223372036854775808 / -1 overflows"},
      {MOE_CMD_TRUNCREM, 7, 0, "command 2 (truncrem): 7 % 0 divides by zero"},
  };
  for (const auto &test : cases) {
    Runner run;
    uint32_t left = run.program.constant(test.left);
    uint32_t right = run.program.constant(test.right);
    // The result replaces an operand: the message names the old value.
    run.program.add(test.op, left, left, right);
    run.program.add(MOE_CMD_END);
    EXPECT_EQ(run.once(), test.message);
    EXPECT_EQ(run.code, MOE_RT_INVALID_ARGUMENT);
  }
}

TEST(Interpreter, Selects) {
  Runner run;
  uint32_t zero = run.program.constant(0);
  uint32_t seven = run.program.constant(7);
  uint32_t a = run.program.reg();
  uint32_t b = run.program.reg();
  run.program.add(MOE_CMD_SELECT, a, seven, seven, zero);
  run.program.add(MOE_CMD_SELECT, b, zero, zero, seven);
  run.program.add(MOE_CMD_END);
  ASSERT_EQ(run.once(), "");
  EXPECT_EQ(run.value(a), 7);
  EXPECT_EQ(run.value(b), 7);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

/// Sums 1 .. 10 in a loop.
TEST(Interpreter, Loops) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t i = p.constant(0);
  uint32_t sum = p.constant(0);
  uint32_t one = p.constant(1);
  uint32_t ten = p.constant(10);
  uint32_t more = p.reg();
  uint32_t loop = p.add(MOE_CMD_ADD, i, i, one);
  p.add(MOE_CMD_ADD, sum, sum, i);
  p.add(MOE_CMD_LT, more, i, ten);
  p.add(MOE_CMD_BRANCH, more, loop, p.here() + 1);
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.once(), "");
  EXPECT_EQ(run.value(sum), 55);
  // Registers start at zero again.
  ASSERT_EQ(run.again(), "");
  EXPECT_EQ(run.value(sum), 55);
}

TEST(Interpreter, CallsAndReturns) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t one = p.constant(1);
  uint32_t count = p.constant(0);
  p.add(MOE_CMD_CALL, 5);
  p.add(MOE_CMD_CALL, 5);
  p.add(MOE_CMD_END);
  p.add(MOE_CMD_CALL, 7);
  p.add(MOE_CMD_RETURN);
  p.add(MOE_CMD_ADD, count, count, one);
  p.add(MOE_CMD_RETURN);
  ASSERT_EQ(run.once(), "");
  EXPECT_EQ(run.value(count), 2);
}

TEST(Interpreter, BoundsTheDepthOfCalls) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t one = p.constant(1);
  uint32_t depth = p.constant(0);
  uint32_t limit = p.constant(16);
  uint32_t more = p.reg();
  uint32_t function = p.here() + 2;
  p.add(MOE_CMD_CALL, function);
  p.add(MOE_CMD_END);
  p.add(MOE_CMD_ADD, depth, depth, one);
  p.add(MOE_CMD_LT, more, depth, limit);
  p.add(MOE_CMD_BRANCH, more, p.here() + 1, p.here() + 2);
  p.add(MOE_CMD_CALL, function);
  p.add(MOE_CMD_RETURN);
  ASSERT_EQ(run.once(), "");
  EXPECT_EQ(run.value(depth), 16);

  p.commands[2].imm = 17;
  EXPECT_EQ(run.once(), "command 8 (call): calls are nested more than 16 deep");
  EXPECT_EQ(run.code, MOE_RT_INTERNAL);
}

TEST(Interpreter, RefusesAReturnFromNoCall) {
  Runner run;
  run.program.add(MOE_CMD_RETURN);
  EXPECT_EQ(run.once(), "command 0 (return): there is no call to return from");
}

TEST(Interpreter, StopsAtTheCommandLimit) {
  Runner run;
  run.commandLimit = 100;
  run.program.add(MOE_CMD_JUMP, 0);
  EXPECT_EQ(run.once(), "command 0 (jump): the run has more than 100 commands");
}

TEST(Interpreter, CancelEndsALoop) {
  Runner run;
  run.program.add(MOE_CMD_JUMP, 0);
  ASSERT_EQ(run.prepare(), "");
  std::atomic<bool> ended{false};
  // A cancel that comes before the run has started is lost.
  std::thread other([&] {
    while (!ended) {
      run.interpreter->cancel();
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(run.again(), "the run was cancelled");
  ended = true;
  other.join();
  EXPECT_EQ(run.code, MOE_RT_CANCELLED);
}

TEST(Interpreter, FailsWithTheProgramsMessage) {
  struct {
    const char *text;
    const char *message;
  } cases[] = {
      {"N is {0}, but M is {1}", "N is 3, but M is -4"},
      {"{1}{0}{1}", "-43-4"},
      {"no values", "no values"},
      {"{2} {x} {} { {0", "{2} {x} {} { {0"},
      {"{99999999999999999999} {0}", "{99999999999999999999} 3"},
      {"}{0}{", "}3{"},
      {"", ""},
      {"{0}\xC3\xA9", "3\xC3\xA9"},
  };
  for (const auto &test : cases) {
    Runner run;
    ProgramBuilder &p = run.program;
    uint32_t n = p.constant(3);
    p.constant(-4);
    uint32_t condition = p.constant(0);
    p.add(MOE_CMD_FAIL, n, p.message("never"));
    p.add(MOE_CMD_FAIL, condition, p.message(test.text), 2, n);
    p.add(MOE_CMD_END);
    EXPECT_EQ(run.once(), test.message);
    EXPECT_EQ(run.code, MOE_RT_INVALID_ARGUMENT);
  }
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TEST(Interpreter, StoresAndLoadsEveryType) {
  struct {
    uint32_t dtype;
    std::vector<int64_t> good;
    std::vector<int64_t> bad;
  } cases[] = {
      {MOE_DTYPE_BOOL, {0, 1}, {2, -1}},
      {MOE_DTYPE_U8, {0, 255}, {256, -1}},
      {MOE_DTYPE_I8, {-128, 127}, {128, -129}},
      {MOE_DTYPE_U16, {0, 65535}, {65536, -1}},
      {MOE_DTYPE_I16, {-32768, 32767}, {32768, -32769}},
      {MOE_DTYPE_U32, {0, 4294967295}, {4294967296, -1}},
      {MOE_DTYPE_I32, {INT32_MIN, INT32_MAX}, {int64_t{INT32_MAX} + 1}},
      {MOE_DTYPE_U64, {0, most}, {-1}},
      {MOE_DTYPE_I64, {least, most}, {}},
  };
  for (const auto &test : cases) {
    const char *name = moe_rt_dtype_name(moe_rt_dtype_t(test.dtype));
    auto build = [&](Runner &run, int64_t value) {
      ProgramBuilder &p = run.program;
      uint32_t size = p.constant(int64_t(3 * dtypeSize(test.dtype)));
      uint32_t index = p.constant(1);
      uint32_t stored = p.constant(value);
      uint32_t loaded = p.reg();
      uint32_t buffer = p.temp();
      p.add(MOE_CMD_PLACE, buffer, size);
      p.add(MOE_CMD_STORE, buffer, index, stored, test.dtype);
      p.add(MOE_CMD_LOAD, loaded, buffer, index, test.dtype);
      p.add(MOE_CMD_END);
      return loaded;
    };
    for (int64_t value : test.good) {
      Runner run;
      uint32_t loaded = build(run, value);
      ASSERT_EQ(run.once(), "") << name;
      EXPECT_EQ(run.value(loaded), value) << name;
    }
    for (int64_t value : test.bad) {
      Runner run;
      build(run, value);
      EXPECT_EQ(run.once(), std::string("command 4 (store): ") + name +
                                " cannot hold " + std::to_string(value));
    }
  }
}

TEST(Interpreter, LoadsFromInputs) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t n = p.reg();
  uint32_t x = p.input("x", MOE_DTYPE_U64, {{n, "N"}});
  uint32_t loaded = p.reg();
  uint32_t index = p.constant(2);
  p.add(MOE_CMD_LOAD, loaded, x, index, MOE_DTYPE_U64);
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.prepare(), "");
  uint64_t values[] = {1, 2, 42, uint64_t(most) + 1};
  run.setInput(0, values, MOE_RT_DTYPE_U64, {4});
  ASSERT_EQ(run.again(), "");
  EXPECT_EQ(run.value(loaded), 42);
  EXPECT_EQ(run.value(n), 4);
  run.setInput(0, values, MOE_RT_DTYPE_U64, {2});
  EXPECT_EQ(run.again(), "command 1 (load): element 2 of buffer 0 does not "
                         "exist; there are 2");
  run.setInput(0, values + 1, MOE_RT_DTYPE_U64, {3});
  EXPECT_EQ(run.again(),
            "command 1 (load): 9223372036854775808 is above 2^63 - 1");
}

TEST(Interpreter, RefusesElementsOutsideABuffer) {
  for (int64_t index : {int64_t{-1}, int64_t{3}, least, most}) {
    Runner run;
    ProgramBuilder &p = run.program;
    uint32_t size = p.constant(15);
    uint32_t at = p.constant(index);
    uint32_t buffer = p.temp();
    p.add(MOE_CMD_PLACE, buffer, size);
    p.add(MOE_CMD_STORE, buffer, at, at, MOE_DTYPE_I32);
    p.add(MOE_CMD_END);
    EXPECT_EQ(run.once(), "command 3 (store): element " +
                              std::to_string(index) +
                              " of buffer 0 does not exist; there are 3");
    EXPECT_EQ(run.code, MOE_RT_INTERNAL);
  }
}

TEST(Interpreter, ChecksPlacement) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t size = p.constant(64);
  uint32_t buffer = p.temp();
  p.add(MOE_CMD_PLACE, buffer, size);
  p.add(MOE_CMD_PLACE, buffer, size);
  p.add(MOE_CMD_END);
  EXPECT_EQ(run.once(), "command 2 (place): buffer 0 is placed already");
  p.commands[0].imm = -8;
  EXPECT_EQ(run.once(), "command 1 (place): the size -8 is negative");
  EXPECT_EQ(run.code, MOE_RT_INVALID_ARGUMENT);
  p.commands[1] = {MOE_CMD_RELEASE, 0, buffer, 0, 0, 0};
  EXPECT_EQ(run.once(), "command 1 (release): buffer 0 is not placed");
  p.commands[1] = {MOE_CMD_LOAD, 0, size, buffer, size, MOE_DTYPE_I8};
  EXPECT_EQ(run.once(), "command 1 (load): buffer 0 is not placed");
  p.commands[0].imm = 1ll << 62;
  p.commands[1] = {MOE_CMD_PLACE, 0, buffer, size, 0, 0};
  EXPECT_EQ(run.once(), "out of memory: a temporary buffer needs "
                        "4611686018427387904 bytes");
  EXPECT_EQ(run.code, MOE_RT_OUT_OF_MEMORY);
}

TEST(Interpreter, CopiesBytes) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t x = p.input("x", MOE_DTYPE_U8, {8});
  uint32_t y = p.output("y", MOE_DTYPE_U8, {8});
  uint32_t eight = p.constant(8);
  uint32_t three = p.constant(3);
  uint32_t size = p.constant(5);
  p.add(MOE_CMD_PLACE, y, eight);
  uint32_t to = p.operand(MOE_OPERAND_BUFFER, y);
  uint32_t from = p.operand(MOE_OPERAND_BUFFER, x, three);
  uint32_t overlapping = p.operand(MOE_OPERAND_BUFFER, y, three);
  p.add(MOE_CMD_COPY, to, from, size);
  p.add(MOE_CMD_COPY, overlapping, to, size);
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.prepare(), "");
  uint8_t values[] = {1, 2, 3, 4, 5, 6, 7, 8};
  run.setInput(0, values, MOE_RT_DTYPE_U8, {8});
  ASSERT_EQ(run.again(), "");
  EXPECT_EQ(run.output<uint8_t>(0),
            (std::vector<uint8_t>{4, 5, 6, 4, 5, 6, 7, 8}));
}

TEST(Interpreter, ChecksCopies) {
  struct {
    int64_t offset;
    int64_t size;
    const char *message;
  } cases[] = {
      {0, 9,
       "command 6 (copy): cannot copy 9 bytes: the source has 8, the target "
       "16"},
      {0, -1,
       "command 6 (copy): cannot copy -1 bytes: the source has 8, the target "
       "16"},
      {12, 5,
       "command 6 (copy): cannot copy 5 bytes: the source has 8, the target "
       "4"},
      {17, 0, "command 6 (copy): offset 17 is outside buffer 0 of 16 bytes"},
      {-1, 0, "command 6 (copy): offset -1 is outside buffer 0 of 16 bytes"},
      {16, 0, ""},
      {8, 8, ""},
  };
  for (const auto &test : cases) {
    Runner run;
    ProgramBuilder &p = run.program;
    uint32_t a = p.temp();
    uint32_t b = p.temp();
    uint32_t sixteen = p.constant(16);
    uint32_t eight = p.constant(8);
    p.add(MOE_CMD_PLACE, a, sixteen);
    p.add(MOE_CMD_PLACE, b, eight);
    uint32_t offset = p.constant(test.offset);
    uint32_t size = p.constant(test.size);
    uint32_t to = p.operand(MOE_OPERAND_BUFFER, a, offset);
    uint32_t from = p.operand(MOE_OPERAND_BUFFER, b);
    p.add(MOE_CMD_COPY, to, from, size);
    p.add(MOE_CMD_END);
    EXPECT_EQ(run.once(), test.message);
  }
}

TEST(Interpreter, ReadsWeights) {
  Runner run;
  ProgramBuilder &p = run.program;
  run.sections.payloads = {{}, std::vector<uint8_t>(256)};
  for (int i = 0; i < 256; ++i) {
    run.sections.payloads[1][size_t(i)] = uint8_t(i);
  }
  run.addSection(MOE_SECTION_PROGRAM);
  run.addSection(MOE_SECTION_CONSTANTS);
  uint32_t weight = p.weight("w", 1, 64, 128);
  p.buffers.push_back({MOE_BUFFER_WEIGHT, weight});
  uint32_t index = p.constant(3);
  uint32_t loaded = p.reg();
  p.add(MOE_CMD_LOAD, loaded, 0, index, MOE_DTYPE_U8);
  p.add(MOE_CMD_LOAD, loaded, 0, index, MOE_DTYPE_U8);
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.prepare(), "");
  // Nothing is checked before it is used.
  EXPECT_TRUE(run.sections.verified.empty());
  run.sections.damaged = true;
  EXPECT_EQ(run.again(), "damaged");
  EXPECT_EQ(run.code, MOE_RT_IO);
  run.sections.damaged = false;
  ASSERT_EQ(run.again(), "");
  ASSERT_EQ(run.again(), "");
  EXPECT_EQ(run.value(loaded), 67);
  EXPECT_EQ(run.sections.verified,
            (std::vector<TestSections::Range>{{1, 64, 128}, {1, 64, 128}}));
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

TEST(Interpreter, PlacesOutputs) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t n = p.constant(3);
  uint32_t y = p.output("y", MOE_DTYPE_I16, {{n, "N"}, 2});
  uint32_t size = p.constant(12);
  p.add(MOE_CMD_PLACE, y, size);
  p.add(MOE_CMD_STORE, y, n, n, MOE_DTYPE_I16);
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.once(), "");
  moe_rt_tensor_t tensor = run.outputTensor(0);
  EXPECT_EQ(tensor.rank, 2);
  EXPECT_EQ(tensor.dims[0], 3);
  EXPECT_EQ(tensor.dims[1], 2);
  EXPECT_EQ(tensor.byte_size, 12u);
  EXPECT_EQ(run.output<int16_t>(0)[3], 3);

  int16_t bound[6] = {};
  ASSERT_TRUE(
      run.interpreter->border().bindOutput(0, bound, sizeof(bound)).ok());
  moe_rt_tensor_t none = {};
  EXPECT_STREQ(run.interpreter->border().output(0, none).message(),
               "there are no outputs: no run has ended well since the session "
               "was made or changed");
  ASSERT_EQ(run.again(), "");
  EXPECT_EQ(run.outputTensor(0).data, bound);
  EXPECT_EQ(bound[3], 3);
  ASSERT_TRUE(run.interpreter->border().bindOutput(0, bound, 11).ok());
  EXPECT_EQ(run.again(),
            "output 'y' is i16[3, 2] and needs 12 bytes, but 11 bytes are "
            "bound");
  EXPECT_EQ(run.code, MOE_RT_INVALID_ARGUMENT);
}

TEST(Interpreter, ChecksOutputs) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t n = p.constant(3);
  uint32_t y = p.output("y", MOE_DTYPE_I16, {{n, "N"}, 2});
  uint32_t size = p.constant(11);
  p.add(MOE_CMD_PLACE, y, size);
  p.add(MOE_CMD_END);
  EXPECT_EQ(run.once(), "output 'y' is i16[3, 2], which does not have the 11 "
                        "bytes it is placed with");
  EXPECT_EQ(run.code, MOE_RT_INTERNAL);
  p.commands[0].imm = -3;
  EXPECT_EQ(run.once(), "output 'y' is i16[-3, 2], which does not have the 11 "
                        "bytes it is placed with");
  p.commands[0].imm = most;
  EXPECT_EQ(run.once(),
            "output 'y' is i16[9223372036854775807, 2], which does not have "
            "the 11 bytes it is placed with");
  p.commands[2].op = MOE_CMD_END;
  EXPECT_EQ(run.once(), "the program ended without output 'y'");
}

TEST(Interpreter, EmptyOutputs) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t n = p.constant(0);
  uint32_t y = p.output("y", MOE_DTYPE_F32, {{n, "N"}, 64});
  p.add(MOE_CMD_PLACE, y, n);
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.once(), "");
  EXPECT_EQ(run.outputTensor(0).byte_size, 0u);
  EXPECT_NE(run.outputTensor(0).data, nullptr);
}

TEST(Interpreter, ChecksInputs) {
  Runner run;
  ProgramBuilder &p = run.program;
  uint32_t n = p.reg();
  uint32_t k = p.reg();
  uint32_t m = p.reg();
  p.input("a", MOE_DTYPE_F32, {{n, "N"}, 4});
  p.input("b", MOE_DTYPE_I64, {{k, ""}, {m, "N"}});
  p.add(MOE_CMD_END);
  ASSERT_EQ(run.prepare(), "");
  EXPECT_EQ(run.again(), "input 'a' is not set");
  EXPECT_EQ(run.code, MOE_RT_FAILED_PRECONDITION);
  alignas(8) char data[256] = {};
  auto set = [&](size_t index, moe_rt_dtype_t dtype, std::vector<int64_t> dims,
                 size_t bytes, void *memory = nullptr) {
    moe_rt_tensor_t tensor = {
        sizeof(tensor), memory ? memory : data, bytes,
        dtype,          int32_t(dims.size()),   dims.data()};
    Status status = run.interpreter->border().setInput(index, tensor);
    return std::string(status.message());
  };
  EXPECT_EQ(set(2, MOE_RT_DTYPE_F32, {}, 0),
            "input 2 does not exist; the model has 2");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_I32, {3, 4}, 48),
            "input 'a' wants f32[N, 4], but i32[3, 4] was given");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {3, 5}, 60),
            "input 'a' wants f32[N, 4], but f32[3, 5] was given");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {12}, 48),
            "input 'a' wants f32[N, 4], but f32[12] was given");
  EXPECT_EQ(set(1, MOE_RT_DTYPE_I64, {}, 8),
            "input 'b' wants i64[?, N], but i64[] was given");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {3, 4}, 44),
            "input 'a': f32[3, 4] has 48 bytes, but 44 were given");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {3, 4}, 52),
            "input 'a': f32[3, 4] has 48 bytes, but 52 were given");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {-3, 4}, 48),
            "input 'a': dimension 0 is negative, -3");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {most, 4}, 48),
            "input 'a': f32[9223372036854775807, 4] has more bytes than there "
            "are");
  EXPECT_EQ(set(0, moe_rt_dtype_t(77), {3, 4}, 48),
            "input 'a': type 77 is unknown");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {3, 4}, 48, data + 2),
            "input 'a': its data is not aligned to 4 bytes");
  moe_rt_tensor_t tensor = {sizeof(tensor),   data, 48,
                            MOE_RT_DTYPE_F32, 2,    nullptr};
  EXPECT_STREQ(run.interpreter->border().setInput(0, tensor).message(),
               "input 'a': its dims are NULL");
  tensor.rank = -1;
  EXPECT_STREQ(run.interpreter->border().setInput(0, tensor).message(),
               "input 'a': rank -1 is not in [0, 64]");
  const int64_t dims[] = {3, 4};
  tensor = {sizeof(tensor), nullptr, 48, MOE_RT_DTYPE_F32, 2, dims};
  EXPECT_STREQ(run.interpreter->border().setInput(0, tensor).message(),
               "input 'a': its data is NULL");
  EXPECT_EQ(set(0, MOE_RT_DTYPE_F32, {3, 4}, 48), "");
  EXPECT_EQ(set(1, MOE_RT_DTYPE_I64, {2, 4}, 64), "");
  EXPECT_EQ(run.again(), "inputs disagree about 'N': dimension 0 of 'a' is 3, "
                         "but dimension 1 of 'b' is 4");
  EXPECT_EQ(run.code, MOE_RT_INVALID_ARGUMENT);
  EXPECT_EQ(set(1, MOE_RT_DTYPE_I64, {2, 3}, 48), "");
  EXPECT_EQ(run.again(), "");
  EXPECT_EQ(run.value(n), 3);
  EXPECT_EQ(run.value(k), 2);
  EXPECT_EQ(run.value(m), 3);
}

TEST(Interpreter, FindsNames) {
  Runner run;
  for (int i = 0; i < 10; ++i) {
    run.program.input("in" + std::to_string(i), MOE_DTYPE_F32, {});
  }
  run.program.add(MOE_CMD_END);
  ASSERT_EQ(run.prepare(), "");
  size_t index = 99;
  EXPECT_TRUE(run.interpreter->border().findInput("in7", index).ok());
  EXPECT_EQ(index, 7u);
  Status status = run.interpreter->border().findInput("in", index);
  EXPECT_EQ(status.code(), MOE_RT_NOT_FOUND);
  EXPECT_STREQ(status.message(),
               "the model has no input 'in'; its inputs are: 'in0', 'in1', "
               "'in2', 'in3', 'in4', 'in5', 'in6', 'in7' and 2 more");
  EXPECT_STREQ(run.interpreter->border().findOutput("y", index).message(),
               "the model has no output 'y'; its outputs are: none");
  EXPECT_STREQ(run.interpreter->border().findInput(nullptr, index).message(),
               "the name of the input is NULL");
}

} // namespace
