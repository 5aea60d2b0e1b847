# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own node tests through moec and moe-run.

Every case runs in two variants: as it is, and with every extent of its inputs
unknown ("dynamic"). An operator whose lowering needs an operand at compile time
gets it as an initializer ("constant"). A variant passes when the outputs are
those that ONNX computed, within the case's own tolerance; else it must end in
a diagnostic that names a node, an operator or a type.

supported.txt lists what passes. A listed variant that does not pass is a
failure, and so is one that passes and is not listed; --update writes the list.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test import loader

HERE = pathlib.Path(__file__).parent
LIST = HERE / "supported.txt"
UNSUPPORTED = re.compile(r"moec does not support|element type|is no tensor|opset")
NEEDS_CONSTANT = re.compile(r"constant|known at compile time")

Result = collections.namedtuple("Result", "status text")


def load_cases():
    """All node cases; making their expected outputs overflows on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = loader.load_model_tests(kind="node")
    return sorted(cases, key=lambda case: case.name)


def to_array(value):
    """A case's input or output as an array; None if it is no tensor."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, np.ndarray) or np.isscalar(value):
        return np.asarray(value)
    return None


def is_named(text, graph):
    """Whether a diagnostic says what it is about: an operator, an input, or the
    version of the operator set."""
    words = [node.op_type for node in graph.node] + ["opset"]
    words += [f"input '{value.name}'" for value in graph.input]
    return "error:" in text and any(word in text for word in words)


def get_tolerance(case, outputs):
    """The case's, but at least two units in the last place of the outputs'
    types: half types are computed in float32 here, and rounded more often by
    the functions that made the expected outputs."""
    names = {array.dtype.name for array in outputs}
    units = [2.0**-6] if "bfloat16" in names else []
    units += [2.0**-9] if "float16" in names else []
    return max([case.rtol] + units)


def storable(array):
    """The array as moe-run reads it: bfloat16 as two raw bytes."""
    if array.dtype.name == "bfloat16":
        return array.view("V2")
    return array


def make_dynamic(graph):
    """Gives every extent of inputs and outputs a name of its own."""
    for value in list(graph.input) + list(graph.output):
        if not value.type.HasField("tensor_type"):
            continue
        shape = value.type.tensor_type.shape
        for position, dim in enumerate(shape.dim):
            dim.Clear()
            dim.dim_param = f"{value.name}_{position}"
    del graph.value_info[:]


def bake_operands(graph, arrays):
    """Makes initializers of all inputs but the first tensor, whose values the
    case gives; of all where the first is a scalar, too."""
    names = [value.name for value in graph.input]
    first = 0 if not arrays or arrays[0].ndim == 0 else 1
    for name, array in list(zip(names, arrays))[first:]:
        graph.initializer.append(
            numpy_helper.from_array(array, name))
    kept = list(graph.input)[:first]
    del graph.input[:]
    graph.input.extend(kept)
    return first


class Runner:
    """Compiles and runs cases in a folder of their own."""

    def __init__(self, options):
        self.moec = options.moec
        self.moe_run = options.moe_run
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="moe-conformance-"))

    def call(self, *command):
        run = subprocess.run([str(word) for word in command],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, timeout=120, check=False)
        return run.returncode, run.stderr.decode(errors="replace").strip()

    def compare(self, package, model, inputs, outputs, case, stem):
        command = [self.moe_run, package, "--atol", case.atol,
                   "--rtol", get_tolerance(case, outputs), "--threads", 1]
        for kind, flag, values, arrays in (
                ("in", "--input", model.graph.input, inputs),
                ("out", "--compare", model.graph.output, outputs)):
            for index, (value, array) in enumerate(zip(values, arrays)):
                path = f"{stem}.{kind}{index}.npy"
                np.save(path, storable(array))
                command += [flag, f"{value.name}={path}"]
        return self.call(*command)

    def run_variant(self, case, dynamic, constant):
        stem = self.folder / f"{case.name}.{dynamic:d}{constant:d}"
        model = onnx.ModelProto()
        model.CopyFrom(case.model)
        inputs, outputs = ([to_array(value) for value in values]
                           for values in case.data_sets[0])
        if any(array is None for array in inputs + outputs):
            inputs, outputs = [], []
        if dynamic:
            make_dynamic(model.graph)
        if constant:
            kept = bake_operands(model.graph, inputs)
            inputs = inputs[:kept]
        source, package = f"{stem}.onnx", f"{stem}.moe"
        onnx.save(model, source)
        try:
            code, text = self.call(self.moec, source, "-o", package,
                                   "--level=x86-64-v3")
            if code == 0:
                code, text = self.compare(package, model, inputs, outputs,
                                          case, stem)
                return Result("pass" if code == 0 else "wrong", text)
        finally:
            for path in self.folder.glob(f"{stem.name}.*"):
                path.unlink()
        if code == 1 and is_named(text, model.graph):
            return Result("refused", text)
        return Result("broken", f"moec ended with {code}: {text}")

    def run(self, case, dynamic):
        """The variant's name and result; an operand that must be known is made
        so."""
        result = self.run_variant(case, dynamic, constant=False)
        name = case.name + (" dynamic" if dynamic else "")
        if result.status == "refused" and NEEDS_CONSTANT.search(result.text):
            known = self.run_variant(case, dynamic, constant=True)
            if known.status != "refused":
                return name + " constant", known
        return name, result

    def run_case(self, case):
        """Both variants, or only the first one if shapes cannot matter."""
        name, result = self.run(case, dynamic=False)
        if result.status == "refused" and UNSUPPORTED.search(result.text):
            return [(name, result)]
        return [(name, result), self.run(case, dynamic=True)]


def run_all(options, cases):
    runner = Runner(options)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = dict(result for pair in pool.map(runner.run_case, cases)
                       for result in pair)
    os.rmdir(runner.folder)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moec", required=True)
    parser.add_argument("--moe-run", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--filter", default="", help="a regular expression")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()

    cases = [case for case in load_cases()
             if re.search(options.filter, case.name)]
    results = run_all(options, cases)
    names = {case.name for case in cases}
    listed = {line for line in LIST.read_text().splitlines()
              if line and not line.startswith("#")} if LIST.exists() else set()
    expected = {line for line in listed if line.split()[0] in names}
    passed = {name for name, result in results.items()
              if result.status == "pass"}

    failures = []
    for name, result in sorted(results.items()):
        if result.status in ("wrong", "broken"):
            failures.append(f"{name}: {result.status}: {result.text}")
        elif result.status == "refused" and options.verbose:
            print(f"{name}: refused: {result.text.splitlines()[0]}")
    if options.update:
        kept = (listed - expected) | passed
        LIST.write_text("".join(f"{line}\n" for line in sorted(kept)))
    else:
        failures += [f"{name}: listed, but did not pass: "
                     + results.get(name, Result("", "no such variant")).text
                     for name in sorted(expected - passed)]
        failures += [f"{name}: passes, but is not listed"
                     for name in sorted(passed - expected)]
    for failure in failures:
        print(failure)
    refused = sum(result.status == "refused" for result in results.values())
    print(f"{len(passed)} passed, {refused} refused, {len(failures)} failed "
          f"of {len(results)} variants of {len(cases)} cases")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
