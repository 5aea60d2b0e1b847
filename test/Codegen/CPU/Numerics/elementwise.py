# RUN: %python %s moe-codegen %t
"""Elementwise kernels: chains, broadcasts, types, no rows, item splits."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "Inputs"))
from kernels import Kernels, Tensor, Test

TEXT = """
#id = affine_map<(a, b) -> (a, b)>
#row = affine_map<(a, b) -> (b)>
func.func private @twice(%x: tensor<?x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %a : f32
    linalg.yield %c : f32
  } -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

func.func private @chain(%x: tensor<?x?xf32>, %y: tensor<?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {moe.kernel, moe.outs = 1} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %e = tensor.empty(%r, %n) : tensor<?x?xf32>
  %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %c = arith.addf %a, %b : f32
    linalg.yield %c : f32
  } -> tensor<?x?xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %x : tensor<?x?xf32>, tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %c = arith.mulf %a, %b : f32
    linalg.yield %c : f32
  } -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}
"""


def main(tool, folder):
    test = Test()
    kernels = Kernels(tool, TEXT, folder)
    random = np.random.default_rng(1)
    for level in kernels.levels:
        for rows in [0, 1, 2, 127, 128, 129, 1000]:
            for chunk in [None, 1]:
                x = random.standard_normal((rows, 64), np.float32)
                out = np.full_like(x, np.nan)
                kernels.run("twice", level, [Tensor(x, [0]), Tensor(out, [0])], chunk=chunk)
                test.same_bits(out, x + x, f"twice {level} {rows}")
            for columns in [0, 1, 7, 33, 9000]:
                x = random.standard_normal((rows, columns), np.float32)
                y = random.standard_normal(columns, np.float32)
                out = np.full_like(x, np.nan)
                kernels.run("chain", level, [Tensor(x), Tensor(y), Tensor(out)])
                test.same_bits(out, (x + y) * x, f"chain {level} {rows} {columns}")
    test.finish()


main(*sys.argv[1:])
