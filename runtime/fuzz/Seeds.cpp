//===- Seeds.cpp - writes the packages that fuzzers start from ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: moe-fuzz-seeds FOLDER
//
//===----------------------------------------------------------------------===//

#include "ProgramTestUtils.h"

#include "moe/Target/PackageWriter.h"

#include <cstdio>
#include <cstdlib>

using namespace moe;
using namespace moe::test;

namespace {

struct Section {
  uint32_t type;
  uint32_t flags;
  std::vector<uint64_t> payload;
  uint64_t alignment = 64;
};

void write(const std::string &path, const std::vector<Section> &sections,
           bool attest) {
  PackageWriterOptions options;
  options.sectionCapacity = static_cast<uint32_t>(sections.size()) + 1;
  options.leavesAlignment = 64;
  PackageWriter writer(options);
  bool ok = writer.begin(path);
  for (const Section &section : sections) {
    ok = ok &&
         writer.addSection(section.type, section.flags, 1, section.alignment) &&
         writer.append(section.payload.data(), section.payload.size() * 8);
  }
  std::string error;
  ok = ok && writer.finish() &&
       (!attest || appendAttestation(path, 1, 1, "report", 6, error));
  if (!ok) {
    fprintf(stderr, "moe-fuzz-seeds: %s%s\n", writer.error().c_str(),
            error.c_str());
    exit(1);
  }
}

std::vector<uint64_t> words(const char *text) {
  std::string padded = text;
  padded.resize((padded.size() + 7) / 8 * 8, '\n');
  std::vector<uint64_t> result(padded.size() / 8);
  memcpy(result.data(), padded.data(), padded.size());
  return result;
}

/// A program with a bit of everything over sections 1 (weights) and 2 (pool).
std::vector<uint64_t> program() {
  ProgramBuilder builder;
  uint32_t rows = builder.reg();
  uint32_t x = builder.input("x", MOE_DTYPE_F32, {{rows, "rows"}, 4});
  uint32_t y = builder.output("y", MOE_DTYPE_F32, {{rows, "rows"}, 4});
  builder.weight("w", 1, 0, 64);
  builder.pools.push_back({builder.string("experts"), 2, 2, 4096});
  uint32_t bytes = builder.reg();
  uint32_t four = builder.constant(16);
  builder.add(MOE_CMD_MUL, bytes, rows, four);
  builder.add(MOE_CMD_PLACE, y, bytes);
  uint32_t to = builder.operand(MOE_OPERAND_BUFFER, y);
  uint32_t from = builder.operand(MOE_OPERAND_BUFFER, x);
  builder.add(MOE_CMD_COPY, to, from, bytes);
  builder.message("never {0}");
  builder.add(MOE_CMD_END);
  return builder.build();
}

} // namespace

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: moe-fuzz-seeds FOLDER\n");
    return 2;
  }
  std::string folder = arguments[1];
  ProgramBuilder nothing;
  nothing.add(MOE_CMD_END);
  std::vector<uint64_t> weights(16, 1);
  std::vector<uint64_t> pool(1024, 2);
  write(folder + "/whole",
        {{MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, program()},
         {MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, weights},
         {MOE_SECTION_POOL, MOE_SECTION_LAZY, pool, 4096},
         {MOE_SECTION_MANIFEST, 0, words("compiler = moec\na = b c\n")},
         {MOE_SECTION_SOURCE, MOE_SECTION_LAZY, words("graph")},
         {MOE_SECTION_CONSTANTS, 0, weights}},
        false);
  write(folder + "/attested",
        {{MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, nothing.build()},
         {77, 0, weights}},
        true);
  write(folder + "/empty", {}, false);
  // The head of an image section; image bytes have a fuzzer of their own.
  write(folder + "/image",
        {{MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, nothing.build()},
         {MOE_SECTION_IMAGE, 0, {uint64_t{3} << 32 | 1, 1, 0, 32}}},
        false);
  return 0;
}
