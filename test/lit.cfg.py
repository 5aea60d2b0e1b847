import os

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "moe"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".textproto"]
config.excludes = ["Inputs", "CMakeLists.txt", "lib", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.moe_obj_root, "test")
config.available_features.update(config.moe_features)

config.environment["FILECHECK_OPTS"] = "-enable-var-scope --dump-input=fail"
# LLVM's and MLIR's libraries are not instrumented: they share containers and
# allocators with our inlined copies, but not what those tell the sanitizer.
config.environment["ASAN_OPTIONS"] = "detect_container_overflow=0:allow_user_poisoning=0"

tools_dir = os.path.join(config.moe_obj_root, "bin")
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
config.substitutions.append(("%python", f'"{config.python}"'))
config.substitutions.append(("%{source}", config.moe_src_root))
config.substitutions.append(("%{build}", config.moe_obj_root))
config.substitutions.append(("%{utils}", os.path.join(config.moe_src_root, "utils")))

# Reads a model as text, writes it as ONNX has it.
config.substitutions.append(("%{encode}", f'"{config.protoc}" --encode=onnx.ModelProto --proto_path="{os.path.dirname(config.moe_onnx_proto)}" "{config.moe_onnx_proto}"'))
config.substitutions.append(("%{decode}", f'"{config.protoc}" --decode=onnx.ModelProto --proto_path="{os.path.dirname(config.moe_onnx_proto)}" "{config.moe_onnx_proto}"'))

# Compiles C as a user of the runtime would, and links it.
sanitize = f" -fsanitize={config.moe_sanitizer}" if config.moe_sanitizer else ""
runtime_dir = os.path.join(config.moe_obj_root, "runtime")
config.substitutions.append(("%{cc}", f'"{config.host_cc}" -I"{config.moe_src_root}/runtime/include"{sanitize}'))
config.substitutions.append(("%{cc_libs}", f'-L"{runtime_dir}" -lmoe_rt -Wl,-rpath,"{runtime_dir}"'))

config.substitutions.append(("%{test_images}", config.moe_test_image_dir))
# How long each fuzzer runs.
config.substitutions.append(("%{fuzz_seconds}", os.environ.get("MOE_FUZZ_SECONDS", "60")))

moe_opt = ToolSubst("moe-opt", unresolved="fatal")
if os.environ.get("MOE_OPT_CHECK_IR_ROUNDTRIP"):
    moe_opt = ToolSubst("moe-opt", extra_args=["--verify-roundtrip"], unresolved="fatal")

llvm_config.add_tool_substitutions(
    [moe_opt]
    + [ToolSubst(t, unresolved="ignore") for t in ("moe-fuzz-package", "moe-fuzz-image", "moe-fuzz-program", "moe-fuzz-program-seeds", "moe-fuzz-npy", "moe-fuzz-onnx", "moe-fuzz-seeds")]
    + [ToolSubst(t, unresolved="fatal") for t in ("moe-codegen", "moe-run", "moec", "moe-test-models", "embed-c", "FileCheck", "not", "count", "mlir-runner", "split-file")],
    [tools_dir, config.llvm_tools_dir],
)
