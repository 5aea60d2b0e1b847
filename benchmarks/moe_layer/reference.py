# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layer in float64, and inputs whose selection no rounding can change."""

import numpy as np

from make_layer import generator

# Rows are drawn again until the k-th and the next logit are this far apart:
# then f32 and f64 select the same experts and errors are errors of arithmetic.
SELECTION_GAP = 1e-3

ROUTINGS = ("uniform", "zipf", "same")


def top_k(scores, k):
    """Indices [T, k] of the largest scores, best first, ties to the lower."""
    return np.argsort(-scores, axis=-1, kind="stable")[:, :k]


def logits64(shape, weights, x, router_logits):
    """Router logits [T, E] in float64."""
    logits = router_logits.astype(np.float64)
    if weights.router is not None:
        logits += x.astype(np.float64) @ weights.router.astype(np.float64)
    return logits


def activate(shape, h):
    """The activation of fc1's result h [n, f·I] in float64: [n, I]."""
    if shape.activation == "relu":
        return np.maximum(h, 0)
    gate, linear = h[:, 0::2], h[:, 1::2]
    return (gate / (1 + np.exp(-shape.alpha * gate))
            * (linear + shape.beta))


def layer64(shape, weights, x, router_logits):
    """y [T, H] in float64: each expert on the rows that selected it."""
    logits = logits64(shape, weights, x, router_logits)
    e = np.exp(logits - logits.max(axis=-1, keepdims=True, initial=-np.inf))
    p = e / e.sum(axis=-1, keepdims=True)
    ids = top_k(p, shape.top_k)
    w = np.take_along_axis(p, ids, axis=-1)
    if shape.normalize:
        w /= w.sum(axis=-1, keepdims=True)
    y = np.zeros(x.shape)
    for expert in np.unique(ids):
        rows, slots = np.nonzero(ids == expert)
        h = x[rows].astype(np.float64) @ weights.fc1[expert].T.astype(np.float64)
        a = activate(shape, h)
        y[rows] += w[rows, slots, None] * (
            a @ weights.fc2[expert].T.astype(np.float64))
    return y


def relative_error(y, reference):
    """max|y - ref| / max|ref|; 0 for no rows, inf where y is not finite."""
    if y.shape != reference.shape:
        raise ValueError(f"expected y {list(reference.shape)}, "
                         f"but got {list(y.shape)}")
    if not y.size:
        return 0.0
    if not np.all(np.isfinite(y)):
        return float("inf")
    return float(np.max(np.abs(y - reference)) / np.max(np.abs(reference)))


class Inputs:
    """Fresh inputs of one routing set: each draw is another, all seeded.

    uniform  every expert is as likely
    zipf     expert of rank r has weight 1/r; the ranking is the layer's own
    same     all rows of a draw select the same k experts, drawn each time
    """

    def __init__(self, shape, weights, routing, rows, seed):
        if routing not in ROUTINGS:
            raise ValueError(f"unknown routing '{routing}'")
        self.shape, self.weights = shape, weights
        self.routing, self.rows = routing, rows
        self.random = generator(seed, 3, ROUTINGS.index(routing), rows)
        # Not the rows' generator: the popular experts must stay the same.
        self.ranking = generator(seed, 4).permutation(shape.experts)

    def _draw_logits(self, rows):
        logits = self.random.gumbel(size=(rows, self.shape.experts))
        if self.routing == "zipf":
            logits -= np.log(1.0 + self.ranking)
        elif self.routing == "same":
            logits += 20.0 * self.chosen
        return logits.astype(np.float32)

    def _close(self, x, logits):
        """Which rows have their k-th and next logit too close."""
        if self.shape.top_k == self.shape.experts:
            return np.zeros(len(x), bool)
        z = -np.sort(-logits64(self.shape, self.weights, x, logits))
        k = self.shape.top_k
        return z[:, k - 1] - z[:, k] < SELECTION_GAP

    def draw(self):
        """(x [T, H], router_logits [T, E]), f32."""
        self.chosen = np.zeros(self.shape.experts)
        self.chosen[self.random.permutation(self.shape.experts)
                    [:self.shape.top_k]] = 1
        x = self.random.standard_normal((self.rows, self.shape.hidden),
                                        np.float32)
        logits = self._draw_logits(self.rows)
        while (close := self._close(x, logits)).any():
            logits[close] = self._draw_logits(int(close.sum()))
        return x, logits

    def experts_hit(self, x, logits):
        """How many experts the draw selects in all."""
        ids = top_k(logits64(self.shape, self.weights, x, logits),
                    self.shape.top_k)
        return len(np.unique(ids))
