#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles a layer with moec and checks the compiler's resident memory.

    compile_memory.py --moec PATH [--shape olmoe] [--dir DIR] [--limit-mb 1200]

OLMoE's layer has 1.6 GB of external weights, which moec must stream. Exit
codes: 0 within the limit; 1 above it, or moec failed; 2 usage.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

from make_layer import SHAPES, make_layer


# Linux counts what a process had before exec as its own, so that a child of a
# large process looks large: a small process of its own starts moec, and prints
# moec's exit code and peak. What moec prints goes to stderr.
STARTER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class CompileError(Exception):
    """moec failed; the message has what it printed."""


def compile_layer(moec, model, package):
    """Runs moec; returns (seconds, peak resident bytes, mapped files too)."""
    if not os.access(moec, os.X_OK):
        raise CompileError(f"cannot run {moec}: no such program; build it with "
                           "'cmake --build --preset dev --target moec'")
    command = [str(moec), str(model), "-o", str(package)]
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-I", "-c", STARTER, *command],
                          capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    code, peak = done.stdout.split() if done.returncode == 0 else (1, 0)
    if code != "0":
        raise CompileError(f"cannot compile {model}: exit code {code} of "
                           f"{' '.join(command)}\n" + done.stderr.rstrip())
    return seconds, 1024 * int(peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moec", type=pathlib.Path, required=True)
    parser.add_argument("--shape", choices=SHAPES, default="olmoe")
    parser.add_argument("--dir", type=pathlib.Path,
                        default=pathlib.Path("build/benchmarks/moe_layer"))
    parser.add_argument("--limit-mb", type=float, default=1200)
    arguments = parser.parse_args()
    folder = arguments.dir / arguments.shape
    model = make_layer(folder, SHAPES[arguments.shape])
    data = pathlib.Path(f"{model}.data").stat().st_size
    try:
        seconds, peak = compile_layer(arguments.moec, model,
                                      folder / "layer.moe")
    except CompileError as error:
        sys.exit(f"compile_memory: {error}")
    print(f"{data / 1e6:,.0f} MB of weights compiled in {seconds:.1f} s with "
          f"at most {peak / 1e6:,.0f} MB resident (limit "
          f"{arguments.limit_mb:,.0f} MB)")
    return 0 if peak <= 1e6 * arguments.limit_mb else 1


if __name__ == "__main__":
    sys.exit(main())
