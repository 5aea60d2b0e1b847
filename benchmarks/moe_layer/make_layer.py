#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a com.microsoft.MoE layer as layer.onnx and layer.onnx.data.

    make_layer.py --shape olmoe --out DIR [--router] [--seed N]

    x [T, H], router_logits [T, E]  ->  y [T, H]        T is dynamic

With --router the logits are x · W_router + router_logits, so that the router's
product is part of what is timed while the second input still steers routing.
Weights are random and seeded, and stream to the external file one expert at a
time, so that a file of any size is written in little memory.
"""

import argparse
import dataclasses
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper

ALIGNMENT = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Shape:
    """A layer: E experts, k per row, widths H and I, and the activation."""

    name: str
    experts: int
    top_k: int
    hidden: int
    intermediate: int
    activation: str  # relu or swiglu (interleaved gate and linear rows)
    alpha: float = 1.0
    beta: float = 0.0
    normalize: int = 0

    @property
    def fc1_rows(self):
        return self.intermediate * (2 if self.activation == "swiglu" else 1)

    @property
    def expert_parameters(self):
        return (self.fc1_rows + self.intermediate) * self.hidden


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("olmoe", 64, 8, 2048, 1024, "swiglu"),
        Shape("switch", 8, 1, 768, 3072, "relu"),
        # Small, and no width is a multiple of a vector or a panel.
        Shape("smoke", 6, 2, 40, 28, "swiglu", normalize=1),
    )
}


def generator(seed, *path):
    """A random generator of its own for each place in the file."""
    return np.random.Generator(np.random.SFC64([seed, *path]))


def expert_weights(shape, seed, expert):
    """fc1 [f·I, H] and fc2 [H, I] of one expert, f32."""
    random = generator(seed, 1, expert)
    fc1 = random.standard_normal((shape.fc1_rows, shape.hidden), np.float32)
    fc2 = random.standard_normal((shape.hidden, shape.intermediate),
                                 np.float32)
    fc1 *= np.float32(shape.hidden**-0.5)
    fc2 *= np.float32(shape.intermediate**-0.5)
    return fc1, fc2


def router_weight(shape, seed):
    """The router's matrix [H, E], f32."""
    random = generator(seed, 2)
    weight = random.standard_normal((shape.hidden, shape.experts), np.float32)
    return weight * np.float32(shape.hidden**-0.5)


def layout(shape):
    """Offsets in the data file: {name: (offset, dims)}, and its length."""
    places, end = {}, 0
    for name, dims in (
            ("fc1", (shape.experts, shape.fc1_rows, shape.hidden)),
            ("fc2", (shape.experts, shape.hidden, shape.intermediate))):
        places[name] = end, dims
        size = 4 * int(np.prod(dims))
        end += -(-size // ALIGNMENT) * ALIGNMENT
    return places, end


def write_data(path, shape, weights):
    """Streams weights(expert) -> (fc1, fc2) of each expert into the file."""
    places, end = layout(shape)
    with open(path, "wb") as file:
        for expert in range(shape.experts):
            for name, value in zip(("fc1", "fc2"), weights(expert)):
                offset, dims = places[name]
                assert value.shape == dims[1:] and value.dtype == np.float32
                file.seek(offset + expert * value.nbytes)
                file.write(value)
        file.truncate(end)


def external_tensor(name, place, location):
    """A tensor whose bytes lie in the external file `location`."""
    offset, dims = place
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims,
                         data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset),
                       ("length", 4 * int(np.prod(dims)))):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def write_layer(directory, shape, weights, router=None, name="layer"):
    """Writes the layer with these weights; returns the path of the .onnx.

    weights is a function of the expert's index as for write_data; router is
    the matrix [H, E] of the router, or None for logits from outside.
    """
    directory.mkdir(parents=True, exist_ok=True)
    location = f"{name}.onnx.data"
    write_data(directory / location, shape, weights)
    places, _ = layout(shape)
    tensors = [external_tensor(weight, places[weight], location)
               for weight in ("fc1", "fc2")]
    nodes, logits = [], "router_logits"
    if router is not None:
        tensors.append(onnx.numpy_helper.from_array(router, "router"))
        nodes = [helper.make_node("MatMul", ["x", "router"], ["routed"],
                                  name="/router/MatMul"),
                 helper.make_node("Add", ["routed", "router_logits"],
                                  ["logits"], name="/router/Add")]
        logits = "logits"
    attributes = {"activation_type": shape.activation, "k": shape.top_k,
                  "normalize_routing_weights": shape.normalize}
    if shape.activation == "swiglu":
        attributes.update(swiglu_fusion=1, activation_alpha=shape.alpha,
                          activation_beta=shape.beta)
    nodes.append(helper.make_node(
        "MoE", ["x", logits, "fc1", "", "fc2"], ["y"], name="/layer/MoE",
        domain="com.microsoft", **attributes))

    def value(label, width):
        return helper.make_tensor_value_info(label, TensorProto.FLOAT,
                                             ["rows", width])

    graph = helper.make_graph(
        nodes, shape.name,
        [value("x", shape.hidden), value("router_logits", shape.experts)],
        [value("y", shape.hidden)], tensors)
    model = helper.make_model(
        graph, producer_name="benchmarks/moe_layer", ir_version=10,
        opset_imports=[helper.make_opsetid("", 21),
                       helper.make_opsetid("com.microsoft", 1)])
    path = directory / f"{name}.onnx"
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path


def make_layer(directory, shape, router=False, seed=1):
    """The layer of this shape in the folder, written unless it is there."""
    directory = pathlib.Path(directory)
    stamp = directory / "layer.json"
    wanted = json.dumps({"shape": dataclasses.asdict(shape), "seed": seed,
                         "router": router, "numpy": np.__version__},
                        indent=1)
    path = directory / "layer.onnx"
    if stamp.exists() and stamp.read_text() == wanted and path.exists():
        return path
    stamp.unlink(missing_ok=True)
    write_layer(directory, shape,
                lambda expert: expert_weights(shape, seed, expert),
                router_weight(shape, seed) if router else None)
    stamp.write_text(wanted)
    return path


class Weights:
    """The weights of a written layer, mapped: nothing is read before use."""

    def __init__(self, path, shape):
        places, _ = layout(shape)
        self.data_path = pathlib.Path(f"{path}.data")
        self.fc1, self.fc2 = (
            np.memmap(self.data_path, np.float32, "r", offset, dims)
            for offset, dims in (places["fc1"], places["fc2"]))
        self.router = None
        graph = onnx.load(path, load_external_data=False).graph
        for tensor in graph.initializer:
            if tensor.name == "router":
                self.router = onnx.numpy_helper.to_array(tensor)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--router", action="store_true",
                        help="put the router's product into the graph")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    path = make_layer(arguments.out, SHAPES[arguments.shape],
                      arguments.router, arguments.seed)
    data = pathlib.Path(f"{path}.data")
    print(f"{path} ({path.stat().st_size + data.stat().st_size:,} bytes with "
          f"{data.name})")


if __name__ == "__main__":
    main()
