//===- NpyTest.cpp - NumPy's array files ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Npy.h"
#include "PackageTestUtils.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

using namespace moe;
using namespace moe::test;

namespace {

/// A file with this header and this many bytes of data 0, 1, 2, ...
std::string file(const std::string &header, size_t dataBytes = 0,
                 char version = 1) {
  std::string text = "\x93NUMPY";
  text += version;
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    text += char(header.size() >> (8 * i));
  }
  text += header;
  for (size_t i = 0; i < dataBytes; ++i) {
    text += char(i);
  }
  return text;
}

std::string dict(const std::string &descr, const std::string &shape,
                 const std::string &order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order +
         ", 'shape': " + shape + ", }";
}

std::string parse(const std::string &bytes, NpyArray &array,
                  moe_rt_dtype_t expected = MOE_RT_DTYPE_F32) {
  return parseNpy(bytes.data(), bytes.size(), expected, array);
}

std::string parse(const std::string &bytes) {
  NpyArray array;
  return parse(bytes, array);
}

TEST(Npy, ReadsEveryType) {
  struct {
    const char *descr;
    moe_rt_dtype_t dtype;
    size_t bytes;
  } cases[] = {
      {"|b1", MOE_RT_DTYPE_BOOL, 1}, {"|u1", MOE_RT_DTYPE_U8, 1},
      {"|i1", MOE_RT_DTYPE_I8, 1},   {"<i1", MOE_RT_DTYPE_I8, 1},
      {"<u2", MOE_RT_DTYPE_U16, 2},  {"<i2", MOE_RT_DTYPE_I16, 2},
      {"<u4", MOE_RT_DTYPE_U32, 4},  {"<i4", MOE_RT_DTYPE_I32, 4},
      {"<u8", MOE_RT_DTYPE_U64, 8},  {"<i8", MOE_RT_DTYPE_I64, 8},
      {"<f2", MOE_RT_DTYPE_F16, 2},  {"<f4", MOE_RT_DTYPE_F32, 4},
      {"<f8", MOE_RT_DTYPE_F64, 8},
  };
  for (const auto &test : cases) {
    for (char version : {1, 2, 3}) {
      NpyArray array;
      ASSERT_EQ(
          parse(file(dict(test.descr, "(2,)"), 2 * test.bytes, version), array),
          "")
          << test.descr;
      EXPECT_EQ(array.dtype, test.dtype);
      EXPECT_EQ(array.shape, (std::vector<int64_t>{2}));
      EXPECT_EQ(array.bytes, 2 * test.bytes);
      EXPECT_EQ(static_cast<uint8_t *>(array.data.get())[1], 1);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data.get()) % 64, 0u);
    }
  }
}

TEST(Npy, TakesVoidForBf16OnlyWhereItIsExpected) {
  for (const char *descr : {"<V2", "|V2"}) {
    NpyArray array;
    std::string bytes = file(dict(descr, "(3,)"), 6);
    EXPECT_EQ(parse(bytes, array, MOE_RT_DTYPE_BF16), "");
    EXPECT_EQ(array.dtype, MOE_RT_DTYPE_BF16);
    EXPECT_EQ(parse(bytes, array, MOE_RT_DTYPE_U16),
              "its type '" + std::string(descr) +
                  "' can only be bf16, but u16 is expected");
  }
}

TEST(Npy, ReadsOddShapes) {
  NpyArray array;
  ASSERT_EQ(parse(file(dict("<f4", "()"), 4), array), "");
  EXPECT_TRUE(array.shape.empty());
  ASSERT_EQ(parse(file(dict("<f4", "(0, 3)")), array), "");
  EXPECT_EQ(array.bytes, 0u);
  EXPECT_NE(array.data, nullptr);
  ASSERT_EQ(parse(file(dict("<f4", "(2L, 3L)"), 24), array), "");
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
  ASSERT_EQ(parse(file("{\"shape\":(1,1,),'fortran_order':True,"
                       "'descr':'<f4'}   \n",
                       4),
                  array),
            "");
  EXPECT_EQ(array.shape, (std::vector<int64_t>{1, 1}));
}

TEST(Npy, ReordersFortranOrder) {
  NpyArray array;
  ASSERT_EQ(parse(file(dict("|u1", "(2, 3)", "True"), 6), array), "");
  auto *data = static_cast<uint8_t *>(array.data.get());
  EXPECT_EQ(std::vector<uint8_t>(data, data + 6),
            (std::vector<uint8_t>{0, 2, 4, 1, 3, 5}));
  ASSERT_EQ(parse(file(dict("<u2", "(2, 2, 2)", "True"), 16), array), "");
  auto *words = static_cast<uint16_t *>(array.data.get());
  // Element [a, b, c] was at a + 2 b + 4 c.
  for (size_t a = 0; a < 2; ++a) {
    for (size_t b = 0; b < 2; ++b) {
      for (size_t c = 0; c < 2; ++c) {
        size_t at = 2 * (a + 2 * b + 4 * c);
        EXPECT_EQ(words[4 * a + 2 * b + c], at | (at + 1) << 8);
      }
    }
  }
  ASSERT_EQ(parse(file(dict("<f4", "(0, 3)", "True")), array), "");
}

struct Case {
  const char *name;
  std::string bytes;
  const char *message;
};

void PrintTo(const Case &test, std::ostream *stream) { *stream << test.name; }

class NpyErrors : public testing::TestWithParam<Case> {};

TEST_P(NpyErrors, Message) {
  EXPECT_EQ(parse(GetParam().bytes), GetParam().message);
}

std::string deep() {
  std::string shape = "(";
  for (int i = 0; i < 65; ++i) {
    shape += "1, ";
  }
  return shape + ")";
}

const Case cases[] = {
    {"Empty", "", "it is no .npy file"},
    {"Text", "hello world", "it is no .npy file"},
    {"Magic", std::string("\x93NUMPZ\1\0\0\0", 10), "it is no .npy file"},
    {"Version", std::string("\x93NUMPY\4\0\0\0", 10),
     "its format version 4.0 is unknown; 1.0, 2.0 and 3.0 are supported"},
    {"Minor", std::string("\x93NUMPY\1\1\0\0", 10),
     "its format version 1.1 is unknown; 1.0, 2.0 and 3.0 are supported"},
    {"NoLength", std::string("\x93NUMPY\2\0\0\0", 10), "it ends in its header"},
    {"CutHeader", std::string("\x93NUMPY\1\0\x0A\0{}", 12),
     "it ends in its header"},
    {"LongHeader", std::string("\x93NUMPY\2\0\xFF\xFF\xFF\x7F", 12),
     "its header has 2147483647 bytes, more than 1048576"},
    {"NoDictionary", file("[1]"), "its header is no dictionary"},
    {"OpenDictionary", file("{'descr': '<f4'"), "its header is no dictionary"},
    {"NoColon", file("{'descr' '<f4'}"), "its header is no dictionary"},
    {"NoComma", file("{'descr': '<f4' 'shape': ()}"),
     "its header is no dictionary"},
    {"OpenString", file("{'descr"), "its header is no dictionary"},
    {"NoKey", file("{'descr': '<f4', 'shape': ()}"),
     "its header lacks the key 'fortran_order'"},
    {"UnknownKey", file("{'order': 'C'}"),
     "its header has the unknown key 'order'"},
    {"TwoKeys", file("{'descr': '<f4', 'descr': '<f4'}"),
     "its header has twice the key 'descr'"},
    {"Rest", file(dict("<f4", "()") + " x", 4),
     "its header goes on after the dictionary"},
    {"Order", file(dict("<f4", "()", "0"), 4),
     "its header's fortran_order is neither True nor False"},
    {"Records", file("{'descr': [('a', '<f4')], 'fortran_order': False}"),
     "it holds records, expected plain numbers"},
    {"NumberDescr", file("{'descr': 4}"), "its header's descr is no string"},
    {"EscapedDescr", file("{'descr': '\\x3cf4'}"),
     "its header's descr is no string"},
    {"ControlDescr", file("{'descr': '<f\n4'}"),
     "its header's descr is no string"},
    {"ListShape", file(dict("<f4", "[3]")), "its header's shape is no tuple"},
    {"NumberShape", file(dict("<f4", "(3)"), 12),
     "its header's shape is no tuple"},
    {"NegativeShape", file(dict("<f4", "(-3,)"), 12),
     "its header's shape is no tuple of sizes"},
    {"HugeShape", file(dict("<f4", "(9223372036854775808,)"), 12),
     "its header's shape is no tuple of sizes"},
    {"WordShape", file(dict("<f4", "(a,)"), 12),
     "its header's shape is no tuple of sizes"},
    {"OpenShape", file("{'shape': (3, "),
     "its header's shape is no tuple of sizes"},
    {"DeepShape", file(dict("<f4", deep()), 4),
     "it has more than 64 dimensions"},
    {"Overflow", file(dict("<f4", "(9223372036854775807, 4)")),
     "its shape f32[9223372036854775807, 4] has more bytes than there are"},
    {"OverflowBehindZero", file(dict("<f4", "(0, 9223372036854775807, 4)")),
     "its shape f32[0, 9223372036854775807, 4] has more bytes than there are"},
    {"Terabytes", file(dict("<f4", "(1099511627776,)")),
     "it holds 0 bytes, but f32[1099511627776] has 4398046511104"},
    {"Short", file(dict("<f4", "(3, 4)"), 47),
     "it holds 47 bytes, but f32[3, 4] has 48"},
    {"Long", file(dict("<f4", "(3, 4)"), 49),
     "it holds 49 bytes, but f32[3, 4] has 48"},
    {"BigEndian", file(dict(">i8", "(1,)"), 8),
     "it is big-endian ('>i8'); save x.astype('<i8') instead"},
    {"BigEndianByte", file(dict(">i1", "(1,)"), 1),
     "its type '>i1' is not supported"},
    {"Native", file(dict("=f4", "(1,)"), 4), "its type '=f4' is not supported"},
    {"NoOrder", file(dict("|f4", "(1,)"), 4),
     "its type '|f4' is not supported"},
    {"Complex", file(dict("<c8", "(1,)"), 8),
     "its type '<c8' is not supported"},
    {"Object", file(dict("|O", "(1,)"), 8), "its type '|O' is not supported"},
    {"EmptyDescr", file(dict("", "(1,)"), 8), "its type '' is not supported"},
    {"Bool", file(dict("|b1", "(3,)"), 3),
     "its boolean at index 2 is 2, expected 0 or 1"},
};

INSTANTIATE_TEST_SUITE_P(Cases, NpyErrors, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &info) {
                           return info.param.name;
                         });

TEST(Npy, WritesWhatItReads) {
  TemporaryFolder folder;
  std::string path = folder.file("a.npy");
  uint8_t data[32];
  for (size_t i = 0; i < sizeof(data); ++i) {
    data[i] = uint8_t(i & 1);
  }
  for (int dtype = MOE_RT_DTYPE_BOOL; dtype <= MOE_RT_DTYPE_F64; ++dtype) {
    for (const std::vector<int64_t> &shape :
         {std::vector<int64_t>{}, {4}, {2, 2}, {0, 7}, {1, 1, 1, 3}}) {
      size_t bytes = moe_rt_dtype_size(moe_rt_dtype_t(dtype));
      for (int64_t extent : shape) {
        bytes *= size_t(extent);
      }
      ASSERT_EQ(writeNpy(path, moe_rt_dtype_t(dtype), shape, data, bytes), "");
      // The data starts at a multiple of 64, as NumPy has it.
      EXPECT_EQ((readFile(path).size() - bytes) % 64, 0u);
      NpyArray array;
      ASSERT_EQ(readNpy(path, moe_rt_dtype_t(dtype), array), "");
      EXPECT_EQ(array.dtype, dtype);
      EXPECT_EQ(array.shape, shape);
      ASSERT_EQ(array.bytes, bytes);
      EXPECT_EQ(memcmp(array.data.get(), data, bytes), 0);
    }
  }
  EXPECT_EQ(folder.list(), (std::vector<std::string>{"a.npy"}));
}

TEST(Npy, RefusesWhatIsNoRegularFile) {
  TemporaryFolder folder;
  NpyArray array;
  EXPECT_EQ(readNpy(folder.path(), MOE_RT_DTYPE_F32, array),
            "it is no regular file");
  std::string fifo = folder.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(readNpy(fifo, MOE_RT_DTYPE_F32, array), "it is no regular file");
  EXPECT_EQ(readNpy(folder.file("none"), MOE_RT_DTYPE_F32, array),
            "cannot open it: No such file or directory");
  EXPECT_EQ(writeNpy(fifo, MOE_RT_DTYPE_F32, {0}, nullptr, 0),
            "something that is no regular file has its place");
  EXPECT_EQ(
      writeNpy(folder.file("none/a.npy"), MOE_RT_DTYPE_F32, {0}, nullptr, 0),
      "cannot create it: No such file or directory");
}

TEST(Npy, SurvivesEveryEdit) {
  std::string good = file(dict("<f4", "(3, 4)"), 48);
  for (size_t i = 0; i < good.size() - 48; ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string bytes = good;
      bytes[i] = char(value);
      NpyArray array;
      std::string error = parse(bytes, array);
      if (error.empty()) {
        EXPECT_EQ(array.bytes, 48u);
      }
    }
    EXPECT_NE(parse(good.substr(0, i)), "");
  }
}

} // namespace
