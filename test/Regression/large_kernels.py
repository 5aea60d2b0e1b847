# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models with many element-wise nodes and what NumPy computes for them.

    large_kernels.py DIR

Writes chain.onnx, lattice.onnx, sum.onnx and gathers.onnx; x.npy, x<i>.npy,
table.npy and rows.npy, their inputs; outside.npy, rows of which one is not in the
table; chain.npy, lattice.npy, sum.npy and gathers.npy, their outputs y; and
sum.arguments, which gives moe-run the inputs of the sum.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

FUNCTIONS = {
    "Add": np.add,
    "Mul": np.multiply,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mean": lambda a, b: (a + b) / np.float32(2),
    "Relu": lambda a: np.maximum(a, np.float32(0)),
}


def softmax(a):
    powers = np.exp(a - a.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


FUNCTIONS["Softmax"] = softmax


class Model:
    """Nodes and, of each value, what NumPy computes."""

    def __init__(self, element_type, **inputs):
        self.element_type = element_type
        self.inputs = inputs
        self.values = dict(inputs)
        self.nodes = []

    def node(self, op_type, *inputs):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op_type, inputs, [name]))
        self.values[name] = FUNCTIONS[op_type](
            *(self.values[value] for value in inputs))
        return name

    def save(self, folder, name, output):
        def info(value, shape):
            element_type = self.element_type
            if value in self.inputs and self.inputs[value].dtype == np.int64:
                element_type = TensorProto.INT64
            return helper.make_tensor_value_info(value, element_type, shape)

        # A comparison of NaN or of one number says nothing.
        result = self.values[output]
        assert np.isfinite(result).all() and np.unique(result).size > 10, name
        self.nodes.append(helper.make_node("Identity", [output], ["y"]))
        graph = helper.make_graph(
            self.nodes, name,
            [info(key, value.shape) for key, value in self.inputs.items()],
            [info("y", None)])
        onnx.save(
            helper.make_model(graph, ir_version=10,
                              opset_imports=[helper.make_opsetid("", 21)]),
            folder / f"{name}.onnx")
        for key, value in self.inputs.items():
            np.save(folder / f"{key}.npy", value)
        np.save(folder / f"{name}.npy", self.values[output])


def main():
    folder = pathlib.Path(sys.argv[1])
    random = np.random.Generator(np.random.SFC64(1))
    x = random.uniform(-0.9, 0.9, [5, 20]).astype(np.float32)

    model = Model(TensorProto.FLOAT, x=x)
    value = "x"
    for _ in range(200):
        value = model.node("Add", value, "x")
        value = model.node("Mul", value, "x")
        value = model.node("Relu", value)
    model.save(folder, "chain", value)

    model = Model(TensorProto.FLOAT, x=x)
    before, value = "x", model.node("Mul", "x", "x")
    for index in range(100):
        # None of these leaves the range of x.
        op_type = ("Mean", "Max", "Min")[index % 3]
        before, value = value, model.node(op_type, value, before)
    # Both of the last two have two readers, and so has every node before.
    powers = model.node("Softmax", value)
    model.save(folder, "lattice",
               model.node("Add", model.node("Mul", value, before), powers))

    terms = {
        f"x{index}": random.uniform(-9, 9, [20]).astype(np.float16)
        for index in range(40)
    }
    model = Model(TensorProto.FLOAT16, **terms)
    FUNCTIONS["Sum"] = lambda *values: np.add.accumulate(
        [value.astype(np.float32) for value in values])[-1].astype(np.float16)
    model.save(folder, "sum", model.node("Sum", *terms))
    (folder / "sum.arguments").write_text("".join(
        f"--input {name}={folder / name}.npy\n" for name in terms))

    table = random.uniform(-9, 9, [100, 20]).astype(np.float32)
    model = Model(TensorProto.FLOAT, x=x, table=table,
                  rows=np.array([3, -1, 99, 0, 41], np.int64))
    FUNCTIONS["Gather"] = lambda data, indices: data[indices]
    value = "x"
    for _ in range(24):
        value = model.node("Add", value,
                           model.node("Gather", "table", "rows"))
    model.save(folder, "gathers", value)
    np.save(folder / "outside.npy", np.array([3, -1, 100, 0, 41], np.int64))


if __name__ == "__main__":
    main()
