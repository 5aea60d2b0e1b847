# RUN: %python %s moe-codegen %t
"""Kernels over rows: softmax, layer normalisation and RMS normalisation, with
static and dynamic widths, against float64; a row alone has the bits it has in
any batch, for any split of the items."""

import os
import sys

import ml_dtypes
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from kernels import Kernels, Tensor, Test

HEADER = """
#id = affine_map<(a, b) -> (a, b)>
#row = affine_map<(a, b) -> (a)>
#column = affine_map<(a, b) -> (b)>
"""


def softmax(name, width, element="f32"):
    """As an importer writes it: four operations; f16 in f32, rounded last."""
    x = f"tensor<?x{width}x{element}>"
    t = f"tensor<?x{width}xf32>"
    dims = "%r, %n" if width == "?" else "%r"
    widen = "%v = arith.extf %a : f16 to f32" if element == "f16" else "%v = arith.addf %a, %zero : f32"
    narrow = "%z = arith.truncf %q : f32 to f16" if element == "f16" else "%z = arith.mulf %q, %one : f32"
    return f"""
func.func private @{name}(%x: {x}, %out: {x}) -> {x} attributes {{moe.kernel, moe.outs = 1}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %r = tensor.dim %x, %c0 : {x}
  %n = tensor.dim %x, %c1 : {x}
  %e1 = tensor.empty(%r) : tensor<?xf32>
  %e2 = tensor.empty({dims}) : {t}
  %f1 = linalg.fill ins(%lowest : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {{indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}}
      ins(%x : {x}) outs(%f1 : tensor<?xf32>) {{
  ^bb0(%a: {element}, %m: f32):
    {widen}
    %y = arith.maximumf %v, %m : f32
    linalg.yield %y : f32
  }} -> tensor<?xf32>
  %exp = linalg.generic {{indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}}
      ins(%x, %max : {x}, tensor<?xf32>) outs(%e2 : {t}) {{
  ^bb0(%a: {element}, %m: f32, %o: f32):
    {widen}
    %d = arith.subf %v, %m : f32
    %y = math.exp %d : f32
    linalg.yield %y : f32
  }} -> {t}
  %f2 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {{indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}}
      ins(%exp : {t}) outs(%f2 : tensor<?xf32>) {{
  ^bb0(%a: f32, %s: f32):
    %y = arith.addf %a, %s : f32
    linalg.yield %y : f32
  }} -> tensor<?xf32>
  %res = linalg.generic {{indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}}
      ins(%exp, %sum : {t}, tensor<?xf32>) outs(%out : {x}) {{
  ^bb0(%a: f32, %s: f32, %o: {element}):
    %q = arith.divf %a, %s : f32
    {narrow}
    linalg.yield %z : {element}
  }} -> {x}
  return %res : {x}
}}
"""


def norm(name, width, rms=False):
    """Layer normalisation in five operations, with scale and bias, which also
    returns its mean and 1/deviation; RMS normalisation without the mean."""
    x = f"tensor<?x{width}xf32>"
    v = f"tensor<{width}xf32>"
    dims = "%r, %n" if width == "?" else "%r"
    centre = "%c = arith.subf %a, %zero : f32" if rms else "%c = arith.subf %a, %m : f32"
    return f"""
func.func private @{name}(%x: {x}, %g: {v}, %b: {v}, %out: {x}, %mo: tensor<?xf32>, %io: tensor<?xf32>)
    -> ({x}, tensor<?xf32>, tensor<?xf32>) attributes {{moe.kernel, moe.outs = 3}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %r = tensor.dim %x, %c0 : {x}
  %n = tensor.dim %x, %c1 : {x}
  %ni = arith.index_cast %n : index to i64
  %nf = arith.sitofp %ni : i64 to f32
  %e1 = tensor.empty(%r) : tensor<?xf32>
  %e2 = tensor.empty({dims}) : {x}
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %s = linalg.generic {{indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}}
      ins(%x : {x}) outs(%f1 : tensor<?xf32>) {{
  ^bb0(%a: f32, %m: f32):
    %y = arith.addf %a, %m : f32
    linalg.yield %y : f32
  }} -> tensor<?xf32>
  %mean = linalg.generic {{indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}}
      ins(%s : tensor<?xf32>) outs(%mo : tensor<?xf32>) {{
  ^bb0(%a: f32, %m: f32):
    %y = arith.divf %a, %nf : f32
    linalg.yield %y : f32
  }} -> tensor<?xf32>
  %xc = linalg.generic {{indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}}
      ins(%x, %mean : {x}, tensor<?xf32>) outs(%e2 : {x}) {{
  ^bb0(%a: f32, %m: f32, %o: f32):
    {centre}
    linalg.yield %c : f32
  }} -> {x}
  %sq = linalg.generic {{indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}}
      ins(%xc : {x}) outs(%f1 : tensor<?xf32>) {{
  ^bb0(%a: f32, %m: f32):
    %p = arith.mulf %a, %a : f32
    %y = arith.addf %p, %m : f32
    linalg.yield %y : f32
  }} -> tensor<?xf32>
  %inv = linalg.generic {{indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}}
      ins(%sq : tensor<?xf32>) outs(%io : tensor<?xf32>) {{
  ^bb0(%a: f32, %m: f32):
    %v = arith.divf %a, %nf : f32
    %w = arith.addf %v, %eps : f32
    %d = math.sqrt %w : f32
    %y = arith.divf %one, %d : f32
    linalg.yield %y : f32
  }} -> tensor<?xf32>
  %res = linalg.generic {{indexing_maps = [#id, #row, #column, #column, #id], iterator_types = ["parallel", "parallel"]}}
      ins(%xc, %inv, %g, %b : {x}, tensor<?xf32>, {v}, {v}) outs(%out : {x}) {{
  ^bb0(%a: f32, %i: f32, %s1: f32, %s2: f32, %o: f32):
    %p = arith.mulf %a, %i : f32
    %q = arith.mulf %p, %s1 : f32
    %y = arith.addf %q, %s2 : f32
    linalg.yield %y : f32
  }} -> {x}
  return %res, %mean, %inv : {x}, tensor<?xf32>, tensor<?xf32>
}}
"""


def adversarial(random, rows, width, dtype=np.float32):
    x = random.standard_normal((rows, width)) * 3
    if rows > 4 and width > 2:
        x[1] = 1e4 + random.standard_normal(width) * 1e-1
        x[2, 1] = np.inf
        x[3, 2] = np.nan
        x[4] = -np.inf
        x[0] = 0
    return x.astype(dtype)


def check_softmax(test, kernels, level, random, name, width, dtype=np.float32):
    dynamic = [0, 1] if width is None else [0]
    for columns in [1, 3, 16, 17, 100, 3000] if width is None else [width]:
        for rows in [0, 1, 5, 40]:
            x = adversarial(random, rows, columns, dtype)
            out = np.full_like(x, 7)
            label = f"{name} {level} {rows}x{columns}"
            test.check(kernels.run(name, level, [Tensor(x, dynamic), Tensor(out, dynamic)], chunk=1) == 0, label)
            with np.errstate(all="ignore"):
                d = x.astype(np.float64)
                e = np.exp(d - d.max(axis=1, keepdims=True)) if rows else d
                want = e / e.sum(axis=1, keepdims=True)
            rtol, atol = (5e-6, 1e-38) if dtype is np.float32 else (1e-3, 1e-7)
            test.close(out, want, rtol, atol, label)
            whole = np.full_like(x, 3)
            kernels.run(name, level, [Tensor(x, dynamic), Tensor(whole, dynamic)], workers=1)
            test.same_bits(whole, out, "split of items: " + label)
            for r in range(min(rows, 6)):
                alone = np.full((1, columns), 5, dtype)
                kernels.run(name, level, [Tensor(x[r : r + 1].copy(), dynamic), Tensor(alone, dynamic)])
                test.same_bits(alone[0], out[r], f"row {r} alone of {label}")


def check_norm(test, kernels, level, random, name, width, rms):
    dynamic = [0, 1] if width is None else [0]
    vector = [0] if width is None else []
    for columns in [1, 5, 16, 100, 2500] if width is None else [width]:
        for rows in [0, 1, 5, 300]:
            x = adversarial(random, rows, columns)
            g = random.standard_normal(columns).astype(np.float32)
            b = random.standard_normal(columns).astype(np.float32)

            def run(x, **options):
                out = np.full_like(x, 7)
                mean, inv = (np.full(len(x), 9, np.float32) for _ in range(2))
                kernels.run(name, level, [Tensor(x, dynamic), Tensor(g, vector), Tensor(b, vector),
                                          Tensor(out, dynamic), Tensor(mean), Tensor(inv)], **options)
                return out, mean, inv

            out, mean, inv = run(x, chunk=1)
            label = f"{name} {level} {rows}x{columns}"
            with np.errstate(all="ignore"):
                d = x.astype(np.float64)
                m = d.mean(axis=1)
                c = d if rms else d - m[:, None]
                i = 1 / np.sqrt((c * c).mean(axis=1) + 1e-5)
                want = c * i[:, None] * g + b
                # Cancellation: the error of x - mean is that of x.
                atol = 1e-5 + 2e-6 * np.abs(d).max(axis=1, keepdims=True, initial=0) * i[:, None] * np.abs(g)
            atol = np.where(np.isfinite(atol), atol, 0)
            test.close(out, want, 1e-5, atol, label)
            test.close(mean, m, 1e-5, 1e-5, "mean of " + label)
            for got, again in zip((out, mean, inv), run(x)):
                test.same_bits(again, got, "split of items: " + label)
            for r in range(min(rows, 6)):
                for got, alone in zip((out, mean, inv), run(x[r : r + 1].copy())):
                    test.same_bits(alone[0], got[r], f"row {r} alone of {label}")


def main(tool, folder):
    test = Test()
    text = HEADER + softmax("softmax_64", "64") + softmax("softmax_any", "?") + softmax("softmax_100", "100")
    text += softmax("softmax_f16", "?", "f16") + softmax("softmax_f16_80", "80", "f16")
    text += norm("norm_256", "256") + norm("norm_any", "?") + norm("rms_any", "?", True)
    kernels = Kernels(tool, text, folder)
    random = np.random.default_rng(11)
    for level in kernels.levels:
        check_softmax(test, kernels, level, random, "softmax_64", 64)
        check_softmax(test, kernels, level, random, "softmax_100", 100)
        check_softmax(test, kernels, level, random, "softmax_any", None)
        check_softmax(test, kernels, level, random, "softmax_f16", None, np.float16)
        check_softmax(test, kernels, level, random, "softmax_f16_80", 80, np.float16)
        check_norm(test, kernels, level, random, "norm_256", 256, False)
        check_norm(test, kernels, level, random, "norm_any", None, False)
        check_norm(test, kernels, level, random, "rms_any", None, True)
    test.finish()


main(*sys.argv[1:])
