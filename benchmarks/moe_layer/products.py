# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each product of a layer alone, against float64: |error| <= K·u·Σ|x||w|.

A layer shows no product by itself, so layers of the same widths are made in
which all else is exact: one expert a row with weight 1 (k = 1, normalised), and
the other product's matrix selects single elements. A gated activation becomes
the identity by powers of two: with alpha = 0 the sigmoid is 1/2, and the other
factor is 2 (beta = 2, no linear rows; or a gate row that selects x[0] = 1,
doubled).
"""

import dataclasses
import pathlib

import numpy as np

from make_layer import Weights, expert_weights, generator, write_layer

EXPERTS = 4
UNIT_ROUNDOFF = 2.0**-24


def product_names(shape):
    return (("gate", "linear", "down") if shape.activation == "swiglu"
            else ("up", "down"))


def selection(rows, columns, shift=0, scale=1):
    """Row r has `scale` in column (r + shift) % columns and else zeros."""
    matrix = np.zeros((rows, columns), np.float32)
    picked = np.arange(rows)
    matrix[picked, (picked + shift) % columns] = scale
    return matrix


def product_layer(shape, product):
    """(shape, weights) of a layer whose y is the product, or part of it."""
    layer = dataclasses.replace(
        shape, name=f"{shape.name}-{product}", experts=EXPERTS, top_k=1,
        normalize=1, alpha=0.0, beta=0.0 if product == "linear" else 2.0)
    gated = shape.activation == "swiglu"

    def weights(expert):
        fc1, fc2 = expert_weights(layer, 7, expert)
        if product == "down":
            chosen = selection(shape.intermediate, shape.hidden)
            fc1 = np.zeros_like(fc1)
            fc1[::2 if gated else 1] = chosen
        else:
            # Together the experts' selections show every column.
            fc2 = selection(shape.hidden, shape.intermediate,
                            expert * shape.hidden)
            if product == "gate":
                fc1[1::2] = 0
            elif product == "linear":
                fc1[0::2] = 0
                fc1[0::2, 0] = 2
        return fc1, fc2

    return layer, weights


def expected(layer, product, weights, x, expert):
    """The product of rows x [n, H] in float64, and its bound: [n, H] each."""
    def both(rows, matrix):
        rows, matrix = rows.astype(np.float64), matrix.astype(np.float64)
        return (rows @ matrix.T, rows.shape[1] * UNIT_ROUNDOFF
                * (np.abs(rows) @ np.abs(matrix).T))

    rectify = layer.activation == "relu"
    if product == "down":
        a = x[:, np.arange(layer.intermediate) % layer.hidden]
        return both(np.maximum(a, 0) if rectify else a, weights.fc2[expert])
    fc1 = weights.fc1[expert]
    part = {"gate": fc1[0::2], "linear": fc1[1::2], "up": fc1}[product]
    value, bound = both(x, part)
    # Rectifying moves no two numbers apart: the bound stays.
    value = np.maximum(value, 0) if rectify else value
    shown = (np.arange(layer.hidden)
             + expert * layer.hidden) % layer.intermediate
    return value[:, shown], bound[:, shown]


def check_products(shape, directory, rows, make_peers):
    """[{product, rows, k, peers: {name: largest |error| / bound}}]; at most 1
    is right. make_peers(model path) -> {name: peer} of a written layer."""
    results = []
    for product in product_names(shape):
        layer, write = product_layer(shape, product)
        path = write_layer(pathlib.Path(directory), layer, write,
                           name=layer.name)
        weights = Weights(path, layer)
        peers = make_peers(path)
        for count in rows:
            random = generator(8, count)
            x = random.standard_normal((count, shape.hidden), np.float32)
            x[:, 0] = 1
            logits = selection(count, EXPERTS, scale=20)
            result = {"product": product, "rows": count,
                      "k": (shape.intermediate if product == "down"
                            else shape.hidden), "peers": {}}
            for name, peer in peers.items():
                peer.prepare([(x, logits)])
                peer.bind(0)
                peer.run()
                y, worst = peer.output(), 0.0
                for expert in range(min(EXPERTS, count)):
                    mine = slice(expert, None, EXPERTS)
                    value, bound = expected(layer, product, weights, x[mine],
                                            expert)
                    # Where the bound is 0 the product must be exact; NaN is
                    # infinitely wrong.
                    share = (np.abs(y[mine] - value)
                             / np.maximum(bound, 1e-300))
                    worst = max(worst, float(np.max(np.nan_to_num(
                        share, nan=np.inf, posinf=np.inf))))
                result["peers"][name] = worst
            results.append(result)
        for peer in peers.values():
            peer.close()
    return results
