//===- ModelTest.cpp - loading models -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackageTestUtils.h"
#include "ProgramTestUtils.h"

#include "image/cpu_level.h"
#include "model.h"

#include "moe_rt/moe_rt.h"

#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <unistd.h>

using namespace moe;
using namespace moe::rt;
using namespace moe::test;

namespace {

template <typename T>
Bytes bytesOf(const std::vector<T> &values) {
  const auto *first = reinterpret_cast<const uint8_t *>(values.data());
  return Bytes(first, first + values.size() * sizeof(T));
}

Bytes text(const std::string &string) {
  return Bytes(string.begin(), string.end());
}

/// An IMAGE section around one of the test images.
Bytes imageSection(uint32_t level, uint32_t phases = 3,
                   const std::string &name = "good") {
  Bytes image = readFile(std::string(MOE_TEST_IMAGE_DIR) + "/" + name + ".so");
  moe_image_header header = {MOE_ARCHITECTURE_X86_64,
                             level,
                             MOE_ENVIRONMENT_MAJOR,
                             MOE_ENVIRONMENT_MINOR,
                             phases,
                             65536,
                             image.size()};
  Bytes section(65536);
  memcpy(section.data(), &header, sizeof(header));
  section.insert(section.end(), image.begin(), image.end());
  return section;
}

moe_image_header &imageHeader(Bytes &section) {
  return *reinterpret_cast<moe_image_header *>(section.data());
}

class ModelTest : public ::testing::Test {
protected:
  /// The program: one input with a named and a fixed extent, one output, one
  /// kernel with the three phases of the test image.
  ModelTest() {
    uint32_t rows = builder.reg();
    builder.input("x", MOE_DTYPE_F32, {{rows, "tokens"}, 4});
    builder.output("y", MOE_DTYPE_I64, {{rows, ""}});
    builder.kernel("k", {1, 1, 1}, 1);
    builder.add(MOE_CMD_END);
  }

  /// Program, manifest and images, written to `path`.
  void write(const std::vector<Bytes> &images,
             const std::vector<SectionSpec> &more = {}) {
    std::vector<SectionSpec> sections = {
        {MOE_SECTION_PROGRAM, MOE_SECTION_CRITICAL, bytesOf(builder.build())},
        {MOE_SECTION_MANIFEST, 0,
         text("compiler = moec 0.1.0\nflags = --a = b\n")}};
    for (const Bytes &image : images) {
      sections.push_back({MOE_SECTION_IMAGE, MOE_SECTION_CRITICAL, image});
    }
    sections.insert(sections.end(), more.begin(), more.end());
    writePackage(path, sections);
  }

  /// Loads `path`; the error's message, or "" and the model in `model`.
  std::string load(const moe_rt_model_options_t *options = nullptr) {
    moe_rt_model_free(model);
    return take(moe_rt_model_load_path(path.c_str(), options, &model));
  }
  std::string take(moe_rt_status_t status) {
    code = moe_rt_status_code(status);
    std::string message = moe_rt_status_message(status);
    moe_rt_status_free(status);
    return message;
  }
  std::string phases(int32_t maxLevel = 0) {
    Status status = model->phases(maxLevel, table, level);
    code = status.code();
    return status.message();
  }
  void expectKernelsWork() {
    ASSERT_NE(table, nullptr);
    int64_t data[4] = {};
    uint64_t arg[8] = {0, 0, 0, 4, 4, reinterpret_cast<uintptr_t>(data)};
    EXPECT_EQ(table[0](arg, 0, 4, 0), MOE_KERNEL_OK);
    EXPECT_EQ(data[3], 9);
  }
  ~ModelTest() override { moe_rt_model_free(model); }

  TemporaryFolder folder;
  std::string path = folder.file("m.moe");
  ProgramBuilder builder;
  moe_rt_model_t *model = nullptr;
  moe_rt_status_code_t code = MOE_RT_OK;
  const moe_phase_fn *table = nullptr;
  int32_t level = -1;
};

TEST_F(ModelTest, LoadsFromEverySource) {
  write({imageSection(3)},
        {{MOE_SECTION_POOL, MOE_SECTION_LAZY, pattern(8192, 1), 4096}});
  EXPECT_EQ(load(), "");
  EXPECT_EQ(phases(), "");
  expectKernelsWork();
  moe_rt_model_free(model);

  int descriptor = open(path.c_str(), O_RDONLY);
  EXPECT_EQ(
      take(moe_rt_model_load_descriptor(descriptor, 0, 0, nullptr, &model)),
      "");
  close(descriptor);
  EXPECT_EQ(phases(), "");
  moe_rt_model_free(model);

  Bytes bytes = readFile(path);
  void *aligned = aligned_alloc(4096, (bytes.size() + 4095) / 4096 * 4096);
  memcpy(aligned, bytes.data(), bytes.size());
  EXPECT_EQ(
      take(moe_rt_model_load_memory(aligned, bytes.size(), nullptr, &model)),
      "");
  EXPECT_EQ(phases(), "");
  moe_rt_model_free(model);
  free(aligned);

  moe_rt_reader_t reader{
      sizeof(reader), &bytes, bytes.size(),
      [](void *context, uint64_t offset, void *buffer,
         uint64_t length) -> int32_t {
        memcpy(buffer, static_cast<Bytes *>(context)->data() + offset, length);
        return 0;
      }};
  EXPECT_EQ(take(moe_rt_model_load_callbacks(&reader, nullptr, &model)), "");
  EXPECT_EQ(phases(), "");
  expectKernelsWork();
}

TEST_F(ModelTest, Introspection) {
  write({imageSection(3)});
  ASSERT_EQ(load(), "");
  ASSERT_EQ(moe_rt_model_input_count(model), 1U);
  ASSERT_EQ(moe_rt_model_output_count(model), 1U);
  moe_rt_tensor_info_t info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(take(moe_rt_model_input(model, 0, &info)), "");
  EXPECT_STREQ(info.name, "x");
  EXPECT_EQ(info.dtype, MOE_RT_DTYPE_F32);
  ASSERT_EQ(info.rank, 2);
  EXPECT_EQ(info.dims[0], -1);
  EXPECT_EQ(info.dims[1], 4);
  EXPECT_STREQ(info.symbols[0], "tokens");
  EXPECT_EQ(info.symbols[1], nullptr);
  ASSERT_EQ(take(moe_rt_model_output(model, 0, &info)), "");
  EXPECT_STREQ(info.name, "y");
  EXPECT_EQ(info.dims[0], -1);
  EXPECT_EQ(info.symbols[0], nullptr);
  EXPECT_EQ(take(moe_rt_model_input(model, 1, &info)),
            "input 1 does not exist; the model has 1");
  EXPECT_EQ(code, MOE_RT_NOT_FOUND);
  EXPECT_EQ(take(moe_rt_model_output(model, 7, &info)),
            "output 7 does not exist; the model has 1");

  const char *key = nullptr;
  const char *value = nullptr;
  EXPECT_EQ(take(moe_rt_model_metadata(model, "compiler", &value)), "");
  EXPECT_STREQ(value, "moec 0.1.0");
  EXPECT_EQ(moe_rt_model_metadata_count(model), 2U);
  EXPECT_EQ(take(moe_rt_model_metadata_at(model, 1, &key, &value)), "");
  EXPECT_STREQ(key, "flags");
  EXPECT_STREQ(value, "--a = b");
  EXPECT_EQ(take(moe_rt_model_metadata(model, "nothing", &value)),
            "'" + path + "' has no metadata 'nothing'");
  EXPECT_EQ(take(moe_rt_model_metadata_at(model, 2, &key, &value)),
            "metadata 2 does not exist; the model has 2");
}

TEST_F(ModelTest, NullsAndWrongOptions) {
  moe_rt_tensor_info_t info = {sizeof(info), nullptr, MOE_RT_DTYPE_F32, 0,
                               nullptr,      nullptr};
  const char *value = nullptr;
  moe_rt_model_free(nullptr);
  EXPECT_EQ(moe_rt_model_input_count(nullptr), 0U);
  EXPECT_EQ(moe_rt_model_output_count(nullptr), 0U);
  EXPECT_EQ(moe_rt_model_metadata_count(nullptr), 0U);
  EXPECT_EQ(take(moe_rt_model_input(nullptr, 0, &info)), "model is NULL");
  EXPECT_EQ(take(moe_rt_model_metadata(nullptr, "a", &value)), "model is NULL");
  EXPECT_EQ(take(moe_rt_model_metadata_at(nullptr, 0, &value, &value)),
            "model is NULL");
  EXPECT_EQ(take(moe_rt_model_load_path("x", nullptr, nullptr)),
            "model is NULL");
  EXPECT_EQ(take(moe_rt_model_load_path(nullptr, nullptr, &model)),
            "path is NULL");
  EXPECT_EQ(take(moe_rt_model_load_memory(nullptr, 1, nullptr, &model)),
            "data is NULL");
  EXPECT_EQ(take(moe_rt_model_load_callbacks(nullptr, nullptr, &model)),
            "moe_rt_reader_t is NULL");
  moe_rt_reader_t reader = {sizeof(reader), nullptr, 1, nullptr};
  EXPECT_EQ(take(moe_rt_model_load_callbacks(&reader, nullptr, &model)),
            "moe_rt_reader_t needs read");

  write({imageSection(3)});
  moe_rt_model_options_t options = {};
  EXPECT_EQ(load(&options), "moe_rt_model_options_t has struct_size 0; set it "
                            "to sizeof(moe_rt_model_options_t)");
  options.struct_size = sizeof(options);
  options.load_policy = static_cast<moe_rt_load_policy_t>(5);
  EXPECT_EQ(load(&options),
            "load_policy is 5 and reserved 0, expected 0 to 4 and 0");
  options.load_policy = MOE_RT_LOAD_COPY;
  EXPECT_EQ(load(&options), "");
  info.struct_size = 3;
  EXPECT_EQ(take(moe_rt_model_input(model, 0, &info)),
            "moe_rt_tensor_info_t has struct_size 3; set it to "
            "sizeof(moe_rt_tensor_info_t)");
  EXPECT_EQ(take(moe_rt_model_input(model, 0, nullptr)),
            "moe_rt_tensor_info_t is NULL");
  EXPECT_EQ(take(moe_rt_model_metadata(model, nullptr, &value)), "key is NULL");
  EXPECT_EQ(take(moe_rt_model_metadata(model, "a", nullptr)), "value is NULL");
}

TEST_F(ModelTest, PicksTheHighestLevelThatIsAllowed) {
  write({imageSection(3), imageSection(4)});
  ASSERT_EQ(load(), "");
  EXPECT_EQ(moe_rt_cpu_level(), cpuLevel());
  EXPECT_EQ(phases(), "");
  EXPECT_EQ(level, cpuLevel());
  const moe_phase_fn *first = table;
  EXPECT_EQ(phases(3), "");
  EXPECT_EQ(level, 3);
  expectKernelsWork();
  // The code is loaded once.
  EXPECT_EQ(phases(), "");
  EXPECT_EQ(table, first);
}

TEST_F(ModelTest, WithoutCodeThatFits) {
  write({imageSection(4)});
  ASSERT_EQ(load(), "");
  EXPECT_EQ(phases(3), "'" + path +
                           "' has code from x86-64-v4 on, and x86-64-v3 is the "
                           "limit here" +
                           (cpuLevel() > 3 ? " (max_level)" : "") +
                           "; compile the model for it");
  EXPECT_EQ(code, MOE_RT_INCOMPATIBLE);
  // Code for other machines is ignored.
  Bytes other = imageSection(3);
  imageHeader(other).architecture = 2;
  Bytes newer = imageSection(3);
  imageHeader(newer).level = 5;
  write({other, newer});
  ASSERT_EQ(load(), "");
  EXPECT_EQ(phases(), "'" + path +
                          "' has no code for x86-64; compile the "
                          "model for it");
  // A program without kernels needs none.
  builder.kernels.clear();
  builder.phases.clear();
  write({});
  ASSERT_EQ(load(), "");
  EXPECT_EQ(phases(), "");
  EXPECT_EQ(level, 0);
  EXPECT_EQ(table, nullptr);
}

int32_t linkedPhase(void *, int64_t, int64_t, int32_t) { return 77; }

const moe_phase_fn linkedPhases[] = {linkedPhase, linkedPhase, linkedPhase};

/// What an object exports that was compiled with the package at `path`.
class LinkedModelTest : public ModelTest {
protected:
  LinkedModelTest() {
    options.struct_size = sizeof(options);
    options.linked_code = &linkedCode;
    options.log = &sink;
  }

  /// Adds code with the identity of the package's `image`-th one.
  void link(uint32_t level, uint32_t image) {
    Bytes bytes = readFile(path);
    const auto *table = reinterpret_cast<const moe_package_section *>(
        bytes.data() + sizeof(moe_package_header));
    ASSERT_EQ(table[2 + image].type, uint32_t{MOE_SECTION_IMAGE});
    moe_linked_level code = {level, 3, linkedPhases, {}};
    memcpy(code.identity, table[2 + image].hash, sizeof(code.identity));
    levels.push_back(code);
    linkedCode = {sizeof(moe_linked_code), sizeof(moe_linked_level),
                  levels.size(), levels.data()};
  }
  bool usesLinked() const { return table == linkedPhases; }
  static std::string text(const uint8_t *hash) {
    std::string text;
    for (int i = 0; i < 8; ++i) {
      char byte[3];
      snprintf(byte, sizeof(byte), "%02x", hash[i]);
      text += byte;
    }
    return text;
  }

  std::vector<moe_linked_level> levels;
  moe_linked_code linkedCode = {};
  moe_rt_model_options_t options = {};
  std::string written;
  moe_rt_log_sink_t sink = {
      sizeof(sink), &written, MOE_RT_LOG_INFO,
      [](void *context, moe_rt_log_level_t, const char *message) {
        *static_cast<std::string *>(context) += message;
      }};
};

TEST_F(LinkedModelTest, IsUsedInPlaceOfTheSameCode) {
  write({imageSection(3)});
  link(3, 0);
  sink.level = MOE_RT_LOG_DEBUG;
  ASSERT_EQ(load(&options), "");
  written.clear();
  EXPECT_EQ(phases(), "");
  EXPECT_TRUE(usesLinked());
  EXPECT_EQ(level, 3);
  EXPECT_EQ(written, "linked code for x86-64-v3 is used");
  // No attempt is made to map what the package has.
  model->disabledImageMethods = ~0U;
  written.clear();
  EXPECT_EQ(phases(3), "");
  EXPECT_TRUE(usesLinked());
  EXPECT_EQ(written, "linked code for x86-64-v3 is used");
}

TEST_F(LinkedModelTest, FollowsTheLevelOfTheCpu) {
  write({imageSection(3), imageSection(4)});
  link(3, 0);
  link(4, 1);
  ASSERT_EQ(load(&options), "");
  model->disabledImageMethods = ~0U;
  EXPECT_EQ(phases(), "");
  EXPECT_TRUE(usesLinked());
  EXPECT_EQ(level, cpuLevel());
  EXPECT_EQ(phases(3), "");
  EXPECT_TRUE(usesLinked());
  EXPECT_EQ(level, 3);
  EXPECT_EQ(written, "");
}

TEST_F(LinkedModelTest, StandsInForAHigherLevelThatCannotBeMapped) {
  if (cpuLevel() < MOE_LEVEL_X86_64_V4) {
    GTEST_SKIP() << "needs x86-64-v4";
  }
  write({imageSection(3), imageSection(4)});
  link(3, 0);
  ASSERT_EQ(load(&options), "");
  EXPECT_EQ(phases(), "");
  EXPECT_EQ(level, 4);
  expectKernelsWork();

  ASSERT_EQ(load(&options), "");
  model->disabledImageMethods = ~0U;
  EXPECT_EQ(phases(), "");
  EXPECT_TRUE(usesLinked());
  EXPECT_EQ(level, 3);
  EXPECT_EQ(written.find("linked code for x86-64-v3 is used, because the code "
                         "for x86-64-v4 in '" +
                         path + "' cannot be made executable here ("),
            0U)
      << written;

  // Not for one that is too high here.
  levels.clear();
  link(4, 1);
  ASSERT_EQ(load(&options), "");
  EXPECT_EQ(phases(3), "");
  EXPECT_EQ(level, 3);
  expectKernelsWork();
}

TEST_F(LinkedModelTest, RefusesCodeOfAnotherModel) {
  write({imageSection(3)});
  link(3, 0);
  std::string wanted = text(levels[0].identity);
  levels[0].identity[31] ^= 1;
  std::string message =
      "linked_code is not the code of '" + path +
      "': for x86-64-v3 its identity is " + wanted +
      "..., and that of the package's code " + wanted +
      "...; compile package and object from the same model with the same moec";
  EXPECT_EQ(load(&options), message);
  EXPECT_EQ(code, MOE_RT_INVALID_ARGUMENT);
  EXPECT_EQ(model, nullptr);
  // Also where another level's is right, or phases are as many as by chance.
  write({imageSection(3), imageSection(4)});
  levels.clear();
  link(4, 1);
  link(3, 1);
  levels[1].phase_count = 2;
  EXPECT_EQ(load(&options),
            "linked_code is not the code of '" + path +
                "': for x86-64-v3 its identity is " + text(levels[1].identity) +
                "..., and that of the package's code " + wanted +
                "...; compile package and object from the same model with the "
                "same moec");
}

TEST_F(LinkedModelTest, RefusesLevelsThatThePackageLacks) {
  write({imageSection(3)});
  link(3, 0);
  link(4, 0);
  EXPECT_EQ(load(&options),
            "linked_code has code for x86-64-v4, and '" + path +
                "' has none; compile package and object for the same levels");
  EXPECT_EQ(code, MOE_RT_INVALID_ARGUMENT);
}

TEST_F(LinkedModelTest, RefusesWhatNoCompilerWrote) {
  write({imageSection(3)});
  link(3, 0);
  const moe_linked_code good = linkedCode;
  std::string message =
      "linked_code is nothing that 'moec --emit=object' wrote; link its object "
      "and pass the address of its symbol";
  auto refused = [&] {
    EXPECT_EQ(load(&options), message);
    EXPECT_EQ(code, MOE_RT_INVALID_ARGUMENT);
    linkedCode = good;
  };
  linkedCode.struct_size -= 1;
  refused();
  linkedCode.level_size -= 1;
  refused();
  linkedCode.level_size += 4;
  refused();
  linkedCode.level_count = 0;
  refused();
  linkedCode.levels = nullptr;
  refused();
  levels[0].phase_count = 2;
  refused();
  levels[0].phase_count = 3;
  levels[0].phases = nullptr;
  refused();
  levels[0].phases = linkedPhases;
  // A later compiler's larger structs are read as far as they are known.
  struct Wider {
    moe_linked_level level;
    uint64_t more;
  };
  write({imageSection(3), imageSection(4)});
  levels.clear();
  link(3, 0);
  link(4, 1);
  const Wider wider[] = {{levels[0], 1}, {levels[1], 2}};
  linkedCode = {sizeof(moe_linked_code) + 8, sizeof(Wider), 2, &wider[0].level};
  EXPECT_EQ(load(&options), "");
  EXPECT_EQ(phases(3), "");
  EXPECT_TRUE(usesLinked());
}

TEST_F(ModelTest, PrivateFilesWhereNothingElseWorks) {
  write({imageSection(3)});
  moe_rt_model_options_t options = {};
  options.struct_size = sizeof(options);
  std::string copy = folder.path();
  options.image_folder = copy.c_str();
  ASSERT_EQ(load(&options), "");
  copy = "gone";
  model->disabledImageMethods = static_cast<unsigned>(ImageMethod::SealedFile) |
                                static_cast<unsigned>(ImageMethod::Anonymous);
  EXPECT_EQ(phases(), "");
  expectKernelsWork();
}

TEST_F(ModelTest, CodeThatDoesNotFit) {
  auto message = [&](const std::function<void(Bytes &)> &edit) {
    Bytes image = imageSection(3);
    edit(image);
    write({image});
    return load();
  };
  std::string code = "the code for x86-64-v3 in '" + path + "' ";
  EXPECT_EQ(message([](Bytes &b) { imageHeader(b).environment_minor = 1; }),
            code + "needs environment 1.1, and this runtime has 1.0; update "
                   "the runtime");
  EXPECT_EQ(message([](Bytes &b) { imageHeader(b).environment_major = 2; }),
            code + "needs environment 2.0, and this runtime has 1.0; update "
                   "the runtime");
  EXPECT_EQ(message([](Bytes &b) { imageHeader(b).environment_major = 0; }),
            code + "needs environment 0.0, and this runtime has 1.0; compile "
                   "the model again");
  EXPECT_EQ(message([](Bytes &b) { imageHeader(b).phase_count = 4; }),
            code + "has 4 phases, and its program 3; compile the model again");
  EXPECT_EQ(message([](Bytes &b) { b[65536] = 0; }),
            code + "cannot be loaded: it is no 64-bit little-endian ELF file");
  std::string damaged =
      "'" + path +
      "' was altered or damaged: section 2 (image) contradicts itself; copy it "
      "or compile the model again";
  EXPECT_EQ(message([](Bytes &b) { b.resize(20); }), damaged);
  EXPECT_EQ(message([](Bytes &b) { imageHeader(b).image_offset = 64; }),
            damaged);
  EXPECT_EQ(message([](Bytes &b) { imageHeader(b).image_offset = 1 << 20; }),
            damaged);
  EXPECT_EQ(message([](Bytes &b) { imageHeader(b).image_length += 1; }),
            damaged);
  write({imageSection(3), imageSection(3)});
  EXPECT_EQ(load(), "'" + path +
                        "' has code for x86-64-v3 twice; compile the "
                        "model again");
}

TEST_F(ModelTest, ProgramsAndManifestsThatAreWrong) {
  writePackage(path, {{MOE_SECTION_MANIFEST, 0, text("a = b\n")}});
  EXPECT_EQ(load(), "'" + path + "' has no program; compile the model again");
  Bytes program = bytesOf(builder.build());
  writePackage(path, {{MOE_SECTION_PROGRAM, 0, program},
                      {MOE_SECTION_PROGRAM, 0, program}});
  EXPECT_EQ(load(), "'" + path +
                        "' has more than one program; compile the model again");
  writePackage(path, {{MOE_SECTION_PROGRAM, 0, Bytes(8, 0)}});
  EXPECT_EQ(load().find("'" + path + "' cannot be run: "), 0U);
  EXPECT_EQ(model, nullptr);
  for (const std::string &manifest :
       {std::string("a = b"), std::string("a=b\n"), std::string("a = b\n\n"),
        std::string("a = b\0\n", 7)}) {
    writePackage(path, {{MOE_SECTION_PROGRAM, 0, program},
                        {MOE_SECTION_MANIFEST, 0, text(manifest)}});
    EXPECT_EQ(load(), "'" + path +
                          "' was altered or damaged: its manifest is no list "
                          "of 'key = value' lines; copy it or compile the "
                          "model again");
  }
  writePackage(
      path, {{MOE_SECTION_PROGRAM, 0, program}, {MOE_SECTION_MANIFEST, 0, {}}});
  EXPECT_EQ(load(), "");
  EXPECT_EQ(moe_rt_model_metadata_count(model), 0U);
}

TEST_F(ModelTest, SessionsKeepAFreedModel) {
  write({imageSection(3)});
  ASSERT_EQ(load(), "");
  model->retain();
  moe_rt_model_free(model);
  EXPECT_EQ(phases(), "");
  expectKernelsWork();
}

TEST_F(ModelTest, EveryFailedAllocationIsReported) {
  write({imageSection(3)},
        {{MOE_SECTION_WEIGHTS, MOE_SECTION_LAZY, pattern(10000, 1)}});
  struct Budget {
    int64_t left = 0;
    int64_t live = 0;
  } budget;
  moe_rt_allocator_t allocator{
      sizeof(moe_rt_allocator_t), &budget,
      [](void *context, size_t size, size_t alignment) -> void * {
        auto *budget = static_cast<Budget *>(context);
        if (budget->left-- <= 0) {
          return nullptr;
        }
        ++budget->live;
        return aligned_alloc(alignment,
                             (size + alignment - 1) & ~(alignment - 1));
      },
      [](void *context, void *pointer, size_t, size_t) {
        --static_cast<Budget *>(context)->live;
        free(pointer);
      }};
  moe_rt_model_options_t options = {};
  options.struct_size = sizeof(options);
  options.allocator = &allocator;
  options.load_policy = MOE_RT_LOAD_COPY;
  options.image_folder = folder.path().c_str();
  int64_t allowed = 0;
  for (;; ++allowed) {
    budget.left = allowed;
    std::string message = load(&options);
    if (message.empty()) {
      message = phases();
    }
    moe_rt_model_free(model);
    model = nullptr;
    ASSERT_EQ(budget.live, 0);
    if (message.empty()) {
      break;
    }
    ASSERT_EQ(code, MOE_RT_OUT_OF_MEMORY) << message;
    ASSERT_LT(allowed, 1000);
  }
  EXPECT_GT(allowed, 10);
}

} // namespace
