#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the digits classifier, runs it and compares it with ONNX Runtime.

    demo.py --moec PATH --moe-run PATH [--out DIR] [--threads N]

Exit codes: 0 everything agreed; 1 a step failed, or the results are wrong;
2 usage.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import time

try:
    import numpy as np
    import onnxruntime
except ImportError as error:
    sys.exit(f"demo: {error}; run scripts/setup, and this program with the "
             "Python of the virtual environment it makes")

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE / "digits.onnx"
IMAGES = HERE / "test_images.npy"
LABELS = HERE / "test_labels.npy"

# What the trained model reaches is 98.9 %; less than this is a wrong result.
MIN_ACCURACY = 0.96
# Logits are about 5; f32 sums in another order differ by about 1e-5.
MAX_LOGIT_DIFFERENCE = 1e-3


class DemoError(Exception):
    """A step that failed; the message says which, why and what to do."""


def run_tool(step, *command):
    """Runs a command and returns (its stdout, seconds); DemoError if it fails."""
    command = [str(word) for word in command]
    start = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=600, check=False)
    except OSError as error:
        raise DemoError(f"cannot {step}: {command[0]}: {error.strerror}; "
                        "build it with scripts/demo") from error
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"cannot {step}: no result after 600 s: "
                        f"{' '.join(command)}") from error
    if done.returncode != 0:
        ended = (f"exit code {done.returncode}" if done.returncode > 0 else
                 f"signal {-done.returncode}")
        raise DemoError(f"cannot {step}: {ended} of {' '.join(command)}\n"
                        + (done.stderr or done.stdout).rstrip())
    return done.stdout, time.perf_counter() - start


def load_array(path, what):
    """The array of a .npy file; DemoError when it cannot be read."""
    try:
        return np.load(path)
    except OSError as error:
        raise DemoError(f"cannot read {what}: {path}: "
                        f"{error.strerror}") from error
    except ValueError as error:
        raise DemoError(f"cannot read {what}: {path}: {error}") from error


def read_expert_stats(path):
    """{layer: {expert: rows}} of a file written by moe-run --expert-stats."""
    counts = {}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                experts = counts.setdefault(line["layer"], {})
                experts[int(line["expert"])] = int(line["rows"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DemoError(f"cannot read the expert counts: {path}: "
                        f"{error!r}") from error
    if not counts:
        raise DemoError(f"no layer in the expert counts: {path}")
    return counts


def ort_session(threads):
    """An ONNX Runtime session of the same model with as many threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    return onnxruntime.InferenceSession(
        str(MODEL), options, providers=["CPUExecutionProvider"])


def ort_median_ms(session, images):
    """Median time of a run, measured as moe-run --benchmark does: inputs and
    outputs bound before, 3 warm-up runs, then at least 20 runs and 1 s."""
    binding = session.io_binding()
    binding.bind_ortvalue_input(
        "images", onnxruntime.OrtValue.ortvalue_from_numpy(images))
    binding.bind_ortvalue_output(
        "logits", onnxruntime.OrtValue.ortvalue_from_numpy(
            np.empty((len(images), 10), np.float32)))
    for _ in range(3):
        session.run_with_iobinding(binding)
    times = []
    begin = time.perf_counter()
    while len(times) < 20 or time.perf_counter() - begin < 1:
        start = time.perf_counter()
        session.run_with_iobinding(binding)
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


class Demo:
    """The tools, the folder for results, and the steps in their order."""

    def __init__(self, moec, moe_run, out, threads):
        self.moec, self.moe_run = moec, moe_run
        self.out, self.threads = out, threads
        self.package = out / "digits.moe"

    def run_package(self, step, *flags):
        return run_tool(step, self.moe_run, self.package,
                        "--threads", self.threads, *flags)

    def compile(self):
        _, seconds = run_tool("compile the model", self.moec, MODEL,
                              "-o", self.package)
        print(f"compiled    {MODEL.name} ({MODEL.stat().st_size:,} bytes) in "
              f"{seconds:.2f} s")
        print(f"package     {self.package} "
              f"({self.package.stat().st_size:,} bytes)")

    def logits(self, images):
        """Logits of the compiled model for all images, and expert counts."""
        folder = self.out / "all"
        self.run_package("run the test images", "--input", f"images={IMAGES}",
                         "--output-dir", folder,
                         f"--expert-stats={folder / 'expert-stats.csv'}")
        logits = load_array(folder / "logits.npy", "the logits")
        if logits.shape != (len(images), 10) or logits.dtype != np.float32:
            raise DemoError(f"expected logits f32 [{len(images)}, 10], but "
                            f"got {logits.dtype} {list(logits.shape)}")
        return logits, read_expert_stats(folder / "expert-stats.csv")

    def digit_counts(self, images, labels):
        """Per digit the expert counts of its test images."""
        counts = []
        for digit in range(10):
            source = self.out / f"images-of-{digit}.npy"
            stats = self.out / f"experts-of-{digit}.csv"
            np.save(source, images[labels == digit])
            self.run_package(f"run the images of digit {digit}",
                             "--input", f"images={source}",
                             f"--expert-stats={stats}")
            counts.append(read_expert_stats(stats))
        return counts

    def median_ms(self, images):
        """Median time of moe-run for these images."""
        source = self.out / f"first-{len(images)}-images.npy"
        np.save(source, images)
        text, _ = self.run_package(f"time {len(images)} images", "--input",
                                   f"images={source}", "--benchmark", "--json")
        try:
            return float(json.loads(text)["median_ms"])
        except (ValueError, KeyError, TypeError) as error:
            raise DemoError("expected one JSON object with median_ms from "
                            f"moe-run --benchmark --json, but got: "
                            f"{text.strip()[:200]!r}") from error


def check_counts(total, counts):
    """A digit's images must meet the same experts alone as among all others."""
    for layer, experts in total.items():
        for expert, rows in experts.items():
            parts = sum(c.get(layer, {}).get(expert, 0) for c in counts)
            if parts != rows:
                raise DemoError(
                    f"layer {layer}, expert {expert}: expected the digits' "
                    f"rows to sum to {rows} as in the run of all images, "
                    f"but got {parts}")


def heat_cell(share, color):
    """Four columns that show a share in [0, 1], shaded or with a character."""
    text = f"{100 * share:3.0f} " if share else "  . "
    if not color:
        return text[:3] + " .:-=+*#%@"[min(9, int(10 * share))]
    ramp = (234, 17, 18, 19, 25, 31, 37, 71, 143, 220)
    level = min(9, int(12 * share + 0.99))
    ink = 16 if level > 6 else 255
    return f"\x1b[48;5;{ramp[level]};38;5;{ink}m{text}\x1b[0m"


def print_heat_map(counts, labels):
    """Which experts each digit uses: percent of its images, rows per layer."""
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    images = np.bincount(labels, minlength=10)
    for layer in counts[0]:
        experts = sorted({e for c in counts for e in c.get(layer, {})})
        print(f"\nexperts of layer {layer}: percent of a digit's images that "
              "use each")
        print("digit  " + "".join(f"e{e:<3d}" for e in experts))
        for digit, count in enumerate(counts):
            cells = (count.get(layer, {}).get(e, 0) / max(1, images[digit])
                     for e in experts)
            print(f"  {digit}    " + "".join(heat_cell(c, color)
                                             for c in cells))


def demonstrate(demo):
    """All steps; returns the list of what is wrong (empty: all is well)."""
    images = load_array(IMAGES, "the test images")
    labels = load_array(LABELS, "the test labels")
    demo.compile()

    logits, total = demo.logits(images)
    session = ort_session(demo.threads)
    reference = session.run(None, {"images": images})[0]
    accuracy = float(np.mean(logits.argmax(-1) == labels))
    ort_accuracy = float(np.mean(reference.argmax(-1) == labels))
    equal = int(np.sum(logits.argmax(-1) == reference.argmax(-1)))
    difference = float(np.max(np.abs(logits - reference)))
    print(f"accuracy    {100 * accuracy:.2f} % of {len(images)} held-out "
          f"images (ONNX Runtime: {100 * ort_accuracy:.2f} %)")
    print(f"agreement   {equal} of {len(images)} predictions equal those of "
          f"ONNX Runtime {onnxruntime.__version__};")
    print(f"            largest difference of logits {difference:.2g} "
          f"(largest logit {np.max(np.abs(reference)):.2g})")

    for count in (len(images), 1):
        ours = demo.median_ms(images[:count])
        theirs = ort_median_ms(session, images[:count])
        label = f"{count} images" if count > 1 else "1 image"
        print(f"{'time' if count > 1 else '':<12s}{label}: moe-run "
              f"{ours:.3f} ms, ONNX Runtime {theirs:.3f} ms (median, "
              f"{demo.threads} threads)")

    counts = demo.digit_counts(images, labels)
    check_counts(total, counts)
    print_heat_map(counts, labels)

    problems = []
    if accuracy < MIN_ACCURACY:
        problems.append(f"accuracy is {100 * accuracy:.2f} %, expected at "
                        f"least {100 * MIN_ACCURACY:.0f} %")
    if equal != len(images):
        problems.append(f"{len(images) - equal} predictions differ from ONNX "
                        "Runtime's")
    if not difference <= MAX_LOGIT_DIFFERENCE:
        problems.append(f"logits differ by {difference:.2g}, expected at most "
                        f"{MAX_LOGIT_DIFFERENCE:g}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moec", type=pathlib.Path, required=True)
    parser.add_argument("--moe-run", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path,
                        default=pathlib.Path("digits-demo"),
                        help="folder for the package and results")
    parser.add_argument("--threads", type=int,
                        default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    if arguments.threads < 1:
        parser.error(f"expected --threads of at least 1, "
                     f"but got {arguments.threads}")
    # Steps take a while: show each when it is done, also into a pipe or file.
    sys.stdout.reconfigure(line_buffering=True)
    try:
        (arguments.out / "all").mkdir(parents=True, exist_ok=True)
        problems = demonstrate(Demo(arguments.moec, arguments.moe_run,
                                    arguments.out.resolve(),
                                    arguments.threads))
    except (DemoError, OSError) as error:
        sys.exit(f"demo: {error}")
    for problem in problems:
        print(f"demo: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
