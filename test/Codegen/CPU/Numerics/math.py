# RUN: %python %s moe-codegen %t
"""Error bounds of transcendental functions against float64, over the bit
patterns of all floats (every 4099th, or every STEPth with a third argument),
and the values where they usually go wrong."""

import math
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from kernels import Kernels, Tensor, Test

erf = np.vectorize(math.erf, otypes=[np.float64])

# name: (reference, bound in ulp of f32)
SINGLE = {
    "exp": (np.exp, 1.1),
    "exp2": (np.exp2, 1.1),
    "expm1": (np.expm1, 0.6),
    "log": (np.log, 0.6),
    "log2": (np.log2, 0.6),
    "log10": (np.log10, 0.6),
    "log1p": (np.log1p, 0.6),
    "tanh": (np.tanh, 2.0),
    "erf": (erf, 2.0),
    "sin": (np.sin, 0.6),
    "cos": (np.cos, 0.6),
    "tan": (np.tan, 0.6),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5),
    "sqrt": (np.sqrt, 0.5),
    "sinh": (np.sinh, 0.6),
    "cosh": (np.cosh, 0.6),
    "asinh": (np.arcsinh, 0.6),
    "acosh": (np.arccosh, 0.6),
    "atanh": (np.arctanh, 0.6),
    "atan": (np.arctan, 0.6),
    "asin": (np.arcsin, 0.6),
    "acos": (np.arccos, 0.6),
}
# name: (reference, bound in ulp of f64; the reference itself is good to 1)
DOUBLE = {
    "exp": (np.exp, 2.0),
    "expm1": (np.expm1, 5.0),
    "log": (np.log, 2.0),
    "log2": (np.log2, 3.0),
    "log10": (np.log10, 3.0),
    "log1p": (np.log1p, 3.0),
    "tanh": (np.tanh, 5.0),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 2.0),
}


def unary(name, op, element):
    return f"""
func.func private @{name}(%x: tensor<?x{element}>, %out: tensor<?x{element}>) -> tensor<?x{element}>
    attributes {{moe.kernel, moe.outs = 1}} {{
  %0 = linalg.generic {{indexing_maps = [#id, #id], iterator_types = ["parallel"]}}
      ins(%x : tensor<?x{element}>) outs(%out : tensor<?x{element}>) {{
  ^bb0(%a: {element}, %b: {element}):
    %c = math.{op} %a : {element}
    linalg.yield %c : {element}
  }} -> tensor<?x{element}>
  return %0 : tensor<?x{element}>
}}
"""


POW = """
func.func private @pow(%x: tensor<?xf32>, %y: tensor<?xf32>, %out: tensor<?xf32>) -> tensor<?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %y : tensor<?xf32>, tensor<?xf32>) outs(%out : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %c = math.powf %a, %b : f32
    linalg.yield %c : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
"""


def text():
    parts = ["#id = affine_map<(a) -> (a)>", POW]
    parts += [unary(f"{op}_f32", op, "f32") for op in SINGLE]
    parts += [unary(f"{op}_f64", op, "f64") for op in DOUBLE]
    parts += [unary(f"{op}_f16", op, "f16") for op in ("exp", "tanh", "erf", "sqrt")]
    return "\n".join(parts)


def check_ulp(test, got, want, dtype, bound, message):
    """`want` is float64; the error is counted in units of `dtype` at it."""
    with np.errstate(all="ignore"):
        rounded = want.astype(dtype)
        special = ~np.isfinite(rounded) | (rounded == 0)
        unit = np.spacing(np.abs(rounded)).astype(np.float64)
        error = np.abs(got.astype(np.float64) - want) / unit
        same = (got == rounded) & (np.signbit(got) == np.signbit(rounded))
        same |= np.isnan(got) & np.isnan(rounded)
        # At the border to zero and infinity the bound is one step.
        near = np.isinf(rounded) & (np.abs(got) == np.finfo(dtype).max)
        near |= (rounded == 0) & (np.abs(got) <= np.finfo(dtype).smallest_subnormal)
        good = np.where(special, same | (near & np.isfinite(want) & (want != 0)), error <= bound)
    worst = np.nanmax(np.where(special, 0, error)) if len(error) else 0
    if not good.all():
        at = np.flatnonzero(~good)[0]
        message += f" ({(~good).sum()} of {len(good)}, first {got[at]!r} for {want[at]!r} at {at})"
    test.check(bool(good.all()), f"{message}: worst {worst:.3f} ulp, bound {bound}")
    return worst


def main(tool, folder, step="4099"):
    test = Test()
    kernels = Kernels(tool, text(), folder)
    patterns = np.arange(0, 2**32, int(step), np.uint64).astype(np.uint32)
    specials = np.array(
        [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 2**-149, -(2**-149), 2**-126, 0.5,
         88.72283, 88.72284, 89.5, -87.33655, -103.97, -103.98, 104.0, 1e-30, 3.0, 4.0, 0.92,
         0.625, 0.34, -0.34, 3.1415927, 1.5707964, 1e22, 3.4e38, 16777216.0, 8388608.0, 1 - 2**-24],
        np.float32)
    single = np.concatenate([patterns.view(np.float32), specials])
    random = np.random.default_rng(3)
    double = np.concatenate([
        random.integers(0, 2**64, 200000, np.uint64).view(np.float64),
        random.uniform(-750, 750, 200000), random.standard_normal(200000),
        random.uniform(-1e-3, 1e-3, 200000), specials.astype(np.float64),
        np.array([709.78, 709.79, -745.13, -745.14, 2.0**-1074, 2.0**-1022, 1e300])])
    half = np.arange(65536, dtype=np.uint16).view(np.float16)
    for level in kernels.levels:
        for name, (reference, bound) in SINGLE.items():
            x = single
            if name == "erf" and step == "4099":
                x = np.concatenate([single[::8], specials, random.uniform(-4, 4, 20000).astype(np.float32)])
            out = np.empty_like(x)
            kernels.run(name + "_f32", level, [Tensor(x), Tensor(out)])
            with np.errstate(all="ignore"):
                want = reference(x.astype(np.float64))
            worst = check_ulp(test, out, want, np.float32, bound, f"{name} f32 {level}")
            print(f"{level} {name} f32 {worst:.3f}")
        for name, (reference, bound) in DOUBLE.items():
            out = np.empty_like(double)
            kernels.run(name + "_f64", level, [Tensor(double), Tensor(out)])
            with np.errstate(all="ignore"):
                want = reference(double)
            worst = check_ulp(test, out, want, np.float64, bound, f"{name} f64 {level}")
            print(f"{level} {name} f64 {worst:.3f}")
        for name in ("exp", "tanh", "erf", "sqrt"):
            out = np.empty_like(half)
            kernels.run(name + "_f16", level, [Tensor(half), Tensor(out)])
            with np.errstate(all="ignore"):
                want = SINGLE[name][0](half.astype(np.float64))
            check_ulp(test, out, want, np.float16, 0.501, f"{name} f16 {level}")
        powers(test, kernels, level, random, specials)
    test.finish()


def powers(test, kernels, level, random, specials):
    edges = np.concatenate([specials, np.array([2, -2, 0.5, -0.5, 1.5, 1e-40, 3e38, 16777217, 1e30], np.float32)])
    x, y = (a.ravel() for a in np.meshgrid(edges, edges))
    x = np.concatenate([x, random.uniform(0, 100, 100000), random.standard_normal(100000) * 5]).astype(np.float32)
    y = np.concatenate([y, random.uniform(-20, 20, 100000), random.integers(-9, 9, 100000)]).astype(np.float32)
    out = np.empty_like(x)
    kernels.run("pow", level, [Tensor(x), Tensor(y), Tensor(out)])
    with np.errstate(all="ignore"):
        want = np.power(x.astype(np.float64), y.astype(np.float64))
    worst = check_ulp(test, out, want, np.float32, 0.6, f"pow {level}")
    print(f"{level} pow {worst:.3f}")


main(*sys.argv[1:])
