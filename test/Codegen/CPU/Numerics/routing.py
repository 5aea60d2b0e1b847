# RUN: %python %s moe-codegen %t
"""top_k, take, normalize, group and combine against their descriptions."""

import os
import sys

import ml_dtypes
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from kernels import Kernels, Tensor, Test

TYPES = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16, "f64": np.float64}


def text():
    parts = []
    for t in TYPES:
        parts.append(f"""
func.func private @route_{t}(%s: tensor<?x?x{t}>, %limit: index, %i: tensor<?x?xi32>, %w: tensor<?x?x{t}>,
    %n: tensor<?x?x{t}>, %m: tensor<?x?x{t}>)
    -> (tensor<?x?xi32>, tensor<?x?x{t}>, tensor<?x?x{t}>, tensor<?x?x{t}>)
    attributes {{moe.kernel, moe.outs = 4}} {{
  %0 = moe.top_k %s : tensor<?x?x{t}> limit(%limit) outs(%i : tensor<?x?xi32>)
  %1 = moe.take %s at %0 : tensor<?x?x{t}>, tensor<?x?xi32> outs(%w : tensor<?x?x{t}>)
  %2 = moe.normalize sum %1 over %0 eps 1.0e-3 : tensor<?x?x{t}>, tensor<?x?xi32> outs(%n : tensor<?x?x{t}>)
  %3 = moe.normalize softmax %1 over %0 : tensor<?x?x{t}>, tensor<?x?xi32> outs(%m : tensor<?x?x{t}>)
  return %0, %1, %2, %3 : tensor<?x?xi32>, tensor<?x?x{t}>, tensor<?x?x{t}>, tensor<?x?x{t}>
}}
func.func private @combine_at_{t}(%y: tensor<?x?x?x{t}>, %i: tensor<?x?xi32>, %w: tensor<?x?xf32>, %o: tensor<?x?x{t}>)
    -> tensor<?x?x{t}> attributes {{moe.kernel, moe.outs = 1}} {{
  %0 = moe.combine %y : tensor<?x?x?x{t}> at(%i : tensor<?x?xi32>) with(%w : tensor<?x?xf32>) outs(%o : tensor<?x?x{t}>)
  return %0 : tensor<?x?x{t}>
}}
func.func private @combine_from_{t}(%y: tensor<?x?x{t}>, %p: tensor<?x?xi32>, %w: tensor<?x?x{t}>, %o: tensor<?x?x{t}>)
    -> tensor<?x?x{t}> attributes {{moe.kernel, moe.outs = 1}} {{
  %0 = moe.combine %y : tensor<?x?x{t}> from(%p : tensor<?x?xi32>) with(%w : tensor<?x?x{t}>) outs(%o : tensor<?x?x{t}>)
  return %0 : tensor<?x?x{t}>
}}
""")
    parts.append("""
func.func private @combine_plain(%y: tensor<?x4x3x5xf32>, %i: tensor<?x4xi32>, %o: tensor<?x3x5xf32>)
    -> tensor<?x3x5xf32> attributes {moe.kernel, moe.outs = 1} {
  %0 = moe.combine %y : tensor<?x4x3x5xf32> at(%i : tensor<?x4xi32>) outs(%o : tensor<?x3x5xf32>)
  return %0 : tensor<?x3x5xf32>
}
func.func private @take_vector(%t: tensor<?xi64>, %i: tensor<?x?xi32>, %o: tensor<?x?xi64>) -> tensor<?x?xi64>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = moe.take %t at %i : tensor<?xi64>, tensor<?x?xi32> outs(%o : tensor<?x?xi64>)
  return %0 : tensor<?x?xi64>
}
func.func private @group(%ids: tensor<?x?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %p: tensor<?x?xi32>)
    -> (tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) attributes {moe.kernel, moe.outs = 3} {
  %0, %1, %2 = moe.group %ids : tensor<?x?xi32> outs(%o, %s, %p : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>)
  return %0, %1, %2 : tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>
}
""")
    return "\n".join(parts)


def top_k(scores, k, limit):
    rows, experts = scores.shape
    ids = np.full((rows, k), -1, np.int32)
    limit = max(0, min(limit, k, experts))
    for r in range(rows):
        s = scores[r].astype(np.float64)
        # NaN first, then by value; sort is stable, so ties keep the lower id.
        order = sorted(range(experts), key=lambda e: (not np.isnan(s[e]), -s[e] if not np.isnan(s[e]) else 0))
        ids[r, :limit] = order[:limit]
    return ids


def take(table, ids, experts):
    out = np.zeros(ids.shape, table.dtype)
    for at in np.ndindex(ids.shape):
        if 0 <= ids[at] < experts:
            out[at] = table[at[0], ids[at]] if table.ndim == 2 else table[ids[at]]
    return out


def normalize(w, ids, arithmetic, kind):
    out = np.zeros(w.shape, arithmetic)
    wide = w.astype(arithmetic)
    with np.errstate(all="ignore"):
        for r in range(len(w)):
            filled = np.flatnonzero(ids[r] >= 0)
            if not len(filled):
                continue
            t = wide[r]
            if kind == "softmax":
                m = wide[r][filled].max()
                t = np.exp((wide[r] - m).astype(np.float64)).astype(arithmetic)
            s = arithmetic(0)
            for k in filled:
                s = arithmetic(s + t[k])
            if kind == "sum":
                s = arithmetic(s + arithmetic(1e-3))
            for k in filled:
                out[r, k] = arithmetic(0) if kind == "sum" and s == 0 else t[k] / s
    return out


def scores_of(random, rows, experts, dtype):
    s = random.standard_normal((rows, experts))
    s = np.where(random.random(s.shape) < 0.3, np.round(s), s)
    odd = random.random((rows, 1)) < 0.3
    pick = random.choice([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0], s.shape)
    s = np.where(odd & (random.random(s.shape) < 0.3), pick, s)
    if rows:
        s[0] = -np.inf
    if rows > 1:
        s[1] = 0.5
    return s.astype(dtype)


def check_route(test, kernels, level, random):
    for name, dtype in TYPES.items():
        arithmetic = np.float64 if name == "f64" else np.float32
        for rows, experts, k, limit in [(0, 8, 2, 2), (1, 1, 1, 1), (5, 8, 8, 8), (37, 64, 8, 8),
                                        (9, 128, 4, 2), (3, 4, 6, 9), (3, 5, 2, 0), (3, 5, 2, -3), (70, 7, 3, 3)]:
            s = scores_of(random, rows, experts, dtype)
            ids = np.full((rows, k), 99, np.int32)
            w, n, m = (np.full((rows, k), 7, dtype) for _ in range(3))
            code = kernels.run("route_" + name, level,
                               [Tensor(s), limit, Tensor(ids), Tensor(w), Tensor(n), Tensor(m)], chunk=1)
            label = f"{level} {name} {rows}x{experts} k={k} limit={limit}"
            test.check(code == 0, f"code of {label}")
            want = top_k(s, k, limit)
            test.same_bits(ids, want, f"top_k {label}")
            picked = take(s, want, experts)
            test.same_bits(w, picked, f"take {label}")
            eps = {"f32": 1e-6, "f64": 1e-14, "f16": 1e-3, "bf16": 8e-3}[name]
            test.close(n, normalize(picked, want, arithmetic, "sum").astype(dtype), eps, 0, f"sum {label}")
            test.close(m, normalize(picked, want, arithmetic, "softmax").astype(dtype), eps, 1e-30, f"softmax {label}")
    table = random.integers(-9, 9, 6)
    ids = np.array([[0, 5, 6, -1, -7, 2**31 - 1]], np.int32)
    out = np.zeros(ids.shape, np.int64)
    kernels.run("take_vector", level, [Tensor(table), Tensor(ids), Tensor(out)])
    test.same_bits(out, take(table, ids, 6), f"take_vector {level}")


def group(ids, experts):
    slots = ids.reshape(-1)
    filled = [s for s in range(len(slots)) if 0 <= slots[s] < experts]
    order = sorted(filled, key=lambda s: slots[s])
    position = np.full(len(slots), -1, np.int32)
    position[order] = np.arange(len(order))
    counts = np.bincount(slots[filled], minlength=experts)[:experts] if filled else np.zeros(experts, int)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), np.array(order, np.int32), position.reshape(ids.shape)


def check_group(test, kernels, level, random):
    for rows, k, experts in [(0, 8, 64), (1, 1, 1), (1, 8, 64), (7, 2, 8), (512, 8, 64), (300, 3, 0), (40, 1, 200)]:
        ids = random.integers(-2, experts + 2, (rows, k)).astype(np.int32)
        if rows == 7:
            ids[:] = 5
        offsets = np.full(experts + 1, 77, np.int32)
        source = np.full(rows * k, -5, np.int32)
        position = np.full((rows, k), 77, np.int32)
        kernels.run("group", level, [Tensor(ids), Tensor(offsets), Tensor(source), Tensor(position)])
        o, s, p = group(ids, experts)
        label = f"{level} {rows}x{k} of {experts}"
        test.same_bits(offsets, o, f"offsets {label}")
        test.same_bits(source[: o[-1]], s, f"source {label}")
        test.same_bits(position, p, f"position {label}")


def combine(y, w, filled, entry, dtype, arithmetic):
    """fma in float64: exact products of two f32, then one rounding to f32."""
    rows, k = filled.shape
    out = np.zeros((rows,) + y.shape[1:], arithmetic)
    with np.errstate(all="ignore"):
        for r in range(rows):
            for j in range(k):
                if filled[r, j]:
                    v = y[entry[r, j]].astype(np.float64)
                    if arithmetic is np.float32:
                        v = v * np.float64(np.float32(w[r, j]))
                        out[r] = (v + out[r]).astype(np.float32)
                    else:
                        out[r] += v * np.float64(w[r, j])
    return out.astype(dtype)


def check_combine(test, kernels, level, random):
    for name, dtype in TYPES.items():
        arithmetic = np.float64 if name == "f64" else np.float32
        for rows, k, width in [(0, 2, 8), (1, 1, 1), (3, 2, 64), (5, 8, 100), (33, 4, 171), (2, 0, 9)]:
            y = random.standard_normal((rows, k, width)).astype(dtype)
            ids = random.integers(-1, 3, (rows, k)).astype(np.int32)
            w = random.standard_normal((rows, k)).astype(np.float32)
            if y.size > 20:
                y[0, 0, :3] = [np.inf, np.nan, -0.0]
                w[0, 0] = 0
            out = np.full((rows, width), 7, dtype)
            kernels.run("combine_at_" + name, level, [Tensor(y), Tensor(ids), Tensor(w), Tensor(out)], chunk=1)
            entry = np.arange(rows * k).reshape(rows, k)
            flat = y.reshape(rows * k, width)
            want = combine(flat, w, ids >= 0, entry, dtype, arithmetic)
            label = f"{level} {name} {rows}x{k}x{width}"
            # The reference rounds twice where a product and sum need more than 53 bits.
            eps = {"f32": 3e-7, "f64": 1e-13, "f16": 1e-3, "bf16": 8e-3}[name]
            test.close(out, want, eps, eps, f"combine at {label}")
            places = rows * k
            position = random.permutation(np.arange(-2, places - 2)).reshape(rows, k).astype(np.int32)
            if places > 4:
                position.flat[3] = places
            typed = w.astype(dtype)
            out = np.full((rows, width), 7, dtype)
            kernels.run("combine_from_" + name, level, [Tensor(flat), Tensor(position), Tensor(typed), Tensor(out)])
            filled = (position >= 0) & (position < places)
            want = combine(flat, typed, filled, position, dtype, arithmetic)
            test.close(out, want, eps, eps, f"combine from {label}")
            # A row alone has the bits it has among others.
            for r in range(rows):
                alone = np.full((1, width), 7, dtype)
                kernels.run("combine_from_" + name, level,
                            [Tensor(flat), Tensor(position[r : r + 1].copy()), Tensor(typed[r : r + 1].copy()), Tensor(alone)])
                test.same_bits(alone[0], out[r], f"row {r} alone of {label}")
    y = random.standard_normal((6, 4, 3, 5)).astype(np.float32)
    ids = random.integers(-1, 2, (6, 4)).astype(np.int32)
    ids[2] = -1
    out = np.full((6, 3, 5), 7, np.float32)
    kernels.run("combine_plain", level, [Tensor(y, [0]), Tensor(ids, [0]), Tensor(out, [0])])
    want = np.zeros_like(out)
    for r in range(6):
        for j in range(4):
            if ids[r, j] >= 0:
                want[r] = want[r] + y[r, j]
    test.same_bits(out, want, f"combine plain {level}")


def main(tool, folder):
    test = Test()
    kernels = Kernels(tool, text(), folder)
    random = np.random.default_rng(7)
    for level in kernels.levels:
        check_route(test, kernels, level, random)
        check_group(test, kernels, level, random)
        check_combine(test, kernels, level, random)
    test.finish()


main(*sys.argv[1:])
