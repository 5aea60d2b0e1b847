# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The graph that a package keeps of its model.

    source_graph.py write FOLDER     writes FOLDER/model.onnx and its external data
    source_graph.py check FOLDER     reads the sections of FOLDER/model.moe from
                                     `moec inspect --json` on stdin

Whatever the model says must be in the package but the bytes of large tensors, in
whose place it says where they are.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from google.protobuf.internal import encoder
from onnx import TensorProto, helper, numpy_helper

LARGE = (2, 40, 32)


def external(name, array, path, offset):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT,
                         dims=array.shape,
                         data_location=TensorProto.EXTERNAL)
    for key, value in (("location", path.name), ("offset", offset),
                       ("length", array.nbytes)):
        tensor.external_data.add(key=key, value=str(value))
    with open(path, "r+b" if path.exists() else "wb") as file:
        file.seek(offset)
        file.write(array.tobytes())
    return tensor


def write(folder):
    rng = np.random.default_rng(0)

    def values(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    floats = helper.make_tensor("spelled", TensorProto.FLOAT, [2, 40],
                                values(80))
    halves = helper.make_tensor("halves", TensorProto.FLOAT16, [32, 40],
                                values(1280))
    function = helper.make_function(
        "local", "Halve", ["a"], ["b"],
        [helper.make_node("Constant", [], ["two"], name="two",
                          value=numpy_helper.from_array(np.float32(2))),
         helper.make_node("Div", ["a", "two"], ["b"], name="div")],
        [helper.make_opsetid("", 21)])
    nodes = [
        helper.make_node("Halve", ["x"], ["half"], name="call",
                         domain="local"),
        helper.make_node("Cast", ["halves"], ["wide"], name="cast",
                         to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["half", "wide"], ["up"], name="up"),
        helper.make_node("MatMul", ["up", "back"], ["rows"], name="down"),
        helper.make_node("MatMul", ["rows", "router"], ["logits"],
                         name="router"),
        helper.make_node("MoE", ["rows", "logits", "fc1", "spelled", "fc2"],
                         ["y"], name="layer", domain="com.microsoft", k=1,
                         activation_type="silu", activation_alpha=1.0,
                         doc_string="the layer"),
        helper.make_node("Constant", [], ["table"], name="table",
                         value=numpy_helper.from_array(values(40, 32))),
        helper.make_node("ReduceSum", ["table"], ["total"], name="sum",
                         keepdims=0),
        helper.make_node("Add", ["y", "total"], ["z"], name="add"),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "graph", [info("x", TensorProto.FLOAT, ["rows", 32])],
        [info("z", TensorProto.FLOAT, ["rows", 32])],
        [numpy_helper.from_array(values(*LARGE), "fc1"),
         external("fc2", values(2, 32, 40), folder / "model.bin", 64),
         external("router", values(32, 2), folder / "model.bin", 64 + 10240),
         floats, halves,
         numpy_helper.from_array(values(40, 32), "back")],
        doc_string="a graph", value_info=[
            info("logits", TensorProto.FLOAT, ["rows", 2])])
    model = helper.make_model(
        graph, ir_version=10, functions=[function], producer_name="test",
        opset_imports=[helper.make_opsetid("", 21),
                       helper.make_opsetid("local", 1),
                       helper.make_opsetid("com.microsoft", 1)])
    helper.set_model_props(model, {"author": "nobody"})
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def tensors(model):
    """Every tensor of a model, in order."""
    yield from model.graph.initializer
    for nodes in [model.graph.node] + [f.node for f in model.functions]:
        for node in nodes:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t


def clear(tensor):
    """Leaves what says which tensor it is."""
    kept = TensorProto(name=tensor.name, data_type=tensor.data_type,
                       dims=tensor.dims)
    tensor.CopyFrom(kept)


def check(folder):
    package = json.load(sys.stdin)
    [place] = [s for s in package["sections"] if s["type"] == "source"]
    whole = (folder / "model.moe").read_bytes()
    section = whole[place["offset"]:place["offset"] + place["bytes"]]
    kept = onnx.load_model_from_string(section)
    model_bytes = (folder / "model.onnx").read_bytes()
    model = onnx.load_model_from_string(model_bytes)
    files = {"model.onnx": model_bytes,
             "model.bin": (folder / "model.bin").read_bytes()}

    full = onnx.load_model(folder / "model.onnx")
    names = []
    for old, new in zip(tensors(full), tensors(kept), strict=True):
        array = numpy_helper.to_array(old)
        if array.size <= 1024:
            # The graph means nothing without these.
            assert np.array_equal(array, numpy_helper.to_array(new)), old.name
            continue
        names.append(old.name)
        assert new.data_location == TensorProto.EXTERNAL, old.name
        assert not new.raw_data and not new.float_data and not new.int32_data
        entries = {e.key: e.value for e in new.external_data}
        begin = int(entries["offset"])
        data = files[entries["location"]]
        data = data[begin:begin + int(entries["length"])]
        if entries.get("encoding") == "varint":
            spelled = TensorProto.FromString(
                b"\x2a" + encoder._VarintBytes(len(data)) + data)
            data = np.array(spelled.int32_data, np.uint16).tobytes()
        assert data == array.tobytes(), old.name
        # Nowhere in the section, in whatever alignment.
        for at in range(0, len(data) - 16, 1024):
            assert data[at:at + 16] not in section, old.name
    assert len(names) == 5, names

    for tensor in tensors(model):
        clear(tensor)
    for tensor in tensors(kept):
        clear(tensor)
    assert kept == model, "more than tensor data differs"
    assert len(section) < 4096, len(section)
    print("complete, and without weights")


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](pathlib.Path(sys.argv[2]))
