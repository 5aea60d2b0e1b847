//===- moec.cpp - the compiler's command line -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compile.h"
#include "Inspect.h"
#include "Operators.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <optional>
#include <string>
#include <vector>

using namespace moec;
using llvm::StringRef;

static constexpr const char kHelp[] =
    R"(moec: compiles a model with mixture-of-experts layers to a package

usage: moec MODEL -o PACKAGE [options]      MODEL is .onnx or .mlir
       moec MODEL --emit=object -o OBJECT [options]
       moec inspect PACKAGE [--json]
       moec operators                       lists the ONNX operators it compiles

options:
  -o FILE                 where the package (object, IR) is written
  --level=LEVEL           instruction-set level, repeatable: x86-64-v3,
                          x86-64-v4 (default: both)
  --emit=object           write the package's code as an object for the linker
                          (docs/embedding.md), not the package
  --symbol=NAME           the object's symbol (default: moe_linked_code)
  --compile-to=PHASE      stop after a phase and write the IR: import, raise,
                          lower-onnx, fuse, plan, bufferize, codegen
  --external-data-root=DIR
                          follow symbolic links to weights that lie in DIR
  --dump-ir-dir=DIR       write the IR after each phase to DIR
  --mlir-timing           print the time of each pass
  --mlir-generate-reproducer=FILE
                          write a reproducer to FILE if a pass fails
  --help                  this text
  --version               the version

exit codes: 0 success, 1 the model or a file is at fault, 2 usage,
70 internal compiler error
)";

static int usage(const llvm::Twine &message) {
  llvm::errs() << "moec: error: " << message << "\nmoec: try 'moec --help'\n";
  return Usage;
}

/// The known flag that is nearest to a misspelt one.
static std::string suggestion(StringRef flag) {
  StringRef best;
  unsigned distance = 4;
  for (StringRef known :
       {"--level", "--emit", "--symbol", "--compile-to", "--dump-ir-dir",
        "--external-data-root", "--mlir-timing", "--mlir-generate-reproducer",
        "--help", "--version", "--json"}) {
    unsigned edits = flag.split('=').first.edit_distance(known);
    if (edits < distance) {
      distance = edits;
      best = known;
    }
  }
  return best.empty() ? "" : "; did you mean '" + best.str() + "'?";
}

namespace {

/// What a command line says.
struct CommandLine {
  CompileOptions compile;
  std::string emit;   ///< of --emit
  std::string phase;  ///< of --compile-to
  std::string symbol; ///< of --symbol
  std::vector<std::string> inputs;
  bool json = false;
  bool help = false;
  bool version = false;
};

} // namespace

static bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

/// Takes the value of a flag that may be given once.
static int takeOnce(StringRef flag, StringRef value, std::string &result) {
  if (value.empty()) {
    return usage(flag + " needs a value: " + flag + "=...");
  }
  if (!result.empty()) {
    return usage(flag + " is given twice: '" + result + "' and '" + value +
                 "'");
  }
  result = value.str();
  return Success;
}

static int readLevel(StringRef value, CommandLine &line) {
  auto level = moe::parseLevel(value);
  if (mlir::failed(level)) {
    return usage(value.empty() ? "--level needs a value: --level=..."
                               : "unknown level '" + value +
                                     "'; known are x86-64-v3 and x86-64-v4");
  }
  if (!llvm::is_contained(line.compile.levels, *level)) {
    line.compile.levels.push_back(*level);
  }
  return Success;
}

static int readEmit(StringRef value, CommandLine &line) {
  if (int code = takeOnce("--emit", value, line.emit)) {
    return code;
  }
  if (value != "object" && value != "package") {
    return usage("unknown kind of output '" + value +
                 "'; known are package and object");
  }
  line.compile.emitObject = value == "object";
  return Success;
}

static int readPhase(StringRef value, CommandLine &line) {
  if (int code = takeOnce("--compile-to", value, line.phase)) {
    return code;
  }
  std::optional<moe::Phase> phase = moe::parsePhase(value);
  if (!phase) {
    return usage("unknown phase '" + value + "'; see --help");
  }
  line.compile.compileTo = *phase;
  return Success;
}

/// Reads `name`=`value`; nothing if no such flag takes a value.
static std::optional<int> readFlag(StringRef name, StringRef value,
                                   CommandLine &line) {
  if (name == "--level") {
    return readLevel(value, line);
  }
  if (name == "--emit") {
    return readEmit(value, line);
  }
  if (name == "--symbol") {
    int code = takeOnce(name, value, line.symbol);
    return code || isIdentifier(value)
               ? code
               : usage("--symbol needs an identifier of C, not '" + value +
                       "'");
  }
  if (name == "--compile-to") {
    return readPhase(value, line);
  }
  if (name == "--external-data-root") {
    return takeOnce(name, value, line.compile.externalDataRoot);
  }
  if (name == "--dump-ir-dir") {
    return takeOnce(name, value, line.compile.dumpDirectory);
  }
  if (name == "--mlir-generate-reproducer") {
    return takeOnce(name, value, line.compile.reproducer);
  }
  return std::nullopt;
}

/// Reads one argument (and its value); returns an exit code if it is wrong.
static int readArgument(llvm::ArrayRef<const char *> arguments, size_t &index,
                        CommandLine &line) {
  StringRef argument = arguments[index];
  auto [name, value] = argument.split('=');
  if (argument == "-o") {
    if (++index == arguments.size() || !*arguments[index]) {
      return usage("-o needs a file");
    }
    return takeOnce("-o", arguments[index], line.compile.output);
  }
  if (argument == "--mlir-timing") {
    line.compile.timing = true;
  } else if (argument == "--json") {
    line.json = true;
  } else if (argument == "--help" || argument == "-h") {
    line.help = true;
  } else if (argument == "--version") {
    line.version = true;
  } else if (std::optional<int> code = readFlag(name, value, line)) {
    return *code;
  } else if (argument.starts_with("-") && argument != "-") {
    return usage("unknown argument '" + argument + "'" + suggestion(argument));
  } else if (argument.empty()) {
    return usage("an argument is empty; name a file");
  } else {
    line.inputs.push_back(argument.str());
  }
  return Success;
}

/// The exit code of a run that would end with `code`: what could not be printed
/// is no success.
static int flushOutput(int code) {
  llvm::outs().flush();
  if (!llvm::outs().has_error()) {
    return code;
  }
  llvm::errs() << "moec: error: cannot write to stdout: "
               << llvm::outs().error().message() << '\n';
  llvm::outs().clear_error();
  return code == Success ? Failed : code;
}

/// `moec inspect`.
static int inspectPackage(const CommandLine &line, size_t argumentCount) {
  if (line.inputs.size() != 1) {
    return usage(line.inputs.empty() ? "no package given"
                                     : "more than one package given");
  }
  if (argumentCount != line.inputs.size() + line.json) {
    return usage("'moec inspect' takes no option but --json");
  }
  return inspect(line.inputs[0], line.json);
}

/// Checks what the options of a compilation say together, and compiles.
static int compileModel(CommandLine &line) {
  CompileOptions &options = line.compile;
  if (line.inputs.size() != 1) {
    return usage(line.inputs.empty() ? "no model given"
                                     : "more than one model given");
  }
  if (line.json) {
    return usage("--json belongs to 'moec inspect'");
  }
  if (!line.symbol.empty() && !options.emitObject) {
    return usage("--symbol belongs to --emit=object");
  }
  if (options.emitObject && options.compileTo != moe::Phase::Package) {
    return usage("--emit=object and --compile-to exclude each other");
  }
  if (options.output.empty() && options.compileTo == moe::Phase::Package) {
    return usage("no output given; add -o FILE");
  }
  options.input = line.inputs[0];
  if (!line.symbol.empty()) {
    options.symbol = line.symbol;
  }
  if (options.levels.empty()) {
    options.levels = {moe::Level::X86_64_V3, moe::Level::X86_64_V4};
  }
  return compile(options);
}

static int run(llvm::ArrayRef<const char *> arguments) {
  if (!arguments.empty() && StringRef(arguments[0]) == "operators") {
    if (arguments.size() != 1) {
      return usage("'moec operators' takes no argument");
    }
    printOperators();
    return Success;
  }
  CommandLine line;
  bool inspecting = !arguments.empty() && StringRef(arguments[0]) == "inspect";
  for (size_t i = inspecting ? 1 : 0; i < arguments.size(); ++i) {
    if (int code = readArgument(arguments, i, line)) {
      return code;
    }
  }
  if (line.help) {
    llvm::outs() << kHelp;
    return Success;
  }
  if (line.version) {
    llvm::outs() << "moec " MOE_VERSION "\n";
    return Success;
  }
  if (inspecting) {
    return inspectPackage(line, arguments.size() - 1);
  }
  return compileModel(line);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  // A file that may not grow is an error of writing like a full disk.
  signal(SIGXFSZ, SIG_IGN);
  return flushOutput(run(llvm::ArrayRef(argv + 1, argc - 1)));
}
