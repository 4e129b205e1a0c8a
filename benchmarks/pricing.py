"""The pricing solver, in one run: `OMP_NUM_THREADS=1 python benchmarks/pricing.py`.

A pair's update (one inner iteration, and ten) and its price as a twin calls them, and the kernels alone; plain solves
of 20 rounds from one start; a solve with all its restarts; and the CVXPY step of the paper's algorithm beside the
update that it is the yardstick of. Machines are noisy: quote the ratios.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from twin.signal.interference_channel import interference_covariances
from twin.solvers.pricing.fast import climb, make_arena, solve_fast
from twin.solvers.pricing.fast_entries import price_kernel, update_kernel
from twin.solvers.pricing.fast_scratch import EXACT
from twin.solvers.pricing.pair import PairView, charge, leak, price_factor, projected, update
from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.pricing.reference_step import step
from twin.solvers.pricing.starts import make_starts
from twin.solvers.pricing.variants import Variant

REPEATS = 2000


def draw(pairs, antennas=(4, 4, 8), streams=(2, 1), seed=1):
    rng = np.random.default_rng(seed)
    transmit, receive, heard = antennas

    def normal(*shape):
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)

    ones = np.ones((pairs, pairs))
    channels, eves = normal(pairs, pairs, receive, transmit), normal(pairs, heard, transmit)
    return InterferenceProblem(channels, eves, np.full(pairs, 10.0), *streams, 0.0, 0.0, ones, ones[0])


def median_us(call, repeats=REPEATS):
    """Median wall time of short calls, processor time of long ones: reading the latter clock takes a microsecond."""
    clock = time.perf_counter_ns if repeats == REPEATS else time.thread_time_ns
    call()
    times = []
    for _ in range(repeats):
        began = clock()
        call()
        times.append(clock() - began)
    return float(np.median(times)) / 1e3


def one_pair(antennas, streams):
    problem = draw(3, antennas, streams)
    q, an = make_starts(problem, 1, 1)[0]
    heard = interference_covariances(problem.channels, q, an)
    views = [
        PairView(problem.channels[i, i][None], leak(problem.eve_channels[i])[None], heard[i][None], 10.0)
        for i in range(3)
    ]
    factors = [price_factor(views[j], q[j], an[j]) for j in range(3)]
    due = charge(antennas[0], [projected(problem.channels[j, 0], factors[j]) for j in (1, 2)])
    return problem, views[0], due, q, an, factors[0]


def main():
    print("one pair, us           update (1 inner)  kernel alone  update (10)  price  kernel alone")
    for antennas, streams in (((4, 4, 8), (2, 1)), ((8, 4, 4), (2, 1)), ((16, 16, 32), (2, 1))):
        _, view, due, q, an, factor = one_pair(antennas, streams)
        q0, an0 = q[0].copy(), an[0].copy()
        own, leaks, heard = view.channels, view.leaks, view.interference
        kernel = median_us(lambda: update_kernel(own, leaks, heard, due, 10.0, 0.0, EXACT, 1, q0, an0))
        whole = median_us(lambda: update(view, due, q[0], an[0]))
        ten = median_us(lambda: update(view, due, q[0], an[0], inner=10))
        price = median_us(lambda: price_factor(view, q[0], an[0]))
        bare = median_us(lambda: price_kernel(own[0], heard[0], q0, an0, 0.0, EXACT, factor))
        label = "x".join(str(n) for n in antennas)
        print(f"{label:>12} {whole:22.1f} {kernel:17.1f} {ten:12.1f} {price:6.1f} {bare:13.1f}")

    print("20 rounds, one inner, one start, ms")
    for pairs in (3, 10, 30):
        problem = draw(pairs)
        arena, start = make_arena(problem, Variant.PLUG_IN, 1, 1, 1), make_starts(problem, 1, 1)[0]
        took = median_us(lambda a=arena, s=start: climb(a, s, rounds=20), repeats=9)
        print(f"{pairs:12d} pairs {took / 1e3:10.2f}")

    problem = draw(3)
    took = median_us(lambda: solve_fast(problem), repeats=5)
    print(f"a solve of 3 pairs with all its restarts: {took / 1e3:.0f} ms")

    problem, view, due, q, an, _ = one_pair((4, 4, 8), (2, 1))
    slow = median_us(lambda: step(problem, 0, (q, an)), repeats=5)
    fast = median_us(lambda: update(view, due, q[0], an[0]))
    found, yardstick = update(view, due, q[0], an[0]), step(problem, 0, (q, an))
    off = max(float(np.abs(a - b).max()) for a, b in zip(found, yardstick, strict=True))
    print(f"one update against the CVXPY step: {slow / fast:.0f} times as fast, precoders within {off:.1e}")


if __name__ == "__main__":
    main()
