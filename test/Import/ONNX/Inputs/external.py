# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes models with external data, good and bad, to the current folder."""

import os

import numpy as np
import onnx
from onnx import TensorProto, helper

SHAPE = (40, 40)


def tensor(name, entries, shape=SHAPE):
    result = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape,
                         data_location=TensorProto.EXTERNAL)
    for key, value in entries:
        result.external_data.add(key=key, value=value)
    return result


def save(path, tensors):
    outputs = [onnx.ValueInfoProto(name=t.name) for t in tensors]
    graph = helper.make_graph([], "graph", [], outputs, tensors)
    model = helper.make_model(graph, ir_version=8,
                              opset_imports=[helper.make_opsetid("", 17)])
    with open(path, "wb") as file:
        file.write(model.SerializeToString())


def main():
    data = np.arange(1632, dtype=np.float32).tobytes()
    for path in ("w.bin", "sub/w.bin", "hard.bin", "../store/w.bin"):
        with open(path, "wb") as file:
            file.write(data)
    os.link("hard.bin", "hard2.bin")
    os.symlink("w.bin", "link.bin")
    os.symlink("../store", "linked")
    os.mkfifo("pipe")
    save("good.onnx", [
        tensor("near", [("location", "w.bin")]),
        tensor("far", [("location", "sub/w.bin"), ("offset", "128"),
                       ("length", "6400")]),
        tensor("small", [("location", "w.bin")], (3,)),
    ])

    def bad(name, location, *entries):
        return tensor(name, [("location", location), *entries])

    save("linked.onnx", [bad("w", "linked/w.bin")])
    save("bad.onnx", [
        bad("up", "../store/w.bin"),
        bad("absolute", "/etc/passwd"),
        tensor("no_place", []),
        bad("missing", "missing.bin"),
        bad("link", "link.bin"),
        bad("link_folder", "linked/w.bin"),
        bad("hard", "hard.bin"),
        bad("pipe", "pipe"),
        bad("folder", "sub"),
        bad("short", "w.bin", ("offset", "256")),
        bad("beyond", "w.bin", ("offset", str(2**64 - 1))),
        bad("negative", "w.bin", ("offset", "-1")),
        bad("length", "w.bin", ("length", "6000")),
        bad("two", "w.bin", ("location", "w.bin")),
    ])


main()
