#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles models of doubling size with moec and prints how its time grows.

    compile_growth.py --moec PATH [--family NAME,...] [--scale N] [--rounds N]

Each family has one size that doubles from model to model. Time is processor
time of moec with all its threads, the least of the rounds, so that another
program on the machine disturbs it little. The last column is the growth over
the last doubling: 2.0 is linear. --scale divides all sizes. Exit codes: 0 all
models compiled; 1 moec failed; 2 usage.
"""

import argparse
import os
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH = 64


class Graph:
    """A graph in the making; values are names."""

    def __init__(self):
        self.nodes = []
        self.weights = []
        self.outputs = []

    def node(self, op_type, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op_type, inputs, [name], name=name, **attributes))
        return name

    def weight(self, shape):
        random = np.random.Generator(np.random.SFC64(len(self.weights)))
        name = f"w{len(self.weights)}"
        values = random.standard_normal(shape, np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def scalar(self, value):
        name = f"w{len(self.weights)}"
        self.weights.append(
            numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def output(self, value):
        self.outputs.append(value)

    def save(self, path):
        def value(name):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)

        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", WIDTH])
        graph = helper.make_graph(self.nodes, "growth", [x],
                                  [value(name) for name in self.outputs],
                                  self.weights)
        onnx.save(
            helper.make_model(
                graph,
                ir_version=10,
                opset_imports=[
                    helper.make_opsetid("", 21),
                    helper.make_opsetid("com.microsoft", 1),
                ],
            ), path)


def chain(graph, size):
    """Element-wise nodes, each on what the one before computes."""
    value = "x"
    for index in range(size):
        if index % 3 == 0:
            value = graph.node("Add", value, "x")
        elif index % 3 == 1:
            value = graph.node("Mul", value, "x")
        else:
            value = graph.node("Relu", value)
    graph.output(value)


def lattice(graph, size):
    """Element-wise nodes, each on what the two before compute."""
    before, value = "x", graph.node("Relu", "x")
    for index in range(size - 1):
        op_type = ("Add", "Mul", "Max")[index % 3]
        before, value = value, graph.node(op_type, value, before)
    graph.output(value)


def layers(graph, size):
    """Layers of com.microsoft.MoE, each with a router of its own."""
    value = "x"
    for _ in range(size):
        router = graph.node("MatMul", value, graph.weight([WIDTH, 8]))
        graph.nodes.append(
            helper.make_node(
                "MoE",
                [value, router, graph.weight([8, 32, WIDTH]), "",
                 graph.weight([8, WIDTH, 32])],
                [f"v{len(graph.nodes)}"],
                domain="com.microsoft", activation_type="relu", k=2))
        value = graph.node("Add", value, f"v{len(graph.nodes) - 1}")
    graph.output(value)


def kernels(graph, size):
    """Nodes that cannot share a kernel with the next, no two alike."""
    value = "x"
    for index in range(size):
        wide = graph.node("MatMul", value, graph.weight([WIDTH, index + 1]))
        value = graph.node("MatMul", wide, graph.weight([index + 1, WIDTH]))
    graph.output(value)


def same_kernels(graph, size):
    """Nodes that cannot share a kernel with the next, all alike."""
    value = "x"
    weight = graph.weight([WIDTH, WIDTH])
    for _ in range(size):
        value = graph.node("MatMul", value, weight)
    graph.output(value)


def branches(graph, size):
    """Branches that meet in one sum."""
    ends = []
    for index in range(size):
        value = graph.node("Mul", "x", graph.scalar(index + 2))
        ends.append(graph.node(("Relu", "Abs")[index % 2], value))
    graph.output(graph.node("Sum", *ends))


def wide_sum(graph, size):
    """Branches with a product each, so that the sum reads them all."""
    graph.output(
        graph.node("Sum", *[
            graph.node("MatMul", "x", graph.weight([WIDTH, WIDTH]))
            for _ in range(size)
        ]))


def outputs(graph, size):
    """Results of the model, each of a node of its own."""
    for index in range(size):
        graph.output(graph.node("Mul", "x", graph.scalar(index + 2)))


def running_outputs(graph, size):
    """Results of the model, each read by the node of the next."""
    value = "x"
    for _ in range(size):
        value = graph.node("Mul", value, "x")
        graph.output(value)


# function, sizes
FAMILIES = {
    "chain": (chain, (250, 500, 1000, 2000)),
    "lattice": (lattice, (250, 500, 1000, 2000)),
    "layers": (layers, (1, 2, 4, 8, 16)),
    "kernels": (kernels, (2, 4, 8, 16)),
    "same_kernels": (same_kernels, (250, 500, 1000, 2000)),
    "branches": (branches, (125, 250, 500, 1000)),
    "wide_sum": (wide_sum, (62, 125, 250, 500)),
    "outputs": (outputs, (32, 64, 128, 256)),
    "running_outputs": (running_outputs, (125, 250, 500, 1000)),
}


def processor_seconds(command):
    """Runs `command`; returns the time of all its threads."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        messages = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"compile_growth: exit code {process.returncode} of "
                 f"{' '.join(map(str, command))}\n" + messages.rstrip())
    return usage.ru_utime + usage.ru_stime


def measure(arguments, name):
    """The sizes of a family and moec's seconds for each."""
    make, sizes = FAMILIES[name]
    scaled = sorted({max(1, size // arguments.scale) for size in sizes})
    seconds = []
    for size in scaled:
        graph = Graph()
        make(graph, size)
        model = arguments.dir / f"{name}-{size}.onnx"
        graph.save(model)
        command = [arguments.moec, model, "-o", model.with_suffix(".moe")]
        seconds.append(
            min(processor_seconds(command) for _ in range(arguments.rounds)))
    return scaled, seconds


def main():
    def families(text):
        names = text.split(",")
        for name in names:
            if name not in FAMILIES:
                raise argparse.ArgumentTypeError(
                    f"expected some of {','.join(FAMILIES)}, but got '{name}'")
        return names

    def count(text):
        if not text.isdecimal() or int(text) < 1:
            raise argparse.ArgumentTypeError(
                f"expected a number of at least 1, but got '{text}'")
        return int(text)

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moec", type=pathlib.Path, required=True)
    parser.add_argument("--family", type=families, default=list(FAMILIES))
    parser.add_argument("--scale", type=count, default=1)
    parser.add_argument("--rounds", type=count, default=2)
    parser.add_argument("--dir", type=pathlib.Path,
                        default=pathlib.Path("build/benchmarks/growth"))
    arguments = parser.parse_args()
    if not os.access(arguments.moec, os.X_OK):
        sys.exit(f"compile_growth: cannot run {arguments.moec}: no such "
                 "program; build it with "
                 "'cmake --build --preset dev --target moec'")
    arguments.dir.mkdir(parents=True, exist_ok=True)
    print("| model | sizes | seconds | last growth |")
    print("| --- | --- | --- | --- |")
    for name in arguments.family:
        sizes, seconds = measure(arguments, name)
        growth = (f"{seconds[-1] / seconds[-2]:.1f}" if len(sizes) > 1 else "-")
        print(f"| {name} | {', '.join(map(str, sizes))} | "
              f"{', '.join(f'{value:.2f}' for value in seconds)} | {growth} |",
              flush=True)


if __name__ == "__main__":
    main()
