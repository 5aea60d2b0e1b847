"""usage: arrays.py FOLDER

Writes the arrays that the tests of moe-run read.
"""
import os
import struct
import sys

import numpy as np

os.chdir(sys.argv[1])


def raw(name, header, data=b"", version=1):
    text = header if isinstance(header, bytes) else header.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY" + bytes([version, 0]) + length + text + data)


# For small.moe, with what it computes in float64.
x = (np.arange(80, dtype=np.float32).reshape(10, 8) - 33) / 7
k, n, e = np.arange(8), np.arange(4), np.arange(10) % 4
w = 0.25 * k[:, None] - 0.37 * n[None] + 0.1
y = (x.astype(np.float64) @ w / 3 + 1.5 * e[:, None] - 0.7 * n[None]).astype(np.float32)
np.save("x.npy", x)
np.save("x-fortran.npy", np.asfortranarray(x))
np.save("y.npy", y)
np.save("x-f64.npy", x.astype(np.float64))
np.save("x-wide.npy", np.zeros((10, 9), np.float32))
np.save("x-flat.npy", np.zeros(80, np.float32))
np.save("x-big.npy", x.astype(">f4"))
np.save("x-records.npy", np.zeros(3, [("a", "<f4")]))
np.save("x-text.npy", np.array(["a", "b"]))
np.save("x-none.npy", np.zeros((0, 8), np.float32))
np.save("y-none.npy", np.zeros((0, 4), np.float32))
np.save("y-short.npy", y[:9])
off = y.copy()
off[3, 2] += 0.5
off[7, 0] -= 0.25
np.save("y-off.npy", off)
off[5, 1] = np.nan
np.save("y-nan.npy", off)

np.save("d-inf.npy", np.array([np.inf, -np.inf, 1]))
np.save("d-swapped.npy", np.array([-np.inf, -np.inf, 1]))
np.save("d-finite.npy", np.array([1e300, -np.inf, 1]))

# Files that are damaged or hostile.
good = "{'descr': '<f4', 'fortran_order': False, 'shape': (10, 8), }"
raw("version2.npy", good, x.tobytes(), 2)
raw("version3.npy", good, x.tobytes(), 3)
raw("version9.npy", good, x.tobytes(), 9)
raw("cut-data.npy", good, x.tobytes()[:-1])
raw("long-data.npy", good, x.tobytes() + b"x")
raw("huge.npy", good.replace("10, 8", "4294967296, 4294967296"))
raw("huger.npy", good.replace("10", "99999999999999999999"))
raw("negative.npy", good.replace("10", "-10"))
raw("no-shape.npy", "{'descr': '<f4', 'fortran_order': False}")
raw("no-header.npy", "")
raw("long-header.npy", good, version=2)
with open("long-header.npy", "r+b") as file:
    file.seek(8)
    file.write(b"\xff\xff\xff\x7f")
with open("text.npy", "w") as file:
    file.write("not an array\n")
with open("empty.npy", "w") as file:
    pass
os.mkdir("folder.npy")

# For copy.moe.
np.save("b.npy", np.array([True, False, True]))
np.save("i.npy", np.array([-1, 0, 2**62], np.int64))
np.save("h.npy", np.array([1.5, -0.0, np.inf], np.float16))
np.save("bf.npy", np.array([0x3F80, 0xBF80, 0x7FC0], np.uint16).view("V2"))
np.save("d.npy", np.array([1e300, np.nan, -1.0]))
np.save("u2.npy", np.array([1, 2, 3], np.uint16))
raw("b-two.npy", "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", b"\0\2\1")
with open("bf.npy", "rb") as file:
    bf = file.read()
with open("bf-order.npy", "wb") as file:
    file.write(bf.replace(b"|V2", b"<V2"))

# For collide.moe and inputs.moe.
np.save("three.npy", np.zeros(3, np.float32))
np.save("ids.npy", np.zeros(3, np.int32))
np.save("mask.npy", np.zeros((4, 2), bool))
