# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights that are computed from initializers, against ONNX Runtime.

    weight_forms.py BUILD OUT [FORM...]

Exporters seldom store what com.microsoft.MoE reads: they stack a tensor per
expert, transpose, cast, cut and scale. Each form is compiled in two sizes:
tensors of an expert that are small enough to be constants of the IR, and larger
ones. Beside the experts a dense product has its matrix in the same form.
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

# experts, inner width, rows' width
SIZES = [(5, 6, 8), (5, 40, 32)]


class Graph:
    """Nodes and initializers, under names of their own."""

    def __init__(self):
        self.nodes = []
        self.initializers = []

    def name(self, prefix):
        return f"{prefix}.{len(self.nodes) + len(self.initializers)}"

    def constant(self, array, prefix="w"):
        name = self.name(prefix)
        self.initializers.append(
            numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def ints(self, *values):
        return self.constant(np.array(values, np.int64), "ints")

    def node(self, op, *inputs, outputs=1, **attributes):
        names = [self.name(op.lower()) + f".{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(
            op, list(inputs), names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names


# Each takes a graph and the value [E, N, K] that is meant, and returns the name
# of a tensor that has it, or about it.


def identity(g, w):
    return g.node("Identity", g.node("Identity", g.constant(w)))


def stacked(g, w):
    parts = [g.node("Unsqueeze", g.constant(part), g.ints(0)) for part in w]
    return g.node("Concat", *parts, axis=0)


def stacked_transposed(g, w):
    parts = [g.node("Unsqueeze",
                    g.node("Transpose", g.constant(part.T), perm=[1, 0]),
                    g.ints(0)) for part in w]
    return g.node("Concat", *parts, axis=0)


def stacked_then_transposed(g, w):
    parts = [g.node("Unsqueeze", g.constant(part.T), g.ints(0)) for part in w]
    return g.node("Transpose", g.node("Concat", *parts, axis=0),
                  perm=[0, 2, 1])


def stacked_rows(g, w):
    rows = g.node("Concat", *[g.constant(part) for part in w], axis=0)
    return g.node("Reshape", rows, g.ints(*w.shape))


def stacked_columns(g, w):
    columns = g.node("Concat", *[g.constant(part) for part in w], axis=1)
    cut = g.node("Reshape", columns, g.ints(w.shape[1], w.shape[0], w.shape[2]))
    return g.node("Transpose", cut, perm=[1, 0, 2])


def stacked_half(g, w):
    parts = [g.node("Unsqueeze", g.node(
        "Cast", g.constant(part.astype(np.float16)), to=TensorProto.FLOAT),
        g.ints(0)) for part in w]
    return g.node("Concat", *parts, axis=0)


def stacked_unlike(g, w):
    """Experts that are not all computed in the same way."""
    parts = [g.constant(part[None]) if e != 1 else
             g.node("Unsqueeze", g.constant(part), g.ints(0))
             for e, part in enumerate(w)]
    first = g.node("Concat", *parts[:2], axis=0)
    return g.node("Concat", first, *parts[2:], axis=0)


def stacked_scaled(g, w):
    parts = []
    for e, part in enumerate(w):
        scale = np.float32(e + 1)
        parts.append(g.node("Unsqueeze", g.node(
            "Mul", g.constant(part / scale), g.constant(scale)), g.ints(0)))
    return g.node("Concat", *parts, axis=0)


def transposed(g, w):
    return g.node("Transpose", g.constant(w.transpose(0, 2, 1)),
                  perm=[0, 2, 1])


def experts_last(g, w):
    return g.node("Transpose", g.constant(w.transpose(1, 2, 0)),
                  perm=[2, 0, 1])


def half(g, w):
    return g.node("Cast", g.constant(w.astype(np.float16)),
                  to=TensorProto.FLOAT)


def half_transposed(g, w):
    stored = g.constant(w.transpose(0, 2, 1).astype(np.float16))
    return g.node("Cast", g.node("Transpose", stored, perm=[0, 2, 1]),
                  to=TensorProto.FLOAT)


def flat(g, w):
    return g.node("Reshape", g.constant(w.reshape(-1)), g.ints(*w.shape))


def joined(g, w):
    return g.node("Reshape", g.constant(w.reshape(-1, w.shape[2])),
                  g.ints(0 if w.shape[0] == 1 else w.shape[0], -1, w.shape[2]))


def unit(g, w):
    return g.node("Squeeze", g.constant(w[:, None]), g.ints(1))


def sliced(g, w):
    more = np.concatenate([w[:1] + 1, w, w[:2] - 1])
    return g.node("Slice", g.constant(more), g.ints(1), g.ints(-2), g.ints(0))


def every_second(g, w):
    more = np.repeat(np.repeat(w, 2, axis=0), 2, axis=1)
    return g.node("Slice", g.constant(more), g.ints(0, 0),
                  g.ints(1 << 60, 1 << 60), g.ints(0, 1), g.ints(2, 2))


def split(g, w):
    both = g.constant(np.concatenate([w + 1, w], axis=1))
    return g.node("Split", both, g.ints(w.shape[1], w.shape[1]), axis=1,
                  outputs=2)[1]


def gathered(g, w):
    order = np.roll(np.arange(len(w)), 2)
    return g.node("Gather", g.constant(w[order]),
                  g.constant(np.argsort(order).astype(np.int64)), axis=0)


def halves(g, w):
    """Two tensors side by side, as gate and linear part often are."""
    cut = w.shape[1] // 2
    return g.node("Concat", g.constant(w[:, :cut]), g.constant(w[:, cut:]),
                  axis=1)


def scaled(g, w):
    scale = 1 + np.arange(w.shape[1], dtype=np.float32)[None, :, None]
    return g.node("Mul", g.constant(w / scale), g.constant(scale))


def adapted(g, w):
    """A base that all experts share, and what each adds."""
    base = w.mean(axis=0)
    return g.node("Add", g.constant(w - base), g.constant(base))


def quantized(g, w):
    scale = np.abs(w).max(axis=2, keepdims=True) / 100
    stored = np.rint(w / scale + 128).astype(np.uint8)
    whole = g.node("Cast", g.constant(stored), to=TensorProto.FLOAT)
    centred = g.node("Sub", whole, g.constant(np.float32(128)))
    return g.node("Mul", centred, g.constant(scale))


def read_twice(g, w):
    """The first expert reads one tensor twice, the others two."""
    parts = []
    for e, part in enumerate(w):
        half = g.constant(part / 2)
        other = half if e == 0 else g.constant(part / 2)
        parts.append(g.node("Unsqueeze", g.node("Add", half, other), g.ints(0)))
    return g.node("Concat", *parts, axis=0)


def double(g, w, count):
    w = g.constant(w / np.float32(2**count))
    for _ in range(count):
        w = g.node("Add", w, w)
    return w


def doubled(g, w):
    """As many paths to the initializer as no machine can walk."""
    return double(g, w, 40)


def stacked_doubled(g, w):
    parts = [g.node("Unsqueeze", double(g, part, 40), g.ints(0)) for part in w]
    return g.node("Concat", *parts, axis=0)


def cut_and_joined(g, w):
    """Two readers of every value that read different parts."""
    value, rows = g.constant(w), w.shape[1]
    for _ in range(20):
        ends = [g.ints(0), g.ints(rows // 2), g.ints(rows)]
        value = g.node("Concat", *[
            g.node("Slice", value, start, end, g.ints(1))
            for start, end in zip(ends, ends[1:])], axis=1)
    return value


def softmaxes(g, w):
    """Reductions, each of which reads what is before it twice."""
    value = g.constant(w)
    for _ in range(20):
        value = g.node("Softmax", g.node("Mul", value,
                                         g.constant(np.float32(4))))
    return value


FORMS = [
    identity, stacked, stacked_transposed, stacked_then_transposed,
    stacked_rows, stacked_columns, stacked_half, stacked_unlike,
    stacked_scaled, transposed, experts_last, half, half_transposed, flat,
    joined, unit, sliced, every_second, split, gathered, halves, scaled,
    adapted, quantized, read_twice, doubled, stacked_doubled, cut_and_joined,
    softmaxes]


def add_layer(g, form, size, fused):
    """A layer with weights in a form, whose output has the form's name."""
    experts, inner, width = size
    rng = np.random.default_rng(3)

    def values(*shape):
        return rng.standard_normal(shape).astype(np.float32) / 4

    # A form gives three dimensions; one expert's part is a dense matrix.
    dense = form(g, values(experts, width, width))
    matrix = g.node("Reshape", dense, g.ints(experts * width, width))
    matrix = g.node("Slice", matrix, g.ints(width), g.ints(2 * width),
                    g.ints(0))
    rows = g.node("MatMul", "x", matrix)
    logits = g.node("MatMul", rows, g.constant(values(width, experts)))
    factor = 2 if fused else 1
    fc1 = form(g, values(experts, factor * inner, width))
    bias = g.node("Squeeze", form(g, values(experts, factor * inner, 1)),
                  g.ints(2))
    fc2 = form(g, values(experts, width, inner))
    attributes = dict(activation_type="relu")
    if fused:
        attributes = dict(activation_type="swiglu", swiglu_fusion=1,
                          activation_alpha=1.0)
    g.nodes.append(helper.make_node(
        "MoE", [rows, logits, fc1, bias, fc2], [form.__name__],
        name=form.__name__, domain="com.microsoft", k=2, **attributes))


def build(forms, size, fused):
    g = Graph()
    for form in forms:
        add_layer(g, form, size, fused)

    def info(name):
        return helper.make_tensor_value_info(
            name, TensorProto.FLOAT, ["N", size[2]])

    graph = helper.make_graph(
        g.nodes, "layers", [info("x")],
        [info(form.__name__) for form in forms], g.initializers)
    return helper.make_model(
        graph, ir_version=10, opset_imports=[
            helper.make_opsetid("", 21),
            helper.make_opsetid("com.microsoft", 1)])


def check(library, moec, out, forms, size, fused):
    """Prints what differs and returns the number of forms that do not."""
    model = build(forms, size, fused)
    path = out / "model.onnx"
    onnx.save(model, path)
    package = path.with_suffix(".moe")
    done = subprocess.run([moec, path, "-o", package, "--level=x86-64-v3"],
                          capture_output=True, text=True)
    if done.returncode:
        print(f"moec exits with {done.returncode}: {done.stderr.strip()}")
        return 0
    peer = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    session = moe_rt.Session(library, package, threads=2)
    x = np.random.default_rng(1).standard_normal((9, size[2]))
    x = x.astype(np.float32)
    results = session(x=x)
    passed = 0
    for form, want in zip(forms, peer.run(None, {"x": x})):
        got = results[form.__name__]
        if np.allclose(got, want, rtol=1e-4, atol=1e-5):
            passed += 1
        else:
            print(f"{form.__name__}, {size}: differs by "
                  f"{np.abs(got - want).max():.3g}")
    session.close()
    return passed


def main():
    build_folder, out = map(pathlib.Path, sys.argv[1:3])
    forms = [form for form in FORMS
             if not sys.argv[3:] or form.__name__ in sys.argv[3:]]
    out.mkdir(parents=True, exist_ok=True)
    library = moe_rt.Library(str(build_folder / "runtime" / "libmoe_rt.so"))
    passed = sum(
        check(library, build_folder / "bin" / "moec", out, forms, size,
              fused=size == SIZES[1]) for size in SIZES)
    total = len(forms) * len(SIZES)
    print(f"{passed} of {total} forms passed")
    return passed != total


if __name__ == "__main__":
    sys.exit(main())
