# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bodies.py BUILD PACKAGE: bodies.mlir against NumPy."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "utils"))

import moe_rt  # noqa: E402

V = np.array([[1, 2, 3, 4], [-1, 0.5, 0.25, 2]], np.float32)


def model(ids, x, z, c, p):
    """What bodies.mlir says, slot by slot."""
    operands, kinds, first = (np.zeros((len(x), 2, 4)) for _ in range(3))
    second = np.zeros((len(x), 2))
    for r, k in np.ndindex(ids.shape):
        e, product = ids[r, k], np.full(4, 0.5 * x[r].sum())
        if 0 <= e < 3:
            operands[r, k] = ((product + z[r, k]) * c + e) / 2
            kinds[r, k] = product
        elif e == 3:
            kinds[r, k] = x[r]
        elif 4 <= e < 6:
            kinds[r, k] = x[r] * V[e - 4]
        if 0 <= e < 5:
            first[r, k] = -x[r]
            second[r, k] = x[r].sum()
    return {"operands": operands, "kinds": (kinds * p[:, :, None]).sum(1),
            "first": first, "second": second}


def main():
    build, package = map(pathlib.Path, sys.argv[1:])
    library = moe_rt.Library(str(build / "runtime" / "libmoe_rt.so"))
    rng = np.random.default_rng(3)
    worst = 0
    for level in (3, 4):
        session = moe_rt.Session(library, package, threads=2, level=level)
        for count in (0, 1, 2, 100):
            inputs = {
                "ids": rng.integers(-1, 8, (count, 2)).astype(np.int32),
                **{name: rng.standard_normal(shape).astype(np.float32)
                   for name, shape in (("x", (count, 4)), ("z", (count, 2, 4)),
                                       ("c", (4,)), ("p", (count, 2)))}}
            got, want = session(**inputs), model(**inputs)
            for name, value in want.items():
                assert got[name].shape == value.shape, (name, count)
                worst = max(worst, np.abs(got[name] - value).max(initial=0))
        session.close()
    print("right" if worst < 1e-5 else f"differs by {worst:.3g}")


if __name__ == "__main__":
    main()
