#!/usr/bin/env python3
"""Runs every ```mlir block of documentation through moe-opt.

    doctest.py [--moe-opt PROGRAM] FILE... | @FILE-WITH-NAMES

Reads Markdown, and TableGen files for the Markdown in them. A block must parse
and verify by itself. Prints file, line and message of each block that does not,
and exits with 1 if there is one, or if there is no block at all.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import textwrap

FENCE = re.compile(r"^(?P<indent>\s*)```(?P<language>\w*)\s*$")


def blocks(path):
    """Yields (line number of the first line, text) of the mlir blocks of a file."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    start = language = None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if not fence:
            continue
        if start is None:
            start, language = number, fence["language"]
            continue
        if fence["language"]:
            raise SystemExit(f"{path}:{number}: a block begins within the one of line {start}")
        if language == "mlir":
            yield start + 1, textwrap.dedent("\n".join(lines[start : number - 1]))
        start = None
    if start is not None:
        raise SystemExit(f"{path}:{start}: this block has no end")


def check(moe_opt, path, line, text):
    """The messages for one block, with the file's own line numbers."""
    run = subprocess.run(
        [moe_opt, "-", "-o", os.devnull], input=text, capture_output=True, text=True, check=False
    )
    if run.returncode == 0:
        return None

    def relocate(match):
        return f"{path}:{int(match[1]) + line - 1}:"

    message = re.sub(r"<stdin>:(\d+):", relocate, run.stderr)
    return message or f"{path}:{line}: {moe_opt} exited with {run.returncode}\n"


def main():
    parser = argparse.ArgumentParser(
        description="runs every mlir block through moe-opt", fromfile_prefix_chars="@"
    )
    parser.add_argument("--moe-opt", default="moe-opt", help="the program to run")
    parser.add_argument("files", nargs="+", metavar="FILE")
    arguments = parser.parse_args()

    found = [(path, line, text) for path in arguments.files for line, text in blocks(path)]
    if not found:
        sys.exit("no mlir block in " + ", ".join(arguments.files))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda block: check(arguments.moe_opt, *block), found)
        failures = [message for message in results if message]
    for message in failures:
        sys.stderr.write(message)
    print(f"{len(found)} blocks, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
