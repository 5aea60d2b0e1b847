# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ops of the moe dialect in NumPy, with a bound of an f32 program's error.

Written from the descriptions of docs/Dialects/MoE.md, not from any lowering.
Every number is a Value: its float64 value, and how far an f32 computation may
be from it. Where the value is no number (NaN, an infinity), a bound of 0 says
that the computation has exactly that; an infinite bound says that nothing is
known: of a row, say, whose selection hangs on a rounding.
"""

import dataclasses

import numpy as np

# Half a unit in the last place of f32 at 1: what one rounding adds, relatively.
U = 2.0**-24
# What is lost where f32 gets subnormal or an exponential underflows.
TINY = 2.0**-120


@dataclasses.dataclass
class Value:
    """Values [shape] f64, and bounds of the same shape of the error."""

    val: np.ndarray
    err: np.ndarray

    @property
    def shape(self):
        return self.val.shape


def exact(array):
    """Of what a program is given: no error."""
    val = np.asarray(array, np.float64)
    return Value(val, np.zeros(val.shape))


def _finite(array):
    return np.where(np.isfinite(array), array, 0.0)


def _value(val, err):
    """A Value whose bounds are sane: NaN and what may overflow are unknown."""
    err = np.where(np.isnan(err), np.inf, err)
    err = np.broadcast_to(err, val.shape)
    # A number that no f32 holds may have become an infinity, or not.
    near = np.isfinite(val) & (np.abs(val) + err > 1.0e38)
    err = np.where(near, np.inf, err)
    # Neither NaN nor an infinity has an error: it is certain, or unknown.
    err = np.where(np.isfinite(val) | np.isinf(err), err, 0.0)
    return Value(val, err)


def matmul(x, w):
    """x [R, K] times w [K, N], in any order of accumulation, fused or not.

    The bound is K*eps*sum|x||w|, and what the operands' errors add.
    """
    depth = x.shape[1]
    with np.errstate(all="ignore"):
        val = x.val @ w.val
        ax, aw = np.abs(_finite(x.val)), np.abs(_finite(w.val))
        err = (depth + 2) * U * ((ax + x.err) @ (aw + w.err))
        # Products of zeros are exact.
        err = np.where(err > 0, err + TINY, 0.0)
        err = err + x.err @ aw + ax @ w.err + x.err @ w.err
    return _value(val, err)


def add(a, b):
    with np.errstate(all="ignore"):
        val = a.val + b.val
        err = a.err + b.err + U * (np.abs(_finite(val)) + a.err + b.err)
    return _value(val, err)


def _wild(a, b):
    """Where an infinity meets a factor whose sign, or being 0, is not known."""
    return ((np.isinf(a.val) & (b.err > 0) & (np.abs(b.val) <= b.err))
            | (np.isinf(b.val) & (a.err > 0) & (np.abs(a.val) <= a.err)))


def mul(a, b):
    with np.errstate(all="ignore"):
        val = a.val * b.val
        err = (np.abs(_finite(a.val)) * b.err + np.abs(_finite(b.val)) * a.err
               + a.err * b.err)
        err = err + U * (np.abs(_finite(val)) + err) + TINY
        err = np.where(_wild(a, b), np.inf, err)
    return _value(val, err)


def _sigmoid(v):
    return np.where(np.isnan(v), np.nan,
                    1.0 / (1.0 + np.exp(np.where(np.isnan(v), 0.0, -v))))


def _silu(v):
    return v / (1.0 + np.exp(-v))


def _gelu(v):
    """The sigmoid form, x / (1 + exp(-1.702 x)); 1.702 is an f32."""
    return v / (1.0 + np.exp(-np.float64(np.float32(1.702)) * v))


# name: the function, the largest slope, roundings of an f32 evaluation.
ACTIVATIONS = {
    "none": (lambda v: v, 1.0, 0),
    "relu": (lambda v: np.where(np.isnan(v), np.nan, np.maximum(v, 0.0)), 1.0, 0),
    "silu": (_silu, 1.1, 12),
    "gelu": (_gelu, 1.13, 12),
    "sigmoid": (_sigmoid, 0.25, 12),
}


def activation(name, x):
    """One of ACTIVATIONS, elementwise.

    The exponential's argument is rounded, which moves the result relatively by
    |x| roundings more.
    """
    function, slope, roundings = ACTIVATIONS[name]
    with np.errstate(all="ignore"):
        val = function(x.val)
        err = slope * x.err
        if roundings:
            steps = roundings + 2 * np.minimum(np.abs(_finite(x.val)), 100)
            rounding = steps * U * np.abs(_finite(val)) + TINY
            err = err + np.where(np.isinf(x.val), 0.0, rounding)
    return _value(val, err)


def _softmax(x, filled):
    """Softmax over the filled entries of axis 1; the others are +0."""
    with np.errstate(all="ignore"):
        masked = np.where(filled, x.val, -np.inf)
        m = np.max(masked, axis=1, keepdims=True, initial=-np.inf)
        t = np.where(filled, np.exp(x.val - m), 0.0)
        val = np.where(filled, t / np.sum(t, axis=1, keepdims=True), 0.0)
        spread = np.max(np.abs(_finite(np.where(filled, x.val - m, 0.0))),
                        axis=1, keepdims=True, initial=0.0)
        worst = np.max(np.where(filled, x.err, 0.0), axis=1, keepdims=True,
                       initial=0.0)
        steps = 12 + x.shape[1] + 2 * np.minimum(spread, 200)
        err = np.abs(_finite(val)) * (np.expm1(2 * worst) + steps * U) + TINY
        err = np.where(np.isinf(worst), np.inf, err)
    return _value(val, np.where(filled, err, 0.0))


def softmax(x):
    """Over axis 1, all entries."""
    return _softmax(x, np.ones(x.shape, bool))


@dataclasses.dataclass
class Ids:
    """ids [R, K], and [R]: whether rounding may have chosen other ones."""

    ids: np.ndarray
    unsure: np.ndarray


def _order(row):
    """Experts, best first: NaN, then by value, then by id."""
    def key(e):
        nan = np.isnan(row[e])
        return (0 if nan else 1, 0.0 if nan else -row[e], e)
    return sorted(range(len(row)), key=key)


def top_k(scores, k, limit=None):
    """moe.top_k. Unsure is a row in which two scores that touch the first k
    places are within their errors of one another."""
    rows, experts = scores.shape
    limit = k if limit is None else min(max(limit, 0), k)
    ids = np.full((rows, k), -1, np.int64)
    unsure = np.zeros(rows, bool)
    for r in range(rows):
        row = scores.val[r]
        order = _order(row)
        count = min(limit, experts)
        ids[r, :count] = order[:count]
        err = scores.err[r]
        for place, a in enumerate(order[:count]):
            rest = order[place + 1:]
            with np.errstate(all="ignore"):
                gap = row[a] - row[rest]
            # Not between NaN and infinities of error 0: they are the same for
            # everybody.
            near = np.isfinite(gap) & (err[a] + err[rest] > 0)
            near &= gap <= err[a] + err[rest]
            unsure[r] |= bool(np.any(near | np.isinf(err[a] + err[rest])))
    return Ids(ids, unsure)


def _spoil(value, unsure):
    """The rows whose selection is unsure are unknown."""
    shape = (-1,) + (1,) * (value.val.ndim - 1)
    return Value(value.val, np.where(unsure.reshape(shape), np.inf, value.err))


def take(table, ids):
    """moe.take of a table [R, E] or [E]."""
    experts = table.shape[-1]
    filled = (ids.ids >= 0) & (ids.ids < experts)
    index = np.where(filled, ids.ids, 0)

    def pick(array):
        if array.ndim == 1:
            picked = array[index]
        else:
            picked = np.take_along_axis(array, index, axis=1)
        return np.where(filled, picked, 0.0)

    return _spoil(Value(pick(table.val), pick(table.err)), ids.unsure)


def normalize_sum(w, ids, eps):
    """moe.normalize sum. A divisor is 0 or not only where it is known to be."""
    filled = ids.ids >= 0
    known = np.all(np.where(filled, w.err, 0.0) == 0.0, axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        val = np.where(filled, w.val, 0.0)
        err = np.where(filled, w.err, 0.0)
        single = np.zeros((w.shape[0], 1), np.float32)
        for k in range(w.shape[1]):
            single = single + val[:, k:k + 1].astype(np.float32)
        single = (single + np.float32(eps)).astype(np.float64)
        d = val.sum(axis=1, keepdims=True) + np.float64(np.float32(eps))
        ed = (err.sum(axis=1, keepdims=True) + (w.shape[1] + 2) * U
              * (np.abs(_finite(val)) + err).sum(axis=1, keepdims=True))
        # Of exact weights the formula says each rounding.
        d = np.where(known, single, d)
        ed = np.where(known, 0.0, ed)
        quotient = np.where(d == 0.0, 0.0, val / d)
        room = np.abs(d) - ed
        bound = (err + np.abs(_finite(quotient)) * ed) / room
        bound = bound + 2 * U * np.abs(_finite(quotient)) + TINY
        bound = np.where(np.isfinite(d) & (room <= 0) & ~known, np.inf, bound)
        bound = np.where((d == 0.0) & known, 0.0, bound)
        bound = np.where(np.isinf(ed), np.inf, bound)
    result = _value(np.where(filled, quotient, 0.0),
                    np.where(filled, bound, 0.0))
    return _spoil(result, ids.unsure)


def normalize_softmax(w, ids):
    """moe.normalize softmax."""
    return _spoil(_softmax(w, ids.ids >= 0), ids.unsure)


def experts(ids, x, width, kinds):
    """moe.experts on row operand x [R, D], to [R, K, width].

    kinds: (first expert, one past the last, body(part, rows)), where part
    counts from 0 in the kind and rows is a Value [n, D].
    """
    rows, slots = ids.ids.shape
    val = np.zeros((rows, slots, width))
    err = np.zeros((rows, slots, width))
    for first, last, body in kinds:
        for e in range(first, last):
            r, k = np.nonzero(ids.ids == e)
            if r.size:
                y = body(e - first, Value(x.val[r], x.err[r]))
                val[r, k], err[r, k] = y.val, y.err
    return _spoil(Value(val, err), ids.unsure)


def combine_at(y, ids, experts, w=None):
    """moe.combine at ids: y [R, K, D] of moe.experts, w [R, K] or none.

    A slot with an id that is no expert's may count as empty.
    """
    result = _combine(y, ids.ids >= 0, w)
    if w is not None:
        open_ = np.any((ids.ids >= experts) & ~np.isfinite(w.val), axis=1)
        result = Value(result.val,
                       np.where(open_[:, None], np.inf, result.err))
    return _spoil(result, ids.unsure)


def _combine(y, filled, w):
    rows, slots, width = y.shape
    val, bound = np.zeros((rows, width)), np.zeros((rows, width))
    size = np.zeros((rows, width))
    with np.errstate(all="ignore"):
        for k in range(slots):
            some = filled[:, k:k + 1]
            wv = np.ones((rows, 1)) if w is None else w.val[:, k:k + 1]
            we = np.zeros((rows, 1)) if w is None else w.err[:, k:k + 1]
            yv, ye = y.val[:, k], y.err[:, k]
            ay, aw = np.abs(_finite(yv)), np.abs(_finite(wv))
            val = val + np.where(some, wv * yv, 0.0)
            bound = bound + np.where(some, aw * ye + ay * we + we * ye, 0.0)
            size = size + np.where(some, (aw + we) * (ay + ye), 0.0)
            wild = _wild(Value(wv, we), Value(yv, ye))
            bound = np.where(some & wild, np.inf, bound)
        bound = np.where(size > 0, bound + (slots + 2) * U * size + TINY, bound)
    return _value(val, bound)


@dataclasses.dataclass
class Groups:
    """What moe.group returns; unsure [R] as of Ids."""

    offsets: np.ndarray
    source: np.ndarray
    position: np.ndarray
    unsure: np.ndarray


def group(ids, number):
    """moe.group for `number` experts."""
    rows, slots = ids.ids.shape
    flat = ids.ids.reshape(-1)
    source, offsets = [], [0]
    for e in range(number):
        source.extend(np.nonzero(flat == e)[0])
        offsets.append(len(source))
    position = np.full(rows * slots, -1, np.int64)
    position[np.array(source, np.int64)] = np.arange(len(source))
    return Groups(np.array(offsets), np.array(source, np.int64),
                  position.reshape(rows, slots), ids.unsure)


def grouped_matmul(x, groups, div, weights, vectors, epilogue):
    """moe.grouped_matmul up to place offsets[E]; what follows is undefined.

    weights: Values [E, K, N]; vectors: Values [E, N]; div is None without
    `by`. epilogue takes all accumulators, then all vectors.
    """
    width = weights[0].shape[2]
    filled = int(groups.offsets[-1])
    val, err = np.zeros((filled, width)), np.zeros((filled, width))
    for e in range(len(groups.offsets) - 1):
        place = np.arange(groups.offsets[e], groups.offsets[e + 1])
        if not place.size:
            continue
        row = place if div is None else groups.source[place] // div
        rows = Value(x.val[row], x.err[row])
        sums = [matmul(rows, Value(w.val[e], w.err[e])) for w in weights]
        shape = sums[0].shape
        extra = [Value(np.broadcast_to(v.val[e], shape),
                       np.broadcast_to(v.err[e], shape)) for v in vectors]
        y = epilogue(*sums, *extra)
        val[place], err[place] = y.val, y.err
    return Value(val, err)


def combine_from(y, groups, w=None):
    """moe.combine from positions: y [P, D]."""
    position = groups.position
    filled = (position >= 0) & (position < y.shape[0])
    if y.shape[0]:
        index = np.where(filled, position, 0)
        spread = Value(y.val[index], y.err[index])
    else:
        empty = np.zeros(position.shape + (y.shape[1],))
        spread = Value(empty, empty)
    return _spoil(_combine(spread, filled, w), groups.unsure)


def random(seed, low, high, shape):
    """#moe.random as float32."""
    i = np.arange(int(np.prod(shape)), dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (i + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float64) * 2.0**-24
    low, high = np.float32(low), np.float32(high)
    # Exact in float64 (24 by 24 bits, exponents close), so this is the fma.
    value = u * np.float64(high - low) + np.float64(low)
    return value.astype(np.float32).reshape(shape)
