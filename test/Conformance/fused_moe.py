# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""com.microsoft.MoE in degenerate sizes, against ONNX Runtime.

    fused_moe.py BUILD OUT

One expert, one column, all experts selected, no token: sizes of 1 fold away in
the compiler, each at another place. Rows are few, and each size of the batch
that a model meets is there, with 0.
"""

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

# experts, selected, rows' width, inner width, activation, normalise, bias
SHAPES = [
    (1, 1, 64, 32, "relu", 0, False),
    (1, 1, 16, 1, "silu", 1, True),
    (1, 1, 1, 1, "gelu", 0, True),
    (1, 1, 1, 7, "relu", 1, False),
    (2, 2, 8, 5, "silu", 1, False),
    (4, 4, 32, 16, "gelu", 0, True),
    (4, 1, 1, 16, "relu", 0, True),
    (8, 3, 1, 1, "silu", 1, False),
    (8, 2, 33, 1, "relu", 1, True),
]


def build(shape, rows):
    """A router and the fused node; rows are a number or a name."""
    experts, selected, width, inner, activation, normalise, bias = shape
    rng = np.random.default_rng(sum(shape[:4]))
    weights = {"router": (width, experts), "fc1": (experts, inner, width)}
    names = ["x", "logits", "fc1", ""]
    if bias:
        weights["b1"] = (experts, inner)
        names[3] = "b1"
    weights["fc2"] = (experts, width, inner)
    names.append("fc2")
    if bias:
        weights["b2"] = (experts, width)
        names.append("b2")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "router"], ["logits"]),
         helper.make_node("MoE", names, ["y"], domain="com.microsoft",
                          k=selected, activation_type=activation,
                          normalize_routing_weights=normalise)],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, width])],
        [numpy_helper.from_array(
            rng.standard_normal(size).astype(np.float32), name)
         for name, size in weights.items()])
    return helper.make_model(
        graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", 21),
            helper.make_opsetid("com.microsoft", 1)])


def check(library, moec, out, shape, rows, counts):
    """What differs, or None."""
    model = build(shape, rows)
    path = out / "model.onnx"
    onnx.save(model, path)
    package = path.with_suffix(".moe")
    done = subprocess.run([moec, path, "-o", package,
                           "--level=x86-64-v3"], capture_output=True,
                          text=True)
    if done.returncode:
        return f"moec exits with {done.returncode}: {done.stderr.strip()}"
    peer = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    session = moe_rt.Session(library, package, threads=2)
    rng = np.random.default_rng(1)
    for count in counts:
        x = rng.standard_normal((count, shape[2])).astype(np.float32)
        got = session(x=x)["y"]
        # ONNX Runtime refuses a batch of 0 rows.
        want = (peer.run(None, {"x": x})[0] if count
                else np.zeros((0, shape[2]), np.float32))
        if got.shape != want.shape:
            return f"{count} rows: shape {got.shape}, not {want.shape}"
        if not np.allclose(got, want, rtol=1e-4, atol=1e-5):
            return (f"{count} rows: differs by "
                    f"{np.abs(got - want).max():.3g}")
    session.close()
    return None


def main():
    build_folder, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    library = moe_rt.Library(str(build_folder / "runtime" / "libmoe_rt.so"))
    passed = total = 0
    for shape in SHAPES:
        variants = [("N", (0, 1, 2, 50))]
        if shape in (SHAPES[0], SHAPES[5]):
            variants += [(1, (1,))]
        if shape == SHAPES[2]:
            variants += [(5, (5,))]
        for rows, counts in variants:
            total += 1
            difference = check(library, build_folder / "bin" / "moec", out,
                               shape, rows, counts)
            if difference:
                print(f"{shape}, rows {rows}: {difference}")
            else:
                passed += 1
    print(f"{passed} of {total} layers passed")
    return passed != total


if __name__ == "__main__":
    sys.exit(main())
