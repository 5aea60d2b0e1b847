# RUN: %python %s moe-codegen %t
"""Kernels of every kind an importer makes: reductions over any axes and types,
moves (copy, transpose, slice, concatenation, gather), booleans, half floats,
products of two activations, several results, scalars, failing checks."""

import os
import sys

import ml_dtypes
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from kernels import Kernels, Tensor, Test

DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16, "bf16": ml_dtypes.bfloat16,
          "i64": np.int64, "i32": np.int32, "i8": np.int8, "i1": np.bool_}


def dims(letters):
    return "(" + ", ".join(letters) + ")"


def amap(loops, exprs):
    return f"affine_map<{dims(loops)} -> {dims(exprs)}>"


def tensor(rank, element):
    return f"tensor<{'?x' * rank}{element}>"


# ---- reductions -------------------------------------------------------------

COMBINERS = {
    "sum": (lambda t: "arith.addf" if t[0] in "fb" else "arith.addi", "0", np.add),
    "max": (lambda t: "arith.maximumf" if t[0] in "fb" else "arith.maxsi", "low", np.maximum),
    "and": (lambda t: "arith.andi", "true", np.logical_and),
    "or": (lambda t: "arith.ori", "false", np.logical_or),
    "prod": (lambda t: "arith.mulf" if t[0] in "fb" else "arith.muli", "1", np.multiply),
}


def identity(kind, element):
    if kind in ("true", "false"):
        return kind
    if kind == "low":
        return {"f32": "0xFF800000", "i64": str(-(2**63)), "bf16": "0xFF80"}[element]
    return kind + (".0" if element[0] in "fb" else "")


def reduction(name, combiner, element, axes, rank):
    """Accumulates f16 and bf16 in f32 and rounds at the end."""
    op, init, _ = COMBINERS[combiner]
    wide = "f32" if element in ("f16", "bf16") and combiner != "max" else element
    loops = "abcd"[:rank]
    kept = [l for i, l in enumerate(loops) if i not in axes]
    kinds = ", ".join('"reduction"' if i in axes else '"parallel"' for i in range(rank))
    x, a, o = tensor(rank, element), tensor(len(kept), wide), tensor(len(kept), element)
    sizes = [i for i in range(rank) if i not in axes]
    lines = [f"%c{i} = arith.constant {i} : index" for i in sizes]
    lines += [f"%d{i} = tensor.dim %x, %c{i} : {x}" for i in sizes]
    widen = f"%v = arith.extf %e : {element} to f32" if wide != element else ""
    v = "%v" if wide != element else "%e"
    keep = amap(kept, kept)
    body = f"""
  {chr(10).join(lines)}
  %init = arith.constant {identity(init, wide)} {"" if wide == "i1" else ": " + wide}
  %empty = tensor.empty({", ".join(f"%d{i}" for i in sizes)}) : {a}
  %f = linalg.fill ins(%init : {wide}) outs({"%empty" if wide != element else "%out"} : {a}) -> {a}
  %0 = linalg.generic {{indexing_maps = [{amap(loops, loops)}, {amap(loops, kept)}], iterator_types = [{kinds}]}}
      ins(%x : {x}) outs(%f : {a}) {{
  ^bb0(%e: {element}, %acc: {wide}):
    {widen}
    %y = {op(wide)} %acc, {v} : {wide}
    linalg.yield %y : {wide}
  }} -> {a}"""
    result = "%0"
    if wide != element:
        parallel = ", ".join('"parallel"' for _ in kept)
        body += f"""
  %1 = linalg.generic {{indexing_maps = [{keep}, {keep}], iterator_types = [{parallel}]}}
      ins(%0 : {a}) outs(%out : {o}) {{
  ^bb0(%e: {wide}, %acc: {element}):
    %y = arith.truncf %e : {wide} to {element}
    linalg.yield %y : {element}
  }} -> {o}"""
        result = "%1"
    return f"""
func.func private @{name}(%x: {x}, %out: {o}) -> {o} attributes {{moe.kernel, moe.outs = 1}} {{{body}
  return {result} : {o}
}}
"""


REDUCTIONS = [(c, t, axes, rank) for c, t, axes, rank in [
    ("sum", "f32", (1,), 2), ("sum", "f32", (0,), 2), ("sum", "f32", (0, 1), 2), ("sum", "f32", (1,), 3),
    ("sum", "f32", (0, 2), 3), ("sum", "f32", (1, 2), 3), ("sum", "f32", (0,), 1), ("sum", "f64", (1,), 2),
    ("sum", "f16", (1,), 2), ("sum", "f16", (0,), 2), ("sum", "bf16", (1,), 2), ("sum", "bf16", (0, 1), 2),
    ("sum", "i64", (1,), 2), ("sum", "i64", (0,), 2), ("sum", "i64", (0, 1), 2), ("sum", "i32", (1,), 2),
    ("sum", "i8", (1,), 2), ("max", "f32", (1,), 2), ("max", "f32", (0,), 2), ("max", "f32", (0, 1), 2),
    ("max", "i64", (1,), 2), ("max", "bf16", (1,), 2), ("and", "i1", (1,), 2), ("or", "i1", (0,), 2),
    ("and", "i1", (0, 1), 2), ("prod", "f32", (1,), 2), ("prod", "i64", (0, 1), 2)]]


def check_reductions(test, kernels, level, random):
    for combiner, element, axes, rank in REDUCTIONS:
        name = f"{combiner}_{element}_{''.join(map(str, axes))}of{rank}"
        dtype = DTYPES[element]
        for shape in [(5, 37, 3), (1, 16, 16), (2, 100, 33), (0, 4, 2), (3, 0, 5), (70, 129, 1)]:
            shape = shape[:rank] if rank > 1 else shape[1:2]
            x = values(random, shape, dtype)
            if combiner == "prod":
                x = (np.abs(x.astype(np.float64)) % 1 + 0.5).astype(dtype) if element[0] == "f" else x % 5
            ufunc = COMBINERS[combiner][2]
            wide = x.astype(np.float64) if dtype not in (np.int64, np.int32, np.int8, np.bool_) else x
            start = {"max": -np.inf if element[0] in "fb" else -(2**63), "and": True, "or": False}.get(combiner)
            with np.errstate(all="ignore"):
                want = ufunc.reduce(wide, axis=axes, **({} if start is None else {"initial": start}))
                if dtype in (np.int32, np.int8):
                    want = np.add.reduce(x, axis=axes, dtype=dtype)
                want = np.asarray(want).astype(dtype)
            out = np.full(want.shape, 1, dtype)
            code = kernels.run(name, level, [Tensor(x), Tensor(out)], chunk=1)
            label = f"{name} {level} {shape}"
            test.check(code == 0, label)
            if element in ("f32", "f64", "f16", "bf16") and combiner != "max":
                eps = {"f32": 6e-8, "f64": 1e-16, "f16": 5e-4, "bf16": 4e-3}[element]
                total = np.add.reduce(np.abs(wide), axis=axes) if combiner == "sum" else np.abs(want.astype(float))
                scale = 40 * 6e-8 if element != "f64" else 4e-15
                test.close(out, want, 2 * eps, scale * np.asarray(total), label)
            else:
                test.same_bits(out, want, label)
            again = np.full(want.shape, 0, dtype)
            kernels.run(name, level, [Tensor(x), Tensor(again)], workers=1)
            test.same_bits(again, out, "split of items: " + label)


def values(random, shape, dtype):
    if dtype is np.bool_:
        return random.random(shape) < 0.9
    if dtype in (np.int64, np.int32, np.int8):
        bits = {np.int64: 2**62, np.int32: 2**31, np.int8: 127}[dtype]
        return random.integers(-bits, bits, shape).astype(dtype)
    return (random.standard_normal(shape) * 3).astype(dtype)


# ---- moves ------------------------------------------------------------------

MOVES = """
func.func private @copy(%x: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  return %x : tensor<?x?xf32>
}
func.func private @transpose(%x: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.transpose ins(%x : tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) permutation = [1, 0]
  return %0 : tensor<?x?xf32>
}
func.func private @transpose4(%x: tensor<?x12x?x64xf16>, %out: tensor<?x?x12x64xf16>) -> tensor<?x?x12x64xf16>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.transpose ins(%x : tensor<?x12x?x64xf16>) outs(%out : tensor<?x?x12x64xf16>) permutation = [0, 2, 1, 3]
  return %0 : tensor<?x?x12x64xf16>
}
func.func private @slice(%x: tensor<?x?xf32>, %from: index, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tensor.dim %out, %c0 : tensor<?x?xf32>
  %n = tensor.dim %out, %c1 : tensor<?x?xf32>
  %0 = tensor.extract_slice %x[0, %from] [%r, %n] [1, 2] : tensor<?x?xf32> to tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func private @split(%x: tensor<?x48xf32>, %a: tensor<?x16xf32>, %b: tensor<?x32xf32>)
    -> (tensor<?x16xf32>, tensor<?x32xf32>) attributes {moe.kernel, moe.outs = 2} {
  %c0 = arith.constant 0 : index
  %r = tensor.dim %x, %c0 : tensor<?x48xf32>
  %0 = tensor.extract_slice %x[0, 0] [%r, 16] [1, 1] : tensor<?x48xf32> to tensor<?x16xf32>
  %1 = tensor.extract_slice %x[0, 16] [%r, 32] [1, 1] : tensor<?x48xf32> to tensor<?x32xf32>
  return %0, %1 : tensor<?x16xf32>, tensor<?x32xf32>
}
func.func private @concat(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %m = tensor.dim %y, %c1 : tensor<?x?xf32>
  %0 = tensor.insert_slice %x into %out[0, 0] [%r, %n] [1, 1] : tensor<?x?xf32> into tensor<?x?xf32>
  %1 = tensor.insert_slice %y into %0[0, %n] [%r, %m] [1, 1] : tensor<?x?xf32> into tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}
func.func private @concat_by_index(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      outs(%out : tensor<?x?xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %first = arith.cmpi slt, %j, %n : index
    %v = scf.if %first -> (f32) {
      %e = tensor.extract %x[%i, %j] : tensor<?x?xf32>
      scf.yield %e : f32
    } else {
      %k = arith.subi %j, %n : index
      %e = tensor.extract %y[%i, %k] : tensor<?x?xf32>
      scf.yield %e : f32
    }
    linalg.yield %v : f32
  } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func private @gather(%x: tensor<?x?xf32>, %i: tensor<?xi64>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<?xi64>) outs(%out : tensor<?x?xf32>) {
  ^bb0(%e: i64, %o: f32):
    %p = arith.index_cast %e : i64 to index
    %j = linalg.index 1 : index
    %v = tensor.extract %x[%p, %j] : tensor<?x?xf32>
    linalg.yield %v : f32
  } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func private @argmax(%x: tensor<?x?xf32>, %v: tensor<?xf32>, %i: tensor<?xi64>) -> (tensor<?xf32>, tensor<?xi64>)
    attributes {moe.kernel, moe.outs = 2} {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0 : i64
  %f = linalg.fill ins(%low : f32) outs(%v : tensor<?xf32>) -> tensor<?xf32>
  %g = linalg.fill ins(%zero : i64) outs(%i : tensor<?xi64>) -> tensor<?xi64>
  %0:2 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%f, %g : tensor<?xf32>, tensor<?xi64>) {
  ^bb0(%e: f32, %best: f32, %at: i64):
    %j = linalg.index 1 : index
    %j64 = arith.index_cast %j : index to i64
    %better = arith.cmpf ogt, %e, %best : f32
    %nb = arith.select %better, %e, %best : f32
    %na = arith.select %better, %j64, %at : i64
    linalg.yield %nb, %na : f32, i64
  } -> (tensor<?xf32>, tensor<?xi64>)
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xi64>
}
func.func private @divide(%x: tensor<?xi64>, %y: tensor<?xi64>, %out: tensor<?xi64>) -> tensor<?xi64>
    attributes {moe.kernel, moe.outs = 1} {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %0 = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      ins(%x, %y : tensor<?xi64>, tensor<?xi64>) outs(%out : tensor<?xi64>) {
  ^bb0(%a: i64, %b: i64, %o: i64):
    %good = arith.cmpi ne, %b, %zero : i64
    cf.assert %good, "division by zero"
    %d = arith.select %good, %b, %one : i64
    %q = arith.divsi %a, %d : i64
    linalg.yield %q : i64
  } -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
func.func private @booleans(%x: tensor<?x?xf32>, %m: tensor<?x?xi1>, %c: tensor<?x?xi1>, %s: tensor<?x?xf32>)
    -> (tensor<?x?xi1>, tensor<?x?xf32>) attributes {moe.kernel, moe.outs = 2} {
  %zero = arith.constant 0.0 : f32
  %0 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<?x?xf32>, tensor<?x?xi1>) outs(%c : tensor<?x?xi1>) {
  ^bb0(%a: f32, %b: i1, %o: i1):
    %p = arith.cmpf ogt, %a, %zero : f32
    %q = arith.andi %p, %b : i1
    linalg.yield %q : i1
  } -> tensor<?x?xi1>
  %1 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%0, %x : tensor<?x?xi1>, tensor<?x?xf32>) outs(%s : tensor<?x?xf32>) {
  ^bb0(%b: i1, %a: f32, %o: f32):
    %v = arith.select %b, %a, %zero : f32
    linalg.yield %v : f32
  } -> tensor<?x?xf32>
  return %0, %1 : tensor<?x?xi1>, tensor<?x?xf32>
}
func.func private @scalar(%x: tensor<f32>, %k: i64, %out: tensor<f32>) -> tensor<f32>
    attributes {moe.kernel, moe.outs = 1} {
  %f = arith.sitofp %k : i64 to f32
  %0 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%x : tensor<f32>) outs(%out : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %v = arith.mulf %a, %f : f32
    linalg.yield %v : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}
func.func private @constant(%out: tensor<4xf32>) -> tensor<4xf32> attributes {moe.kernel, moe.outs = 1} {
  %0 = arith.constant dense<[1.0, -0.0, 2.5, 3.0]> : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @same_twice(%x: tensor<?xf32>, %a: tensor<?xf32>, %b: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>)
    attributes {moe.kernel, moe.outs = 2} {
  %0 = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%a : tensor<?xf32>) {
  ^bb0(%e: f32, %o: f32):
    %v = arith.negf %e : f32
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %0, %0 : tensor<?xf32>, tensor<?xf32>
}
func.func private @static(%x: tensor<3x5xf32>, %out: tensor<5xf32>) -> tensor<5xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%out : tensor<5xf32>) -> tensor<5xf32>
  %0 = linalg.reduce ins(%x : tensor<3x5xf32>) outs(%f : tensor<5xf32>) dimensions = [0]
    (%a: f32, %b: f32) {
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    }
  return %0 : tensor<5xf32>
}
func.func private @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func private @scores(%a: tensor<?x?x64xf32>, %b: tensor<?x?x64xf32>, %out: tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%out : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(n, i, j, k) -> (n, i, k)>, affine_map<(n, i, j, k) -> (n, j, k)>, affine_map<(n, i, j, k) -> (n, i, j)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<?x?x64xf32>, tensor<?x?x64xf32>) outs(%f : tensor<?x?x?xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}
"""


def half_chain(element):
    t = f"tensor<?x{element}>"
    return f"""
func.func private @chain_{element}(%x: {t}, %y: {t}, %out: {t}) -> {t} attributes {{moe.kernel, moe.outs = 1}} {{
  %0 = linalg.generic {{indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}}
      ins(%x, %y : {t}, {t}) outs(%out : {t}) {{
  ^bb0(%a: {element}, %b: {element}, %o: {element}):
    %s = arith.addf %a, %b : {element}
    %p = arith.mulf %s, %a : {element}
    %n = arith.negf %b : {element}
    %c = arith.cmpf olt, %p, %n : {element}
    %d = arith.divf %p, %b : {element}
    %v = arith.select %c, %d, %p : {element}
    linalg.yield %v : {element}
  }} -> {t}
  return %0 : {t}
}}
"""


def check_moves(test, kernels, level, random):
    run = lambda name, *arguments, **o: kernels.run(name, level, list(arguments), **o)
    for r, n in [(0, 3), (1, 1), (5, 7), (33, 100), (260, 70)]:
        x = values(random, (r, n), np.float32)
        y = values(random, (r, n + 3), np.float32)
        out = np.zeros_like(x)
        run("copy", Tensor(x), Tensor(out), chunk=1)
        test.same_bits(out, x, f"copy {level} {r}x{n}")
        out = np.zeros((n, r), np.float32)
        run("transpose", Tensor(x), Tensor(out), chunk=1)
        test.same_bits(out, np.ascontiguousarray(x.T), f"transpose {level} {r}x{n}")
        want = np.ascontiguousarray(y[:, 1::2])
        out = np.zeros_like(want)
        run("slice", Tensor(y), 1, Tensor(out), chunk=1)
        test.same_bits(out, want, f"slice {level} {r}x{n}")
        want = np.concatenate([x, y], 1)
        for name in ("concat", "concat_by_index"):
            out = np.zeros_like(want)
            run(name, Tensor(x), Tensor(y), Tensor(out), chunk=1)
            test.same_bits(out, want, f"{name} {level} {r}x{n}")
        z = values(random, (r, 48), np.float32)
        a, b = np.zeros((r, 16), np.float32), np.zeros((r, 32), np.float32)
        run("split", Tensor(z, [0]), Tensor(a, [0]), Tensor(b, [0]))
        test.same_bits(np.concatenate([a, b], 1), z, f"split {level} {r}")
        m = random.random((r, n)) < 0.5
        c, s = np.ones((r, n), np.bool_), np.zeros((r, n), np.float32)
        run("booleans", Tensor(x), Tensor(m), Tensor(c), Tensor(s), chunk=1)
        test.same_bits(c, (x > 0) & m, f"booleans {level} {r}x{n}")
        test.same_bits(s, np.where((x > 0) & m, x, np.float32(0)), f"select {level} {r}x{n}")
        v, i = np.zeros(r, np.float32), np.zeros(r, np.int64)
        if r:
            x[0] = 1
            run("argmax", Tensor(x), Tensor(v), Tensor(i))
            test.same_bits(i, x.argmax(1), f"argmax {level} {r}x{n}")
            test.same_bits(v, x.max(1), f"argmax value {level} {r}x{n}")
    x = values(random, (3, 12, 9, 64), np.float16)
    out = np.zeros((3, 9, 12, 64), np.float16)
    run("transpose4", Tensor(x, [0, 2]), Tensor(out, [0, 1]), chunk=1)
    test.same_bits(out, np.ascontiguousarray(x.transpose(0, 2, 1, 3)), f"transpose4 {level}")
    x = np.array(1.5, np.float32)
    out = np.zeros((), np.float32)
    run("scalar", Tensor(x), -3, Tensor(out))
    test.same_bits(out, np.asarray(np.float32(-4.5)), f"scalar {level}")
    out = np.zeros(4, np.float32)
    run("constant", Tensor(out, []))
    test.same_bits(out, np.array([1, -0.0, 2.5, 3], np.float32), f"constant {level}")
    x = values(random, 40000, np.float32)
    a, b = np.zeros_like(x), np.zeros_like(x)
    run("same_twice", Tensor(x), Tensor(a), Tensor(b), chunk=1)
    test.same_bits(a, -x, f"first of same_twice {level}")
    test.same_bits(b, -x, f"second of same_twice {level}")
    x = values(random, (3, 5), np.float32)
    out = np.zeros(5, np.float32)
    run("static", Tensor(x, []), Tensor(out, []))
    test.close(out, x.sum(0), 1e-6, 1e-6, f"static {level}")


def check_failures(test, kernels, level, random):
    for rows, columns, count in [(5, 33, 9), (1, 1, 300), (7, 5000, 4), (0, 4, 0), (0, 4, 3)]:
        x = values(random, (rows, columns), np.float32)
        i = random.integers(0, max(rows, 1), count)
        out = np.full((count, columns), 7, np.float32)
        code = kernels.run("gather", level, [Tensor(x), Tensor(i), Tensor(out)], chunk=1)
        if rows:
            test.check(code == 0, f"gather code {level}")
            test.same_bits(out, x[i], f"gather {level} {rows}x{columns}")
            for bad in (rows, -1, 2**62, -(2**63)):
                i[count // 2] = bad
                code = kernels.run("gather", level, [Tensor(x), Tensor(i), Tensor(out)])
                test.check(code == 1, f"gather at {bad} fails with 1, not {code}")
        else:
            test.check(code == (1 if count else 0), f"gather from nothing {level} {code}")
    a = random.integers(-99, 99, 50)
    b = random.integers(1, 9, 50)
    out = np.zeros(50, np.int64)
    test.check(kernels.run("divide", level, [Tensor(a), Tensor(b), Tensor(out)]) == 0, "divide")
    test.same_bits(out, np.trunc(a / b).astype(np.int64), f"divide {level}")
    b[33] = 0
    test.check(kernels.run("divide", level, [Tensor(a), Tensor(b), Tensor(out)]) == 2, "division by zero fails with 2")


def check_halves(test, kernels, level, random):
    for element in ("f16", "bf16", "f32"):
        dtype = DTYPES[element]
        for n in (0, 1, 15, 64, 1000, 20000):
            x, y = values(random, n, dtype), values(random, n, dtype)
            if n > 20:
                x[:6] = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-7], dtype)
                y[3:9] = np.array([0.0, 1, -1, np.nan, np.inf, 6e4], dtype)
            out = np.full_like(x, 7)
            kernels.run("chain_" + element, level, [Tensor(x), Tensor(y), Tensor(out)], chunk=1)
            f = lambda v: v.astype(np.float32)
            r = lambda v: v.astype(dtype)
            with np.errstate(all="ignore"):
                s = r(f(x) + f(y))
                p = r(f(s) * f(x))
                want = np.where(f(p) < -f(y), r(f(p) / f(y)), p)
            # Which NaN it is does not matter.
            same = (out == want) & (np.signbit(f(out)) == np.signbit(f(want))) | np.isnan(f(out)) & np.isnan(f(want))
            test.check(bool(same.all()), f"chain {element} {level} {n}: {np.flatnonzero(~same)[:5]}")


def check_products(test, kernels, level, random):
    for m, n, k in [(1, 1, 1), (5, 33, 17), (0, 4, 4), (64, 100, 65), (3, 5, 0)]:
        a, b = values(random, (m, k), np.float32), values(random, (k, n), np.float32)
        out = np.full((m, n), 7, np.float32)
        kernels.run("matmul", level, [Tensor(a), Tensor(b), Tensor(out)], chunk=1)
        bound = 1e-7 * (k + 2) * (np.abs(a).astype(float) @ np.abs(b).astype(float))
        test.close(out, a.astype(float) @ b.astype(float), 0, bound, f"matmul {level} {m}x{n}x{k}")
        for r in range(min(m, 3)):
            alone = np.zeros((1, n), np.float32)
            kernels.run("matmul", level, [Tensor(a[r : r + 1].copy()), Tensor(b), Tensor(alone)])
            test.same_bits(alone[0], out[r], f"row {r} alone of matmul {level}")
    for batch, i, j in [(2, 3, 5), (1, 1, 40), (3, 17, 16)]:
        a, b = values(random, (batch, i, 64), np.float32), values(random, (batch, j, 64), np.float32)
        out = np.zeros((batch, i, j), np.float32)
        kernels.run("scores", level, [Tensor(a, [0, 1]), Tensor(b, [0, 1]), Tensor(out)], chunk=1)
        want = np.einsum("nik,njk->nij", a.astype(float), b.astype(float))
        test.close(out, want, 0, 1e-4, f"scores {level}")


def main(tool, folder):
    test = Test()
    text = MOVES + half_chain("f16") + half_chain("bf16") + half_chain("f32")
    for c, t, axes, rank in REDUCTIONS:
        text += reduction(f"{c}_{t}_{''.join(map(str, axes))}of{rank}", c, t, axes, rank)
    kernels = Kernels(tool, text, folder)
    random = np.random.default_rng(5)
    for level in kernels.levels:
        check_reductions(test, kernels, level, random)
        check_moves(test, kernels, level, random)
        check_failures(test, kernels, level, random)
        check_halves(test, kernels, level, random)
        check_products(test, kernels, level, random)
    test.finish()


main(*sys.argv[1:])
