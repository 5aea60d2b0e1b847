#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs, run by the model, by moec's package and by plain loops.

    run.py --build build/dev [--seeds FIRST:LAST] [--plain-every N]
           [--one-level]

The package runs at both instruction-set levels (with --one-level, which halves
the time to compile, at v4 for every fourth seed and at v3 for the others) with
1 and 2 threads, whose bits must be equal, and single rows must have the bits
that they have among others. Package and plain lowering must be within the model's bounds. A failure
names its seed, and its program stays in --out; the exit code is then 1.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "utils")]

import generate  # noqa: E402
import model  # noqa: E402
import moe_rt  # noqa: E402
import plain  # noqa: E402


class Failure(Exception):
    """What differs."""


def compare(who, got, want, scores):
    """One output against the model's; adds [checked, all] to scores."""
    if isinstance(want, model.Ids):
        sure = ~want.unsure
        if got.shape != want.ids.shape or got.dtype != np.int32:
            raise Failure(f"{who}: ids are {got.dtype}{got.shape}, not "
                          f"int32{want.ids.shape}")
        scores += [int(sure.sum()) * got.shape[1], got.size]
        bad = np.argwhere((got != want.ids) & sure[:, None])
        if bad.size:
            r, k = bad[0]
            raise Failure(f"{who}: id [{r}, {k}] is {got[r, k]}, not "
                          f"{want.ids[r, k]} ({len(bad)} of {got.size})")
        return
    if got.shape != want.shape or got.dtype != np.float32:
        raise Failure(f"{who}: the result is {got.dtype}{got.shape}, not "
                      f"float32{want.shape}")
    known = ~np.isinf(want.err)
    scores += [int(known.sum()), got.size]
    with np.errstate(all="ignore"):
        value = got.astype(np.float64)
        near = np.abs(value - want.val) <= want.err
    same = (value == want.val) | (np.isnan(value) & np.isnan(want.val))
    bad = np.argwhere(known & ~(near | same))
    if bad.size:
        at = tuple(bad[0])
        raise Failure(
            f"{who}: {list(map(int, at))} is {got[at]:.9g}, not "
            f"{want.val[at]:.9g} ± {want.err[at]:.2g} "
            f"({len(bad)} of {got.size})")


def bits_equal(who, a, b):
    for name in a:
        if a[name].tobytes() != b[name].tobytes():
            differ = np.argwhere(a[name].view(np.int32)
                                 != b[name].view(np.int32))
            raise Failure(f"{who}: bits of {name} differ, first at "
                          f"{differ[0].tolist()} ({len(differ)} of "
                          f"{a[name].size})")


def run_fast(program, package, library, wanted, scores, levels):
    """The package at its levels, with 1 and 2 threads, and rows alone."""
    for level in levels:
        results = []
        for threads in (1, 2):
            session = moe_rt.Session(library, package, threads=threads,
                                     level=level)
            try:
                results.append([session(**i) for _, i in program.inputs()])
                if threads == 1 and not program.static and program.by_rows:
                    check_alone(program, session, results[0], level)
            finally:
                session.close()
        for index, (how, _) in enumerate(program.inputs()):
            who = f"package, v{level}, {how}"
            bits_equal(f"{who}, 1 and 2 threads", results[0][index],
                       results[1][index])
            for name, want in wanted[index].items():
                compare(f"{who}, {name}", results[0][index][name], want, scores)


def check_alone(program, session, results, level):
    """Rows by themselves have the bits that they have among others."""
    how, inputs = program.inputs()[-1]
    count = len(next(iter(inputs.values())))
    for rows in (slice(0, 1), slice(count - 1, count), slice(3, 10)):
        part = session(**{n: a[rows] for n, a in inputs.items()})
        bits_equal(f"package, v{level}, {how}, rows {rows.start} to "
                   f"{rows.stop} alone", part,
                   {n: a[rows] for n, a in results[-1].items()})


def check_program(seed, options, library):
    """Everything but the plain lowering: numbers compared, and all."""
    program = generate.Program(seed)
    wanted = [program.evaluate(i) for _, i in program.inputs()]
    source = options.out / f"{seed}.mlir"
    package = options.out / f"{seed}.moe"
    source.write_text(program.text)
    scores = []
    levels = (3, 4)
    if options.one_level:
        levels = (4,) if seed % 4 == 3 else (3,)
    try:
        done = subprocess.run(
            [options.build / "bin" / "moec", source, "-o", package,
             *(f"--level=x86-64-v{level}" for level in levels)],
            capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"moec exits with {done.returncode}: "
                          + done.stderr.strip().split("\n")[0])
        try:
            run_fast(program, package, library, wanted, scores, levels)
        except moe_rt.RuntimeFailure as error:
            raise Failure(f"the runtime says: {error}") from error
    finally:
        package.unlink(missing_ok=True)
    return sum(scores[::2]), sum(scores[1::2])


def check_plain(seeds, options):
    """{seed: what differs, or None} for the plain lowering."""
    programs = {seed: generate.Program(seed) for seed in seeds}
    try:
        results = plain.run(programs, options.build, options.out)
    except plain.Broken as error:
        if len(seeds) == 1:
            return {seeds[0]: f"plain: {error}"}
        # Find out which one it is.
        found = {}
        for seed in seeds:
            found.update(check_plain([seed], options))
        return found
    found = {}
    for seed, program in programs.items():
        found[seed] = None
        for (how, inputs), got in zip(program.inputs(), results[seed]):
            try:
                for name, want in program.evaluate(inputs).items():
                    compare(f"plain, {how}, {name}", got[name], want, [])
            except Failure as failure:
                found[seed] = found[seed] or str(failure)
    return found


def work(options):
    """What a worker process does: a line of JSON before and after a seed."""
    library = moe_rt.Library(str(options.build / "runtime" / "libmoe_rt.so"))

    def say(**what):
        print(json.dumps(what), flush=True)

    for seed in options.work:
        say(begin=seed)
        try:
            counts = check_program(seed, options, library)
            say(end=seed, failure=None, checked=counts[0], size=counts[1])
        except Failure as failure:
            say(end=seed, failure=str(failure))
    chosen = [s for s in options.work if s % options.plain_every == 0]
    if chosen:
        say(begin=None)
        for seed, failure in check_plain(chosen, options).items():
            say(plain=seed, failure=failure)


def run_batch(seeds, options):
    """Seeds in a process of their own; ({seed: failures}, counts).

    A process that dies fails the seed that it was at, and the rest go on.
    """
    failures, counts = {}, collections.Counter()
    while seeds:
        done = subprocess.run(
            [sys.executable, __file__, "--build", options.build, "--out",
             options.out, "--plain-every", str(options.plain_every),
             *["--one-level"] * options.one_level, "--work",
             *map(str, seeds)], capture_output=True, text=True)
        current, left = None, list(seeds)
        for line in map(json.loads, done.stdout.splitlines()):
            current = line.get("begin", current)
            if "end" in line:
                left.remove(line["end"])
            counts["plain"] += "plain" in line
            if line.get("failure"):
                seed = line.get("end", line.get("plain"))
                failures.setdefault(seed, []).append(line["failure"])
            for count in ("checked", "size"):
                counts[count] += line.get(count, 0)
        if not done.returncode:
            break
        if current is None:
            raise SystemExit(f"the worker of seeds {seeds} ends with "
                             f"{done.returncode}:\n{done.stderr}")
        failures.setdefault(current, []).append(
            f"the process ends with {done.returncode}: "
            + done.stderr.strip().split("\n")[-1])
        left.remove(current)
        seeds = left
    return failures, counts


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, required=True,
                        help="the build folder")
    parser.add_argument("--seeds", default="0:100",
                        help="FIRST:LAST, without the last (default 0:100)")
    parser.add_argument("--plain-every", type=int, default=1, metavar="N",
                        help="the plain lowering of every Nth seed (default 1)")
    parser.add_argument("--one-level", action="store_true",
                        help="compile and run one level per seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=pathlib.Path,
                        help="where programs that fail are left")
    parser.add_argument("--work", type=int, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def main():
    options = parse()
    if options.work:
        work(options)
        return 0
    first, last = map(int, options.seeds.split(":"))
    options.out = options.out or pathlib.Path(tempfile.mkdtemp())
    options.out.mkdir(parents=True, exist_ok=True)
    seeds = list(range(first, last))
    batch = max(1, min(20, len(seeds) // (2 * options.jobs)))
    batches = [seeds[i:i + batch] for i in range(0, len(seeds), batch)]
    failed, counts = {}, collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for found, some in pool.map(lambda b: run_batch(b, options), batches):
            failed.update(found)
            counts += some
            for seed, failures in sorted(found.items()):
                for failure in failures:
                    print(f"seed {seed}: {failure}", flush=True)
    for seed in seeds:
        if seed not in failed:
            (options.out / f"{seed}.mlir").unlink(missing_ok=True)
    checked, size = counts["checked"], counts["size"]
    print(f"{len(seeds)} programs as packages, "
          f"{counts['plain']} in the plain lowering; of the packages' {size} "
          f"numbers {100 * checked / max(size, 1):.1f} % compared")
    if failed:
        print(f"programs that failed are in {options.out}")
    # A model that knows nothing would pass everything.
    vague = bool(size) and checked < 0.7 * size
    if vague:
        print("too few numbers could be compared")
    print(f"{len(seeds) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or vague else 0


if __name__ == "__main__":
    sys.exit(main())
