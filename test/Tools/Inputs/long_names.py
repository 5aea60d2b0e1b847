"""usage: long_names.py FOLDER

Writes models whose names have 5,000 bytes: input.onnx, dimension.onnx, and
node.onnx, in which a node, a weight and an intermediate value have them.
"""
import pathlib
import sys

import onnx
from onnx import TensorProto, helper, numpy_helper
import numpy as np

LONG = "é" * 2500


def write(path, value="x", dimension="N", inner="m"):
    border = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [dimension, 64]) for name in (value, "y")]
    weight = numpy_helper.from_array(np.ones((64, 64), np.float32), inner + "w")
    nodes = [helper.make_node("MatMul", [value, inner + "w"], [inner], name=inner), helper.make_node("Relu", [inner], ["y"])]
    graph = helper.make_graph(nodes, "graph", border[:1], border[1:], [weight])
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)]), path)


folder = pathlib.Path(sys.argv[1])
write(folder / "input.onnx", value=LONG)
write(folder / "dimension.onnx", dimension=LONG)
write(folder / "node.onnx", inner=LONG)
