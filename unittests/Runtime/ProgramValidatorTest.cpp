//===- ProgramValidatorTest.cpp - every error of the validator ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramTestUtils.h"

#include <gtest/gtest.h>

#include <functional>

using namespace moe::rt;
using namespace moe::test;

namespace {

/// A program that uses every table and every command but COPY; the indices that
/// tests spoil are fields.
struct Good : ProgramBuilder {
  uint32_t n, r, x, y, t, w;
  uint32_t loadAt, storeAt, placeAt, releaseAt, copyAt, runAt, launchAt,
      branchAt, jumpAt, callAt, failAt, pinAt, unpinAt, countAt, selectAt,
      returnAt;
  std::vector<moe_package_section> sections;

  Good() {
    for (uint32_t type :
         {MOE_SECTION_WEIGHTS, MOE_SECTION_POOL, MOE_SECTION_PROGRAM}) {
      moe_package_section section = {};
      section.type = type;
      section.size = section.payload_length = 8192;
      sections.push_back(section);
    }
    n = reg();
    r = reg();
    x = input("x", MOE_DTYPE_F32, {{n, "N"}, 4});
    y = output("y", MOE_DTYPE_F32, {{n, ""}, 4});
    t = temp();
    weight("w", 0, 64, 128);
    w = uint32_t(buffers.size());
    buffers.push_back({MOE_BUFFER_WEIGHT, 0});
    pools.push_back({string("experts"), 1, 2, 4096});
    layers.push_back({string("layer"), 2, 0});
    kernel("k", {1, 8}, 4, 64);
    launches.push_back({0, 0, {n, r, r}, {32, 1, 1}, {1, 1, 1}, 0, 0, 0});
    message("N is {0}");
    commands.clear();
    add(MOE_CMD_CONST, r, 0, 0, 64);
    selectAt = add(MOE_CMD_SELECT, r, r, r, n);
    placeAt = add(MOE_CMD_PLACE, t, r);
    loadAt = add(MOE_CMD_LOAD, r, x, n, MOE_DTYPE_I32);
    storeAt = add(MOE_CMD_STORE, t, n, r, MOE_DTYPE_I32);
    uint32_t to = operand(MOE_OPERAND_BUFFER, t, r);
    uint32_t from = operand(MOE_OPERAND_BUFFER, w);
    copyAt = add(MOE_CMD_COPY, to, from, r);
    uint32_t first = operand(MOE_OPERAND_REGISTER, n);
    operand(MOE_OPERAND_REGISTER, r);
    operand(MOE_OPERAND_BUFFER, y);
    operand(MOE_OPERAND_WEIGHT, 0);
    operand(MOE_OPERAND_POOL, 0);
    runAt = add(MOE_CMD_RUN, 0, first, 5);
    launchAt = add(MOE_CMD_LAUNCH, 0, first, 5);
    pinAt = add(MOE_CMD_PIN, 0, t, r);
    unpinAt = add(MOE_CMD_UNPIN, 0);
    countAt = add(MOE_CMD_COUNT_EXPERTS, 0, t);
    failAt = add(MOE_CMD_FAIL, r, 0, 1, n);
    releaseAt = add(MOE_CMD_RELEASE, t);
    branchAt = add(MOE_CMD_BRANCH, r, 0, 0);
    callAt = add(MOE_CMD_CALL, 0);
    jumpAt = add(MOE_CMD_JUMP, 0);
    returnAt = add(MOE_CMD_RETURN);
    add(MOE_CMD_END);
  }

  std::string check() const {
    std::vector<uint64_t> bytes = build();
    Program program;
    Status status =
        validateProgram(bytes.data(), bytes.size() * 8, sections.data(),
                        uint32_t(sections.size()), program);
    if (!status.ok()) {
      EXPECT_EQ(program.commands.size(), 0u);
      EXPECT_EQ(status.code(), MOE_RT_INVALID_ARGUMENT);
    }
    return status.message();
  }
};

TEST(ProgramValidator, AcceptsAGoodProgram) {
  Good good;
  std::vector<uint64_t> bytes = good.build();
  Program program;
  Status status = validateProgram(bytes.data(), bytes.size() * 8,
                                  good.sections.data(), 3, program);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(program.commands.size(), good.commands.size());
  EXPECT_EQ(program.registerCount, 2u);
  EXPECT_EQ(program.text(program.inputs[0].name), "x");
  EXPECT_EQ(program.text(program.messages[0]), "N is {0}");
}

TEST(ProgramValidator, NamesEveryCommand) {
  EXPECT_STREQ(commandName(MOE_CMD_END), "end");
  EXPECT_STREQ(commandName(MOE_CMD_RUN), "run");
  EXPECT_STREQ(commandName(MOE_CMD_COUNT_EXPERTS), "count_experts");
  EXPECT_STREQ(commandName(MOE_CMD_COUNT_EXPERTS + 1), "unknown");
}

struct Case {
  const char *name;
  std::function<void(Good &)> spoil;
  const char *message;
};

void PrintTo(const Case &test, std::ostream *stream) { *stream << test.name; }

class ProgramValidatorErrors : public testing::TestWithParam<Case> {};

TEST_P(ProgramValidatorErrors, Message) {
  Good good;
  ASSERT_EQ(good.check(), "");
  GetParam().spoil(good);
  EXPECT_EQ(good.check(), std::string("program: ") + GetParam().message);
}

const Case cases[] = {
    // Header and tables.
    {"TooManyRegisters", [](Good &g) { g.registerCount = (1u << 24) + 1; },
     "16777217 registers are above the limit of 16777216"},
    // Strings.
    {"ControlCharacter", [](Good &g) { g.strings[0] = '\n'; },
     "byte 0 of the strings is the control character 0x0a"},
    {"Delete", [](Good &g) { g.strings[2] = '\x7F'; },
     "byte 2 of the strings is the control character 0x7f"},
    {"NoUtf8", [](Good &g) { g.strings[1] = '\xFF'; },
     "byte 1 of the strings is no UTF-8"},
    {"OverlongUtf8", [](Good &g) { g.string("\xC0\x80"); },
     "byte 25 of the strings is no UTF-8"},
    {"SurrogateUtf8", [](Good &g) { g.string("\xED\xA0\x80"); },
     "byte 25 of the strings is no UTF-8"},
    {"CutUtf8", [](Good &g) { g.string("\xE2\x82"); },
     "byte 25 of the strings is no UTF-8"},
    {"StringOutOfRange", [](Good &g) { g.messages[0].length = 1000; },
     "message 0: its text ends at byte 1017 of 25 bytes of strings"},
    {"StringTooLong", [](Good &g) { g.message(std::string(4097, 'a')); },
     "message 1: its text has 4097 bytes, more than 4096"},
    {"StringCutsACharacter",
     [](Good &g) {
       g.message("\xC3\xA9");
       g.messages[1].length = 1;
     },
     "message 1: its text cuts a character in two"},
    {"StringStartsInACharacter",
     [](Good &g) {
       g.message("\xC3\xA9");
       ++g.messages[1].offset;
       g.messages[1].length = 1;
     },
     "message 1: its text cuts a character in two"},
    // Weights, pools, layers.
    {"WeightSection", [](Good &g) { g.weights[0].section = 3; },
     "weight 0: section 3 is out of range; there are 3"},
    {"WeightSectionType", [](Good &g) { g.weights[0].section = 1; },
     "weight 0: section 1 has type 6, expected weights or constants"},
    {"WeightType", [](Good &g) { g.weights[0].dtype = 14; },
     "weight 0: its type 14 is unknown"},
    {"WeightOffset", [](Good &g) { g.weights[0].offset = 32; },
     "weight 0: its offset 32 is no multiple of 64"},
    {"WeightEnd", [](Good &g) { g.weights[0].length = 8192; },
     "weight 0: 8192 bytes at 64 are beyond the 8192 bytes of section 0"},
    {"WeightEndOverflow", [](Good &g) { g.weights[0].length = UINT64_MAX; },
     "weight 0: 18446744073709551615 bytes at 64 are beyond the 8192 bytes of "
     "section 0"},
    {"WeightName", [](Good &g) { g.weights[0].name.offset = 99; },
     "weight 0: its name ends at byte 100 of 25 bytes of strings"},
    {"WeightEncoding", [](Good &g) { g.weights[0].encoding = 2; },
     "weight 0: its encoding 2, version 0, is unknown to this runtime; use a "
     "newer one"},
    {"WeightReserved", [](Good &g) { g.weights[0].reserved = 1; },
     "weight 0: its reserved field is 1, expected 0"},
    {"PoolEncoding", [](Good &g) {
       g.pools[0].encoding = MOE_ENCODING_PANELS;
       g.pools[0].encoding_version = 1;
     },
     "pool 0: its encoding 1, version 1, is unknown to this runtime; use a "
     "newer one"},
    {"PoolReserved", [](Good &g) { g.pools[0].reserved = 1; },
     "pool 0: its reserved field is 1, expected 0"},
    {"PoolSection", [](Good &g) { g.pools[0].section = MOE_NONE; },
     "pool 0: section 4294967295 is out of range; there are 3"},
    {"PoolSectionType", [](Good &g) { g.pools[0].section = 0; },
     "pool 0: section 0 has type 5, expected a pool"},
    {"PoolExperts", [](Good &g) { g.pools[0].experts = 0; },
     "pool 0: it has 0 experts, expected 1 to 2147483647"},
    {"PoolStride", [](Good &g) { g.pools[0].stride = 64; },
     "pool 0: its stride 64 is no positive multiple of 4096"},
    {"PoolEnd", [](Good &g) { g.pools[0].experts = 3; },
     "pool 0: 3 experts of 4096 bytes are beyond the 8192 bytes of section 1"},
    {"PoolName", [](Good &g) { g.pools[0].name.length = 99; },
     "pool 0: its name ends at byte 103 of 25 bytes of strings"},
    {"LayerExperts", [](Good &g) { g.layers[0].experts = INT32_MAX; },
     "layer 0: it has 2147483647 experts, expected 1 to 2147483646"},
    {"LayerReserved", [](Good &g) { g.layers[0].reserved = 1; },
     "layer 0: its reserved field is 1, expected 0"},
    {"LayerName", [](Good &g) { g.layers[0].name.length = 99; },
     "layer 0: its name ends at byte 110 of 25 bytes of strings"},
    // Buffers.
    {"BufferKind", [](Good &g) { g.buffers[g.t].kind = 0; },
     "buffer 2: its kind 0 is unknown"},
    {"BufferInput", [](Good &g) { g.buffers[g.x].index = 1; },
     "buffer 0: input 1 is out of range; there are 1"},
    {"BufferOutput", [](Good &g) { g.buffers[g.y].index = 1; },
     "buffer 1: output 1 is out of range; there are 1"},
    {"BufferWeight", [](Good &g) { g.buffers[g.w].index = 1; },
     "buffer 3: weight 1 is out of range; there are 1"},
    {"BufferTwice", [](Good &g) { g.buffers.push_back({MOE_BUFFER_INPUT, 0}); },
     "buffer 4: input 0 names buffer 0 instead"},
    // Inputs and outputs.
    {"InputName", [](Good &g) { g.inputs[0].name.length = 99; },
     "input 0: its name ends at byte 99 of 25 bytes of strings"},
    {"InputWithoutName", [](Good &g) { g.inputs[0].name.length = 0; },
     "input 0: its name is empty"},
    {"InputType", [](Good &g) { g.inputs[0].dtype = 0; },
     "input 0: its type 0 is unknown"},
    {"InputRank", [](Good &g) { g.inputs[0].rank = 65; },
     "input 0: its rank 65 is above 64"},
    {"InputDims", [](Good &g) { g.inputs[0].first_dim = 3; },
     "input 0: its dimensions end at 5; there are 4"},
    {"InputDimSymbol", [](Good &g) { g.dims[0].symbol.length = 99; },
     "input 0: its dimension's symbol ends at byte 100 of 25 bytes of "
     "strings"},
    {"InputDimReserved", [](Good &g) { g.dims[0].reserved = 1; },
     "input 0: a dimension's reserved field is 1, expected 0"},
    {"InputDimRegister", [](Good &g) { g.dims[0].reg = 2; },
     "input 0: register 2 is out of range; there are 2"},
    {"InputDimBoth", [](Good &g) { g.dims[1].reg = 0; },
     "input 0: dimension 1 has value 4 and register 0, expected one of both"},
    {"InputDimNegative", [](Good &g) { g.dims[1].value = -2; },
     "input 0: dimension 1 has value -2 and register 4294967295, expected one "
     "of both"},
    {"InputOverflow", [](Good &g) { g.dims[1].value = INT64_MAX; },
     "input 0: its static dimensions overflow"},
    {"OutputBuffer", [](Good &g) { g.outputs[0].buffer = 9; },
     "buffer 1: output 0 names buffer 9 instead"},
    {"OutputBufferOutOfRange",
     [](Good &g) {
       g.outputs[0].buffer = 9;
       g.buffers[g.y].kind = MOE_BUFFER_TEMP;
     },
     "output 0: buffer 9 is out of range; there are 4"},
    {"OutputBufferOfOther",
     [](Good &g) {
       g.outputs.push_back(g.outputs[0]);
       g.outputs[1].name = g.string("z");
     },
     "output 1: buffer 1 is not its own"},
    {"SameName",
     [](Good &g) {
       g.input("z", MOE_DTYPE_F32, {});
       g.input("x", MOE_DTYPE_F32, {});
     },
     "input 2: input 0 has the same name"},
    // Kernels and launches.
    {"Grain", [](Good &g) { g.phases[1].grain = 0; },
     "phase 1: its grain is 0, expected at least 1"},
    {"KernelName", [](Good &g) { g.kernels[0].name.length = 99; },
     "kernel 0: its name ends at byte 115 of 25 bytes of strings"},
    {"KernelReserved", [](Good &g) { g.kernels[0].reserved = 7; },
     "kernel 0: its reserved field is 7, expected 0"},
    {"KernelWithoutPhases", [](Good &g) { g.kernels[0].phase_count = 0; },
     "kernel 0: it has no phases"},
    {"KernelPhases", [](Good &g) { g.kernels[0].first_phase = 1; },
     "kernel 0: its phases end at 3; there are 2"},
    {"KernelScratch", [](Good &g) { g.kernels[0].scratch_bytes = 65; },
     "kernel 0: its scratch is 65 bytes, expected a multiple of 64"},
    {"LaunchGrid", [](Good &g) { g.launches[0].grid_reg[2] = 5; },
     "launch 0: grid register 5 is out of range; there are 2"},
    {"LaunchBlock", [](Good &g) { g.launches[0].block[1] = 0; },
     "launch 0: a block or cluster dimension is 0, expected at least 1"},
    {"LaunchCluster", [](Good &g) { g.launches[0].cluster[0] = 0; },
     "launch 0: a block or cluster dimension is 0, expected at least 1"},
    {"LaunchFlags", [](Good &g) { g.launches[0].flags = 5; },
     "launch 0: its unknown flags is 4, expected 0"},
    {"LaunchReserved", [](Good &g) { g.launches[0].reserved = 1; },
     "launch 0: its reserved field is 1, expected 0"},
    // Operands.
    {"OperandKind", [](Good &g) { g.operands[0].kind = 5; },
     "operand 0: its kind 5 is unknown"},
    {"OperandReserved", [](Good &g) { g.operands[0].reserved = 1; },
     "operand 0: its reserved field is 1, expected 0"},
    {"OperandRegister", [](Good &g) { g.operands[2].index = 2; },
     "operand 2: register 2 is out of range; there are 2"},
    {"OperandBuffer", [](Good &g) { g.operands[0].index = 4; },
     "operand 0: buffer 4 is out of range; there are 4"},
    {"OperandWeight", [](Good &g) { g.operands[5].index = 1; },
     "operand 5: weight 1 is out of range; there are 1"},
    {"OperandPool", [](Good &g) { g.operands[6].index = 1; },
     "operand 6: pool 1 is out of range; there are 1"},
    {"OperandOffset", [](Good &g) { g.operands[0].offset_reg = 2; },
     "operand 0: offset register 2 is out of range; there are 2"},
    {"OperandOffsetOfPool", [](Good &g) { g.operands[6].offset_reg = 0; },
     "operand 6: only a buffer takes an offset"},
    // Commands.
    {"NoCommands", [](Good &g) { g.commands.clear(); },
     "there are no commands"},
    {"UnknownCommand", [](Good &g) { g.commands[0].op = 34; },
     "command 0 (unknown): command 34 does not exist"},
    {"Flags", [](Good &g) { g.commands[0].flags = 1; },
     "command 0 (const): its flags field is 1, expected 0"},
    {"ConstRegister", [](Good &g) { g.commands[0].a = 2; },
     "command 0 (const): register 2 is out of range; there are 2"},
    {"AddRegister",
     [](Good &g) { g.commands[0] = {MOE_CMD_ADD, 0, 0, 0, 9, 0}; },
     "command 0 (add): register 9 is out of range; there are 2"},
    {"SelectRegister", [](Good &g) { g.commands[g.selectAt].imm = 2; },
     "command 1 (select): register 2 is out of range; there are 2"},
    {"SelectNegative", [](Good &g) { g.commands[g.selectAt].imm = -1; },
     "command 1 (select): register 18446744073709551615 is out of range; "
     "there are 2"},
    {"PlaceBuffer", [](Good &g) { g.commands[g.placeAt].a = 4; },
     "command 2 (place): buffer 4 is out of range; there are 4"},
    {"PlaceInput", [](Good &g) { g.commands[g.placeAt].a = 0; },
     "command 2 (place): placed buffer 0 is an input or a weight, which are "
     "read-only"},
    {"PlaceRegister", [](Good &g) { g.commands[g.placeAt].b = 2; },
     "command 2 (place): register 2 is out of range; there are 2"},
    {"LoadBuffer", [](Good &g) { g.commands[g.loadAt].b = 4; },
     "command 3 (load): buffer 4 is out of range; there are 4"},
    {"LoadType", [](Good &g) { g.commands[g.loadAt].imm = MOE_DTYPE_F32; },
     "command 3 (load): type 12 is neither integer nor boolean"},
    {"LoadTypeHigh",
     [](Good &g) { g.commands[g.loadAt].imm = (int64_t{1} << 32) + 7; },
     "command 3 (load): type 4294967303 is neither integer nor boolean"},
    {"StoreWeight", [](Good &g) { g.commands[g.storeAt].a = g.w; },
     "command 4 (store): target buffer 3 is an input or a weight, which are "
     "read-only"},
    {"CopyOperand", [](Good &g) { g.commands[g.copyAt].a = 7; },
     "command 5 (copy): operand 7 is out of range; there are 7"},
    {"CopyRegisterOperand", [](Good &g) { g.commands[g.copyAt].b = 2; },
     "command 5 (copy): operand 2 is not a buffer"},
    {"CopyToWeight", [](Good &g) { g.commands[g.copyAt].a = 1; },
     "command 5 (copy): target buffer 3 is an input or a weight, which are "
     "read-only"},
    {"RunKernel", [](Good &g) { g.commands[g.runAt].a = 1; },
     "command 6 (run): kernel 1 is out of range; there are 1"},
    {"RunOperands", [](Good &g) { g.commands[g.runAt].c = 6; },
     "command 6 (run): its operands end at 8; there are 7"},
    {"RunFewOperands", [](Good &g) { g.commands[g.runAt].c = 1; },
     "command 6 (run): it has 1 operands, but kernel 0 has 2 phases"},
    {"RunItems", [](Good &g) { g.operands[3].kind = MOE_OPERAND_BUFFER; },
     "command 6 (run): operand 3 gives the items of phase 1 and is not a "
     "register"},
    {"RunSlots", [](Good &g) { g.kernels[0].argument_slots = 3; },
     "command 6 (run): its operands fill 4 slots, but kernel 0 takes 3"},
    {"LaunchEntry", [](Good &g) { g.commands[g.launchAt].a = 1; },
     "command 7 (launch): launch 1 is out of range; there are 1"},
    {"LaunchOperands", [](Good &g) { g.commands[g.launchAt].b = MOE_NONE; },
     "command 7 (launch): its operands end at 4294967300; there are 7"},
    {"PinPool", [](Good &g) { g.commands[g.pinAt].a = 1; },
     "command 8 (pin): pool 1 is out of range; there are 1"},
    {"PinBuffer", [](Good &g) { g.commands[g.pinAt].b = 4; },
     "command 8 (pin): buffer 4 is out of range; there are 4"},
    {"PinRegister", [](Good &g) { g.commands[g.pinAt].c = 4; },
     "command 8 (pin): register 4 is out of range; there are 2"},
    {"UnpinPool", [](Good &g) { g.commands[g.unpinAt].a = 1; },
     "command 9 (unpin): pool 1 is out of range; there are 1"},
    {"CountLayer", [](Good &g) { g.commands[g.countAt].a = 1; },
     "command 10 (count_experts): layer 1 is out of range; there are 1"},
    {"CountBuffer", [](Good &g) { g.commands[g.countAt].b = 4; },
     "command 10 (count_experts): buffer 4 is out of range; there are 4"},
    {"FailMessage", [](Good &g) { g.commands[g.failAt].b = 1; },
     "command 11 (fail): message 1 is out of range; there are 1"},
    {"FailRegisters", [](Good &g) { g.commands[g.failAt].c = 3; },
     "command 11 (fail): 3 registers from 0 on are out of range; there are 2"},
    {"FailNegative", [](Good &g) { g.commands[g.failAt].imm = -1; },
     "command 11 (fail): 1 registers from -1 on are out of range; there are "
     "2"},
    {"FailOverflow", [](Good &g) { g.commands[g.failAt].imm = INT64_MAX; },
     "command 11 (fail): 1 registers from 9223372036854775807 on are out of "
     "range; there are 2"},
    {"ReleaseOutput", [](Good &g) { g.commands[g.releaseAt].a = g.y; },
     "command 12 (release): buffer 1 is not a temporary one"},
    {"BranchTarget", [](Good &g) { g.commands[g.branchAt].c = 18; },
     "command 13 (branch): command 18 is out of range; there are 18"},
    {"BranchRegister", [](Good &g) { g.commands[g.branchAt].a = 2; },
     "command 13 (branch): register 2 is out of range; there are 2"},
    {"CallTarget", [](Good &g) { g.commands[g.callAt].a = 99; },
     "command 14 (call): command 99 is out of range; there are 18"},
    {"JumpTarget", [](Good &g) { g.commands[g.jumpAt].a = 18; },
     "command 15 (jump): command 18 is out of range; there are 18"},
    {"RunsOffTheEnd", [](Good &g) { g.commands.back().op = MOE_CMD_CALL; },
     "command 17 (call): the last command must be end, branch, jump or "
     "return"},
};

INSTANTIATE_TEST_SUITE_P(Cases, ProgramValidatorErrors,
                         testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &info) {
                           return info.param.name;
                         });

TEST(ProgramValidator, RefusesAShortHeader) {
  std::vector<uint64_t> bytes(16);
  Program program;
  Status status = validateProgram(bytes.data(), 119, nullptr, 0, program);
  EXPECT_EQ(status.code(), MOE_RT_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message(), "program: the section has 119 bytes, its "
                                 "header needs 120");
}

TEST(ProgramValidator, RefusesUnalignedBytes) {
  std::vector<uint64_t> bytes(17);
  Program program;
  Status status = validateProgram(reinterpret_cast<char *>(bytes.data()) + 4,
                                  120, nullptr, 0, program);
  EXPECT_STREQ(status.message(),
               "program: the section is not aligned to 8 bytes");
}

TEST(ProgramValidator, RefusesOtherVersions) {
  Good good;
  std::vector<uint64_t> bytes = good.build();
  auto *header = reinterpret_cast<moe_program_header *>(bytes.data());
  auto check = [&] {
    Program program;
    return validateProgram(bytes.data(), bytes.size() * 8, good.sections.data(),
                           3, program);
  };
  header->minor = 1;
  Status status = check();
  EXPECT_EQ(status.code(), MOE_RT_INCOMPATIBLE);
  EXPECT_STREQ(status.message(),
               "program: its version is 1.1, this runtime reads 1.0; update "
               "the runtime");
  header->minor = 0;
  header->major = 2;
  EXPECT_STREQ(check().message(),
               "program: its version is 2.0, this runtime reads 1.0; update "
               "the runtime");
  header->major = 0;
  EXPECT_STREQ(check().message(),
               "program: its version is 0.0, this runtime reads 1.0; compile "
               "the model again");
}

TEST(ProgramValidator, RefusesTablesOutOfRange) {
  Good good;
  std::vector<uint64_t> bytes = good.build();
  auto *header = reinterpret_cast<moe_program_header *>(bytes.data());
  Program program;
  header->commands.count = UINT32_MAX;
  Status status = validateProgram(bytes.data(), bytes.size() * 8,
                                  good.sections.data(), 3, program);
  EXPECT_EQ(std::string(status.message()),
            "program: the table of commands ends at 103079215200, beyond the "
            "section's " +
                std::to_string(bytes.size() * 8) + " bytes");
  bytes = good.build();
  header = reinterpret_cast<moe_program_header *>(bytes.data());
  header->strings.offset += 4;
  EXPECT_EQ(std::string(validateProgram(bytes.data(), bytes.size() * 8,
                                        good.sections.data(), 3, program)
                            .message()),
            "program: the table of strings starts at " +
                std::to_string(header->strings.offset) +
                ", expected a multiple of 8");
}

/// Every word of the section set to extreme values: no crash (the sanitizers
/// watch), and what is accepted has all indices in range by the checks above.
TEST(ProgramValidator, SurvivesEveryWord) {
  Good good;
  std::vector<uint64_t> bytes = good.build();
  auto *words = reinterpret_cast<uint32_t *>(bytes.data());
  for (size_t i = 0; i < bytes.size() * 2; ++i) {
    uint32_t before = words[i];
    for (uint32_t value : {0u, 1u, before + 1, before - 1, 0x7FFFFFFFu,
                           0x80000000u, UINT32_MAX}) {
      words[i] = value;
      Program program;
      validateProgram(bytes.data(), bytes.size() * 8, good.sections.data(), 3,
                      program)
          .ignore();
    }
    words[i] = before;
  }
}

TEST(ProgramValidator, SurvivesEveryLength) {
  Good good;
  std::vector<uint64_t> bytes = good.build();
  for (size_t length = 0; length < bytes.size() * 8; ++length) {
    // A copy of exactly this length lets ASan see what is read beyond it.
    auto *copy = static_cast<char *>(aligned_alloc(8, (length + 8) / 8 * 8));
    memcpy(copy, bytes.data(), length);
    Program program;
    validateProgram(copy, length, good.sections.data(), 3, program).ignore();
    free(copy);
  }
}

} // namespace
