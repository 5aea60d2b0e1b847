//===- ImageTest.cpp - emitting, linking and checking images --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Image.h"

#include "moe/Pipelines/CodegenCPU.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace moe;
using testing::HasSubstr;

namespace {

constexpr Level kLevels[] = {Level::X86_64_V3, Level::X86_64_V4};

class ImageTest : public testing::Test {
protected:
  ImageTest() {
    mlir::DialectRegistry registry;
    registry.insert<mlir::LLVM::LLVMDialect>();
    registerCodegenCPUInterfaces(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &diag) { diagnostics += diag.str() + "\n"; });
  }

  FailureOr<std::string> emit(const char *source,
                              CodeKind kind = CodeKind::Object,
                              Level level = Level::X86_64_V3) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    EXPECT_TRUE(module) << diagnostics;
    return emitCode(*module, level, kind);
  }

  /// The message that linking a module with the function `f` fails with, or
  /// nothing.
  std::string link(const char *source, Level level = Level::X86_64_V3) {
    auto object = emit(source, CodeKind::Object, level);
    EXPECT_TRUE(mlir::succeeded(object)) << diagnostics;
    std::string message;
    auto linked = linkImage({*object}, {"f"}, level, message);
    if (mlir::succeeded(linked)) {
      image = *linked;
    }
    return message;
  }

  mlir::MLIRContext context;
  std::string diagnostics;
  std::string image;
};

constexpr char kPlain[] = R"(
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})";

constexpr char kCallsMissing[] = R"(
llvm.func @moe_missing(i64) -> i32
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %0 = llvm.call @moe_missing(%b) : (i64) -> i32
  llvm.return %0 : i32
})";

constexpr char kThreadLocal[] = R"(
llvm.mlir.global external thread_local @counter(0 : i64) : i64
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})";

constexpr char kShown[] = R"(
llvm.mlir.global external @shown(0 : i64) : i64
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %p = llvm.mlir.addressof @shown : !llvm.ptr
  llvm.store volatile %b, %p : i64, !llvm.ptr
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})";

TEST(LevelTest, NamesAreReadBack) {
  for (Level level : kLevels) {
    auto parsed = parseLevel(getLevelName(level));
    ASSERT_TRUE(mlir::succeeded(parsed));
    EXPECT_EQ(*parsed, level);
  }
  EXPECT_TRUE(mlir::failed(parseLevel("x86-64")));
  EXPECT_TRUE(mlir::failed(parseLevel("")));
}

TEST_F(ImageTest, LinksAndChecks) {
  for (Level level : kLevels) {
    EXPECT_EQ(link(kPlain, level), "");
    std::string message;
    EXPECT_TRUE(mlir::succeeded(checkImage(image, message))) << message;
  }
}

TEST_F(ImageTest, SameBytesEachTime) {
  link(kPlain);
  std::string first = image;
  link(kPlain);
  EXPECT_EQ(first, image);
}

TEST_F(ImageTest, FindsWhatLLVMCallsOnItsOwn) {
  // A remainder is a call of fmodf, a copy of many bytes one of memcpy.
  EXPECT_EQ(link(R"(
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %c = llvm.mlir.constant(4 : i64) : i64
  %x = llvm.load %arg : !llvm.ptr -> f32
  %p = llvm.getelementptr %arg[1] : (!llvm.ptr) -> !llvm.ptr, f32
  %y = llvm.load %p : !llvm.ptr -> f32
  %r = llvm.frem %x, %y : f32
  llvm.store %r, %arg : f32, !llvm.ptr
  %q = llvm.getelementptr %arg[%b] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  "llvm.intr.memcpy"(%q, %arg, %e) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})"),
            "");
}

TEST_F(ImageTest, NamesWhatIsUndefined) {
  EXPECT_THAT(link(kCallsMissing),
              testing::AllOf(HasSubstr("the linker failed: "),
                             HasSubstr("undefined symbol: moe_missing")));
  EXPECT_THAT(link(R"(
llvm.func @g(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})"),
              HasSubstr("undefined hidden symbol: f"));
}

TEST_F(ImageTest, RefusesThreadLocalStorage) {
  EXPECT_EQ(link(kThreadLocal),
            "the image has thread-local storage");
}

TEST_F(ImageTest, RefusesConstructors) {
  EXPECT_EQ(link(R"(
llvm.mlir.global internal @counter(0 : i64) : i64
llvm.mlir.global_ctors ctors = [@start], priorities = [0 : i32], data = [#llvm.zero]
llvm.func internal @start() {
  %p = llvm.mlir.addressof @counter : !llvm.ptr
  %1 = llvm.mlir.constant(1 : i64) : i64
  llvm.store volatile %1, %p : i64, !llvm.ptr
  llvm.return
}
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})"),
            "the image has constructors");
}

TEST_F(ImageTest, RefusesOtherExports) {
  EXPECT_EQ(link(kShown),
            "the image exports 'shown'");
}

TEST_F(ImageTest, RefusesLargeFrames) {
  EXPECT_TRUE(mlir::failed(emit(R"(
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %n = llvm.mlir.constant(60000 : i64) : i64
  %a = llvm.alloca %n x i8 : (i64) -> !llvm.ptr
  %p = llvm.getelementptr %a[%b] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %c = llvm.trunc %e : i64 to i8
  llvm.store volatile %c, %p : i8, !llvm.ptr
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})")));
  EXPECT_THAT(
      diagnostics,
      testing::AllOf(HasSubstr("code generation failed: "),
                     HasSubstr("exceeds limit (49152) in function 'f'")));
}

TEST_F(ImageTest, RefusesWhatIsNoImage) {
  std::string message;
  EXPECT_TRUE(mlir::failed(checkImage("", message)));
  EXPECT_THAT(message, HasSubstr("the image is malformed: "));
  link(kPlain);
  for (size_t length : {size_t(10), size_t(64), image.size() / 2}) {
    message.clear();
    EXPECT_TRUE(
        mlir::failed(checkImage(StringRef(image).take_front(length), message)))
        << length;
    EXPECT_NE(message, "");
  }
  // An object is no image.
  auto object = emit(kPlain);
  ASSERT_TRUE(mlir::succeeded(object));
  EXPECT_TRUE(mlir::failed(checkImage(*object, message)));
}

/// Objects for the user's linker.
class ObjectTest : public ImageTest {
protected:
  /// The message that linking modules with a function `f`, one per level, to an
  /// object fails with, or nothing.
  std::string linkLevels(const char *source, ArrayRef<Level> levels = kLevels,
                         StringRef symbol = "my_code") {
    std::vector<std::string> parts;
    SmallVector<LinkedLevel> linked;
    parts.reserve(levels.size());
    std::string message;
    for (Level level : levels) {
      auto code = emit(source, CodeKind::Object, level);
      EXPECT_TRUE(mlir::succeeded(code)) << diagnostics;
      auto part = linkLevel({*code}, {"f"}, level, message);
      if (mlir::failed(part)) {
        return message;
      }
      parts.push_back(*part);
      linked.push_back({level, 1, {}, parts.back()});
    }
    auto result = linkObject(linked, symbol, message);
    object = mlir::succeeded(result) ? *result : "";
    return message;
  }

  std::string check(StringRef symbol = "my_code") {
    std::string message;
    EXPECT_EQ(mlir::failed(checkObject(object, symbol, message)),
              !message.empty());
    return message;
  }

  std::string object;
};

TEST_F(ObjectTest, LinksLevels) {
  EXPECT_EQ(linkLevels(kPlain), "");
  EXPECT_EQ(check(), "");
  EXPECT_THAT(object, HasSubstr(".eh_frame"));
  std::string first = object;
  EXPECT_EQ(linkLevels(kPlain), "");
  EXPECT_EQ(first, object);
  EXPECT_EQ(linkLevels(kPlain, Level::X86_64_V4), "");
  EXPECT_NE(first, object);
  EXPECT_EQ(linkLevels(kPlain, kLevels, "other"), "");
  EXPECT_EQ(check(), "the object exports 'other'");
  EXPECT_EQ(check("other"), "");
}

TEST_F(ObjectTest, FindsWhatLLVMCallsOnItsOwn) {
  EXPECT_EQ(linkLevels(R"(
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %q = llvm.getelementptr %arg[%b] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  "llvm.intr.memcpy"(%q, %arg, %e) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})"),
            "");
}

TEST_F(ObjectTest, RefusesWhatIsUndefined) {
  EXPECT_EQ(linkLevels(kCallsMissing),
            "the object needs 'moe_missing'");
}

TEST_F(ObjectTest, RefusesWhatAnImageMayNotHold) {
  EXPECT_EQ(linkLevels(kThreadLocal),
            "the object has thread-local storage");
  EXPECT_EQ(linkLevels(R"(
llvm.mlir.global_ctors ctors = [@start], priorities = [0 : i32], data = [#llvm.zero]
llvm.func internal @start() {
  %a = llvm.mlir.constant(4096 : i64) : i64
  %p = llvm.inttoptr %a : i64 to !llvm.ptr
  llvm.store volatile %a, %p : i64, !llvm.ptr
  llvm.return
}
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})"),
            "the object has constructors");
  EXPECT_EQ(linkLevels(kShown),
            "the object has a relocation of type 42 in code");
  EXPECT_EQ(linkLevels(R"(
llvm.mlir.global internal @kept(0 : i64) : i64
llvm.func @f(%arg: !llvm.ptr, %b: i64, %e: i64, %w: i32) -> i32 {
  %p = llvm.mlir.addressof @kept : !llvm.ptr
  llvm.store volatile %b, %p : i64, !llvm.ptr
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
})"),
            "the object has data that stays writable, '.bss.kept'");
}

TEST_F(ObjectTest, RefusesWhatIsNoObject) {
  EXPECT_EQ(check(), "invalid buffer: the size (0) is smaller than an ELF "
                     "header (64)");
  linkLevels(kPlain);
  std::string good = object;
  for (size_t length : {size_t(10), size_t(64), good.size() / 2}) {
    object = good.substr(0, length);
    EXPECT_NE(check(), "") << length;
  }
  // An image, and what the compiler emits first.
  link(kPlain);
  object = image;
  EXPECT_NE(check(), "");
  object = *emit(kPlain);
  EXPECT_EQ(check(), "the object exports 'f'");
}

TEST_F(ImageTest, ShowsCode) {
  auto text = emit(kPlain, CodeKind::Assembly);
  ASSERT_TRUE(mlir::succeeded(text));
  EXPECT_THAT(*text, HasSubstr("f:"));
  text = emit(kPlain, CodeKind::LLVMIR, Level::X86_64_V4);
  ASSERT_TRUE(mlir::succeeded(text));
  EXPECT_THAT(*text, HasSubstr("\"target-cpu\"=\"x86-64-v4\""));
  EXPECT_THAT(*text, HasSubstr("\"frame-pointer\"=\"all\""));
  EXPECT_THAT(*text, HasSubstr("uwtable"));
}

} // namespace
