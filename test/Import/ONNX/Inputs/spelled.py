# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models whose large tensors are spelled out number by number.

    spelled.py FOLDER

`good.onnx` sums each tensor with what is left to its right, `bad.onnx` has lists
that do not fit. Expected sums are written as NAME.npy.
"""

import pathlib
import sys

import numpy as np
import onnx
from google.protobuf.internal import encoder
from onnx import TensorProto, helper, numpy_helper

ROWS, COLUMNS = 200, 100
FIELDS = {"int32_data": 5, "int64_data": 7, "uint64_data": 11}
# ONNX's type, the field, NumPy's type of the bits.
TYPES = {
    "f16": (TensorProto.FLOAT16, "int32_data", np.uint16),
    "bf16": (TensorProto.BFLOAT16, "int32_data", np.uint16),
    "i8": (TensorProto.INT8, "int32_data", np.int8),
    "u8": (TensorProto.UINT8, "int32_data", np.uint8),
    "i16": (TensorProto.INT16, "int32_data", np.int16),
    "u16": (TensorProto.UINT16, "int32_data", np.uint16),
    "i32": (TensorProto.INT32, "int32_data", np.int32),
    "i64": (TensorProto.INT64, "int64_data", np.int64),
    "u32": (TensorProto.UINT32, "uint64_data", np.uint32),
    "u64": (TensorProto.UINT64, "uint64_data", np.uint64),
    "bool": (TensorProto.BOOL, "int32_data", np.uint8),
    "f32": (TensorProto.FLOAT, "float_data", np.float32),
    "f64": (TensorProto.DOUBLE, "double_data", np.float64),
}


def bits(name, rng):
    kind = TYPES[name][2]
    size = (ROWS, COLUMNS)
    if name == "bool":
        return rng.integers(0, 2, size).astype(kind)
    if name in ("f16", "bf16"):
        # Halves of small numbers, of either sign.
        values = (rng.integers(-64, 64, size) / 2).astype(np.float32)
        if name == "f16":
            return values.astype(np.float16).view(np.uint16)
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    if kind in (np.float32, np.float64):
        return (rng.integers(-64, 64, size) / 2).astype(kind)
    # Values of one to ten bytes, whose sums fit.
    limit = min(np.iinfo(kind).max, 1 << 52)
    return rng.integers(max(np.iinfo(kind).min, -limit), limit, size,
                        dtype=np.int64).astype(kind)


def tensor(name, kind, field, values):
    result = TensorProto(name=name, data_type=kind, dims=values.shape)
    getattr(result, field).extend(values.ravel().tolist())
    return result


def good(folder):
    rng = np.random.default_rng(5)
    initializers, nodes, outputs = [], [], []
    for name, (kind, field, _) in TYPES.items():
        values = bits(name, rng)
        initializers.append(tensor(name, kind, field, values))
        wide = TensorProto.DOUBLE
        nodes.append(helper.make_node("Cast", [name], [f"wide.{name}"],
                                      to=wide))
        nodes.append(helper.make_node("Add", [f"wide.{name}", "zero"],
                                      [f"sum.{name}"]))
        outputs.append(helper.make_tensor_value_info(
            f"sum.{name}", wide, values.shape))
        stored = helper.make_tensor("t", kind, values.shape,
                                    values.tobytes(), raw=True)
        np.save(folder / f"{name}.npy",
                numpy_helper.to_array(stored).astype(np.float64))
    # Larger than a constant of the IR may be, so that it stays in the file.
    assert ROWS * COLUMNS * 8 > 1 << 16
    graph = helper.make_graph(
        nodes, "graph",
        [helper.make_tensor_value_info("zero", TensorProto.DOUBLE, [1])],
        outputs, initializers)
    model = helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", 21)])
    (folder / "good.onnx").write_bytes(model.SerializeToString())
    np.save(folder / "zero.npy", np.zeros(1))


def message(field, body):
    return (encoder._VarintBytes(field << 3 | 2) +
            encoder._VarintBytes(len(body)) + body)


def raw_tensor(name, kind, field, body, packed=True):
    head = TensorProto(name=name, data_type=kind, dims=(1100,))
    data = message(FIELDS[field], body) if packed else body
    return head.SerializeToString() + data


def bad(folder):
    half = TensorProto.FLOAT16
    parts = [
        raw_tensor("short", half, "int32_data", b"\x01" * 1099),
        raw_tensor("cut", half, "int32_data", b"\x01" * 1099 + b"\x80"),
        raw_tensor("long", half, "int32_data",
                   b"\x01" * 1099 + b"\xff" * 10 + b"\x01"),
        raw_tensor("field", half, "int64_data", b"\x01" * 1100),
        raw_tensor("single", half, "int32_data", b"\x28\x01" * 1100,
                   packed=False),
    ]
    graph = b"".join(message(5, part) for part in parts)
    opset = helper.make_opsetid("", 21).SerializeToString()
    model = b"\x08\x0a" + message(7, message(2, b"graph") + graph)
    (folder / "bad.onnx").write_bytes(model + message(8, opset))


if __name__ == "__main__":
    FOLDER = pathlib.Path(sys.argv[1])
    good(FOLDER)
    bad(FOLDER)
    onnx.checker.check_model(onnx.load(FOLDER / "good.onnx"))
