# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers that share their experts are packed once.

    tied_weights.py BUILD OUT

The same model with one layer, with two layers of the same initializers (one as it
is, one through a node, as exporters tie weights) and with two layers of their own.
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

EXPERTS, INNER, WIDTH = 8, 128, 256
WEIGHTS = 4 * EXPERTS * 2 * INNER * WIDTH


def build(kind):
    rng = np.random.default_rng(0)
    nodes, initializers = [], []

    def constant(name, *shape):
        values = rng.standard_normal(shape).astype(np.float32) / 16
        initializers.append(numpy_helper.from_array(values, name))
        return name

    def layer(rows, router, fc1, fc2, name):
        nodes.append(helper.make_node("MatMul", [rows, router],
                                      [f"{name}.logits"]))
        nodes.append(helper.make_node(
            "MoE", [rows, f"{name}.logits", fc1, "", fc2], [name], name=name,
            domain="com.microsoft", k=2, activation_type="silu"))
        return name

    router = constant("router", WIDTH, EXPERTS)
    fc1 = constant("fc1", EXPERTS, INNER, WIDTH)
    fc2 = constant("fc2", EXPERTS, WIDTH, INNER)
    result = layer("x", router, fc1, fc2, "first")
    if kind == "tied":
        nodes.append(helper.make_node("Identity", [fc1], ["again"]))
        result = layer(result, router, "again", fc2, "second")
    elif kind == "apart":
        result = layer(result, router, constant("fc3", EXPERTS, INNER, WIDTH),
                       constant("fc4", EXPERTS, WIDTH, INNER), "second")

    def info(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT,
                                             ["N", WIDTH])

    graph = helper.make_graph(nodes, "tied", [info("x")], [info(result)],
                              initializers)
    return result, helper.make_model(
        graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", 21),
            helper.make_opsetid("com.microsoft", 1)])


def main():
    build_folder, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    library = moe_rt.Library(str(build_folder / "runtime" / "libmoe_rt.so"))
    x = np.random.default_rng(1).standard_normal((5, WIDTH)).astype(np.float32)
    sizes = {}
    for kind in ("one", "tied", "apart"):
        result, model = build(kind)
        path = out / f"{kind}.onnx"
        onnx.save(model, path)
        package = path.with_suffix(".moe")
        subprocess.run([build_folder / "bin" / "moec", path, "-o", package,
                        "--level=x86-64-v3"], check=True)
        sizes[kind] = package.stat().st_size
        session = moe_rt.Session(library, package, threads=2)
        got = session(x=x)[result]
        session.close()
        peer = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"])
        want = peer.run(None, {"x": x})[0]
        assert np.allclose(got, want, rtol=1e-4, atol=1e-5), kind
    # Sections lie at multiples of up to 2 MiB, which is what one layer's
    # weights have.
    assert sizes["one"] >= WEIGHTS, sizes
    assert sizes["tied"] < sizes["one"] + WEIGHTS // 2, sizes
    assert sizes["apart"] >= sizes["one"] + WEIGHTS, sizes
    print("packed once")


if __name__ == "__main__":
    sys.exit(main())
