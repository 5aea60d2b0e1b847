# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Slice with bounds that are known at run time, against ONNX Runtime.

    runtime_slices.py BUILD OUT

Exporters write "to the end" as the largest and "to the start" as the smallest
int64; both, and what lies around the ends of the axis, are tried as starts and
ends. Steps are absent, constants, or inputs.

ONNX Runtime takes the largest int64 as "to the start" for negative steps; ONNX
says that ends are clamped to the last element, which leaves nothing.
"""

import itertools
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "utils"))

import moe_rt  # noqa: E402

LOWEST, HIGHEST = -(2**63), 2**63 - 1
BOUNDS = [LOWEST, LOWEST + 1, -9, -5, -1, 0, 2, 5, 7, HIGHEST - 1, HIGHEST]
# Run-time steps: a form of its own, which must do for both directions.
RUNTIME_STEPS = [1, 2, -1, HIGHEST, LOWEST, LOWEST + 1]
EXTENT = 5
MODELS = {"no step": [None], "step 2": [2], "step -1": [-1],
          "step -2": [-2], "step HIGHEST": [HIGHEST], "step LOWEST": [LOWEST],
          "run-time step": RUNTIME_STEPS}


def build(name, steps):
    """Slices [N, 3] along its first axis."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])]
    inputs += [helper.make_tensor_value_info(word, TensorProto.INT64, [1])
               for word in ("starts", "ends")]
    initializers = [numpy_helper.from_array(np.array([0]), "axes")]
    operands = ["x", "starts", "ends", "axes"]
    if name == "run-time step":
        inputs.append(helper.make_tensor_value_info(
            "steps", TensorProto.INT64, [1]))
        operands.append("steps")
    elif steps[0] is not None:
        initializers.append(numpy_helper.from_array(np.array(steps), "steps"))
        operands.append("steps")
    graph = helper.make_graph(
        [helper.make_node("Slice", operands, ["y"])], "slice", inputs,
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["M", 3])],
        initializers)
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21)])


def main():
    folder, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    library = moe_rt.Library(str(folder / "runtime" / "libmoe_rt.so"))
    x = np.arange(EXTENT * 3, dtype=np.float32).reshape(EXTENT, 3)
    equal = total = 0
    for name, steps in MODELS.items():
        model = build(name, steps)
        path = out / "model.onnx"
        onnx.save(model, path)
        subprocess.run([folder / "bin" / "moec", path, "-o",
                        path.with_suffix(".moe"), "--level=x86-64-v3"],
                       check=True)
        peer = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"])
        session = moe_rt.Session(library, path.with_suffix(".moe"), threads=1)
        for start, end, step in itertools.product(BOUNDS, BOUNDS, steps):
            total += 1
            values = {"x": x, "starts": np.array([start]),
                      "ends": np.array([end])}
            if name == "run-time step":
                values["steps"] = np.array([step])
            want = peer.run(None, values)[0]
            if end == HIGHEST and (step or 1) < 0:
                want = x[:0]
            try:
                got = session(**values)["y"]
            except moe_rt.RuntimeFailure as failure:
                print(f"{name}, {start}:{end}:{step}: {failure}")
                continue
            if got.shape == want.shape and (got == want).all():
                equal += 1
            else:
                print(f"{name}, {start}:{end}:{step}: got {got.shape}, "
                      f"ONNX Runtime {want.shape}")
        session.close()
    print(f"{equal} of {total} slices are equal")
    return equal != total


if __name__ == "__main__":
    sys.exit(main())
