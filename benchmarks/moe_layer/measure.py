# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Interleaved rounds, and what they say: medians with 95 % intervals."""

import dataclasses
import math
import time

from reference import layer64, relative_error

# A peer's calls in one round take about this long, so that one interrupt of
# the host does not decide a round.
SECONDS_A_ROUND = 0.06
MOST_CALLS = 20
# A pool that spins after its last run has gone to sleep by then.
PAUSE = 0.02


@dataclasses.dataclass
class Estimate:
    """A median and the 95 % interval of the true one (None below 6 rounds)."""

    median: float
    low: float | None
    high: float | None


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


def estimate(values):
    """Median with the interval between two order statistics that holds the
    true median with 95 % probability, whatever the distribution is."""
    values = sorted(values)
    n, outside, rank = len(values), 0.0, 0
    while rank < n:
        outside += 2 * math.comb(n, rank) / 2**n
        if outside > 0.05:
            break
        rank += 1
    if rank == 0:
        return Estimate(median(values), None, None)
    return Estimate(median(values), values[rank - 1], values[n - rank])


def call(peer, index):
    """Seconds of one run."""
    peer.bind(index)
    start = time.perf_counter()
    peer.run()
    return time.perf_counter() - start


def use_all_experts(peers, inputs):
    """Runs each peer until all experts were used once, and returns the seconds
    of its first run: weights are read from disk, and those of a package
    verified, at their first use, which is not what is measured here."""
    draw = inputs.draw()
    while inputs.experts_hit(*draw) < inputs.shape.experts:
        draw = inputs.draw()
    first = {}
    for name, peer in peers.items():
        peer.prepare([draw])
        first[name] = call(peer, 0)
    return first


def errors(peers, shape, weights, inputs):
    """{peer: max|y - ref| / max|ref|} against float64: the largest of some
    draws, because the one of a few rows depends much on the draw."""
    result = dict.fromkeys(peers, 0.0)
    for _ in range(4 if inputs.rows < 64 else 1):
        x, logits = inputs.draw()
        wanted = layer64(shape, weights, x, logits)
        for name, peer in peers.items():
            peer.prepare([(x, logits)])
            call(peer, 0)
            result[name] = max(result[name],
                               relative_error(peer.output(), wanted))
    return result


def calls_a_round(peers, inputs):
    """So many that the fastest peer's take about SECONDS_A_ROUND."""
    fastest = math.inf
    draws = [inputs.draw() for _ in range(3)]
    for peer in peers.values():
        peer.prepare(draws)
        fastest = min(fastest, *(call(peer, i) for i in range(3)))
    return max(1, min(MOST_CALLS, round(SECONDS_A_ROUND / max(fastest, 1e-6))))


def bound_seconds(shape, rows, hit, bandwidth, peak):
    """The least time of one call: read the experts hit, or do the work."""
    memory = hit * shape.expert_parameters * 4 / bandwidth
    work = 2 * shape.expert_parameters * shape.top_k * rows / peak
    return memory, work


def measure(peers, probe, shape, inputs, rounds):
    """Rounds of: probe, then each peer on the same fresh inputs, in an order
    that changes. Returns what one line of the report says.

    A round's ratio, and its share of the bound, is the median over its calls:
    two calls of different peers on one input make one ratio.
    """
    calls = calls_a_round(peers, inputs)
    times = {name: [] for name in peers}  # [round][call]
    bounds, bandwidths, peaks, by_memory = [], [], [], []
    for turn in range(rounds):
        draws = [inputs.draw() for _ in range(calls + 1)]
        bandwidths.append(probe.bandwidth())
        peaks.append(probe.peak())
        parts = [bound_seconds(shape, inputs.rows, inputs.experts_hit(*draw),
                               bandwidths[-1], peaks[-1])
                 for draw in draws[1:]]
        bounds.append([max(part) for part in parts])
        by_memory += [memory >= work for memory, work in parts]
        order = list(peers)
        for name in order[turn % len(order):] + order[:turn % len(order)]:
            time.sleep(PAUSE)
            peers[name].prepare(draws)
            call(peers[name], 0)
            times[name].append([call(peers[name], i + 1)
                                for i in range(calls)])

    def ratios(above, below):
        return dataclasses.asdict(estimate(
            [median([a / b for a, b in zip(*turn)])
             for turn in zip(above, below)]))

    result = {
        "rows": inputs.rows, "routing": inputs.routing, "rounds": rounds,
        "calls_a_round": calls,
        "bandwidth_gb_s": median(bandwidths) / 1e9,
        "peak_gflop_s": median(peaks) / 1e9,
        "bound_ms": 1e3 * median(sum(bounds, [])),
        "bound_by": "memory" if median(by_memory) >= 0.5 else "arithmetic",
        "peers": {},
    }
    for name in peers:
        seconds = sum(times[name], [])
        result["peers"][name] = {
            "min_ms": 1e3 * min(seconds),
            "median_ms": 1e3 * median(seconds),
            # No rows need no time: there is no share.
            "share_of_bound": (ratios(bounds, times[name]) if inputs.rows
                               else None),
        }
    if "moec" in peers:
        result["ratio"] = ratios(times["moec"], times["onnxruntime"])
    return result
