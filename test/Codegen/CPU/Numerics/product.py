# RUN: %python %s moe-codegen %t
"""Products on packed panels: bit by bit against chains of fma whose sums are added
in ascending order, against float64 within (chain + chains)·eps·Σ|x||w|, and a row
alone against the same row in batches of other sizes, on other numbers of workers,
and at other places."""

import ctypes
import mmap
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from kernels import Kernels, Tensor, Test

WIDTH = 32
CHAIN = 256
EPS = 2.0**-24


class Guarded:
    """Copies arrays to the end of a page after which nothing may be touched."""

    def __init__(self):
        self.protect = ctypes.CDLL(None).mprotect
        self.memory = []

    def __call__(self, array):
        page = mmap.PAGESIZE
        size = -(-max(array.nbytes, 1) // page) * page
        memory = mmap.mmap(-1, size + page)
        self.memory.append(memory)
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        assert self.protect(ctypes.c_void_p(start + size), page, 0) == 0
        copy = np.frombuffer(memory, array.dtype, array.size, size - array.nbytes)
        copy[:] = array.reshape(-1)
        return copy.reshape(array.shape)


def short_normal(random, shape):
    """Normal values of at most 15 bits. Their products are exact in float64, and
    so are sums of these and of float32 in that grid: rounding such a sum to
    float32 is an fma."""
    return (np.round(random.standard_normal(shape) * 4096) / 4096).astype(np.float32)


def fma_chains(x, w):
    totals = None
    for begin in range(0, max(len(w), 1), CHAIN):
        sums = np.zeros((len(x), w.shape[1]), np.float32)
        for i in range(begin, min(begin + CHAIN, len(w))):
            products = x[:, i : i + 1].astype(np.float64) * w[i].astype(np.float64)
            sums = (products + sums).astype(np.float32)
        totals = sums if totals is None else totals + sums
    return totals


# name: (weights, vectors, body, the same in NumPy)
EPILOGUES = {
    "plain": (1, 0, "moe.yield %a0 : f32", lambda a, v: a[0]),
    "bias": (
        1,
        1,
        "%0 = arith.addf %a0, %v0 : f32 moe.yield %0 : f32",
        lambda a, v: a[0] + v[0],
    ),
    "relu": (
        1,
        1,
        """%zero = arith.constant 0.0 : f32
        %0 = arith.addf %a0, %v0 : f32
        %1 = arith.maximumf %0, %zero : f32
        moe.yield %1 : f32""",
        lambda a, v: np.maximum(a[0] + v[0], 0),
    ),
    "first": (2, 0, "moe.yield %a0 : f32", lambda a, v: a[0]),
    "second": (2, 0, "moe.yield %a1 : f32", lambda a, v: a[1]),
    "sum": (
        2,
        2,
        """%0 = arith.addf %a0, %v1 : f32
        %1 = arith.addf %a1, %v0 : f32
        %2 = arith.subf %0, %1 : f32
        moe.yield %2 : f32""",
        lambda a, v: (a[0] + v[1]) - (a[1] + v[0]),
    ),
}


class Product:
    """A product's kernel, its weights, and what it must compute."""

    def __init__(self, name, experts, k, n, epilogue, div=None, grouped=True, pool=False):
        self.name, self.experts, self.k, self.n = name, experts, k, n
        self.epilogue, self.div, self.grouped, self.pool = epilogue, div, grouped, pool
        self.weight_count, self.vector_count, self.body, self.reference = EPILOGUES[epilogue]
        self.columns = WIDTH // self.weight_count
        self.panel_count = -(-n // self.columns)
        self.panel_bytes = self.panel_count * k * WIDTH * 4
        self.stride = (64 + self.panel_bytes + self.vector_count * n * 4 + 127) // 64 * 64
        random = np.random.default_rng(k * 1000 + n)
        shape = (experts, k, n)
        self.weights = [short_normal(random, shape) for _ in range(self.weight_count)]
        self.vectors = [
            short_normal(random, (experts, n)) for _ in range(self.vector_count)
        ]

    def _types(self):
        vector = f"tensor<{self.experts}x{self.n}xf32>"
        return {
            "x": f"tensor<?x{self.k}xf32>",
            "source": "tensor<?xi32>",
            "groups": f"tensor<{self.experts + 1}xi32>",
            "w": f"tensor<{self.experts}x{self.panel_count}x{self.k}x{WIDTH}xf32>",
            "out": f"tensor<?x{self.n}xf32>",
            **{f"b{i}": vector for i in range(self.vector_count)},
        }

    def text(self):
        types = self._types()
        use = lambda name: f"(%{name} : {types[name]})"
        pool_offset = {"w": 64}
        for i in range(self.vector_count):
            pool_offset[f"b{i}"] = 64 + self.panel_bytes + i * self.n * 4
        names = ["x"] + ["source"] * bool(self.div) + ["groups"] * self.grouped
        names += ["w"] + [f"b{i}" for i in range(self.vector_count)] + ["out"]
        arguments = []
        for name in names:
            attribute = ""
            if self.pool and name in pool_offset:
                place = f"stride = {self.stride} : i64, offset = {pool_offset[name]} : i64"
                attribute = f" {{moe.pool = {{{place}}}}}"
            arguments.append(f"%{name} : {types[name]}{attribute}")
        op = f"moe.panel_matmul {self.weight_count} rows{use('x')}"
        if self.div:
            op += f" by{use('source')} div {self.div}"
        if self.grouped:
            op += f" groups{use('groups')}"
        op += f" panels{use('w')}"
        if self.vectors:
            vectors = [f"b{i}" for i in range(self.vector_count)]
            op += f" vectors({', '.join('%' + v for v in vectors)} : "
            op += f"{', '.join(types[v] for v in vectors)})"
        scalars = [f"%a{i} : f32" for i in range(self.weight_count)]
        scalars += [f"%v{i} : f32" for i in range(self.vector_count)]
        return f"""
func.func private @{self.name}({', '.join(arguments)}) -> {types['out']}
    attributes {{moe.kernel, moe.outs = 1}} {{
  %0 = {op} outs{use('out')} {{
  ^bb0({', '.join(scalars)}):
    {self.body}
  }}
  return %0 : {types['out']}
}}
"""

    def packed(self):
        # What pads the last panel must not matter.
        shape = (self.experts, self.panel_count, self.k, WIDTH)
        panels = np.full(shape, np.nan, np.float32)
        for p in range(self.panel_count):
            columns = slice(p * self.columns, min(self.n, (p + 1) * self.columns))
            for m, weight in enumerate(self.weights):
                part = weight[:, :, columns]
                panels[:, p, :, m * self.columns : m * self.columns + part.shape[2]] = part
        return panels

    def weight_arguments(self, guard):
        panels = self.packed()
        if not self.pool:
            return [Tensor(guard(panels), [])] + [Tensor(guard(v), []) for v in self.vectors]
        slots = self.experts + 3
        memory = np.full(slots * self.stride + 64, 0xFF, np.uint8)
        memory = memory[-memory.ctypes.data % 64 :][: slots * self.stride]
        slot_of = np.random.default_rng(5).permutation(slots)[: self.experts].astype(np.int32)
        for e, slot in enumerate(slot_of):
            part = panels[e].tobytes() + b"".join(v[e].tobytes() for v in self.vectors)
            at = int(slot) * self.stride + 64
            memory[at : at + len(part)] = np.frombuffer(part, np.uint8)
        return [(memory, slot_of)] * (1 + self.vector_count)


def run(kernels, product, level, x, counts, source=None, workers=2, chunk=1):
    """The results; places that belong to no expert keep NaN."""
    places = len(source) if product.div else len(x)
    guard = Guarded()
    out = guard(np.full((places, product.n), np.nan, np.float32))
    arguments = [Tensor(guard(x), [0])]
    if product.div:
        arguments.append(Tensor(guard(source), [0]))
    if product.grouped:
        groups = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        arguments.append(Tensor(guard(groups), []))
    arguments += product.weight_arguments(guard) + [Tensor(out, [0])]
    code = kernels.run(product.name, level, arguments, workers, chunk)
    assert code == 0, code
    return out.copy()


def check_values(test, product, x, counts, source, out, message):
    total = sum(counts)
    rows = source[:total] // product.div if product.div else np.arange(total)
    begin = 0
    for e, count in enumerate(counts):
        place = slice(begin, begin + count)
        begin += count
        xe = x[rows[place]].astype(np.float64)
        chains = [fma_chains(x[rows[place]], w[e]) for w in product.weights]
        same = product.reference(chains, [v[e] for v in product.vectors])
        test.same_bits(out[place], same, f"{message}, chains of expert {e}")
        sums = [xe @ w[e].astype(np.float64) for w in product.weights]
        sizes = [np.abs(xe) @ np.abs(w[e]).astype(np.float64) for w in product.weights]
        vectors = [v[e].astype(np.float64) for v in product.vectors]
        want = product.reference(sums, vectors)
        # The products' bound; each addition after them rounds once more.
        size = sum(sizes) + sum(np.abs(v) for v in vectors)
        # As many roundings as a term goes through in its chain and after it.
        roundings = min(product.k, CHAIN) + -(-product.k // CHAIN) - 1
        bound = (roundings + 3) * EPS * size
        test.check(
            bool((np.abs(out[place] - want) <= bound).all()), f"{message}, expert {e} of {count}"
        )
    test.check(bool(np.isnan(out[total:]).all()), f"{message}, rows of no expert")


PRODUCTS = [
    Product("plain", 5, 64, 64, "plain"),
    Product("by", 3, 37, 45, "sum", div=3),
    Product("pool", 4, 129, 40, "relu", div=2, pool=True),
    Product("pool2", 3, 5, 21, "sum", pool=True),
    Product("tiny", 2, 1, 1, "bias"),
    Product("first", 2, 33, 16, "first"),
    Product("second", 2, 33, 16, "second"),
    Product("one", 1, 40, 70, "bias", div=1),
    Product("deep", 2, 3000, 33, "plain"),
    Product("chain", 2, 256, 40, "plain"),
    Product("longer", 2, 257, 16, "sum"),
    Product("chains", 2, 512, 40, "relu", div=2),
    Product("dense_chains", 1, 771, 70, "bias", grouped=False),
    Product("dense", 1, 100, 70, "bias", grouped=False),
    Product("dense_by", 1, 31, 100, "plain", grouped=False, div=4),
    Product("wide", 8, 256, 1024, "plain"),
]
COUNTS = [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [7, 0, 15, 2, 64], [65, 3, 14, 13, 33]]
COUNTS += [[0, 2, 3, 4, 5], [6, 31, 0, 8, 128]]


def check_products(test, kernels, level):
    random = np.random.default_rng(2)
    for product in PRODUCTS:
        for number, counts in enumerate(COUNTS):
            counts = (counts + counts)[-product.experts :]
            total = sum(counts)
            spare = 3 if product.grouped else 0
            rows = total + spare
            source = None
            if product.div:
                rows = -(-(total + spare) // product.div) + 1
                source = random.integers(0, rows * product.div, total + spare).astype(np.int32)
            x = short_normal(random, (rows, product.k))
            out = run(kernels, product, level, x, counts, source, workers=1 + number % 3)
            check_values(test, product, x, counts, source, out, f"{product.name} {level} {counts}")


def check_invariance(test, kernels, level):
    random = np.random.default_rng(3)
    for name in ["dense", "dense_chains"]:
        dense = next(p for p in PRODUCTS if p.name == name)
        x = random.standard_normal((512, dense.k), np.float32)
        alone = np.concatenate([run(kernels, dense, level, x[i : i + 1], [1]) for i in range(512)])
        for rows in [*range(2, 30), 31, 33, 63, 64, 65, 127, 128, 129, 512]:
            for workers in [1, 2, 3, 64]:
                for chunk in [1, None]:
                    out = run(kernels, dense, level, x[-rows:], [rows], None, workers, chunk)
                    test.same_bits(out, alone[-rows:], f"{name} {level} {rows} rows, {workers} workers")
    grouped = next(p for p in PRODUCTS if p.name == "by")
    x = random.standard_normal((40, grouped.k), np.float32)
    # The same row for every place: each expert has one result, whatever its rows.
    for row in [0, 17]:
        want = [
            run(kernels, grouped, level, x, np.eye(3, dtype=int)[e], np.array([row * 3], np.int32))
            for e in range(3)
        ]
        for counts in [[1, 2, 3], [4, 5, 6], [15, 16, 17], [63, 64, 65], [200, 0, 9]]:
            source = np.full(sum(counts), row * 3 + 1, np.int32)
            out = run(kernels, grouped, level, x, counts, source, 3)
            test.same_bits(out, np.repeat(np.concatenate(want), counts, 0), f"by {level} {counts}")


def check_items(test, kernels, level):
    """Enough items for many workers, long ones for few."""
    random = np.random.default_rng(4)
    for name, counts in [("wide", [1] * 8), ("wide", [16] * 8), ("dense", [512])]:
        product = next(p for p in PRODUCTS if p.name == name)
        x = short_normal(random, (sum(counts), product.k))
        for workers, least, most in [(64, 4 * 64, 8 * 64), (2, 4 * 2, 24)]:
            if name == "dense" and workers == 64:
                # No fewer than 14 rows to a block, and three panels are short.
                least = 512 // 14
            run(kernels, product, level, x, counts, None, workers)
            test.check(
                least <= kernels.items <= most,
                f"{name} {level} {counts}, {workers} workers: {kernels.items} items",
            )


def main(tool, folder):
    test = Test()
    kernels = Kernels(tool, "".join(product.text() for product in PRODUCTS), folder)
    for level in kernels.levels:
        check_products(test, kernels, level)
        check_invariance(test, kernels, level)
        check_items(test, kernels, level)
    test.finish()


main(*sys.argv[1:])
