#!/usr/bin/env python3
"""Times the two products of an expert layer, as the compiler emits them.

    cmake --build --preset dev --target moe-codegen moe-benchmark-product
    benchmarks/product/run.py [--shape olmoe|switch] [--tokens 1 7 64 512]

Prints per number of tokens the times of both kernels in ms, the bandwidth and
the peak that the same threads reach in the same run, and which share of the
bound (the larger of weight bytes / bandwidth and work / peak) the two have.
"""

import argparse
import json
import os
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# experts, slots, hidden, inner, what follows the first product
SHAPES = {
    "olmoe": (64, 8, 2048, 1024, "swiglu"),
    "switch": (8, 1, 768, 3072, "relu"),
    "small": (8, 2, 256, 512, "swiglu"),
}

# weights, and the scalar function of their accumulators
ACTIVATIONS = {
    "swiglu": (
        2,
        """
    %one = arith.constant 1.0 : f32
    %0 = arith.negf %a0 : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %1, %one : f32
    %3 = arith.divf %a0, %2 : f32
    %4 = arith.mulf %3, %a1 : f32
    moe.yield %4 : f32""",
    ),
    "relu": (
        1,
        """
    %zero = arith.constant 0.0 : f32
    %0 = arith.maximumf %a0, %zero : f32
    moe.yield %0 : f32""",
    ),
}


def kernels(experts, slots, hidden, inner, activation):
    weights, body = ACTIVATIONS[activation]
    up_panels, down_panels = -(-inner * weights // 32), -(-hidden // 32)
    up_bytes = up_panels * hidden * 128
    stride = up_bytes + down_panels * inner * 128
    x, h, y = (f"tensor<?x{n}xf32>" for n in (hidden, inner, hidden))
    groups = f"tensor<{experts + 1}xi32>"
    up = f"tensor<{experts}x{up_panels}x{hidden}x32xf32>"
    down = f"tensor<{experts}x{down_panels}x{inner}x32xf32>"
    scalars = ", ".join(f"%a{i} : f32" for i in range(weights))

    def pool(offset):
        return f"{{moe.pool = {{stride = {stride} : i64, offset = {offset} : i64}}}}"

    return f"""
func.func private @up(%x : {x}, %source : tensor<?xi32>, %groups : {groups}, %w : {up} {pool(0)},
                      %out : {h}) -> {h} attributes {{moe.kernel, moe.outs = 1}} {{
  %r = moe.panel_matmul {weights} rows(%x : {x}) by(%source : tensor<?xi32>) div {slots}
      groups(%groups : {groups}) panels(%w : {up}) outs(%out : {h}) {{
  ^bb0({scalars}): {body}
  }}
  return %r : {h}
}}
func.func private @down(%h : {h}, %groups : {groups}, %w : {down} {pool(up_bytes)},
                        %out : {y}) -> {y} attributes {{moe.kernel, moe.outs = 1}} {{
  %r = moe.panel_matmul 1 rows(%h : {h}) groups(%groups : {groups}) panels(%w : {down})
      outs(%out : {y}) {{
  ^bb0(%a0 : f32):
    moe.yield %a0 : f32
  }}
  return %r : {y}
}}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", choices=SHAPES, default="olmoe")
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 7, 64, 512])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--level", default="x86-64-v4")
    parser.add_argument("--routing", choices=["uniform", "zipf"], default="uniform")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "dev"))
    options = parser.parse_args()
    shape = SHAPES[options.shape]
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "product.mlir")
        with open(source, "w") as file:
            file.write(kernels(*shape))
        tools = os.path.join(options.build, "bin")
        command = [os.path.join(tools, "moe-codegen"), source, "-o", folder]
        subprocess.run(command + [f"--level={options.level}"], check=True)
        with open(os.path.join(folder, "kernels.json")) as file:
            table = {entry["name"]: entry for entry in json.load(file)}
        program = os.path.join(options.build, "benchmarks", "product", "moe-benchmark-product")
        numbers = [*shape[:4], ACTIVATIONS[shape[4]][0]]
        numbers += [table["up"]["scratch"], table["down"]["scratch"]]
        numbers += [options.threads, options.rounds, options.routing, options.clock] + options.tokens
        image = os.path.join(folder, options.level + ".so")
        subprocess.run([program, image] + [str(number) for number in numbers], check=True)


if __name__ == "__main__":
    main()
