# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs through the plain lowering and mlir-runner, many in one process.

A generated @main reads the inputs of each program from stdin and writes its
outputs to stdout, in the order of the programs and of their sets of inputs.
"""

import pathlib
import re
import shutil
import subprocess

import numpy as np

import generate

# As test/Integration/CPU/lit.local.cfg lowers.
LOWER = (
    "convert-moe-to-linalg,func.func(convert-elementwise-to-linalg),"
    "one-shot-bufferize{bufferize-function-boundaries"
    " function-boundary-type-conversion=identity-layout-map},"
    "convert-linalg-to-loops,convert-bufferization-to-memref,"
    "func.func(expand-strided-metadata),lower-affine,convert-scf-to-cf,"
    "arith-expand{include-bf16},convert-math-to-llvm,convert-index-to-llvm,"
    "finalize-memref-to-llvm,convert-arith-to-llvm,convert-cf-to-llvm,"
    "convert-func-to-llvm,reconcile-unrealized-casts"
)


class Broken(Exception):
    """The lowering or the program failed as a whole."""


class _Main:
    """The text of @main."""

    def __init__(self):
        self.lines = []
        self.counter = 0

    def op(self, text):
        self.counter += 1
        self.lines.append(f"%m{self.counter} = {text}")
        return f"%m{self.counter}"

    def transfer(self, function, descriptor, buffer, kind, size):
        index = self.op("memref.extract_aligned_pointer_as_index "
                        f"{buffer} : {kind} -> index")
        number = self.op(f"arith.index_cast {index} : index to i64")
        pointer = self.op(f"llvm.inttoptr {number} : i64 to !llvm.ptr")
        stream = self.op(f"llvm.mlir.constant({descriptor} : i32) : i32")
        length = self.op(f"llvm.mlir.constant({size} : i64) : i64")
        self.op(f"llvm.call @{function}({stream}, {pointer}, {length}) : "
                "(i32, !llvm.ptr, i64) -> i64")

    def call(self, program, name, inputs):
        """Reads inputs, calls, writes outputs; their (name, type, shape)."""
        rows = len(inputs[program.arguments[0][0]])
        values, types, outputs = [], [], []
        for argument, element, width in program.arguments:
            shape = f"{rows}x{width}x{element}"
            buffer = self.op(f"memref.alloc() : memref<{shape}>")
            self.transfer("read", 0, buffer, f"memref<{shape}>",
                          rows * width * 4)
            value = self.op(f"bufferization.to_tensor {buffer} restrict : "
                            f"memref<{shape}> to tensor<{shape}>")
            kind = f"tensor<{program.rows}x{width}x{element}>"
            if not program.static:
                value = self.op(f"tensor.cast {value} : tensor<{shape}> to "
                                f"{kind}")
            values.append(value)
            types.append(kind)
        results = [t for _, _, t, _ in program.outputs]
        self.counter += 1
        call = f"%m{self.counter}"
        self.lines.append(f"{call}:{len(results)} = func.call @{name}("
                          f"{', '.join(values)}) : ({', '.join(types)}) -> "
                          f"({', '.join(results)})")
        for i, (output, _, kind, _) in enumerate(program.outputs):
            width, element = re.fullmatch(
                r"tensor<[^x]+x(\d+)x(\w+)>", kind).groups()
            shape = f"{rows}x{width}x{element}"
            value = f"{call}#{i}"
            if not program.static:
                value = self.op(f"tensor.cast {value} : {kind} to "
                                f"tensor<{shape}>")
            buffer = self.op(f"bufferization.to_buffer {value} read_only : "
                             f"tensor<{shape}> to memref<{shape}>")
            self.transfer("write", 1, buffer, f"memref<{shape}>",
                          rows * int(width) * 4)
            outputs.append((output, np.int32 if element == "i32"
                            else np.float32, (rows, int(width))))
        return outputs


def run(programs, build, out):
    """{seed: Program} to {seed: [{output: array}] for each set of inputs}."""
    main, texts, layout, data = _Main(), [], [], []
    for seed, program in programs.items():
        texts.append(program.plain(f"p{seed}"))
        for _, inputs in program.inputs():
            data += [inputs[n].tobytes() for n, _, _ in program.arguments]
            layout.append((seed, main.call(program, f"p{seed}", inputs)))
    module = "\n".join([
        generate.Program.MAPS, *texts,
        "llvm.func @read(i32, !llvm.ptr, i64) -> i64",
        "llvm.func @write(i32, !llvm.ptr, i64) -> i64",
        "func.func @main() {", *main.lines, "return", "}", ""])
    stem = pathlib.Path(out) / f"plain-{next(iter(programs))}"
    source, lowered, stdin, stdout = (
        stem.with_suffix(s) for s in (".mlir", ".llvm.mlir", ".in", ".out"))
    source.write_text(module)
    stdin.write_bytes(b"".join(data))
    _call([pathlib.Path(build) / "bin" / "moe-opt", source, "-o", lowered,
           f"--pass-pipeline=builtin.module({LOWER})"])
    runner = shutil.which("mlir-runner-22") or shutil.which("mlir-runner")
    if not runner:
        raise Broken("mlir-runner is not on PATH")
    # Files, so that read and write transfer all that they are asked to.
    with stdin.open("rb") as source_file, stdout.open("wb") as result_file:
        _call([runner, lowered, "-e", "main", "-entry-point-result=void"],
              stdin=source_file, stdout=result_file)
    raw, at = stdout.read_bytes(), 0
    results = {seed: [] for seed in programs}
    for seed, outputs in layout:
        one = {}
        for name, dtype, shape in outputs:
            size = shape[0] * shape[1] * 4
            one[name] = np.frombuffer(raw[at:at + size], dtype).reshape(shape)
            at += size
        results[seed].append(one)
    if at != len(raw):
        raise Broken(f"wrote {len(raw)} bytes, not {at}")
    for path in (source, lowered, stdin, stdout):
        path.unlink()
    return results


def _call(command, **streams):
    streams.setdefault("stdout", subprocess.DEVNULL)
    done = subprocess.run(command, stderr=subprocess.PIPE, **streams)
    if done.returncode:
        text = done.stderr.decode(errors="replace").strip().split("\n")[0]
        raise Broken(f"{pathlib.Path(command[0]).name} exits with "
                     f"{done.returncode}: {text}")
